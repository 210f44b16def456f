#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the ELF files of the symbolizer's unit tests in directory $2 from the sources in $1.
set -eu
src=$1
out=$2
mkdir -p "$out"
cd "$out"

gcc -O2 -pie -fPIE -Wl,--build-id=sha1 -o symbols "$src/fixture_symbols.c"
objcopy --only-keep-debug symbols symbols.debug

# Stripped, with the debug file by link and by build-id.
cp symbols linked
strip linked
objcopy --add-gnu-debuglink=symbols.debug linked
id=$(readelf -n symbols | sed -n 's/.*Build ID: //p')
mkdir -p "by-id/.build-id/$(printf %.2s "$id")"
cp symbols.debug "by-id/.build-id/$(printf %.2s "$id")/${id#??}.debug"
cp symbols stripped
strip stripped

# A container's root with its debug file, and one whose debug file is a link out of it.
mkdir -p root/bin root/usr/lib/debug/bin trap/bin trap/usr/lib/debug/bin
cp linked root/bin/linked
cp symbols.debug root/usr/lib/debug/bin/symbols.debug
cp linked trap/bin/linked
ln -sfn "$out/symbols.debug" trap/usr/lib/debug/bin/symbols.debug

# A debug file of another build under the right name.
gcc -O0 -g -pie -fPIE -Wl,--build-id=sha1 -o other "$src/fixture_symbols.c"
mkdir -p "stale/.build-id/$(printf %.2s "$id")"
objcopy --only-keep-debug other "stale/.build-id/$(printf %.2s "$id")/${id#??}.debug"

# Without a build-id only the checksum can tell.
mkdir -p no-id no-id-bad
gcc -O2 -g -pie -fPIE -Wl,--build-id=none -o no-id/prog "$src/fixture_symbols.c"
objcopy --only-keep-debug no-id/prog no-id/prog.debug
strip no-id/prog
objcopy --add-gnu-debuglink=no-id/prog.debug no-id/prog
cp no-id/prog no-id-bad/prog
cp no-id/prog.debug no-id-bad/prog.debug
printf x >>no-id-bad/prog.debug

# MiniDebugInfo as rpm makes it.
cp symbols.debug mini.debug
strip -s --keep-symbol=hidden --keep-symbol=main mini.debug
rm -f mini.debug.xz
xz mini.debug
cp stripped minidebug
objcopy --add-section .gnu_debugdata=mini.debug.xz minidebug

# Non-PIE and static files; a stripped one has no symbol at its entry point.
gcc -O2 -no-pie -static -o static "$src/fixture_symbols.c"
gcc -O2 -no-pie -fcf-protection=full -Wl,-z,lazy -o lazy "$src/fixture_symbols.c"
gcc -O2 -fcf-protection=full -Wl,-z,now,-z,ibtplt -o ibt "$src/fixture_symbols.c"

g++ -O1 -o cxx "$src/fixture_cxx.cc"

# No section headers at all, as sstrip leaves a file.
cp stripped sectionless
printf '\0\0\0\0\0\0\0\0' | dd of=sectionless bs=1 seek=40 conv=notrunc status=none
printf '\0\0\0\0' | dd of=sectionless bs=1 seek=60 conv=notrunc status=none
# Go's own table in the layouts of four releases, and a real program where there is a compiler.
for version in 1.2 1.16 1.18 1.20; do
	"$src/make_go_table.py" $version go.table
	printf '.text\n.zero 48\n.section .gopclntab,"a"\n.balign 32\n.incbin "go.table"\n' |
		as -o go.o -
	ld -Ttext=0x401000 -e 0 -o go$version go.o
done
if command -v go >/dev/null 2>&1; then
	export GO111MODULE=off GOCACHE="$PWD/go-cache"
	go build -o go-full "$src/fixture_go.go"
	go build -ldflags='-s -w' -o go-stripped "$src/fixture_go.go"
	go build -buildmode=pie -ldflags='-s -w' -o go-pie "$src/fixture_go.go"
	chmod -R u+w go-cache
	rm -rf go-cache
fi

# Programs of which neither symbols nor FDEs are left, static and dynamic, by both C libraries.
make_bare() {
	name=$1
	shift
	"$@" -O2 -fno-asynchronous-unwind-tables -o "$name" "$src/fixture_symbols.c"
	strip -o "$name-stripped" "$name"
}
make_bare bare-pie gcc -pie -fPIE
make_bare bare-no-pie gcc -no-pie
make_bare bare-static gcc -static
make_bare bare-musl musl-gcc -static

# What a child may ask for, by name and contents.
cp symbols real.dwo
echo text >no-elf.dwo
touch stamp
