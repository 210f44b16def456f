#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How quick flame graphs are drawn, and how quick they are in a browser.

Inputs are made by stack_forest.py unless given.  --perl PATH measures flamegraph.pl beside it, in
the same run.  Pages need chromium, node, and the modules tests/e2e/browser/run has installed in the
build directory; without them that table is left out.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import bench

WORD = "Cache"
DEPTH_OF_LINES = "33"  # so that a million lines have the study's 644 MB


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path,
                        default=os.environ.get("CTRACE_BUILD", bench.ROOT / "build/release"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stacks", type=pathlib.Path, help="distinct folded stacks")
    parser.add_argument("--lines", type=pathlib.Path, help="one folded line a sample")
    parser.add_argument("--perl", type=pathlib.Path, help="flamegraph.pl")
    options = parser.parse_args()
    options.build = pathlib.Path(options.build).resolve()
    options.ctrace = options.build / "cli/ctrace"
    if not options.ctrace.exists():
        sys.exit(f"no ctrace in {options.build}: tests/bench/run builds it")
    return options


def make_forest(path, *arguments):
    with open(path, "wb") as out:
        subprocess.run([bench.ROOT / "tests/bench/stack_forest.py", *arguments], stdout=out,
                       check=True)
    return path


def measure(command, stdout=subprocess.DEVNULL):
    """Seconds of wall clock and the most memory of one run, in MB."""
    with tempfile.NamedTemporaryFile("r") as told:
        subprocess.run(["/usr/bin/time", "-o", told.name, "-f", "%e %M", *map(str, command)],
                       stdout=stdout, check=True)
        seconds, kilobytes = told.read().split()
    return float(seconds), float(kilobytes) / 1000


def median_runs(command, rounds):
    runs = [measure(command) for _ in range(rounds)]
    return statistics.median(run[0] for run in runs), max(run[1] for run in runs)


def share_of(folded, word):
    """The exact answer to a search: the share of stacks that hold the word."""
    found = total = 0
    for line in open(folded, encoding="utf-8"):  # pylint: disable=consider-using-with
        stack, count = line.rsplit(" ", 1)
        total += int(count)
        found += int(count) if word in stack else 0
    return 100 * found / total


def in_memory(options, stacks, picture):
    runs = [json.loads(bench.run([options.build / "tests/bench/stacks_to_svg", stacks, picture],
                                 stdout=subprocess.PIPE).stdout) for _ in range(options.rounds)]
    median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return [f"{int(median['stacks']):,} stacks in memory", f"{median['s']:.2f}",
            f"{median['mb']:.0f}", f"tree {median['tree_s']:.2f} s, SVG {median['svg_s']:.2f} s",
            "0.3 s, 100 MB"]


def from_text(options, path, picture, wanted):
    size = path.stat().st_size / 1e6
    seconds, memory = median_runs([options.ctrace, "flamegraph", path, "-o", picture],
                                  options.rounds)
    row = [f"{size:.0f} MB of folded stacks", f"{seconds:.2f}", f"{memory:.0f}",
           f"{size / seconds:.0f} MB/s", wanted]
    if not options.perl:
        return [row]
    perl, perl_memory = measure([options.perl, path])
    row[3] += f", {perl / seconds:.0f} times flamegraph.pl"
    return [row, ["- the same, flamegraph.pl", f"{perl:.2f}", f"{perl_memory:.0f}", "", ""]]


def drawing(options, stacks, lines, picture):
    bench.title("From stacks to SVG")
    rows = [in_memory(options, stacks, picture),
            *from_text(options, stacks, picture, ""),
            *from_text(options, lines, picture, "5 s, 150 MB, 20 times")]
    bench.table(["input", "s", "MB at most", "", "wanted"], rows)


def page_row(options, environment, stacks, directory, arguments, wanted):
    page = pathlib.Path(directory) / "page.svg"
    bench.run([options.ctrace, "flamegraph", stacks, "-o", page, *arguments])
    ran = bench.run(["node", bench.ROOT / "tests/e2e/browser/speed.js", page, WORD],
                    env=environment, stdout=subprocess.PIPE)
    figures = json.loads(ran.stdout)
    answer = re.search(r"Matched ([\d.]+)%", figures["answer"])
    return [f"{' '.join(arguments)}", f"{page.stat().st_size / 1e6:.2f}",
            *(figures[key] for key in ("load", "zoom", "out", "search", "nodes")),
            f"{answer[1]} %" if answer else "?", wanted]


def pages(options, stacks, directory):
    modules = options.build / "tests/browser/node_modules"
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or \
        shutil.which("chromium-headless-shell")
    if not browser or not shutil.which("node") or not modules.exists():
        print("\n(no pages: they need chromium, node and what the browser tests install)")
        return
    environment = {**os.environ, "NODE_PATH": str(modules), "CHROMIUM": browser,
                   "CTRACE": str(options.ctrace)}
    bench.title("Pages in headless Chromium, milliseconds until painted")
    print(f"The stacks that hold `{WORD}` are {share_of(stacks, WORD):.2f} % of all.\n")
    rows = [page_row(options, environment, stacks, directory, *row) for row in (
        (("--minwidth", "0.01%"), "1 MB; 700, 250, 250, 250"),
        (("--full",), "11 MB; 2000, 250, 250, 250"))]
    bench.table(["options", "MB", "load", "zoom", "out", "search", "elements", "found", "wanted"],
                rows)


def main():
    options = parse_arguments()
    print(bench.machine())
    with tempfile.TemporaryDirectory() as directory:
        stacks = options.stacks or make_forest(f"{directory}/stacks.folded")
        lines = options.lines or make_forest(f"{directory}/lines.folded", "--lines", "1000000",
                                             "--depth", DEPTH_OF_LINES)
        drawing(options, pathlib.Path(stacks), pathlib.Path(lines), f"{directory}/out.svg")
        pages(options, stacks, directory)


if __name__ == "__main__":
    main()
