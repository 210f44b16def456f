#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Code made at run time: its stacks are whole or say why not, and its names are those of the image,
the process and the moment it was sampled in."""
import functools
import pathlib
import shutil
import subprocess
import tempfile

import harness

SOURCES = harness.ROOT / "tests/e2e/jit"


@functools.cache
def built():
    """A directory with the programs of SOURCES, removed at the end."""
    directory = tempfile.TemporaryDirectory()
    built.keep = directory
    top = pathlib.Path(directory.name)
    top.chmod(0o755)
    for source in SOURCES.glob("*.c"):
        subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-fno-omit-frame-pointer",
                        "-fno-optimize-sibling-calls",
                        "-o", top / source.stem, source], check=True)
    subprocess.run(["gcc", "-c", "-o", top / "registered_code.o", SOURCES / "registered_code.S"],
                   check=True)
    return top


class Jit(harness.Case):
    def setUp(self):
        super().setUp()
        self.maps = set(pathlib.Path("/tmp").glob("perf-*.map"))
        self.addCleanup(self.remove_maps)

    def remove_maps(self):
        for path in set(pathlib.Path("/tmp").glob("perf-*.map")) - self.maps:
            path.unlink(missing_ok=True)

    def knock(self, program, *arguments, **options):
        run = self.run_ctrace("uprobe:knock", "-o", "out.folded", "--stats", "stats.json", "--",
                              built() / program, *arguments, **options)
        self.assertEqual(run.status, 0, run.err)
        harness.check_ledger(run.stats())
        return run

    def assert_stack(self, run, *patterns):
        """The stacks are as many as the patterns, in this order, each matched whole."""
        stacks = [";".join(frames) for frames in sorted(run.stacks())]
        self.assertEqual(len(stacks), len(patterns), stacks)
        for stack, pattern in zip(stacks, patterns):
            self.assertRegex(stack, f"^{pattern}$")

    # ---- frames ----

    def test_code_with_frame_pointers_is_whole(self):
        run = self.knock("jit_frames", "ff")
        self.assertEqual(run.stats()["complete"], 20)
        self.assert_stack(run, r".*;main;caller;(call_code;)?outer_code_\[j\];inner_code_\[j\];knock")
        self.assertNotIn("frame pointer", run.err)

    def test_no_frame_is_skipped_by_a_stale_frame_pointer(self):
        for frames in ("nn", "nf", "fn"):
            with self.subTest(frames=frames):
                run = self.knock("jit_frames", frames)
                stats = run.stats()
                self.assertEqual((stats["samples"], stats["complete"]), (20, 0))
                self.assertEqual(stats["stops"]["jit_frame"], 20)
                self.assert_stack(run, r"jit_frames;\[truncated\];.*inner_code_\[j\];knock")
                self.assertRegex(run.err, r"20 stacks of jit_frames are cut at code that it made"
                                          r" at run time without frame pointers")

    def profile(self, *program):
        run = self.run_ctrace("profile:hz:299", "-o", "out.folded", "--stats", "stats.json", "--",
                              *program)
        self.assertEqual(run.status, 0, run.err)
        return run

    def java(self, *options):
        if not shutil.which("javac"):
            self.skipTest("no javac here")
        (self.directory / "Deep.java").write_text("""
            public class Deep {
                static long leaf(long x) {
                    for (int i = 0; i < 3000; i++) x = x * 31 + i;
                    return x;
                }
                static long down(int n, long x) { return n == 0 ? leaf(x) : down(n - 1, x + 1) + 1; }
                public static void main(String[] a) {
                    long end = System.currentTimeMillis() + 1500, sum = 0;
                    while (System.currentTimeMillis() < end) sum += down(20, sum);
                    System.out.println(sum);
                }
            }""")
        subprocess.run(["javac", "Deep.java"], cwd=self.directory, check=True)
        return self.profile("java", "-XX:-BackgroundCompilation", *options, "Deep")

    def test_java_without_frame_pointers_is_cut_and_the_option_named_once(self):
        run = self.java()
        stats = run.stats()
        self.assertGreater(stats["stops"]["jit_frame"], stats["samples"] / 4)
        self.assertEqual(run.err.count("-XX:+PreserveFramePointer"), 1)
        self.assertRegex(run.err, r"code that Java made at run time without frame pointers")

    def test_java_with_frame_pointers_is_whole(self):
        run = self.java("-XX:+PreserveFramePointer")
        stats = run.stats()
        self.assertGreater(stats["complete"], stats["samples"] * 0.98)
        self.assertGreater(stats["guessed_frames"], stats["samples"])

    def test_node_is_whole(self):
        if not shutil.which("node"):
            self.skipTest("no node here")
        (self.directory / "deep.js").write_text("""
            function down(n) { let s = 0; for (let i = 0; i < 300; i++) s += Math.sqrt(i + n);
                               return n == 0 ? s : down(n - 1) + s }
            const end = Date.now() + 1500; let t = 0; while (Date.now() < end) t += down(20);""")
        run = self.profile("node", "deep.js")
        stats = run.stats()
        self.assertGreater(stats["complete"], stats["samples"] * 0.98)
        self.assertGreater(stats["guessed_frames"], stats["samples"])

    # ---- whose names ----

    def assert_names(self, run, **calls):
        """Stacks by the name of the compiled function under knock: as often as is said."""
        seen = {}
        for stack, count in run.stacks().items():
            self.assertEqual(stack[-1], "knock")
            seen[stack[-2]] = seen.get(stack[-2], 0) + count
        self.assertEqual(seen, {f"{name}_[j]": count for name, count in calls.items()})

    def test_names_are_those_of_the_image_that_was_sampled(self):
        for how in ("map", "dump"):
            with self.subTest(how=how):
                self.assert_names(self.knock("jit_images", "exec", how), red=10, blue=20)

    def test_an_image_that_tells_nothing_has_none_of_the_last_one_s_names(self):
        run = self.knock("jit_images", "exec-silent", "map")
        seen = {stack[-2]: count for stack, count in run.stacks().items()}
        self.assertEqual(seen, {"red_[j]": 10, "[unknown]": 20})

    def test_an_address_used_again_has_the_name_of_the_time(self):
        self.assert_names(self.knock("jit_images", "reuse", "dump"), red=10, blue=20)

    def test_a_map_older_than_the_process_is_not_its(self):
        program = built() / "jit_images"
        run = self.run_ctrace(
            f"uprobe:{program}:knock", "-o", "out.folded", "--", "sh", "-c",
            'echo "200000000000 1000 stale" >/tmp/perf-$$.map; sleep 0.1; '
            f'exec {program} alone silently')
        self.assertEqual(run.status, 0, run.err)
        self.assertEqual({stack[-2]: count for stack, count in run.stacks().items()},
                         {"[unknown]": 10})

    def test_a_map_told_by_a_process_that_gave_up_its_user_is_taken(self):
        self.assert_names(self.knock("jit_images", "drop", "map"), red=10)

    def test_a_child_s_place_is_where_it_is_when_it_makes_code(self):
        for move in ("child-drop", "child-root"):
            with self.subTest(move=move):
                self.assert_names(self.knock("jit_images", move, "map"), outside=3, red=10)

    def test_code_is_code_in_whatever_memory(self):
        for kind in ("anonymous", "memfd", "unnamed", "unlinked", "kept", "elsewhere"):
            with self.subTest(memory=kind):
                run = self.knock("jit_memory", kind)
                self.assert_names(run, red=20)
                self.assertEqual(run.stats()["complete"], 20)

    # ---- code that is registered for debuggers ----

    def test_registered_code_is_walked_by_its_cfi_and_named(self):
        for again in ((), ("again",)):
            with self.subTest(again=again):
                run = self.knock("jit_registered", built() / "registered_code.o", *again)
                stats = run.stats()
                self.assertEqual((stats["samples"], stats["complete"]), (20 + 10 * len(again),) * 2)
                self.assertEqual(stats["guessed_frames"], 0)
                for stack in run.stacks():
                    self.assertRegex(";".join(stack), r";main;(call_registered;)?"
                                     r"registered_outer_\[j\];registered_inner_\[j\];knock$")

    def test_llvm_s_code_is_walked_by_its_cfi_and_named(self):
        if not shutil.which("lli-19") or not shutil.which("clang-19"):
            self.skipTest("no LLVM 19 here")
        (self.directory / "fib.c").write_text("""
            __attribute__((noinline)) static long fib(int n) {
                return n < 2 ? n : fib(n - 1) + fib(n - 2);
            }
            int main(void) {
                volatile long sum = 0;
                for (int i = 0; i < 2000; i++) sum += fib(23 + i % 3);
                return 0;
            }""")
        subprocess.run(["clang-19", "-O2", "-S", "-emit-llvm", "fib.c"], cwd=self.directory,
                       check=True)
        for kind in ("orc", "mcjit"):
            with self.subTest(kind=kind):
                run = self.profile("lli-19", f"-jit-kind={kind}", "fib.ll")
                stats = run.stats()
                # Those of its first moments, before the code is known, are cut.
                self.assertGreater(stats["complete"], stats["samples"] * 0.8)
                whole = sum(count for stack, count in run.stacks().items()
                            if "main_[j]" in stack and stack[-1] == "fib_[j]")
                self.assertGreater(whole, stats["samples"] / 2)

    def test_an_emulator_s_code_is_walked_by_its_cfi(self):
        if not shutil.which("qemu-x86_64"):
            self.skipTest("no qemu-x86_64 here")
        (self.directory / "spin.c").write_text(
            "int main(void) { volatile long n; for (n = 0; n < 300000000; n++); return 0; }")
        subprocess.run(["gcc", "-O1", "-static", "-o", "spin", "spin.c"], cwd=self.directory,
                       check=True)
        run = self.profile("qemu-x86_64", "./spin")
        stats = run.stats()
        in_code = sum(count for stack, count in run.stacks().items()
                      if stack[-1] == "code_gen_buffer_[j]")
        self.assertGreater(in_code, stats["samples"] / 2)
        self.assertGreater(stats["complete"], stats["samples"] * 0.97)


if __name__ == "__main__":
    harness.run_tests(__file__)
