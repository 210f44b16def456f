#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-tidy over the rooms, by .clang-tidy.   tidy.sh BUILD-DIRECTORY
set -eu

build=$(realpath "$1")
cd "$(dirname "$0")/../.."
git -c safe.directory="$PWD" ls-files -z -- 'common/*.c' 'unwind/*.c' 'symbolize/*.c' \
	'flamegraph/*.c' 'loader/*.c' 'cli/*.c' |
	xargs -0 -r -n 4 -P "$(nproc)" clang-tidy-14 --quiet -p "$build" 2>/dev/null
