#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Signals, limits and deaths: outputs are kept, and the program is never harmed."""
import os
import pathlib
import signal
import subprocess
import time

import harness

# Leaves a process behind that computes for half a second.
LEAVE_BEHIND = """#!/bin/bash
( end=$((${EPOCHREALTIME/./} + 500000)); while [ ${EPOCHREALTIME/./} -lt $end ]; do :; done
  touch done ) > /dev/null 2>&1 &
exit 3
"""

# Goes on until the file "stop" is there; "started" tells that it runs, "signals" what it was sent.
LOOP = """#!/bin/bash
trap 'echo INT >> signals' INT
trap 'echo TERM >> signals' TERM
echo $$ > started
while [ ! -e stop ]; do :; done
exit 5
"""


def is_running(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state in "RS"


def uprobe_events_of(pid):
    """The lines of tracefs, mounted for this look alone."""
    text = subprocess.run(["unshare", "-m", "sh", "-c",
                           "mount -t tracefs none /mnt && cat /mnt/uprobe_events"],
                          capture_output=True, text=True, check=True).stdout
    return [line for line in text.splitlines() if f":ctrace/c{pid}_" in line]


class Interruption(harness.Case):
    def start_loop(self, *options, **popen):
        self.script(LOOP, "loop.sh")
        process = self.start_ctrace("profile:hz:499", "-o", "out.folded", "--stats", "stats.json",
                                    *options, "--", "./loop.sh", **popen)
        harness.wait_until(lambda: (self.directory / "started").exists() and
                           (self.directory / "started").read_text().strip(), "the program")
        time.sleep(0.3)  # a few samples
        pid = int((self.directory / "started").read_text())
        self.addCleanup(self.end_loop, pid)
        return process, pid

    @staticmethod
    def end_loop(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def stop_loop(self):
        (self.directory / "stop").touch()

    def folded(self):
        return harness.read_folded((self.directory / "out.folded").read_text())

    def signals(self):
        path = self.directory / "signals"
        return path.read_text().split() if path.exists() else []

    def wait_for_outputs(self):
        harness.wait_until(lambda: (self.directory / "stats.json").exists(), "the outputs")

    def test_signal_ends_the_recording_and_is_passed_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process, pid = self.start_loop()
                process.send_signal(number)
                self.wait_for_outputs()
                self.assertGreater(sum(self.folded().values()), 0)
                harness.wait_until(self.signals, "the signal")
                self.assertTrue(is_running(pid))
                time.sleep(0.5)  # it says so when the outputs are there
                self.stop_loop()
                self.assertEqual(process.wait(timeout=20), 5)
                self.assertEqual(self.signals(), [number.name.removeprefix("SIG")])
                self.assertIn(f"goes on (pid {pid})", process.stderr.read())
                for name in harness.files_in(self.directory):
                    (self.directory / name).unlink()

    def test_signal_to_the_group_comes_to_the_program_once(self):
        # As timeout(1) does it: first to its child, then to the group.
        process, _ = self.start_loop(start_new_session=True)
        process.send_signal(signal.SIGTERM)
        os.killpg(process.pid, signal.SIGTERM)
        self.wait_for_outputs()
        self.assertGreater(sum(self.folded().values()), 0)
        time.sleep(0.5)  # one that was passed on would be there
        self.stop_loop()
        self.assertEqual(process.wait(timeout=20), 5)
        self.assertEqual(self.signals(), ["TERM"])

    def test_signals_within_a_second_are_one(self):
        process, pid = self.start_loop()
        for _ in range(5):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.05)
        self.wait_for_outputs()
        self.assertGreater(sum(self.folded().values()), 0)
        self.assertTrue(is_running(pid))
        self.stop_loop()
        self.assertEqual(process.wait(timeout=20), 5)

    def test_second_signal_ends_the_waiting(self):
        process, pid = self.start_loop()
        process.send_signal(signal.SIGINT)
        self.wait_for_outputs()
        time.sleep(1.1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), -signal.SIGINT)
        self.assertTrue(is_running(pid))
        self.end_loop(pid)  # it has the pipe, too
        self.assertIn(f"the program goes on (pid {pid})", process.stderr.read())

    def test_giving_up_leaves_a_capture(self):
        # Writing stops at a pipe that nobody reads.
        process, pid = self.start_loop("-o", "-", "-f", "html", stdout=subprocess.PIPE)
        process.send_signal(signal.SIGTERM)
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=20), -signal.SIGTERM)
        process.stdout.close()
        self.assertTrue(is_running(pid))
        self.end_loop(pid)  # it has the pipe, too
        name = f"ctrace-{process.pid}.ctrace"
        self.assertIn(name, process.stderr.read())
        run = self.run_ctrace("report", name, "-o", "late.folded")
        self.assertEqual(run.status, 0, run.err)
        self.assertGreater(sum(run.stacks("late.folded").values()), 0)

    def test_hangup_is_ignored_where_it_was(self):
        self.script(LOOP, "loop.sh")
        process, pid = self.start_loop(under=("nohup",))
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertFalse((self.directory / "stats.json").exists())
        self.stop_loop()
        self.assertEqual(process.wait(timeout=20), 5)
        self.assertFalse(is_running(pid))

    def test_processes_left_behind_are_counted_or_recorded(self):
        self.script(LEAVE_BEHIND, "leave.sh")
        for options, is_whole in (((), False), (("--wait-all",), True), (("-d", "20s"), True)):
            with self.subTest(options):
                run = self.run_ctrace("profile:hz:499", *options, "-o", "out.folded", "--stats",
                                      "stats.json", "--", "./leave.sh")
                self.assertEqual(run.status, 3, run.err)
                seconds = run.stats()["duration_ns"] / 1e9
                if is_whole:
                    self.assertTrue((self.directory / "done").exists())
                    self.assertGreater(seconds, 0.4)
                    self.assertLess(seconds, 15)
                else:
                    self.assertRegex(run.err, "1 process it started; --wait-all")
                harness.wait_until((self.directory / "done").exists, "the one left behind")
                (self.directory / "done").unlink()

    def test_duration_ends_the_recording_of_who_is_left_behind(self):
        self.script("#!/bin/sh\nsleep 30 > /dev/null 2>&1 & echo $! > started; exit 3\n",
                    "leave.sh")
        run = self.run_ctrace("profile:hz:99", "-d", "300ms", "-o", "out.folded", "--stats",
                              "stats.json", "--", "./leave.sh")
        self.end_loop(int((self.directory / "started").read_text()))
        self.assertEqual(run.status, 3, run.err)
        self.assertAlmostEqual(run.stats()["duration_ns"] / 1e9, 0.3, delta=0.25)

    def test_no_uprobe_event_is_left_whatever_ends_it(self):
        program = self.program("threads")
        for number in (signal.SIGTERM, signal.SIGKILL):
            for delay in (0.05, 0.2, 0.4, 0.6):
                process = self.start_ctrace("uprobe:hit", "-q", "-o", "out.folded", "--",
                                            program)
                time.sleep(delay)
                process.send_signal(number)
                process.wait(timeout=20)
                harness.wait_until(lambda pid=process.pid: not uprobe_events_of(pid),
                                   "the companion")

    def test_killing_ctrace_leaves_the_program_running(self):
        process, pid = self.start_loop()
        process.kill()
        process.wait()
        time.sleep(0.2)
        self.assertTrue(is_running(pid))
        self.assertEqual(harness.files_in(self.directory), ["loop.sh", "started"])

    def test_duration_ends_the_recording_not_the_program(self):
        begin = time.monotonic()
        process, pid = self.start_loop("-d", "700ms")
        harness.wait_until(lambda: (self.directory / "stats.json").exists(), "the outputs")
        self.assertLess(time.monotonic() - begin, 10)
        self.assertTrue(is_running(pid))
        self.stop_loop()
        self.assertEqual(process.wait(timeout=20), 5)

    def test_duration_is_kept(self):
        run = self.run_ctrace("profile:hz:99", "-d", "500ms", "-o", "out.folded", "--stats",
                              "stats.json", "--", "sleep", "1")
        self.assertEqual(run.status, 0, run.err)
        self.assertAlmostEqual(run.stats()["duration_ns"] / 1e9, 0.5, delta=0.25)

    def test_number_of_events_ends_the_recording(self):
        program = self.program("threads")
        run = self.run_ctrace("uprobe:hit", "-n", "50", "-o", "out.folded", "--stats",
                              "stats.json", "--", program)
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(run.stats()["samples"], 50)
        self.assertEqual(sum(run.stacks().values()), 50)


if __name__ == "__main__":
    harness.run_tests(__file__)
