#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs beyond what is kept or told: they are recorded all the same, and the loss is said."""
import shutil
import struct
import subprocess

import harness

MAPPINGS = 1500  # CTRACE_MAX_MAPPINGS is 1024
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

    def test_mappings_beyond_the_limit_are_learned_or_cut_stacks_and_said(self):
        run = self.record("uprobe:hit", self.program("many_mappings"), MAPPINGS)
        stats = run.stats()
        self.assertEqual(stats["samples"], MAPPINGS)
        self.assertGreater(stats["complete"], 900)
        cut = sum(count for stack, count in run.stacks().items() if "[truncated]" in stack)
        self.assertEqual(cut, MAPPINGS - stats["complete"])
        self.assertRegex(run.err, "executable ranges, 1024 are kept")

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
