#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How code is named in a whole run: with and without debug information, wherever the files are,
in the kernel, and code that is in no file at all."""
import functools
import gzip
import html
import http.server
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

import harness

SOURCES = harness.ROOT / "tests/e2e/symbols"
FULL = b"shapes::Box<long>::fill(long, std::__cxx11::basic_string<char, "
# Becomes the root of a mount namespace of its own, as a container's first process.
CONTAIN = "cd root && mount --bind . . && cd . && mkdir -p old && pivot_root . old && exec {}"


@functools.cache
def built():
    """A directory with the programs of SOURCES, removed at the end."""
    directory = tempfile.TemporaryDirectory()
    built.keep = directory
    top = pathlib.Path(directory.name)
    top.chmod(0o755)
    build("g++", "-O2", "-g", "-static", "-o", top / "shapes", SOURCES / "shapes.cc")
    build("g++", "-O2", "-no-pie", "-Wl,-z,lazy", "-o", top / "plain", SOURCES / "shapes.cc")
    build("gcc", "-O2", "-static", "-o", top / "jit_runtime", SOURCES / "jit_runtime.c")
    return top


def build(*command):
    subprocess.run([str(word) for word in command], check=True)


def build_id(path):
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True)
    return re.search(r"Build ID: ([0-9a-f]+)", notes.stdout)[1]


def address_of(path, symbol):
    """By nm, of the one symbol whose name matches."""
    listed = subprocess.run(["nm", "-C", path], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"(?m)^([0-9a-f]+) \w .*{symbol}", listed)[1], 16)


class Symbols(harness.Case):
    def profile(self, *program, options=(), **keywords):
        run = self.run_ctrace("profile:hz:199", "-v", "-o", "out.folded", *options, "--", *program,
                              **keywords)
        self.assertEqual(run.status, 0, run.err)
        return run

    def copy(self, name, to="program"):
        return pathlib.Path(shutil.copy(built() / name, self.directory / to))

    def strip(self, path, debug=None):
        """Strips, and keeps what is stripped in @debug."""
        if debug:
            debug.parent.mkdir(parents=True, exist_ok=True)
            build("objcopy", "--only-keep-debug", path, debug)
        build("strip", path)
        return path

    def assert_frame(self, run, pattern):
        frames = {frame for stack in run.stacks() for frame in stack}
        self.assertTrue(any(re.fullmatch(pattern, frame) for frame in frames),
                        f"no {pattern} in {sorted(frames)}")

    def assert_no_frame(self, run, pattern):
        frames = {frame for stack in run.stacks() for frame in stack}
        self.assertFalse([frame for frame in frames if re.fullmatch(pattern, frame)])

    # ---- objects and debug information ----

    def test_inlined_functions_and_lines_come_from_debug_information(self):
        run = self.profile(built() / "shapes", options=["--lines"])
        self.assert_frame(run, r"shapes::Box<long>::fill:\d+")
        self.assert_frame(run, r"shapes::grow:\d+_\[i\]")
        run = self.profile(built() / "shapes", options=["--no-inline"])
        self.assert_no_frame(run, r".*grow.*")

    def test_a_picture_tells_where_functions_are_without_telling_lines_apart(self):
        run = self.profile(built() / "shapes", options=["-o", "out.svg"])
        self.assert_no_frame(run, r".*:\d+(_\[i\])?")
        picture = html.unescape((run.directory / "out.svg").read_text())
        boxes = re.findall(r"<title>(.*?) \(.*\)\n(.*)</title>", picture)
        places = [place for name, place in boxes if name == "shapes::Box<long>::fill"]
        self.assertEqual(len(places), 1, boxes)
        self.assertRegex(places[0], r"/tests/e2e/symbols/shapes\.cc:\d+$")
        lines = (SOURCES / "shapes.cc").read_text().splitlines()
        self.assertIn("grow", lines[int(places[0].rsplit(":", 1)[1]) - 1], places)
        # A table of samples would take one line for that of each.
        run = self.profile(built() / "shapes", options=["-o", "out.svg", "-o", "out.csv"])
        self.assertNotIn("shapes.cc", (run.directory / "out.csv").read_text())

    def test_a_function_of_a_stripped_program_is_one_box_named_by_its_start(self):
        start = address_of(built() / "plain", r"Box<long>::fill")
        self.strip(self.copy("plain"))
        run = self.profile("./program")
        for frame in ("_start", "__libc_start_main", rf"\[program\+0x{start:x}\]"):
            self.assert_frame(run, frame)
        leaves = {frame for stack in run.stacks() for frame in stack if "program+" in frame}
        self.assertLessEqual(len(leaves), 2, "main and fill")
        self.assertRegex(run.err, r"symbols of .*/program: .*no debug information")

    def test_calls_through_the_plt_are_named(self):
        text = subprocess.run(["objdump", "-d", built() / "plain"], capture_output=True, text=True,
                              check=True).stdout
        stub = re.search(r"(?m)^([0-9a-f]+) <printf@plt>", text)[1]
        self.strip(self.copy("plain"))
        run = self.run_ctrace(f"uprobe:./program:0x{stub.lstrip('0')}", "-o", "out.folded", "--",
                              "./program")
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual({stack[-1] for stack in run.stacks()}, {"printf@plt"})

    def test_a_debug_file_of_another_build_is_refused_and_named(self):
        program = self.copy("shapes")
        number = build_id(program)
        stale = self.directory / "debug/.build-id" / number[:2] / f"{number[2:]}.debug"
        stale.parent.mkdir(parents=True)
        build("objcopy", "--only-keep-debug", built() / "plain", stale)
        self.strip(program)
        run = self.run_ctrace("profile:hz:199", "--debug-dir", "debug", "-o", "out.folded", "--",
                              "./program")
        self.assertRegex(run.err, r"names of functions in .*program may be missing: .*its build-id differs")

    def test_a_report_refuses_a_program_that_was_built_anew(self):
        self.copy("shapes")
        self.profile("./program", options=["-o", "run.ctrace"])
        self.copy("plain")
        run = self.run_ctrace("report", "-o", "out.folded", "run.ctrace")
        self.assertRegex(run.err, "program: refused, it is not the file that was recorded")
        self.assert_frame(run, r"\[program\]")

    def test_a_deleted_program_keeps_its_names(self):
        self.copy("shapes")
        run = self.profile("./program", options=["-o", "run.ctrace"],
                           env={"DELETE_ME": "1", "PATH": "/usr/bin:/bin"})
        self.assertFalse((self.directory / "program").exists())
        self.assert_frame(run, r"shapes::grow_\[i\]")
        self.assert_no_frame(run, r".*deleted.*")
        later = self.run_ctrace("report", "-o", "out.folded", "run.ctrace")
        self.assert_frame(later, r"shapes::Box<long>::fill")

    def test_a_container_has_its_own_files_and_debug_files(self):
        inside = self.directory / "root/bin/contained"
        inside.parent.mkdir(parents=True)
        shutil.copy(built() / "shapes", inside)
        number = build_id(inside)
        self.strip(inside, self.directory / "root/usr/lib/debug/.build-id" / number[:2] /
                   f"{number[2:]}.debug")
        run = self.profile("unshare", "-m", "sh", "-c", CONTAIN.format("/bin/contained"))
        self.assert_frame(run, r"shapes::grow_\[i\]")
        self.assertRegex(run.err, r"symbols of /bin/contained: .*/usr/lib/debug/.build-id")

    def test_a_report_names_a_file_that_is_gone_by_its_debug_file(self):
        number = build_id(self.copy("shapes"))
        self.strip(self.directory / "program", self.directory / "debug/.build-id" / number[:2] /
                   f"{number[2:]}.debug")
        self.profile("./program", options=["-o", "run.ctrace"])
        (self.directory / "program").unlink()
        run = self.run_ctrace("report", "-v", "--debug-dir", "debug", "-o", "out.folded",
                              "run.ctrace")
        self.assert_frame(run, r"shapes::grow_\[i\]")
        self.assertIn("its debug file alone", run.err)

    def test_debug_files_are_fetched_when_asked_for(self):
        listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True)
        if "libdebuginfod.so.1" not in listed.stdout:
            self.skipTest("no libdebuginfod here")
        number = build_id(self.copy("shapes"))
        self.strip(self.directory / "program",
                   self.directory / "served/buildid" / number / "debuginfo")
        handler = functools.partial(QuietHandler, directory=self.directory / "served")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {"DEBUGINFOD_URLS": f"http://127.0.0.1:{server.server_port}",
                       "HOME": str(self.directory), "PATH": "/usr/bin:/bin"}
        run = self.profile("./program", env=environment, options=["--no-cache"])
        self.assert_no_frame(run, r"shapes::grow_\[i\]")
        run = self.profile("./program", env=environment, options=["--debuginfod"])
        self.assert_frame(run, r"shapes::grow_\[i\]")

    # ---- languages ----

    def test_names_are_short_and_the_full_ones_come_along(self):
        run = self.profile(built() / "shapes", options=["-o", "out.pb.gz", "-o", "run.ctrace"])
        self.assert_frame(run, r"shapes::Box<long>::fill")
        self.assertIn(FULL, gzip.decompress((self.directory / "out.pb.gz").read_bytes()))
        for mode, pattern in (("full", r"shapes::Box<long>::fill\(long, std::.*\).*"),
                              ("simple", r"shapes::Box<>::fill"),
                              ("none", r"_ZN6shapes3BoxIlE4fillE.*")):
            again = self.run_ctrace("report", "--demangle", mode, "-o", "out.folded", "run.ctrace")
            self.assert_frame(again, pattern)

    def test_stripped_go_has_its_functions(self):
        program = self.programs.parent / "unit/symbolize/fixtures/go-stripped"
        if not program.exists():
            self.skipTest("no Go compiler here")
        run = self.run_ctrace("uprobe:" + str(program) + ":0x" +
                              f"{address_of(program.with_name('go-full'), 'main.words'):x}",
                              "-o", "out.folded", "--", program, "two words")
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual({stack[-3:] for stack in run.stacks()},
                         {("runtime.main", "main.main", "main.words")})

    # ---- kernel ----

    def test_kernel_functions_and_the_vdso_are_named(self):
        run = self.profile("dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=400000")
        self.assert_frame(run, r"(ksys|vfs)_(read|write)_\[k\]")
        self.assert_no_frame(run, r"\[kernel\].*")
        run = self.profile("python3", "-Sc",
                           "import time\nfor i in range(4000000): time.monotonic()")
        self.assert_frame(run, r"(__vdso_)?clock_gettime")

    def test_hidden_kernel_addresses_are_a_hint(self):
        hidden = self.directory / "kallsyms"
        hidden.write_text("".join(f"{0:016x} T function_{i}\n" for i in range(100)))
        command = (f"mount --bind {hidden} /proc/kallsyms && exec {self.ctrace} profile:hz:199 "
                   "-o out.folded -- dd if=/dev/zero of=/dev/null bs=1 count=400000")
        done = subprocess.run(["unshare", "-m", "sh", "-c", command], cwd=self.directory,
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("kernel.kptr_restrict", done.stderr)
        self.assertRegex((self.directory / "out.folded").read_text(), r"\[kernel\](_\[k\])? ")

    # ---- code that is in no file ----

    def jit(self, how, wrap="{}"):
        self.addCleanup(self.remove_maps)
        return self.profile("sh", "-c", wrap.format(f"{built() / 'jit_runtime'} {how}"))

    @staticmethod
    def remove_maps():
        for path in pathlib.Path("/tmp").glob("perf-*.map"):
            target = path.readlink() if path.is_symlink() else path
            if "jitted loop" in target.read_text():
                target.unlink()
                path.unlink(missing_ok=True)

    def test_jit_code_is_named_by_the_perf_map_of_a_process_that_is_gone(self):
        self.assert_frame(self.jit("map"), r"jitted loop_\[j\]")

    def test_jit_code_is_named_by_a_jitdump_that_is_deleted(self):
        self.assert_frame(self.jit("dump"), r"jitted loop_\[j\]")

    def test_inherited_jit_code_is_named_by_the_parent(self):
        self.assert_frame(self.jit("child"), r"jitted loop_\[j\]")

    def test_a_perf_map_in_a_container_is_found_by_the_pid_there(self):
        inside = self.directory / "root"
        (inside / "tmp").mkdir(parents=True)
        shutil.copy(built() / "jit_runtime", inside)
        run = self.profile("unshare", "-m", "-p", "-f", "sh", "-c",
                           CONTAIN.format("/jit_runtime map"))
        self.assertEqual(harness.files_in(inside / "tmp"), ["perf-1.map"])
        self.assert_frame(run, r"jitted loop_\[j\]")

    def test_a_symbolic_link_for_a_perf_map_is_refused_with_a_warning(self):
        run = self.jit("link")
        self.assert_no_frame(run, r"jitted loop_\[j\]")
        self.assertRegex(run.err, r"perf map of process \d+ .*refused: it is no regular file")

    def test_node_tells_its_functions(self):
        if not shutil.which("node"):
            self.skipTest("no node here")
        script = self.directory / "loop.js"
        script.write_text("function busy(n) { let s = 0; for (let i = 0; i < n; i++)"
                          " s += Math.sqrt(i); return s }\nlet t = 0;\n"
                          "for (let i = 0; i < 600; i++) t += busy(100000);\n")
        for option in ("--perf-basic-prof", "--perf-prof"):
            run = self.profile("sh", "-c", f"node {option} loop.js; rm -f *.dump")
            # Node 18 tells how a function was compiled instead of its language.
            self.assert_frame(run, r"(JS|LazyCompile|Function):.?busy .*_\[j\]")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    harness.run_tests(__file__)
