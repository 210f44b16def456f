#!/bin/sh
# SPDX-License-Identifier: MIT
# Every shell script passes shellcheck.
set -eu

cd "$(dirname "$0")/../.."
git -c safe.directory="$PWD" grep -lIE -z '^#!/.*\b(ba)?sh$' |
	xargs -0 -r shellcheck -x
shellcheck -s bash docs/completions/ctrace.bash
