#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a frame costs: ctrace's walk against the kernel's own by frame pointers.

Both walk the same source's 100-frame stacks at a uprobe, in turns; ctrace without frame pointers in
the program, bpf_get_stack() with them.  Times are the kernel's BPF run-time statistics, so they
hold everything a program does: ctrace also finds the process, counts the stack and keeps its
books.  Then the share of CPU time sampling takes.  Medians.
"""
import json
import statistics
import subprocess

import bench

DEPTH = 100
SAMPLED_DEPTH = 54  # plus leaf, main and what leads to it: 60 frames
STACKS = (1, 64)
CALLS = 20000


def frame_pointers(options, stacks):
    done = bench.run([options.programs / "frame_walk", "leaf",
                      options.programs / "frame_chain_fp", "calls", DEPTH, stacks, CALLS],
                     stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def ctrace(options, stacks):
    stats = bench.record(options.ctrace, "uprobe:leaf",
                         [options.programs / "frame_chain", "calls", DEPTH, stacks, CALLS],
                         "--bpf-stats")
    assert stats["samples"] == stats["complete"] == CALLS, stats
    return {"runs": stats["bpf"]["runs"], "ns": stats["bpf"]["ns"], "frames": stats["frames"]}


def per_frame(options):
    bench.title(f"A frame of a {DEPTH}-frame stack")
    rows = []
    for stacks in STACKS:
        runs = [(frame_pointers(options, stacks), ctrace(options, stacks))
                for _ in range(options.rounds)]
        costs = []
        for name, which in (("bpf_get_stack, frame pointers", 0), ("ctrace, DWARF", 1)):
            cost = statistics.median(r[which]["ns"] / r[which]["frames"] for r in runs)
            stack = statistics.median(r[which]["ns"] / r[which]["runs"] for r in runs)
            frames = runs[0][which]["frames"] / runs[0][which]["runs"]
            costs.append(cost)
            rows.append([stacks, name, f"{frames:.0f}", f"{stack:.0f}", f"{cost:.1f}", ""])
        rows[-1][-1] = f"{costs[1] / costs[0]:.2f}"
    bench.table(["different stacks", "walk", "frames", "ns a stack", "ns a frame", "ratio"], rows)


def sampling(options):
    bench.title("Sampling 60-frame stacks")
    rows = []
    for stacks in STACKS:
        for hertz in (99, 10000):
            target = [options.programs / "frame_chain", "spin", SAMPLED_DEPTH, stacks, 2]
            runs = [bench.record(options.ctrace, f"profile:hz:{hertz}", target, "--bpf-stats")
                    for _ in range(options.rounds)]
            cost = bench.median_of(runs, "bpf", "ns_per_sample")
            frames = statistics.median(r["frames"] / r["samples"] for r in runs)
            rows.append([stacks, hertz, f"{bench.median_of(runs, 'samples'):.0f}",
                         f"{frames:.0f}", f"{cost:.0f}", f"{cost * hertz / 1e7:.3f} %"])
    bench.table(["different stacks", "Hz", "samples", "frames", "ns a sample",
                 "of the sampled CPU time"], rows)


def main():
    options = bench.parse_arguments(__doc__, rounds=7)
    print(f"{bench.machine()}; medians of {options.rounds} runs, taken in turns")
    per_frame(options)
    sampling(options)


if __name__ == "__main__":
    main()
