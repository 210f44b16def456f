#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who is followed: every process a program has started, whatever became of its parents."""
import os
import shutil

import harness

HITS, CHILDREN = 5, 12  # of process_tree.c
TREE = 340  # all of its shapes together
NOBODY = 65534
AS_NOBODY = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")


class Processes(harness.Case):
    def record(self, *arguments):
        run = self.run_ctrace(*arguments[:-1], "--no-kernel", "-o", "out.folded", "--stats",
                              "stats.json", "--", self.program("process_tree"), *arguments[-1])
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(harness.check_ledger(run.stats()), [])
        return run

    def count(self, stacks, frame):
        return sum(count for stack, count in stacks.items() if frame in stack)

    def test_page_faults_are_counted_in_every_shape_of_tree(self):
        run = self.record("software:page-faults:1", ())
        self.assertEqual(self.count(run.stacks(), "touch"), TREE)
        self.assertEqual(run.stats()["lost"], 0)

    def test_no_children_is_the_process_with_all_its_threads(self):
        for probe in "uprobe:hit", "uretprobe:hit", "tracepoint:syscalls:sys_enter_getpgrp":
            with self.subTest(probe=probe):
                run = self.record(probe, "--no-children", ("own", "threads"))
                self.assertEqual(run.stats()["samples"], 2 * CHILDREN * HITS)
                self.assertEqual(run.stats()["complete"], 2 * CHILDREN * HITS)
                run = self.record(probe, "--no-children", ("own", "forks"))
                self.assertEqual(run.stats()["samples"], CHILDREN * HITS)

    def test_no_children_follows_a_thread_that_takes_over_the_process(self):
        run = self.record("uprobe:hit", "--no-children", ("own", "exec_by_thread"))
        self.assertEqual(run.stats()["samples"], HITS)
        self.assertEqual(run.stats()["complete"], HITS)

    def test_no_children_outlives_the_first_thread(self):
        run = self.record("uprobe:hit", "--no-children", ("own", "first_thread_ends"))
        self.assertEqual(run.stats()["samples"], 2 * HITS)  # the third is a child's

    def install(self, name, mode, owner):
        """A program the kernel lets nobody trace who cannot be root."""
        self.directory.chmod(0o755)
        copy = self.directory / name
        shutil.copy(self.program("process_tree"), copy)
        os.chown(copy, owner, owner)
        copy.chmod(mode)
        return copy

    def check_other_rights(self, copy, *command):
        for probe in (f"uprobe:{copy}:hit", f"uretprobe:{copy}:hit",
                      "tracepoint:syscalls:sys_enter_getpgrp"):
            with self.subTest(probe=probe):
                run = self.run_ctrace(probe, "--no-kernel", "-o", "out.folded", "--stats",
                                      "stats.json", "--", *command)
                self.assertEqual(run.status, 0, run.err)
                stats = run.stats()
                self.assertEqual(harness.check_ledger(stats), [])
                self.assertEqual((stats["samples"], stats["lost"]), (TREE, 0), run.err)
                self.assertEqual(stats["complete"], TREE, stats["stops"])

    def test_a_setuid_program_and_all_it_starts_are_followed(self):
        copy = self.install("setuid", 0o4755, NOBODY)
        self.check_other_rights(copy, "sh", "-c", f"{copy}; exit 0")

    def test_an_unreadable_program_and_all_it_starts_are_followed(self):
        copy = self.install("unreadable", 0o711, 0)
        self.check_other_rights(copy, *AS_NOBODY, "sh", "-c", f"{copy}; exit 0")

    def test_counts_go_on_behind_other_rights(self):
        copy = self.install("setuid", 0o4755, NOBODY)
        run = self.run_ctrace("software:page-faults:5", "--no-kernel", "-o", "out.folded",
                              "--stats", "stats.json", "--", "sh", "-c", f"{copy}; exit 0")
        self.assertEqual(run.status, 0, run.err)
        self.assertGreater(self.count(run.stacks(), "touch"), TREE / 5 / 3)

    def test_profiles_of_programs_with_other_rights_are_whole(self):
        copy = self.install("setuid", 0o4755, NOBODY)
        run = self.run_ctrace("profile:hz:499", "--no-kernel", "-o", "out.folded", "--stats",
                              "stats.json", "--", "sh", "-c", f"{copy} burn 500; exit 0")
        self.assertEqual(run.status, 0, run.err)
        stats = run.stats()
        self.assertGreater(self.count(run.stacks(), "burn"), 150)
        self.assertGreater(stats["complete"], stats["samples"] - 4, stats["stops"])


if __name__ == "__main__":
    harness.run_tests(__file__)
