#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Naming addresses: Debian's rbd-mirror with its 295 MB of .debug_info, whole and as a hot profile,
against llvm-symbolizer and addr2line in the same run; then a large object without DWARF, and the
warm cache.  Medians; CPU seconds beside the wall clock, for a busy machine shows in one of them
only.  The packages are downloaded once, to $XDG_CACHE_HOME/ctrace-bench."""
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import bench

PACKAGES = ("rbd-mirror", "rbd-mirror-dbg")
LLVM = "llvm-symbolizer-19"


def download():
    """The unpacked packages: the program, its debug file, and the latter's directory."""
    top = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    top = top / "ctrace-bench"
    root = top / "rbd"
    if not (root / "usr/bin/rbd-mirror").exists():
        top.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=top, check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            print(f"Skipped: {' and '.join(PACKAGES)} cannot be downloaded here.")
            sys.exit()
        for package in sorted(top.glob("rbd-mirror*.deb")):
            bench.run(["dpkg", "-x", package, root])
    debug_dir = root / "usr/lib/debug"
    return root / "usr/bin/rbd-mirror", next(debug_dir.glob(".build-id/*/*.debug")), debug_dir


def text_of(path):
    """Address and size of .text."""
    for line in subprocess.run(["readelf", "-SW", path], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 5 and words[1] == ".text":
            return int(words[3], 16), int(words[5], 16)
    sys.exit(f"{path} has no .text")


def spread(path, count):
    start, size = text_of(path)
    generator = random.Random(42)
    return [start + generator.randrange(size) for _ in range(count)]


def hot(path, functions=40, each=10):
    """As a profile looks: few functions, many addresses close together."""
    start, size = text_of(path)
    generator = random.Random(7)
    return [base + generator.randrange(256)
            for base in (start + generator.randrange(size - 256) for _ in range(functions))
            for _ in range(each)]


def measure(command, addresses, rounds):
    """Medians of seconds, CPU seconds and MB; and the output of one run."""
    text = "".join(f"0x{address:x}\n" for address in addresses)
    seconds, cpu, memory, output = [], [], [], ""
    for _ in range(rounds):
        with tempfile.TemporaryFile("w+") as stdin, tempfile.TemporaryFile("w+") as stdout:
            stdin.write(text)
            stdin.seek(0)
            before = time.monotonic()
            child = subprocess.Popen([str(word) for word in command], stdin=stdin, stdout=stdout,
                                     stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            seconds.append(time.monotonic() - before)
            if child.returncode:
                sys.exit(f"{command[0]}: exit status {child.returncode}")
            cpu.append(usage.ru_utime + usage.ru_stime)
            memory.append(usage.ru_maxrss / 1024)
            stdout.seek(0)
            output = stdout.read()
    return (statistics.median(seconds), statistics.median(cpu), statistics.median(memory)), output


def chains(output):
    """For each address the names of its frames; every tool prints the address first."""
    found, chain = [], None
    lines = iter(output.splitlines())
    for line in lines:
        if line.startswith("0x") and " " not in line:
            chain = []
            found.append(chain)
        elif chain is not None:
            chain.append(line)
            next(lines, None)
    return found


def differences(ours, judges):
    """Addresses whose depth or inlined names differ; outermost names are policy."""
    return sum(len(a) != len(b) or a[:-1] != b[:-1] for a, b in zip(ours, judges))


def compare(name, tools, addresses, rounds, rows):
    reference = None
    for tool, command in tools:
        (wall, cpu, memory), output = measure(command, addresses, rounds)
        found = chains(output)
        reference = found if tool.startswith("llvm") else reference
        rows.append([name, tool, f"{wall:.2f}", f"{cpu:.2f}", f"{memory:.0f}",
                     sum(map(len, found)),
                     differences(found, reference) if reference else "-"])


def ours(options, binary, debug_dir, threads, *arguments):
    return [options.ctrace, "symbolize", "-e", binary, "-i", "-a", "--demangle", "none",
            "--debug-dir", debug_dir, "--threads", str(threads), *arguments]


def rivals(binary, debug_dir, debug_file):
    tools = []
    if shutil.which(LLVM):
        tools.append((LLVM, [LLVM, "--output-style=GNU", "-f", "-i", "-a", "--no-demangle",
                             f"--debug-file-directory={debug_dir}", "-e", binary]))
    tools.append(("addr2line", ["addr2line", "-a", "-f", "-i", "-e", debug_file]))
    return tools


def large_object():
    """An object of 100,000 symbols or more without DWARF, if this machine has one."""
    rustc = shutil.which("rustc")
    if not rustc:
        return None
    root = subprocess.run([rustc, "--print", "sysroot"], capture_output=True, text=True,
                          check=True).stdout.strip()
    return next(pathlib.Path(root, "lib").glob("librustc_driver-*.so"), None)


def main():
    options = bench.parse_arguments(__doc__, rounds=3)
    binary, debug_file, debug_dir = download()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = scratch
        plain_dir = pathlib.Path(scratch, "debug")
        plain = plain_dir / debug_file.relative_to(debug_dir)
        plain.parent.mkdir(parents=True)
        bench.run(["objcopy", "--decompress-debug-sections", debug_file, plain])
        addresses = spread(binary, 10000)
        compare("10,000 random, zlib",
                [*rivals(binary, debug_dir, debug_file),
                 ("ctrace, 1 thread", ours(options, binary, debug_dir, 1, "--no-cache")),
                 ("ctrace, 2 threads", ours(options, binary, debug_dir, 2, "--no-cache"))],
                addresses, options.rounds, rows)
        measure(ours(options, binary, debug_dir, 2), addresses, 1)
        compare("10,000 random, warm cache",
                [("ctrace", ours(options, binary, debug_dir, 2))], addresses, options.rounds, rows)
        compare("10,000 random, not compressed",
                [*rivals(binary, plain_dir, plain),
                 ("ctrace, 1 thread", ours(options, binary, plain_dir, 1, "--no-cache"))],
                addresses, options.rounds, rows)
        compare("400 in 40 functions, zlib",
                [*rivals(binary, debug_dir, debug_file),
                 ("ctrace, 1 thread", ours(options, binary, debug_dir, 1, "--no-cache"))],
                hot(binary), options.rounds, rows)
        compare("400 in 40 functions, not compressed",
                [*rivals(binary, plain_dir, plain),
                 ("ctrace, 1 thread", ours(options, binary, plain_dir, 1, "--no-cache"))],
                hot(binary), options.rounds, rows)
        large = large_object()
        if large:
            compare(f"10,000 random, {large.name.split('-')[0]}, symbols only",
                    [("ctrace", ours(options, large, debug_dir, 1, "--no-cache"))],
                    spread(large, 10000), options.rounds, rows)
    bench.title("Names of addresses (rbd-mirror, 295 MB of .debug_info)")
    bench.table(["addresses", "tool", "seconds", "CPU s", "MB", "frames", "differ from LLVM"],
                rows)


main()
