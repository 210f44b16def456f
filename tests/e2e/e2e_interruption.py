#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Signals, limits and deaths: outputs are kept, and the program is never harmed."""
import os
import pathlib
import signal
import time

import harness

# Goes on until the file "stop" is there; "started" tells that it runs.
LOOP = """#!/bin/bash
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


class Interruption(harness.Case):
    def start_loop(self, *options):
        self.script(LOOP, "loop.sh")
        process = self.start_ctrace("profile:hz:499", "-o", "out.folded", "--stats", "stats.json",
                                    *options, "--", "./loop.sh")
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

    def test_interrupt_writes_outputs_while_the_program_goes_on(self):
        process, pid = self.start_loop()
        process.send_signal(signal.SIGINT)
        harness.wait_until(lambda: (self.directory / "stats.json").exists(), "the outputs")
        self.assertGreater(sum(self.folded().values()), 0)
        self.assertTrue(is_running(pid))
        self.stop_loop()
        self.assertEqual(process.wait(timeout=20), 5)

    def test_second_interrupt_gives_up(self):
        process, pid = self.start_loop()
        process.send_signal(signal.SIGINT)
        harness.wait_until(lambda: (self.directory / "stats.json").exists(), "the outputs")
        process.send_signal(signal.SIGINT)
        self.assertNotEqual(process.wait(timeout=20), 5)
        self.assertTrue(is_running(pid))

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
