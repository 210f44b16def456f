#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares `ctrace unwind --rows` with `readelf --debug-dump=frames-interp`.

    readelf_rows.py CTRACE FILE...

CTRACE is the ctrace program.  Exit status 1 if a file differs; what ctrace could not express is no
difference, and is counted by reason.
"""
import bisect
import collections
import re
import subprocess
import sys

MAX_REPORTED = 5
PADDING = 15  # holes up to this long keep the row in front of them
HOLE = ("none", "u", "u")

SECTION = re.compile(r"Contents of the (\.\w+) section")
ENTRY = re.compile(r"([0-9a-f]{8,16}) [0-9a-f]{16} [0-9a-f]{8,16} (CIE|FDE)(?: cie=([0-9a-f]+)"
                   r" pc=([0-9a-f]+)\.\.([0-9a-f]+))?")
ROW = re.compile(r"[0-9a-f]{16} ")


class Fde:
    def __init__(self, begin, end, initial):
        self.begin, self.end, self.initial, self.rows = begin, end, initial, []


def normal(cfa, rbp, ra):
    if ra == "u":
        return (cfa, "u", "u")
    rbp = {"s": "u", "vexp": "exp"}.get(rbp, rbp)
    return (cfa, rbp, {"vexp": "exp"}.get(ra, ra))


def parse_readelf(path):
    """{section: [Fde]} of what readelf prints."""
    output = subprocess.run(["readelf", "--wide", "--debug-dump=frames-interp", path],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            errors="replace", check=False).stdout
    sections, fdes, cies, columns, current, cie = {}, [], {}, {}, None, None
    for line in output.split("\n"):
        if ROW.match(line) and not ENTRY.match(line):
            words = re.sub(r"r\d+ \((\w+)\)", r"\1", line).split()
            at = {name: words[i] for name, i in columns.items() if i < len(words)}
            row = normal(at.get("CFA", ""), at.get("rbp", "u"), at.get("ra", "u"))
            if current:
                current.rows.append((int(words[0], 16), row))
            else:
                # readelf does not carry out a "restore" in a CIE; no other one saves RBP.
                cies[cie] = row if row[1] == "u" else None
            continue
        found = ENTRY.match(line)
        if found:
            off, kind, cie_off, begin, end = found.groups()
            columns = {}
            if kind == "CIE":
                current, cie = None, int(off, 16)
                cies[cie] = None
            else:
                current = Fde(int(begin, 16), int(end, 16), cies.get(int(cie_off, 16)))
                fdes.append(current)
        elif line.startswith("   LOC"):
            columns = {name: i for i, name in enumerate(line.split())}
        elif SECTION.match(line):
            fdes, cies = sections.setdefault(SECTION.match(line).group(1), []), {}
    return sections


def steps_of(fdes):
    """[(address, what)] of FDEs in order; the one that begins higher wins an overlap."""
    steps, cover = [], 0
    fdes = sorted((f for f in fdes if f.end > f.begin), key=lambda f: (f.begin, -f.end))
    for i, fde in enumerate(fdes):
        if steps and fde.begin > cover:
            steps.append((cover, HOLE))
        rows = [r for r in fde.rows if r[0] < fde.end] or [(fde.begin, fde.initial)]
        if rows[0][0] > fde.begin and fde.initial:
            rows.insert(0, (fde.begin, fde.initial))
        while steps and steps[-1][0] >= rows[0][0]:
            steps.pop()
        steps += rows
        cover = max(fde.end, cover if i and fdes[i - 1].end > fde.end else fde.end)
    if steps:
        steps.append((cover, HOLE))
    return steps


def add_debug_frame(steps, fdes):
    """Steps with the holes filled from a second list of FDEs."""
    addresses = [a for a, _ in steps]

    def is_hole(address):
        i = bisect.bisect_right(addresses, address) - 1
        return i < 0 or steps[i][1] == HOLE

    extra = [f for f in fdes if is_hole(f.begin)]
    return sorted(steps + steps_of(extra), key=lambda s: s[0]) if extra else steps


def section_headers(path):
    return subprocess.run(["readelf", "--wide", "--section-headers", path],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          errors="replace", check=False).stdout


def frame_stubs(output):
    """[(begin, end)] of .init and .fini, which ctrace knows though they have no CFI."""
    found = re.findall(r"\.(?:init|fini) +PROGBITS +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", output)
    return [(int(begin, 16), int(begin, 16) + int(size, 16)) for begin, size in found]


def parse_rows(ctrace, path):
    run = subprocess.run(ctrace + ["--cfi-only", "--rows", path], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, check=False)
    for line in run.stdout.splitlines():
        words = line.split(" ", 4)
        yield int(words[0], 16), tuple(words[1:4]), words[4] if len(words) > 4 else ""


def is_equal(theirs, ours, form):
    if ours == theirs or theirs is None:
        return True
    if ours[0] == "none" and form:
        return True
    # Code that needs no CFI to be known, and its address a byte earlier for return addresses.
    if form in ("stop", "signal"):
        return True
    # A stop keeps no CFA that is an expression.
    return ours[2] == "u" and theirs[2] == "u" and ours[1] == theirs[1] and ours[0] == "exp"


def compare(path, theirs, ours, stubs, reasons):
    differences, checked, i, what, now, form = 0, 0, 0, HOLE, HOLE, ""
    events = sorted({a for a, _ in theirs} | {a for a, _, _ in ours})
    their_rows, our_rows = collections.defaultdict(list), {a: (r, f) for a, r, f in ours}
    for address, row in theirs:
        their_rows[address].append(row)
    for i, address in enumerate(events):
        end = events[i + 1] if i + 1 < len(events) else address + 1
        if address in their_rows:
            what = their_rows[address][-1]
        if address in our_rows:
            now, form = our_rows[address]
            if now[0] == "none" and form:
                reasons[form] += 1
        checked += 1
        if is_equal(what, now, form) or (what == HOLE and end - address <= PADDING):
            continue
        if what == HOLE and any(begin <= address < end + PADDING for begin, end in stubs):
            continue
        differences += 1
        if differences <= MAX_REPORTED:
            print(f"{path}: {address:x}: readelf {what}, ctrace {now} {form}")
    return differences, checked


def main():
    ctrace, total, checked, reasons, files = sys.argv[1].split(), 0, 0, collections.Counter(), 0
    for path in sys.argv[2:]:
        headers = section_headers(path)
        with open(path, "rb") as file:
            is_loadable = file.read(18)[16:] in (b"\2\0", b"\3\0")
        if not is_loadable or re.search(r"\.text +NOBITS", headers):
            continue  # an object file, or the debug file of another one
        sections = parse_readelf(path)
        steps = steps_of(sections.get(".eh_frame", []))
        steps = add_debug_frame(steps, sections.get(".debug_frame", []))
        ours = list(parse_rows(ctrace, path))
        if not steps and not ours:
            continue
        files += 1
        differences, rows = compare(path, steps, ours, frame_stubs(headers), reasons)
        total, checked = total + differences, checked + rows
    print(f"readelf: files {files} rows {checked} differences {total}"
          + "".join(f" {reason} {nr}" for reason, nr in sorted(reasons.items())))
    return total != 0


if __name__ == "__main__":
    sys.exit(main())
