/* SPDX-License-Identifier: MIT */
#include "matrix.h"

#include <cctype>

namespace matrix
{
namespace
{
class Parser
{
      public:
	explicit Parser(const std::string &text) : at_(text.c_str())
	{
	}

	long sum()
	{
		long value = product();

		for (char op = peek(); op == '+' || op == '-'; op = peek()) {
			at_++;
			value = op == '+' ? value + product() : value - product();
		}
		return value;
	}

      private:
	long product()
	{
		long value = atom();

		while (peek() == '*') {
			at_++;
			value *= atom();
		}
		return value;
	}

	long atom()
	{
		long value = 0;

		if (peek() == '(') {
			at_++;
			value = sum();
			if (peek() != ')')
				throw std::runtime_error("missing )");
			at_++;
			return value;
		}
		if (!std::isdigit(peek()))
			throw std::runtime_error("no number");
		while (std::isdigit(*at_))
			value = value * 10 + (*at_++ - '0');
		return value;
	}

	char peek()
	{
		while (*at_ == ' ')
			at_++;
		return *at_;
	}

	const char *at_;
};
} // namespace

long parse(const std::string &expression)
{
	static const std::string allowed("0123456789+*() -");

	if (expression.find_first_not_of(allowed) != std::string::npos)
		throw std::invalid_argument("strange expression");
	return Parser(expression).sum();
}
} // namespace matrix
