#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every header compiles alone, so that including it never depends on what came before."""
import concurrent.futures
import os
import re
import subprocess
import sys

from sources import ROOT, finish, tracked

HOST = ["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function",
        "-fsyntax-only", f"-I{ROOT}", f"-I{ROOT}/tests/unit"]
BPF = ["clang", "--target=bpf", "-mcpu=v3", "-D__TARGET_ARCH_x86", "-Wall", "-Wno-unused-function",
       "-Wno-undefined-internal", "-Werror", "-fsyntax-only", f"-I{ROOT}/bpf", "-idirafter", "/usr/include/x86_64-linux-gnu"]
CXX = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT}"]
# What the kernel side and user space share; every other header of bpf/ is the kernel's alone.
SHARED = {"bpf/abi.h"}


def is_cxx(path):
    """C++'s own headers have no suffix."""
    return re.search(r"^#include <\w+>", (ROOT / path).read_text(), re.M)


def commands(path):
    in_bpf = path.parts[0] == "bpf"
    if is_cxx(path):
        yield CXX
    elif not in_bpf or str(path) in SHARED:
        yield HOST
    if in_bpf:
        yield BPF


def check(path):
    problems = []
    for command in commands(path):
        # Through a file that includes it, for what is unused in a header is no fault.
        language = "c++" if command is CXX else "c"
        ran = subprocess.run([*command, "-x", language, "-"], input=f'#include "{ROOT / path}"\n',
                             capture_output=True, text=True, check=False)
        if ran.returncode:
            problems.append(f"{path}: does not compile alone ({command[0]}):\n{ran.stderr}")
    return problems


if __name__ == "__main__":
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [p for result in pool.map(check, tracked("*.h")) for p in result]
    sys.exit(finish(found, "headers"))
