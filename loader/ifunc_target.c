/* SPDX-License-Identifier: MIT */
#include "loader/ifunc_target.h"

#include "common/cleanup.h"
#include "common/elf_image.h"
#include "common/maps.h"
#include "loader/object_code.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* Where one file is in one process. */
struct placement {
	const struct object_code *code;
	struct stat file;
	uint64_t bias;
};

static int on_mapping(const struct maps_entry *entry, void *arg)
{
	struct placement *placement = arg;
	uint64_t vaddr;

	/* Not by device: of layered filesystems maps and stat() tell different ones. */
	if (entry->inode != placement->file.st_ino ||
	    elf_image_mapping_vaddr(placement->code->image, entry->off, entry->exec, &vaddr) < 0)
		return 0;
	placement->bias = entry->start - vaddr;
	return 1;
}

static int place_in_process(struct placement *placement, pid_t pid)
{
	_cleanup_fclose_ FILE *maps = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	return maps_parse(maps, on_mapping, placement) == 1 ? 0 : -ENOENT;
}

/* Is @addr code of the object that something else than the file wrote down? */
static bool is_chosen(const struct placement *placement, uint64_t addr, uint64_t resolver,
		      uint64_t *ret_vaddr)
{
	uint64_t vaddr = addr - placement->bias, off;

	if (vaddr == resolver || object_code_off(placement->code, vaddr, &off) < 0)
		return false;
	*ret_vaddr = vaddr;
	return true;
}

/* What the loader wrote for a relocation that calls the resolver. */
static bool read_slot(const struct placement *placement, pid_t pid, const Elf64_Rela *rela,
		      uint64_t resolver, uint64_t *ret_vaddr)
{
	struct elf_span before = elf_image_at_vaddr(placement->code->image, rela->r_offset);
	uint64_t addr = 0, original = 0;
	struct iovec local = {&addr, sizeof(addr)};
	/* An address of the other process: it is never used as a pointer here. */
	struct iovec remote = {NULL, sizeof(addr)};
	uint64_t slot = placement->bias + rela->r_offset;

	memcpy(&remote.iov_base, &slot, sizeof(slot));
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != sizeof(addr))
		return false;
	if (before.data && before.size >= sizeof(original))
		memcpy(&original, before.data, sizeof(original));
	if (addr == original || addr == original + placement->bias)
		return false;
	return is_chosen(placement, addr, resolver, ret_vaddr);
}

static bool search_relocations(const struct placement *placement, pid_t pid, size_t section,
			       uint64_t resolver, uint64_t *ret_vaddr)
{
	struct elf_span data;

	if (elf_image_section_data(placement->code->image, section, &data) < 0)
		return false;
	for (size_t off = 0; off + sizeof(Elf64_Rela) <= data.size; off += sizeof(Elf64_Rela)) {
		Elf64_Rela rela;

		memcpy(&rela, data.data + off, sizeof(rela));
		if (ELF64_R_TYPE(rela.r_info) == R_X86_64_IRELATIVE &&
		    (uint64_t)rela.r_addend == resolver &&
		    read_slot(placement, pid, &rela, resolver, ret_vaddr))
			return true;
	}
	return false;
}

static int ask_process(const struct object_code *code, uint64_t resolver, pid_t pid,
		       uint64_t *ret_vaddr)
{
	struct placement placement = {.code = code};
	const Elf64_Shdr *sections;
	size_t nr;

	if (fstat(code->fd, &placement.file) < 0 || place_in_process(&placement, pid) < 0)
		return -ENOENT;
	sections = elf_image_sections(code->image, &nr);
	for (size_t i = 0; i < nr; i++)
		if (sections[i].sh_type == SHT_RELA &&
		    search_relocations(&placement, pid, i, resolver, ret_vaddr))
			return 0;
	return -ENOENT;
}

static int on_own_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct placement *placement = arg;
	struct stat st;

	(void)size;
	if (!*info->dlpi_name || stat(info->dlpi_name, &st) < 0 ||
	    st.st_ino != placement->file.st_ino || st.st_dev != placement->file.st_dev)
		return 0;
	placement->bias = info->dlpi_addr;
	return 1;
}

/* The loader chose for ctrace as well, if it uses the same library. */
static int ask_ourselves(const struct object_code *code, const char *name, uint64_t resolver,
			 uint64_t *ret_vaddr)
{
	struct placement placement = {.code = code};
	const void *addr;

	if (fstat(code->fd, &placement.file) < 0 || dl_iterate_phdr(on_own_object, &placement) != 1)
		return -ENOENT;
	addr = dlsym(RTLD_DEFAULT, name);
	return addr && is_chosen(&placement, (uintptr_t)addr, resolver, ret_vaddr) ? 0 : -ENOENT;
}

int ifunc_target_find(const struct object_code *code, const char *name, uint64_t resolver,
		      pid_t pid, uint64_t *ret_vaddr)
{
	if (pid >= 0 && ask_process(code, resolver, pid, ret_vaddr) == 0)
		return 0;
	return ask_ourselves(code, name, resolver, ret_vaddr);
}
