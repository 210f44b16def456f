#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes one program in every shape debug information comes in, in directory $2 from the sources in
# $1.  What a missing tool would make is left out; $2/made lists what is there.
set -eu
src=$1
out=$2
mkdir -p "$out"
cd "$out"
sources="$src/matrix_main.cc $src/matrix_table.cc $src/matrix_parse.cc"
patience=60 # seconds: llvm-dwp 19 does not come back from some of gcc 12's files
: >made

have() {
	command -v "$1" >/dev/null 2>&1
}

add() {
	for name; do
		echo "$name" >>made
	done
}

g++ -std=c++17 -O2 -g -gdwarf-5 -o gcc5 $sources
g++ -std=c++17 -O2 -g -gdwarf-4 -o gcc4 $sources
g++ -std=c++17 -O2 -g -gdwarf-3 -gstrict-dwarf -o gcc3 $sources
g++ -std=c++17 -O2 -g -gdwarf-2 -gstrict-dwarf -o gcc2 $sources
g++ -std=c++17 -O2 -g -flto -o gcc-lto $sources
g++ -std=c++17 -O0 -g -o gcc-O0 $sources
g++ -std=c++17 -O2 -g -gdwarf-5 -gdwarf64 -o gcc5-64 $sources
g++ -std=c++17 -O2 -g -ffunction-sections -fdebug-types-section -o gcc-types $sources
add gcc5 gcc4 gcc3 gcc2 gcc-lto gcc-O0 gcc5-64 gcc-types

# Compressed sections.
objcopy --compress-debug-sections=zlib gcc5 gcc5-zlib
objcopy --compress-debug-sections=zlib-gnu gcc5 gcc5-zdebug
add gcc5-zlib gcc5-zdebug
for objcopy in llvm-objcopy-19 llvm-objcopy; do
	if have $objcopy && $objcopy --compress-debug-sections=zstd gcc5 gcc5-zstd 2>/dev/null; then
		add gcc5-zstd
		break
	fi
done

# A separate debug file beside the stripped program.
objcopy --only-keep-debug gcc5 separate.debug
cp gcc5 separate
strip separate
objcopy --add-gnu-debuglink=separate.debug separate
add separate

# Split DWARF: objects beside the program, and packages.
mkdir -p split4 split5
(cd split4 && g++ -std=c++17 -O2 -g -gdwarf-4 -gsplit-dwarf -o prog $sources)
(cd split5 && g++ -std=c++17 -O2 -g -gdwarf-5 -gsplit-dwarf -o prog $sources)
add split4/prog split5/prog
if have dwp; then
	mkdir -p dwp4
	(cd dwp4 && g++ -std=c++17 -O2 -g -gdwarf-4 -gsplit-dwarf -o prog $sources)
	if (cd dwp4 && timeout $patience dwp -e prog -o prog.dwp && rm -f ./*.dwo); then
		add dwp4/prog
	fi
fi

for clang in clang++-19 clang++; do
	have $clang || continue
	$clang -std=c++17 -O2 -g -gdwarf-5 -o clang5 $sources
	$clang -std=c++17 -O2 -g -gdwarf-4 -o clang4 $sources
	add clang5 clang4
	mkdir -p clang-split5
	(cd clang-split5 && $clang -std=c++17 -O2 -g -gdwarf-5 -gsplit-dwarf -c $sources &&
		$clang -o prog ./*.o)
	add clang-split5/prog
	for dwp in llvm-dwp-19 llvm-dwp; do
		have $dwp || continue
		mkdir -p clang-dwp5
		cp clang-split5/*.dwo clang-split5/*.o clang-dwp5
		(cd clang-dwp5 && $clang -o prog ./*.o)
		if (cd clang-dwp5 && timeout $patience $dwp -e prog -o prog.dwp && rm -f ./*.dwo); then
			add clang-dwp5/prog
		fi
		break
	done
	break
done

# dwz: partial units in one file, and a common alternate file.
if have dwz; then
	cp gcc4 dwz-single
	dwz dwz-single
	add dwz-single
	mkdir -p dwz-multi
	cp gcc4 dwz-multi/prog
	g++ -std=c++17 -O1 -g -gdwarf-4 -o dwz-multi/other $sources
	(cd dwz-multi && dwz -m common.debug prog other)
	add dwz-multi/prog
fi

if have rustc; then
	rustc -C opt-level=2 -C debuginfo=2 -o rust "$src/matrix.rs"
	add rust
fi
touch stamp
