// SPDX-License-Identifier: MIT
// The HTML page: the same engine beside a table of functions, tabs, callers and callees.
'use strict';
const assert = require('node:assert');
const path = require('node:path');
const {test, before, after} = require('node:test');
const {ROOT, boxOf, click, labels, launch, makePage, open, point, run, scratch, search, status} = require('./page.js');

const STACKS = `web-1/1;main;handle;parse 30
web-1/1;main;handle;parse;malloc_[i] 10
web-1/1;main;handle;send;vfs_write_[k] 20
web-1/2;main;handle;parse 20
db-7/7;main;query;query;parse;malloc_[i] 12
db-7/7;main;query;parse 8
`;

const cleanups = [], suite = {after: done => cleanups.push(done)};
let browser, directory, file;
before(async () => {
	browser = await launch(suite);
	directory = scratch(suite);
	file = makePage(directory, STACKS, {name: 'page.html'});
});
after(async () => {
	for (const done of cleanups)
		await done();
});

const table = (page, selector) => page.$$eval(selector + ' tr', rows => rows.map(row =>
	[...row.querySelectorAll('td')].map(cell => cell.textContent)).filter(cells => cells.length > 1));

async function choose(page, name) {
	const rows = await page.$$('.functions tbody tr');
	for (const row of rows) {
		if (await row.$eval('.name', cell => cell.textContent) === name)
			await row.click();
	}
}

test('functions are listed by self or total, and a search narrows them', async () => {
	const page = await open(browser, file);
	assert.deepStrictEqual((await table(page, '.functions')).slice(0, 4), [['58.00%', '80.00%', 'parse'],
		['22.00%', '22.00%', 'malloc'], ['20.00%', '20.00%', 'vfs_write'], ['0.00%', '100.00%', 'main']]);
	await page.click('.functions th:nth-child(2) button');
	assert.deepStrictEqual((await table(page, '.functions'))[0], ['0.00%', '100.00%', 'main']);
	await search(page, 'qu');
	assert.deepStrictEqual(await table(page, '.functions'), [['0.00%', '20.00%', 'query']]);
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('a chosen function shows callers and callees, each sample once', async () => {
	const page = await open(browser, file);
	await choose(page, 'parse');
	assert.deepStrictEqual(await table(page, '.chosen table:nth-of-type(1)'), [['75.00%', 'handle'], ['25.00%', 'query']]);
	assert.deepStrictEqual(await table(page, '.chosen table:nth-of-type(2)'), [['27.50%', 'malloc']]);
	await choose(page, 'query');
	assert.deepStrictEqual(await table(page, '.chosen table:nth-of-type(1)'), [['100.00%', 'main']]);
	assert.deepStrictEqual(await table(page, '.chosen table:nth-of-type(2)'), [['100.00%', 'parse']]);
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('all places of a function as one, what it calls and who calls it', async () => {
	const page = await open(browser, file);
	await choose(page, 'parse');
	const [, callees] = await page.$$('.chosen .tools button');
	await callees.click();
	assert.match(await status(page), /from parse/);
	assert.deepStrictEqual(await labels(page), ['all', 'parse', 'malloc']);
	assert.deepStrictEqual((await point(page, 'parse')).rows.total.slice(0, 2), ['80', '100.00%']);
	await page.keyboard.press('u');
	await page.keyboard.press('u');
	assert.ok((await labels(page)).includes('send'));
	await choose(page, 'parse');
	await (await page.$$('.chosen .tools button'))[2].click();
	assert.match(await status(page), /callers of parse/);
	assert.deepStrictEqual((await point(page, 'handle')).rows.total.slice(0, 2), ['60', '75.00%']);
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('a chosen function is a sandwich: callees on one side, callers on the other', async () => {
	const page = await open(browser, file);
	await choose(page, 'parse');
	assert.match(await status(page), /^callers and callees of parse  ·  80\.00% of the recording$/);
	const rows = async () => Object.fromEntries(await Promise.all(['web-1/1', 'handle', 'query', 'parse', 'malloc']
		.map(async name => [name, await boxOf(page, name)])));
	const {parse, malloc, handle, query} = await rows();
	assert.ok(malloc.y < parse.y && parse.y < handle.y && handle.y < query.y);
	assert.ok(Math.abs(handle.width / parse.width - 0.75) < 0.01);
	assert.deepStrictEqual((await point(page, 'query')).rows.total, ['12', '15.00%', '15.00%', '60.00%']);
	await search(page, 'e');
	assert.match(await status(page), /^Matched 100\.00% of total, \d+ frames/);
	await search(page, '');
	await page.keyboard.press('Escape');
	await page.keyboard.press('Home');
	const where = () => page.$eval('.cursor', cursor => cursor.getAttribute('aria-label'));
	const seen = [];
	for (const key of ['ArrowUp', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowDown', 'ArrowUp', 'ArrowUp']) {
		await page.keyboard.press(key);
		seen.push((await where()).replace(/ .*/, ''));
	}
	assert.deepStrictEqual(seen, ['malloc', 'parse', 'handle', 'query', 'query', 'query', 'parse']);
	await click(page, 'query');
	const zoomed = await rows();
	assert.strictEqual(zoomed.query.width, zoomed.parse.width);
	assert.strictEqual(zoomed.malloc, null);
	const again = await open(browser, file, {hash: await page.evaluate(() => location.hash)});
	assert.deepStrictEqual(await labels(again), await labels(page));
	assert.strictEqual(await again.$eval('.chosen b', name => name.textContent), 'parse');
	await page.keyboard.press('Escape');
	await page.keyboard.press('Escape');
	assert.ok((await labels(page)).includes('send'));
	assert.strictEqual(await page.$eval('.chosen', chosen => chosen.hidden), true);
	await page.goBack();
	assert.match(await status(page), /^callers and callees of parse/);
	assert.deepStrictEqual([...page.errors, ...again.errors], []);
	await page.close();
	await again.close();
});

test('tabs go to processes and threads', async () => {
	const page = await open(browser, file);
	assert.deepStrictEqual(await page.$$eval('.tabs button', list => list.map(tab => tab.textContent)),
		['all 100.00%', 'web-1/1 60.00%', 'db-7/7 20.00%', 'web-1/2 20.00%']);
	await (await page.$$('.tabs button'))[2].click();
	assert.match(await status(page), /view: 20 samples/);
	assert.ok(!(await labels(page)).includes('handle'));
	await click(page, 'all');
	assert.ok((await labels(page)).includes('handle'));
	await page.close();
});

// A stack in each of 16 tenths of a second, hit once, twice ... 16 times, by two probes and two threads.
const CAPTURE = path.join(ROOT, 'tests/corpus/capture/slices');

test('tabs of probes have tabs of threads', async () => {
	const probes = path.join(directory, 'probes.html');
	run(['report', '-q', CAPTURE, '-o', probes]);
	const page = await open(browser, probes);
	const tabs = () => page.$$eval('.tabs div', lines => lines.map(line =>
		[...line.querySelectorAll('button')].map(tab => tab.textContent)));
	const first = ['all 100.00%', 'uprobe:malloc 52.94%', 'profile:hz:99 47.06%'];
	assert.deepStrictEqual(await tabs(), [first]);
	await page.$$eval('.tabs button', list => list[1].click());
	assert.deepStrictEqual(await tabs(), [first, ['worker 29.41%', 'prog 23.53%']]);
	await page.$$eval('.tabs div:nth-child(2) button', list => list[0].click());
	assert.match(await status(page), /^view: 40 samples/);
	assert.deepStrictEqual(await page.$$eval('.tabs [aria-pressed=true]', list => list.map(tab => tab.textContent)),
		['uprobe:malloc 52.94%', 'worker 29.41%']);
	await page.$$eval('.tabs button', list => list[0].click());
	assert.strictEqual(await status(page), '');
	await page.keyboard.press('p');
	assert.deepStrictEqual(await page.$$eval('.legend button', list => list.map(chip => chip.textContent)),
		['[kernel]', 'prog', 'process']);
	await point(page, 'all');
	await page.keyboard.press('Home');
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('h');
	await page.keyboard.press('Home');
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('h');
	assert.strictEqual(await status(page), 'nothing is left: undo (u)');
	await page.keyboard.press('u');
	await page.keyboard.press('u');
	assert.strictEqual(await status(page), '');
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('a time is chosen in the strip, by mouse, keyboard and address', async () => {
	const timed = path.join(directory, 'timed.html');
	run(['report', '-q', CAPTURE, '-o', timed, '-o', timed + '.svg']);
	const page = await open(browser, timed);
	const note = () => page.$eval('.timeline .note', element => element.textContent);
	assert.match(await note(), /^1\.6 s/);
	const {x, y, width} = await (await page.$('.timeline canvas')).boundingBox(), at = slice => x + (slice + 0.5) * width / 16;
	await page.mouse.move(at(15), y + 20);
	assert.strictEqual(await note(), '1.5–1.6 s: 16 samples');
	await page.mouse.move(at(3), y + 20);
	await page.mouse.down();
	await page.mouse.move(at(1), y + 20);
	await page.mouse.move(at(0), y + 20);
	await page.mouse.up();
	assert.match(await status(page), /^0\.0–0\.4 s  ·  7\.35% of the recording$/);
	assert.deepStrictEqual((await point(page, 'all')).rows.total[0], '10');
	const again = await open(browser, timed, {hash: await page.evaluate(() => location.hash)});
	assert.strictEqual(await status(again), await status(page));
	await page.bringToFront();
	await page.focus('.timeline');
	await page.keyboard.press('ArrowRight');
	assert.match(await status(page), /^0\.1–0\.5 s/);
	await page.keyboard.down('Shift');
	await page.keyboard.press('ArrowRight');
	await page.keyboard.up('Shift');
	assert.match(await status(page), /^0\.1–0\.6 s/);
	assert.strictEqual(await page.$eval('.timeline', strip => strip.getAttribute('aria-valuetext')), '0.1–0.6 s: 20 samples');
	await (await page.$('.timeline button')).click();
	assert.strictEqual(await status(page), '');
	await page.keyboard.press('u');
	assert.match(await status(page), /^0\.1–0\.6 s/);
	await page.goBack();
	const still = await open(browser, timed + '.svg', {hash: '#v=1&k=2-9999'});
	assert.match(await status(still), /^0\.2–999\.9 s  ·  97\.79% of the recording$/);
	assert.deepStrictEqual([...page.errors, ...again.errors, ...still.errors], []);
	for (const each of [page, again, still])
		await each.close();
});

test('a comparison shows what became more, less, and what vanished', async () => {
	const both = makePage(directory, 'm;same 40 40\nm;less 40 10\nm;more 10 50\nm;gone 10 0\n', {name: 'diff.html'});
	const page = await open(browser, both);
	const look = name => page.evaluate(wanted => [...document.querySelectorAll('#ctrace > g text')]
		.filter(text => text.textContent.startsWith(wanted)).map(text =>
			[text.textContent, text.previousElementSibling.getAttribute('class')])[0], name);
	assert.deepStrictEqual(await look('same'), ['same +0.00%pt', 'd4']);
	assert.deepStrictEqual(await look('less'), ['less -30.00%pt', 'd0']);
	assert.deepStrictEqual(await look('more'), ['more +40.00%pt', 'd8']);
	assert.deepStrictEqual(await look('gone'), ['gone', 'd1 gone']);
	const tip = await point(page, 'less -30.00%pt');
	assert.deepStrictEqual([tip.rows.total.slice(0, 2), tip.rows.before, tip.rows.change],
		[['10', '10.00%'], ['40', '40.00%'], ['', '-30.00%pt', '×0.25']]);
	await page.keyboard.press('w');
	assert.ok(!(await labels(page)).some(label => label.startsWith('gone')));
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('ctrace diff compares shares, and counts when told to', async () => {
	const fs = require('node:fs');
	const write = (name, text) => {
		fs.writeFileSync(path.join(directory, name), text);
		return path.join(directory, name);
	};
	const one = write('a.folded', 'm;f 10\nm;at_0x12 10\n'), two = write('b.folded', 'm;f 60\nm;at_0x34 20\n');
	assert.strictEqual(run(['diff', '-s', one, two, '-o', '-', '-f', 'folded']), 'm;at_0x... 10 20\nm;f 10 60\n');
	const page = path.join(directory, 'd.svg');
	run(['diff', one, two, '-o', page]);
	assert.ok(fs.readFileSync(page, 'utf8').includes('>f (60 samples, 75.00%; before 10, 50.00%; +25.00%pt (×1.5))<'));
	const tab = await open(browser, page);
	assert.ok((await labels(tab)).includes('f +25.00%pt'));
	run(['diff', '--no-normalize', one, two, '-o', page]);
	await tab.reload();
	assert.ok((await labels(tab)).includes('f +50 (×6)'));
	await tab.close();
});

test('counts compared as they are: how many, how often, new and gone', async () => {
	const fs = require('node:fs');
	const [one, two] = [['b.folded', 'main;same 25\nmain;grows 25\nmain;old 50\n'], ['a.folded', 'main;same 25\nmain;grows 50\nmain;brand_new 125\n']]
		.map(([name, text]) => {
			fs.writeFileSync(path.join(directory, name), text);
			return path.join(directory, name);
		});
	const page = path.join(directory, 'counts.svg');
	const both = async options => {
		run(['diff', ...options, one, two, '-o', page]);
		const tab = await open(browser, page, {width: 1200}), still = await open(browser, page, {width: 1200, script: false});
		const texts = (await labels(tab)).sort();
		assert.deepStrictEqual((await labels(still)).filter(text => texts.includes(text)).sort(), texts);
		await tab.close();
		await still.close();
		return texts;
	};
	assert.deepStrictEqual(await both(['--no-normalize']), ['all', 'brand_new +125 new', 'grows +25 (×2)', 'main +100 (×2)', 'old -50 gone', 'same +0']);
	assert.deepStrictEqual(await both([]), ['all', 'brand_new +62.50%pt new', 'grows +0.00%pt', 'main +0.00%pt', 'old -50.00%pt gone', 'same -12.50%pt']);
	assert.deepStrictEqual(await both(['--negate']), ['all', 'brand_new -62.50%pt gone', 'grows +0.00%pt', 'main +0.00%pt', 'old +50.00%pt new', 'same +12.50%pt']);
});

test('the menu opens where it was asked for, with the table beside', async () => {
	const page = await open(browser, file, {width: 1400, height: 1200});
	const {x, y} = await boxOf(page, 'send');
	await page.mouse.click(x + 5, y + 5, {button: 'right'});
	const menu = await page.$eval('.menu', each => {
		const {left, top, right, bottom} = each.getBoundingClientRect();
		return [left, top, right, bottom];
	});
	const near = (a, b) => Math.abs(a - b) < 3;
	assert.ok(near(menu[0], x + 5) || near(menu[2], 1396), menu.join());
	assert.ok(near(menu[1], y + 5) || near(menu[3], 1196), menu.join());
	await page.close();
});

test('a thread in brackets is a thread, not a missing symbol', async () => {
	const page = await open(browser, makePage(directory, '[ET_NET 0];main;f 9\n[ET_NET_1];main;f 1\n', {name: 'brackets.html'}));
	assert.deepStrictEqual(await page.$$eval('.legend button', list => list.map(chip => chip.textContent)), ['native', 'process']);
	await page.keyboard.press('?');
	assert.ok(!/without symbols[1-9]/.test(await page.$eval('.about', about => about.textContent)));
	assert.deepStrictEqual(await page.$$eval('.tabs button', list => list.map(tab => tab.textContent)),
		['all 100.00%', '[ET_NET 0] 90.00%', '[ET_NET_1] 10.00%']);
	await page.close();
});
