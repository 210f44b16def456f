// SPDX-License-Identifier: MIT
// Every format through the programs it is for: the same totals everywhere.
'use strict';
const assert = require('node:assert');
const {execFileSync, spawnSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {test, before, after} = require('node:test');
const zlib = require('node:zlib');
const {ROOT, launch, run, scratch} = require('./page.js');

const STACKS = `web-10/10;main;ns::handle(std::vector<int>, char*);parse_[i];malloc 30
web-10/10;main;ns::handle(std::vector<int>, char*);send;vfs_write_[k];copy_[k] 21
web-10/11;main;worker;(anonymous namespace)::run;jit:frame_[j] 14
db-7/7;main;query;query;query;sort 12
db-7/7;main;query;[libpq.so.5] 8
db-7/7;main;operator new 7 5
db-7/7;[unknown] 10
`;
const TOTAL = 100;
const cleanups = [], suite = {after: done => cleanups.push(done)};
let directory;
before(() => directory = scratch(suite));
after(async () => {
	for (const done of cleanups)
		await done();
});

function write(suffix, stacks = STACKS) {
	const file = path.join(directory, 'x.' + suffix);
	run(['flamegraph', '-', '-o', file], stacks);
	return file;
}

const found = program => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

// A test that needs a program of others: skipped without it, unless all must be there.
const REQUIRED = (process.env.CTRACE_REQUIRE_BROWSER ?? process.env.CTRACE_REQUIRE_BPF) === '1';
function withProgram(name, program, body) {
	const missing = !program || !found(program);
	test(name, {skip: missing && !REQUIRED && 'no such program here'}, body);
}

// The unit tests' sample has what folded stacks cannot tell: objects, build-ids, files, lines.
const SAMPLE_TOTAL = 150;
const sample = name => path.join(ROOT, 'tests/golden/flamegraph/sample.' + name);

const [goPprof] = spawnSync('sh', ['-c', 'ls /usr/lib/go-*/pkg/tool/linux_*/pprof 2>/dev/null'], {encoding: 'utf8'})
	.stdout.split('\n');

withProgram('go tool pprof: totals, inlines, labels', goPprof, () => {
	const file = write('pb.gz');
	const top = execFileSync(goPprof, ['-top', '-nodecount=100', file], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
	assert.match(top, /Type: samples/);
	assert.match(top, /accounting for 100, 100% of 100 total/);
	assert.match(top, /\n +30 30\.00% +\S+ +30 30\.00% +malloc\n/);
	assert.match(top, /\n +0 +0% +\S+ +30 30\.00% +parse \(inline\)\n/);
	assert.match(top, /\n +0 +0% +\S+ +51 51\.00% +ns::handle/);
	assert.match(top, /\n +0 +0% +\S+ +20 20\.00% +query\n/);
	const raw = execFileSync(goPprof, ['-raw', file], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
	assert.match(raw, /comm:\[web\] thread:\[web-10\/11\]\n +pid:\[10\] tid:\[11\]/);
	const traces = execFileSync(goPprof, ['-traces', file], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
	assert.match(traces, /12 +sort\n +query\n +query\n +query\n +main\n/);
});

withProgram('go tool pprof: objects, build-ids, files, lines, inlined calls', goPprof, () => {
	const show = option => execFileSync(goPprof, [option, sample('pprof')], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
	const raw = show('-raw');
	assert.match(raw, /\n1: \S+ \/srv\/server deadbeef \[FN\]/);
	assert.match(raw, / \/usr\/lib\/libc\.so\.6 010203 /);
	assert.match(raw, / M=1 queue_lock \/src\/queue\.h:3 s=0\n +queue_pop \/src\/queue\.h:9 s=0\n +loop \/src\/server\.c:34/);
	const counts = [...raw.matchAll(/^ +(\d+) +\d+: [\d ]+$/gm)].map(match => Number(match[1]));
	assert.strictEqual(counts.reduce((a, b) => a + b), SAMPLE_TOTAL);
	assert.match(show('-traces'), /404\.04ms +queue_lock \(inline\)\n +queue_pop \(inline\)\n +loop\n +main\n +_start\n/);
});

withProgram('callgrind_annotate: objects and files', 'callgrind_annotate', () => {
	const text = execFileSync('callgrind_annotate', ['--auto=no', '--threshold=100', sample('callgrind')], {encoding: 'utf8'});
	assert.match(text, /\n150 \(100\.0%\) +PROGRAM TOTALS/);
	assert.match(text, /\n40 \(26\.67%\) +\/src\/queue\.h:queue_lock \[\/srv\/server\]/);
	const counts = [...text.matchAll(/^ *(\d+) \([ \d.]+%\) +\S+:/gm)].map(match => Number(match[1]));
	assert.strictEqual(counts.reduce((a, b) => a + b), SAMPLE_TOTAL);
});

withProgram('protoc with the schema of Perfetto: objects and build-ids', 'protoc', () => {
	const text = execFileSync('protoc', ['--proto_path=' + path.join(ROOT, 'flamegraph/proto'),
		'--decode=ctrace.perfetto.Trace', 'perfetto.proto'], {input: fs.readFileSync(sample('perfetto')), encoding: 'utf8'});
	const [, iid] = /mapping_paths \{\s+iid: (\d+)\s+str: "\/srv\/server"/.exec(text);
	assert.match(text, new RegExp(`build_ids \\{\\s+iid: ${iid}\\s+str: "\\\\336\\\\255\\\\276\\\\357"`));
	assert.match(text, new RegExp(`mappings \\{\\s+iid: ${iid}\\s+build_id: ${iid}\\s+path_string_ids: ${iid}`));
	assert.strictEqual(text.match(/callstack_iid: \d+/g).length, SAMPLE_TOTAL);
});

withProgram('callgrind_annotate: self and inclusive', 'callgrind_annotate', () => {
	const file = write('callgrind');
	const annotate = options => {
		const done = spawnSync('callgrind_annotate', ['--threshold=100', ...options, file], {encoding: 'utf8'});
		assert.strictEqual(done.stderr, '');
		return done.stdout;
	};
	const self = annotate([]), inclusive = annotate(['--inclusive=yes']);
	assert.match(self, /100 \(100\.0%\) +PROGRAM TOTALS/);
	assert.match(self, /\n *30 \(30\.00%\) +\?\?\?:malloc /);
	assert.match(inclusive, /\n *90 \(90\.00%\) +\?\?\?:main /);
	assert.match(inclusive, /\n *20 \(20\.00%\) +\?\?\?:query /);
	assert.match(inclusive, /\n *51 \(51\.00%\) +\?\?\?:ns::handle\(std::vector<int>, char\*\) /);
});

withProgram('protoc with the schema of Perfetto: as many samples as were counted', 'protoc', () => {
	const text = execFileSync('protoc', ['--proto_path=' + path.join(ROOT, 'flamegraph/proto'),
		'--decode=ctrace.perfetto.Trace', 'perfetto.proto'], {input: fs.readFileSync(write('perfetto-trace')), encoding: 'utf8'});
	const samples = text.match(/callstack_iid: \d+/g), names = [...text.matchAll(/function_names \{\s+iid: (\d+)\s+str: "([^"]*)"/g)];
	assert.strictEqual(samples.length, TOTAL);
	const nameOf = new Map(names.map(([, iid, name]) => [iid, name]));
	const frames = new Map([...text.matchAll(/frames \{\s+iid: (\d+)\s+function_name_id: (\d+)/g)].map(([, iid, name]) => [iid, nameOf.get(name)]));
	const stacks = [...text.matchAll(/callstacks \{\s+iid: \d+\s+((?:frame_ids: \d+\s+)*)\}/g)]
		.map(([, ids]) => ids.match(/\d+/g).map(id => frames.get(id)).join(';'));
	assert.ok(stacks.includes('main;query;query;query;sort'));
	assert.strictEqual(new Set(stacks).size, 7);
	assert.match(text, /process_name: "db"/);
	assert.ok(!/^\s*\d+:/m.test(text), 'fields that the schema does not know');
});

withProgram('Perfetto: more than a million counts are told as a period', 'protoc', () => {
	const text = execFileSync('protoc', ['--proto_path=' + path.join(ROOT, 'flamegraph/proto'),
		'--decode=ctrace.perfetto.Trace', 'perfetto.proto'], {maxBuffer: 1 << 30, encoding: 'utf8',
		input: fs.readFileSync(write('perfetto-trace', 'a-1;b 7000000\na-1;c 3000001\n'))});
	const period = Number(/period: (\d+)/.exec(text)[1]), samples = text.match(/callstack_iid/g).length;
	assert.ok(Math.abs(samples * period - 10000001) < period);
});

test('profiler-cli of Firefox: stacks and totals of every thread', async () => {
	const file = write('firefox.json.gz'), session = 'ctrace' + process.pid;
	const home = path.join(directory, 'home');
	fs.mkdirSync(home);
	const cli = (...args) => spawnSync('node', [require.resolve('@firefox-devtools/profiler-cli/package.json')
		.replace('package.json', require('@firefox-devtools/profiler-cli/package.json').bin['profiler-cli']), ...args, '--session', session],
	{encoding: 'utf8', env: {...process.env, HOME: home}});
	cli('load', file);
	let text = '';
	// Its daemon may be slow to start.
	for (let i = 0; i < 40 && !/Top-Down/.test(text); i++) {
		await new Promise(resolve => setTimeout(resolve, 500));
		text = cli('thread', 'samples-top-down').stdout;
	}
	const list = cli('thread', 'list').stdout;
	cli('stop');
	assert.match(list, /web-10\/10/);
	assert.match(list, /db-7\/7/);
	assert.match(text, /main \[total: 71\.4%[^]*query \[total: 57\.1%[^]*sort \[total: 34\.3%, self: 34\.3%\]/);
	const data = JSON.parse(zlib.gunzipSync(fs.readFileSync(file)));
	const weights = data.threads.flatMap(thread => thread.samples.weight);
	assert.strictEqual(weights.reduce((a, b) => a + b), TOTAL);
	for (const thread of data.threads) {
		assert.deepStrictEqual(thread.samples.time, [...thread.samples.time].sort((a, b) => a - b));
		for (const column of ['stack', 'time', 'weight'])
			assert.strictEqual(thread.samples[column].length, thread.samples.length);
	}
	for (const name of ['stackTable', 'frameTable', 'funcTable', 'resourceTable', 'sources', 'nativeSymbols']) {
		const {length, ...columns} = data.shared[name];
		for (const column of Object.values(columns))
			assert.strictEqual(column.length, length, name);
	}
	data.shared.stackTable.prefix.forEach((prefix, i) => assert.ok(prefix === null || prefix < i));
});

// Through the page's own importer; what it calls the profile shows that it took it.
async function importInto(browser, file) {
	const script = file + '.js', log = [];
	fs.writeFileSync(script, `speedscope.loadFileFromBase64(${JSON.stringify(path.basename(file))}, ${
		JSON.stringify(fs.readFileSync(file).toString('base64'))})`);
	const page = await browser.newPage();
	page.on('console', message => log.push(message.text()));
	page.on('pageerror', error => log.push('error: ' + error));
	page.on('dialog', dialog => {
		log.push('error: ' + dialog.message());
		dialog.dismiss();
	});
	await page.goto('file://' + require.resolve('speedscope/dist/release/index.html') + '#localProfilePath=' + script);
	await page.waitForFunction(() => document.title !== 'speedscope', {timeout: 20000}).catch(() => {});
	const title = await page.title();
	// The list of threads, where there are several; the table is in the view of one.
	const rows = () => page.$$eval('tr', list => list.map(row => [...row.cells].map(cell => cell.innerText)));
	await page.keyboard.press('3');
	await page.waitForFunction(() => /Symbol Name/.test(document.body.innerText), {timeout: 20000});
	const functions = new Map((await rows()).filter(row => /%/.test(row[0])).map(row => [row[2], [parseFloat(row[0]), parseFloat(row[1])]]));
	await page.keyboard.press('t');
	const threads = (await rows()).filter(row => /^\d+$/.test(row[0])).map(row => [row[1], parseFloat(row[2])]);
	await page.close();
	return {title, functions, threads, log: log.filter(text => !/GL Driver/.test(text))};
}

test('speedscope imports its own format, pprof, callgrind, Chrome and folded stacks', async () => {
	const browser = await launch(suite, ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']);
	for (const [suffix, importer] of [['speedscope.json', 'speedscope json'], ['pb.gz', 'pprof'], ['chrome.json', 'Trace Event'],
		['folded', 'collapsed stack'], ['callgrind', 'Callgrind']]) {
		// A name that ends in .chrome.json means to speedscope what DevTools saves.
		const file = path.join(directory, {'chrome.json': 'import.trace.json', callgrind: 'callgrind.out.1'}[suffix] || 'import.' + suffix);
		fs.copyFileSync(write(suffix), file);
		const {title, functions, threads, log} = await importInto(browser, file);
		assert.ok(!log.some(text => text.startsWith('error')), `${suffix}: ${log}`);
		assert.ok(log.some(text => text.includes(importer)), `${suffix}: ${log}`);
		assert.notStrictEqual(title, 'speedscope', `${suffix}: ${log}`);
		const self = [...functions.values()].reduce((sum, row) => sum + row[1], 0);
		if (suffix === 'chrome.json') {
			assert.deepStrictEqual(threads.map(row => row[1]).sort(), [14, 35, 51]);
			assert.strictEqual(self, 35); // of the first
			continue;
		}
		assert.strictEqual(self, TOTAL, suffix);
		assert.deepStrictEqual(functions.get('malloc'), [30, 30]);
		assert.deepStrictEqual(functions.get('main'), [90, 0]);
		// What calls what is all that callgrind tells: the way through three of them is guessed there.
		if (suffix !== 'callgrind')
			assert.deepStrictEqual(functions.get('query'), [20, 0]);
		if (suffix === 'speedscope.json')
			assert.deepStrictEqual(threads, [['all', 100], ['db-7/7', 35], ['web-10/10', 51], ['web-10/11', 14]]);
	}
});

test('speedscope: samples fit weights, and threads add up', () => {
	const data = JSON.parse(fs.readFileSync(write('speedscope.json'), 'utf8'));
	const sum = list => list.reduce((a, b) => a + b, 0);
	const [all, ...threads] = data.profiles;
	for (const profile of data.profiles) {
		assert.strictEqual(profile.samples.length, profile.weights.length);
		assert.strictEqual(sum(profile.weights), profile.endValue);
		assert.ok(profile.samples.flat().every(index => index < data.shared.frames.length));
	}
	assert.strictEqual(sum(all.weights), TOTAL);
	assert.deepStrictEqual(threads.map(thread => [thread.name, thread.endValue]),
		[['db-7/7', 35], ['web-10/10', 51], ['web-10/11', 14]]);
	const names = data.shared.frames.map(frame => frame.name + '\0' + (frame.file || '') + '\0' + (frame.line || ''));
	assert.strictEqual(new Set(names).size, names.length);
});

test('Chrome: slices nest and are as long as their totals', () => {
	const {traceEvents} = JSON.parse(fs.readFileSync(write('chrome.json'), 'utf8'));
	const tracks = new Map();
	for (const event of traceEvents.filter(each => each.ph === 'X')) {
		const key = event.pid + '/' + event.tid;
		tracks.set(key, [...tracks.get(key) || [], event]);
	}
	assert.deepStrictEqual([...tracks.keys()].sort(), ['10/10', '10/11', '7/7']);
	let whole = 0;
	for (const slices of tracks.values()) {
		const open = [];
		for (const slice of slices) {
			while (open.length && open.at(-1).ts + open.at(-1).dur <= slice.ts)
				open.pop();
			if (open.length)
				assert.ok(slice.ts + slice.dur <= open.at(-1).ts + open.at(-1).dur + 1e-9);
			else
				whole += slice.dur;
			open.push(slice);
		}
	}
	assert.strictEqual(whole, TOTAL);
});

test('the CSV table adds up', () => {
	const [head, ...rows] = fs.readFileSync(write('csv'), 'utf8').trimEnd().split('\r\n');
	assert.strictEqual(head, 'function,self,self_percent,total,total_percent,kind,module,file,line');
	const fields = rows.map(row => /^"((?:[^"]|"")*)",(\d+),([\d.]+),(\d+),/.exec(row));
	assert.strictEqual(fields.reduce((sum, field) => sum + Number(field[2]), 0), TOTAL);
	assert.deepStrictEqual(fields.find(field => field[1] === 'query').slice(2, 5), ['0', '0.0000', '20']);
});

// What others' readers of folded stacks demand, in our words: see docs/formats.md.
test('folded stacks fit the rules of all their readers', () => {
	const lines = fs.readFileSync(write('folded'), 'utf8').split('\n');
	assert.strictEqual(lines.pop(), '');
	let sum = 0;
	lines.forEach((line, i) => {
		const last = line.lastIndexOf(' '), count = line.slice(last + 1), stack = line.slice(0, last);
		assert.match(count, /^[1-9]\d{0,18}$/);
		assert.ok(!/[\t\r]/.test(line) && !line.startsWith('#'));
		// flamegraph.pl and inferno would take a second number for a column of a comparison.
		assert.ok(!/\s\d+(\.\d*)?$/.test(stack), line);
		// Firefox: the first thing that looks like "stack count" must be the whole line.
		if (i === 0)
			assert.strictEqual(/[^;]*(;[^;]*)* [0-9]+/.exec(line)[0], line);
		// Perfetto sniffs three lines for frames.
		if (i < 3)
			assert.ok(stack.includes(';'));
		sum += Number(count);
	});
	assert.strictEqual(sum, TOTAL);
});

test('text for the terminal: every share, no control sequences', () => {
	const tree = run(['flamegraph', '-', '-f', 'tree'], STACKS.replace('worker', 'wor\x1b[31mker'));
	assert.match(tree, /^100 samples\n\n100\.00% {2}all\n 51\.00% {2}├─ web-10\/10\n/);
	assert.ok(!tree.includes('\x1b'));
	const top = run(['flamegraph', '-', '-f', 'top'], STACKS);
	assert.match(top, / 30\.00% {3}30\.00% {2}malloc\n/);
});
