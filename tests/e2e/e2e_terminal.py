#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What ctrace shows at a terminal, and does not show anywhere else."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import harness

COLOUR = re.compile(r"\x1b\[\d+m")
FOLDED = "main;work;inner 70\nmain;work 20\nmain;vfs_read_[k] 10\n"
MINUTE = 60
LIVE_LINE = re.compile(r"(?m)^(?:\x1b\[A\r\x1b\[K)?"
                       r"(\d+) samples, (\d+) stacks, ([\d.]+)% complete, (\d+) lost$")


class Terminal(harness.Case):
    def at_terminal(self, *arguments, stdout=True, stderr=True, environment=None, **options):
        """Runs ctrace with streams on a terminal; returns the status and what that showed."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        variables = {**os.environ, "TERM": "xterm", **(environment or {})}
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(self.ctrace), *map(str, arguments)], cwd=self.directory,
            env={name: value for name, value in variables.items() if value is not None},
            stdin=subprocess.DEVNULL, stdout=theirs if stdout else subprocess.DEVNULL,
            stderr=theirs if stderr else subprocess.DEVNULL, **options)
        os.close(theirs)
        shown = self.read_terminal(ours)
        os.close(ours)
        return process.wait(MINUTE), shown.replace("\r\n", "\n")

    @staticmethod
    def read_terminal(descriptor):
        shown, deadline = b"", time.monotonic() + MINUTE
        while time.monotonic() < deadline:
            if not select.select([descriptor], [], [], 1)[0]:
                continue
            try:
                piece = os.read(descriptor, 65536)
            except OSError:  # the last one that had it open is gone
                break
            if not piece:
                break
            shown += piece
        return shown.decode()

    def folded(self):
        return self.script(FOLDED, "in.folded")

    def fake(self, name, text):
        """A program of that name, first in the PATH it returns."""
        directory = self.directory / "bin"
        directory.mkdir(exist_ok=True)
        program = directory / name
        program.write_text(text)
        program.chmod(0o755)
        return f"{directory}:{os.environ['PATH']}"

    def wait_for(self, name):
        path = self.directory / name
        deadline = time.monotonic() + MINUTE
        while not (path.exists() and path.read_text().endswith("\n")):
            self.assertLess(time.monotonic(), deadline, f"no {name}")
            time.sleep(0.05)
        return path.read_text()

    def test_live_line_tells_samples_stacks_wholeness_and_losses(self):
        status, shown = self.at_terminal("profile:hz:199", "-o", "o.folded", "-d", "4s", "--",
                                         "sh", "-c", "while :; do :; done & sleep 4.2; kill $!")
        self.assertEqual(status, 0, shown)
        told = re.findall(LIVE_LINE, shown)
        self.assertGreaterEqual(len(told), 2, shown)
        counts = [int(line[0]) for line in told]
        self.assertEqual(counts, sorted(counts))
        self.assertGreater(counts[-1], counts[0])
        # It is wiped before anything else is said.
        self.assertRegex(shown, r"\x1b\[A\r\x1b\[Kctrace: \d+ samples in ")

    def test_live_line_leaves_the_terminal_to_a_program_that_writes(self):
        for redirection in ("", " >&2"):
            script = "for i in $(seq 30); do echo line $i" + redirection + "; sleep 0.1; done"
            status, shown = self.at_terminal("profile:hz:99", "-o", "o.folded", "--",
                                             "sh", "-c", script)
            self.assertEqual(status, 0, shown)
            self.assertNotIn("\x1b[A", shown)
            self.assertTrue(shown.startswith("".join(f"line {i}\n" for i in range(1, 31))), shown)

    def test_live_line_is_a_line_of_its_own_when_somebody_writes_after_all(self):
        status, shown = self.at_terminal("profile:hz:99", "-o", "o.folded", "--", "sh", "-c",
                                         "sleep 3; echo late; sleep 1; echo later")
        self.assertEqual(status, 0, shown)
        self.assertRegex(shown, LIVE_LINE)
        self.assertRegex(shown, r"(?m)^late$")
        self.assertRegex(shown, r"(?m)^later$")

    def test_live_line_never_follows_a_prompt(self):
        _, shown = self.at_terminal("profile:hz:99", "-o", "o.folded", "--", "sh", "-c",
                                    "printf 'name? '; exec sleep 4")
        self.assertRegex(shown, r"^name\? ctrace: ")

    def test_live_line_goes_when_the_terminal_leaves_line_mode(self):
        script = self.script(
            "import sys, termios, time, tty\ntime.sleep(3)\nfd = 1\n"
            "tty.setraw(fd)\ntime.sleep(3)\n", "raw.py")
        _, shown = self.at_terminal("profile:hz:99", "-o", "o.folded", "--", "python3", script)
        lines = shown.split("\x1b[A\r\x1b[K")
        self.assertGreaterEqual(len(lines), 2, shown)
        self.assertLessEqual(len(lines), 7, shown)  # not one for each half second of the six
        self.assertTrue(lines[-1].startswith("ctrace: "), shown)

    def test_no_live_line_when_quiet_or_without_a_terminal(self):
        program = ("sh", "-c", "sleep 1.2")
        run = self.run_ctrace("profile:hz:99", "-o", "o.folded", "--", *program)
        self.assertNotIn("\r", run.err)
        self.assertNotIn("hottest", run.err)
        _, shown = self.at_terminal("profile:hz:99", "-q", "-o", "o.folded", "--", *program)
        self.assertEqual(shown, "")

    def test_the_hottest_functions_and_where_the_picture_is(self):
        status, shown = self.at_terminal("uprobe:hit", "-o", "o.svg", "--",
                                         self.program("qsort_callback"))
        self.assertEqual(status, 0, shown)
        plain = COLOUR.sub("", shown)
        self.assertRegex(plain, r"(?s)samples in .*hottest functions.*\n *100\.00% +100\.00%  hit  "
                                r"qsort_callback-gcc-O2\n.*wrote o\.svg\n")
        self.assertNotEqual(plain, shown)

    def test_at_most_five_hottest_functions(self):
        folded = self.script("".join(f"m;f{i} {i}\n" for i in range(1, 20)), "many.folded")
        top = self.run_ctrace("flamegraph", folded, "-f", "top").out
        self.assertEqual(len(re.findall(r"(?m)^ +\d", top)), 20)
        self.run_ctrace("software:page-faults:1", "-q", "-o", "r.ctrace", "--", "ls", "-l")
        _, shown = self.at_terminal("report", "r.ctrace", "-o", "o.svg",
                                    environment={"NO_COLOR": "1"})
        self.assertEqual(len(re.findall(r"(?m)^ +\d+\.\d\d% ", shown)), 5, shown)

    def test_a_terminal_gets_colours_and_no_color_is_respected(self):
        arguments = ("flamegraph", self.folded(), "-f", "tree")
        _, shown = self.at_terminal(*arguments, environment={"PAGER": "cat"})
        self.assertRegex(shown, COLOUR)
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}):
            _, shown = self.at_terminal(*arguments, environment={"PAGER": "cat", **environment})
            self.assertNotIn("\x1b", shown)
            self.assertIn("100.00%  all", shown)
        self.assertNotIn("\x1b", self.run_ctrace(*arguments).out)

    def test_text_goes_through_the_pager_only_on_a_terminal(self):
        self.run_ctrace("uprobe:hit", "-q", "-o", "r.ctrace", "--", self.program("plain_dynamic"))
        pager = {"PAGER": "sed s/^/PAGED:/"}
        for arguments in (("flamegraph", self.folded(), "-f", "top"),
                          ("report", "r.ctrace", "-q", "-f", "tree"),
                          ("report", "r.ctrace", "-q", "-f", "top", "-o", "-")):
            status, shown = self.at_terminal(*arguments, environment=pager)
            self.assertEqual(status, 0, shown)
            lines = shown.splitlines()
            self.assertGreater(len(lines), 2)
            self.assertTrue(all(line.startswith("PAGED:") for line in lines), shown)
            self.assertRegex(shown, COLOUR)
            run = self.run_ctrace(*arguments, env={**os.environ, **pager})
            self.assertNotIn("PAGED", run.out)
            self.assertGreater(len(run.out.splitlines()), 2)

    def test_a_picture_is_no_text_for_a_terminal(self):
        folded = self.folded()
        for arguments, name in ((("flamegraph", folded), "flamegraph.svg"),
                                (("flamegraph", folded, "-f", "html"), "flamegraph.html"),
                                (("flamegraph", folded, "-f", "pprof"), "flamegraph.pb.gz"),
                                (("diff", folded, folded), "diff.svg")):
            status, shown = self.at_terminal(*arguments)
            self.assertEqual((status, shown.splitlines()), (0, [f"ctrace: wrote {name}"]))
            self.assertGreater((self.directory / name).stat().st_size, 100)
        # What is read is not overwritten, and who asks for standard output gets it.
        status, shown = self.at_terminal("flamegraph", "flamegraph.svg")
        self.assertEqual(status, 1)
        self.assertIn("'flamegraph.svg' is read", shown)
        _, shown = self.at_terminal("flamegraph", folded, "-o", "-")
        self.assertTrue(shown.startswith("<svg"), shown[:20])
        _, shown = self.at_terminal("flamegraph", folded, "-f", "folded")
        self.assertNotIn("wrote", shown)

    def test_the_program_writes_to_the_terminal_itself_not_to_the_pager(self):
        status, shown = self.at_terminal("software:page-faults:1", "-q", "-f", "top", "--", "echo",
                                         "from the program",
                                         environment={"PAGER": "sed s/^/PAGED:/"})
        self.assertEqual(status, 0, shown)
        self.assertRegex(shown, r"(?m)^from the program$")
        self.assertRegex(shown, r"(?m)^PAGED:.*function")

    def test_less_is_the_pager_unless_another_one_is_chosen(self):
        path = self.fake("less", "#!/bin/sh\necho \"less $LESS\"\ncat\n")
        environment = {"PATH": path, "PAGER": None, "LESS": None}
        _, shown = self.at_terminal("flamegraph", self.folded(), "-f", "top",
                                    environment=environment)
        self.assertRegex(shown, r"^less FRX\n100 ")
        # Nor is it missed: what is there to see comes anyway.
        _, shown = self.at_terminal("flamegraph", self.folded(), "-f", "top",
                                    environment={"PAGER": None, "PATH": "/nonexistent"})
        self.assertRegex(shown, r"^100 ")

    def test_leaving_the_pager_early_is_no_error(self):
        many = self.script("".join(f"m;f{i};g{i} 1\n" for i in range(150)), "many.folded")
        status, shown = self.at_terminal("flamegraph", many, "-f", "tree",
                                         environment={"PAGER": "true"})
        self.assertEqual((status, shown), (0, ""))

    def test_open_hands_the_picture_to_xdg_open(self):
        path = self.fake("xdg-open", f"#!/bin/sh\necho \"$@\" > {self.directory}/opened\n")
        environment = {**os.environ, "PATH": path, "DISPLAY": ":9"}
        self.run_ctrace("uprobe:hit", "-q", "-o", "o.folded", "-o", "o.html", "-o", "r.ctrace",
                        "--open", "--", self.program("plain_dynamic"), env=environment)
        self.assertEqual(self.wait_for("opened"), "o.html\n")
        for arguments in (("report", "r.ctrace", "-q", "--open", "-o", "p.svg"),
                          ("flamegraph", self.folded(), "-o", "p.svg", "--open"),
                          ("diff", self.folded(), self.folded(), "-o", "p.svg", "--open")):
            (self.directory / "opened").unlink()
            run = self.run_ctrace(*arguments, env=environment)
            self.assertEqual((run.status, run.err.replace("ctrace: wrote p.svg\n", "")), (0, ""))
            self.assertEqual(self.wait_for("opened"), "p.svg\n")

    def test_open_runs_as_the_user_behind_sudo(self):
        self.directory.chmod(0o777)
        path = self.fake("xdg-open", "#!/bin/sh\necho \"$(id -u) $(id -un) $HOME\" > "
                                     f"{self.directory}/opened\n")
        self.run_ctrace("uprobe:hit", "-q", "-o", "o.svg", "--open", "--",
                        self.program("plain_dynamic"),
                        env={**os.environ, "PATH": path, "HOME": "/root", "SUDO_UID": "65534",
                             "DISPLAY": ":9", "SUDO_GID": "65534", "SUDO_USER": "nobody"})
        self.assertEqual(self.wait_for("opened"), "65534 nobody /nonexistent\n")

    def test_open_without_a_browser_is_a_warning(self):
        run = self.run_ctrace("flamegraph", self.folded(), "-o", "p.svg", "--open",
                              env={**os.environ, "PATH": "/nonexistent", "DISPLAY": ":9"})
        self.assertEqual(run.status, 0)
        self.assertRegex(run.err, r"(?m)^ctrace: cannot show 'p\.svg': xdg-open: No such file")

    def test_open_without_a_display_or_in_vain_is_a_warning(self):
        path = self.fake("xdg-open", "#!/bin/sh\nexit 3\n")
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")}
        for more, what in (({}, "there is no display"), ({"DISPLAY": ":9"}, "found no program")):
            run = self.run_ctrace("flamegraph", self.folded(), "-o", "p.svg", "--open",
                                  env={**environment, "PATH": path, **more})
            self.assertEqual(run.status, 0)
            self.assertRegex(run.err, rf"(?m)^ctrace: cannot show 'p\.svg': .*{what}")

    def test_hottest_functions_fit_the_terminal(self):
        deep = "a_function_whose_name_is_longer_than_the_line_of_any_terminal" * 3
        self.script(f"#include <unistd.h>\nvoid {deep}(void) {{ for (int i = 0; i < 9; i++) "
                    f"getppid(); }}\nint main(void) {{ {deep}(); }}\n", "long.c")
        subprocess.run(["gcc", "-O0", "-o", "long", "long.c"], cwd=self.directory, check=True)
        _, shown = self.at_terminal(f"uprobe:{deep}", "-o", "o.folded", "--", "./long")
        lines = COLOUR.sub("", shown).splitlines()
        table = [line for line in lines if "100.00%" in line]
        self.assertTrue(table, shown)
        self.assertTrue(all(len(line) <= 80 for line in table), table)
        self.assertTrue(table[0].endswith("..."), table)

    def test_open_without_a_picture_is_a_usage_error(self):
        for arguments in (("flamegraph", self.folded(), "--open"),
                          ("flamegraph", self.folded(), "--open", "-o", "p.folded"),
                          ("report", "r.ctrace", "--open", "-f", "folded")):
            run = self.run_ctrace(*arguments)
            self.assertEqual(run.status, 2, run.err)
            self.assertIn("--open", run.err)


if __name__ == "__main__":
    harness.run_tests(__file__)
