#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files of other people: cut off while they are read, exchanged, endless, or no files at all.

ctrace runs as root here.  Whatever lies where it looks, it ends soon, keeps the recording, and
touches nothing that is not its own.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import time

import harness

STRANGER = 65534
TERABYTE = 1 << 40

# Maps fresh copies of a library executable while a child of it cuts them off and fills them again.
CUTS_OFF = r"""
import mmap, os, sys, time
body = open(sys.argv[1], "rb").read()
for number in range(15):
    fd = os.open(f"copy{number}.so", os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o755)
    os.write(fd, body)
    if not (child := os.fork()):
        for turn in range(25):
            time.sleep(turn % 4 / 1000)
            os.ftruncate(fd, 4096)
            os.pwrite(fd, body, 0)
        os._exit(0)
    mapped = mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
    time.sleep(0.02)
    os.waitpid(child, 0)
    mapped.close()
    os.close(fd)
"""
# The same, but what it mapped is something else a moment later.
EXCHANGES = r"""
import mmap, os, shutil, sys
for number in range(60):
    path = f"copy{number}.so"
    shutil.copy(sys.argv[1], path)
    fd = os.open(path, os.O_RDONLY)
    mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC).close()
    os.close(fd)
    os.unlink(path)
    if number % 2:
        os.mkfifo(path)
    else:
        os.symlink("/dev/zero", path)
"""
MAPS = r"""
import mmap, os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC, offset=4096)
end = time.monotonic() + 1
while time.monotonic() < end:
    pass
"""


def stretch(source, target, name, size):
    """A copy of the program @source whose section @name is @size bytes long, nearly all holes."""
    data = bytearray(source.read_bytes())
    offset, = struct.unpack_from("<Q", data, 40)
    number, names = struct.unpack_from("<HH", data, 60)
    text, = struct.unpack_from("<Q", data, offset + 64 * names + 24)
    for header in range(offset, offset + 64 * number, 64):
        at = text + struct.unpack_from("<I", data, header)[0]
        if data[at:data.index(0, at)].decode() == name:
            break
    else:
        raise KeyError(name)
    begin, length = struct.unpack_from("<QQ", data, header + 24)
    place = (len(data) + 4095) & ~4095
    struct.pack_into("<QQ", data, header + 24, place, size)
    with target.open("wb") as out:
        out.write(data)
        out.seek(place)
        out.write(data[begin:begin + length])
        out.truncate(place + size)
    target.chmod(0o755)


class Case(harness.Case):
    def library(self):
        """A library of some size, with debug information or without."""
        return next(path for path in map(pathlib.Path, (
            "/lib/x86_64-linux-gnu/libstdc++.so.6", "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib/libc.so.6", "/lib64/libc.so.6")) if path.exists())

    def quickly(self, *arguments, seconds=30, **options):
        began = time.monotonic()
        run = self.run_ctrace(*arguments, timeout=seconds, **options)
        self.assertLess(time.monotonic() - began, seconds)
        return run


class Inputs(Case):
    def record(self, program, *arguments):
        run = self.quickly("profile:hz:499", "--no-cache", "-o", "out.folded", "--stats",
                           "stats.json", "--", sys.executable, "-c", program, *arguments,
                           seconds=100)
        self.assertEqual(run.status, 0, run.err)
        self.assertGreater(run.stats()["samples"], 0)
        self.assertEqual(harness.check_ledger(run.stats()), [])
        self.assertEqual(sum(run.stacks().values()), run.stats()["samples"])
        return run

    def test_objects_that_are_cut_off_while_they_are_read(self):
        self.record(CUTS_OFF, self.library())

    def test_objects_that_are_exchanged_for_pipes_and_devices(self):
        self.record(EXCHANGES, self.library())

    def test_sections_that_are_holes_cost_nothing(self):
        program = self.program("plain_dynamic")
        giant = self.directory / "giant"
        for name in (".symtab", ".dynsym", ".eh_frame", ".text", ".debug_info", ".debug_str"):
            for size in (TERABYTE // 4, 250 << 20):
                with contextlib.suppress(KeyError):
                    stretch(program, giant, name, size)
                    self.assertEqual(self.quickly("unwind", "--json", giant).status, 0)
                    self.quickly("symbolize", "--no-cache", "-i", "-e", giant, "0x1139")
        stretch(program, giant, ".symtab", TERABYTE // 4)
        run = self.record(MAPS, giant)
        self.assertRegex(run.err, "giant' is nearly all holes: only a part of it was read")

    def test_interruption_while_a_giant_is_mapped(self):
        giant = self.directory / "giant"
        stretch(self.program("plain_dynamic"), giant, ".symtab", TERABYTE // 4)
        process = self.start_ctrace("profile:hz:99", "-q", "-o", "out.folded", "--no-cache", "--",
                                    sys.executable, "-c", MAPS.replace("+ 1", "+ 40"), giant)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        # The program goes on, and ctrace waits for it; the recording is there.
        harness.wait_until((self.directory / "out.folded").exists, "the recording", seconds=30)

    def strip_to_link(self, debug_name):
        """A program without build-id or symbols, whose .gnu_debuglink says @debug_name."""
        program = self.directory / "linked"
        link = self.directory / "link"
        link.write_bytes(debug_name.encode().ljust(len(debug_name) // 4 * 4 + 4, b"\0") + b"\1\2\3\4")
        done = subprocess.run(["objcopy", "-S", "-R", ".note.gnu.build-id", "--add-section",
                               f".gnu_debuglink={link}", self.program("plain_dynamic"), program],
                              check=False, capture_output=True)
        if done.returncode:
            self.skipTest("no objcopy")
        return program

    def test_checksum_of_a_giant_is_not_asked_for(self):
        program = self.strip_to_link("giant.debug")
        giant = self.directory / "giant.debug"
        shutil.copy(self.program("plain_dynamic"), giant)
        os.truncate(giant, TERABYTE // 2)
        run = self.quickly("symbolize", "-v", "--no-cache", "-e", program, "0x1139")
        self.assertEqual(run.status, 0, run.err)

    def test_debug_files_that_are_none(self):
        program = self.strip_to_link("odd.debug")
        odd = self.directory / "odd.debug"
        for make in (os.mkfifo, lambda path: os.symlink("/dev/zero", path),
                     lambda path: os.symlink("odd.debug", path), os.mkdir,
                     lambda path: os.mknod(path, 0o60600, os.makedev(240, 250))):
            make(odd)
            run = self.quickly("symbolize", "--no-cache", "-i", "-e", program, "0x1139")
            self.assertEqual(run.status, 0, run.err)
            if odd.is_dir() and not odd.is_symlink():
                odd.rmdir()
            else:
                odd.unlink()

    def test_cache_files_that_are_none(self):
        cache = self.directory / "cache"
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        arguments = ("symbolize", "-i", "-e", self.program("plain_dynamic"), "0x1139", "0x1200")
        first = self.quickly(*arguments, env=environment)
        files = [path for path in cache.rglob("*") if path.is_file()]
        self.assertTrue(files)
        for make in (os.mkfifo, lambda path: os.symlink("/dev/zero", path)):
            for path in files:
                path.unlink()
                make(path)
            self.assertEqual(self.quickly(*arguments, env=environment).out, first.out)

    def test_captures_that_are_none(self):
        self.quickly("uprobe:hit", "-q", "-o", "run.ctrace", "--", self.program("plain_dynamic"))
        giant = self.directory / "giant.ctrace"
        shutil.copy(self.directory / "run.ctrace", giant)
        os.truncate(giant, TERABYTE)
        for command in ("report", "flamegraph"):
            run = self.quickly(command, giant, "-o", "-", "-f", "folded")
            self.assert_one_line(run, 1, "giant.ctrace.*[Ff]ile too large")
            run = self.quickly(command, self.directory, "-o", "-", "-f", "folded")
            self.assert_one_line(run, 1, "[Dd]irectory")


class Outputs(Case):
    """@self.directory belongs to somebody else, and @self.secret is root's."""

    def setUp(self):
        super().setUp()
        self.place = self.directory / "theirs"
        self.place.mkdir()
        os.chown(self.place, STRANGER, STRANGER)
        self.directory.chmod(0o755)
        self.secret = self.directory / "secret"
        self.secret.write_text("secret\n")
        self.secret.chmod(0o600)
        self.folded = self.directory / "in.folded"
        self.folded.write_text("a;b;c 5\n")

    def draw(self, name, **options):
        return self.quickly("flamegraph", self.folded, "-f", "folded", "-o", name,
                            cwd=self.place, **options)

    def theirs(self, path):
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)

    def test_links_and_devices_of_others_are_refused(self):
        output = self.place / "out.folded"
        block = self.directory / "block"
        os.mknod(block, 0o60600, os.makedev(240, 250))
        for target in (self.secret, "/dev/null", block):
            output.symlink_to(target)
            self.theirs(output)
            self.assert_one_line(self.draw("out.folded"), 1, "belongs to another user")
            output.unlink()
        output.symlink_to(block)
        self.assert_one_line(self.draw("out.folded"), 1, "block device")
        output.unlink()
        os.mkfifo(output)
        self.theirs(output)
        self.assert_one_line(self.draw("out.folded"), 1, "belongs to another user")
        output.unlink()
        (self.place / "sub").symlink_to(self.directory)
        self.theirs(self.place / "sub")
        self.assert_one_line(self.draw("sub/secret"), 1, "belongs to another user")
        self.assertEqual(self.secret.read_text(), "secret\n")

    def test_an_attacker_beside_it_wins_nothing(self):
        attacker = os.fork()
        if not attacker:
            self.exchange()
        try:
            written = 0
            for _ in range(150):
                run = self.draw("out.folded")
                written += run.status == 0
                if run.status:
                    self.assert_one_line(run, 1, "belongs to another user")
            self.assertGreater(written, 0)
        finally:
            os.kill(attacker, signal.SIGKILL)
            os.waitpid(attacker, 0)
        self.assertEqual(self.secret.read_text(), "secret\n")
        self.assertEqual(self.secret.stat().st_uid, 0)

    def exchange(self):
        """As the other user: the name is a pipe, a link to the secret, and a file in turn."""
        os.setgroups([])
        os.setgid(STRANGER)
        os.setuid(STRANGER)
        os.chdir(self.place)
        while True:
            with contextlib.suppress(OSError):
                os.mkfifo("other")
                os.rename("other", "out.folded")
            with contextlib.suppress(OSError):
                os.symlink(self.secret, "other")
                os.rename("other", "out.folded")
            with contextlib.suppress(OSError):
                os.close(os.open("other", os.O_CREAT | os.O_WRONLY, 0o666))
                os.rename("other", "out.folded")

    def test_what_one_means_is_done(self):
        self.assertEqual(self.draw("/dev/stdout").out, "a;b;c 5\n")
        self.assertEqual(self.draw("/dev/null").status, 0)
        shell = subprocess.run(
            ["bash", "-c", f"exec '{self.ctrace}' flamegraph '{self.folded}' -f folded -o "
             f">(cat > '{self.directory}/substituted')"], check=True, timeout=30)
        self.assertEqual(shell.returncode, 0)
        harness.wait_until((self.directory / "substituted").exists, "what cat writes")
        own = self.directory / "own.folded"
        own.symlink_to(self.directory / "target.folded")
        self.assertEqual(self.draw(own).status, 0)
        self.assertEqual(own.read_text(), "a;b;c 5\n")
        with (self.directory / "appended").open("w") as out:
            out.write("before\n")
            out.flush()
            self.assertEqual(self.draw(f"/dev/fd/{out.fileno()}", pass_fds=[out.fileno()]).status, 0)
        self.assertEqual((self.directory / "appended").read_text(), "before\na;b;c 5\n")

    def test_name_as_long_as_can_be(self):
        self.assertEqual(self.draw("n" * 255).status, 0)
        self.assertEqual((self.place / ("n" * 255)).read_text(), "a;b;c 5\n")
        run = self.run_ctrace("profile:hz:99", "-o", "n" * 256 + ".svg", "--", "touch", "ran")
        self.assert_one_line(run, 125, "[Ff]ile name too long")
        self.assertFalse((self.directory / "ran").exists())

    def test_sudo_replaces_what_the_user_could(self):
        environment = {**os.environ, "SUDO_UID": str(STRANGER), "SUDO_GID": str(STRANGER)}
        self.assert_one_line(self.draw(self.secret, env=environment), 1, "[Pp]ermission denied")
        self.assertEqual(self.secret.read_text(), "secret\n")
        self.assertEqual(self.draw("out.folded", env=environment).status, 0)
        self.assertEqual(self.draw("out.folded", env=environment).status, 0)
        self.assertEqual((self.place / "out.folded").stat().st_uid, STRANGER)


if __name__ == "__main__":
    harness.run_tests(__file__)
