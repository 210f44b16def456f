/* SPDX-License-Identifier: MIT */
#include "unwind/rows.h"

#include "unwind/arch_x86_64.h"
#include "unwind/table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define COLUMN_MAX 48

/* What a line says, without its address: equal ones that follow each other are one line. */
struct line {
	char cfa[COLUMN_MAX];
	char rbp[COLUMN_MAX];
	char ra[COLUMN_MAX];
	char form[2 * COLUMN_MAX]; /* of what is "exp", or why there is nothing; "" if plain */
};

struct printer {
	FILE *out;
	struct line last;
	bool is_inside; /* a line other than the leading hole was printed */
};

static const char *none_name(int32_t reason)
{
	static const char *const names[] = {
#define X(name, json, text) json,
		CTRACE_NONE_REASONS(X)
#undef X
	};

	return reason >= 0 && reason < NR_UNWIND_NONE ? names[reason] : "unknown";
}

static void put_register_offset(char *column, int32_t reg, int32_t off)
{
	const char *name = arch_register_name((unsigned int)reg);

	if (name)
		snprintf(column, COLUMN_MAX, "%s%+d", name, off);
	else
		strcpy(column, "exp");
}

static void put_cfa(const struct unwind_rule *rule, struct line *line)
{
	strcpy(line->cfa, "exp");
	switch ((enum cfa_kind)rule->cfa_kind) {
	case CFA_RSP:
		put_register_offset(line->cfa, DW_REG_RSP, rule->cfa_off);
		break;
	case CFA_RBP:
		put_register_offset(line->cfa, DW_REG_RBP, rule->cfa_off);
		break;
	case CFA_REG:
		put_register_offset(line->cfa, rule->x, rule->cfa_off);
		break;
	case CFA_PLT11:
		strcpy(line->form, "rsp+8+8*((pc&15)>=11)");
		break;
	case CFA_PLT10:
		strcpy(line->form, "rsp+8+8*((pc&15)>=10)");
		break;
	case CFA_DEREF_RSP:
		snprintf(line->form, COLUMN_MAX, "*(rsp%+d)%+d", rule->cfa_off, rule->x);
		break;
	case CFA_CLONE:
		snprintf(line->form, sizeof(line->form), "rsp%+d, or none if rax is 0",
			 rule->cfa_off);
		break;
	case CFA_OTHER_STACK:
		snprintf(line->form, sizeof(line->form), "rbp%+d on another stack", rule->cfa_off);
		break;
	case CFA_RBP_RA:
		snprintf(line->form, COLUMN_MAX, "rbp%+d, ra at cfa%+d", rule->cfa_off,
			 rule->x - 8);
		break;
	case CFA_DEREF_RBP:
		snprintf(line->form, COLUMN_MAX, "*(rbp%+d)%+d", rule->cfa_off, rule->x);
		break;
	case CFA_RSP_R9:
		strcpy(line->form, "*(rsp+8+8*r9)+8");
		break;
	default:
		break;
	}
}

static void put_rbp(const struct unwind_rule *rule, struct line *line)
{
	int32_t off = rule->rbp_off8 * 8;
	char *form = line->form + strlen(line->form);
	const char *space = form == line->form ? "" : " ";
	const char *name;

	switch ((enum rbp_kind)rule->rbp_kind) {
	case RBP_CFA:
		snprintf(line->rbp, COLUMN_MAX, "c%+d", off);
		return;
	case RBP_REG:
		name = arch_register_name((unsigned int)rule->x);
		strcpy(line->rbp, name ? name : "exp");
		return;
	case RBP_DEREF_RBP:
		snprintf(form, COLUMN_MAX, "%srbp=*(rbp%+d)", space, off);
		break;
	case RBP_DEREF_RSP:
		snprintf(form, COLUMN_MAX, "%srbp=*(rsp%+d)", space, off);
		break;
	case RBP_REALIGN:
		snprintf(form, COLUMN_MAX, "%srbp=*(((cfa-8)&-64)%+d)", space, off);
		break;
	case RBP_UNDEFINED:
		snprintf(form, COLUMN_MAX, "%srbp=undefined", space);
		strcpy(line->rbp, "u");
		return;
	default:
		strcpy(line->rbp, "u");
		return;
	}
	strcpy(line->rbp, "exp");
}

static void describe(const struct unwind_rule *rule, struct line *line)
{
	const char *name;

	memset(line, 0, sizeof(*line));
	switch ((enum cfa_kind)rule->cfa_kind) {
	case CFA_NONE:
		strcpy(line->cfa, "none");
		strcpy(line->rbp, "u");
		strcpy(line->ra, "u");
		strcpy(line->form, rule->x == NONE_GAP ? "" : none_name(rule->x));
		return;
	case CFA_STOP:
		put_register_offset(line->cfa, rule->x, rule->cfa_off);
		strcpy(line->rbp, "u");
		strcpy(line->ra, "u");
		strcpy(line->form, rule->x < 0 ? "stop" : "");
		return;
	case CFA_SIGNAL:
		strcpy(line->cfa, "exp");
		strcpy(line->rbp, "exp");
		strcpy(line->ra, "exp");
		strcpy(line->form, "signal");
		return;
	default:
		break;
	}
	put_cfa(rule, line);
	put_rbp(rule, line);
	name = rule->flags & RULE_RA_REGISTER ? arch_register_name((unsigned int)rule->x) : NULL;
	strcpy(line->ra, name ? name : "c-8");
}

static void print_rule(struct printer *printer, uint64_t vaddr, const struct unwind_rule *rule)
{
	bool is_gap = rule->cfa_kind == CFA_NONE && rule->x == NONE_GAP;
	struct line line;

	describe(rule, &line);
	if (memcmp(&line, &printer->last, sizeof(line)) == 0)
		return;
	printer->last = line;
	/* Nothing begins with a hole: readelf says nothing of what lies in front either. */
	if (is_gap && !printer->is_inside)
		return;
	printer->is_inside = true;
	fprintf(printer->out, "%016" PRIx64 " %s %s %s%s%s\n", vaddr, line.cfa, line.rbp, line.ra,
		line.form[0] ? " " : "", line.form);
}

int unwind_rows_print(const struct unwind_table *table, FILE *out)
{
	struct printer printer = {.out = out};

	for (uint32_t block = 0; block < table->nr_blocks; block++) {
		uint64_t start = table->vaddr_begin + ((uint64_t)block << CTRACE_BLOCK_SHIFT);

		for (uint32_t i = table->index[block]; i < table->index[block + 1]; i++) {
			uint32_t row = table->rows[i];
			uint32_t in_block = CTRACE_ROW_PC16(row) & ((1u << CTRACE_BLOCK_SHIFT) - 1);
			const struct unwind_rule *rule = &table->rules[CTRACE_ROW_RULE(row)];
			struct unwind_rule now;

			for (uint32_t d = 0; d <= CTRACE_RAMP_SPAN; d++) {
				unwind_rule_at(rule, d, &now);
				print_rule(&printer, start + in_block + d, &now);
				if (!rule->ramp_mask && !rule->rbp_step)
					break;
			}
		}
	}
	return ferror(out) || fflush(out) ? -EIO : 0;
}
