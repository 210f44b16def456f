#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes programs with debug information that means harm, each in its way, in the directory given.

Every one has the function "victim" in its symbol table, which is all that can be said of it."""
import pathlib
import struct
import subprocess
import sys
import zlib

SHF_COMPRESSED = 0x800
OUT = pathlib.Path(sys.argv[1])

# Abbreviations: 1 the unit, 2 a function, 3 an inlined one, 4 a block, 5 a function with a sibling,
# 6 an inlined one with a range list, 7 a function with a block, 8 one with an indirect form.
ABBREVIATIONS = """
	.section .debug_abbrev
	.uleb128 1, 0x11; .byte 1; .uleb128 0x03, 0x0e, 0x11, 0x01, 0x12, 0x07, 0x10, 0x17, 0, 0
	.uleb128 2, 0x2e; .byte 1; .uleb128 0x03, 0x08, 0x11, 0x01, 0x12, 0x07, 0, 0
	.uleb128 3, 0x1d; .byte 1; .uleb128 0x31, 0x13, 0x11, 0x01, 0x12, 0x07, 0, 0
	.uleb128 4, 0x0b; .byte 1; .uleb128 0x11, 0x01, 0x12, 0x07, 0, 0
	.uleb128 5, 0x2e; .byte 1; .uleb128 0x01, 0x13, 0x03, 0x08, 0, 0
	.uleb128 6, 0x1d; .byte 1; .uleb128 0x31, 0x13, 0x55, 0x17, 0, 0
	.uleb128 7, 0x2e; .byte 1; .uleb128 0x40, 0x04, 0, 0
	.uleb128 8, 0x2e; .byte 1; .uleb128 0x03, 0x16, 0, 0
	.byte 0
"""
UNIT = """
	.section .debug_info
unit:
	.long unit_end - unit_start
unit_start:
	.value 5; .byte 1, 8; .long 0
	.uleb128 1; .long {name}; .quad victim, victim_end - victim; .long 0
{body}
	.byte 0
unit_end:
"""
FUNCTION = '	.uleb128 2; .asciz "liar"; .quad victim, victim_end - victim\n'
LINES = """
	.section .debug_line
	.long line_end - line_start
line_start:
	.value 5; .byte 8, 0
	.long line_program - line_header
line_header:
	.byte {fixed}, 1, 1, -5, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1
	.byte 1; .uleb128 1, 8; .uleb128 1; .asciz "/dir"
	.byte 1; .uleb128 1, 8; .uleb128 {files}; .asciz "file.c"
line_program:
{program}
line_end:
"""
GOOD_LINES = LINES.format(fixed=1, files=1, program="	.byte 0, 9, 2; .quad victim\n")


def text(body, name=0, abbreviations=ABBREVIATIONS, rest=GOOD_LINES):
    return ("	.text\n	.globl victim\n	.type victim, @function\nvictim:\n	.fill 64, 1, 0x90\n"
            "	ret\nvictim_end:\n	.size victim, . - victim\n"
            '	.section .debug_str\n	.asciz "unit.c"\n' + abbreviations +
            UNIT.format(name=name, body=body) + rest)


def make(name, assembly):
    source = OUT / "hostile.s"
    source.write_text(assembly)
    subprocess.run(["as", "-o", OUT / "hostile.o", source], check=True)
    subprocess.run(["ld", "-e", "victim", "-o", OUT / name, OUT / "hostile.o"], check=True)


def nested(entry, levels):
    return "	.rept " + str(levels) + "\n" + entry + "\n	.endr\n	.fill " + str(levels) + ", 1, 0\n"


WHOLE = "	.uleb128 {}; .quad victim, victim_end - victim"
INLINED = "	.uleb128 3; .long {}; .quad victim, victim_end - victim"


def programs():
    # Depth.
    yield "deep-blocks", text(FUNCTION + nested(WHOLE.format(4), 10000) + "	.byte 0")
    yield "deep-inlines", text(FUNCTION + nested(INLINED.format(0x2b), 10000) + "	.byte 0")
    # References in circles, and to nowhere.
    yield "origin-of-itself", text(FUNCTION + "self:\n" + INLINED.format("self - unit") +
                                   "\n	.byte 0, 0")
    yield "origin-nowhere", text(FUNCTION + INLINED.format("0xfffffff0") + "\n	.byte 0, 0")
    yield "sibling-backwards", text("back:\n	.uleb128 5; .long back - unit; .asciz \"f\"\n	.byte 0\n"
                                    "	.uleb128 5; .long back - unit; .asciz \"g\"\n	.byte 0\n")
    # One long range list that 20,000 functions share: 2 * 10^9 comparisons.
    shared = "	.uleb128 6; .long 0x2b, ranges - .debug_rnglists; .byte 0"
    ranges = """
	.section .debug_rnglists
	.long ranges_end - 0f
0:	.value 5; .byte 8, 0; .long 0
ranges:
	.byte 5; .quad victim
	.fill 100000, 3, 0x212004
	.byte 0
ranges_end:
"""
    yield "shared-ranges", text(FUNCTION + "	.rept 20000\n" + shared + "\n	.endr\n	.byte 0",
                                rest=GOOD_LINES + ranges)
    backwards = ranges.replace("0x212004", "0x012004")
    yield "shared-backward-ranges", text(FUNCTION + "	.rept 20000\n" + shared +
                                         "\n	.endr\n	.byte 0", rest=GOOD_LINES + backwards)
    yield "endless-ranges", text(FUNCTION + shared + "\n	.byte 0",
                                 rest=GOOD_LINES + ranges.replace("	.byte 0\nranges_end", "ranges_end"))
    # Lengths beyond everything.
    yield "string-beyond", text(FUNCTION + "	.byte 0", name="0xfffffff0")
    yield "string-without-end", text(
        FUNCTION + "	.byte 0", name=7,
        rest=GOOD_LINES + "	.section .debug_str\n	.fill 0x1000000, 1, 'x'\n")
    yield "block-of-4-gb", text("	.uleb128 7; .long 0xffffffff\n	.byte 0")
    yield "indirect-for-ever", text("	.uleb128 8\n	.fill 100000, 1, 0x16\n	.byte 0")
    yield "unit-too-long", text(FUNCTION + "	.byte 0").replace("unit_end - unit_start", "0xfffffff0")
    yield "million-units", text(
        FUNCTION + "	.byte 0", rest=GOOD_LINES + "	.section .debug_info\n"
        f'	.incbin "{OUT / "units"}"\n')
    # Abbreviations that are wrong, missing, without end.
    yield "no-such-code", text("	.uleb128 0x123456789abcd\n	.byte 0")
    yield "no-abbreviations", text(FUNCTION + "	.byte 0", abbreviations="	.section .debug_abbrev\n")
    yield "abbreviation-unending", text(
        FUNCTION + "	.byte 0", abbreviations=ABBREVIATIONS.rstrip().removesuffix(".byte 0") +
        "	.uleb128 9, 0x2e; .byte 1\n	.fill 0x400000, 1, 0x0b\n")
    yield "codes-of-60-bits", text(
        FUNCTION + "	.byte 0", abbreviations=ABBREVIATIONS.rstrip().removesuffix(".byte 0") +
        "	.uleb128 0x0fffffffffffffff, 0x2e; .byte 0, 0, 0\n	.byte 0\n")
    # Lines.
    steps = "	.byte 0, 9, 2; .quad victim\n	.fill 4000000, {}"
    yield "lines-in-place", text(FUNCTION + "	.byte 0", rest=LINES.format(
        fixed=1, files=1, program=steps.format("1, 1")))
    yield "lines-around", text(FUNCTION + "	.byte 0", rest=LINES.format(
        fixed=255, files=1, program=steps.format("2, 0xff08")))
    yield "files-uncounted", text(FUNCTION + "	.byte 0", rest=LINES.format(
        fixed=1, files="0xffffffffffff", program="	.byte 1"))


def bomb(name, kind, packed, full_size):
    """A program whose .debug_info unpacks to @full_size bytes, it says."""
    make(name, text(FUNCTION + "	.byte 0"))
    image = bytearray((OUT / name).read_bytes())
    table, = struct.unpack_from("<Q", image, 40)
    entry_size, nr, names_index = struct.unpack_from("<HHH", image, 58)
    names, = struct.unpack_from("<Q", image, table + names_index * entry_size + 24)
    for header in range(table, table + nr * entry_size, entry_size):
        start = names + struct.unpack_from("<I", image, header)[0]
        if image[start:image.index(0, start)] == b".debug_info":
            struct.pack_into("<Q", image, header + 8, SHF_COMPRESSED)
            struct.pack_into("<QQ", image, header + 24, len(image), 24 + len(packed))
    image += struct.pack("<IIQQ", kind, 0, full_size, 1) + packed
    (OUT / name).write_bytes(image)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    made = []
    (OUT / "units").write_bytes(1000000 * struct.pack("<IHBBIB", 9, 5, 1, 8, 0, 0))
    for name, assembly in programs():
        make(name, assembly)
        made.append(name)
    megabyte = zlib.compress(bytes(1 << 20))
    pack = zlib.compressobj()
    real = b"".join(pack.compress(bytes(1 << 20)) for _ in range(300)) + pack.flush()
    bomb("bomb-zlib", 1, real, 300 << 20)
    bomb("bomb-lying", 1, megabyte, 1 << 40)
    bomb("bomb-short", 1, megabyte, 2 << 20)
    zeros = subprocess.run("head -c 2G /dev/zero | zstd -q -1", shell=True, check=True,
                           capture_output=True).stdout
    bomb("bomb-zstd", 2, zeros, 2 << 30)
    made += ["bomb-zlib", "bomb-lying", "bomb-short", "bomb-zstd"]
    for scrap in ("hostile.s", "hostile.o", "units"):
        (OUT / scrap).unlink()
    (OUT / "made").write_text("\n".join(made) + "\n")


main()
