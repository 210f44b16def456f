#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a run leaves behind, and that a failed one leaves nothing."""
import contextlib
import os
import pathlib
import subprocess
import xml.etree.ElementTree

import harness


class Outputs(harness.Case):
    def record(self, *options, program=None, **keywords):
        return self.run_ctrace("uprobe:hit", *options, "--",
                               program or self.program("plain_dynamic"), **keywords)

    def test_default_outputs_are_folded_and_svg(self):
        run = self.record()
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(harness.files_in(self.directory), ["ctrace.folded", "ctrace.svg"])
        self.assertEqual(sum(run.stacks("ctrace.folded").values()), 25)
        xml.etree.ElementTree.parse(self.directory / "ctrace.svg")
        self.assertRegex(run.err, "25 samples")
        self.assertRegex(run.err, "wrote ctrace.folded, ctrace.svg")

    def test_quiet_says_nothing(self):
        self.assertEqual(self.record("-q").err, "")

    def test_folded_goes_to_standard_output(self):
        run = self.record("-q", "-o", "-")
        self.assertEqual(sum(harness.read_folded(run.out).values()), 25)
        self.assertEqual(harness.files_in(self.directory), [])

    def test_format_overrides_the_suffix(self):
        self.record("-q", "-f", "folded", "-o", "stacks.txt")
        self.assertEqual(harness.files_in(self.directory), ["stacks.txt"])
        harness.read_folded((self.directory / "stacks.txt").read_text())

    def test_report_of_a_capture_gives_the_same_bytes(self):
        run = self.record("-o", "run.ctrace", "-o", "direct.folded", "-o", "direct.svg",
                          program=self.program("threads"))
        self.assertEqual(run.status, 0, run.err)
        again = self.run_ctrace("report", "run.ctrace", "-o", "again.folded", "-o", "again.svg")
        self.assertEqual(again.status, 0, again.err)
        for suffix in ("folded", "svg"):
            self.assertEqual((self.directory / f"direct.{suffix}").read_bytes(),
                             (self.directory / f"again.{suffix}").read_bytes())

    def test_report_needs_no_rights(self):
        self.record("-q", "-o", "run.ctrace")
        self.directory.chmod(0o777)
        (self.directory / "run.ctrace").chmod(0o644)
        run = self.run_ctrace("report", "run.ctrace", "-o", "-", user="nobody", group="nogroup",
                              extra_groups=[])
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(sum(harness.read_folded(run.out).values()), 25)

    def test_damaged_capture_is_one_line(self):
        path = self.directory / "bad.ctrace"
        for content in (b"", b"hello\n", bytes(1000)):
            path.write_bytes(content)
            self.assert_one_line(self.run_ctrace("report", path), 1, "bad.ctrace")
        self.assertEqual(harness.files_in(self.directory), ["bad.ctrace"])

    def test_read_only_directory_is_found_before_the_program_runs(self):
        mount = self.mount("ro,size=64k")
        run = self.record("-o", mount / "o.folded",
                          program=self.script("#!/bin/sh\ntouch ran\n"))
        self.assert_one_line(run, 125, "o.folded.*Read-only file system")
        self.assertFalse((self.directory / "ran").exists())

    def test_full_disk_is_one_line_and_leaves_nothing(self):
        mount = self.mount("size=64k")
        filler = os.open(mount / "filler", os.O_WRONLY | os.O_CREAT)
        self.addCleanup(os.close, filler)
        with contextlib.suppress(OSError):
            while os.write(filler, bytes(4096)):
                pass
        run = self.record("-o", mount / "o.folded", "-o", mount / "o.svg")
        self.assert_one_line(run, 125, "No space left on device")
        self.assertEqual(harness.files_in(mount), ["filler"])

    def test_disk_that_fills_up_is_one_line_and_leaves_nothing(self):
        mount = self.mount("size=16k")
        run = self.record("-o", mount / "o.svg", program=self.program("deep_recursion"))
        self.assert_one_line(run, 125, "No space left on device")
        self.assertEqual(harness.files_in(mount), [])

    def test_what_fits_on_a_disk_that_fills_up_is_written(self):
        mount = self.mount("size=16k")
        run = self.record("-o", mount / "o.svg", "-o", mount / "o.folded",
                          program=self.program("plain_dynamic"))
        self.assertEqual(run.status, 125)
        self.assertRegex(run.err, "o.svg.*No space left on device")
        self.assertEqual(harness.files_in(mount), ["o.folded"])
        self.assertEqual(sum(run.stacks(mount / "o.folded").values()), 25)

    def mount(self, options):
        point = self.directory / "mount"
        point.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", point],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            self.skipTest(f"cannot mount a tmpfs: {done.stderr}")
        self.addCleanup(subprocess.run, ["umount", point], check=True)
        return point

    def test_missing_directory_is_one_line(self):
        run = self.record("-o", "no/such/directory/o.svg")
        self.assert_one_line(run, 125, "no/such/directory")

    def test_existing_file_is_replaced_and_a_failed_run_keeps_it(self):
        path = self.directory / "o.folded"
        path.write_text("old\n")
        self.record("-o", "o.folded", program="./missing")
        self.assertEqual(path.read_text(), "old\n")
        self.record("-q", "-o", "o.folded")
        self.assertNotEqual(path.read_text(), "old\n")

    def test_empty_recording_keeps_what_is_there(self):
        path = self.directory / "ctrace.svg"
        path.write_text("a good picture\n")
        run = self.run_ctrace("uprobe:hit", "--stats", "stats.json", "--",
                              self.program("plain_dynamic"), "--expect")
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual(run.stats()["samples"], 0)
        self.assertEqual(path.read_text(), "a good picture\n")
        self.assertRegex(run.err, "no samples")
        self.assertRegex(run.err, "'ctrace.svg' is kept as it was")
        self.assertNotRegex(run.err, "wrote .*ctrace.svg|0.00 %")
        self.assertRegex(run.err, r"0 samples in \d+\.\d\d s\n")

    def test_profile_of_nothing_says_why(self):
        run = self.run_ctrace("profile:hz:1", "--", "true")
        self.assertEqual(run.status, 0, run.err)
        self.assertRegex(run.err, r"no samples: the program used almost no CPU \(ran \d\.\d\d s\); "
                                  "try profile:hz:9999")

    def test_one_output_that_fails_takes_no_other_with_it(self):
        mount = self.mount("size=16k")
        run = self.record("-o", mount / "o.svg", "-o", "o.folded", "-o", "o.ctrace", "--stats",
                          "stats.json", program=self.program("deep_recursion"))
        self.assertEqual(run.status, 125)
        self.assertRegex(run.err, "o.svg.*No space left on device")
        self.assertRegex(run.err, "wrote o.folded, o.ctrace")
        self.assertGreater(run.stats()["samples"], 0)
        self.assertEqual(sum(run.stacks("o.folded").values()), run.stats()["samples"])
        self.assertEqual(harness.files_in(mount), [])

    def test_files_belong_to_the_user_behind_sudo(self):
        self.directory.chmod(0o777)
        self.record("-q", "-o", "o.folded", "--stats", "stats.json", program="id",
                    env={**os.environ, "SUDO_UID": "65534", "SUDO_GID": "65534",
                         "SUDO_USER": "nobody"})
        run = self.run_ctrace("uprobe:libc:malloc", "-q", "-o", "o.folded", "--", "id", "-u",
                              env={**os.environ, "SUDO_UID": "65534", "SUDO_GID": "65534",
                                   "SUDO_USER": "nobody"})
        self.assertEqual(run.out, "65534\n", run.err)
        self.assertEqual((self.directory / "o.folded").stat().st_uid, 65534)

    def test_without_rights_one_clear_line(self):
        self.directory.chmod(0o777)
        run = self.run_ctrace("profile:hz:99", "--", "true", user="nobody", group="nogroup",
                              extra_groups=[])
        self.assert_one_line(run, 125, "root|CAP_|privilege|permitted|rights")
        self.assertEqual(harness.files_in(self.directory), [])

    def test_device_is_written_straight(self):
        self.assertEqual(self.record("-q", "-f", "folded", "-o", "/dev/null").status, 0)
        self.assertTrue(pathlib.Path("/dev/null").is_char_device())


if __name__ == "__main__":
    harness.run_tests(__file__)
