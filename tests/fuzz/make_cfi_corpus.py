#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seeds of tests/corpus/cfi: small ELF files with every shape of CFI there is.

    make_cfi_corpus.py DIRECTORY

The same bytes every time, so that a seed changes only when this file does.  The files found-* are
not from here: the fuzzer came to them from the seeds, and they reach what the seeds do not
(`fuzz_cfi -merge=1 -set_cover_merge=1 -use_counters=0`).
"""
import pathlib
import struct
import sys

TEXT, TEXT_SIZE, FRAME = 0x1000, 0x800, 0x3000

PLAIN_CIE = bytes([0x0C, 7, 8, 0x90, 1])
PUSHES = bytes([0x41, 0x0E, 16, 0x86, 2, 0x43, 0x0D, 6, 0x5E, 0x0C, 7, 8, 0xC6])
PROGRAMS = {
    "empty": b"",
    "pushes": PUSHES,
    "advances": bytes([2, 9, 0x0E, 16, 3, 1, 1, 0x0E, 24, 4, 9, 0, 0, 0, 0x0E, 32]),
    "set_loc": bytes([1, 0, 0xE0, 0xFF, 0xFF, 0x0E, 16]),
    "remember": bytes([0x0A, 0x0E, 64, 0x44, 0x0B, 0x0A, 0x0A, 0x44, 0x0B, 0x0B]),
    "registers": bytes([5, 6, 3, 6, 6, 7, 6, 8, 6, 9, 6, 9, 0x11, 6, 0x7E, 0x2F, 6, 2, 0x44]),
    "return_address": bytes([9, 16, 5, 0x44, 7, 16, 0x44, 6, 16]),
    "odd_cfa": bytes([0x12, 6, 0x7E, 0x44, 0x13, 2, 0x44, 0x0C, 10, 0, 0x44, 0x0C, 0x80, 2, 0]),
    "values": bytes([0x14, 6, 2, 0x44, 0x15, 6, 2, 0x44, 0x14, 16, 1]),
    "no_effect": bytes([0, 0x2D, 0x2E, 0x80, 1, 0x1D, 4, 0, 0, 0, 0, 0, 0, 0]),
    "plt": bytes([0x0F, 11, 0x77, 8, 0x80, 0, 0x3F, 0x1A, 0x3B, 0x2A, 0x33, 0x24, 0x22]),
    "deref": bytes([0x0F, 3, 0x76, 0x78, 6, 0x44, 0x0F, 6, 0x77, 16, 6, 0x23, 0x80, 1]),
    "bignum": bytes([0x0F, 10, 0x77, 8, 0x79, 0, 0x38, 0x1E, 0x22, 6, 0x23, 8]),
    "realign": bytes([0x10, 6, 14, 0x38, 0x1C, 0x0D, 0xC0, 255, 255, 255, 0x1A, 0x0D,
                      0x78, 255, 255, 255, 0x22]),
    "signal": bytes([0x0F, 4, 0x77, 0xA0, 1, 6, 0x10, 16, 3, 0x77, 0xA8, 1, 0x16, 6, 3, 0x77, 8, 6]),
    "unknown": bytes([0x44, 0x3F]),
    "cut": bytes([0x44, 0x0F, 0x40, 0x77]),
    "deep": bytes([0x0A]) * 70,
}



def entry(body):
    body += bytes(-(len(body) + 4) % 8)
    return struct.pack("<I", len(body)) + body


def eh_frame(program, augmentation=b"zR", encoding=0x1B, overlap=False):
    """A CIE and three FDEs, and where these begin."""
    cie = entry(struct.pack("<IB", 0, 1) + augmentation + b"\0" + b"\x01\x78\x10"
                + (b"\x01" + bytes([encoding]) if augmentation else b"") + PLAIN_CIE)
    data, fdes = cie, []
    for i, what in enumerate((PUSHES, program, b"")):
        begin, at = TEXT + 0x100 * i, len(data)
        head = struct.pack("<I", at + 4)
        if encoding == 0x1B:
            place = struct.pack("<iI", begin - (FRAME + at + 8), 0x180 if overlap else 0xF8)
        else:
            place = struct.pack("<QQ", begin, 0x180 if overlap else 0xF8)
        data += entry(head + place + (b"\0" if augmentation else b"") + what)
        fdes.append((begin, at))
    return data + bytes(4), fdes


def debug_frame(program):
    data = entry(struct.pack("<IB", 0xFFFFFFFF, 3) + b"\0\x01\x78\x10" + PLAIN_CIE)
    for i in range(2):
        data += entry(struct.pack("<IQQ", 0, TEXT + 0x300 * i, 0x280) + program)
    return data


def header(fdes, at):
    table = b"".join(struct.pack("<ii", begin - at, FRAME + off - at) for begin, off in fdes)
    return struct.pack("<4Bi I", 1, 0x1B, 3, 0x3B, FRAME - (at + 4), len(fdes)) + table


def elf(frame=b"", fdes=(), debug=b"", sections=True, search=True, entry_point=TEXT + 0x700,
        code=b""):
    text = (code + b"\x90" * TEXT_SIZE)[:TEXT_SIZE]
    frame += bytes(-len(frame) % 8)
    hdr_at = FRAME + len(frame)
    hdr = header(fdes, hdr_at) if search and fdes else b""
    text_off = 64 + 56 * 3
    frame_off = text_off + len(text)
    debug_off = frame_off + len(frame) + len(hdr)
    names = b"\0.text\0.eh_frame\0.debug_frame\0.shstrtab\0"
    names_off = debug_off + len(debug)
    sections_off = names_off + len(names)
    segments = [(1, 5, text_off, TEXT, len(text)), (1, 4, frame_off, FRAME, len(frame) + len(hdr))]
    if hdr:
        segments.append((0x6474E550, 4, frame_off + len(frame), hdr_at, len(hdr)))
    out = b"\x7fELF\x02\x01\x01" + bytes(9)
    out += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, entry_point, 64, sections_off if sections else 0,
                       0, 64, 56, len(segments), 64, 5 if sections else 0, 4 if sections else 0)
    for kind, flags, off, vaddr, size in segments:
        out += struct.pack("<IIQQQQQQ", kind, flags, off, vaddr, vaddr, size, size, 4)
    out = out.ljust(text_off, b"\0") + text + frame + hdr + debug + names
    if sections:
        out += bytes(64)
        for name, kind, flags, vaddr, off, size in (
                (1, 1, 6, TEXT, text_off, len(text)), (7, 1, 2, FRAME, frame_off, len(frame)),
                (17, 1, 0, 0, debug_off, len(debug)), (30, 3, 0, 0, names_off, len(names))):
            out += struct.pack("<IIQQQQIIQQ", name, kind, flags, vaddr, off, size, 0, 0, 1, 0)
    return out


def seeds():
    for name, program in PROGRAMS.items():
        frame, fdes = eh_frame(program)
        yield name, elf(frame, fdes)
    frame, fdes = eh_frame(PROGRAMS["signal"], b"zRS")
    yield "signal_cie", elf(frame, fdes)
    frame, fdes = eh_frame(PUSHES)
    yield "no_sections", elf(frame, fdes, sections=False)
    yield "no_search_table", elf(frame, fdes, search=False)
    yield "unsorted", elf(frame, fdes[::-1])
    yield "lying_table", elf(frame, [(begin + 16, off) for begin, off in fdes])
    yield "both_frames", elf(frame, fdes, debug_frame(PUSHES))
    yield "debug_frame", elf(debug=debug_frame(PROGRAMS["registers"]))
    yield "trampoline", elf(frame, fdes, code=b"\x90" * 0x20
                            + b"\x48\xc7\xc0\x0f\0\0\0\x0f\x05\xb8\x0f\0\0\0\x0f\x05")
    frame, fdes = eh_frame(PUSHES, overlap=True)
    yield "overlap", elf(frame, fdes)
    frame, fdes = eh_frame(PUSHES, b"", 0)
    yield "absolute", elf(frame, fdes)
    yield "go_1_18", go_program(0xFFFFFFF0)
    yield "go_1_20", go_program(0xFFFFFFF1)
    yield "code_only", elf(code=CODE)
    frame, fdes = eh_frame(PUSHES, b"zPLR")
    yield "personality", elf(frame, fdes)


# What Go's linker writes, for functions of FUNC_BYTES each, by how they are walked.
FUNC_BYTES = 0x100
GO_FUNCTIONS = {
    b"main.main": b"\x48\x83\xec\x18\x48\x89\x6c\x24\x10\xe8\0\0\0\0\x48\x83\xc4\x18\xc3",
    b"runtime.goexit.abi0": b"\x90\xe8\0\0\0\0",
    b"runtime.systemstack.abi0": b"\x48\x89\xdc\xff\xd7\x48\x8b\x60\x38\xc3",
    b"runtime.mcall": b"\x49\x8b\x66\x38\xff\xd4",
    b"runtime.clone": b"\x0f\x05\xc3\x90\x41\xff\xd4",
    b"runtime.sigreturn": b"\x48\xc7\xc0\x0f\0\0\0\x0f\x05",
    b"main.f": b"\x55\x48\x89\xe5\xc9\xc3",
}
# A retpoline, a clone() and a switch, in code without CFI.
CODE = (b"\xe8\x07\0\0\0\xf3\x90\x0f\xae\xe8\xeb\xf9\x48\x8d\x64\x24\x08\xc3".ljust(32, b"\xcc")
        + b"\x0f\x05\x85\xc0\x75\x0f\x31\xed\x5f\x41\xff\xd1\x89\xc7\x31\xc0\xb0\x3c\x0f\x05\xf4\xc3"
          .ljust(32, b"\x90")
        + b"\x55\x53\xff\xe0\x89\xd8\x5b\x5d\xc3".ljust(32, b"\x90"))


def go_table(magic):
    names, offsets = b"", []
    for name in GO_FUNCTIONS:
        offsets.append(len(names))
        names += name + b"\0"
    depths = b"\0" + bytes([2, 4, 0x30, 10, 0x2F, 0xF2, 1, 0])
    names_at = 8 + 8 * 8
    depths_at = names_at + len(names)
    list_at = (depths_at + len(depths) + 7) & ~7
    records = (len(GO_FUNCTIONS) * 2 + 1) * 4
    table = struct.pack("<I4B8Q", magic, 0, 0, 1, 8, len(GO_FUNCTIONS), 0, TEXT, names_at, 0, 0,
                        depths_at, list_at)
    table = (table + names + depths).ljust(list_at, b"\0")
    for i in range(len(GO_FUNCTIONS)):
        table += struct.pack("<II", i * FUNC_BYTES, records + i * 48)
    table += struct.pack("<I", len(GO_FUNCTIONS) * FUNC_BYTES)
    for i, name in enumerate(offsets):
        table += struct.pack("<5I", i * FUNC_BYTES, name, 0, 0, 1) + bytes(28)
    return table


def go_program(magic):
    """The section .debug_frame, under another name."""
    code = b"".join(body.ljust(FUNC_BYTES, b"\xcc") for body in GO_FUNCTIONS.values())
    return elf(debug=go_table(magic), code=code).replace(b".debug_frame\0", b".gopclntab\0\0\0")


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        (directory / name).write_bytes(data)


if __name__ == "__main__":
    main()
