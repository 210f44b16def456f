#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every command is there, explains itself, and does its least on real input."""
import json
import os
import re
import xml.etree.ElementTree

import harness

COMMANDS = ("record", "report", "diff", "flamegraph", "list", "doctor", "symbolize", "unwind")
LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"


class Commands(harness.Case):
    def test_overview_names_every_command(self):
        out = self.run_ctrace("--help").out
        for command in COMMANDS:
            self.assertRegex(out, rf"(?m)^  {command} ")

    def test_every_help_fits_the_terminal_and_has_examples(self):
        for command in COMMANDS:
            run = self.run_ctrace(command, "--help")
            self.assertEqual((run.status, run.err), (0, ""), command)
            self.assertTrue(run.out.startswith("Usage: "), command)
            self.assertLessEqual(max(map(len, run.out.splitlines())), 80, command)
            if command != "doctor":
                self.assertIn("EXAMPLES", run.out, command)

    def test_manual_names_every_long_option(self):
        manual = (harness.ROOT / "docs/ctrace.1").read_text()
        for command in COMMANDS:
            listed = self.run_ctrace(command, "--help").out
            for option in re.findall(r"(?m)^(?:  -\w,|     ) --([a-z-]+)", listed):
                if option in ("help", "usage"):
                    continue
                self.assertRegex(manual, rf" -{option}\b", f"ctrace {command} --{option}")

    def test_bad_options_are_usage_errors_everywhere(self):
        for command in COMMANDS:
            run = self.run_ctrace(command, "--no-such-option")
            self.assertEqual(run.status, 2, command)
            self.assertIn("no-such-option", run.err)

    def test_missing_files_are_one_line_and_1(self):
        for command in (["report"], ["flamegraph"], ["unwind"], ["symbolize", "-e"]):
            run = self.run_ctrace(*command, "/no/such/file", stdin=None)
            self.assert_one_line(run, 1, "/no/such/file")

    def test_folded_stacks_become_a_picture(self):
        folded = self.script("a;b;c 3\na;b 2\n", "in.folded")
        run = self.run_ctrace("flamegraph", folded)
        self.assertEqual(run.status, 0, run.err)
        xml.etree.ElementTree.fromstring(run.out)

    def test_two_recordings_become_a_difference(self):
        for name, program in (("a", "plain_dynamic"), ("b", "qsort_callback")):
            self.run_ctrace("uprobe:hit", "-q", "-o", f"{name}.ctrace", "--", self.program(program))
        run = self.run_ctrace("diff", "a.ctrace", "b.ctrace", "-o", "d.svg")
        self.assertEqual(run.status, 0, run.err)
        xml.etree.ElementTree.parse(self.directory / "d.svg")

    def test_unwind_speaks_json(self):
        files = json.loads(self.run_ctrace("unwind", "--json", LIBC).out)
        self.assertEqual(len(files), 1)

    def test_symbolize_finds_a_function(self):
        run = self.run_ctrace("symbolize", "-e", self.program("plain_no_pie"), "0x401020")
        self.assertEqual(run.status, 0, run.err)
        self.assertTrue(run.out)

    def test_list_finds_probes(self):
        self.assertIn("uprobe:", self.run_ctrace("list", "uprobe:libc:mallo*").out)

    def test_doctor_reports_without_rights_too(self):
        self.assertEqual(self.run_ctrace("doctor").status, 0)
        run = self.run_ctrace("doctor", user="nobody", group="nogroup", extra_groups=[],
                              env={**os.environ, "HOME": "/"})
        self.assertIn("no ", run.out)

    def test_full_disk_behind_standard_output_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for arguments in (["--help"], ["unwind", LIBC], ["list", "uprobe:libc:mem*"]):
                run = harness.run_into(self.ctrace, arguments, full)
                self.assertNotEqual(run.returncode, 0, arguments)


if __name__ == "__main__":
    harness.run_tests(__file__)
