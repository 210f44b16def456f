/* SPDX-License-Identifier: MIT */
/* Operators: Itanium C++ ABI 5.1.3 (names) and 5.1.6 (expressions). */
#include "symbolize/itanium_parser.h"

#include <string.h>

/* p prefix, b binary, o postfix or prefix by "_", s has a form of its own. */
static const struct itanium_operator operators[] = {
	{"aN", 'b', "&="},	{"aS", 'b', "="},      {"aa", 'b', "&&"},
	{"ad", 'p', "&"},	{"an", 'b', "&"},      {"aw", 'p', "co_await "},
	{"az", 's', "alignof"}, {"cl", 's', "()"},     {"cm", 'b', ","},
	{"co", 'p', "~"},	{"dV", 'b', "/="},     {"da", 's', "delete[]"},
	{"de", 'p', "*"},	{"dl", 's', "delete"}, {"ds", 'b', ".*"},
	{"dv", 'b', "/"},	{"eO", 'b', "^="},     {"eo", 'b', "^"},
	{"eq", 'b', "=="},	{"ge", 'b', ">="},     {"gt", 'b', ">"},
	{"ix", 's', "[]"},	{"lS", 'b', "<<="},    {"le", 'b', "<="},
	{"ls", 'b', "<<"},	{"lt", 'b', "<"},      {"mI", 'b', "-="},
	{"mL", 'b', "*="},	{"mi", 'b', "-"},      {"ml", 'b', "*"},
	{"mm", 'o', "--"},	{"na", 's', "new[]"},  {"ne", 'b', "!="},
	{"ng", 'p', "-"},	{"nt", 'p', "!"},      {"nw", 's', "new"},
	{"oR", 'b', "|="},	{"oo", 'b', "||"},     {"or", 'b', "|"},
	{"pL", 'b', "+="},	{"pl", 'b', "+"},      {"pm", 'b', "->*"},
	{"pp", 'o', "++"},	{"ps", 'p', "+"},      {"pt", 's', "->"},
	{"qu", 's', "?"},	{"rM", 'b', "%="},     {"rS", 'b', ">>="},
	{"rm", 'b', "%"},	{"rs", 'b', ">>"},     {"ss", 'b', "<=>"},
};

const struct itanium_operator *itanium_take_operator(struct itanium *p)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (itanium_takes(p, operators[i].code))
			return &operators[i];
	}
	return NULL;
}
