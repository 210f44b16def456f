/* SPDX-License-Identifier: MIT */
/* From the perceptual colour space OKLCH, in which palettes are stated, to what all viewers know.
 */
#ifndef CTRACE_FLAMEGRAPH_PALETTE_COLOUR_H
#define CTRACE_FLAMEGRAPH_PALETTE_COLOUR_H

#include <stdint.h>

/* Lightness 0 to 1, chroma 0 to 0.4, hue in degrees; 0xrrggbb, clipped to sRGB. */
uint32_t colour_from_oklch(double lightness, double chroma, double hue);

#endif
