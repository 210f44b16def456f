#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""clang-tidy over what the build compiles of the rooms, by .clang-tidy.   tidy.py BUILD-DIRECTORY"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

from sources import ROOT, finish, tracked

ROOMS = ("common", "unwind", "symbolize", "flamegraph", "loader", "cli")
BATCH = 4  # files a process: enough to share its start, few enough to share the work


def compiled(build):
    database = json.loads((build / "compile_commands.json").read_text())
    return {pathlib.Path(entry["directory"], entry["file"]).resolve() for entry in database}


def check(build, batch):
    ran = subprocess.run(["clang-tidy-14", "--quiet", "-p", str(build), *map(str, batch)], cwd=ROOT,
                         capture_output=True, text=True, check=False)
    return [ran.stdout] if ran.returncode else []


def main(build):
    known = compiled(build)
    files = [path for path in tracked(*(f"{room}/*.c" for room in ROOMS))
             if (ROOT / path).resolve() in known]
    batches = [files[i:i + BATCH] for i in range(0, len(files), BATCH)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [p for problems in pool.map(lambda b: check(build, b), batches) for p in problems]
    return finish(found, f"clang-tidy on {len(files)} files")


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
