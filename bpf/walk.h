/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The state of one walk: registers, the mapping and rule in hand, the stack window, and the record
 * it fills.  Plain data; walk_step.h works on it.
 */
#ifndef CTRACE_BPF_WALK_H
#define CTRACE_BPF_WALK_H

#include "abi.h"

/* How the walk's functions are compiled, for the kernel and for the host (see walk_step.h). */
#ifdef __bpf__
#define WALK_FUNCTION __attribute__((noinline))
#define WALK_INLINE   static __attribute__((always_inline)) inline
#define opaque(value) asm volatile("" : "+r"(value))
/* Leaves @value as it is and the verifier without a range for it; @any is some unknown number. */
#define forget(value, any) asm volatile("%0 ^= %1; %0 ^= %1" : "+r"(value) : "r"(any))
#else
#define WALK_FUNCTION	   static __attribute__((unused))
#define WALK_INLINE	   static __attribute__((unused)) inline
#define opaque(value)	   ((void)(value))
#define forget(value, any) ((void)(value))
#endif

/* DWARF numbers of the registers the walk names (x86-64 psABI, figure 3.36). */
enum {
	DW_RAX,
	DW_RDX,
	DW_RCX,
	DW_RBX,
	DW_RSI,
	DW_RDI,
	DW_RBP,
	DW_RSP,
	DW_R8,
	DW_R9,
	DW_R10,
	DW_R11,
	DW_R12,
	DW_R13,
	DW_R14,
	DW_R15,
};

/*
 * Stack memory is fetched a window at a time: 1 KiB costs 65 ns, 8 bytes 32 (unwinders.md 3.2),
 * and callers' frames lie upward of it.
 */
#define WALK_WINDOW_BYTES 2048
#define WALK_WINDOW_WORDS (WALK_WINDOW_BYTES / 8)

/* A power of two, so that an index is masked. */
#define WALK_FRAME_SLOTS 1024
_Static_assert(CTRACE_MAX_FRAMES + CTRACE_MAX_KERNEL_FRAMES <= WALK_FRAME_SLOTS, "frames fit");

/* A row worked out for one pc: what the step applies. */
struct walk_rule {
	int32_t cfa_off;
	int16_t rbp_off8;
	uint8_t cfa_kind;
	uint8_t rbp_kind; /* without _FROM and _UNTIL */
	int32_t x;
	uint32_t flags;
};

/* Rules of recent pcs (walk_cache.h), one cache per scratch slot: nobody else writes to it. */
#define WALK_CACHE_BITS	      10
#define WALK_CACHE_ENTRIES    (1u << WALK_CACHE_BITS)
#define WALK_CACHE_INDEX_BITS (WALK_CACHE_BITS + 1)
#define WALK_CACHE_INDEX      (1u << WALK_CACHE_INDEX_BITS)
struct walk_cache_entry {
	uint64_t pc;	     /* as looked up: one less for return addresses */
	uint32_t generation; /* of the mapping table */
	uint32_t common;     /* rule in one word */
};
struct walk_cache {
	struct walk_cache_entry entry[WALK_CACHE_ENTRIES]; /* in the order they came, a ring */
	uint16_t index[WALK_CACHE_INDEX];		   /* entry by hash of the pc */
	uint32_t next;
	uint32_t reserved;
};

struct walk {
	uint64_t pc;
	uint64_t sp;
	uint64_t regs[CTRACE_NR_REGS]; /* DWARF order; [RBP] is kept up, [RBX] while rbx_known, the
				  rest while regs_live */
	uint64_t jit_timed_ns;	       /* mapping_table.jit_timed_ns */
	uint64_t doubt_ns;	       /* process_entry.doubt_ns */
	uint64_t returned;	       /* function whose return is reported; 0 = none */
	uint64_t return_instance;      /* of the kernel: the innermost not yet met; 0 = none */
	uint64_t uprobes_start;	       /* page of the kernel's uprobe trampoline; 0 = none */
	uint64_t mapping_start;	       /* range of the mapping the last look-up ended in */
	uint64_t mapping_end;
	uint64_t mapping_bias;
	uint64_t before_sp; /* where the last step that may be taken back set out */
	uint64_t before_rbp;
	uint64_t window_start;
	uint64_t word; /* what the last read or rare rule came up with */
	uint32_t window_size;
	uint32_t mapping_blob;
	uint32_t mapping_index;
	uint32_t slot;
	uint32_t generation;
	uint32_t max_frames;
	uint32_t nr_guessed;
	uint32_t scratch;  /* slot this lies in */
	uint32_t cache_at; /* entry behind the one last used */
	uint32_t common;   /* rule in hand in one word, or 0 */
	uint8_t in_kernel; /* the hit was: the registers are as the program entered it */
	uint8_t exact;	   /* 1: pc is that of an instruction, 0: a return address */
	uint8_t guessed;   /* 1: pc was found without CFI */
	uint8_t regs_live;
	uint8_t rbx_known;
	uint8_t is_framed; /* no rule for the code in hand, whose functions set up frame pointers */
	uint8_t in_doubt;  /* what was learned comes before the table */
	uint8_t mapping_asked; /* the mapping in hand was learned, not published */
	uint8_t met_jit;       /* a frame was in code made at run time */
	uint8_t jit_registers; /* mapping_table.jit_registers */
	uint8_t jit_keeps_rbp; /* mapping_table.jit_keeps_rbp */
	struct walk_rule rule; /* in hand */
	uint64_t window[WALK_WINDOW_WORDS];
	struct stack_record record;
	uint64_t frame[WALK_FRAME_SLOTS]; /* behind record, as struct stack_record lays them out */
};

#endif
