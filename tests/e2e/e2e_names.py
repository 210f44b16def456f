#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names of any bytes: every format stays well-formed, and every sum stays the same.

Needs no rights.  The formats' real readers see names like these in browser/.
"""
import csv
import gzip
import html.parser
import io
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import harness

PROTOS = harness.ROOT / "flamegraph/proto"
ROUNDS = int(os.environ.get("CTRACE_NAME_ROUNDS", "5"))
NASTY = [b"]]>", b"</script>", b"</script><script>alert(1)</script>", b"<!--", b"-->", b"<![CDATA[",
         b"&amp;", b"&#0;", b"\"", b"'", b"\\", b"\\u0000", b"${x}", b"%s%n", b"=1+1", b"a,b\"c",
         b"fn=(1) x", b"calls=1 2", b"totals: 5", b"x" * 4096, b"\xff\xfe", b"\xc0\xaf",
         b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xe2\x80\xa8",
         b"\xc2\x85", b"\x1b[31m", b"\x07", b"a 5", b"a 1.5", b"12", b"_[k]", b"x_[i]", b"[x]",
         b"-", b"--", b"\xf0\x9f\x94\xa5", b"a\tb", b" a ", b"@[", b"a-1/2"]


def random_name(rng):
    """Bytes, or pieces of what is special somewhere."""
    if rng.random() < 0.5:
        name = bytes(rng.randrange(1, 256) for _ in range(rng.choice((1, 3, 20, 300))))
    else:
        name = b"".join(rng.choice(NASTY) for _ in range(rng.randrange(1, 5)))
    return name.replace(b";", b":").replace(b"\n", b" ")


def stacks_of(rng):
    """Folded stacks whose every name is hostile; one first line tells that they are folded."""
    names = NASTY + [bytes([byte]) for byte in range(1, 256) if byte not in b"\n;"]
    names += [random_name(rng) for _ in range(200)]
    lines = [b"app-1/1;main;start 1"]
    for name in names:
        lines.append(b"app-1/2;main;%s;%s %d" % (name, rng.choice(names), rng.randrange(1, 50)))
        lines.append(b"%s;main;f;g 3" % name)
    return b"\n".join(lines) + b"\n"


class Html(html.parser.HTMLParser):
    """Counts scripts; a name that gets out of its place changes their number."""
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.scripts = 0

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        assert not any(name.startswith("on") for name, _ in attrs), attrs


def scripts_in(text):
    parser = Html()
    parser.feed(text)
    parser.close()
    return parser.scripts


class Names(unittest.TestCase):
    ctrace = None
    maxDiff = 1000

    def setUp(self):
        self.inputs = [stacks_of(random.Random(seed)) for seed in range(ROUNDS)]

    def write(self, stacks, name, *options):
        done = subprocess.run([self.ctrace, "flamegraph", "-f", name, *options], input=stacks,
                              capture_output=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def each(self, name, *options):
        """The bytes in that format, and the sum it must tell."""
        for stacks in self.inputs:
            top = self.write(stacks, "top").decode()
            total = int(re.match(r"([\d,]+) samples", top)[1].replace(",", ""))
            self.assertGreater(total, 1000)
            yield total, self.write(stacks, name, *options)

    def json_of(self, data):
        return json.loads(data.decode("utf-8"), parse_constant=self.fail)

    def decode(self, data, schema, message):
        if not shutil.which("protoc") and os.environ.get("CTRACE_REQUIRE_BPF") != "1":
            self.skipTest("no protoc")
        done = subprocess.run(["protoc", f"--proto_path={PROTOS}", f"--decode={message}", schema],
                              input=data, capture_output=True, check=True)
        self.assertEqual(done.stderr, b"")
        # What is no UTF-8 would be told in octal and come out here.
        for text in re.findall(rb'"((?:[^"\\]|\\.)*)"', done.stdout):
            raw = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), text)
            raw.decode("utf-8")
        return done.stdout.decode()

    def test_svg_is_xml(self):
        for _, data in self.each("svg", "--title=]]></script>", "--notes=--><x>", "--subtitle=\x01&"):
            root = xml.etree.ElementTree.fromstring(data)
            scripts = [each for each in root.iter() if each.tag.endswith("}script")]
            self.assertEqual(len(scripts), 2)

    def test_html_has_the_scripts_of_a_harmless_page(self):
        harmless = scripts_in(self.write(b"a;b 1\n", "html").decode())
        for _, data in self.each("html"):
            self.assertEqual(scripts_in(data.decode("utf-8")), harmless)

    def test_folded_reads_back_as_it_is(self):
        for total, data in self.each("folded"):
            text = data.decode("utf-8")
            lines = text.split("\n")
            self.assertEqual(lines.pop(), "")
            self.assertEqual(sum(int(line.rsplit(" ", 1)[1]) for line in lines), total)
            for line in lines:
                # flamegraph.pl puts names into XML as they are.
                self.assertRegex(line, r"^[^;\x00-\x1f\x7f\ufffe\uffff]+"
                                       r"(;[^;\x00-\x1f\x7f\ufffe\uffff]+)+ [1-9]\d*$")
                self.assertNotRegex(line.rsplit(" ", 1)[0], r" \d+(\.\d*)?$")
            self.assertEqual(self.write(data, "folded"), data)

    def test_speedscope_is_json_with_the_sum(self):
        for total, data in self.each("speedscope"):
            profiles = self.json_of(data)["profiles"]
            self.assertEqual(sum(profiles[0]["weights"]), total)

    def test_firefox_is_packed_json_with_the_sum(self):
        for total, data in self.each("firefox"):
            threads = self.json_of(gzip.decompress(data))["threads"]
            self.assertEqual(sum(sum(each["samples"]["weight"]) for each in threads), total)

    def test_chrome_is_json_with_the_sum(self):
        for total, data in self.each("chrome"):
            events = [each for each in self.json_of(data)["traceEvents"] if each["ph"] == "X"]
            ends = {}
            for event in events:
                track = event["pid"], event["tid"]
                ends[track] = max(ends.get(track, 0), event["ts"] + event["dur"])
            self.assertEqual(sum(ends.values()), total)

    def test_pprof_is_a_packed_message_with_the_sum(self):
        for total, data in self.each("pprof"):
            text = self.decode(gzip.decompress(data), "pprof.proto", "ctrace.pprof.Profile")
            values = [int(value) for value in re.findall(r"(?m)^  value: (\d+)$", text)]
            self.assertEqual(sum(values), total)

    def test_perfetto_is_messages_with_the_sum(self):
        for total, data in self.each("perfetto"):
            text = self.decode(data, "perfetto.proto", "ctrace.perfetto.Trace")
            self.assertEqual(len(re.findall(r"(?m)^    callstack_iid: ", text)), total)

    def test_callgrind_keeps_to_its_grammar(self):
        line = re.compile(r"(# callgrind format|(version|creator|cmd|positions|event|events|summary|"
                          r"totals): ?.*|c?(ob|fl|fi|fn)=.*|calls=\d+ \d+|\d+ \d+|)")
        for total, data in self.each("callgrind"):
            text = data.decode("utf-8")
            lines = text.split("\n")
            for each in lines:
                self.assertTrue(line.fullmatch(each), each[:100])
            own = [int(each.split()[1]) for before, each in zip(lines, lines[1:])
                   if before.startswith("fn=")]
            self.assertEqual(sum(own), total)
            self.assertIn(f"totals: {total}", text)

    def test_csv_has_as_many_fields_everywhere(self):
        for total, data in self.each("csv"):
            rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
            self.assertEqual({len(row) for row in rows}, {9})
            self.assertEqual(sum(int(row[1]) for row in rows[1:]), total)

    def test_text_steers_no_terminal(self):
        for name in ("tree", "top"):
            for _, data in self.each(name):
                self.assertNotRegex(data.decode("utf-8"), r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


if __name__ == "__main__":
    Names.ctrace = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=[__file__, *sys.argv[2:]], verbosity=2)
