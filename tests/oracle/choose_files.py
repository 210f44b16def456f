#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints, NUL-separated, the ELF programs and libraries an oracle run takes.

    choose_files.py all DIR...   every one under the directories
    choose_files.py sample       objects known for odd CFI, and 200 spread over what is installed
"""
import os
import sys

NAMED = (
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib64/ld-linux-x86-64.so.2",
    "/usr/bin/node",
    "/usr/bin/python3",
    "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
    "/usr/lib/x86_64-linux-gnu/libgcrypt.so.20",
    "/usr/lib/x86_64-linux-gnu/libmvec.so.1",
    "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
    "/usr/lib/x86_64-linux-musl/libc.so",
)
SAMPLE_DIRS = ("/usr/bin", "/usr/lib/x86_64-linux-gnu")
SAMPLE_COUNT = 200
SAMPLE_MAX_BYTES = 1 << 20


def is_elf(path):
    """A program or shared object for x86-64."""
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError:
        return False
    return head[:6] == b"\x7fELF\x02\x01" and head[16:20] in (b"\2\0\x3e\0", b"\3\0\x3e\0")


def elf_files(directories, max_bytes=None):
    for top in directories:
        for directory, subdirectories, names in os.walk(top):
            subdirectories.sort()
            for name in sorted(names):
                path = os.path.join(directory, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                if (max_bytes is None or os.path.getsize(path) <= max_bytes) and is_elf(path):
                    yield path


def sample():
    named = [os.path.realpath(path) for path in NAMED if os.path.exists(path)]
    others = [path for path in elf_files(SAMPLE_DIRS, SAMPLE_MAX_BYTES) if path not in named]
    step = max(1, len(others) // SAMPLE_COUNT)
    return named + others[::step][:SAMPLE_COUNT]


def main():
    files = sample() if sys.argv[1] == "sample" else elf_files(sys.argv[2:])
    for path in files:
        sys.stdout.buffer.write(os.fsencode(path) + b"\0")


if __name__ == "__main__":
    main()
