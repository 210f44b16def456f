#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real programs under ctrace and under `perf record --call-graph dwarf`, one after the other.

A stack of perf's counts as whole when its outermost user frame is an ELF entry (_start), the
start of a thread (clone), or __libc_start_main's caller, or when it has kernel frames only; of
ctrace's when the walk reached an end-of-stack rule, which is stricter.  "After exit" is the time
from the program's end to the written flame graph: for perf that is `perf script` alone (without
inlined functions, which would take it minutes), the graph not drawn yet.
"""
import pathlib
import re
import subprocess
import tempfile
import time

import bench
import workloads

HERTZ = 199
# The program's first function, the C library's, Go's or the kernel's way to start a thread.
OUTERMOST = re.compile(r"^_*(start|start_c|clone3?|thread_start|dlstart|dl_start(_user)?|"
                       r"rt0_amd64_linux|(runtime\.)?(goexit|rt0_go|mstart|clone|mcall|morestack|"
                       r"gogo)(\.abi0)?)$")
BEFORE_OUTERMOST = re.compile(r"^__libc_start_main")
FRAME = re.compile(r"^\s+([0-9a-f]+) (.+?)(?:\+0x[0-9a-f]+)? \((.*)\)$")


def outermost_is_reached(frames):
    """@frames: (address, symbol), leaf first."""
    if not frames:
        return False
    if all(int(address, 16) >> 63 for address, _ in frames):
        return True
    return bool(OUTERMOST.match(frames[-1][1]) or
                (len(frames) > 1 and BEFORE_OUTERMOST.match(frames[-2][1])))


def count_stacks(lines):
    """(samples, whole ones) of `perf script`."""
    samples = whole = 0
    frames, inside = [], False
    for line in lines:
        match = FRAME.match(line)
        if match:
            frames.append((match[1], match[2]))
        elif line.strip():
            inside = True
        elif inside:
            samples += 1
            whole += outermost_is_reached(frames)
            frames, inside = [], False
    return samples, whole


def run_perf(workload, directory):
    data, text = directory / "perf.data", directory / "perf.txt"
    bench.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", HERTZ, "--call-graph", "dwarf",
               "-o", data, "--", *workload.command], cwd=directory, stderr=subprocess.DEVNULL)
    start = time.monotonic()
    with open(text, "w", encoding="utf-8") as out:
        bench.run(["perf", "script", "--no-inline", "-i", data, "-F", "comm,tid,time,ip,sym,dso"],
                  stdout=out, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    with open(text, encoding="utf-8", errors="replace") as lines:
        samples, whole = count_stacks(lines)
    return {"bytes": data.stat().st_size, "seconds": seconds, "samples": samples, "whole": whole}


def run_ctrace(options, workload, directory):
    stats = directory / "stats.json"
    files = [directory / "out.folded", directory / "out.svg"]
    outputs = [word for file in files for word in ("-o", file)]
    bench.run([options.ctrace, "-q", "--bpf-stats", f"profile:hz:{HERTZ}", *outputs,
               "--stats", stats, "--", *workload.command], cwd=directory)
    result = bench.load(stats)
    result["output_bytes"] = sum(file.stat().st_size for file in files)
    return result


def share(part, whole):
    return f"{100 * part / whole:.2f} %" if whole else "-"


def others(stats):
    """The ends of stacks that are not whole, by reason."""
    whole = ("end_of_stack", "kernel_only", "no_user")
    return ", ".join(f"{stop} {n}" for stop, n in stats["stops"].items()
                     if n and stop not in whole) or "none"


def main():
    options = bench.parse_arguments(__doc__)
    print(f"{bench.machine()}; {HERTZ} Hz")
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        results = [(workload, run_ctrace(options, workload, directory),
                    run_perf(workload, directory)) for workload in workloads.prepare(directory)]
    bench.title("ctrace")
    bench.table(["program", "samples", "whole", "the rest", "guessed frames", "lost",
                 "frames a stack", "µs a sample"],
                [[w.name, c["samples"], share(c["complete"], c["samples"]), others(c),
                  c["guessed_frames"], c["lost"],
                  f"{c['frames'] / max(c['samples'], 1):.0f}",
                  f"{c['bpf']['ns_per_sample'] / 1000:.1f}"] for w, c, _ in results])
    bench.title("Beside `perf record --call-graph dwarf`")
    bench.table(["program", "whole, ctrace", "whole, perf", "bytes, ctrace", "bytes, perf",
                 "seconds after exit, ctrace", "seconds after exit, perf"],
                [[w.name, share(c["complete"], c["samples"]), share(p["whole"], p["samples"]),
                  f"{c['output_bytes']:,}", f"{p['bytes']:,}",
                  f"{c['finish_ns'] / 1e9:.2f}", f"{p['seconds']:.2f}"] for w, c, p in results])


if __name__ == "__main__":
    main()
