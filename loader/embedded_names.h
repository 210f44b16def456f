/* SPDX-License-Identifier: MIT */
/*
 * Names that only this machine at this moment can give: kernel functions, JIT code, the vdso.
 * Collected while a capture is built and stored in it, one entry for each address that was hit.
 */
#ifndef CTRACE_LOADER_EMBEDDED_NAMES_H
#define CTRACE_LOADER_EMBEDDED_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct capture;
struct embedded_names;
struct object;

struct embedded_names *embedded_names_new(void);
void embedded_names_free(struct embedded_names *names);

/* @addr was hit in the capture's object @object.  Sources are read at first need. */
void embedded_names_kernel(struct embedded_names *names, uint32_t object, uint64_t addr);
/* @name: as long as @names; NULL: none. */
void embedded_names_jit(struct embedded_names *names, uint32_t object, uint64_t addr,
			const char *name);
void embedded_names_vdso(struct embedded_names *names, uint32_t object, const struct object *vdso,
			 uint64_t vaddr);

/* Is @addr in a BPF program or trampoline? */
bool embedded_names_is_bpf(struct embedded_names *names, uint64_t addr);

/* Puts what was collected into @capture. */
void embedded_names_store(struct embedded_names *names, struct capture *capture);

#endif
