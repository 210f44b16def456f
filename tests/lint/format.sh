#!/bin/sh
# SPDX-License-Identifier: MIT
# Every C and C++ file is as clang-format 14 writes it.
set -eu

cd "$(dirname "$0")/../.."
git -c safe.directory="$PWD" ls-files -z -- '*.c' '*.h' '*.cc' ':!tests/golden' ':!tests/corpus' |
	xargs -0 -r clang-format-14 --dry-run -Werror
