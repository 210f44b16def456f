// SPDX-License-Identifier: MIT
// The program of README's pictures: counts the words of a text it makes up, and writes the most
// frequent ones to a file.  `words 2` looks words up in a sorted list instead of a hash table.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace words
{

using Counts = std::vector<std::pair<std::string, long>>;

static std::string make_word(unsigned &seed)
{
	std::string word;

	for (int i = 0, len = 2 + rand_r(&seed) % 14; i < len; i++)
		word += "etaoinshrdlu"[rand_r(&seed) % (2 + i)];
	return word;
}

__attribute__((noinline)) static std::vector<std::string> make_text(size_t nr)
{
	std::vector<std::string> text;
	unsigned seed = 42;

	for (size_t i = 0; i < nr; i++)
		text.push_back(make_word(seed));
	return text;
}

__attribute__((noinline)) static Counts count_by_hash(const std::vector<std::string> &text)
{
	std::unordered_map<std::string, long> counts;

	for (const auto &word : text)
		counts[word]++;
	return Counts(counts.begin(), counts.end());
}

__attribute__((noinline)) static Counts count_by_order(const std::vector<std::string> &text)
{
	std::map<std::string, long> counts;

	for (const auto &word : text)
		counts[word]++;
	return Counts(counts.begin(), counts.end());
}

__attribute__((noinline)) static void sort_by_count(Counts &counts)
{
	std::sort(counts.begin(), counts.end(), [](const auto &a, const auto &b) {
		return a.second != b.second ? a.second > b.second : a.first < b.first;
	});
}

__attribute__((noinline)) static void write_report(const Counts &counts)
{
	std::ofstream out("words.txt");

	for (const auto &count : counts)
		out << count.second << ' ' << count.first << '\n' << std::flush;
}

} // namespace words

int main(int argc, char **argv)
{
	auto text = words::make_text(400000);
	auto counts = argc > 1 && !strcmp(argv[1], "2") ? words::count_by_order(text)
							: words::count_by_hash(text);

	words::sort_by_count(counts);
	words::write_report(counts);
	printf("%zu words, %zu different\n", text.size(), counts.size());
}
