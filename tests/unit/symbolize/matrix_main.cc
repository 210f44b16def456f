/* SPDX-License-Identifier: MIT */
/* A program with enough inlining, lambdas and templates to compare two readers of its DWARF. */
#include "matrix.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <numeric>

namespace
{
struct Visitor {
	virtual ~Visitor() = default;
	virtual long visit(const matrix::Table &table) const = 0;
};

struct Sum : Visitor {
	long visit(const matrix::Table &table) const override
	{
		return std::accumulate(
			table.begin(), table.end(), 0L,
			[](long sum, const auto &row) { return sum + row.second.length(); });
	}
};

template <int N> struct Power {
	static long of(long x)
	{
		return x * Power<N - 1>::of(x);
	}
};

template <> struct Power<0> {
	static long of(long)
	{
		return 1;
	}
};

long local_class(long seed)
{
	struct Counter {
		long value;
		__attribute__((noinline)) long next()
		{
			struct Step {
				static __attribute__((noinline)) long size(long v)
				{
					return v % 7 + 1;
				}
			};
			return value += Step::size(value);
		}
	};
	Counter counter = {seed};

	while (counter.next() < 100)
		;
	return counter.value;
}
} // namespace

extern "C" long c_linkage(const matrix::Table &table)
{
	std::vector<std::function<long(long)>> steps;

	for (long i = 1; i < 4; i++)
		steps.push_back([i](long x) { return Power<5>::of(x + i) % 1000; });
	return std::accumulate(steps.begin(), steps.end(), long(table.size()),
			       [](long x, auto &step) { return step(x); });
}

int main(int argc, char **argv)
{
	matrix::Table table = matrix::make_table(argc * 100);
	std::unique_ptr<Visitor> visitor = std::make_unique<Sum>();
	long total = visitor->visit(table) + c_linkage(table) + local_class(argc);

	for (int i = 1; i < argc; i++)
		total += matrix::count_words(argv[i]);
	try {
		total += matrix::parse("12 + 30 * (2 - 1)");
	} catch (const std::exception &error) {
		std::puts(error.what());
	}
	std::printf("%ld\n", total);
	return 0;
}
