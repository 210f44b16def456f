/* SPDX-License-Identifier: MIT */
#include "loader/embedded_names.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "loader/object_set.h"
#include "symbolize/kallsyms.h"
#include "symbolize/symtab.h"

#include <errno.h>
#include <string.h>

/* One address and its name; owned strings belong to the source, which outlives the list. */
struct named_address {
	uint32_t object;
	struct capture_symbol symbol;
};

struct embedded_names {
	struct kallsyms *kernel;
	bool kernel_tried;
	struct elf_image *vdso_image;
	struct symtab *vdso;
	bool vdso_tried;
	struct named_address *list;
	size_t nr, cap;
};

struct embedded_names *embedded_names_new(void)
{
	return xcalloc(1, sizeof(struct embedded_names));
}

void embedded_names_free(struct embedded_names *n)
{
	kallsyms_free(n->kernel);
	symtab_free(n->vdso);
	elf_image_close(n->vdso_image);
	free(n->list);
	free(n);
}

static void add(struct embedded_names *n, uint32_t object, uint64_t addr, const char *name,
		const char *module)
{
	if (!name)
		return;
	GROW_ARRAY(n->list, n->nr, n->cap);
	n->list[n->nr++] = (struct named_address){
		.object = object,
		.symbol = {.start = addr, .size = 1, .name = name, .module = module},
	};
}

static const struct kallsyms *kernel_symbols(struct embedded_names *n)
{
	int err;

	if (n->kernel_tried)
		return n->kernel;
	n->kernel_tried = true;
	err = kallsyms_load("/proc/kallsyms", &n->kernel);
	if (err == -EACCES)
		log_hint("kernel functions have no names: kernel.kptr_restrict hides them "
			 "(sysctl kernel.kptr_restrict=0 as root shows them)");
	else if (err < 0)
		log_warning("cannot read kernel symbols: %s", strerror(-err));
	return n->kernel;
}

void embedded_names_kernel(struct embedded_names *n, uint32_t object, uint64_t addr)
{
	const struct kallsyms *syms = kernel_symbols(n);
	const char *module = NULL;

	if (syms)
		add(n, object, addr, kallsyms_find(syms, addr, &module, NULL), module);
}

bool embedded_names_is_bpf(struct embedded_names *n, uint64_t addr)
{
	const struct kallsyms *syms = kernel_symbols(n);
	const char *module = NULL;

	return syms && kallsyms_find(syms, addr, &module, NULL) && module &&
	       strcmp(module, "bpf") == 0;
}

void embedded_names_jit(struct embedded_names *n, uint32_t object, uint64_t addr, const char *name)
{
	add(n, object, addr, name, NULL);
}

void embedded_names_vdso(struct embedded_names *n, uint32_t object, const struct object *vdso,
			 uint64_t vaddr)
{
	const struct symbol *symbol;

	if (!n->vdso_tried) {
		n->vdso_tried = true;
		if (elf_image_open_memory(vdso->vdso_image, vdso->vdso_size, &n->vdso_image) == 0)
			symtab_new(n->vdso_image, NULL, &n->vdso);
	}
	symbol = n->vdso ? symtab_find(n->vdso, vaddr) : NULL;
	if (symbol)
		add(n, object, vaddr, symbol->name, NULL);
}

static int compare(const void *a, const void *b)
{
	const struct named_address *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return (x->symbol.start > y->symbol.start) - (x->symbol.start < y->symbol.start);
}

void embedded_names_store(struct embedded_names *n, struct capture *capture)
{
	_cleanup_free_ struct capture_symbol *symbols = xcalloc(n->nr + 1, sizeof(*symbols));

	if (n->nr)
		qsort(n->list, n->nr, sizeof(*n->list), compare);
	for (size_t i = 0; i < n->nr;) {
		uint32_t object = n->list[i].object;
		size_t nr = 0;

		for (; i < n->nr && n->list[i].object == object; i++)
			if (!nr || symbols[nr - 1].start != n->list[i].symbol.start)
				symbols[nr++] = n->list[i].symbol;
		capture_set_symbols(capture, object, symbols, nr);
	}
}
