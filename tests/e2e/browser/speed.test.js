// SPDX-License-Identifier: MIT
// How quick pages are.  Twice the time wanted on a quiet machine is allowed, and more where others
// want the processors too: a share of them is all that a page can use.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {test} = require('node:test');
const {makeForest, run, scratch} = require('./page.js');
const {measure} = require('./speed.js');

const slack = () => 2 * Math.max(1, os.loadavg()[0] / os.cpus().length);

// @wanted: milliseconds; the best of a few rounds counts.
async function isQuick(t, file, wanted) {
	const figures = await measure(file, 'Cache', {rounds: 3, pick: values => Math.min(...values)});
	t.diagnostic(JSON.stringify(figures));
	assert.deepStrictEqual(figures.errors, []);
	for (const name in wanted)
		assert.ok(figures[name] < slack() * wanted[name], `${name}: ${figures[name]} ms, load ${os.loadavg()[0]}`);
}

test('a page of 25,000 frames and one of a million load, zoom and search at once', async t => {
	const directory = scratch(t), forest = makeForest(), file = path.join(directory, 'x.svg');
	run(['flamegraph', forest, '-o', file, '--minwidth', '0.01%']);
	assert.ok(fs.statSync(file).size < 1 << 20);
	await isQuick(t, file, {load: 700, zoom: 250, out: 250, search: 250});
	run(['flamegraph', forest, '-o', file, '--full']);
	assert.ok(fs.statSync(file).size < 11 << 20);
	await isQuick(t, file, {load: 2000, zoom: 250, out: 250, search: 250});
});
