#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds ctrace to what a program of tests/programs says must be seen.

    run_expect.py CTRACE PROGRAM

The program's --expect gives lines "FUNCTION COUNT REGEX".  For each FUNCTION it is run under
ctrace with a probe there; every stack must match the regex of exactly one line, as often as that
says, and the ledger must add up.
"""
import collections
import re
import subprocess
import sys
import tempfile

import harness

Expectation = collections.namedtuple("Expectation", "count regex")


def read_expectations(program):
    text = subprocess.run([program, "--expect"], capture_output=True, text=True, check=True,
                          timeout=60).stdout
    by_function = collections.defaultdict(list)
    for line in text.splitlines():
        function, count, regex = line.split(" ", 2)
        function = function.replace("@LIBRARY@", f"{program}.lib.so")
        by_function[function].append(Expectation(int(count), regex))
    if not by_function:
        sys.exit(f"{program} expects nothing")
    return by_function


def compare(stacks, expectations):
    problems = []
    seen = collections.Counter()
    for stack, count in stacks.items():
        text = ";".join(stack[1:])
        matching = [e for e in expectations if re.fullmatch(e.regex, text)]
        if len(matching) == 1:
            seen[matching[0]] += count
        else:
            what = "unexpected" if not matching else "ambiguous"
            problems.append(f"{what}: {count} x {text}")
    for expectation in expectations:
        if seen[expectation] != expectation.count:
            problems.append(f"{seen[expectation]} instead of {expectation.count} stacks match "
                            f"{expectation.regex}")
    return problems


def check_function(ctrace, program, function, expectations):
    total = sum(expectation.count for expectation in expectations)
    cut = sum(e.count for e in expectations if e.regex.startswith(r"\[truncated\]"))
    with tempfile.TemporaryDirectory() as directory:
        run = harness.Run(ctrace, [f"uprobe:{function}", "-q", "--no-kernel", "-o", "out.folded",
                                   "--stats", "stats.json", "--", program], directory)
        if run.status:
            return [f"exit status {run.status}", run.err]
        stats = run.stats()
        problems = compare(run.stacks(), expectations) + harness.check_ledger(stats)
        if stats["samples"] != total or stats["lost"]:
            problems.append(f"{stats['samples']} samples and {stats['lost']} lost instead of "
                            f"{total} and 0: {stats['lost_by']}")
        if stats["complete"] != total - cut:
            stops = {stop: n for stop, n in stats["stops"].items() if n}
            problems.append(f"{stats['complete']} of {total - cut} stacks whole: {stops}")
        if problems and run.err:
            problems.append(run.err)
        return problems


def main(ctrace, program):
    failed = False
    for function, expectations in read_expectations(program).items():
        problems = check_function(ctrace, program, function, expectations)
        failed |= bool(problems)
        print(f"{'FAIL' if problems else 'ok'} uprobe:{function}, {len(expectations)} stacks")
        for problem in problems:
            print(f"  {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    harness.require_bpf()
    sys.exit(main(sys.argv[1], sys.argv[2]))
