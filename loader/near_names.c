/* SPDX-License-Identifier: MIT */
#include "loader/near_names.h"

#include "common/alloc.h"

#include <string.h>

/* Letters that may differ: about every third. */
static unsigned int allowed_distance(size_t len)
{
	return len <= 3 ? 1 : (unsigned int)(len / 3) + 1;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's, one row at a time; both shorter than NEAR_NAMES_MAX_LEN. */
static unsigned int distance(const char *a, size_t len_a, const char *b, size_t len_b)
{
	unsigned int row[NEAR_NAMES_MAX_LEN];

	for (unsigned int j = 0; j <= len_b; j++)
		row[j] = j;
	for (unsigned int i = 1; i <= len_a; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= len_b; j++) {
			unsigned int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len_b];
}

void near_names_init(struct near_names *near, const char *wanted)
{
	memset(near, 0, sizeof(*near));
	near->wanted = wanted;
}

void near_names_add(struct near_names *near, const char *name)
{
	size_t len = strlen(name), wanted_len = strlen(near->wanted), at;
	unsigned int d, limit = allowed_distance(wanted_len);

	if (len >= NEAR_NAMES_MAX_LEN || wanted_len >= NEAR_NAMES_MAX_LEN)
		return;
	d = (len > wanted_len ? len - wanted_len : wanted_len - len) > limit
		    ? limit + 1
		    : distance(near->wanted, wanted_len, name, len);
	/* a longer name with all of what was typed in it is near too, if nothing is nearer */
	if (d > limit && wanted_len >= 4 && strstr(name, near->wanted))
		d = limit;
	if (d > limit)
		return;
	for (size_t i = 0; i < near->nr; i++) {
		if (!strcmp(near->best[i].name, name))
			return;
	}
	for (at = near->nr; at > 0; at--) {
		unsigned int other = near->best[at - 1].distance;

		if (other < d || (other == d && strlen(near->best[at - 1].name) <= len))
			break;
		if (at < NEAR_NAMES_MAX)
			near->best[at] = near->best[at - 1];
	}
	if (at == NEAR_NAMES_MAX)
		return;
	near->best[at].distance = d;
	memcpy(near->best[at].name, name, len + 1);
	if (near->nr < NEAR_NAMES_MAX)
		near->nr++;
}

char *near_names_question(const struct near_names *near)
{
	switch (near->nr) {
	case 0:
		return xstrdup("");
	case 1:
		return xasprintf("; did you mean '%s'?", near->best[0].name);
	case 2:
		return xasprintf("; did you mean '%s' or '%s'?", near->best[0].name,
				 near->best[1].name);
	default:
		return xasprintf("; did you mean '%s', '%s' or '%s'?", near->best[0].name,
				 near->best[1].name, near->best[2].name);
	}
}
