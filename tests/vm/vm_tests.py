#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ctrace held to its promises on another kernel.  See run.sh, which starts this."""
import argparse
import dataclasses
import json
import os
import pathlib
import re
import shlex
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import guest  # pylint: disable=wrong-import-position
import harness  # pylint: disable=wrong-import-position
import run_expect  # pylint: disable=wrong-import-position

SKIP = 77
TARGET_STATUS = 7  # vm_target's own
CALLS = 25
MAX_LINE = 500  # of a problem shown
# What no kernel makes a difference to; seconds each, in emulation.  Run when named.
LEFT_OUT = ("crt_functions", "cxx_throw", "far_text_static", "plain_high", "plain_one_segment",
            "plt_calls_prelinked", "return_spin", "signal_handler_static", "threads_static",
            "vdso_calls")

# Frames as vm_target and the C library give them (expect.h has the like).
LIBC = r"((__GI_)?%s|\[libc\.so\.6(\+0x[0-9a-f]+)?\])"
START = rf"_start;__libc_start_main(_impl)?;{LIBC % '__libc_start_call_main'};main;outer;inner"
K = r"_\[k\]"
SYSCALL = f"entry_SYSCALL_64_after_hwframe{K};do_syscall_64{K};"
KERNEL = rf"([^;\[]+{K};)*"


def ledger_problems(stats, count):
    """Nothing lost, nothing cut off, and the sums add up; @count samples, None: however many."""
    yield from harness.check_ledger(stats)
    if stats["lost"] or stats["complete"] != stats["samples"]:
        stops = {stop: n for stop, n in stats["stops"].items() if n}
        yield f"{stats['lost']} lost, {stats['complete']} of {stats['samples']} whole: {stops}"
    if count is not None and stats["samples"] != count:
        yield f"{stats['samples']} samples instead of {count}"


def record(probe, target):
    return f"/vm/ctrace -q {probe} -o out.folded --stats stats.json -- {target}"


@dataclasses.dataclass
class Probe:
    """One probe on vm_target: the whole stacks it must give, and how many."""

    name: str
    probe: str
    arguments: str
    stack: str  # regex over the frames behind the comm
    exact: bool = True
    count: int = CALLS

    def command(self):
        return guest.Command(self.name, record(self.probe, f"/vm/vm_target {self.arguments}"))

    def problems(self, result):
        if result.status != TARGET_STATUS:
            yield f"exit status {result.status} instead of the program's {TARGET_STATUS}"
            return
        stacks = harness.read_folded(result.read("out.folded"))
        seen = 0
        for stack, count in stacks.items():
            if "[truncated]" in stack:
                yield f"cut off, {count} times: {';'.join(stack)}"
            seen += count if re.fullmatch(self.stack, ";".join(stack[1:])) else 0
        if seen != self.count if self.exact else seen < self.count:
            yield f"{seen} instead of {self.count} stacks are {self.stack}"
            yield from (f"  {n} x {';'.join(stack)}" for stack, n in stacks.most_common(5))
        yield from ledger_problems(json.loads(result.read("stats.json")), None)


@dataclasses.dataclass
class Hazard:
    """A program of tests/programs, which says itself what must be seen of it."""

    program: pathlib.Path
    probes: tuple
    expectations: list

    @property
    def name(self):
        probes = ",".join(pathlib.PurePath(probe).name for probe in self.probes)
        return f"{self.program.name}_{probes.removeprefix('uprobe:')}".replace(":", "_")

    def command(self):
        return guest.Command(self.name, record(shlex.join(self.probes) + " --no-kernel",
                                               self.program))

    def problems(self, result):
        if result.status:
            yield f"exit status {result.status}"
            return
        yield from run_expect.compare(harness.read_folded(result.read("out.folded")),
                                      self.expectations, len(self.probes))
        stats = json.loads(result.read("stats.json"))
        yield from harness.check_ledger(stats)


@dataclasses.dataclass
class Plain:
    """A command that must end well and print no "not ok"."""

    name: str
    text: str

    def command(self):
        return guest.Command(self.name, self.text)

    @staticmethod
    def problems(result):
        output = result.read("stdout")
        if result.status or re.search("^not ok", output, re.M):
            yield f"exit status {result.status}"
            yield from output.splitlines()


READ = f"{START};{LIBC % '_*(libc_)?read'};{SYSCALL}{KERNEL}vfs_read{K}"
PROBES = [
    Probe("profile", "profile:hz:99", "spin 2", START + ";spin(;.*)?", exact=False),
    Probe("uprobe", "uprobe:leaf", f"leaf {CALLS}", START + ";leaf"),
    # The kernel gives a system call's tracepoint the program's registers: no kernel frames.
    Probe("tracepoint_syscall", "tracepoint:syscalls:sys_enter_getppid", f"getppid {CALLS}",
          f"{START};{LIBC % 'syscall'}"),
    Probe("tracepoint", "tracepoint:task:task_rename", f"rename {CALLS}",
          f"{START};{LIBC % '_*prctl'};{SYSCALL}{KERNEL}__set_task_comm{K}"),
    Probe("kprobe", "kprobe:vfs_read", f"read {CALLS}", READ),
    Probe("kprobe_glob", "'kprobe:vfs_rea*'", f"read {CALLS}", READ),
    Probe("fentry", "fentry:vfs_read", f"read {CALLS}", READ),
]


def loads(build):
    """Every program's object, by each compiler there is, into the guest's verifier."""
    for name, place in (("default", "bpf"), ("clang14", "tests/vm/clang14")):
        built = build / place / "ctrace.bpf.o"
        if built.exists():
            yield Plain(f"load_{name}", f"/vm/load_objects /vm/{name}.bpf.o vfs_read"), built


def hazards(build):
    for program in sorted((build / "tests/programs").glob("*-gcc-O2")):
        for probes, expectations in run_expect.read_expectations(program).items():
            yield Hazard(program, probes, expectations)


def prepare(machine, build, wanted):
    """Puts the wanted tests and what they need into @machine; the tests."""
    tests = list(PROBES)
    machine.add_file(build / "cli/ctrace", "/vm/ctrace")
    machine.add_file(build / "tests/vm/vm_target", "/vm/vm_target")
    machine.add_file(build / "tests/vm/load_objects", "/vm/load_objects")
    for test, built in loads(build):
        machine.add_file(built, f"/vm/{test.name.removeprefix('load_')}.bpf.o")
        tests.append(test)
    for test in hazards(build):
        # Its libraries are linked by their path on this host.
        for part in test.program.parent.glob(f"{test.program.name}*"):
            machine.add_file(part, str(part))
        tests.append(test)
    tests = [test for test in tests
             if (test.name in wanted if wanted else not test.name.startswith(LEFT_OUT))]
    for test in tests:
        machine.add_command(test.command())
    return tests


def report(tests, results):
    """TAP on stdout; the number of failures."""
    failed = 0
    for number, test in enumerate(tests, 1):
        result = results[test.name]
        if result.status is None:
            problems = ["the machine ended before this"]
        else:
            problems = list(test.problems(result))
        print(f"{'not ok' if problems else 'ok'} {number} - {test.name}")
        if problems:
            failed += 1
            for line in problems + result.read("stderr").splitlines():
                print(f"# {line[:MAX_LINE]}")
    print(f"1..{len(tests)}")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="build directory")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the guest's files here")
    parser.add_argument("tests", nargs="*", metavar="TEST")
    options = parser.parse_args()
    build = options.build.resolve()
    try:
        machine = guest.Guest()
    except guest.Unavailable as why:
        if os.environ.get("CTRACE_REQUIRE_BPF") == "1":
            sys.exit(f"{why}, and CTRACE_REQUIRE_BPF=1 forbids to skip")
        print(f"1..0 # SKIP {why}")
        return SKIP
    tests = prepare(machine, build, options.tests)
    with tempfile.TemporaryDirectory() as scratch:
        results, console = machine.boot(options.keep or scratch)
        failed = report(tests, results)
        if any(result.status is None for result in results.values()):
            print("\n".join(f"# {line}" for line in console.splitlines()[-40:]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
