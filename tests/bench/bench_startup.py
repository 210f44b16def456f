#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long a program waits for its first instruction, and what its tables cost.

`ctrace profile:hz:99 -- PROGRAM`: startup is from fork to the program's first instruction of its
own, tables are those of everything mapped by then and later.  First without the cache of tables (a
new cache directory each time), then with it.  Medians.
"""
import os
import shutil
import statistics
import tempfile
import time

import bench

PROGRAMS = (["/bin/true"], ["clang-19", "--version"], ["rustc", "--version"])


def measure(options, program, cached):
    """--stats of each round."""
    runs = []
    with tempfile.TemporaryDirectory() as kept:
        for number in range(options.rounds + (1 if cached else 0)):
            with tempfile.TemporaryDirectory() as fresh:
                place = {**os.environ, "XDG_CACHE_HOME": kept if cached else fresh}
                stats = bench.record(options.ctrace, "profile:hz:99", program, env=place)
            if number or not cached:
                runs.append(stats)
    return runs


def alone(program, rounds):
    """Milliseconds the program takes by itself."""
    times = []
    for _ in range(rounds):
        start = time.monotonic()
        bench.run(program)
        times.append((time.monotonic() - start) * 1000)
    return statistics.median(times)


def main():
    options = bench.parse_arguments(__doc__, rounds=9)
    print(f"{bench.machine()}; medians of {options.rounds} runs\n")
    rows = []
    for program in PROGRAMS:
        if not shutil.which(program[0]):
            continue
        for cached in (False, True):
            runs = measure(options, program, cached)
            tables = {key: bench.median_of(runs, "tables", key) for key in runs[0]["tables"]}
            rows.append([
                f"`{' '.join(program)}`", "yes" if cached else "no",
                f"{alone(program, options.rounds):.0f}",
                f"{bench.median_of(runs, 'startup_ns') / 1e6:.1f}",
                f"{tables['build_ns'] / 1e6:.1f}", f"{tables['publish_ns'] / 1e6:.1f}",
                f"{tables['objects']:.0f}", f"{tables['cfi_rows']:,.0f}",
                f"{tables['bytes'] / 1024:,.0f}", f"{tables['kernel_bytes'] / 1e6:.1f}",
                f"{bench.median_of(runs, 'finish_ns') / 1e6:.0f}",
            ])
    bench.table(["program", "tables cached", "ms alone", "startup ms", "tables built ms",
                 "published ms", "objects", "CFI rows", "tables KiB", "kernel MB",
                 "finish ms"], rows)


if __name__ == "__main__":
    main()
