// SPDX-License-Identifier: MIT
// How quick a page is: node speed.js PAGE [WORD]; prints JSON with milliseconds, medians of five.
'use strict';
const {launch, open} = require('./page.js');

const median = values => values.sort((a, b) => a - b)[values.length >> 1];

// From the event to the second frame after it, when its result has been painted.
const timed = (page, action) => page.evaluate(async code => {
	const start = performance.now();
	eval(code);
	for (let i = 0; i < 2; i++)
		await new Promise(requestAnimationFrame);
	return performance.now() - start;
}, action);

const press = key => `dispatchEvent(new KeyboardEvent('keydown', {key: '${key}', bubbles: true}))`;

async function measure(file, word, {rounds = 5, pick = median} = {}) {
	const cleanups = [], browser = await launch({after: done => cleanups.push(done)});
	const figures = {load: [], zoom: [], out: [], search: []};
	for (let i = 0; i < rounds; i++) {
		const start = process.hrtime.bigint();
		const page = await open(browser, file);
		await page.evaluate(() => new Promise(requestAnimationFrame));
		figures.load.push(Number(process.hrtime.bigint() - start) / 1e6);
		await page.keyboard.press('Home');
		for (let up = 0; up < 8; up++)
			await page.keyboard.press('ArrowUp');
		figures.zoom.push(await timed(page, press('Enter')));
		figures.out.push(await timed(page, press('Escape')));
		figures.search.push(await timed(page, `const field = document.querySelector('.find input');
			field.value = '${word}'; field.dispatchEvent(new Event('input'))`));
		figures.nodes = await page.evaluate(() => document.querySelectorAll('*').length);
		figures.answer = await page.$eval('.status', element => element.textContent);
		figures.errors = page.errors;
		await page.close();
	}
	for (const done of cleanups)
		await done();
	for (const name of ['load', 'zoom', 'out', 'search'])
		figures[name] = Math.round(pick(figures[name]));
	return figures;
}

if (require.main === module)
	measure(process.argv[2], process.argv[3] || 'Cache').then(figures => console.log(JSON.stringify(figures)));

module.exports = {measure};
