# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: rights, running ctrace, reading what it leaves."""
import collections
import ctypes
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77
SYS_BPF = 321
BPF_MAP_CREATE = 0


def may_use_bpf():
    """May this process load BPF?  Tries to create the smallest map there is."""
    attributes = (ctypes.c_uint32 * 16)(2, 4, 4, 1)  # an array of one 4-byte value
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.syscall(SYS_BPF, BPF_MAP_CREATE, attributes, ctypes.sizeof(attributes))
    if descriptor < 0:
        return False
    os.close(descriptor)
    return True


def require_bpf():
    """Skips the test without rights, or fails it where CI says that it must run."""
    if os.geteuid() == 0 and may_use_bpf():
        return
    if os.environ.get("CTRACE_REQUIRE_BPF") == "1":
        sys.exit("no rights to use BPF, and CTRACE_REQUIRE_BPF=1 forbids to skip")
    print("skipped: needs root and BPF")
    sys.exit(SKIP)


# ctrace's caches, away from the user's; gone with this process.
CACHE = tempfile.TemporaryDirectory()
os.chmod(CACHE.name, 0o777)
os.environ["XDG_CACHE_HOME"] = CACHE.name


class Run:
    """One run of ctrace in a directory, and what it left there; @under: a command to run it by."""

    def __init__(self, ctrace, arguments, directory, **options):
        self.directory = pathlib.Path(directory)
        options.setdefault("timeout", 60)
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run([*options.pop("under", ()), str(ctrace), *map(str, arguments)],
                              cwd=directory, capture_output=True, text=True, check=False,
                              **options)
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def stats(self, name="stats.json"):
        return json.loads((self.directory / name).read_text())

    def stacks(self, name="out.folded"):
        return read_folded((self.directory / name).read_text())


def run_into(ctrace, arguments, stdout):
    """ctrace with its standard output somewhere else."""
    return subprocess.run([str(ctrace), *arguments], stdout=stdout, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, check=False, timeout=60)


def read_folded(text):
    """{(frame, ...): count}; a line that is no folded stack is an error."""
    stacks = collections.Counter()
    for line in text.splitlines():
        stack, count = line.rsplit(" ", 1)
        stacks[tuple(stack.split(";"))] += int(count)
    return stacks


def check_ledger(stats):
    """Problems in the sums --stats promises."""
    problems = []
    by_stop = sum(stats["stops"].values())
    if stats["samples"] != by_stop:
        problems.append(f"{stats['samples']} samples but {by_stop} ends of stacks")
    whole = sum(stats["stops"][stop] for stop in ("end_of_stack", "kernel_only", "no_user"))
    if stats["complete"] != whole:
        problems.append(f"{stats['complete']} complete, but by stops {whole}")
    by_loss = sum(stats["lost_by"].values())
    if stats["lost"] != by_loss:
        problems.append(f"{stats['lost']} lost but {by_loss} by reason")
    return problems


def files_in(directory):
    return sorted(path.name for path in pathlib.Path(directory).iterdir())


def run_tests(file):
    """Runs the unittest cases of the calling script: `SCRIPT CTRACE PROGRAMS-DIRECTORY`."""
    if len(sys.argv) < 3:
        sys.exit(f"usage: {file} CTRACE PROGRAMS-DIRECTORY [TEST...]")
    require_bpf()
    Case.ctrace = pathlib.Path(sys.argv[1]).resolve()
    Case.programs = pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[file, *sys.argv[3:]], verbosity=2)


class Case(unittest.TestCase):
    """A test with a directory of its own, removed afterwards."""

    ctrace = programs = None
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def run_ctrace(self, *arguments, **options):
        return Run(self.ctrace, arguments, options.pop("cwd", self.directory), **options)

    def start_ctrace(self, *arguments, **options):
        """ctrace in the background; whoever starts it waits for it."""
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [*options.pop("under", ()), str(self.ctrace), *map(str, arguments)],
            cwd=self.directory, text=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            **options)
        self.addCleanup(self.finish, process)
        return process

    @staticmethod
    def finish(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()

    def program(self, name, variant="gcc-O2"):
        return self.programs / f"{name}-{variant}"

    def script(self, text, name="script.sh", mode=0o755):
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def assert_one_line(self, run, status, pattern):
        """It failed with @status, and said why in one line (and at most one hint)."""
        self.assertEqual(run.status, status, run.err)
        lines = [line for line in run.err.splitlines() if not line.startswith("hint: ")]
        self.assertEqual(len(lines), 1, run.err)
        self.assertRegex(lines[0], pattern)


def wait_until(condition, what, seconds=20):
    """Polls, for what no descriptor tells."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"still waiting after {seconds} s: {what}")
        time.sleep(0.02)
