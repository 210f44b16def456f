#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many stacks of Debian's programs are whole, guessed and named: programs.py has the programs.

"Complete" is the share of samples whose walk reached an end-of-stack rule, "guessed" that of
frames found without a rule, "named" that of different addresses with a function's name.  What
ctrace started is sampled, children included; what drives a server is not.  Programs that are not
installed are left out.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import bench
import bench_real
import programs

HERTZ = 499
# A program that takes longer is ended: what was sampled until then counts.
SECONDS = 6
ENDED = (0, 124, 137, 143)


def environment(directory):
    kept = {name: value for name, value in os.environ.items()
            if name in ("RUSTUP_HOME", "CARGO_HOME", "LANG")}
    return kept | {"PATH": programs.PATH, "HOME": str(directory), "GOPATH": str(directory / "go"),
                   "GO111MODULE": "off"}


def run_beside(command, directory):
    return subprocess.Popen(["sh", "-c", command], cwd=directory, stdin=subprocess.DEVNULL,
                            env=environment(directory), stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def measure(options, program, directory):
    """The --stats of one run, None where the program or ctrace failed (which is said)."""
    stats = directory / "stats.json"
    stats.unlink(missing_ok=True)
    beside = run_beside(program.beside, directory) if program.beside else None
    done = subprocess.run([options.ctrace, f"profile:hz:{HERTZ}", "--stats", stats, "-q", "-o",
                           directory / "out.folded", "--", "timeout", str(SECONDS), "sh", "-c",
                           program.command], cwd=directory, stdin=subprocess.DEVNULL,
                          env=environment(directory), stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    if beside:
        beside.wait()
    if done.returncode not in ENDED or not stats.exists():
        print(f"{program.name}: exit status {done.returncode}: {done.stderr[-300:]}",
              file=sys.stderr)
        return None
    return bench.load(stats)


def shorten(command, most=60):
    text = command.replace("|", "\\|")
    return f"`{text if len(text) <= most else text[:most].rstrip() + '…'}`"


def row(program, stats):
    symbols = stats["symbols"]
    return [program.kind, program.name, shorten(program.command), stats["samples"],
            bench_real.share(stats["complete"], stats["samples"]),
            bench_real.share(stats["guessed_frames"], stats["frames"]),
            bench_real.share(symbols["named"], symbols["addresses"]), bench_real.others(stats)]


def main():
    options = bench.parse_arguments(__doc__)
    print(f"{bench.machine()}; {HERTZ} Hz")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        for program in programs.prepare(directory):
            stats = measure(options, program, directory)
            if stats and stats["samples"]:
                rows.append(row(program, stats))
    bench.title("Programs of Debian")
    bench.table(["kind", "program", "command", "samples", "complete", "guessed", "named",
                 "cut by"], rows)


if __name__ == "__main__":
    main()
