#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds ctrace to what a program of tests/programs says must be seen.

    run_expect.py CTRACE PROGRAM

The program's --expect gives lines "WHAT COUNT REGEX".  For each WHAT (a function to be probed, or
probes separated by commas) it is run under ctrace; every stack must match the regex of exactly one
line, as often as that says, and the ledger must add up.  With several probes a stack begins with
the probe's own frame.
"""
import collections
import re
import subprocess
import sys
import tempfile

import harness

KIND = re.compile(r"(u(ret)?probe|tracepoint):")
Expectation = collections.namedtuple("Expectation", "count regex")


def read_expectations(program):
    text = subprocess.run([program, "--expect"], capture_output=True, text=True, check=True,
                          timeout=60).stdout
    by_probes = collections.defaultdict(list)
    for line in text.splitlines():
        what, count, regex = line.split(" ", 2)
        by_probes[probes_of(what, program)].append(Expectation(int(count), regex))
    if not by_probes:
        sys.exit(f"{program} expects nothing")
    return by_probes


def probes_of(what, program):
    """What a line names, as probes of the command line."""
    what = what.replace("@LIBRARY@", f"{program}.lib.so")
    if not KIND.match(what):
        return (f"uprobe:{what}",)
    return tuple(what.split(","))


def compare(stacks, expectations, nr_probes=1):
    """Problems with @stacks, {(frame, ...): count}."""
    problems = []
    seen = collections.Counter()
    for stack, count in stacks.items():
        if nr_probes > 1:  # PROBE;comm;...
            stack = stack[1:2] + stack[:1] + stack[2:]
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


def check_probes(ctrace, program, probes, expectations):
    total = sum(expectation.count for expectation in expectations)
    cut = sum(e.count for e in expectations if e.regex.startswith(r"\[truncated\]"))
    with tempfile.TemporaryDirectory() as directory:
        run = harness.Run(ctrace, [*probes, "-q", "--no-kernel", "-o", "out.folded",
                                   "--stats", "stats.json", "--", program], directory)
        if run.status:
            return [f"exit status {run.status}", run.err]
        stats = run.stats()
        problems = (compare(run.stacks(), expectations, len(probes))
                    + harness.check_ledger(stats))
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
    for probes, expectations in read_expectations(program).items():
        problems = check_probes(ctrace, program, probes, expectations)
        failed |= bool(problems)
        print(f"{'FAIL' if problems else 'ok'} {' '.join(probes)}, {len(expectations)} stacks")
        for problem in problems:
            print(f"  {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    harness.require_bpf()
    sys.exit(main(sys.argv[1], sys.argv[2]))
