// What can be done: every change of state goes through change(), into the address and its history.
let selected = 0, pointed = null;
const undone = [], hooks = [], mounts = [];

function plant() {
	base = baseOf(state);
	tree = treeOf(base, state);
	weight = weigh(tree, state.widths);
}

function retree() {
	const path = pathOf(zoom);
	state.part = null;
	plant();
	zoom = follow(state.zoom.length ? state.zoom : path);
	selected = 0;
	search();
	relayout();
	if (tree.split && !zoom) {
		scroll = (middle + 1) * rowHeight - areaHeight() / 2;
		paint();
	}
}

// @seen: a node to scroll to, with what it calls.
function relayout(seen) {
	pointed = null;
	showTip(null);
	layout();
	if (seen !== undefined)
		reveal(seen);
	paint();
	say();
}

function refresh() {
	const pressed = {inverted: state.inverted, reverse: state.reverse, collapse: state.collapse, inlines: state.noInlines,
		matchCase: !state.anyCase, regex: state.anyRegex};
	const choices = {order: ['sort', state.order], threads: ['threads', ['all', 'by name', 'joined'][state.threads]],
		palette: ['colours', palette], widths: ['widths', state.widths]};
	for (const hook of hooks)
		hook();
	for (const name in pressed)
		buttons[name].setAttribute('aria-pressed', pressed[name]);
	for (const name in choices)
		buttons[name].replaceChildren(choices[name][0] + ': ', el('i', {}, choices[name][1]));
	buttons.widths.hidden = !isDiff;
	buttons.reset.disabled = !zoom && !state.part;
	buttons.undo.disabled = !undone.length;
	paintLegend();
}

function change(values, redo, quiet) {
	Object.assign(state, values);
	redo();
	refresh();
	writeAddress(quiet);
}

// @part: the first and the last of its children, if not all are wanted.
function zoomTo(node, part = null) {
	zoom = node;
	scroll = 0;
	change({zoom: pathOf(node), part}, () => relayout(node));
	if (state.search)
		listHits();
}

// A hatch that many share shows those next to @x: each opening gets a few pixels for every one.
function openHatch(box, x) {
	const most = Math.max(2, Math.floor((width - 2 * PAD) / 4)), middle = box.from + (x - box.x) / box.w * (box.to - box.from);
	let {from, to} = box;
	if (box.isMixed) {
		zoomTo(boxIn(rows[rowIndex(box.parent)], x).node);
		return;
	}
	if (to - from >= most) {
		from = Math.max(from, Math.min(to - most + 1, Math.round(middle - most / 2)));
		to = from + most - 1;
	}
	zoomTo(box.parent, [from, to]);
}

function reveal(node) {
	const top = rowIndex(node) * rowHeight, room = areaHeight() - 3 * rowHeight;
	if (top < scroll)
		scroll = top - rowHeight;
	else if (top > scroll + room)
		scroll = top - room;
}

// Moves the cursor; zooms out as far as it must to show the node.
function selectNode(node) {
	if (node < 0)
		return;
	const before = zoom;
	selected = node;
	while (zoom && (node < zoom || node >= tree.end[zoom]) && !isAbove(node, zoom))
		zoom = tree.parent[zoom];
	if (zoom !== before)
		state.part = null;
	layout();
	if (!boxOf(node)) {
		zoom = node;
		state.part = null;
	}
	state.zoom = pathOf(zoom);
	relayout(node);
	const box = boxOf(node);
	cursor.setAttribute('aria-label', describe(node));
	cursor.focus({preventScroll: true});
	// Where the stacks end, so that it hides no neighbour.
	if (box)
		showTip(box, PAD - 14, state.inverted ? height : headHeight - 20);
	refresh();
	writeAddress(true);
}

const isAbove = (node, below) => node <= below && below < tree.end[node];

function describe(node) {
	const total = tree.total[node], self = tree.self[node], all = tree.total[0];
	const above = node ? `, called by ${nodeName(tree, tree.parent[node])}` : '';
	return `${nodeName(tree, node)} (${amount(total)}, ${percent(total, all)}), self ${
		percent(self, all)}, level ${tree.depth[node]}${above}`;
}

function exclude(set, node) {
	if (!node)
		return;
	const fn = tree.fn[node];
	undone.push([set, fn]);
	state[set].add(fn);
	change({}, retree);
}

// Of a function in all its places: callees, callers or, as a sandwich, both.  -1: everything again.
function lookAround(fn, side) {
	const {around, reverse, both} = state;
	undone.push(['around', {around, reverse, both}]);
	zoom = 0;
	change({around: fn, reverse: side === 'callers', both: side === 'both', zoom: []}, retree);
}

function undo() {
	const [what, fn] = undone.pop() || [];
	if (what === 'time')
		state.time = fn;
	else if (what === 'around')
		Object.assign(state, fn, {zoom: []});
	else if (what)
		state[what].delete(fn);
	change({}, retree);
}

function flip(name) {
	change({[name]: !state[name]}, retree);
}

function nextOrder() {
	const orders = ['name', 'weight', 'module'];
	change({order: orders[(orders.indexOf(state.order) + 1) % 3], part: null}, () => relayout());
}

const WIDTHS = ['both', 'after', 'before'];
function nextWidths() {
	if (isDiff)
		change({widths: WIDTHS[(WIDTHS.indexOf(state.widths) + 1) % 3]}, retree);
}

const paletteStyle = el('style');
function setPalette(name) {
	if (name !== palette)
		state.hue = -1;
	palette = name;
	paletteStyle.textContent = palette === meta.colors ? '' : paletteRules(palette);
	change({}, paint);
}

function nextPalette() {
	const names = [...new Set([meta.colors, ...Object.keys(PALETTES)])];
	setPalette(names[(names.indexOf(palette) + 1) % names.length]);
}

function toggleTheme() {
	const dark = !isDark();
	themed.classList.toggle('dark', dark);
	themed.classList.toggle('light', !dark);
	try {
		if (!isGuest)
			localStorage.setItem('ctrace-theme', dark ? 'dark' : 'light');
	} catch (error) {
		// A sandbox: the choice lasts as long as the page.
	}
	setPalette(palette);
}

async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
	} catch (error) {
		const box = el('textarea', {value: text});
		ui.append(box);
		box.select();
		document.execCommand('copy');
		box.remove();
	}
	status.textContent = 'Copied: ' + fitting(text, 120);
}

const fullNameOf = fn => functions.full[fn] ? strings[functions.full[fn] - 1] : nameOf(fn);

// Root first, whatever is on top here.
function stackText(node) {
	const names = pathOf(node).filter(fn => fn !== CALLERS).map(nameOf);
	return (state.reverse || isCaller(node) ? names.reverse() : names).join(';');
}

function save(name, type, text) {
	const link = el('a', {href: URL.createObjectURL(new Blob([text], {type})), download: name});
	ui.append(link);
	link.click();
	link.remove();
}

function saveFolded() {
	const lines = [], from = zoom || 1, end = zoom ? tree.end[zoom] : tree.split || tree.nr, path = [];
	const suffix = {[KERNEL]: '_[k]', [INLINED]: '_[i]', [JIT]: '_[j]'};
	for (let i = from; i < end; i++) {
		const fn = tree.fn[i], at = tree.depth[i] - tree.depth[from];
		path.length = at;
		path.push(nameOf(fn).replace(/;/g, ':') + (suffix[functions.kind[fn]] || ''));
		if (tree.self[i])
			lines.push(path.join(';') + ' ' + tree.self[i] + '\n');
	}
	save('ctrace.folded', 'text/plain', lines.join(''));
}

// The view as a picture that needs no style.
function savePicture() {
	const copy = svg.cloneNode(true), now = [...svg.querySelectorAll('rect,text')];
	[...copy.querySelectorAll('rect,text')].forEach((node, i) => {
		const {fill, opacity} = getComputedStyle(now[i]);
		node.setAttribute('fill', fill.replace(/"/g, ''));
		node.setAttribute('opacity', opacity);
	});
	copy.querySelectorAll('script,metadata,foreignObject,.hover,.cursor,.thumb').forEach(node => node.remove());
	copy.querySelectorAll('[visibility]').forEach(node => node.remove());
	copy.removeAttribute('data-live');
	copy.setAttribute('xmlns', SVG);
	copy.setAttribute('width', width);
	copy.setAttribute('height', height);
	shape('text', {class: 'heading', 'font-size': 17, x: PAD, y: 27}, copy).textContent = meta.title;
	shape('text', {class: 'muted', x: PAD, y: 47}, copy).textContent = meta.subtitle;
	save('ctrace-view.svg', 'image/svg+xml', new XMLSerializer().serializeToString(copy));
}
