// SPDX-License-Identifier: MIT
// Names that have a short and a full form, an inlined function, a function that is no symbol when
// the program is stripped, and calls through the PLT.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace shapes
{
static inline __attribute__((always_inline)) double grow(double area)
{
	return area * 1.0000001;
}

template <typename T> class Box
{
      public:
	__attribute__((noinline)) double fill(T count, const std::string &name);
};

template <typename T> double Box<T>::fill(T count, const std::string &name)
{
	double area = (double)name.size();

	for (T i = 0; i < count; i++)
		area = grow(area) + area / 3;
	return area;
}
} // namespace shapes

int main(int argc, char **argv)
{
	shapes::Box<long> box;
	double sum = 0;

	for (int i = 0; i < 60; i++)
		sum += box.fill(1000000, argv[argc - 1]);
	if (getenv("DELETE_ME") && remove(argv[0]) != 0)
		return 1;
	printf("%f %zu\n", sum, strlen(argv[0]));
	return 0;
}
