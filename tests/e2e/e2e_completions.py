#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Completions of three shells against what --help and the argument parser know.

Needs no rights.  A shell that is not there is skipped, unless CTRACE_REQUIRE_BPF=1.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import harness

DIRECTORY = harness.ROOT / "docs/completions"
COMMANDS = ("record", "report", "diff", "flamegraph", "list", "doctor", "symbolize", "unwind")
# Words before the cursor, and what must be offered.
CASES = [
    (("ctrace", "fla"), {"flamegraph"}),
    (("ctrace", "report", "--th"), {"--theme="}),
    (("ctrace", "report", "--theme", ""), {"auto", "light", "dark"}),
    (("ctrace", "flamegraph", "--by", "c"), {"comm"}),
    (("ctrace", "report", "-f", "per"), {"perfetto"}),
    (("ctrace", "report", "--format", "ca"), {"callgrind", "capture"}),
    (("ctrace", "profile:hz:99", "--max-fr"), {"--max-frames="}),
    (("ctrace", "diff", "--no-nor"), {"--no-normalize"}),
    (("ctrace", "uprobe:libc:malloc", "--", "mkfif"), {"mkfifo"}),
]
ESCAPES = re.compile(r"\x1b(\[[\d;?]*[A-Za-z]|[=>])|[\x07\x0f]|.\x08")


def require(shell):
    if not shutil.which(shell) and os.environ.get("CTRACE_REQUIRE_BPF") != "1":
        raise unittest.SkipTest(f"no {shell}")


class Completions(unittest.TestCase):
    ctrace = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        (self.directory / "ctrace").symlink_to(self.ctrace)
        self.environment = {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}",
                            "HOME": scratch.name, "LC_ALL": "C.UTF-8", "TERM": "xterm"}

    def run_shell(self, *command):
        done = subprocess.run([*map(str, command)], env=self.environment, capture_output=True,
                              text=True, check=False, timeout=60, cwd=self.directory)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def options_by_help(self, command):
        """What argp lists, with a = where there is a value."""
        text = self.run_shell(self.ctrace, command, "--help")
        return {name + ("=" if value else "") for name, value in
                re.findall(r"(?m)^ {2,6}(?:-., )?(--[a-z-]+)(=?)", text)}

    def check_options(self, shell, *start):
        require(shell)
        for command in COMMANDS:
            found = self.run_shell(shell, *start, command).split()
            self.assertEqual(set(found), self.options_by_help(command), command)
            self.assertGreaterEqual(len(found), 2)

    def test_help_lists_what_the_parser_takes(self):
        for command in COMMANDS:
            for option in self.options_by_help(command):
                done = subprocess.run([self.ctrace, command, option.rstrip("="), "--usage"],
                                      capture_output=True, text=True, check=False)
                self.assertNotIn("unrecognized", done.stderr, (command, option))

    def test_bash_offers_every_option(self):
        self.check_options("bash", "-c", f"source {DIRECTORY}/ctrace.bash; _ctrace_options $0")

    def test_zsh_offers_every_option(self):
        self.check_options("zsh", "-fc", f"source {DIRECTORY}/_ctrace; _ctrace_options $0 | "
                                         "cut -d: -f1")

    def test_fish_offers_every_option(self):
        require("fish")
        for command in COMMANDS:
            out = self.run_shell("fish", "-c", f"source {DIRECTORY}/ctrace.fish; "
                                               f"complete -C 'ctrace {command} --'")
            offered = {line.split("\t")[0] for line in out.splitlines()}
            self.assertEqual(offered, self.options_by_help(command), command)

    def test_bash_in_use(self):
        require("bash")
        for words, wanted in CASES:
            quoted = " ".join(f"'{word}'" for word in words)
            out = self.run_shell("bash", "-c", f"""
                compopt() {{ :; }}
                source {DIRECTORY}/ctrace.bash
                COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}
                _ctrace
                printf '%s\\n' "${{COMPREPLY[@]}}" """)
            self.assertEqual(set(out.split()), wanted, words)

    def test_fish_in_use(self):
        require("fish")
        for words, wanted in CASES:
            out = self.run_shell("fish", "-c", f"source {DIRECTORY}/ctrace.fish; "
                                               f"complete -C '{' '.join(words)}'")
            self.assertEqual({line.split("\t")[0] for line in out.splitlines()}, wanted, words)

    def start_zsh(self):
        """A terminal on which an interactive zsh waits, with our completion."""
        process, terminal = pty.fork()
        if not process:
            os.chdir(self.directory)
            os.execvpe("zsh", ["zsh", "-fi"], self.environment)
        self.addCleanup(os.waitpid, process, 0)
        self.addCleanup(os.close, terminal)
        setup = (f"fpath=({DIRECTORY} $fpath); autoload -Uz compinit; compinit -u -D; PROMPT=; "
                 "print RE''ADY\n")
        os.write(terminal, setup.encode())
        self.read_until(terminal, {"READY"})
        return terminal

    @staticmethod
    def read_until(terminal, words):
        """What is shown until all words have been."""
        shown, deadline = "", time.monotonic() + 20
        while time.monotonic() < deadline and not all(word in shown for word in words):
            if select.select([terminal], [], [], 1)[0]:
                shown += ESCAPES.sub("", os.read(terminal, 65536).decode(errors="replace"))
        return shown

    def test_zsh_in_use(self):
        require("zsh")
        terminal = self.start_zsh()
        for words, wanted in CASES:
            os.write(terminal, (" ".join(words) + "\t\t").encode())
            shown = self.read_until(terminal, wanted)
            for word in wanted:
                self.assertIn(word, shown, words)
            os.write(terminal, b"\x15\n")


if __name__ == "__main__":
    Completions.ctrace = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=[__file__, *sys.argv[2:]], verbosity=2)
