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


def run_stats_probes(case):
    """What a program alone is recorded with, as --stats has it."""
    case.run_ctrace("-q", "--stats", "s.json", "true")
    return json.loads((case.directory / "s.json").read_text())["probes"]


class Commands(harness.Case):
    def test_overview_names_every_command(self):
        out = self.run_ctrace("--help").out
        for command in COMMANDS:
            self.assertRegex(out, rf"(?m)^  {command} ")

    def test_help_and_version_have_every_usual_spelling(self):
        overview = self.run_ctrace("--help")
        for word in ("-h", "help", "-?"):
            run = self.run_ctrace(word)
            self.assertEqual((run.status, run.out, run.err), (0, overview.out, ""), word)
        self.assertEqual(self.run_ctrace("help", "report").out,
                         self.run_ctrace("report", "--help").out)
        self.assertEqual(self.run_ctrace("help", "no-such").status, 2)
        for word in ("--version", "-V", "version"):
            run = self.run_ctrace(word)
            self.assertRegex(run.out, r"^ctrace \d+\.\d+\.\d+\n$")

    def test_a_program_alone_is_profiled(self):
        spin = ("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; exit 7")
        for arguments in (spin, ("--", *spin), ("-q", "--stats", "s.json", *spin),
                          ("record", *spin), ("-q", "--", *spin)):
            run = self.run_ctrace(*arguments)
            self.assertEqual(run.status, 7, run.err)
            self.assertRegex((self.directory / "ctrace.folded").read_text(), r"(?m)^sh;")
            (self.directory / "ctrace.folded").unlink()
        self.assertEqual(self.run_ctrace("-o", "-", *spin).status, 7)
        self.assertEqual(self.run_ctrace("-q", "-o", "a.svg", "./b.sh").status, 127)
        self.assertEqual(run_stats_probes(self), ["profile:hz:999"])

    def test_a_command_s_name_is_a_program_behind_the_dashes(self):
        self.script("#!/bin/sh\nexit 9\n", "report")
        run = self.run_ctrace("-q", "--", "report",
                              env={**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}"})
        self.assertEqual(run.status, 9, run.err)

    def test_a_word_that_is_nothing_says_what_was_near(self):
        self.assert_one_line(self.run_ctrace("reprot", "x.ctrace"), 127,
                             "'reprot' is neither a command nor a program.*did you mean 'report'")
        self.assert_one_line(self.run_ctrace("no-such-program"), 127,
                             "cannot find 'no-such-program' in PATH")
        run = self.run_ctrace("profil", "--", "true")
        self.assertEqual(run.status, 125)
        self.assertIn("'profil' is not a probe", run.err)

    def test_attaching_says_that_it_is_yet_to_come(self):
        for arguments in (("-p", "1"), ("-a",), ("profile:hz:99", "-p", "1")):
            run = self.run_ctrace(*arguments)
            self.assertEqual(run.status, 2, run.err)
            self.assertIn("not supported yet", run.err)

    def test_few_samples_are_called_few_and_counts_are_not(self):
        few = self.run_ctrace("-o", "o.folded", "true")
        if "0 samples" not in few.err:
            self.assertIn("too few to trust", few.err)
        exact = self.run_ctrace("uprobe:hit", "-o", "o.folded", "--", self.program("plain_dynamic"))
        self.assertNotIn("too few", exact.err)

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
