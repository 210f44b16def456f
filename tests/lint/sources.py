# SPDX-License-Identifier: MIT
"""The tracked files of the project, for the checks beside this file."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tracked(*patterns):
    """Paths of tracked files that still exist, relative to ROOT."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files", "-z", "--", *patterns],
        check=True, capture_output=True, text=True).stdout
    return [pathlib.Path(p) for p in listed.split("\0") if p and (ROOT / p).is_file()]


def finish(problems, what):
    """Prints the problems; the exit status."""
    for problem in problems:
        print(problem)
    print(f"{what}: {len(problems)} problems")
    return 1 if problems else 0
