#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs beyond what is kept or told: they are recorded all the same, and the loss is said."""
import re
import shutil
import struct
import subprocess

import harness

MAPPINGS = 10000  # one table holds CTRACE_MAX_MAPPINGS, 1024
E_SHOFF, E_SHENTSIZE = 0x28, 0x3a  # in an ELF header
# mov $0x30000000,%ecx; dec %ecx; jnz; mov $1,%eax; xor %ebx,%ebx; int $0x80
SPIN_32 = bytes.fromhex("b900000030 49 75fd b801000000 31db cd80")


def program_of_32_bits():
    """The smallest there is: one segment that holds the headers and the code."""
    base, entry = 0x8048000, 0x54
    size = entry + len(SPIN_32)
    ident = b"\x7fELF\1\1\1" + bytes(9)
    header = struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, base + entry, 0x34, 0, 0, 0x34, 0x20, 1, 0, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 0, base, base, size, size, 5, 0x1000)
    return ident + header + segment + SPIN_32


class Limits(harness.Case):
    def record(self, probe, *command):
        run = self.run_ctrace(probe, "--no-kernel", "-o", "out.folded", "--stats", "stats.json",
                              "--", *command)
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(harness.check_ledger(run.stats()), [])
        return run

    def test_ten_thousand_mappings_are_walked_through(self):
        run = self.record("uprobe:hit", self.program("many_mappings"), MAPPINGS)
        stats = run.stats()
        self.assertEqual(stats["samples"], MAPPINGS)
        self.assertEqual(stats["complete"], MAPPINGS, stats["stops"])
        # On a busy machine the name of a copy mapped a moment ago can be missing, never its frame.
        through = sum(count for stack, count in run.stacks().items()
                      if re.search(";call_copies;(copied|\\[unknown\\]);callback;hit$",
                                   ";".join(stack)))
        self.assertEqual(through, MAPPINGS, run.stacks())
        self.assertLess(len(run.err.splitlines()), 6, run.err)

    def under(self, limits):
        return "sh", "-c", f'ulimit {limits}; exec "$0" "$@"'

    def test_few_open_files_are_enough_or_what_is_short_is_said(self):
        command = ("uprobe:hit", "-o", "out.folded", "--", self.program("plain_dynamic"))
        run = self.run_ctrace(*command, under=self.under("-S -n 20"))
        self.assertEqual(run.status, 0, run.err)
        run = self.run_ctrace(*command, under=self.under("-n 20"))
        self.assertEqual(run.status, 125)
        self.assertRegex(run.err, "Too many open files\nhint: ctrace may open 20 files")
        run = self.run_ctrace("profile:hz:99", "-o", "out.folded", "--", self.program("plain_dynamic"),
                              under=self.under("-n 30"))
        self.assertEqual(run.status, 125)
        self.assertRegex(run.err, r"\(ulimit -n\)")
        self.assertNotRegex(run.err, "attach points")

    def test_the_program_has_the_limit_ctrace_was_given(self):
        program = self.script("#!/bin/sh\nulimit -Sn\n")
        run = self.run_ctrace("profile:hz:99", "-q", "-o", "out.folded", "--", program,
                              under=self.under("-S -n 77"))
        self.assertEqual(run.out, "77\n")

    def test_little_memory_is_said(self):
        for kilobytes in 8000, 30000:
            run = self.run_ctrace("uprobe:hit", "-o", "out.folded", "--",
                                  self.program("plain_dynamic"),
                                  under=self.under(f"-v {kilobytes}"))
            self.assertEqual(run.status, 125, run.err)
            self.assertRegex(run.err, r"\(ulimit -v\)|out of memory")

    def test_a_limit_of_file_size_fails_the_output_and_says_so(self):
        run = self.run_ctrace("uprobe:hit", "-o", "out.folded", "--", self.program("plain_dynamic"),
                              under=self.under("-f 0"))
        self.assertEqual(run.status, 125)
        self.assertRegex(run.err, "out.folded': File too large")

    def test_a_program_without_section_headers_is_walked(self):
        copy = self.directory / "headless"
        shutil.copy(self.program("vdso_calls"), copy)
        with open(copy, "r+b") as file:
            file.seek(E_SHOFF)
            file.write(struct.pack("<Q", 0))
            file.seek(E_SHENTSIZE)
            file.write(struct.pack("<HHH", 0, 0, 0))
        run = self.record("profile:hz:499", copy, "0.7")
        self.assertGreater(run.stats()["samples"], 20)
        self.assertEqual(run.stats()["complete"], run.stats()["samples"], run.stats()["stops"])
        deep = sum(count for stack, count in run.stacks().items() if len(stack) >= 7)
        self.assertGreater(deep, run.stats()["samples"] / 2, run.stacks())

    def test_code_of_32_bits_is_counted_as_such(self):
        program = self.directory / "spin32"
        program.write_bytes(program_of_32_bits())
        program.chmod(0o755)
        try:
            subprocess.run([program], check=True, timeout=60)
        except OSError:
            self.skipTest("this kernel runs no 32-bit programs")
        run = self.record("profile:hz:499", "sh", "-c", f"{program}; exit 0")
        stats = run.stats()
        self.assertGreater(stats["stops"]["compat"], 10, stats)
        cut = sum(count for stack, count in run.stacks().items() if "[truncated]" in stack)
        self.assertEqual(cut, stats["samples"] - stats["complete"])


if __name__ == "__main__":
    harness.run_tests(__file__)
