#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Samples in the kernel's own user code."""
import re

import harness

ASKING = re.compile(r".*;main;keep_asking(;ask_clock(;[^;]*clock_gettime[^;]*|;\[vdso\][^;]*)*)?")


class Vdso(harness.Case):
    def test_samples_in_the_vdso_are_whole_and_named(self):
        run = self.run_ctrace("profile:hz:999", "--no-kernel", "-o", "out.folded", "--stats",
                              "stats.json", "--", self.program("vdso_calls"), "1")
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(run.stats()["complete"], run.stats()["samples"], run.stats()["stops"])
        asking = {";".join(stack): count for stack, count in run.stacks().items()
                  if "keep_asking" in stack}
        for stack in asking:
            self.assertTrue(ASKING.fullmatch(stack) or "_dl_" in stack, stack)
        inside = sum(count for stack, count in asking.items()
                     if re.search(r";(__vdso_clock_gettime|clock_gettime;clock_gettime)", stack))
        self.assertGreater(inside, 100, asking)


if __name__ == "__main__":
    harness.run_tests(__file__)
