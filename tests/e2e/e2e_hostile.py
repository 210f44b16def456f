#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs whose .eh_frame is damaged or made to do harm: they are recorded all the same.

The program is real and its own; only the bytes of its call frame information are changed.  Every hit
must be counted, the ledger must add up, and what the rows could not be made of must be counted too.
"""
import json
import random
import struct
import subprocess

import harness

DEF_CFA_EXPRESSION = 0x0F
NOP = 0
ENDLESS = 0x7FFFFFFF


class Elf:
    """A copy of a program, and where its .eh_frame is."""

    def __init__(self, path):
        self.data = bytearray(path.read_bytes())
        offset, = struct.unpack_from("<Q", self.data, 40)
        number, names = struct.unpack_from("<HH", self.data, 60)
        headers = [struct.unpack_from("<IIQQQQIIQQ", self.data, offset + 64 * i)
                   for i in range(number)]
        text = headers[names][4]
        self.sections = {self.data[text + h[0]:self.data.index(0, text + h[0])].decode(): h
                         for h in headers}
        self.begin, self.size = self.sections[".eh_frame"][4:6]

    def entries(self):
        """(position, length, is a CIE) of what the section holds; positions in the file."""
        at = self.begin
        while at < self.begin + self.size:
            length, identity = struct.unpack_from("<II", self.data, at)
            if length == 0:
                return
            yield at, length, identity == 0
            at += 4 + length

    def fdes(self):
        return [(at, length) for at, length, is_cie in self.entries() if not is_cie]

    def spoil_search_table(self):
        """Makes .eh_frame itself be read, entry by entry."""
        at = self.sections[".eh_frame_hdr"][4]
        self.data[at + 3] = 0xFF


def zeros(elf):
    elf.data[elf.begin:elf.begin + elf.size] = bytes(elf.size)


def noise(elf):
    elf.data[elf.begin:elf.begin + elf.size] = random.Random(1).randbytes(elf.size)


def noise_in_programs(elf):
    for at, length in elf.fdes():
        elf.data[at + 17:at + 4 + length] = random.Random(at).randbytes(length - 13)


def begin_at_zero(elf):
    vaddr = elf.sections[".eh_frame"][3]
    for at, _ in elf.fdes():
        struct.pack_into("<i", elf.data, at + 8, -(vaddr + at + 8 - elf.begin))


def overlap(elf):
    for at, _ in elf.fdes():
        struct.pack_into("<I", elf.data, at + 12, ENDLESS)


def gigantic(elf):
    struct.pack_into("<I", elf.data, elf.begin, 0xFFFFFFF0)


def gigantic_64(elf):
    struct.pack_into("<IQ", elf.data, elf.begin, 0xFFFFFFFF, 1 << 62)


def cyclic(elf):
    """The CIE of each FDE is the FDE after it, the last one's the first."""
    fdes = elf.fdes()
    for (at, _), (other, _) in zip(fdes, fdes[1:] + fdes[:1]):
        struct.pack_into("<I", elf.data, at + 4, (at + 4 - other) & 0xFFFFFFFF)


def own_cie(elf):
    for at, _ in elf.fdes():
        struct.pack_into("<I", elf.data, at + 4, 4)


def expressions(elf):
    """A CFA by operations no compiler uses: dividing, branching backward, calling."""
    wild = bytes([0x77, 8, 0x12, 0x1B, 0x2F, 0xFB, 0xFF, 0x98, 1, 0])
    for at, length in elf.fdes():
        room = length - 13
        if room < 3:
            continue
        body = (wild * room)[:room - 2]
        elf.data[at + 17:at + 4 + length] = bytes([DEF_CFA_EXPRESSION, len(body)]) + body


class Hostile(harness.Case):
    def check(self, change, spoil=True):
        elf = Elf(self.program("plain_dynamic"))
        change(elf)
        if spoil:
            elf.spoil_search_table()
        program = self.directory / "program"
        program.write_bytes(elf.data)
        program.chmod(0o755)
        expected = sum(int(line.split()[1]) for line in
                       subprocess.check_output(
                           [program, "--expect"], text=True).splitlines())
        run = self.run_ctrace("uprobe:hit", "--no-cache", "-o", "out.folded", "--stats",
                              "stats.json", "--", program)
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(run.stats()["samples"], expected)
        self.assertEqual(harness.check_ledger(run.stats()), [])
        self.assertEqual(sum(run.stacks().values()), expected)
        self.assertTrue(all("hit" in stack for stack in run.stacks()), run.stacks())
        return program

    def not_expressed(self, program):
        run = self.run_ctrace("unwind", "--cfi-only", "--json", program)
        self.assertEqual(run.status, 0, run.err)
        figures, = json.loads(run.out)
        return figures

    def test_zeros(self):
        self.check(zeros)

    def test_noise(self):
        self.check(noise)
        self.check(noise, spoil=False)

    def test_noise_in_programs(self):
        self.assertGreater(self.not_expressed(self.check(noise_in_programs))["rows"], 0)

    def test_fdes_at_zero(self):
        self.check(begin_at_zero)
        self.check(begin_at_zero, spoil=False)

    def test_overlapping_fdes(self):
        self.check(overlap)
        self.check(overlap, spoil=False)

    def test_gigantic_entries(self):
        self.check(gigantic)
        self.check(gigantic_64)

    def test_cyclic_cies(self):
        self.check(cyclic)
        self.check(own_cie)

    def test_wild_expressions_are_counted(self):
        figures = self.not_expressed(self.check(expressions))
        self.assertGreater(figures["unsupported_by"]["cfa_expression"], 0)


if __name__ == "__main__":
    harness.run_tests(__file__)
