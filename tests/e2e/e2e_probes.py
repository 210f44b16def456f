#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Probes by the names people type: what they hit, what is said of those that hit nothing."""
import os
import re
import shutil
import subprocess
import unittest

import harness

C = r"""
#include <stdio.h>
#define KEPT __attribute__((noinline))
int counter = 5;
KEPT int plus(int a, int b) { __asm__ volatile(""); return a + b; }
KEPT void never(void) { __asm__ volatile(""); }
__attribute__((always_inline)) inline int helper(int x) { return x * 3 + counter; }
extern int helper(int);
static inline __attribute__((always_inline)) int inlined(int x) { return x * x + counter; }
KEPT int user(int x) { __asm__ volatile(""); return helper(x) + inlined(x); }
int main(int argc, char **argv)
{
	int t = 0;
	if (argc > 9)
		never();
	for (int i = 0; i < 9; i++)
		t += plus(i, 2) + user(i);
	printf("%d\n", t);
	return 0;
}
"""

CXX = r"""
#include <cstdio>
namespace shapes {
template <class T> struct Box {
	T value;
	__attribute__((noinline)) T operator[](int i) { __asm__ volatile(""); return value + i; }
};
__attribute__((noinline)) int area(int a, int b) { __asm__ volatile(""); return a * b; }
__attribute__((noinline)) int area(int a) { __asm__ volatile(""); return a; }
}
namespace { __attribute__((noinline)) int hidden(int a) { __asm__ volatile(""); return a; } }
template <class F> __attribute__((noinline)) int each(F f) { return f(1) + f(2); }
int main()
{
	shapes::Box<int> box{3};
	return each([&](int x) __attribute__((noinline)) { __asm__ volatile(""); return box[x]; }) +
	       shapes::area(1, 2) + shapes::area(3) + hidden(4) == 0;
}
"""

ALLOCATOR = r"""
#include <stddef.h>
static char memory[1 << 20];
static size_t at;
void *malloc(size_t n) { void *p = memory + at; at += (n + 15) & ~15ul; return p; }
void free(void *p) { (void)p; }
void *calloc(size_t a, size_t b) { return malloc(a * b); }
void *realloc(void *p, size_t n) { (void)p; return malloc(n); }
"""

ALLOCATES = r"""
#include <stdlib.h>
void *volatile p;
int main(void) { p = malloc(10); free(p); return 0; }
"""

GO = r"""
package main

//go:noinline
func deep(n int) int {
	var pad [64]int
	pad[n%64] = n
	if n == 0 {
		return pad[0]
	}
	return deep(n-1) + pad[(n+1)%64]
}

func main() {
	c := make(chan int)
	for i := 0; i < 20; i++ {
		go func() { c <- deep(200) }()
	}
	t := 0
	for i := 0; i < 20; i++ {
		t += <-c
	}
	if t == 1 {
		println(t)
	}
}
"""


class Probes(harness.Case):
    def build(self, source, *flags, name="program", language="c"):
        program = self.directory / name
        program.parent.mkdir(exist_ok=True)
        compiler = "gcc" if language == "c" else "g++"
        subprocess.run([compiler, "-O1", "-g", "-o", program, "-x", language, "-", "-x", "none",
                        *flags], input=source, text=True, check=True)
        return program

    def count(self, probe, *command):
        """(samples of @probe, what was said)"""
        run = self.run_ctrace(probe, "-o", "-", "--", *command)
        self.assertEqual(run.status, 0, run.err)
        return sum(int(n) for n in re.findall(r"(?m)^\S*;.* (\d+)$", run.out)), run.err

    def said(self, probe, *command):
        run = self.run_ctrace(probe, "-o", "-", "--", *command)
        return run.err

    def test_every_offset_of_a_function_leaves_its_result_alone(self):
        program = self.build(C)
        right = subprocess.run([program], capture_output=True, text=True, check=True).stdout
        listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], text=True,
                                 capture_output=True, check=True).stdout
        body = re.search(r"(?s)<user>:\n(.*?)\n\n", listing)[1]
        addresses = [int(a, 16) for a in re.findall(r"(?m)^ *([0-9a-f]+):", body)]
        starts = {address - addresses[0] for address in addresses}
        for off in range(max(starts) + 1):
            run = self.run_ctrace(f"uprobe:user+{off}", "-o", "f.folded", "--", program)
            if off in starts:
                self.assertEqual((run.status, run.out), (0, right), f"+{off}: {run.err}")
            else:
                self.assertEqual(run.status, 125, f"+{off}")
                self.assertIn("inside an instruction of 'user'; nearest are +", run.err)

    def test_addresses_need_an_instruction_and_a_function(self):
        program = self.build(C)
        symbols = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
        plus = int(re.search(r"([0-9a-f]+) T plus", symbols)[1], 16)
        self.assertEqual(self.count(f"uprobe:{program}:{plus:#x}", program)[0], 9)
        self.assertIn("inside an instruction", self.said(f"uprobe:{program}:{plus + 1:#x}", program))
        subprocess.run(["objcopy", "--strip-all", "--remove-section", ".eh_frame_hdr",
                        "--remove-section", ".eh_frame", program], check=True)
        self.assertIn("no function", self.said(f"uprobe:{program}:{plus + 1:#x}", program))

    def test_a_colon_in_a_path(self):
        program = self.build(C, name="co:lon/program")
        self.assertEqual(self.count(f"uprobe:{program}:plus", program)[0], 9)
        escaped = str(program).replace(":", "\\:")
        self.assertEqual(self.count(f"uprobe:{escaped}:plus", program)[0], 9)

    def test_silence_is_explained(self):
        program = self.build(C)
        self.assertIn("'never' was never called", self.count("uprobe:never", program)[1])
        self.assertIn("inlined at 1 place, whose calls a probe does not see (in 'user')",
                      self.count("uprobe:helper", program)[1])
        self.assertIn("never loaded", self.count("uprobe:libresolv:ns_parserr", program)[1])
        self.assertNotIn("called", self.count("uprobe:plus", program)[1])

    def test_functions_that_are_nowhere_are_told(self):
        program = self.build(C)
        self.assertIn("'inlined' is inlined everywhere it is called",
                      self.said("uprobe:inlined", program))
        self.assertIn("uprobe:libc:malloc exists", self.said("uprobe:malloc", program))
        self.assertIn("'counter'", self.said("uprobe:counter", program))

    def test_another_allocator_is_named(self):
        library = self.build(ALLOCATOR, "-shared", "-fPIC", name="libmine.so")
        program = self.build(ALLOCATES, library, f"-Wl,-rpath,{self.directory}")
        self.assertIn(f"calls of 'malloc' go to {library}",
                      self.count("uprobe:libc:malloc", program)[1])
        self.assertEqual(self.count("uprobe:libmine:malloc", program)[0], 1)

    def test_names_only_debug_information_has(self):
        program = self.build(CXX, language="c++", name="stripped")
        subprocess.run(["objcopy", "--only-keep-debug", program, f"{program}.debug"], check=True)
        subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={program}.debug", program],
                       check=True, cwd=self.directory)
        # without symbols in the debug file either, DWARF alone has the names
        for symbols in (True, False):
            if not symbols:
                subprocess.run(["objcopy", "--remove-section", ".symtab", f"{program}.debug"],
                               check=True)
                subprocess.run(["objcopy", "--remove-section", ".gnu_debuglink", program],
                               check=True)
                subprocess.run(["objcopy", f"--add-gnu-debuglink={program}.debug", program],
                               check=True, cwd=self.directory)
            for name, count in {"shapes::area": 2, "shapes::area(int, int)": 1,
                                "(anonymous namespace)::hidden": 1}.items():
                self.assertEqual(self.count(f"uprobe:{name}", program)[0], count,
                                 f"{name}, symbols: {symbols}")

    def test_what_is_listed_can_be_typed(self):
        program = self.build(CXX, language="c++")
        lines = self.run_ctrace("list", f"uprobe:{program}:*").out.splitlines()
        names = [line[len(f"uprobe:{program}:"):] for line in lines]
        for name in ("main", "shapes::area(int, int)", "shapes::area(int)",
                     "shapes::Box<int>::operator[](int)",
                     "main::{lambda(int)#1}::operator()(int) const",
                     "(anonymous namespace)::hidden(int)"):
            self.assertIn(name, names)
        for line in lines:
            again = self.run_ctrace("list", line).out.splitlines()
            self.assertIn(line, again)
        for name, count in {"shapes::area(int)": 1, "shapes::Box<int>::operator[](int)": 2,
                            "main::{lambda(int)#1}::operator()(int) const": 2,
                            "*lambda*": 2, "shapes::*": 4}.items():
            self.assertEqual(self.count(f"uprobe:{name}", program)[0], count, name)

    @unittest.skipUnless(shutil.which("go"), "no Go compiler")
    def test_a_stack_that_grows_counts_no_call_twice(self):
        source = self.directory / "grow.go"
        source.write_text(GO)
        for flags in ([], ["-ldflags=-s -w"]):
            program = self.directory / "grow"
            subprocess.run(["go", "build", *flags, "-o", program, source], check=True,
                           env={**os.environ, "GO111MODULE": "off",
                                "GOCACHE": str(self.directory / "cache")})
            self.assertEqual(self.count("uprobe:main.deep", program)[0], 20 * 201)


if __name__ == "__main__":
    harness.run_tests(__file__)
