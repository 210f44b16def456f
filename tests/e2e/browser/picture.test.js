// SPDX-License-Identifier: MIT
// The page as a picture: what is in the file before, or without, any script.
'use strict';
const assert = require('node:assert');
const {execFileSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {test} = require('node:test');
const {hostileNames, launch, makeForest, makePage, open, run, scratch} = require('./page.js');
const {colours} = require('./png.js');

const SPLIT = 'main;foo 3\nmain;foo.cold;baz 2\nmain;foo;bar 5\n' +
	'main;A::f 4\nmain;A::f::{lambda#1};x 1\nmain;A::f;g 6\n';

const titles = markup => [...markup.matchAll(/<title>([^<]*)<\/title>/g)].map(match => match[1]);

test('names that extend others do not split a box', t => {
	const file = makePage(scratch(t), SPLIT);
	const all = titles(fs.readFileSync(file, 'utf8'));
	assert.deepStrictEqual(all.filter(title => title.startsWith('foo (')), ['foo (8 samples, 38.10%)']);
	assert.deepStrictEqual(all.filter(title => title.startsWith('A::f (')), ['A::f (10 samples, 47.62%)']);
});

for (const name of ['page.svg', 'page.html']) {
	test(`any bytes in names give well-formed markup and run nothing (${name})`, async t => {
		const directory = scratch(t);
		const file = makePage(directory, hostileNames(), {name, options: ['--title', '</title><script>alert(2)</script>',
			'--subtitle', ']]>--&<>"', '--notes', '--><script>alert(3)</script>', '--countname', '<b>&']});
		if (name.endsWith('.svg'))
			execFileSync('xmllint', ['--noout', '--huge', file], {stdio: 'pipe'});
		const page = await open(await launch(t), file);
		await page.keyboard.press('?');
		for (const y of [850, 834, 818])
			await page.mouse.move(300, y);
		await page.keyboard.press('Escape');
		await page.keyboard.press('/');
		await page.keyboard.type('a');
		assert.deepStrictEqual(page.errors, []);
		assert.ok((await page.$$('#ctrace > g rect')).length > 250);
	});
}

test('two runs give the same bytes, whatever the order of lines', t => {
	const directory = scratch(t);
	const folded = fs.readFileSync(makeForest(['--stacks', '2000']), 'utf8');
	const backwards = folded.trimEnd().split('\n').reverse().join('\n') + '\n';
	for (const suffix of ['svg', 'html', 'pb.gz', 'speedscope.json', 'firefox.json.gz', 'perfetto-trace',
		'chrome.json', 'callgrind', 'csv'].filter(s => s === 'svg' || process.env.CTRACE_ALL_FORMATS)) {
		const first = makePage(directory, folded, {name: '1.' + suffix});
		const second = makePage(directory, backwards, {name: '2.' + suffix});
		assert.ok(fs.readFileSync(first).equals(fs.readFileSync(second)), suffix);
	}
});

test('a large profile stays small', t => {
	const directory = scratch(t);
	const forest = makeForest();
	const size = options => {
		const file = path.join(directory, 'x.svg');
		run(['flamegraph', forest, '-o', file, ...options]);
		return fs.statSync(file).size;
	};
	const all = size([]), some = size(['--minwidth', '0.01%']);
	t.diagnostic(`all nodes ${all} bytes, from 0.01 % on ${some} bytes`);
	assert.ok(some <= 1 << 20);
	assert.ok(all <= 11 << 20);
});

test('rsvg draws the picture in its colours', t => {
	const directory = scratch(t);
	const file = makePage(directory, SPLIT + 'main;vfs_read_[k] 9\nmain;helper_[i] 9\n');
	const png = path.join(directory, 'x.png');
	execFileSync('rsvg-convert', ['-o', png, file]);
	const found = colours(png);
	// Background, and fills of five kinds; a viewer that fails paints one colour.
	assert.ok(found.get('#ffffff') > 10000);
	assert.ok(found.size > 20);
	assert.ok(!(found.get('#000000') > 1000), 'large parts are black');
});

test('as an <img>, a picture without script is drawn', async t => {
	const directory = scratch(t);
	makePage(directory, SPLIT);
	const html = path.join(directory, 'img.html');
	fs.writeFileSync(html, '<!doctype html><meta charset=utf-8><body style="margin:0"><img src="page.svg">');
	const page = await open(await launch(t), html);
	const png = path.join(directory, 'shot.png');
	await page.screenshot({path: png});
	assert.deepStrictEqual(page.errors, []);
	assert.ok(colours(png, 0, 200).size > 20);
	assert.strictEqual(await page.$eval('img', img => img.naturalWidth), 1200);
});

test('without script the top frames are in the markup and seen', async t => {
	const file = makePage(scratch(t), SPLIT);
	const page = await open(await launch(t), file, {script: false});
	assert.ok(/<text[^>]*>main<\/text>/.test(fs.readFileSync(file, 'utf8')));
	const png = file + '.png';
	await page.screenshot({path: png});
	assert.ok(colours(png, 0, 200).size > 20);
});

test('in a sandbox without script nothing complains', async t => {
	const directory = scratch(t);
	makePage(directory, SPLIT);
	const html = path.join(directory, 'sandbox.html');
	fs.writeFileSync(html, '<!doctype html><meta charset=utf-8>' +
		'<iframe sandbox src="page.svg" width=1300 height=400></iframe>');
	const browser = await launch(t);
	const page = await open(browser, html);
	// Chromium itself says that it did not run the script; ctrace must add nothing to that.
	assert.deepStrictEqual(page.errors.filter(text => !/^Blocked script execution/.test(text)), []);
	const sandboxed = path.join(directory, 'scripts.html');
	fs.writeFileSync(sandboxed, '<!doctype html><meta charset=utf-8>' +
		'<iframe sandbox="allow-scripts" src="page.svg" width=1300 height=400></iframe>');
	const other = await open(browser, sandboxed);
	await other.mouse.click(300, 340);
	await other.keyboard.press('d');
	assert.deepStrictEqual(other.errors, []);
});

test('20,000 frames deep and 3,000 times recursive are pictures of bounded height', t => {
	const directory = scratch(t);
	const deep = Array.from({length: 20000}, (_, i) => i % 2 ? 'ping' : 'pong').join(';') + ' 5\n';
	const recursive = 'main;' + 'fib;'.repeat(3000) + 'leaf 7\n' + 'main;fib;other 3\n';
	for (const [folded, note] of [[deep, /\+[\d,]+ rows deeper/], [recursive, /leaf/]]) {
		const markup = fs.readFileSync(makePage(directory, folded), 'utf8');
		assert.ok(Number(/ height="(\d+)"/.exec(markup)[1]) <= 8000);
		assert.ok(note.test(markup), `nothing like ${note}`);
	}
});
