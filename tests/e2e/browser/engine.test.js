// SPDX-License-Identifier: MIT
// The page as an application: every action, by mouse and by keyboard, and the figures it shows.
'use strict';
const assert = require('node:assert');
const {execFileSync} = require('node:child_process');
const fs = require('node:fs');
const {test, before, after} = require('node:test');
const zlib = require('node:zlib');
const {ROOT, boxOf, click, labels, launch, leaveSearch, makeForest, makePage, open, point, run, scratch, search,
	status} = require('./page.js');

const STACKS = `web-1/1;main;handle;parse 30
web-1/1;main;handle;parse;malloc_[i] 10
web-1/1;main;handle;send;vfs_write_[k] 20
web-1/2;main;handle;parse 15
web-1/2;main;idle;parse 5
db-7/7;main;query;query;query;sort 12
db-7/7;main;query;parse 8
`;

const cleanups = [], suite = {after: done => cleanups.push(done)};
let browser, directory, file;
before(async () => {
	browser = await launch(suite);
	directory = scratch(suite);
	file = makePage(directory, STACKS);
});
after(async () => {
	for (const done of cleanups)
		await done();
});

const press = async (page, ...keys) => {
	for (const key of keys)
		await page.keyboard.press(key);
};
const hash = page => page.evaluate(() => location.hash);
const openStacks = options => open(browser, file, options);

test('a click zooms, a pale box and the keys zoom out, history goes back', async () => {
	const page = await openStacks();
	const narrow = await boxOf(page, 'query');
	await click(page, 'query');
	assert.ok((await boxOf(page, 'query')).width > narrow.width * 3);
	assert.match(await status(page), /view: 20 samples, 20\.00%/);
	assert.ok(!(await labels(page)).includes('idle'));
	await click(page, 'main');
	assert.match(await status(page), /view: 20 samples/);
	await press(page, 'Backspace');
	await press(page, 'Backspace');
	assert.ok((await labels(page)).includes('idle'));
	await page.goBack();
	await page.goBack();
	await page.goBack();
	assert.ok(!(await labels(page)).includes('idle'));
	await page.goForward();
	await press(page, 'Escape');
	assert.ok((await labels(page)).includes('idle'));
	// The mouse stays where it was: what lies there now is what it clicks.
	const {x, y} = await boxOf(page, 'handle');
	await page.mouse.move(x + 10, y + 5);
	await press(page, 'Home', 'Escape');
	await page.mouse.down();
	await page.mouse.up();
	assert.match(await status(page), /view: 60 samples/);
	await press(page, 'Escape');
	assert.strictEqual(await status(page), '');
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('the address brings the view back, in another recording of the same program too', async () => {
	const page = await openStacks();
	await click(page, 'query');
	await search(page, 'sort');
	await leaveSearch(page);
	await press(page, 'i');
	const address = await hash(page);
	const again = await openStacks({hash: address});
	assert.strictEqual(await status(again), await status(page));
	assert.deepStrictEqual(await labels(again), await labels(page));
	const other = makePage(directory, STACKS.replace('sort 12', 'sort 3') + 'db-7/7;alpha;beta 9\n',
		{name: 'other.svg'});
	const moved = await open(browser, other, {hash: address});
	assert.match(await status(moved), /Matched 3\.00% of total, 27\.27% of view, 1 frame /);
	const nonsense = await openStacks({hash: '#v=9&f=zzz.yyy&o=colour&t=x&w=1&h=q&p=pink'});
	assert.strictEqual((await labels(nonsense)).length, (await labels(await openStacks())).length);
	assert.deepStrictEqual(nonsense.errors, []);
	const theirs = await open(browser, file + '?s=parse');
	assert.match(await status(theirs), /Matched 68\.00%/);
	for (const each of [page, again, moved, nonsense, theirs])
		await each.close();
});

test('a search counts every sample once, in all data, and steps through the hits', async () => {
	const page = await openStacks();
	await search(page, 'query');
	assert.match(await status(page), /Matched 20\.00% of total, 20\.00% of view, 3 frames/);
	assert.strictEqual(await page.$$eval('.hit-line', list => list.length), 1);
	await search(page, 'PARSE');
	assert.match(await status(page), /Matched 0\.00%/);
	await page.keyboard.down('Control');
	await press(page, 'i');
	await page.keyboard.up('Control');
	assert.match(await status(page), /Matched 68\.00% of total, 68\.00% of view, 4 frames/);
	await search(page, '/^(sort|idle)$/');
	assert.match(await status(page), /Matched 17\.00% of total, 17\.00% of view, 2 frames/);
	await search(page, '/(/');
	assert.ok(await page.$('.find input.bad'));
	await search(page, 'parse');
	await leaveSearch(page);
	const seen = [];
	for (let i = 0; i < 4; i++) {
		await press(page, 'n');
		seen.push(await page.$eval('.cursor', cursor => cursor.getAttribute('aria-label')));
	}
	assert.deepStrictEqual(seen, ['parse (8 samples, 8.00%), self 8.00%, level 4, called by query',
		'parse (40 samples, 40.00%), self 30.00%, level 4, called by handle',
		'parse (15 samples, 15.00%), self 15.00%, level 4, called by handle',
		'parse (5 samples, 5.00%), self 5.00%, level 4, called by idle']);
	await press(page, 'N');
	assert.strictEqual(await page.$eval('.cursor', cursor => cursor.getAttribute('aria-label')), seen[2]);
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('the tooltip tells total, self and shares, here and everywhere', async () => {
	const page = await openStacks();
	const tip = await point(page, 'handle');
	assert.strictEqual(tip.name, 'handle');
	assert.deepStrictEqual(tip.rows, {
		'total': ['60', '60.00%', '60.00%', '100.00%'],
		'self': ['0', '0.00%', '0.00%', '0.00%'],
		'total, all places': ['75', '75.00%'],
		'self, all places': ['0', '0.00%'],
	});
	await click(page, 'query');
	const inner = await point(page, 'sort');
	assert.deepStrictEqual(inner.rows.total, ['12', '12.00%', '60.00%', '100.00%']);
	await press(page, 'Escape');
	const recursive = await point(page, 'query');
	assert.deepStrictEqual(recursive.rows['total, all places'], ['20', '20.00%']);
	await page.close();
});

test('hide and focus restate totals, undo takes them back', async () => {
	const page = await openStacks();
	await point(page, 'send');
	await press(page, 'h');
	assert.match(await status(page), /80\.00% of the recording/);
	assert.ok(!(await labels(page)).includes('send'));
	await press(page, 'u');
	await point(page, 'idle');
	await press(page, 'f');
	assert.match(await status(page), /5\.00% of the recording/);
	assert.ok(!(await labels(page)).includes('handle'));
	await press(page, 'u');
	assert.strictEqual(await status(page), '');
	await page.goBack();
	assert.match(await status(page), /5\.00% of the recording/);
	await page.close();
});

test('reverse, order, recursion, inlines and threads regroup the same samples', async () => {
	const page = await openStacks();
	await press(page, 'r');
	assert.ok((await point(page, 'parse')).rows.total[0] === '58');
	await press(page, 'r', 'm');
	assert.ok(!(await labels(page)).includes('malloc'));
	assert.deepStrictEqual((await point(page, 'parse')).rows.self.slice(0, 2), ['8', '8.00%']);
	await press(page, 'm', 'x');
	assert.deepStrictEqual((await labels(page)).filter(label => /^query/.test(label)), ['query ×3']);
	await press(page, 'x', 't');
	assert.deepStrictEqual((await labels(page)).filter(label => /-\d/.test(label)).sort(), ['db-7/7', 'web-1/1']);
	await press(page, 't');
	assert.deepStrictEqual((await point(page, 'main')).rows.total[0], '100');
	await press(page, 't', 's');
	const order = async () => (await page.evaluate(() => [...document.querySelectorAll('#ctrace > g text')]
		.map(text => [text.textContent, Number(text.getAttribute('x'))])
		.filter(([text]) => /-\d/.test(text)).sort((a, b) => a[1] - b[1]).map(([text]) => text)));
	assert.deepStrictEqual(await order(), ['web-1/1', 'db-7/7', 'web-1/2']);
	await press(page, 's', 's');
	assert.deepStrictEqual(await order(), ['db-7/7', 'web-1/1', 'web-1/2']);
	const root = await boxOf(page, 'all');
	await press(page, 'i');
	assert.ok((await boxOf(page, 'all')).y < root.y);
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

test('names and stacks are copied, views are saved', async () => {
	const page = await openStacks();
	await browser.defaultBrowserContext().setPermission?.('file://', {permission: {name: 'clipboard-write'}, state: 'granted'})
		.catch(() => {});
	await page.evaluate(() => navigator.clipboard.writeText = async text => {
		window.copied = text;
	});
	await point(page, 'sort');
	await press(page, 'c');
	assert.strictEqual(await page.evaluate(() => window.copied), 'sort');
	await press(page, 'C');
	assert.strictEqual(await page.evaluate(() => window.copied), 'db-7/7;main;query;query;query;sort');
	await page.evaluate(() => {
		window.saved = [];
		const original = URL.createObjectURL;
		URL.createObjectURL = blob => {
			window.saved.push(blob.text());
			return original(blob);
		};
	});
	await press(page, 'e', 'E');
	const [folded, picture] = await page.evaluate(() => Promise.all(window.saved));
	assert.strictEqual(run(['flamegraph', '-f', 'folded', '-'], folded), run(['flamegraph', '-f', 'folded', '-'], STACKS));
	fs.writeFileSync(file + '.saved.svg', picture);
	execFileSync('xmllint', ['--noout', file + '.saved.svg']);
	assert.ok(picture.includes('>handle<'));
	assert.ok(!picture.includes('<script'));
	await page.close();
});

test('the legend names kinds or modules, and a click on it pales the others', async () => {
	const page = await openStacks();
	const legend = () => page.$$eval('.legend button', list => list.map(chip => chip.textContent));
	const pale = () => page.$$eval('text.pale', list => list.map(text => text.textContent));
	assert.deepStrictEqual(await legend(), ['native', 'kernel', 'inlined', 'process']);
	await page.$$eval('.legend button', list => list[1].click());
	assert.ok((await pale()).includes('parse') && !(await pale()).includes('vfs_write'));
	await page.$$eval('.legend button', list => list[1].click());
	assert.deepStrictEqual(await pale(), []);
	await press(page, 'p', 'p');
	assert.match(await page.$eval('.legend', element => element.textContent), /^little of all.*half and more$/);
	const scoped = await open(browser, makePage(directory, 'a;b::c 1\na;[libz.so.1] 1\n', {name: 'scoped.svg'}));
	assert.deepStrictEqual(await scoped.$$eval('.legend button', list => list.map(chip => chip.textContent)),
		['native', 'C++ / Rust', 'no symbols']);
	assert.deepStrictEqual([...page.errors, ...scoped.errors], []);
	await page.close();
	await scoped.close();
});

test('the keyboard alone reaches everything, and says where it is', async () => {
	const page = await openStacks();
	const where = () => page.$eval('.cursor', cursor => cursor.getAttribute('aria-label'));
	await press(page, 'Home');
	assert.match(await where(), /^all \(100 samples/);
	await press(page, 'ArrowUp');
	assert.match(await where(), /^web-1\/1 \(60/);
	await press(page, 'ArrowLeft');
	assert.match(await where(), /^db-7\/7 \(20/);
	await press(page, 'ArrowUp', 'ArrowUp');
	assert.match(await where(), /^query \(20/);
	await press(page, 'Enter');
	assert.match(await status(page), /view: 20 samples/);
	await press(page, 'ArrowDown', 'Escape', '/');
	await page.keyboard.type('idle');
	await press(page, 'Enter');
	assert.match(await where(), /^idle \(5/);
	assert.strictEqual(await page.evaluate(() => document.activeElement.getAttribute('role')), 'img');
	await press(page, '?');
	assert.strictEqual(await page.$eval('.about', about => about.hidden), false);
	await press(page, 'Escape');
	assert.strictEqual(await page.$eval('.about', about => about.hidden), true);
	for (let i = 0; i < 12; i++)
		await press(page, 'Tab');
	assert.strictEqual(await page.evaluate(() => document.activeElement.localName), 'button');
	assert.strictEqual(await page.$eval('.status', element => element.getAttribute('aria-live')), 'polite');
	assert.deepStrictEqual(page.errors, []);
	await page.close();
});

// WCAG 2.1: relative luminance and contrast of text on each fill.
function contrastsOf(page) {
	return page.evaluate(() => {
		const svg = document.getElementById('ctrace'), found = [];
		const canvas = document.createElementNS('http://www.w3.org/1999/xhtml', 'canvas');
		const context = canvas.getContext('2d', {willReadFrequently: true});
		const luminance = colour => {
			context.fillStyle = colour;
			context.fillRect(0, 0, 1, 1);
			const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map(value => value / 255)
				.map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
			return 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const make = (tag, name) => {
			const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
			element.setAttribute('class', name);
			svg.append(element);
			const fill = getComputedStyle(element).fill;
			element.remove();
			return luminance(fill);
		};
		const names = ['hit'];
		for (const letter of 'nckijmurehd') {
			for (let i = 0; i < (letter === 'h' ? 48 : letter === 'e' ? 10 : letter === 'd' ? 9 : 8); i++)
				names.push(letter + i);
		}
		for (const name of names) {
			const fill = make('rect', name), text = make('text', name === 'hit' ? 'hit' : '');
			if (fill > 0)
				found.push([name, (Math.max(fill, text) + 0.05) / (Math.min(fill, text) + 0.05)]);
		}
		return found;
	});
}

test('labels stand out from every fill, in light and dark, in every palette', async () => {
	for (const dark of [false, true]) {
		const page = await openStacks({dark});
		for (const palette of ['kind', 'module', 'cost', 'cb', 'mono']) {
			const contrasts = await contrastsOf(page);
			assert.ok(contrasts.length >= 65, `${contrasts.length} fills`);
			const least = contrasts.reduce((a, b) => b[1] < a[1] ? b : a);
			assert.ok(least[1] >= 4.5, `${palette}, dark ${dark}: ${least}`);
			await press(page, 'p');
		}
		await page.close();
	}
	for (const colors of ['hot', 'mem', 'io', 'wakeup', 'red', 'green', 'blue', 'purple', 'orange', 'aqua', 'yellow']) {
		const page = await open(browser, makePage(directory, STACKS, {name: 'c.svg', options: ['--colors', colors, '--theme', 'light']}));
		for (const dark of [false, true]) {
			const least = (await contrastsOf(page)).reduce((a, b) => b[1] < a[1] ? b : a);
			assert.ok(least[1] >= 4.5, `${colors}, dark ${dark}: ${least}`);
			await press(page, 'd');
		}
		await page.evaluate(() => localStorage.clear());
		await page.close();
	}
});

const boxes = page => page.evaluate(() => [...document.querySelectorAll('#ctrace-still rect, #ctrace > g > rect')]
	.filter(rect => rect.getAttribute('height') === '15' && !/hover|cursor|sliver/.test(rect.getAttribute('class')))
	.map(rect => [rect.getAttribute('class').trim(), Math.round(rect.getAttribute('x')),
		Math.round(rect.getAttribute('width')), rect.nextElementSibling && rect.nextElementSibling.matches('text:not(.muted)') ?
			rect.nextElementSibling.textContent.replace(/ ×[\d,]+$/, '') : ''].join(' ')).sort());

// Text of the page itself, and of boxes that are pale: their fill is half what is behind.
function textContrasts(page) {
	return page.evaluate(() => {
		const canvas = document.createElementNS('http://www.w3.org/1999/xhtml', 'canvas');
		const context = canvas.getContext('2d', {willReadFrequently: true});
		const pixel = layers => {
			for (const [colour, alpha] of layers) {
				context.globalAlpha = alpha;
				context.fillStyle = colour;
				context.fillRect(0, 0, 1, 1);
			}
			const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map(value => value / 255)
				.map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
			return 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		const back = getComputedStyle(document.querySelector('.back')).fill, found = [];
		for (const element of document.querySelectorAll('.ctrace-ui *:not(:disabled), aside *')) {
			if (element.localName === 'style' || ![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
				continue;
			const layers = [[back, 1]], line = [];
			for (let at = element; at && at.nodeType === 1; at = at.parentNode)
				line.unshift([getComputedStyle(at).backgroundColor, 1]);
			const behind = [...layers, ...line], style = getComputedStyle(element);
			const above = [...behind, [style.color, Number(style.opacity)]];
			found.push([element.className + ' ' + element.textContent.slice(0, 20), ratio(pixel(behind), pixel(above))]);
		}
		for (const text of document.querySelectorAll('text.pale')) {
			const rect = getComputedStyle(text.previousElementSibling), style = getComputedStyle(text);
			const behind = [[back, 1], [rect.fill, Number(rect.opacity)]];
			found.push(['pale ' + text.textContent, ratio(pixel(behind), pixel([...behind, [style.fill, Number(style.opacity)]]))]);
		}
		return found;
	});
}

test('so does every other text, in light and dark', async () => {
	const html = makePage(directory, STACKS, {name: 'text.html'});
	for (const dark of [false, true]) {
		const page = await open(browser, html, {dark});
		await page.$eval('.functions tbody tr', row => row.click());
		await click(page, 'handle');
		await search(page, 'parse');
		await leaveSearch(page);
		await press(page, 'i', '?');
		const contrasts = await textContrasts(page);
		assert.ok(contrasts.length > 80, `${contrasts.length} texts`);
		assert.ok(contrasts.some(([name]) => name.startsWith('pale')));
		assert.deepStrictEqual(contrasts.filter(([, contrast]) => contrast < 4.5), [], `dark ${dark}`);
		await page.close();
	}
});

test('script and still picture draw the same boxes, colours and labels', async () => {
	const forest = fs.readFileSync(makeForest(['--stacks', '300', '--depth', '12']), 'utf8');
	const odd = 'a;operator<< 5\na;std::vector<std::pair<int, long>>::push_back(int&&) 40\n' +
		'a;ns::deeply::nested::scope::function_with_a_name 30\na;f(int (*)(char))::{lambda()#1}::operator()() const 60\n' +
		'a;\u00e4\u00f6\u00fc\u4e2d\u6587\u0444\u0443\u043d\u043a\u0446\u0438\u044f 50\na;[libc.so.6] 5\na;[unknown] 5\na;x_[j] 9\n';
	for (const options of [[], ['--colors', 'cost'], ['--inverted'], ['--reverse'], ['--collapse-recursion'],
		['--highlight', '^(parse|web|ns)|_[0-9]$']]) {
		const same = makePage(directory, STACKS + forest + odd, {name: 'same.svg', options});
		const still = await open(browser, same, {script: false, width: 1200});
		const drawn = await open(browser, same, {width: 1200, height: 1000});
		assert.deepStrictEqual(await boxes(drawn), await boxes(still), options.join(' '));
		await still.close();
		await drawn.close();
	}
	const modules = directory + '/modules.svg';
	run(['report', '-q', '--colors', 'module', ROOT + '/tests/corpus/capture/slices', '-o', modules]);
	const still = await open(browser, modules, {script: false, width: 1200});
	const drawn = await open(browser, modules, {width: 1200});
	assert.ok((await boxes(drawn)).some(box => box.startsWith('h')));
	assert.deepStrictEqual(await boxes(drawn), await boxes(still));
	await still.close();
	await drawn.close();
});

test('a search over a million nodes agrees with awk', async t => {
	const forest = makeForest();
	const page = makePage(directory, fs.readFileSync(forest), {name: 'forest.svg'});
	const share = name => execFileSync('awk', ['-v', 'name=' + name,
		'{n = $NF; sub(/ [0-9]+$/, ""); all += n; if (index($0, name)) hit += n} END {printf "%.2f%%", 100 * hit / all}',
		forest], {encoding: 'utf8'});
	const tab = await open(browser, page);
	for (const name of ['Cache', 'parse_', 'epoll']) {
		await search(tab, name);
		const text = await status(tab);
		assert.ok(text.startsWith(`Matched ${share(name)} of total`), `${text}, awk ${share(name)}`);
		t.diagnostic(text);
	}
	assert.deepStrictEqual(tab.errors, []);
	await tab.close();
});

test('stacks of 20,000 and recursion of 3,000 can be walked to their ends', async () => {
	const deep = Array.from({length: 20000}, (_, i) => i % 2 ? 'ping' : 'pong').join(';') + ';bottom 5\n';
	const page = await open(browser, makePage(directory, deep, {name: 'deep.svg'}));
	await search(page, 'bottom');
	await press(page, 'Enter');
	assert.ok(await boxOf(page, 'bottom'));
	assert.match(await page.$eval('.cursor', cursor => cursor.getAttribute('aria-label')), /^bottom/);
	const box = await boxOf(page, 'bottom');
	assert.ok(box.y > 60 && box.y < 880);
	const recursive = 'main;' + 'fib;'.repeat(3000) + 'leaf 7\n' + 'main;fib;other 3\n';
	const fib = await open(browser, makePage(directory, recursive, {name: 'fib.svg'}));
	assert.match(await status(fib), /recursion collapsed/);
	assert.ok(await boxOf(fib, 'leaf'));
	assert.ok(await boxOf(fib, 'fib ×3,000'));
	await press(fib, 'x');
	assert.ok(!await boxOf(fib, 'leaf'));
	await search(fib, 'leaf');
	await press(fib, 'Enter');
	assert.ok(await boxOf(fib, 'leaf'));
	assert.deepStrictEqual([...page.errors, ...fib.errors], []);
	await page.close();
	await fib.close();
});

test('a hatch is in the still picture, opens on a click to what it stands for, and so on to single frames', async () => {
	const many = Array.from({length: 5000}, (_, i) => `app;main;dispatch;h${String(i).padStart(4, '0')};work 1\n`).join('') + 'app;main;idle 2500\n';
	const hatched = makePage(directory, many, {name: 'hatch.svg'});
	assert.match(fs.readFileSync(hatched, 'utf8'), /<rect class="sliver"[^>]*><title>10,000 frames too narrow to show \(5,000 samples, 66\.67%\)<\/title>/);
	const page = await open(browser, hatched);
	const hatch = () => page.$eval('rect.sliver', rect => {
		const {x, y, width, height} = rect.getBoundingClientRect();
		return [x + width / 2, y + height / 2];
	});
	await page.mouse.move(...await hatch());
	assert.match(await page.$eval('.tip', tip => tip.textContent), /^10,000 frames too narrow to show5,000 samples, 66\.67%\. Click to see them/);
	await page.mouse.click(...await hatch());
	const shown = await page.$$eval('#ctrace > g > rect', list => list.filter(rect => rect.getBoundingClientRect().width > 2).length);
	assert.ok(shown > 300, `${shown} boxes`);
	const [, samples] = /^view: (\d+) samples, /.exec(await status(page));
	assert.ok(samples > 200 && samples < 400, samples);
	const view = await page.evaluate(() => location.hash);
	await click(page, 'dispatch');
	assert.match(await status(page), /view: 5,000 samples, 66\.67%/);
	await page.goBack();
	assert.strictEqual(await page.evaluate(() => location.hash), view);
	await search(page, 'work');
	assert.match(await status(page), /Matched 66\.67% of total, 100\.00% of view, 5,000 frames/);
	await search(page, '');
	await leaveSearch(page);
	await press(page, 'Escape');
	assert.ok((await labels(page)).includes('idle'));
	const again = await open(browser, hatched, {hash: view});
	assert.match(await status(again), new RegExp(`^view: ${samples} samples`));
	assert.deepStrictEqual([...page.errors, ...again.errors], []);
	await page.close();
	await again.close();
});

test('--total has its share, in search, tooltip and reversed view', async () => {
	const page = await open(browser, makePage(directory, 'main;f 30\nmain;g 70\n', {name: 'total.svg', options: ['--total', '200']}));
	await search(page, 'f');
	assert.match(await status(page), /Matched 15\.00% of total/);
	await leaveSearch(page);
	assert.deepStrictEqual((await point(page, 'g')).rows.total, ['70', '35.00%', '35.00%', '70.00%']);
	await press(page, 'r');
	assert.deepStrictEqual((await point(page, 'g')).rows.total.slice(0, 2), ['70', '35.00%']);
	await press(page, 'r', 'm');
	assert.deepStrictEqual((await point(page, 'all')).rows.total.slice(0, 2), ['200', '100.00%']);
	await page.close();
});

test('case and regular expressions have buttons that say what they are', async () => {
	const page = await openStacks();
	const find = async () => Object.fromEntries(await page.$$eval('.find button', list => list.map(each => [each.textContent, each.getAttribute('aria-pressed')])));
	assert.deepStrictEqual(await find(), {'Aa': 'true', '.*': 'false'});
	await search(page, 'PARSE');
	assert.match(await status(page), /Matched 0\.00%/);
	await (await page.$$('.find button'))[0].click();
	assert.match(await status(page), /Matched 68\.00%/);
	await search(page, '^(SORT|idle)$');
	assert.match(await status(page), /Matched 0\.00%/);
	await (await page.$$('.find button'))[1].click();
	assert.match(await status(page), /Matched 17\.00% of total/);
	assert.deepStrictEqual(await find(), {'Aa': 'false', '.*': 'true'});
	const again = await openStacks({hash: await hash(page)});
	assert.strictEqual(await status(again), await status(page));
	await search(page, '(');
	assert.match(await status(page), /^not a regular expression/);
	// States can be told from actions: they alone are pressed or not, and have a border.
	const looks = await page.$$eval('.tools button', list => list.filter(each => !each.hidden).map(each =>
		[each.hasAttribute('aria-pressed'), getComputedStyle(each).borderTopColor !== 'rgba(0, 0, 0, 0)']));
	assert.ok(looks.every(([isState, hasBorder]) => isState === hasBorder) && looks.some(([isState]) => isState) && looks.some(([isState]) => !isState));
	assert.deepStrictEqual([...page.errors, ...again.errors], []);
	await page.close();
	await again.close();
});

test('found functions have their share of the view', async () => {
	const page = await openStacks();
	await click(page, 'query');
	await search(page, 'parse');
	assert.deepStrictEqual(await page.$$eval('.hit-line', list => list.map(each => [...each.childNodes].map(part => part.textContent))),
		[['40.00%', '40.00%', 'parse']]);
	assert.match(await page.$eval('.hit-head', head => head.textContent), /1 function in view$/);
	await page.close();
});

test('one is one sample, one frame, one function', async () => {
	const page = await open(browser, makePage(directory, 'a;b 1\n', {name: 'one.svg', options: ['--countname', 'cache-misses']}));
	await search(page, 'b');
	assert.strictEqual(await status(page), 'Matched 100.00% of total, 100.00% of view, 1 frame');
	assert.match(await page.$eval('.hit-head', head => head.textContent), /1 function$/);
	await page.keyboard.press('Enter');
	assert.match(await page.$eval('.cursor', cursor => cursor.getAttribute('aria-label')), /^b \(1 cache-miss, /);
	assert.match(fs.readFileSync(directory + '/one.svg', 'utf8'), /<title>b \(1 cache-miss, 100\.00%\)<\/title>/);
	await page.close();
});

test('a tooltip has the short name and numbers first, then the whole name in three lines, then where it is', async () => {
	// What folded stacks cannot tell; page_data.h says how it is written.  All numbers are below 128.
	const made = makePage(directory, 'main;loop 5\n', {name: 'sourced.svg'}), markup = fs.readFileSync(made, 'utf8');
	const strings = ['/bin/prog', '/src/server.c', 'loop', 'main', 'void ns::loop<int>(char)'];
	const columns = [[3, 2], [0, 0], [1, 1], [0, 5], [2, 2], [7, 34]], nodes = [[0, 0], [0, 1], [0, 5]];
	const plain = Buffer.concat([Buffer.from([strings.length]), ...strings.map(text => Buffer.from('\0' + String.fromCharCode(text.length) + text)),
		Buffer.from([2, ...columns.flat(), 2, ...nodes.flat()])]);
	fs.writeFileSync(made, markup.replace(/(id="ctrace-data">)[^<]*/, '$1' + zlib.deflateSync(plain).toString('base64')));
	const page = await open(browser, made);
	await point(page, 'loop');
	const parts = await page.$eval('.tip', tip => [...tip.children].map(each => [each.localName, each.textContent]));
	assert.deepStrictEqual(parts.map(([tag]) => tag).slice(0, 2), ['b', 'table']);
	assert.strictEqual(parts[0][1], 'loop');
	assert.deepStrictEqual(parts.slice(2).map(([, text]) => text), ['void ns::loop<int>(char)', 'native · /bin/prog', '/src/server.c:34']);
	assert.deepStrictEqual(page.errors, []);
	await page.close();
	const long = 'ns::f(' + Array.from({length: 60}, (_, i) => `std::vector<std::pair<int, long>> const& argument_${i}`).join(', ') + ')';
	const other = await open(browser, makePage(directory, `a;${long} 5\n`, {name: 'long.svg'}));
	await other.mouse.move(300, 833);
	assert.strictEqual(await other.$eval('.tip b', each => each.textContent), 'ns::f(…)');
	assert.strictEqual(await other.$eval('.tip .full', each => each.textContent), long);
	const heights = await other.$$eval('.tip b, .tip p', list => list.map(each => each.getBoundingClientRect().height));
	assert.ok(heights.every(height => height < 3.2 * 16), heights.join());
	await other.close();
});

test('titles are not cut while there is room, nor are legends', async () => {
	const title = 'a command with many arguments '.repeat(4).trim(), subtitle = 'what was counted and how '.repeat(5).trim();
	const page = await open(browser, makePage(directory, STACKS, {name: 'title.svg', options: ['--title', title, '--subtitle', subtitle]}), {width: 1900});
	const isWhole = selector => page.$eval(selector, each => each.scrollWidth <= each.clientWidth);
	assert.ok(await isWhole('b.name') && await isWhole('.what') && await isWhole('.legend'));
	await page.setViewport({width: 1000, height: 700});
	await page.waitForFunction(() => document.querySelector('.ctrace-ui').classList.contains('tall'));
	assert.ok(await isWhole('.what'));
	const still = fs.readFileSync(directory + '/title.svg', 'utf8');
	const [, cut] = /<text class="heading"[^>]*>([^<]*)</.exec(still);
	assert.ok(cut.length > 100 && cut.length < title.length && cut.endsWith('…') && title.startsWith(cut.slice(0, -1)), cut);
	await page.close();
});
