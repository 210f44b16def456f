#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files that others named or placed are opened by common/safe_open.c and cli/output_*.c alone.

Everywhere else a file is opened only where its name says that the kernel made it (/proc, /sys,
/dev/null), where it is only looked at (O_PATH), or where a line below says why it may be.  Files are
mapped by common/file_map.c alone, since a mapping of one that is cut off kills.
"""
import re
import sys

from sources import ROOT, finish, tracked

ROOMS = ("bpf", "cli", "common", "flamegraph", "loader", "symbolize", "unwind")
OPENS = re.compile(
    r"(?<![>.\w])(open|open64|openat|openat2|creat|fopen|fopen64|freopen|mkstemp|mkostemp|tmpfile|opendir)\(")
MAPS = re.compile(r"(?<![>.\w])mmap\(")
MADE = re.compile(r'snprintf\((\w+), sizeof\(\1\),\s*"/(?:proc|sys)/([^"]*)"')
NEAR = 400  # characters: the path is made right above
# Links of the kernel's that lead back to files of others.
LEADS_OUT = re.compile(r"/(root|cwd|exe|fd|map_files)\b")
HARMLESS = re.compile(r'O_PATH|\("/(proc|sys)/|\("/dev/null"|MAP_ANONYMOUS')

# File -> how many calls it may have, and why.
MAY_OPEN = {
    "common/safe_open.c": (2, "the place"),
    "common/cache_dir.c": (5, "directories and new files of our own cache, checked there"),
    "cli/output_file.c": (2, "new files, in the directory cli/output_place.c holds"),
    "cli/output_place.c": (2, "what it looks at, and what it has looked at"),
    "cli/stacks_input.c": (1, "tmpfile(): a file without a name"),
    "loader/feature_trials_perf.c": (1, "/sys, by number"),
    "loader/feature_trials_rights.c": (1, "our own mappings"),
    "loader/kernel_functions.c": (2, "tracefs and /sys"),
    "loader/tracefs.c": (2, "tracefs"),
    "loader/uprobe_event.c": (1, "tracefs"),
    "symbolize/kallsyms.c": (1, "/proc/kallsyms"),
}
MAY_MAP = {
    "common/file_map.c": (1, "the place"),
    "loader/map_pool.c": (1, "a BPF map"),
    "loader/probe_ring.c": (1, "a perf ring"),
    "loader/table_store.c": (1, "a BPF map"),
    "loader/task_events.c": (1, "a perf ring"),
}


def without_comments(text):
    """The code, with every line where it was."""
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def is_made_above(text, at, call):
    """Is the call's path one of /proc or /sys, printed right above?"""
    made = list(MADE.finditer(text, max(0, at - NEAR), at))
    return bool(made) and not LEADS_OUT.search(made[-1].group(2)) and \
        re.search(rf"\((?:\w+, )?{made[-1].group(1)}\b", call)


def calls(text, pattern):
    """Lines of the calls that @pattern finds, but for those that can do no harm."""
    for match in pattern.finditer(text):
        call = text[match.start():text.find(";", match.start())]
        if not HARMLESS.search(call) and not is_made_above(text, match.start(), call):
            yield text.count("\n", 0, match.start()) + 1


def check(path, text, pattern, allowed, instead):
    found = list(calls(text, pattern))
    number, _ = allowed.get(str(path), (0, ""))
    if len(found) > number:
        yield (f"{path}:{found[-1]}: {len(found)} calls, {number} are allowed: use {instead}, or say "
               f"in tests/lint/opens.py why not")


if __name__ == "__main__":
    problems = []
    for path in tracked(*(f"{room}/*.[ch]" for room in ROOMS)):
        text = without_comments((ROOT / path).read_text())
        problems += check(path, text, OPENS, MAY_OPEN, "common/safe_open.h")
        problems += check(path, text, MAPS, MAY_MAP, "common/file_map.h")
    sys.exit(finish(problems, "opens"))
