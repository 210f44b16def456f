#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs beyond what is kept or told: they are recorded all the same, and the loss is said."""
import shutil
import struct

import harness

MAPPINGS = 1500  # CTRACE_MAX_MAPPINGS is 1024
E_SHOFF, E_SHENTSIZE = 0x28, 0x3a  # in an ELF header


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


if __name__ == "__main__":
    harness.run_tests(__file__)
