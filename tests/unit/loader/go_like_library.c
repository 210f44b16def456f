/* SPDX-License-Identifier: MIT */
/* Has the section by which a Go program is told. */
__attribute__((section(".go.buildinfo"), used)) static const char build_info[32] = "go1.0";

int go_like_function(void);
int go_like_function(void)
{
	return build_info[0];
}
