/* SPDX-License-Identifier: MIT */
#include "flamegraph/palette_colour.h"

#include <math.h>

static uint32_t channel(double linear)
{
	double value;

	if (linear <= 0)
		return 0;
	value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
	return value >= 1 ? 255 : (uint32_t)(value * 255 + 0.5);
}

/* https://bottosson.github.io/posts/oklab/: the matrices are part of the definition. */
uint32_t colour_from_oklch(double lightness, double chroma, double hue)
{
	double a = chroma * cos(hue * M_PI / 180);
	double b = chroma * sin(hue * M_PI / 180);
	double l = lightness + 0.3963377774 * a + 0.2158037573 * b;
	double m = lightness - 0.1055613458 * a - 0.0638541728 * b;
	double s = lightness - 0.0894841775 * a - 1.2914855480 * b;

	l = l * l * l;
	m = m * m * m;
	s = s * s * s;
	return channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) << 16 |
	       channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) << 8 |
	       channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}
