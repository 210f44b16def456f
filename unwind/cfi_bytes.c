/* SPDX-License-Identifier: MIT */
#include "unwind/cfi_bytes.h"

#include "unwind/dwarf_constants.h"

struct cfi_value cfi_read_long_uleb(const uint8_t *p, const uint8_t *end)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < CFI_MAX_LEB && p < end; i++) {
		uint8_t byte = *p++;

		if (i < 10)
			value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80))
			return (struct cfi_value){p, value};
	}
	return (struct cfi_value){NULL, 0};
}

struct cfi_value cfi_read_long_sleb(const uint8_t *p, const uint8_t *end)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < CFI_MAX_LEB && p < end; i++) {
		uint8_t byte = *p++;

		if (i < 10)
			value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		if (i < 9 && byte & 0x40)
			value |= ~(uint64_t)0 << (7 * (i + 1));
		return (struct cfi_value){p, value};
	}
	return (struct cfi_value){NULL, 0};
}

static struct cfi_value read_format(const uint8_t *p, const uint8_t *end, uint8_t format)
{
	struct cfi_value v;

	switch (format) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return cfi_read_fixed(p, end, 8);
	case DW_EH_PE_udata4:
		return cfi_read_fixed(p, end, 4);
	case DW_EH_PE_udata2:
		return cfi_read_fixed(p, end, 2);
	case DW_EH_PE_sdata4:
		v = cfi_read_fixed(p, end, 4);
		v.value = (uint64_t)(int64_t)(int32_t)v.value;
		return v;
	case DW_EH_PE_sdata2:
		v = cfi_read_fixed(p, end, 2);
		v.value = (uint64_t)(int64_t)(int16_t)v.value;
		return v;
	case DW_EH_PE_uleb128:
		return cfi_read_uleb(p, end);
	case DW_EH_PE_sleb128:
		return cfi_read_sleb(p, end);
	default:
		return (struct cfi_value){NULL, 0};
	}
}

struct cfi_value cfi_read_pointer(const uint8_t *p, const uint8_t *end, uint8_t encoding,
				  uint64_t vaddr, uint64_t data_base)
{
	struct cfi_value v;

	if (encoding & DW_EH_PE_indirect)
		return (struct cfi_value){NULL, 0};
	v = read_format(p, end, encoding & DW_EH_PE_format_mask);
	switch (encoding & DW_EH_PE_application_mask) {
	case DW_EH_PE_absptr:
		break;
	case DW_EH_PE_pcrel:
		v.value += vaddr;
		break;
	case DW_EH_PE_datarel:
		v.value += data_base;
		break;
	default:
		return (struct cfi_value){NULL, 0};
	}
	return v;
}
