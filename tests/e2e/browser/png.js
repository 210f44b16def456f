// SPDX-License-Identifier: MIT
// Pixels of the PNG files that browsers and rsvg-convert write: eight bits a channel, not interlaced.
'use strict';
const fs = require('node:fs');
const zlib = require('node:zlib');

const CHANNELS = {2: 3, 6: 4};

function paeth(left, up, corner) {
	const guess = left + up - corner, [l, u, c] = [left, up, corner].map(value => Math.abs(guess - value));
	return l <= u && l <= c ? left : u <= c ? up : corner;
}

function unfilter(raw, width, height, size) {
	const line = width * size, out = Buffer.alloc(line * height);
	for (let y = 0; y < height; y++) {
		const filter = raw[y * (line + 1)];
		for (let x = 0; x < line; x++) {
			const at = y * line + x, left = x < size ? 0 : out[at - size], up = y ? out[at - line] : 0;
			const corner = x < size || !y ? 0 : out[at - line - size];
			const add = [0, left, up, left + up >> 1, paeth(left, up, corner)][filter];
			out[at] = raw[at + y + 1] + add;
		}
	}
	return out;
}

function readPng(file) {
	const data = fs.readFileSync(file), parts = [];
	const width = data.readUInt32BE(16), height = data.readUInt32BE(20), size = CHANNELS[data[25]];
	if (data[24] !== 8 || !size || data[28])
		throw new Error(`${file}: a kind of PNG nobody expects here`);
	for (let at = 8; at < data.length; at += 12 + data.readUInt32BE(at)) {
		if (data.toString('latin1', at + 4, at + 8) === 'IDAT')
			parts.push(data.subarray(at + 8, at + 8 + data.readUInt32BE(at)));
	}
	return {width, height, size, pixels: unfilter(zlib.inflateSync(Buffer.concat(parts)), width, height, size)};
}

// How many pixels there are of each colour, as '#rrggbb', in rows from @top to @bottom.
function colours(file, top = 0, bottom = Infinity) {
	const {width, height, size, pixels} = readPng(file), found = new Map();
	for (let at = top * width * size; at < Math.min(bottom, height) * width * size; at += size) {
		const colour = '#' + pixels.toString('hex', at, at + 3);
		found.set(colour, (found.get(colour) || 0) + 1);
	}
	return found;
}

module.exports = {colours};
