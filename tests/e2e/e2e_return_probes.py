#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Samples of a program whose functions bear probes of all sorts, ctrace's own and others'."""
import contextlib
import os
import re
import subprocess

import harness

FUNCTIONS = ("spin_outer", "spin_middle", "spin_inner", "spin_leaf")
CLOCK = r"(;now)?(;(?!spin_|main)[^;]+)*"
SPINNING = re.compile(rf".*;main;spin_outer({CLOCK}|;spin_middle(;spin_inner(;spin_leaf)?)?)")
SECONDS = "1.5"
# While the kernel sets up a return probe, the return address is nowhere but in its registers.
MAX_CUT = 0.03


def file_offset(program, function):
    """Of a function of a PIE, whose text lies at its address or a page or two before."""
    symbols = subprocess.run(["readelf", "-sW", program], capture_output=True, text=True,
                             check=True).stdout
    address = int(re.search(rf"([0-9a-f]+) +\d+ FUNC .* {function}\n", symbols)[1], 16)
    segments = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True,
                              check=True).stdout
    for off, vaddr, size in re.findall(r"LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+)", segments):
        if int(vaddr, 16) <= address < int(vaddr, 16) + int(size, 16):
            return address - int(vaddr, 16) + int(off, 16)
    raise AssertionError(f"{function} is in no segment")


class SomebodysReturnProbes:
    """Return probes of the whole machine, as `perf probe` or a shell sets them up."""

    def __init__(self, tracefs, program, functions):
        self.tracefs = tracefs
        self.lines = [f"r:ctrace_test/{function} {program}:{file_offset(program, function):#x}"
                      for function in functions]
        self.names = functions

    def define(self, lines):
        definitions = os.open(self.tracefs / "uprobe_events", os.O_WRONLY | os.O_APPEND)
        with contextlib.closing(os.fdopen(definitions, "wb", buffering=0)) as file:
            file.write("".join(f"{line}\n" for line in lines).encode())

    def __enter__(self):
        self.define(self.lines)
        (self.tracefs / "events/ctrace_test/enable").write_text("1")

    def __exit__(self, *_):
        (self.tracefs / "events/ctrace_test/enable").write_text("0")
        self.define(f"-:ctrace_test/{name}" for name in self.names)


class ReturnProbes(harness.Case):
    def tracefs(self):
        place = self.directory / "tracefs"
        place.mkdir()
        subprocess.run(["mount", "-t", "tracefs", "tracefs", place], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    def sample(self, *probes, program):
        run = self.run_ctrace("profile:hz:1999", *probes, "--no-kernel", "-o", "out.folded",
                              "--stats", "stats.json", "--", program, SECONDS)
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(harness.check_ledger(run.stats()), [])
        whole = cut = 0
        for stack, count in run.stacks().items():
            if probes and not stack[0].startswith("profile:"):
                self.assertNotIn("[truncated]", stack, stack)
                continue
            text = ";".join(stack)
            if "[truncated]" in stack:
                cut += count
            elif "spin_" in text:
                self.assertTrue(SPINNING.fullmatch(text), f"{count} x {text}")
                whole += count
        self.assertGreater(whole, 300)
        self.assertLessEqual(cut, whole * MAX_CUT, run.stats()["stops"])
        return run

    def test_samples_between_own_probes_are_right(self):
        for variant in ("gcc-O2", "clang-O0"):
            self.sample("uprobe:spin_*", "uretprobe:spin_*",
                        program=self.program("return_spin", variant))

    def test_samples_under_somebody_elses_return_probes_are_right(self):
        program = self.program("return_spin")
        with SomebodysReturnProbes(self.tracefs(), program, FUNCTIONS):
            self.sample(program=program)

    def test_hits_under_somebody_elses_return_probes_are_exact(self):
        program = self.program("return_spin")
        with SomebodysReturnProbes(self.tracefs(), program, FUNCTIONS):
            run = self.run_ctrace("uprobe:spin_leaf", "-o", "out.folded", "--stats", "stats.json",
                                  "--", program)
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(run.stats()["complete"], 2000)
        self.assertEqual({stack[-5:] for stack in run.stacks()},
                         {("main", "spin_outer", "spin_middle", "spin_inner", "spin_leaf")})


if __name__ == "__main__":
    harness.run_tests(__file__)
