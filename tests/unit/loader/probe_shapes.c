/* SPDX-License-Identifier: MIT */
/* Names and code of every odd shape a probe may be asked for: versions, aliases, data, clones. */
#define VISIBLE __attribute__((noinline, noclone, visibility("default")))

int area_old(int x);
int area_new(int x);
int shape_plus(int a, int b);
int shape_calls(int x);
int shape_twin(int x);
int shape_data_inside(int x);
extern int shape_counter;

VISIBLE int area_old(int x)
{
	return x + 1;
}

VISIBLE int area_new(int x)
{
	return x + 2;
}

__asm__(".symver area_old,area@GEO_1");
__asm__(".symver area_new,area@@GEO_2");

int shape_counter = 5;

/* lea (%rdi,%rsi,1),%eax and ret: instructions begin at 0 and 3 */
VISIBLE int shape_plus(int a, int b)
{
	return a + b;
}

static inline __attribute__((always_inline)) int shape_inlined(int x)
{
	return x * x + 3;
}

VISIBLE int shape_calls(int x)
{
	return shape_inlined(x) + shape_counter;
}

/* Inlined where it is called, and there all the same. */
int shape_both(int x);
int shape_user(int x);

__attribute__((always_inline, visibility("default"))) inline int shape_both(int x)
{
	return x * x + shape_counter;
}

extern int shape_both(int x);

VISIBLE int shape_user(int x)
{
	return shape_both(x);
}

int shape_twin_of(int x) __attribute__((alias("shape_twin"), visibility("default")));

VISIBLE int shape_twin(int x)
{
	return x * 7;
}

/* mov, jmp over 8 bytes of data, add, ret: instructions begin at 0, 6, 16 and 18 */
__asm__(".text\n"
	".globl shape_data_inside\n"
	".type shape_data_inside, @function\n"
	"shape_data_inside:\n"
	"	mov 2(%rip),%eax\n"
	"	jmp 1f\n"
	"	.quad 0x1122334455667788\n"
	"1:	add %edi,%eax\n"
	"	ret\n"
	".size shape_data_inside, . - shape_data_inside\n"
	".globl shape_label\n"
	"shape_label: .quad 42, 17\n"
	".globl shape_code_label\n"
	"shape_code_label: xor %eax,%eax\n"
	"	ret\n"
	".globl shape_clone.constprop.0\n"
	".type shape_clone.constprop.0, @function\n"
	"shape_clone.constprop.0: ret\n"
	".size shape_clone.constprop.0, 1\n"
	".globl _ZN5shape4fullEi\n"
	".type _ZN5shape4fullEi, @function\n"
	"_ZN5shape4fullEi: ret\n"
	".size _ZN5shape4fullEi, 1\n"
	".globl shape_cut.part.0\n"
	".type shape_cut.part.0, @function\n"
	"shape_cut.part.0: ret\n"
	".size shape_cut.part.0, 1\n");
