#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From the end of a 30-second profile of a large C++ program to its picture, inlined functions
included, and perf beside it: Ceph's osdmaptool balancing a cluster of 600 disks; its debug files
hold 600 MB when unpacked.  The packages are downloaded once, to $XDG_CACHE_HOME/ctrace-bench."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import bench

PACKAGES = ("ceph-base", "ceph-base-dbg", "librados2", "librados2-dbg")
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/ceph")
PERF_LIMIT = 300  # seconds for one perf script
RATE = 199


def download():
    """Where the packages are unpacked."""
    top = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    top = top / "ctrace-bench/osd"
    root = top / "root"
    if not (root / "usr/bin/osdmaptool").exists():
        top.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=top, check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            print(f"Skipped: {', '.join(PACKAGES)} cannot be downloaded here.")
            sys.exit()
        for package in sorted(top.glob("*.deb")):
            bench.run(["dpkg", "-x", package, root])
    return root


def prepare(root, scratch):
    """The command to profile."""
    os.environ["LD_LIBRARY_PATH"] = ":".join(str(root / part) for part in LIBRARIES)
    tool = root / "usr/bin/osdmaptool"
    missing = subprocess.run(["ldd", tool], capture_output=True, text=True, check=True).stdout
    if "not found" in missing:
        print(f"Skipped: osdmaptool lacks {re.findall(r'(.*) => not found', missing)}.")
        sys.exit()
    bench.run([tool, "--createsimple", 600, scratch / "map", "--with-default-pool", "--pg-bits", 7])
    return [tool, scratch / "map", "--upmap", scratch / "out", "--upmap-max", 10000,
            "--upmap-deviation", 1]


def limited(seconds, target):
    """@target for so long, and that it had to be ended is no failure."""
    return ["sh", "-c", 'timeout "$0" "$@" || true', seconds, *target]


def profile(options, target, debug_dir, cache, scratch):
    stats = scratch / "stats.json"
    os.environ["XDG_CACHE_HOME"] = str(cache)
    bench.run([options.ctrace, "-q", f"profile:hz:{RATE}", "-d", f"{options.seconds}s",
               "--debug-dir", debug_dir, "--stats", stats, "-o", scratch / "o.svg", "-o",
               scratch / "o.ctrace", "--", *limited(options.seconds + 1, target)])
    return bench.load(stats)


def again(options, debug_dir, cache, scratch, *arguments):
    """Seconds from a capture to the picture."""
    os.environ["XDG_CACHE_HOME"] = str(cache)
    began = time.monotonic()
    bench.run([options.ctrace, "report", "-q", "--debug-dir", debug_dir, *arguments, "-o",
               scratch / "again.svg", scratch / "o.ctrace"])
    return time.monotonic() - began


def perf(options, target, debug_dir, scratch, rows):
    if not shutil.which("perf"):
        return
    data = scratch / "perf.data"
    bench.run(["perf", "record", "-q", "-F", RATE, "--call-graph", "dwarf", "-o", data, "--",
               *limited(options.seconds, target)])
    megabytes = data.stat().st_size / 1e6
    # perf looks for debug files in one place only.
    there = f"mount --bind {debug_dir} /usr/lib/debug && exec "
    for name, option in (("without inlined functions", "--no-inline"), ("with them", "--inline")):
        script = there + f"perf script {option} -i {data} --header >{scratch / 'script'}"
        began = time.monotonic()
        try:
            subprocess.run(["unshare", "-m", "timeout", str(PERF_LIMIT), "sh", "-c", script],
                           check=True, stderr=subprocess.DEVNULL)
            seconds = f"{time.monotonic() - began:.1f}"
        except subprocess.CalledProcessError:
            seconds = f">{time.monotonic() - began:.0f}"
        rows.append([f"perf script, {name}", "", "", f"{megabytes:.0f}", seconds])


def main():
    options = bench.parse_arguments(__doc__, seconds=30)
    root = download()
    debug_dir = root / "usr/lib/debug"
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        target = prepare(root, scratch)
        cache = scratch / "cache"
        stats = profile(options, target, debug_dir, cache, scratch)
        size = (scratch / "o.ctrace").stat().st_size / 1e6
        symbols = stats["symbols"]
        rows.append(["ctrace, exit to picture", stats["samples"], symbols["inlined_frames"],
                     f"{size:.2f}", f"{stats['finish_ns'] / 1e9:.2f}"])
        for name, arguments in (("from the capture, names in the cache", []),
                                ("from the capture, no cache", ["--no-cache"]),
                                ("the same, without inlined functions",
                                 ["--no-cache", "--no-inline"])):
            seconds = again(options, debug_dir, cache, scratch, *arguments)
            rows.append([f"ctrace report, {name}", "", "", "", f"{seconds:.2f}"])
        perf(options, target, debug_dir, scratch, rows)
    bench.title(f"{options.seconds} s of osdmaptool at {RATE} Hz")
    bench.table(["", "samples", "inlined names", "MB of data", "seconds"], rows)


main()
