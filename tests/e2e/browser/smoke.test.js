// SPDX-License-Identifier: MIT
// What has to hold in every browser: the pages open, are seen, and answer mouse and keyboard.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const {test, before, after} = require('node:test');
const {boxOf, click, hostileNames, labels, launch, makePage, open, point, scratch, search, status} = require('./page.js');
const {colours} = require('./png.js');

const STACKS = 'web-1/1;main;handle;parse 30\nweb-1/1;main;handle;parse;malloc_[i] 10\n' +
	'web-1/1;main;handle;send;vfs_write_[k] 20\nweb-1/2;main;idle 20\ndb-7/7;main;query;query;sort 20\n';

const cleanups = [], suite = {after: done => cleanups.push(done)};
let browser, directory;
before(async () => {
	browser = await launch(suite);
	directory = scratch(suite);
});
after(async () => {
	for (const done of cleanups)
		await done();
});

for (const name of ['page.svg', 'page.html']) {
	test(`mouse, keyboard, history and search work (${name})`, async () => {
		const page = await open(browser, makePage(directory, STACKS, {name}));
		const narrow = await boxOf(page, 'query');
		await click(page, 'query');
		assert.ok((await boxOf(page, 'query')).width > narrow.width * 3);
		await page.evaluate(() => new Promise(resolve => {
			addEventListener('popstate', () => setTimeout(resolve));
			history.back();
		}));
		assert.strictEqual(Math.round((await boxOf(page, 'query')).width), Math.round(narrow.width));
		assert.deepStrictEqual((await point(page, 'handle')).rows.total.slice(0, 2), ['60', '60.00%']);
		await search(page, 'parse');
		assert.match(await status(page), /Matched 40\.00% of total/);
		await page.keyboard.press('Enter');
		assert.match(await page.$eval('.cursor', cursor => cursor.getAttribute('aria-label')), /^parse/);
		await page.keyboard.press('i');
		assert.ok((await boxOf(page, 'all')).y < 200);
		await page.keyboard.press('r');
		assert.ok((await labels(page)).includes('vfs_write'));
		assert.deepStrictEqual(page.errors, []);
		await page.close();
	});
	test(`a name is copied (${name})`, async () => {
		const page = await open(browser, makePage(directory, STACKS, {name}));
		await page.evaluate(() => {
			const seen = [], writeText = navigator.clipboard && navigator.clipboard.writeText;
			window.copied = seen;
			if (writeText) {
				navigator.clipboard.writeText = text => writeText.call(navigator.clipboard, text)
					.then(() => seen.push(text));
			}
			document.addEventListener('copy', event => seen.push(event.target.value));
		});
		await point(page, 'sort');
		await page.keyboard.press('c');
		await page.waitForFunction(() => window.copied.length);
		assert.deepStrictEqual(await page.evaluate(() => window.copied), ['sort']);
		assert.deepStrictEqual(page.errors, []);
		await page.close();
	});
	test(`names of any bytes run nothing (${name})`, async () => {
		const page = await open(browser, makePage(directory, hostileNames(), {name}));
		await page.mouse.move(300, 834);
		await search(page, 'a');
		assert.deepStrictEqual(page.errors, []);
		assert.ok((await page.$$('#ctrace > g rect')).length > 250);
		await page.close();
	});
}

test('boxes have their colours, by script and as an image', async () => {
	const file = makePage(directory, STACKS), html = path.join(directory, 'img.html'), png = path.join(directory, 'x.png');
	fs.writeFileSync(html, '<!doctype html><meta charset=utf-8><body style="margin:0"><img src="page.svg">');
	for (const address of [file, html]) {
		const page = await open(browser, address, {width: 1200, height: 400});
		const still = /\.img$/.test(address) || await page.$('img');
		if (still)
			await page.waitForFunction(() => document.querySelector('img').complete);
		await page.screenshot({path: png});
		const found = colours(png);
		assert.ok(found.size > 20, `${found.size} colours`);
		assert.ok(!(found.get('#000000') > 1000), 'large parts are black');
		await page.close();
	}
});
