/* SPDX-License-Identifier: MIT */
/*
 * The code oracle: are instructions as long as a disassembler says?
 *
 *   objdump -d FILE | code_oracle FILE
 *
 * Exit status 1 when one is not.
 */
#include "common/elf_image.h"
#include "unwind/x86_code.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SHOWN 10

struct tally {
	unsigned long instructions, wrong;
};

/* "  401000:\t48 83 ec 08 \tsub ..."; a line of bytes alone goes on with the one before. */
static bool parse(const char *line, uint64_t *ret_addr, unsigned int *ret_bytes, bool *ret_goes_on)
{
	const char *tab = strchr(line, '\t');
	unsigned int bytes = 0;
	char *end;

	*ret_addr = strtoull(line, &end, 16);
	if (!tab || end == line || *end != ':')
		return false;
	for (tab++; isxdigit(tab[0]) && isxdigit(tab[1]); tab += 3)
		bytes++;
	while (*tab == ' ')
		tab++;
	*ret_goes_on = *tab != '\t';
	*ret_bytes = bytes;
	return true;
}

static void judge(const struct elf_image *image, uint64_t addr, unsigned int length,
		  const char *text, struct tally *tally)
{
	struct elf_span span = elf_image_at_vaddr(image, addr);
	struct x86_insn insn = x86_decode(span.data, span.size);

	/* Data among the code; and two instructions objdump shows as one (fwait). */
	if (strstr(text, "(bad)") || strstr(text, ".byte") || strstr(text, "\trex") || !span.data ||
	    span.data[0] == 0x9b)
		return;
	tally->instructions++;
	if (insn.length != length && tally->wrong++ < MAX_SHOWN)
		printf("%llx: %u bytes, not %u: %s", (unsigned long long)addr, insn.length, length,
		       text);
}

int main(int argc, char **argv)
{
	struct elf_image *image = NULL;
	struct tally tally = {0};
	char line[512], text[512] = "";
	unsigned int length = 0, more;
	uint64_t addr = 0, next;
	bool goes_on;

	if (argc != 2 || elf_image_open(argv[1], &image) < 0)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		if (!parse(line, &next, &more, &goes_on))
			continue;
		if (goes_on && next == addr + length) {
			length += more;
			continue;
		}
		if (length)
			judge(image, addr, length, text, &tally);
		addr = next;
		length = more;
		strcpy(text, line);
	}
	if (length)
		judge(image, addr, length, text, &tally);
	printf("code: %s instructions %lu wrong %lu\n", argv[1], tally.instructions, tally.wrong);
	elf_image_close(image);
	return tally.wrong != 0 || !tally.instructions;
}
