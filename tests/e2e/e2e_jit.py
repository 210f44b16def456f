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
        subprocess.run(["gcc", "-O2", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls",
                        "-o", top / source.stem, source], check=True)
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


if __name__ == "__main__":
    harness.run_tests(__file__)
