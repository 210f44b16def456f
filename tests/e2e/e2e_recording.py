#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Options that choose what is recorded and how its roots are named."""
import base64
import itertools
import re
import zlib

import harness


def page_slices(page):
    """(node, slice of time, value) of a page's data block; page_data.c says what lies before."""
    data = re.search(r'id="ctrace-data">([^<]*)<', page).group(1)
    plain = iter(zlib.decompress(base64.b64decode(data)))

    def number():
        value = 0
        for shift in itertools.count(0, 7):
            byte = next(plain)
            value |= (byte & 127) << shift
            if byte < 128:
                return value

    for _ in range(number()):
        number()
        for _ in range(number()):
            next(plain)
    for columns in (6, 3):
        for _ in range(number() * columns):
            number()
    rows, node, time = [], 0, 0
    for _ in range(number()):
        far = number()
        node, time = node + far, number() + (0 if far else time)
        rows.append((node, time, number()))
    return rows


class Recording(harness.Case):
    def record(self, *options, program):
        run = self.run_ctrace(*options, "-o", "out.folded", "--stats", "stats.json", "--", program)
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(harness.check_ledger(run.stats()), [])
        self.assertEqual(sum(run.stacks().values()), run.stats()["samples"])
        return run

    def test_no_children_leaves_the_others_out(self):
        every = self.record("uprobe:hit", program=self.program("fork_exec")).stats()
        own = self.record("uprobe:hit", "--no-children", program=self.program("fork_exec"))
        self.assertEqual(every["samples"], 60)
        self.assertEqual(own.stats()["samples"], 10)
        self.assertTrue(all("in_parent" in stack for stack in own.stacks()))

    def test_per_process_roots_are_comm_and_pid(self):
        run = self.record("uprobe:hit", "--per-process", program=self.program("fork_exec"))
        roots = {stack[0] for stack in run.stacks()}
        self.assertEqual(len(roots), 4, roots)
        for root in roots:
            self.assertRegex(root, r"^[\w-]+-\d+$")

    def test_per_thread_roots_are_comm_pid_and_tid(self):
        run = self.record("uprobe:hit", "--per-thread", program=self.program("threads"))
        roots = {stack[0] for stack in run.stacks()}
        self.assertEqual(len(roots), 8, roots)
        for root in roots:
            self.assertRegex(root, r"^[\w-]+-\d+/\d+$")

    def test_several_probes_are_the_first_frame(self):
        run = self.record("uprobe:hit", "uprobe:third", program=self.program("plain_dynamic"))
        by_probe = {}
        for stack, count in run.stacks().items():
            by_probe[stack[0]] = by_probe.get(stack[0], 0) + count
            self.assertTrue(stack[1].startswith("plain_dynamic"), stack)
        self.assertEqual(by_probe, {"uprobe:hit": 25, "uprobe:third": 25})

    def test_timeline_keeps_when_a_stack_was_hit(self):
        run = self.run_ctrace("tracepoint:syscalls:sys_enter_write", "--timeline", "-o", "out.ctrace",
                              "-o", "out.folded", "-o", "out.html", "--stats", "stats.json", "--",
                              "sh", "-c", "for i in 1 2 3; do echo x > /dev/null; sleep 0.5; done")
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(run.stats()["samples"], 3)
        self.assertEqual(list(run.stacks().values()), [3])
        rows = page_slices((self.directory / "out.html").read_text())
        self.assertEqual([value for _, _, value in rows], [1, 1, 1])
        self.assertEqual(len({node for node, _, _ in rows}), 1)
        first, second, third = (time for _, time, _ in rows)
        # On a busy machine sh may be late, but never early.
        self.assertGreaterEqual(second - first, 4)
        self.assertGreaterEqual(third - second, 4)
        again = self.run_ctrace("report", "out.ctrace", "-o", "again.html", "-o", "again.folded")
        self.assertEqual(again.status, 0, again.err)
        self.assertEqual(page_slices((self.directory / "again.html").read_text()), rows)
        self.assertEqual(run.stacks("again.folded"), run.stacks())

    def test_max_frames_cuts_and_says_so(self):
        run = self.record("uprobe:hit", "--max-frames", "3", program=self.program("plain_dynamic"))
        self.assertEqual({stack[1:] for stack in run.stacks()},
                         {("[truncated]", "second", "third", "hit")})
        self.assertEqual(run.stats()["stops"]["max_frames"], 25)
        self.assertEqual(run.stats()["complete"], 0)

    def test_no_user_leaves_kernel_frames(self):
        run = self.record("tracepoint:syscalls:sys_enter_write", "--no-user",
                          program=self.program("qsort_callback"))
        for stack in run.stacks():
            self.assertTrue(all(frame.endswith("_[k]") for frame in stack[1:]), stack)

    def test_kernel_frames_stand_on_user_frames(self):
        run = self.run_ctrace("tracepoint:syscalls:sys_enter_write", "-o", "out.folded", "--",
                              "sh", "-c", "echo x > /dev/null")
        self.assertEqual(run.status, 0, run.err)
        for stack in run.stacks():
            kinds = [frame.endswith("_[k]") for frame in stack[1:]]
            self.assertEqual(kinds, sorted(kinds), stack)

    def test_modules_are_named(self):
        run = self.record("uprobe:hit", "--modules", program=self.program("plain_dynamic"))
        for stack in run.stacks():
            self.assertRegex(stack[-1], r"^plain_dynamic-gcc-O2`hit$")

    def test_bpf_statistics_are_there_when_asked_for(self):
        run = self.record("uprobe:hit", "--bpf-stats", program=self.program("plain_dynamic"))
        self.assertGreaterEqual(run.stats()["bpf"]["runs"], 25)

    def test_glob_counts_every_function(self):
        run = self.record("uprobe:*", "--no-kernel", program=self.program("plain_no_pie"))
        leaves = {}
        for stack, count in run.stacks().items():
            leaves[stack[-1]] = leaves.get(stack[-1], 0) + count
        for name in ("hit", "first", "second", "third"):
            self.assertEqual(leaves.get(name), 25, leaves)


if __name__ == "__main__":
    harness.run_tests(__file__)
