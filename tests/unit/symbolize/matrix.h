/* SPDX-License-Identifier: MIT */
/* What the translation units of the matrix program share. */
#ifndef CTRACE_TESTS_SYMBOLIZE_MATRIX_H
#define CTRACE_TESTS_SYMBOLIZE_MATRIX_H

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace matrix
{
using Table = std::map<int, std::string>;

Table make_table(int rows);
long count_words(const std::string &text);
long parse(const std::string &expression);

inline std::string repeat(const std::string &text, int times)
{
	std::string result;

	for (int i = 0; i < times; i++)
		result += text;
	return result;
}
} // namespace matrix

#endif
