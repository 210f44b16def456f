/* SPDX-License-Identifier: MIT */
/* C++ functions for matching by demangled names. */
namespace shapes
{
__attribute__((noinline)) int area(int width, int height)
{
	return width * height;
}

template <typename T> struct Box {
	T items[4];

	__attribute__((noinline)) T &operator[](int index)
	{
		return items[index & 3];
	}
};

template struct Box<int>;
} // namespace shapes

int main(int argc, char **)
{
	shapes::Box<int> box = {{1, 2, 3, 4}};

	return shapes::area(argc, box[argc]);
}
