#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No room knows what its row in docs/architecture.md forbids: by #include and by link line."""
import re
import sys

from sources import ROOT, finish, tracked

# Room -> rooms whose headers it may include (its own is always allowed).
MAY_INCLUDE = {
    "bpf": set(),
    "common": set(),
    "unwind": {"common", "bpf/abi"},
    "symbolize": {"common"},
    "flamegraph": {"common"},
    "loader": {"common", "bpf", "unwind", "symbolize", "flamegraph"},
    "cli": {"common", "bpf", "unwind", "symbolize", "flamegraph", "loader"},
}
# Room -> system headers that would give its secret away.
MUST_NOT_KNOW = {
    "common": r"bpf/|linux/bpf|linux/perf_event|sys/ptrace",
    "unwind": r"bpf/|linux/bpf|linux/perf_event|sys/ptrace|sys/wait",
    "symbolize": r"bpf/|linux/bpf|linux/perf_event|sys/ptrace",
    "flamegraph": r"bpf/|linux/bpf|linux/perf_event|sys/ptrace|elf\.h|libelf|gelf\.h|sys/wait",
}
ROOM_TARGETS = {room: f"ctrace_{room}" for room in MAY_INCLUDE if room != "bpf"}


def allowed(room, header):
    """May a file of @room include the project header @header?"""
    target = header.split("/", 1)[0]
    if target == room:
        return True
    return any(header.startswith(f"{may}/") or header.startswith(f"{may}.") or
               header.startswith(f"{may}_") for may in MAY_INCLUDE[room])


def check_includes():
    problems = []
    for path in tracked(*(f"{room}/*.[ch]" for room in MAY_INCLUDE)):
        room = path.parts[0]
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not include:
                continue
            quote, header = include.groups()
            if quote == '"' and header.split("/", 1)[0] in MAY_INCLUDE and "/" in header:
                if not allowed(room, header):
                    problems.append(f"{path}:{number}: {room}/ must not include {header}")
            elif quote == '"' and header.startswith(("tests/", "../")):
                problems.append(f"{path}:{number}: include from the root: {header}")
            elif quote == "<" and room in MUST_NOT_KNOW and re.match(MUST_NOT_KNOW[room], header):
                problems.append(f"{path}:{number}: {room}/ must not know <{header}>")
    return problems


def check_links():
    """The link line of a room names only rooms it may include, and libbpf only in the loader."""
    problems = []
    for room in ROOM_TARGETS:
        text = (ROOT / room / "CMakeLists.txt").read_text()
        text = re.sub(r"#.*", "", text)
        call = re.search(rf"add_room\(\s*{room}\b(.*?)\)", text, re.S)
        if not call:
            problems.append(f"{room}/CMakeLists.txt: no add_room({room} ...)")
            continue
        links = set(re.findall(r"ctrace_(\w+)", call.group(1)))
        for other in links & set(ROOM_TARGETS):
            if other != room and other not in MAY_INCLUDE[room]:
                problems.append(f"{room}/CMakeLists.txt: {room} must not link ctrace_{other}")
        if "LIBBPF" in call.group(1) and room != "loader":
            problems.append(f"{room}/CMakeLists.txt: only the loader links libbpf")
    return problems


if __name__ == "__main__":
    sys.exit(finish(check_includes() + check_links(), "rooms"))
