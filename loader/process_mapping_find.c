/* SPDX-License-Identifier: MIT */
/* Which mapping a pc was in: the questions asked when all is known. */
#include "loader/process_set.h"

const struct process_mapping *process_find_mapping(const struct process *p, uint32_t execs,
						   uint32_t generation, uint64_t pc)
{
	const struct process_mapping *later = NULL;

	for (size_t i = p->nr_mappings; i-- > 0;) {
		const struct process_mapping *m = &p->mappings[i];

		if (m->execs != execs || pc < m->start || pc >= m->end)
			continue;
		if (m->gen_begin <= generation && (!m->gen_end || generation < m->gen_end))
			return m;
		if (m->gen_begin > generation && (!later || m->gen_begin <= later->gen_begin))
			later = m;
	}
	return later;
}

const struct process_mapping *process_find_mapping_at(const struct process *p, uint32_t execs,
						      uint64_t time_ns, uint64_t pc)
{
	const struct process_mapping *then = NULL, *later = NULL;

	/* Nobody tells when one goes: the latest to come was there. */
	for (size_t i = p->nr_mappings; i-- > 0;) {
		const struct process_mapping *m = &p->mappings[i];

		if (m->execs != execs || pc < m->start || pc >= m->end)
			continue;
		if (m->begin_ns > time_ns) {
			if (!later || m->begin_ns <= later->begin_ns)
				later = m;
		} else if (!then || m->begin_ns > then->begin_ns) {
			then = m;
		}
	}
	return then ? then : later;
}
