#!/bin/sh
# SPDX-License-Identifier: MIT
# Every shell script passes shellcheck, matters of taste aside.
set -eu

cd "$(dirname "$0")/../.."
git -c safe.directory="$PWD" grep -lIE -z '^#!/.*\b(ba)?sh$' |
	xargs -0 -r shellcheck -S warning -x
shellcheck -s bash docs/completions/ctrace.bash
