#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A Go program knows its own stacks: ctrace must see the same, stripped or not."""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import harness

HERE = pathlib.Path(__file__).parent


# What Go compiles of its own library, for all builds here.
CACHE = tempfile.TemporaryDirectory()


class Go(harness.Case):
    def build(self, *flags, source="go_stacks.go"):
        """Without inlining: what is inlined is a matter of names, not of stacks."""
        program = self.directory / "program"
        subprocess.run(["go", "build", "-gcflags=-l", *flags, "-o", program, HERE / source], check=True,
                       env={**os.environ, "GOCACHE": CACHE.name,
                            "GO111MODULE": "off"})
        return program

    def check(self, program):
        run = self.run_ctrace("uprobe:main.hit", "--no-cache", "--demangle=none", "--no-inline",
                              "-o", "out.folded", "--stats", "stats.json", "--", program)
        self.assertEqual(run.status, 0, run.err)
        known = collections.Counter(tuple(line.split()) for line in run.out.splitlines())
        seen = collections.Counter()
        for stack, count in run.stacks().items():
            names = [re.sub(r"\.abi0$", "", name) for name in reversed(stack[1:])]
            seen[tuple(names)] += count
        self.assertEqual(seen, known)
        self.assertEqual(run.stats()["complete"], run.stats()["samples"])
        self.assertGreater(run.stats()["samples"], 10)
        self.assertEqual(harness.check_ledger(run.stats()), [])

    def test_its_stacks_are_seen(self):
        self.check(self.build())

    def test_position_independent(self):
        self.check(self.build("-buildmode=pie"))

    def test_c_is_entered_and_left(self):
        """runtime.cgocall, which changes stacks, is the one function left out."""
        run = self.run_ctrace("uprobe:hit", "--no-cache", "-o", "out.folded", "--",
                              self.build(source="go_calls_c.go"))
        self.assertEqual(run.status, 0, run.err)
        seen = collections.Counter()
        for stack, count in run.stacks().items():
            seen[re.sub(r"_cgo_\w+_Cfunc", "_cgo_Cfunc", ";".join(stack[1:]))] += count
        call = ("main.mid;main.leaf;main._Cfunc_outer;runtime.asmcgocall;_cgo_Cfunc_outer;"
                "outer;inner;hit")
        self.assertEqual(seen, {f"runtime.goexit;runtime.main;main.main;{call}": 50,
                                f"runtime.goexit;main.main.func1;{call}": 1})

    def test_a_profile_of_it_is_whole(self):
        run = self.run_ctrace("profile:hz:999", "--no-cache", "-o", "out.folded", "--stats",
                              "stats.json", "--", self.build("-ldflags=-s -w"))
        self.assertEqual(run.status, 0, run.err)
        stats = run.stats()
        self.assertEqual(stats["complete"], stats["samples"])


if __name__ == "__main__":
    if not shutil.which("go"):
        print("skipped: no Go compiler")
        sys.exit(harness.SKIP)
    harness.run_tests(__file__)
