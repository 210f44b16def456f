/* SPDX-License-Identifier: MIT */
#include "matrix.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>

namespace matrix
{
namespace detail
{
class Words
{
      public:
	explicit Words(const std::string &text) : stream_(text)
	{
	}

	template <typename F> void each(F &&use)
	{
		std::string word;

		while (stream_ >> word)
			use(word);
	}

      private:
	std::istringstream stream_;
};
} // namespace detail

Table make_table(int rows)
{
	Table table;
	std::vector<int> keys(rows);

	std::generate(keys.begin(), keys.end(), [n = 0]() mutable { return n++ * 7919 % 1009; });
	std::sort(keys.begin(), keys.end(), [](int a, int b) { return (a ^ 5) > (b ^ 5); });
	keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
	for (int key : keys)
		table.emplace(key, repeat(std::to_string(key), key % 5));
	return table;
}

long count_words(const std::string &text)
{
	std::unordered_map<std::string, long> counts;
	long most = 0;

	detail::Words(text).each([&](const std::string &word) { counts[word]++; });
	for (const auto &[word, count] : counts)
		most = std::max(most, count + long(word.size()));
	return most;
}
} // namespace matrix
