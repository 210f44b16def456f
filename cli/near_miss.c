/* SPDX-License-Identifier: MIT */
#include "cli/near_miss.h"

#include <string.h>

#define MAX_WORD  32 /* longer words are no command or format */
#define MAX_EDITS 2

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* Optimal string alignment: Levenshtein, and a swap of neighbours costs one. */
static unsigned int edit_distance(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b);
	unsigned int cost[MAX_WORD + 1][MAX_WORD + 1];

	for (size_t i = 0; i <= len_a; i++)
		cost[i][0] = (unsigned int)i;
	for (size_t j = 0; j <= len_b; j++)
		cost[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= len_a; i++) {
		for (size_t j = 1; j <= len_b; j++) {
			unsigned int change = a[i - 1] != b[j - 1];

			cost[i][j] = min3(cost[i - 1][j] + 1, cost[i][j - 1] + 1,
					  cost[i - 1][j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost[i][j] = min3(cost[i][j], cost[i - 2][j - 2] + 1, cost[i][j]);
		}
	}
	return cost[len_a][len_b];
}

const char *near_miss(const char *typed, const char *const *known, size_t nr)
{
	unsigned int best_distance = MAX_EDITS + 1;
	const char *best = NULL;

	if (strlen(typed) > MAX_WORD)
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		unsigned int distance;

		if (strlen(known[i]) > MAX_WORD)
			continue;
		distance = edit_distance(typed, known[i]);
		if (distance < best_distance && distance < (strlen(known[i]) + 1) / 2) {
			best_distance = distance;
			best = known[i];
		}
	}
	return best;
}
