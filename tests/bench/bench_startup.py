#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From fork to the program's first instruction: a small program, and one that maps two million
CFI rows, with tables built afresh and out of the cache.  Medians."""
import glob
import shutil
import tempfile

import bench


def measure(options, target, **settings):
    return [bench.record(options.ctrace, "profile:hz:99", target, **settings)
            for _ in range(options.rounds)]


def row(name, runs):
    return [name, f"{bench.median_of(runs, 'tables', 'cfi_rows'):.0f}",
            f"{bench.median_of(runs, 'startup_ns') / 1e6:.1f}",
            f"{bench.median_of(runs, 'tables', 'build_ns') / 1e6:.1f}",
            f"{bench.median_of(runs, 'tables', 'publish_ns') / 1e6:.1f}",
            f"{bench.median_of(runs, 'tables', 'kernel_bytes') / 1e6:.1f}"]


def large_program():
    for pattern in ("/usr/lib/llvm-*/bin/clang", "/usr/bin/clang-*"):
        for path in sorted(glob.glob(pattern)):
            return [path, "--version"]
    rustc = shutil.which("rustc")
    return [rustc, "--version"] if rustc else None


def main():
    options = bench.parse_arguments(__doc__, rounds=7)
    bench.title("Start")
    rows = [row("/bin/true", measure(options, ["/bin/true"]))]
    large = large_program()
    if large:
        with tempfile.TemporaryDirectory() as cache:
            fresh = []
            for i in range(options.rounds):
                env = {"PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": f"{cache}/{i}"}
                fresh += [bench.record(options.ctrace, "profile:hz:99", large, env=env)]
            rows.append(row(f"{large[0].rsplit('/', 1)[-1]}, tables built", fresh))
            rows.append(row("the same, tables cached", measure(options, large, env=env)))
    bench.table(["program", "CFI rows", "startup ms", "tables ms", "publish ms", "kernel MB"], rows)


if __name__ == "__main__":
    main()
