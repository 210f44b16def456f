#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the .gopclntab of a Go program of two functions in the layout of a Go release.

    make_go_table.py 1.2|1.16|1.18|1.20 FILE

main.a, 0x401000 to 0x401010, is line 5 of /src/a.go; main.b, up to 0x401030, is line 10 of
/src/b.go and line 12 from 0x401018 on.
"""
import struct
import sys

TEXT, END = 0x401000, 0x401030
FUNCTIONS = [
    {"name": b"main.a", "entry": 0x401000, "size": 0x10, "file": 0, "lines": [(5, 0x10)]},
    {"name": b"main.b", "entry": 0x401010, "size": 0x20, "file": 1, "lines": [(10, 8), (12, 0x18)]},
]
FILES = [b"/src/a.go", b"/src/b.go"]


def uleb(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def pc_values(pairs):
    """Values and how many bytes they hold for, as differences."""
    out, last = b"", -1
    for value, size in pairs:
        delta = value - last
        out += uleb(delta << 1 if delta >= 0 else (-delta << 1) - 1) + uleb(size)
        last = value
    return out + b"\0"


class Blob:
    """Bytes whose parts are found again by offset."""

    def __init__(self, start=b""):
        self.data = start

    def add(self, part):
        off = len(self.data)
        self.data += part
        return off


def tables(base_name):
    """Names and pc tables as blobs, and where each function's are."""
    names, pcs = Blob(), Blob(b"\0")
    for function in FUNCTIONS:
        function["name_off"] = base_name + names.add(function["name"] + b"\0")
        function["pcfile"] = pcs.add(pc_values([(function["file"], function["size"])]))
        function["pcln"] = pcs.add(pc_values(function["lines"]))
    return names, pcs


def func_record(version, function, shift):
    entry = struct.pack("<Q", function["entry"]) if version in ("1.2", "1.16") else \
        struct.pack("<I", function["entry"] - TEXT)
    record = entry + struct.pack("<iiI", function["name_off"], 0, 0)
    record += struct.pack("<IIII", 0, function["pcfile"] + shift, function["pcln"] + shift, 0)
    if version != "1.2":
        record += struct.pack("<I", 0)
    if version == "1.20":
        record += struct.pack("<i", 1)
    return record + bytes(4)


def old_table():
    """1.2: everything counts from the start."""
    header = struct.pack("<IBBBBQ", 0xFFFFFFFB, 0, 0, 1, 8, len(FUNCTIONS))
    records_off = len(header) + 16 * len(FUNCTIONS) + 8 + 4
    records_size = 40 * len(FUNCTIONS)
    files_off = records_off + records_size
    strings_off = files_off + 4 * len(FILES)
    strings, file_offs = b"", []
    for name in FILES:
        file_offs.append(strings_off + len(strings))
        strings += name + b"\0"
    names, pcs = tables(strings_off + len(strings))
    shift = strings_off + len(strings) + len(names.data)
    functab = b"".join(struct.pack("<QQ", function["entry"], records_off + 40 * i)
                       for i, function in enumerate(FUNCTIONS))
    functab += struct.pack("<QI", END, files_off)
    records = b"".join(func_record("1.2", function, shift) for function in FUNCTIONS)
    files = b"".join(struct.pack("<I", off) for off in file_offs)
    return header + functab + records + files + strings + names.data + pcs.data


def new_table(version):
    magic = {"1.16": 0xFFFFFFFA, "1.18": 0xFFFFFFF0, "1.20": 0xFFFFFFF1}[version]
    names, pcs = tables(0)
    files, file_offs = Blob(), []
    for name in FILES:
        file_offs.append(files.add(name + b"\0"))
    cus = b"".join(struct.pack("<I", off) for off in file_offs)
    width = 8 if version == "1.16" else 4
    record_size = len(func_record(version, FUNCTIONS[0], 0))
    first = width * 2 * len(FUNCTIONS) + width
    functab = Blob()
    for i, function in enumerate(FUNCTIONS):
        entry = function["entry"] - (0 if width == 8 else TEXT)
        functab.add(struct.pack("<QQ" if width == 8 else "<II", entry, first + record_size * i))
    functab.add(struct.pack("<Q" if width == 8 else "<I", END - (0 if width == 8 else TEXT)))
    for function in FUNCTIONS:
        functab.add(func_record(version, function, 0))
    header = struct.pack("<IBBBBQQ", magic, 0, 0, 1, 8, len(FUNCTIONS), len(FILES))
    if version != "1.16":
        header += struct.pack("<Q", TEXT)
    offs, at = [], len(header) + 40
    for part in (names.data, cus, files.data, pcs.data, functab.data):
        offs.append(at)
        at += len(part)
    return header + struct.pack("<5Q", *offs) + names.data + cus + files.data + pcs.data + \
        functab.data


def main():
    version, path = sys.argv[1:]
    with open(path, "wb") as out:
        out.write(old_table() if version == "1.2" else new_table(version))


main()
