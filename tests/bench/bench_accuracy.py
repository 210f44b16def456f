#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many stacks are whole, by ctrace and by perf with DWARF and with frame pointers.

Every program is run once under each.  ctrace's stack is whole when the walk reached an
end-of-stack rule; perf's when its outermost user frame is one of the places programs and threads
begin at (bench_real.py has the list), whatever lies between.  perf may be absent.
"""
import pathlib
import shutil
import subprocess
import tempfile

import bench
import bench_real
import workloads

HERTZ = 199


def run_perf(method, workload, directory):
    """The share of whole stacks of one `perf record --call-graph METHOD`."""
    data, text = directory / "perf.data", directory / "perf.txt"
    bench.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", HERTZ, "--call-graph", method,
               "-o", data, "--", *workload.command], cwd=directory, stderr=subprocess.DEVNULL)
    with open(text, "w", encoding="utf-8") as out:
        bench.run(["perf", "script", "--no-inline", "-i", data, "-F", "comm,tid,time,ip,sym,dso"],
                  stdout=out, stderr=subprocess.DEVNULL)
    with open(text, encoding="utf-8", errors="replace") as lines:
        samples, whole = bench_real.count_stacks(lines)
    data.unlink()
    return bench_real.share(whole, samples)


def run_ctrace(options, workload, directory):
    stats = directory / "stats.json"
    bench.run([options.ctrace, "-q", f"profile:hz:{HERTZ}", "-o", directory / "out.folded",
               "--stats", stats, "--", *workload.command], cwd=directory)
    return bench.load(stats)


def main():
    options = bench.parse_arguments(__doc__, seconds=5)
    print(f"{bench.machine()}; {HERTZ} Hz")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        for workload in workloads.judged(directory, options.seconds):
            ours = run_ctrace(options, workload, directory)
            perf = [run_perf(method, workload, directory) if shutil.which("perf") else "-"
                    for method in ("dwarf", "fp")]
            rows.append([workload.name, ours["samples"],
                         bench_real.share(ours["complete"], ours["samples"]),
                         bench_real.others(ours),
                         f"{100 * ours['guessed_frames'] / max(ours['frames'], 1):.2f} %",
                         ours["lost"], *perf])
    bench.title("Whole stacks")
    bench.table(["program", "samples", "whole, ctrace", "the rest", "guessed frames", "lost",
                 "whole, perf dwarf", "whole, perf fp"], rows)


if __name__ == "__main__":
    main()
