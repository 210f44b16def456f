#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`ctrace flamegraph` and `ctrace diff`: others' stacks, others' options."""
import csv
import gzip
import json
import os
import subprocess
import xml.etree.ElementTree

import harness

FOLDED = "web-1/1;main;read_[i];vfs_read_[k] 30\nweb-1/2;main;spin 20\n"
# What flamegraph.pl knows, with something to give; then what inferno has beside it.
PERL_OPTIONS = ("--title=t", "--subtitle=s", "--width=800", "--height=18", "--minwidth=0.2",
                "--minwidth=1%", "--fonttype=Courier", "--fontsize=11", "--fontwidth=0.5",
                "--countname=bytes", "--nametype=Frame:", "--colors=java", "--bgcolors=blue",
                "--bgcolors=#eeeeee", "--hash", "--random", "--cp", "--reverse", "--inverted",
                "--flamechart", "--negate", "--notes=n", "--total=100", "--factor=2",
                "--encoding=UTF-8")
INFERNO_OPTIONS = ("-i", "--deterministic", "--truncate-text-right", "--search-color=#ff0000",
                   "--stroke-color=#00ff00", "--uicolor=#0000ff", "--base=main",
                   "--skip-after=main", "--no-sort", "--pretty-xml")
PALETTES = ("hot", "mem", "io", "wakeup", "chain", "java", "js", "perl", "python", "rust", "red",
            "green", "blue", "aqua", "yellow", "purple", "orange")


class Flamegraph(harness.Case):
    def draw(self, *arguments, text=FOLDED):
        path = self.directory / "in.txt"
        path.write_text(text)
        return self.run_ctrace("flamegraph", path, *arguments)

    def folded(self, *arguments, text=FOLDED):
        run = self.draw("-f", "folded", *arguments, text=text)
        self.assertEqual(run.status, 0, run.err)
        return run.out

    def test_every_option_of_flamegraph_pl_and_inferno_is_taken(self):
        for option in PERL_OPTIONS + INFERNO_OPTIONS:
            run = self.draw(option)
            self.assertEqual((run.status, run.err), (0, ""), option)
            xml.etree.ElementTree.fromstring(run.out)
        for palette in PALETTES:
            self.assertEqual(self.draw(f"--colors={palette}").status, 0, palette)

    def test_what_is_not_supported_is_said(self):
        run = self.draw("--nameattr=names.txt")
        self.assertEqual(run.status, 0)
        self.assertIn("names.txt", run.err)

    def test_a_total_too_small_is_said_and_left_aside(self):
        run = self.draw("--total=10")
        self.assertEqual(run.status, 0)
        self.assertIn("--total 10", run.err)

    def test_standard_input_and_packed_files_are_read(self):
        read = subprocess.run([self.ctrace, "flamegraph", "-f", "folded"], input=FOLDED, text=True,
                              capture_output=True, check=True)
        self.assertEqual(read.stdout, self.folded())
        packed = self.directory / "in.gz"
        packed.write_bytes(gzip.compress(FOLDED.encode()))
        run = self.run_ctrace("flamegraph", packed, packed, "-f", "folded")
        self.assertEqual(run.out, self.folded("--factor=2"))

    def test_maps_of_bpftrace_and_dtrace_are_read(self):
        self.assertEqual(self.folded(text="@[\n    read+5\n    main+9\n, cat]: 4\n"),
                         "cat;main;read 4\n")
        self.assertEqual(self.folded(text="\n   libc`read+0x5\n   a`main+0x9\n   4\n"),
                         "a`main;libc`read 4\n")

    def test_pictures_are_read_back(self):
        self.draw("-o", "a.svg")
        self.draw("-o", "a.html")
        for name in ("a.svg", "a.html"):
            run = self.run_ctrace("flamegraph", name, "-f", "folded")
            self.assertEqual((run.out, run.err), (self.folded(), ""))
        twice = self.run_ctrace("flamegraph", "a.svg", "in.txt", "-f", "folded").out
        self.assertEqual(twice, self.folded("--factor=2"))
        same = self.run_ctrace("diff", "a.svg", "in.txt", "-f", "folded").out
        self.assertRegex(same, r"(?m)^web-1/2;main;spin 20 20$")

    def test_captures_are_read(self):
        self.run_ctrace("uprobe:hit", "-q", "-o", "r.ctrace", "-o", "r.folded", "--",
                        self.program("plain_dynamic"))
        run = self.run_ctrace("flamegraph", "r.ctrace", "-f", "folded")
        self.assertEqual((run.status, run.err), (0, ""))
        self.assertEqual(run.out, (self.directory / "r.folded").read_text())

    def test_times_that_were_kept_are_those_of_firefox_samples(self):
        run = self.run_ctrace("profile:hz:199", "--timeline", "-o", "t.firefox.json.gz", "-o",
                              "t.folded", "--", "python3", "-c",
                              "import time; t = time.time()\nwhile time.time() < t + 1: pass")
        self.assertEqual(run.status, 0, run.err)
        data = json.loads(gzip.decompress((self.directory / "t.firefox.json.gz").read_bytes()))
        self.assertEqual(data["meta"]["interval"], 100)
        samples = [thread["samples"] for thread in data["threads"]]
        self.assertEqual(sum(sum(each["weight"]) for each in samples),
                         sum(run.stacks("t.folded").values()))
        for each in samples:
            self.assertEqual(each["time"], sorted(each["time"]))
            self.assertEqual({len(each[name]) for name in ("stack", "time", "weight")},
                             {each["length"]})
        last = max(each["time"][-1] for each in samples)
        self.assertGreater(last, 700)
        self.assertLess(last, 30000)

    def test_other_pages_and_damage_are_one_line(self):
        self.draw("-o", "a.svg")
        text = (self.directory / "a.svg").read_text()
        at = text.index('id="ctrace-data">') + 40
        for content in ("<svg></svg>", text[:at] + "!" + text[at:]):
            path = self.directory / "bad.svg"
            path.write_text(content)
            self.assert_one_line(self.run_ctrace("flamegraph", path), 1, "bad.svg")

    def test_roots_can_be_merged(self):
        self.assertEqual(self.folded("--by=process").count("web-1;"), 2)
        self.assertEqual(self.folded("--by=comm").count("web;"), 2)
        self.assertTrue(self.folded("--by=none").startswith("main;"))

    def test_inlined_frames_can_go_in_every_format(self):
        self.assertIn("web-1/1;main;vfs_read_[k] 30\n", self.folded("--no-inline"))

    def test_no_stacks_are_usage_error_and_a_picture_that_says_so(self):
        run = self.draw("-o", "none.svg", text="\n# nothing\n")
        self.assert_one_line(run, 2, "no stacks")
        self.assertIn("No stacks", (self.directory / "none.svg").read_text())
        xml.etree.ElementTree.parse(self.directory / "none.svg")
        self.assert_one_line(self.draw("-o", "none.folded", text=""), 2, "no stacks")
        self.assertFalse((self.directory / "none.folded").exists())

    def test_unknown_formats_are_met_with_the_known_ones(self):
        run = self.draw("-f", "speedscop")
        self.assertEqual(run.status, 2)
        self.assertRegex(run.err, "speedscope")

    def test_no_hits_leave_a_picture_that_says_so(self):
        run = self.run_ctrace("uprobe:never_called", "-o", "o.svg", "-o", "o.folded", "--",
                              self.program("plain_dynamic"))
        if run.status == 125:  # no such function there
            run = self.run_ctrace("uprobe:libc:getpgid", "-o", "o.svg", "-o", "o.folded", "--",
                                  "true")
        self.assertEqual(run.status, 0, run.err)
        self.assertIn("probes were not hit", (self.directory / "o.svg").read_text())
        self.assertEqual((self.directory / "o.folded").read_text(), "")


class Diff(harness.Case):
    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def test_counts_of_both_sides_vanished_stacks_too(self):
        before = self.write("a.folded", "m;f;x 6\nm;f;gone 4\n")
        after = self.write("b.folded", "m;f;x 3\nm;f;new 17\n")
        run = self.run_ctrace("diff", before, after, "-f", "folded")
        self.assertEqual(run.out, "m;f;gone 4 0\nm;f;new 0 17\nm;f;x 6 3\n", run.err)
        picture = self.run_ctrace("diff", before, after).out
        self.assertIn(">gone", picture)

    def test_changes_as_text_largest_first(self):
        before = self.write("a.folded", "m;f;x 6\nm;f;gone 4\nm;f 10\n")
        after = self.write("b.folded", "m;f;x 3\nm;f;new 7\n")
        run = self.run_ctrace("diff", before, after, "-f", "top")
        rows = [line.split() for line in run.out.splitlines()[3:]]
        self.assertEqual(rows, [["+70.00%", "0.00%", "70.00%", "new"],
                                ["-20.00%", "20.00%", "0.00%", "gone"]], run.out)
        run = self.run_ctrace("diff", "--no-normalize", before, after, "-f", "top")
        rows = [line.split() for line in run.out.splitlines()[3:]]
        self.assertEqual(rows, [["-10", "20", "10", "f"], ["-10", "20", "10", "m"],
                                ["+7", "0", "7", "new"], ["-4", "4", "0", "gone"],
                                ["-3", "6", "3", "x"]], run.out)
        run = self.run_ctrace("diff", before, before, "-f", "top")
        self.assertIn("nothing changed", run.out)

    def test_changes_as_a_table(self):
        before = self.write("a.folded", "m;x 6\nm;gone 4\n")
        after = self.write("b.folded", "m;x 3\n")
        lines = self.run_ctrace("diff", before, after, "-o", "d.csv").err
        self.assertEqual(lines, "")
        with open(self.directory / "d.csv", encoding="utf-8", newline="") as file:
            rows = {row["function"]: row for row in csv.DictReader(file)}
        self.assertEqual([rows[name]["total_before"] for name in ("m", "x", "gone")],
                         ["10", "6", "4"])
        self.assertEqual([rows[name]["total"] for name in ("m", "x", "gone")], ["3", "3", "0"])

    def test_captures_folded_files_and_pipes_mix(self):
        self.run_ctrace("uprobe:hit", "-q", "-o", "r.ctrace", "-o", "r.folded", "--",
                        self.program("plain_dynamic"))
        capture, folded = self.directory / "r.ctrace", self.directory / "r.folded"
        expected = self.run_ctrace("diff", folded, folded, "-f", "folded").out
        self.assertTrue(expected)
        self.assertEqual(self.run_ctrace("diff", capture, folded, "-f", "folded").out, expected)
        for path in (capture, folded):
            with open(path, "rb") as file:
                piped = subprocess.run(["sh", "-c", "cat | exec \"$0\" diff - \"$1\" -f folded",
                                        self.ctrace, folded], stdin=file, capture_output=True,
                                       text=True, check=False, env=os.environ)
            self.assertEqual(piped.stdout, expected, piped.stderr)

    def test_addresses_may_differ(self):
        before = self.write("a.folded", "m;0x12ab 6\n")
        after = self.write("b.folded", "m;0x99 6\n")
        self.assertEqual(self.run_ctrace("diff", "-s", before, after, "-f", "folded").out,
                         "m;0x... 6 6\n")

    def test_what_cannot_compare_says_so(self):
        before = self.write("a.folded", "m;f 6\n")
        self.assert_one_line(self.run_ctrace("diff", before, before, "-o", "x.pb.gz"), 1, "pprof")
        self.assertEqual(harness.files_in(self.directory), ["a.folded"])


if __name__ == "__main__":
    harness.run_tests(__file__)
