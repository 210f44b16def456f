/* SPDX-License-Identifier: MIT */
/*
 * Calls made while an exception is on its way (destructors in landing pads), from catch blocks,
 * lambdas, templates, virtual functions and through std::function.
 */
#include "expect.h"

#include <functional>
#include <memory>
#include <stdexcept>

namespace
{
constexpr int hits = 10;

struct Guard {
	NOINLINE ~Guard()
	{
		hit();
		NO_TAIL_CALL();
	}
};

struct Shape {
	virtual ~Shape() = default;
	virtual int area() const = 0;
};

struct Square final : Shape {
	NOINLINE int area() const override
	{
		hit();
		NO_TAIL_CALL();
		return 4;
	}
};

NOINLINE void thrower(int n)
{
	if (n >= 0)
		throw std::runtime_error("expected");
}

NOINLINE void guarded(int n)
{
	Guard guard;

	thrower(n);
	NO_TAIL_CALL();
}

NOINLINE void in_catch()
{
	hit();
	NO_TAIL_CALL();
}

NOINLINE int catcher(int n)
{
	try {
		guarded(n);
	} catch (const std::exception &) {
		in_catch();
		return 1;
	}
	return 0;
}

template <typename Function> NOINLINE int apply(Function function)
{
	int got = function(1);

	NO_TAIL_CALL();
	return got;
}

NOINLINE int with_lambda(int n)
{
	int got = apply([n](int m) __attribute__((noinline)) {
		hit();
		NO_TAIL_CALL();
		return n + m;
	});

	NO_TAIL_CALL();
	return got;
}

NOINLINE int with_virtual(const Shape &shape)
{
	int area = shape.area();

	NO_TAIL_CALL();
	return area;
}

NOINLINE int in_function_object(int n)
{
	hit();
	NO_TAIL_CALL();
	return n;
}

NOINLINE int with_function(const std::function<int(int)> &function)
{
	int got = function(3);

	NO_TAIL_CALL();
	return got;
}
} // namespace

/* Names are checked with and without their namespace, parameters and template arguments. */
#define CXX(name) "([^;]*[^;\\w])?" name "\\b[^;]*"

static void expect_all()
{
	expect("hit", hits, MAIN ";" CXX("catcher") ";" CXX("guarded") ";" CXX("~Guard") ";hit");
	expect("hit", hits, MAIN ";" CXX("catcher") ";" CXX("in_catch") ";hit");
	expect("hit", hits,
	       MAIN ";" CXX("with_lambda") ";" CXX("apply") ";[^;]*(lambda|\\$_0)[^;]*;hit");
	expect("hit", hits, MAIN ";" CXX("with_virtual") ";" CXX("Square::area") ";hit");
	expect("hit", hits,
	       MAIN
	       ";" CXX("with_function") "(;" CXX("std") ")*;" CXX("in_function_object") ";hit");
}

int main(int argc, char **argv)
{
	std::unique_ptr<Shape> square = std::make_unique<Square>();
	int sum = 0;

	if (asked_for_expectations(argc, argv)) {
		expect_all();
		return 0;
	}
	for (int n = 0; n < hits; n++)
		sum += catcher(n) + with_lambda(n) + with_virtual(*square) +
		       with_function(in_function_object);
	return sum <= 0;
}
