# SPDX-License-Identifier: MIT
"""What the benchmarks share: where things are, running ctrace, tables of results in markdown."""
import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parse_arguments(description, **defaults):
    """--build and --rounds for all; @defaults are further integer options."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path(os.environ.get("CTRACE_BUILD",
                                                            ROOT / "build/release")))
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.ctrace = options.build / "cli/ctrace"
    options.programs = options.build / "tests/bench"
    if os.geteuid() != 0:
        sys.exit("the benchmarks need root")
    if not options.ctrace.exists():
        sys.exit(f"no ctrace in {options.build}: tests/bench/run builds it")
    return options


def run(command, **options):
    """Runs to the end; the program's own output goes nowhere unless asked for."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.DEVNULL)
    options.setdefault("stderr", subprocess.PIPE)
    done = subprocess.run([str(word) for word in command], text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stderr}")
    return done


def load(stats):
    return json.loads(pathlib.Path(stats).read_text())


def record(ctrace, probe, target, *arguments, **options):
    """The --stats of one run of ctrace."""
    with tempfile.TemporaryDirectory() as directory:
        stats = pathlib.Path(directory) / "stats.json"
        folded = pathlib.Path(directory) / "out.folded"
        run([ctrace, "-q", *arguments, probe, "--stats", stats, "-o", folded, "--", *target],
            **options)
        return load(stats)


def median_of(runs, *path):
    """The median over the runs of a figure inside the statistics."""
    def figure(stats):
        for key in path:
            stats = stats[key]
        return stats
    return statistics.median(figure(stats) for stats in runs)


def title(text):
    print(f"\n### {text}\n")


def table(header, rows):
    """Markdown; numbers to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    numeric = [all(re.match(r"[<>~]?-?[\d.,]+", row[i]) for row in rows)
               for i in range(len(header))]
    print("| " + " | ".join(header) + " |")
    print("|" + "|".join("---:" if right else "---" for right in numeric) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def machine():
    """One line about where the figures come from."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    name = model[1] if model else platform.processor()
    return f"{name}, {os.cpu_count()} CPUs, Linux {platform.release()}"
