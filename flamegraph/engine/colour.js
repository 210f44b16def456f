// The classes of palette.c, and the palettes one can switch to while looking.
const SHADES = 8, MODULE_HUES = 12, MODULE_SHADES = 4, COSTS = 10;
const HUES = [['n', 'native'], ['c', 'C++ / Rust'], ['k', 'kernel'], ['i', 'inlined'], ['j', 'JIT'],
	['m', 'no symbols'], ['u', 'unknown'], ['r', 'process']];
// OKLCH in thousandths and degrees, first and last shade, as in palette.c.
const GREY = [880, 830, 6, 6, 250, 250], DUSK = [800, 760, 10, 10, 250, 250], SLATE = [880, 840, 25, 25, 255, 265];
const KIND_TONES = [[745, 815, 135, 105, 24, 44], [860, 910, 130, 105, 86, 100],
	[775, 830, 135, 115, 55, 68], [825, 885, 75, 65, 190, 210], [810, 865, 125, 115, 140, 155],
	GREY, DUSK, SLATE];
const SAFE_TONES = [[705, 745, 130, 115, 38, 44], [905, 925, 130, 110, 102, 106],
	[800, 840, 120, 105, 66, 72], [800, 845, 80, 65, 228, 236], [740, 795, 105, 90, 160, 168],
	GREY, DUSK, [800, 840, 70, 55, 345, 350]];
const PALETTES = {kind: KIND_TONES, module: KIND_TONES, cost: KIND_TONES, cb: SAFE_TONES,
	mono: [GREY, GREY, GREY, GREY, GREY, GREY, DUSK, SLATE]};
let palette = meta.colors;

const darkQuery = matchMedia('(prefers-color-scheme:dark)');
const isDark = () => themed.classList.contains('dark') || darkQuery.matches && !themed.classList.contains('light');

function shadeRule(letter, tone, step, steps, dark, first) {
	const at = step / (steps - 1), mix = i => tone[i] + at * (tone[i + 1] - tone[i]);
	const light = mix(0) / 1000, chroma = mix(2) / 1000;
	return `.${meta.scope} .${letter}${step + first}{fill:oklch(${dark ? 0.645 + (light - 0.69) * 0.55 : light} ${
		dark ? chroma * 0.85 : chroma} ${mix(4)})}`;
}

// Paper is light.
const paletteRules = name => rulesOf(name, false) + (isDark() ? `@media screen{${rulesOf(name, true)}}` : '');

function rulesOf(name, dark) {
	let css = '';
	const shades = (letter, tone, steps, first) => {
		for (let i = 0; i < steps; i++)
			css += shadeRule(letter, tone, i, steps, dark, first);
	};
	HUES.forEach(([letter], i) => shades(letter, PALETTES[name][i], SHADES, 0));
	shades('e', [945, 700, 30, 170, 95, 25], COSTS, 0);
	for (let i = 0; i < MODULE_HUES; i++)
		shades('h', [770, 870, 105, 85, i * 30, i * 30 + 12], MODULE_SHADES, i * MODULE_SHADES);
	return css;
}

function hueOf(fn) {
	const kind = functions.kind[fn];
	return kind === KERNEL ? 2 : kind === INLINED ? 3 : kind === JIT ? 4 : kind === MODULE ? 5 :
		kind === UNKNOWN ? 6 : kind === MARK ? 7 : nameOf(fn).includes('::') ? 1 : 0;
}

const hues = new Uint8Array(functions.nr), moduleHues = new Map();
for (let fn = 0; fn < functions.nr; fn++)
	hues[fn] = hueOf(fn);

// Functions --highlight does not find; highlight.c says which they are.
function otherFunctions() {
	const others = new Uint8Array(functions.nr);
	try {
		const mine = new RegExp(meta.highlight || '');
		for (let fn = 0; fn < functions.nr; fn++)
			others[fn] = functions.kind[fn] !== MARK && !mine.test(nameOf(fn)) && !mine.test(moduleOf(fn));
	} catch (error) {
		// POSIX knows some that JavaScript does not: all are shown alike.
	}
	return others;
}

const others = otherFunctions();

function moduleHue(fn) {
	const module = functions.module[fn];
	if (!moduleHues.has(module)) {
		bytes = new TextEncoder().encode(moduleOf(fn).replace(/.*\/(?=.)/, ''));
		moduleHues.set(module, hashBytes(0, bytes.length) % MODULE_HUES);
	}
	return moduleHues.get(module);
}

// What the legend tells apart: modules where they have the colours, otherwise kinds.
const groupOf = fn => palette === 'module' && functions.module[fn] ? HUES.length + functions.module[fn] : hues[fn];

function deltaClass(tree, node) {
	const delta = deltaOf(tree, node), share = Math.abs(delta) / (mostDelta(tree) || 1);
	const step = [0.01, 0.05, 0.2, 0.5].filter(least => share >= least).length;
	return 'd' + (delta < 0 ? 4 - step : 4 + step) + (tree.total[node] ? '' : ' gone');
}

function classOf(tree, node) {
	if (isDiff)
		return deltaClass(tree, node);
	if (!node)
		return 'r0';
	const fn = tree.fn[node], hash = stemHash[functions.name[fn]];
	if (functions.kind[fn] === PRUNED)
		return 'sliver';
	if (palette === 'cost') {
		let cost = COSTS - 1;
		for (let least = 0.5; cost && tree.total[node] / tree.total[0] < least; least /= 2)
			cost--;
		return 'e' + cost;
	}
	if (palette === 'module' && functions.module[fn])
		return 'h' + (moduleHue(fn) * MODULE_SHADES + hash % MODULE_SHADES);
	return HUES[hues[fn]][0] + hash % SHADES;
}
