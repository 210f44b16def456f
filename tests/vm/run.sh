#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs ctrace on Debian's 6.1 kernel in an emulated machine: kprobes and fentry are there, whatever
# the host's kernel permits.  Prints TAP; 0 all well, 1 something failed, 77 skipped (no qemu, no
# kernel image; with CTRACE_REQUIRE_BPF=1 that is a failure).
#
#   tests/vm/run.sh [TEST...]            default build directory: build/release
#   CTRACE_BUILD=DIR tests/vm/run.sh     another one
#   tests/vm/run.sh --keep DIR           leaves everything the guest wrote in DIR
#
# Needs qemu-system-x86, busybox-static, cpio.  The kernel image comes by apt-get download, once,
# into $CTRACE_VM_CACHE (default: ctrace-vm in the user's cache directory).
set -eu

here=$(dirname "$(readlink -f "$0")")
exec env PYTHONDONTWRITEBYTECODE=1 python3 "$here/vm_tests.py" \
	--build "${CTRACE_BUILD:-$here/../../build/release}" "$@"
