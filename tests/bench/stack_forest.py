#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Folded stacks like those of a large C++ service, the same for the same numbers.

A few trunks that many stacks share, then branching that is mostly near the leaf, counts with a
long tail: what makes flame graphs large.  --lines N repeats stacks by weight, one sample a line,
shuffled, as collapsers of traces leave them.
"""
import argparse
import itertools
import random
import sys

SCOPES = ["std", "boost::asio", "grpc_core", "rocksdb", "folly", "absl", "server::net",
          "server::store", "tokio::runtime", "core::iter"]
CLASSES = ["Handler", "Session", "Iterator", "Cache", "Parser", "Pool"]
PLAIN = ["do_work", "process", "parse", "hash_find", "copy_fast", "alloc_page", "lock_slow"]
CALLS = ["read", "write", "futex", "epoll_wait", "mmap", "sendmsg"]
TRUNK = ["server", "_start", "__libc_start_main_impl", "main"]


def make_names(rng, count):
    """Function names in the proportions of such a service: kernel, scoped, template, plain."""
    names = []
    for number in range(count):
        kind = rng.random()
        if kind < 0.15:
            names.append(f"sys_{rng.choice(CALLS)}_{number}_[k]")
        elif kind < 0.55:
            names.append(f"{rng.choice(SCOPES)}::{rng.choice(CLASSES)}_{number}")
        elif kind < 0.62:
            names.append(f"std::__detail::_Map<std::string, std::pair<int, T{number}>>::at")
        else:
            names.append(f"{rng.choice(PLAIN)}_{number}")
    return names


def grow(rng, count, depth, names):
    """Distinct stacks, each leaving an earlier one at some depth, likely a late one."""
    trunk = TRUNK + rng.choices(names, k=max(1, depth - len(TRUNK)))
    stacks = {";".join(trunk): None}
    recent = [trunk]
    while len(stacks) < count:
        near = rng.random() < 0.7
        parent = rng.choice(recent[-2000:] if near else recent)
        leave = int(rng.triangular(len(TRUNK), len(parent), 0.8 * len(parent)))
        leave = max(len(TRUNK), min(leave, len(parent) - 1))
        length = max(leave + 1, int(rng.gauss(depth, depth / 5)))
        stack = parent[:leave] + rng.choices(names, k=length - leave)
        text = ";".join(stack)
        if text not in stacks:
            stacks[text] = None
            recent.append(stack)
    return list(stacks)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stacks", type=int, default=100_000)
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--functions", type=int, default=8000)
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    stacks = grow(rng, options.stacks, options.depth, make_names(rng, options.functions))
    weights = [int(rng.paretovariate(1.1)) + 1 for _ in stacks]
    if not options.lines:
        sys.stdout.writelines(f"{s} {w}\n" for s, w in zip(stacks, weights))
        return
    order = list(range(len(stacks)))
    order += rng.choices(order, cum_weights=list(itertools.accumulate(weights)),
                         k=options.lines - len(stacks))
    rng.shuffle(order)
    sys.stdout.writelines(f"{stacks[i]} 1\n" for i in order)


if __name__ == "__main__":
    main()
