#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who is followed: every process a program has started, whatever became of its parents."""
import harness

HITS, CHILDREN = 5, 12  # of process_tree.c
TREE = 340  # all of its shapes together


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


if __name__ == "__main__":
    harness.run_tests(__file__)
