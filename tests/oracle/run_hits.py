#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The kernel's walk against libdw: the same program, once under ctrace, once stopped at every hit.

    run_hits.py BUILD-DIRECTORY [PROGRAM...]

Each program does the same each time (one thread, no randomness); every stack of a function must be
seen exactly as often by both.  Ends with 1 if one is not, with 77 where BPF is not allowed.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "tests/e2e")]
import bench  # noqa: E402 pylint: disable=wrong-import-position
import harness  # noqa: E402 pylint: disable=wrong-import-position
import workloads  # noqa: E402 pylint: disable=wrong-import-position

# Hashes and allocations in the same order each time.
FIXED = ["env", "PERL_HASH_SEED=0", "PYTHONHASHSEED=0", "GIT_CONFIG_NOSYSTEM=1", "HOME=/nonexistent",
         "setarch", "-R"]
SQL = """with recursive c(x) as (values(1) union all select x + 1 from c limit 300)
select sum(length(hex(x))), count(distinct x % 100), max(substr(printf('%d', x), 2)) from c"""


def programs(directory):
    """(name, object, function, command)"""
    compiler = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True,
                              check=True).stdout.strip()
    source = directory / "small.c"
    workloads.write_c(source, 1)
    return [
        ("perl", "libc.so.6", "malloc",
         ["perl", "-e", "use POSIX; @x = sort map { qq(a$_) x 3 } 1..300; print scalar(@x)"]),
        ("python3", "libc.so.6", "realloc",
         [workloads.resolve("python3"), "-S", "-E", "-c",
          "import json; print(len(json.dumps([{'a': [i, i / 3]} for i in range(400)])))"]),
        ("openssl", "libcrypto.so", "CRYPTO_malloc",
         ["openssl", "asn1parse", "-in", "/proc/self/exe", "-inform", "DER"]),
        ("cc1", "libc.so.6", "malloc", [compiler, "-quiet", "-O2", source, "-o", "/dev/null"]),
        ("git", "libc.so.6", "malloc", ["git", "--no-pager", "diff", "--no-index", "--stat",
                                        str(ROOT / "bpf"), str(ROOT / "unwind")]),
        ("sqlite3", "libc.so.6", "malloc", ["sqlite3", ":memory:", SQL]),
        ("xz", "liblzma.so", "lzma_code", ["xz", "-T1", "-9", "-c", source]),
        ("ls", "libc.so.6", "malloc", ["ls", "-lR", str(ROOT / "tests")]),
    ]


def judge(build, directory, program):
    """The sums of one program, and whether all stacks are equal."""
    name, target, function, command = program
    capture = directory / "hits.ctrace"
    command = [str(word) for word in command]
    recorded = subprocess.run([*FIXED, build / "cli/ctrace", "-q", f"uprobe:{target}:{function}",
                               "-o", capture, "--", *command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", check=False)
    if not capture.exists():
        sys.exit(f"{name}: {recorded.stderr}")
    judged = subprocess.run([*FIXED, build / "tests/oracle/hit_oracle", capture, target, function,
                             *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if judged.returncode == harness.SKIP:
        print(f"skipped: {judged.stderr.strip()}")
        sys.exit(harness.SKIP)
    # The program may have written the beginning of the line.
    report = re.findall(r"hits: (recorded .*)", judged.stdout)
    if not report:
        sys.exit(f"{name}: the oracle ended with {judged.returncode}: {judged.stderr}")
    if judged.returncode:
        print(*(line for line in judged.stdout.splitlines() if line.startswith("kernel ")),
              sep="\n")
    words = report[0].split()
    capture.unlink()
    return dict(zip(words[::2], words[1::2])), judged.returncode == 0


def main():
    build, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    harness.require_bpf()
    rows, failed = [], False
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        for program in programs(directory):
            name, target, function, command = program
            if (wanted and name not in wanted) or not workloads.resolve(str(command[0])):
                continue
            sums, equal = judge(build, directory, program)
            failed |= not equal
            rows.append([name, f"{target}:{function}", sums["recorded"], sums["stopped"],
                         sums["distinct"], sums["differences"]])
    bench.table(["program", "function", "hits, kernel", "hits, libdw", "different stacks",
                 "not equal"], rows)
    sys.exit(failed or not rows)


if __name__ == "__main__":
    main()
