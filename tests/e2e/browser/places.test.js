// SPDX-License-Identifier: MIT
// Wherever a picture is put it is seen, and minds its own affairs: frames, policies, other pages,
// paper, phones, and browsers that cannot run it.
'use strict';
const assert = require('node:assert');
const {execFileSync, spawnSync} = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const {test, before, after} = require('node:test');
const {boxOf, click, labels, launch, makePage, open, scratch, search, status} = require('./page.js');
const {colours} = require('./png.js');

const A = 'app;main;alpha 30\napp;main;beta 70\napp;main;common 20\n';
const B = 'job;main;gamma 10\njob;main;delta;deep 90\njob;main;common 50\n';

const cleanups = [], suite = {after: done => cleanups.push(done)};
let browser, directory, file;
before(async () => {
	browser = await launch(suite);
	directory = scratch(suite);
	file = makePage(directory, A);
});
after(async () => {
	for (const done of cleanups)
		await done();
});

// What the page's file is served with; closes with the test.
async function serve(t, headers = {}) {
	const server = http.createServer((request, response) => {
		const wanted = path.join(directory, path.basename(request.url));
		if (!fs.existsSync(wanted)) {
			response.writeHead(204);
			response.end();
			return;
		}
		response.writeHead(200, {'content-type': wanted.endsWith('.svg') ? 'image/svg+xml' : 'text/html; charset=utf-8',
			...wanted.endsWith('.svg') ? headers : {}});
		response.end(fs.readFileSync(wanted));
	});
	await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
	t.after(() => server.close());
	return `http://127.0.0.1:${server.address().port}/`;
}

function writeHtml(name, body) {
	fs.writeFileSync(path.join(directory, name), `<!doctype html><html><head><meta charset=utf-8><title>Report</title></head><body>${
		body}</body></html>`);
	return path.join(directory, name);
}

const isLive = page => page.evaluate(() => !document.getElementById('ctrace-still') && Boolean(document.querySelector('.ctrace-ui')));

// The still picture is what is seen: its boxes, in their colours.
async function assertStill(page, box) {
	assert.deepStrictEqual(await page.evaluate(() => [Boolean(document.querySelector('#ctrace-still')), document.querySelectorAll('.ctrace-ui').length]),
		[true, 0]);
	const png = path.join(directory, 'still.png');
	await page.screenshot({path: png, clip: box});
	const seen = colours(png);
	assert.ok(seen.size > 20, `${seen.size} colours`);
	assert.ok(!(seen.get('#000000') > 1000), 'large parts are black');
}

test('a frame of another origin shows the live picture', async t => {
	const address = await serve(t);
	writeHtml('frame.html', '<iframe sandbox="allow-scripts" src="page.svg" width=900 height=300></iframe>');
	const page = await open(browser, address + 'frame.html');
	const frame = page.frames()[1];
	await frame.waitForSelector('.ctrace-ui');
	assert.strictEqual(await frame.evaluate(() => document.querySelector('.back').getBoundingClientRect().width), 900);
	assert.ok((await frame.$$eval('#ctrace > g text', list => list.map(text => text.textContent))).includes('common'));
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('a frame that has no size yet is drawn when it gets one', async () => {
	const html = writeHtml('hidden.html', '<iframe src="page.svg" style="display:none;width:900px;height:300px;border:0"></iframe>');
	const page = await open(browser, html);
	await page.evaluate(() => document.querySelector('iframe').style.display = '');
	const frame = page.frames()[1];
	await frame.waitForSelector('.ctrace-ui');
	assert.strictEqual(await frame.evaluate(() => document.querySelector('.back').getBoundingClientRect().width), 900);
	await page.close();
});

for (const [name, policy] of [['Jenkins', "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"],
	['no script', "default-src 'none'; style-src 'unsafe-inline'; sandbox"],
	['no style', "default-src 'none'; script-src 'unsafe-inline'"], ['nothing', "default-src 'none'"]]) {
	test(`a policy shows the still picture (${name})`, async t => {
		const address = await serve(t, {'content-security-policy': policy});
		const page = await open(browser, address + 'page.svg');
		await assertStill(page, {x: 0, y: 0, width: 1200, height: 150});
		await page.close();
	});
}

// What is missing or refuses, and whether the live picture can do without it.
const FAULTS = [
	['no ResizeObserver', () => delete window.ResizeObserver],
	['no TextDecoder', () => delete window.TextDecoder],
	['a sheet of style that is refused', () => window.getComputedStyle = () => ({getPropertyValue: () => ''})],
	['storage, history and clipboard refuse', () => {
		Object.defineProperty(window, 'localStorage', {get() { throw new Error('refused'); }});
		History.prototype.pushState = History.prototype.replaceState = () => { throw new Error('refused'); };
	}, true],
];
for (const [name, fault, works] of FAULTS) {
	test(`${works ? 'the live' : 'the still'} picture is shown: ${name}`, async () => {
		const page = await open(browser, 'about:blank');
		await page.evaluateOnNewDocument(fault);
		await page.goto('file://' + file);
		if (works) {
			assert.ok(await isLive(page));
			await click(page, 'beta');
			assert.match(await status(page), /view: 70 samples/);
			await page.keyboard.press('d');
			assert.ok(await isLive(page));
		} else {
			await assertStill(page, {x: 0, y: 0, width: 1200, height: 150});
		}
		await page.close();
	});
}

test('damaged data leave the still picture, whatever the damage', async () => {
	const markup = fs.readFileSync(file, 'utf8'), at = markup.indexOf('id="ctrace-data">') + 'id="ctrace-data">'.length;
	const end = markup.indexOf('<', at), data = markup.slice(at, end);
	for (const damaged of ['', data.slice(0, 20), data.slice(0, -8), 'AAAA' + data, '*' + data, 'eNoDAAAAAAE=']) {
		const page = await open(browser, 'about:blank');
		fs.writeFileSync(path.join(directory, 'damaged.svg'), markup.slice(0, at) + damaged + markup.slice(end));
		await page.goto('file://' + path.join(directory, 'damaged.svg'));
		await assertStill(page, {x: 0, y: 0, width: 1200, height: 150});
		await page.close();
	}
});

for (const name of ['page.svg', 'page.html']) {
	test(`an error while the picture is in use brings the still one back (${name})`, async () => {
		const page = await open(browser, makePage(directory, A, {name}));
		assert.ok(await isLive(page));
		await page.evaluate(() => {
			Object.defineProperty(Element.prototype, 'innerHTML', {set() { throw new Error('broken'); }});
		});
		await page.keyboard.press('i');
		await assertStill(page, {x: 0, y: 0, width: 1200, height: 150});
		assert.strictEqual(await page.$('aside'), null);
		await page.keyboard.press('i');
		assert.strictEqual(page.errors.length, 1);
		await page.close();
	});
}

test('names cut at a narrow place are cut between characters', async () => {
	const emoji = makePage(directory, 'app;main;load_🚀🚀🚀🚀🚀🚀🚀🚀 1\napp;main;𝒳𝒴𝒵_変数名前_e\u0301e\u0301e\u0301 2\napp;main;other 9\n', {name: 'emoji.svg'});
	const page = await open(browser, emoji);
	for (let width = 400; width <= 1400; width += 90) {
		await page.setViewport({width, height: 500});
		await page.waitForFunction(wide => document.querySelector('.back').getBoundingClientRect().width === wide, {}, width);
		const texts = await labels(page);
		assert.ok(texts.includes('main') && texts.every(text => !/\p{Surrogate}/u.test(text)), texts.join());
	}
	assert.ok(await isLive(page));
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('wide characters take two cells: labels stay in their boxes, in both pictures', async () => {
	const wide = makePage(directory, 'app;関数名前処理実行開始終了待機中断再開設定取得保存削除更新 20\napp;other 80\n', {name: 'wide.svg'});
	for (const script of [true, false]) {
		const page = await open(browser, wide, {script, width: 1200});
		const [text, room, length] = await page.evaluate(() => {
			const label = [...document.querySelectorAll('#ctrace g text')].find(each => each.textContent.startsWith('関'));
			return [label.textContent, Number(label.previousElementSibling.getAttribute('width')), label.getComputedTextLength()];
		});
		assert.strictEqual(text, '関数名前処理実行開始終了待機中…');
		assert.ok(length <= room, `${length} in ${room}`);
		await page.close();
	}
});

const HOST = (first, second) => '<h1>One</h1><input id=in><p class="menu" id=menu>host <b class="name">menu</b></p><svg width=20 height=20><text>host</text></svg>' +
	`${first}<h1>Two</h1><div style="width:700px">${second}</div>`;

test('pictures in a page of somebody leave it alone, and each other', async () => {
	const second = makePage(directory, B, {name: 'b.svg', options: ['--colors', 'blue', '--fontsize', '14']});
	const plain = writeHtml('plain.html', HOST('', ''));
	const html = writeHtml('inline.html', HOST(fs.readFileSync(file, 'utf8'), fs.readFileSync(second, 'utf8')));
	const look = page => page.evaluate(() => ['body', 'h1', '#menu', '#menu b', 'svg:not(.ctrace) text'].map(selector => {
		const {color, fill, font, position, padding, backgroundColor, colorScheme} = getComputedStyle(document.querySelector(selector));
		return [color, fill, font, position, padding, backgroundColor, colorScheme].join(' ');
	}));
	const host = await open(browser, plain), page = await open(browser, html);
	assert.deepStrictEqual(await look(page), await look(host));
	assert.strictEqual(await page.title(), 'Report');
	assert.deepStrictEqual(await page.$$eval('svg.ctrace', list => list.map(each =>
		[...each.querySelectorAll(':scope > g text')].map(text => text.textContent).includes('main') && each.hasAttribute('data-live'))), [true, true]);
	assert.deepStrictEqual(await page.evaluate(() => {
		const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
		return ids.filter((id, i) => ids.indexOf(id) !== i);
	}), []);
	assert.notStrictEqual(...await page.$$eval('svg.ctrace', list => list.map(each =>
		getComputedStyle([...each.querySelectorAll(':scope > g text')].find(text => text.textContent === 'main').previousElementSibling).fill)));
	const widths = await page.$$eval('svg.ctrace', list => list.map(each => each.getBoundingClientRect().width));
	assert.strictEqual(widths[1], 700);
	await page.click('#in');
	await page.keyboard.type('/hefty text i');
	assert.strictEqual(await page.$eval('#in', input => input.value), '/hefty text i');
	assert.strictEqual(await page.evaluate(() => location.hash + history.length), await host.evaluate(() => location.hash + history.length));
	assert.deepStrictEqual(page.errors, []);
	await host.close();
	await page.close();
});

test('keys are for the picture that is pointed at or has the focus', async () => {
	const second = makePage(directory, B, {name: 'b.svg'});
	const page = await open(browser, writeHtml('keys.html', HOST(fs.readFileSync(file, 'utf8'), fs.readFileSync(second, 'utf8')) +
		'<div style="height:2000px">'));
	const inverted = () => page.$$eval('svg.ctrace .toggle[title^="Root"]', list => list.map(each => each.getAttribute('aria-pressed')));
	await page.mouse.move(20, 5);
	await page.keyboard.press('i');
	assert.deepStrictEqual(await inverted(), ['false', 'false']);
	const box = await (await page.$$('svg.ctrace'))[1].boundingBox();
	await page.mouse.move(box.x + 50, box.y + box.height - 45);
	await page.keyboard.press('i');
	assert.deepStrictEqual(await inverted(), ['false', 'true']);
	await page.keyboard.press('PageDown');
	await page.waitForFunction(() => scrollY > 0);
	await page.evaluate(() => document.querySelector('svg.ctrace').focus());
	await page.mouse.move(2, 2);
	await page.keyboard.press('i');
	assert.deepStrictEqual(await inverted(), ['true', 'true']);
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('a picture put in by script, and the same picture twice, work too', async () => {
	const page = await open(browser, writeHtml('notebook.html', '<div id=one></div><div id=two></div>'));
	await page.evaluate(markup => {
		for (const id of ['one', 'two']) {
			const place = document.getElementById(id);
			place.innerHTML = markup;
			// Notebooks run what is in the markup anew.
			for (const old of place.querySelectorAll('script:not([type])')) {
				const script = document.createElement('script');
				script.textContent = old.textContent;
				document.head.append(script);
				script.remove();
			}
		}
	}, fs.readFileSync(file, 'utf8'));
	assert.deepStrictEqual(await page.$$eval('svg.ctrace', list => list.map(each => each.querySelectorAll(':scope > g text').length)), [6, 6]);
	await page.evaluate(markup => document.getElementById('one').innerHTML = markup, fs.readFileSync(file, 'utf8'));
	assert.strictEqual(await page.$eval('#one #ctrace-still', still => still.getBoundingClientRect().width > 500), true);
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('in <object>, <embed> and <img> it is seen', async () => {
	const page = await open(browser, writeHtml('embed.html', '<object data="page.svg" width=900 height=200></object>' +
		'<embed src="page.svg" width=900 height=200><img src="page.svg">'));
	await page.waitForFunction(() => document.querySelector('img').complete);
	for (const each of await page.$$('object,embed,img')) {
		const png = path.join(directory, 'embedded.png');
		await each.screenshot({path: png});
		assert.ok(colours(png).size > 20);
	}
	await page.close();
});

const hasPoppler = spawnSync('sh', ['-c', 'command -v pdftotext && command -v pdftoppm']).status === 0;
const REQUIRED = (process.env.CTRACE_REQUIRE_BROWSER ?? process.env.CTRACE_REQUIRE_BPF) === '1';

for (const name of ['page.svg', 'page.html', 'keys.html']) {
	test(`on paper it is whole, light, and without buttons (${name})`, {skip: !hasPoppler && !REQUIRED && 'no poppler-utils'}, async () => {
		const made = makePage(directory, A, {name: name === 'keys.html' ? 'page.svg' : name});
		const html = name === 'keys.html' ? writeHtml(name, fs.readFileSync(made, 'utf8')) : made;
		const page = await open(browser, html, {dark: true, width: 1800});
		const pdf = path.join(directory, 'x.pdf');
		await page.pdf({path: pdf, format: 'A4'});
		const text = execFileSync('pdftotext', [pdf, '-'], {encoding: 'utf8'});
		assert.match(text, /common/);
		assert.match(text, /Flame Graph/);
		assert.ok(!/icicle|theme|Aa/.test(text), text);
		execFileSync('pdftoppm', ['-r', '40', '-png', '-f', '1', '-l', '1', '-singlefile', pdf, pdf]);
		const [[most]] = [...colours(pdf + '.png')].sort((a, b) => b[1] - a[1]);
		assert.strictEqual(most, '#ffffff');
		// On the screen all is as before.
		await page.waitForFunction(() => [...document.querySelectorAll('#ctrace > g[aria-hidden] > rect')].every(each =>
			Math.abs(each.getBoundingClientRect().height - 15) < 0.01), {timeout: 5000});
		assert.ok(await page.$eval('.ctrace-ui .tools', tools => tools.getBoundingClientRect().width > 100));
		await page.close();
	});
}

for (const name of ['page.svg', 'page.html']) {
	test(`on a phone it fits, and the first tap tells what the second opens (${name})`, async () => {
		const page = await open(browser, 'about:blank');
		await page.setViewport({width: 390, height: 760, isMobile: true, hasTouch: true, deviceScaleFactor: 2});
		await page.goto('file://' + makePage(directory, A, {name}));
		await page.waitForFunction(() => innerWidth === 390);
		await page.waitForFunction(() => document.querySelector('.back').getBoundingClientRect().width === 390);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 390));
		const {x, y, height} = await boxOf(page, 'beta');
		await page.touchscreen.tap(x + 20, y + height / 2);
		assert.match(await page.$eval('.tip', tip => tip.hidden ? '' : tip.textContent), /^beta.*Tap again/);
		assert.strictEqual(await status(page), '');
		await page.touchscreen.tap(x + 20, y + height / 2);
		assert.match(await status(page), /view: 70 samples/);
		assert.deepStrictEqual(page.errors, []);
		await page.close();
	});
}

test('a window that changes its size is filled', async () => {
	for (const name of ['page.svg', 'page.html']) {
		const page = await open(browser, makePage(directory, A, {name}));
		for (const width of [700, 1300]) {
			await page.setViewport({width, height: 500});
			await page.waitForFunction(wide => {
				const {right, bottom} = document.querySelector('.back').getBoundingClientRect();
				return right === wide && bottom === 500;
			}, {}, width);
			const box = await boxOf(page, 'all');
			assert.ok(Math.abs(box.x + box.width - width + 10) < 1.5);
		}
		await search(page, 'beta');
		assert.match(await status(page), /Matched 58\.33%/);
		await page.close();
	}
});
