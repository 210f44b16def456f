#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ctrace inside a container of its own, and targets in containers it looks into from outside."""
import collections
import re

import harness

TIME_NAMESPACE = ("unshare", "--time", "--fork", "--monotonic", "86400", "--boottime", "86400")
PID_NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc")


class Containers(harness.Case):
    def record(self, *command, under=()):
        run = self.run_ctrace(f"uprobe:{command[-1]}:hit", "--per-process", "-o", "out.folded", "--stats",
                              "stats.json", "--", *command, under=under)
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(harness.check_ledger(run.stats()), [])
        return run

    def test_in_a_pid_namespace_children_are_followed(self):
        run = self.record(self.program("fork_exec"), under=PID_NAMESPACE)
        self.assertEqual(run.stats()["samples"], 60)
        self.assertEqual(run.stats()["complete"], 60)

    def test_in_a_pid_namespace_pids_are_those_of_the_namespace(self):
        run = self.record(self.program("fork_exec"), under=PID_NAMESPACE)
        roots = {stack[0] for stack in run.stacks()}
        self.assertEqual(len(roots), 4, roots)
        for root in roots:
            # unshare is 1, ctrace one of the first.
            self.assertLess(int(re.search(r"-(\d+)$", root)[1]), 100)

    def test_two_namespaces_deep(self):
        run = self.record(self.program("plain_dynamic"), under=PID_NAMESPACE * 2)
        self.assertEqual(run.stats()["complete"], 25)

    def test_a_target_in_a_namespace_of_its_own(self):
        run = self.record(*PID_NAMESPACE, self.program("fork_exec"))
        self.assertEqual(run.stats()["samples"], 60)
        self.assertEqual(run.stats()["complete"], 60)

    def test_a_time_namespace_mixes_up_no_libraries(self):
        run = self.record(self.program("dlopen_plugins"), under=TIME_NAMESPACE)
        steps = collections.Counter()
        for stack, count in run.stacks().items():
            steps[stack[-3]] += count
        self.assertEqual(steps, {"small_step": 200, "large_step": 200}, run.stacks())

    def test_the_wrong_proc_is_named(self):
        run = self.run_ctrace("uprobe:hit", "--", self.program("plain_dynamic"),
                              under=("unshare", "--pid", "--fork"))
        self.assert_one_line(run, 125, "/proc is that of another pid namespace")


if __name__ == "__main__":
    harness.run_tests(__file__)
