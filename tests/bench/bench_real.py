#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whole stacks of real programs, and beside them perf record --call-graph dwarf of the same work:
share of complete stacks, bytes written, seconds from the program's end to named stacks.

perf's stack counts as complete when it reaches _start, __libc_start_main or a thread's start."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import bench

HERTZ = 199
STARTS = re.compile(r"\b(_start|__libc_start_main\w*|__libc_start_call_main|clone3?|"
                    r"start_thread|__clone3?)\b")


def large_source(path):
    lines = ["#include <math.h>"]
    for i in range(2500):
        lines.append(f"double f{i}(double *a, int n) {{ double s = {i}; for (int i = 0; i < n; i++)"
                     f" {{ s += a[i] * {i + 1}; if (s > {i * 7}) s -= sin(a[i]); }} return s; }}")
    path.write_text("\n".join(lines) + "\n")


def workloads(directory):
    large_source(directory / "large.c")
    (directory / "loop.rs").write_text(
        "use std::collections::HashMap; fn main() { let mut m = HashMap::new();"
        " for i in 0..3000u64 { *m.entry(i % 100).or_insert(0) += i; } println!(\"{}\", m.len()); }")
    shutil.copyfile(shutil.which("gcc"), directory / "data")
    with open(directory / "data", "ab") as data:
        data.write(pathlib.Path(shutil.which("python3")).resolve().read_bytes() * 3)
    return {
        "python3": ["python3", "-c", "import json\nd={'a': [1, 2.5, {'b': 'c' * 9}] * 50}\n"
                    "for _ in range(20000): json.loads(json.dumps(d))"],
        "perl": ["perl", "-e", "@x = sort map { sin } 1..200000 for 1..8"],
        "xz": ["xz", "-9", "-k", "-f", "data"],
        "gcc": ["gcc", "-O2", "-c", "large.c"],
        "git": ["git", "grep", "-c", "--no-index", "-E", "(int|double) .*[0-9]+", "."],
        "openssl": ["openssl", "speed", "-seconds", "1", "sha256", "rsa2048"],
        "node": ["node", "-e", "let a=[];for(let i=0;i<4e7;i++){a[i%1000]=Math.sin(i)}"],
        "rustc": ["rustc", "-O", "loop.rs"],
    }


def ours(options, target, directory):
    return bench.record(options.ctrace, f"profile:hz:{HERTZ}", target, cwd=directory)


def perfs(target, directory):
    """complete share, bytes, seconds of perf script; None without perf."""
    if not shutil.which("perf"):
        return None
    data = directory / "perf.data"
    bench.run(["perf", "record", "-q", "-F", HERTZ, "-e", "cpu-clock", "--call-graph", "dwarf",
               "-o", data, "--", *target], cwd=directory)
    began = time.monotonic()
    try:
        text = subprocess.run(["perf", "script", "--no-inline", "-i", data], text=True,
                              capture_output=True, check=False, timeout=300).stdout
        seconds = f"{time.monotonic() - began:.1f}"
    except subprocess.TimeoutExpired:
        return ["", f"{data.stat().st_size / 1e6:.1f}", "> 300"]
    stacks = [s for s in text.split("\n\n") if s.strip()]
    whole = sum(1 for s in stacks if STARTS.search(s))
    share = f"{100 * whole / len(stacks):.1f} %" if stacks else ""
    return [share, f"{data.stat().st_size / 1e6:.1f}", seconds]


def main():
    options = bench.parse_arguments(__doc__, rounds=1)
    bench.title(f"Real programs at {HERTZ} Hz")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        for program, target in workloads(directory).items():
            if not shutil.which(program):
                continue
            stats = ours(options, target, directory)
            rest = {k: v for k, v in stats["stops"].items()
                    if v and k not in ("end_of_stack", "kernel_only", "no_user")}
            rows.append([program, stats["samples"],
                         f"{100 * stats['complete'] / max(stats['samples'], 1):.2f} %",
                         ", ".join(f"{k} {v}" for k, v in rest.items()),
                         f"{100 * stats['guessed_frames'] / max(stats['frames'], 1):.1f} %",
                         stats["lost"], f"{stats['finish_ns'] / 1e9:.2f}",
                         *(perfs(target, directory) or ["", "", ""])])
    bench.table(["program", "samples", "complete", "the rest", "guessed frames", "lost",
                 "finish s", "perf: complete", "perf: MB", "perf script s"], rows)


if __name__ == "__main__":
    main()
