#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`ctrace flamegraph` and `ctrace diff`: others' stacks, others' options."""
import csv
import gzip
import json
import os
import shutil
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

    def test_backgrounds_are_names_or_colours(self):
        run = self.draw("--bgcolors=zzz")
        self.assertEqual((run.status, run.out), (2, ""))
        self.assertRegex(run.err, "--bgcolors 'zzz': neither yellow, blue, green, grey nor")
        self.draw("--bgcolors=green", "-o", "green.svg")
        self.assertIn("#e4f4e4", (self.directory / "green.svg").read_text())

    def test_devices_are_offered_no_suffix(self):
        run = self.draw("-o", "/dev/stdout")
        self.assertEqual((run.status, run.out), (2, ""))
        self.assertRegex(run.err, "-o '/dev/stdout': choose its format with -f")
        self.assertNotRegex(run.err, "stdout.svg")

    def test_what_is_no_folded_stacks_is_named_with_what_folds_it(self):
        self.draw("-q", "-o", "a.pb.gz")
        self.draw("-q", "-o", "a.speedscope.json")
        (self.directory / "perf.data").write_bytes(b"PERFILE2h\0\0\0\0\0\0\0" + bytes(90))
        for name, what, cure in (("a.pb.gz", "pprof", "go tool pprof -raw a.pb.gz |"),
                                 ("a.speedscope.json", "speedscope", "jq -r .* a.speedscope.json |"),
                                 ("perf.data", "perf's", "perf script -i perf.data |"),
                                 (self.ctrace, "ELF", "ctrace -- ")):
            for command in (("flamegraph", name), ("diff", name, "in.txt")):
                run = self.run_ctrace(*command, "-o", "o.svg")
                self.assertEqual((run.status, run.out), (1, ""))
                self.assertRegex(run.err, f"^ctrace: .*{what}.*, not folded stacks\nhint: .*{cure}")
        self.assertFalse((self.directory / "o.svg").exists())

    def test_the_stacks_of_a_speedscope_profile_come_by_the_command_that_is_told(self):
        if not shutil.which("jq"):
            self.skipTest("no jq")
        text = "main;read 30\nmain;spin 20\n"
        self.draw("-q", "-o", "a.speedscope.json", text=text)
        hint = self.run_ctrace("flamegraph", "a.speedscope.json").err.splitlines()[1]
        command = hint.removeprefix("hint: ").replace("ctrace flamegraph",
                                                      f"{self.ctrace} flamegraph -f folded")
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True,
                              cwd=self.directory)
        self.assertEqual(done.stdout, text)

    def test_what_perf_script_prints_is_read_and_said(self):
        text = ("demo  4711 100.1:     250000 cpu-clock:u: \n"
                "\t    55d0aa001139 spin+0x10 (/opt/demo/demo)\n"
                "\t    55d0aa001180 main+0x20 (/opt/demo/demo)\n\n"
                "demo  4711 100.2:          1 page-faults: \n"
                "\t    55d0aa001180 main+0x20 (/opt/demo/demo)\n\n")
        run = self.draw("-f", "folded", text=text)
        self.assertEqual((run.status, run.out), (0, "demo;main;spin 1\n"))
        self.assertRegex(run.err, "(?s)perf script prints, 1 sample\n.*1 sample of other events")
        piped = subprocess.run([self.ctrace, "flamegraph", "-f", "folded"], input=text, text=True,
                               capture_output=True, check=True)
        self.assertEqual(piped.stdout, run.out)
        self.assertRegex(piped.stderr, "^ctrace: 'standard input': read as what perf script")

    @harness.unittest.skipUnless(shutil.which("perf"), "no perf")
    def test_every_sample_that_perf_recorded_is_drawn(self):
        subprocess.run(["perf", "record", "-q", "-g", "-e", "cpu-clock", "-F", "499", "--", "ls",
                        "-lR", "/usr/include"], check=True, cwd=self.directory,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fields in ((), ("-F", "comm,pid,tid,time,event,ip,sym,dso"), ("-F", "ip,sym"),
                       ("--header",)):
            text = subprocess.run(["perf", "script", *fields], check=True, cwd=self.directory,
                                  capture_output=True, text=True).stdout
            # One at least of its frames, often the only one, is in the first line of nobody.
            samples = len([part for part in text.split("\n\n") if "\t" in part])
            run = self.draw("-f", "folded", text=text)
            self.assertGreater(samples, 0)
            self.assertEqual(sum(int(line.rsplit(" ", 1)[1]) for line in run.out.splitlines()),
                             samples, fields)

    def test_a_comparison_is_said_and_can_be_denied(self):
        run = self.draw("-f", "folded", text="#by a script\nm;f 3 5\nm;g 4 2\n")
        self.assertEqual(run.out, "m;f 3 5\nm;g 4 2\n")
        self.assertRegex(run.err, "1 of 3 lines are no stacks.*\n.*read as a comparison")
        run = self.draw("-f", "folded", "--counts=1", text="m;f 3 5\nm;g 4 2\n")
        self.assertEqual((run.out, run.err), ("m;f_3 5\nm;g_4 2\n", ""))
        run = self.run_ctrace("diff", "in.txt", "in.txt", "-f", "top")
        self.assertIn("only its second counts", run.err)
        self.assertIn("before 7 samples", run.out)

    def test_fractions_add_up(self):
        text = "".join(f"app;step{i % 4} 0.4\n" for i in range(1000))
        for factor, total in (("1", 400), ("10", 4000), ("0.5", 200)):
            out = self.folded("--factor", factor, text=text)
            self.assertEqual(sum(int(line.split()[-1]) for line in out.splitlines()), total)
        run = self.draw("-f", "folded", text="a;b 1.5\na;c 1.25\n")
        self.assertEqual(run.out, "a;b 2\na;c 1\n")
        self.assertRegex(run.err, "fractions.*2 stacks.*\nhint: --factor 1000")

    def test_outputs_that_cannot_be_are_refused_before_anything_is_read(self):
        for name, answer in (("x.png", "no png output; a picture is x.svg or x.html"),
                             ("x.json", "x.speedscope.json, x.chrome.json or x.firefox.json.gz"),
                             ("x.pb", r"did you mean x.pb.gz\?"), ("x", "no suffix"),
                             ("x.y", "names no format"), (str(self.directory), "is a directory"),
                             ("sub/", "is a directory"), ("x.ctrace", "only what is recorded")):
            for command in (("flamegraph", "missing"), ("diff", "missing", "missing"),
                            ("report", "missing"), ("uprobe:main", "--", "/nonexistent")):
                if name == "x.ctrace" and command[0] not in ("flamegraph", "diff"):
                    continue
                run = self.run_ctrace(command[0], "-o", name, *command[1:])
                self.assertEqual(run.status, 125 if "--" in command else 2, run.err)
                self.assertRegex(run.err, answer)
        self.assertEqual(harness.files_in(self.directory), [])
        run = self.draw("-o", "nowhere/x.svg", text="garbage\n")
        self.assert_one_line(run, 1, "nowhere/x.svg")
        self.assertEqual(self.draw("-o", "X.SVG").status, 0)

    def test_one_reading_serves_many_outputs(self):
        run = self.draw("-o", "a.svg", "-o", "a.html", "-o", "-", "-f", "svg")
        self.assertEqual(run.status, 0)
        self.assertEqual(run.err, "ctrace: wrote a.svg\nctrace: wrote a.html\n")
        self.assertTrue(run.out.startswith("<svg"))
        run = self.draw("-q", "-o", "b.svg", "-o", "b.folded", "-o", "b.pb.gz")
        self.assertEqual((run.status, run.err), (0, ""))
        self.assertEqual((self.directory / "b.folded").read_text(), self.folded())
        self.assertEqual(self.run_ctrace("flamegraph", "b.svg", "-f", "folded").out, self.folded())
        self.assertEqual(self.draw("-o", "a.svg", "-o", "a.svg").status, 2)
        run = self.run_ctrace("diff", "in.txt", "in.txt", "-o", "d.svg", "-o", "d.pb.gz")
        self.assert_one_line(run, 1, "pprof")
        self.assertFalse((self.directory / "d.svg").exists())

    def test_report_says_who_draws_what_is_no_capture(self):
        self.draw("-q", "-o", "a.svg")
        run = self.run_ctrace("report", "a.svg")
        self.assertEqual(run.status, 1)
        self.assertIn("hint: folded stacks and pictures are drawn by: ctrace flamegraph a.svg",
                      run.err)

    def test_no_picture_is_drawn_over_one(self):
        self.draw("-o", "a.svg")
        before = (self.directory / "a.svg").read_bytes()
        run = self.draw("-o", "a.svg", text="\n")
        self.assertEqual(run.status, 2)
        self.assertIn("left as it was", run.err)
        self.assertEqual((self.directory / "a.svg").read_bytes(), before)

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
        self.assertEqual(lines, "ctrace: wrote d.csv\n")
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

    def test_a_recording_does_not_differ_from_itself_in_any_shape(self):
        names = ["r.ctrace", "r.folded", "r.svg", "r.html", "t.folded", "t.svg"]
        self.run_ctrace("profile:hz:499", "-q", *(f"-o{name}" for name in names[:4]), "--",
                        "sh", "-c", "ls -lR /usr/include >/dev/null; ls -l >/dev/null")
        self.run_ctrace("report", "r.ctrace", "-q", "-ot.folded", "-ot.svg", "--per-process")
        for group in (names[:4], names[4:]):
            for one in group:
                for other in group:
                    run = self.run_ctrace("diff", one, other, "-f", "top")
                    self.assertRegex(run.out, r"\(nothing changed\)", (one, other))

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
