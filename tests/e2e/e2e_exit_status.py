#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The program's own status comes through; ctrace's failures have theirs; usage is told apart."""
import os
import pathlib
import subprocess

import harness

PROBE = "uprobe:libc:getpid"


class ExitStatus(harness.Case):
    def status_of(self, *command):
        return self.run_ctrace(PROBE, "-q", "-o", "o.folded", "--", *command).status

    def test_status_of_the_program_comes_through(self):
        for status in (0, 1, 3, 42, 255):
            self.assertEqual(self.status_of("sh", "-c", f"exit {status}"), status)

    def test_death_by_signal_is_128_and_the_signal(self):
        for number in (9, 11, 15):
            self.assertEqual(self.status_of("sh", "-c", f"kill -{number} $$"), 128 + number)

    def test_outputs_are_written_whatever_the_status(self):
        run = self.run_ctrace(PROBE, "-o", "o.folded", "-o", "o.svg", "--",
                              "bash", "-c", "exit 7")
        self.assertEqual(run.status, 7, run.err)
        self.assertIn("o.folded", harness.files_in(self.directory))

    def test_program_that_its_linker_ends_has_its_own_status_and_outputs(self):
        path = self.directory / "needs-a-library"
        path.write_bytes(pathlib.Path("/bin/true").read_bytes().replace(b"libc.so.6", b"libx.so.6"))
        path.chmod(0o755)
        run = self.run_ctrace(PROBE, "-o", "o.folded", "--stats", "stats.json", "--", path)
        self.assertEqual(run.status, 127, run.err)
        self.assertIn("libx.so.6", run.err)
        self.assertEqual(run.stats()["samples"], 0)
        self.assertEqual(run.stats()["startup_ns"], 0)
        self.assertEqual(run.stacks("o.folded"), {})

    def test_missing_program_is_127(self):
        run = self.run_ctrace(PROBE, "--", "./no-such-program")
        self.assert_one_line(run, 127, "no-such-program")
        self.assertEqual(harness.files_in(self.directory), [])

    def test_program_missing_in_path_is_127(self):
        self.assert_one_line(self.run_ctrace(PROBE, "--", "no-such-program"), 127,
                             "no-such-program")

    def test_program_that_only_the_user_behind_sudo_has_is_named(self):
        (self.directory / "bin").mkdir()
        self.directory.chmod(0o755)
        path = self.script("#!/bin/sh\n", "bin/of-the-user")
        hidden = self.directory / "of-root"
        hidden.mkdir(mode=0o700)
        # As sudo does it: the environment of its own process has the user's PATH.
        sudo = ["env", f"PATH={os.environ['PATH']}:{self.directory}/bin", "sh", "-c",
                f'PATH="{hidden}:/usr/bin:/bin" "$@"; exit $?', "sh"]
        run = self.run_ctrace(PROBE, "--", "of-the-user", under=sudo,
                              env=dict(os.environ, SUDO_UID="65534", SUDO_GID="65534"))
        self.assert_one_line(run, 127, "cannot find 'of-the-user' in PATH")
        self.assertIn(f"hint: 'of-the-user' is not in root's PATH; try $(which of-the-user), "
                      f"that is {path}", run.err)

    def test_file_that_is_not_executable_is_126(self):
        path = self.script("#!/bin/sh\n", mode=0o644)
        self.assert_one_line(self.run_ctrace(PROBE, "--", path), 126, "script.sh")

    def test_directory_is_126(self):
        self.assert_one_line(self.run_ctrace(PROBE, "--", self.directory), 126, ".")

    def test_script_without_its_interpreter_fails_in_one_line(self):
        path = self.script("#!/no/such/interpreter\n")
        run = self.run_ctrace(PROBE, "--", path)
        self.assertIn(run.status, (126, 127))
        self.assert_one_line(run, run.status, "interpreter")

    def test_program_of_32_bits_is_126(self):
        # The smallest ELF header of a 32-bit program; nothing of it is ever run.
        header = bytearray(b"\x7fELF\x01\x01\x01" + bytes(9))
        header += bytes([2, 0, 3, 0, 1, 0, 0, 0]) + (0x8048054).to_bytes(4, "little")
        header += (52).to_bytes(4, "little") + bytes(8) + bytes([52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0])
        header += (1).to_bytes(4, "little") + bytes(4) + (0x8048000).to_bytes(4, "little") * 2
        header += (0x60).to_bytes(4, "little") * 2 + (5).to_bytes(4, "little")
        header += (0x1000).to_bytes(4, "little")
        header += b"\xb8\x01\x00\x00\x00\x31\xdb\xcd\x80" + bytes(16)
        path = self.directory / "program32"
        path.write_bytes(header)
        path.chmod(0o755)
        run = self.run_ctrace(PROBE, "--", path)
        self.assert_one_line(run, 126, "32")

    def test_bad_usage_is_125_with_a_program_and_2_without(self):
        for arguments in (["--no-such-option"], ["profile:hz:99", "-d", "soon"],
                          ["profile:hz:99", "-n", "0"], ["profile:hz:99", "--max-frames", "513"],
                          ["profile:hz:99", "-o", "x.unknown"]):
            self.assertEqual(self.run_ctrace(*arguments, "--", "true").status, 125, arguments)
            self.assertEqual(self.run_ctrace(*arguments).status, 2, arguments)
        # A word alone is a program, before a program a probe.
        self.assertEqual(self.run_ctrace("nonsense", "--", "true").status, 125)
        self.assertEqual(self.run_ctrace("nonsense").status, 127)

    def test_numbers_out_of_range_name_the_range(self):
        run = self.run_ctrace("profile:hz:99", "--max-frames", "513", "--", "true")
        self.assertIn("1 to 512", run.err)

    def test_no_program_says_where_it_goes(self):
        run = self.run_ctrace("profile:hz:99")
        self.assertEqual(run.status, 2)
        self.assertRegex(run.err, "no program.*--")

    def test_unknown_command_suggests_the_near_one(self):
        run = self.run_ctrace("reprot", "x.ctrace")
        self.assertEqual(run.status, 127)
        self.assertIn("'report'", run.err)

    def test_unknown_function_is_125_and_named(self):
        run = self.run_ctrace("uprobe:no_such_function", "--", "true")
        self.assert_one_line(run, 125, "no_such_function")
        self.assertEqual(harness.files_in(self.directory), [])

    def test_unknown_probe_kind_is_125_and_named(self):
        run = self.run_ctrace("porbe:x", "--", "true")
        self.assertEqual(run.status, 125)
        self.assertIn("porbe", run.err)

    def test_arguments_and_environment_come_through(self):
        run = self.run_ctrace(PROBE, "-q", "-o", "o.folded", "--", "sh", "-c",
                              'printf "%s|" "$0" "$@" "$MARK"', "zero", "one two", "",
                              env={**os.environ, "MARK": "here"})
        self.assertEqual(run.out, "zero|one two||here|")

    def test_standard_input_comes_through(self):
        with subprocess.Popen(["echo", "through"], stdout=subprocess.PIPE) as echo:
            run = self.run_ctrace(PROBE, "-q", "-o", "o.folded", "--", "cat", stdin=echo.stdout)
        self.assertEqual(run.out, "through\n")

    def test_commands_and_help_are_found_anywhere(self):
        self.assertEqual(self.run_ctrace("--help").status, 0)
        self.assertEqual(self.run_ctrace("record", "--help").status, 0)
        self.assertRegex(self.run_ctrace("--version").out, r"^ctrace \d")
        run = self.run_ctrace("-o", "x.folded", "-v", PROBE, "--", "true")
        self.assertEqual(run.status, 0, run.err)


if __name__ == "__main__":
    harness.run_tests(__file__)
