// SPDX-License-Identifier: MIT
// What the browser tests share: making pages with ctrace, opening them in a fresh browser.
'use strict';
const {execFileSync} = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const puppeteer = require('puppeteer-core');

const CTRACE = process.env.CTRACE, FIREFOX = process.env.FIREFOX;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
	'--disable-background-networking', '--disable-component-update', '--disable-sync'];
const ROOT = path.resolve(__dirname, '../../..');

// A directory that is gone when the test is over.
function scratch(test) {
	const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ctrace-browser-'));
	test.after(() => fs.rmSync(directory, {recursive: true, force: true}));
	return directory;
}

function run(args, input) {
	return execFileSync(CTRACE, args, {input, maxBuffer: 1 << 30, encoding: 'utf8'});
}

// A page made of folded stacks; returns its path.
function makePage(directory, folded, {name = 'page.svg', options = []} = {}) {
	const file = path.join(directory, name);
	run(['flamegraph', '-o', file, ...options], folded);
	return file;
}

// Every byte but those that end a line or a frame, and what breaks markup.
function hostileNames() {
	const stacks = [];
	for (let byte = 1; byte < 256; byte++) {
		if (byte !== 10 && byte !== 59)
			stacks.push(Buffer.concat([Buffer.from('m;a'), Buffer.from([byte]), Buffer.from('b 2\n')]));
	}
	for (const name of [']]>', '</script><script>alert(1)</script>', '--', '<!--', '&amp;', '"\'`${alert(1)}',
		'\ufffe\uffff', '\u2028', 'x'.repeat(4096), '<img src=x onerror=alert(1)>', '{{7*7}}', '\\u003c'])
		stacks.push(Buffer.from(`m;${name} 3\nm;${name};leaf 1\n`));
	stacks.push(Buffer.from('m;'), Buffer.from([0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xc0, 0xaf]), Buffer.from(' 1\n'));
	return Buffer.concat(stacks);
}

// Made once for all tests: it takes a while.
function makeForest(args = []) {
	const script = path.join(ROOT, 'tests/bench/stack_forest.py');
	const key = crypto.createHash('sha1').update(fs.readFileSync(script)).update(args.join(' ')).digest('hex');
	const file = path.join(process.env.CTRACE_WORK || os.tmpdir(), `forest-${key.slice(0, 12)}.folded`);
	if (fs.existsSync(file))
		return file;
	const out = fs.openSync(`${file}.${process.pid}`, 'w');
	execFileSync('python3', [script, ...args], {stdio: ['ignore', out, 'inherit']});
	fs.closeSync(out);
	fs.renameSync(`${file}.${process.pid}`, file);
	return file;
}

async function launch(test, flags = []) {
	const userDataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'ctrace-browser-'));
	const which = FIREFOX ? {browser: 'firefox', executablePath: FIREFOX} :
		{executablePath: process.env.CHROMIUM, args: [...FLAGS, ...flags]};
	const browser = await puppeteer.launch({...which, headless: true, userDataDir, protocolTimeout: 120000});
	test.after(async () => {
		await browser.close();
		fs.rmSync(userDataDir, {recursive: true, force: true, maxRetries: 20});
	});
	return browser;
}

// A tab with its complaints in page.errors.
async function open(browser, file, {script = true, dark = false, hash = '', width = 1400, height = 900} = {}) {
	const page = await browser.newPage();
	page.errors = [];
	page.on('pageerror', error => page.errors.push(String(error)));
	page.on('console', message => page.errors.push(message.text()));
	page.on('dialog', dialog => {
		page.errors.push('dialog: ' + dialog.message());
		dialog.dismiss();
	});
	// Firefox before 140 sets the size and then does not know a part of the rest.
	await page.setViewport({width, height}).catch(error => {
		if (!FIREFOX || !String(error).includes('setScreenOrientationOverride'))
			throw error;
	});
	if (!FIREFOX) {
		await page.setJavaScriptEnabled(script);
		await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'}]);
	}
	await page.goto((file.includes(':') ? file : 'file://' + file) + hash);
	return page;
}

const status = page => page.$eval('.status', element => element.textContent);

async function search(page, text) {
	await page.keyboard.press('/');
	await page.$eval('.find input', input => input.value = '');
	await page.keyboard.type(text);
}

async function leaveSearch(page) {
	await page.$eval('.find input', input => input.blur());
}

// The box with that label (its whole text) as {x, y, width} in pixels, or null.
function boxOf(page, label) {
	return page.evaluate(wanted => {
		const text = [...document.querySelectorAll('#ctrace > g text')].find(t => t.textContent === wanted);
		if (!text)
			return null;
		const box = text.previousElementSibling.getBoundingClientRect();
		return {x: box.x, y: box.y, width: box.width, height: box.height};
	}, label);
}

async function point(page, label) {
	const box = await boxOf(page, label);
	await page.mouse.move(box.x + Math.min(20, box.width / 2), box.y + box.height / 2);
	return page.$eval('.tip', tip => tip.hidden ? null : {name: tip.querySelector('b').textContent,
		rows: Object.fromEntries([...tip.querySelectorAll('tr')].slice(1).map(row =>
			[row.querySelector('th').textContent, [...row.querySelectorAll('td')].map(cell => cell.textContent)]))});
}

async function click(page, label) {
	const box = await boxOf(page, label);
	await page.mouse.click(box.x + Math.min(20, box.width / 2), box.y + box.height / 2);
}

const labels = page => page.$$eval('#ctrace > g text', list => list.map(text => text.textContent));

module.exports = {CTRACE, ROOT, boxOf, click, hostileNames, labels, launch, leaveSearch, makeForest, makePage, open, point, run,
	scratch, search, status};
