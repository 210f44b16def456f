#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a reader trips over: long files, equal names, missing licence lines, promises in the code."""
import collections
import re
import sys

from sources import ROOT, finish, tracked

MAX_LINES = 600
CODE = ("*.c", "*.h", "*.cc", "*.py", "*.js", "*.sh", "scripts/*", ".ci/*")
PROMISES = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Words of this file itself.
SELF = "tests/lint/shapes.py"
# Data that tests read, not code.
DATA = ("tests/golden/", "tests/corpus/")


def is_code(path):
    return not str(path).startswith(DATA)


def check_file(path):
    text = (ROOT / path).read_text(errors="replace")
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines, more than {MAX_LINES}: split it by idea"
    # The page engine's scripts are copied into every picture: the picture has one licence line.
    if path.suffix != ".js" and not any("SPDX-License-Identifier:" in line for line in lines[:3]):
        yield f"{path}: no SPDX licence line"
    if text and not text.endswith("\n"):
        yield f"{path}: no newline at the end"
    for number, line in enumerate(lines, 1):
        if str(path) != SELF and PROMISES.search(line):
            yield f"{path}:{number}: unfinished: {line.strip()}"


def check_names():
    places = collections.defaultdict(list)
    for path in tracked("*.c", "*.h", "*.cc"):
        if is_code(path):
            places[path.name].append(str(path))
    for name, paths in places.items():
        if len(paths) > 1:
            yield f"{name}: the name is used twice: {', '.join(paths)}"


if __name__ == "__main__":
    problems = [p for path in tracked(*CODE) if is_code(path) for p in check_file(path)]
    sys.exit(finish(problems + list(check_names()), "shapes"))
