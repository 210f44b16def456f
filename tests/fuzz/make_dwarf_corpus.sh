#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the seeds of fuzz_dwarf in directory $1: one small library in the shapes that take code of
# their own to read.  They are kept in tests/corpus/dwarf; run it again when a shape is added.
set -eu
out=$1
mkdir -p "$out"
out=$(cd "$out" && pwd)
unit=$(cd "$(dirname "$0")/../unit/symbolize" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >seed.cc <<'END'
namespace a
{
template <typename T> struct Box {
	T value;
	__attribute__((always_inline)) T get() const { return value * 2; }
};
static inline int twice(int x) { return Box<int>{x}.get() + 1; }
struct Outer {
	int run(int x);
};
int Outer::run(int x)
{
	struct Local {
		__attribute__((noinline)) static int step(int y) { return twice(y) ^ 3; }
	};
	return x < 0 ? __builtin_trap(), 0 : Local::step(twice(x));
}
} // namespace a
extern "C" int entry(int x) { return a::Outer().run(x) + a::twice(x); }
END

flags="-O2 -fPIC -ffile-prefix-map=$dir=/seed"

build() {
	name=$1
	shift
	"$@" $flags -shared -nostdlib -Wl,--build-id=none,-z,noseparate-code,-z,norelro \
		-o "$name" seed.cc
}

build gcc5 g++ -g -gdwarf-5
build gcc4 g++ -g -gdwarf-4
build gcc2 g++ -g -gdwarf-2 -gstrict-dwarf
build gcc5-64 g++ -g -gdwarf64
build clang5 clang++-19 -g -gdwarf-5
build clang4 clang++-19 -g -gdwarf-4
build split5 g++ -g -gdwarf-5 -gsplit-dwarf
cp split5-seed.dwo dwo5
build split4 g++ -g -gdwarf-4 -gsplit-dwarf
cp split4-seed.dwo dwo4
clang++-19 -g -gdwarf-5 -gsplit-dwarf $flags -c seed.cc
# Of clang's object only: llvm-dwp 19 does not come back from one of gcc 12.
llvm-dwp-19 seed.dwo -o dwp5
objcopy --compress-debug-sections=zlib gcc5 zlib
objcopy --compress-debug-sections=zlib-gnu gcc5 zdebug
llvm-objcopy-19 --compress-debug-sections=zstd gcc5 zstd
cp gcc4 dwz
cp gcc4 dwz2
dwz -m alt dwz dwz2 || true
cp gcc5 minidebug
objcopy --only-keep-debug gcc5 mini
strip -g mini
xz -k mini
strip minidebug
objcopy --add-section .gnu_debugdata=mini.xz minidebug
for version in 1.2 1.16 1.18 1.20; do
	"$unit/make_go_table.py" $version go.table
	printf '.text\n.zero 48\n.section .gopclntab,"a"\n.balign 32\n.incbin "go.table"\n' |
		as -o go.o -
	ld -Ttext=0x401000 -z noseparate-code -s -e 0 -o go$version go.o
done
for seed in gcc5 gcc4 gcc2 gcc5-64 clang5 clang4 split5 dwo5 split4 dwo4 dwp5 zlib zdebug zstd dwz \
	minidebug go1.2 go1.16 go1.18 go1.20; do
	install -m 644 "$seed" "$out/$seed"
done
