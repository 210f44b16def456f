#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stops real programs at random moments and has libdw judge every stack; prints tables.

    run_stacks.py BUILD-DIRECTORY STOPS [PROGRAM...]

STOPS is how many stacks are judged of each program.  Ends with 1 if a disagreement is not explained.
"""
import collections
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
import bench  # noqa: E402 pylint: disable=wrong-import-position
import workloads  # noqa: E402 pylint: disable=wrong-import-position

SECONDS = 8
# A program that ends before it was stopped often enough is run again, but not for ever.
MAX_RUNS = 12
COLUMNS = ("equal", "libdw_stops", "libdw_skips", "libdw_skips_call", "libdw_strays",
           "libdw_passes_end", "libdw_stays", "libdw_no_signal", "unexplained")
NOT_STOPS = {"stops", "guessed", "end_of_stack", *COLUMNS}


def judge(oracle, workload, stops, directory):
    """The oracle's sums over as many runs as it takes."""
    sums = collections.Counter()
    for seed in range(1, MAX_RUNS + 1):
        done = subprocess.run([oracle, "-n", str(stops), "-s", str(seed), *workload.command],
                              cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace", check=False)
        lines = done.stdout.splitlines()
        report = [line for line in lines if line.startswith("stacks: ")]
        if not report:
            sys.exit(f"{workload.name}: the oracle ended with {done.returncode}")
        words = report[-1].split()[1:]
        sums.update({key: int(value) for key, value in zip(words[::2], words[1::2])})
        shown = False
        for line in lines:
            shown = line.endswith(": not explained") or (shown and line.startswith("  "))
            if shown:
                print(f"{workload.name}: {line}")
        if sums["stops"] >= stops:
            break
    return sums


def main():
    build, stops, wanted = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    oracle = build.resolve() / "tests/oracle/stack_oracle"
    rows, total = [], collections.Counter()
    with tempfile.TemporaryDirectory() as directory:
        for workload in workloads.judged(directory, SECONDS):
            # Without .debug_frame libdw has nothing to say about Go.
            if workload.name == "go, stripped" or (wanted and workload.name not in wanted):
                continue
            sums = judge(oracle, workload, stops, directory)
            total.update(sums)
            cuts = ", ".join(f"{key} {sums[key]}" for key in sums if key not in NOT_STOPS)
            rows.append([workload.name, sums["stops"], *(sums[key] for key in COLUMNS),
                         f"{100 * sums['end_of_stack'] / sums['stops']:.2f} %", cuts or "-",
                         sums["guessed"]])
            print(*rows[-1], sep="\t", file=sys.stderr)
    bench.table(["program", "stops", *(key.replace("_", " ") for key in COLUMNS), "whole", "cut by",
                 "with guesses"], rows)
    print(f"\n{total['stops']} stops, {total['equal']} equal, {total['unexplained']} unexplained")
    sys.exit(total["unexplained"] != 0 or not rows)


if __name__ == "__main__":
    main()
