// The HTML page's left side: functions by self or total, callers and callees of the chosen one.
const TABLE_ROWS = 300, NEIGHBOURS = 12;
let tableOrder = 'self', chosen = -1;

const share = (value, whole) => el('td', {className: 'bar', style: `--part:${100 * value / (whole || 1)}%`},
	percent(value, whole));

// @taken: pixels of the row that are not the name's.
function nameCell(fn, taken) {
	const room = Math.max(8, Math.floor((side.clientWidth - taken) / charWidth));
	return el('td', {className: 'name', title: fullNameOf(fn)}, labelOf(nameOf(fn), room));
}

function functionRow(fn, self, total) {
	const whole = base.total[0];
	const row = el('tr', {tabIndex: 0, onclick: () => choose(fn), onkeydown: event => {
		if (event.key === 'Enter')
			choose(fn);
	}}, share(self, whole), share(total, whole), nameCell(fn, 130));
	row.setAttribute('aria-selected', fn === chosen);
	return row;
}

function headCell(name) {
	const cell = el('th', {}, el('button', {onclick: () => {
		tableOrder = name;
		paintTable();
	}}, name));
	cell.setAttribute('aria-sort', tableOrder === name ? 'descending' : 'none');
	return cell;
}

function paintTable() {
	const every = everywhere(base), key = every[tableOrder], found = [];
	for (let fn = 0; fn < functions.nr; fn++) {
		if (every.total[fn] && functions.kind[fn] !== PRUNED && (!matches || matches[fn]))
			found.push(fn);
	}
	found.sort((a, b) => key[b] - key[a] || every.total[b] - every.total[a] || a - b);
	const rest = found.length - TABLE_ROWS;
	functionTable.replaceChildren(el('thead', {}, el('tr', {}, headCell('self'), headCell('total'),
		el('th', {}, counted(found.length, 'function')))), el('tbody', {}, ...found.slice(0, TABLE_ROWS).map(fn =>
		functionRow(fn, every.self[fn], every.total[fn])), ...rest > 0 ?
		[el('tr', {}, el('td', {colSpan: 3}, `${count(rest)} more: search for them`))] : []));
}

// Weights of the functions next to @fn: where it is not below itself, so that nothing counts twice.
function neighbours(fn) {
	const tree = base;
	const callers = new Map(), callees = new Map(), add = (map, key, value) => map.set(key, (map.get(key) || 0) + value);
	for (let i = 1, until = 0; i < tree.nr; i++) {
		if (tree.fn[i] === fn && i >= until) {
			until = tree.end[i];
			add(callers, tree.parent[i] ? tree.fn[tree.parent[i]] : -1, tree.total[i]);
		} else if (i < until && tree.fn[tree.parent[i]] === fn && tree.fn[i] !== fn) {
			add(callees, tree.fn[i], tree.total[i]);
		}
	}
	return [callers, callees].map(map => [...map].sort((a, b) => b[1] - a[1]));
}

function neighbourTable(title, list) {
	const whole = everywhere(base).total[chosen];
	return el('table', {}, el('caption', {}, title), ...list.slice(0, NEIGHBOURS).map(([fn, value]) =>
		el('tr', {tabIndex: 0, onclick: () => fn >= 0 && choose(fn)}, share(value, whole),
			fn < 0 ? el('td', {className: 'name'}, '(the root)') : nameCell(fn, 90))));
}

function choose(fn) {
	if (chosen === fn && state.around === fn)
		return;
	chosen = fn;
	paintChosen();
	paintTable();
	lookAround(fn, 'both');
}

function sideButton(side, text) {
	const now = state.both ? 'both' : state.reverse ? 'callers' : 'callees';
	const element = el('button', {onclick: () => lookAround(chosen, side)}, text);
	element.setAttribute('aria-pressed', state.around === chosen && now === side);
	return element;
}

function paintChosen() {
	chosenBox.hidden = chosen < 0;
	if (chosen < 0)
		return;
	const [callers, callees] = neighbours(chosen), file = functions.file[chosen] && strings[functions.file[chosen] - 1];
	const line = functions.line[chosen], where = file && (line ? `${file}:${line}` : file);
	chosenBox.replaceChildren(el('b', {title: fullNameOf(chosen)}, fullNameOf(chosen)), el('p', {}, moduleOf(chosen), ' ',
		...file ? [file[0] === '/' ? el('a', {href: 'file://' + encodeURI(file)}, where) : where] : []),
	el('div', {className: 'tools'},
		sideButton('both', 'both'), sideButton('callees', 'what it calls'), sideButton('callers', 'who calls it'),
		el('button', {onclick: () => lookAround(-1)}, 'close')),
	neighbourTable('callers', callers), neighbourTable('callees', callees));
}

function marksBelow(node) {
	const marks = childrenOf(node).filter(child => functions.kind[tree.fn[child]] === MARK);
	return marks.sort((a, b) => tree.total[b] - tree.total[a]);
}

function tabFor(node) {
	const tab = el('button', {onclick: () => zoomTo(node)}, nodeName(tree, node), ' ',
		el('i', {}, percent(tree.total[node], tree.total[0])));
	tab.setAttribute('aria-pressed', zoom === node || node && isAbove(node, zoom));
	return tab;
}

// One tab for each root the recording told apart, process, thread or probe; below, those of the one
// looked at.
function paintTabs() {
	const lines = [];
	for (let node = 0; node >= 0;) {
		const marks = marksBelow(node);
		if (marks.length > 1)
			lines.push(el('div', {}, ...lines.length ? [] : [tabFor(0)], ...marks.map(tabFor)));
		node = zoom ? marks.findIndex(mark => isAbove(mark, zoom)) : -1;
		node = node < 0 ? -1 : marks[node];
	}
	tabs.hidden = !lines.length;
	tabs.replaceChildren(...lines);
}

const functionTable = el('table', {className: 'functions'}), chosenBox = el('section', {className: 'chosen', hidden: true});
const tabs = el('nav', {className: 'tabs', hidden: true});

const side = el('aside', {hidden: innerWidth < 800}, tabs, chosenBox, functionTable);

function toggleTable() {
	side.hidden = !side.hidden;
	buttons.table.setAttribute('aria-pressed', !side.hidden);
}

function mountTable() {
	parts.push(side);
	document.body.prepend(side);
	buttons.theme.before(button('table', 'table', 'Table of functions beside the picture', toggleTable, 'toggle'));
	buttons.table.setAttribute('aria-pressed', !side.hidden);
	let lastWidth = 0;
	// The user may drag its edge.
	new ResizeObserver(guarded(() => {
		if (lastWidth !== side.clientWidth && side.clientWidth && isLive)
			paintTable();
		lastWidth = side.clientWidth;
	})).observe(side);
	let lastTree = null, lastMatches = null;
	hooks.push(() => {
		const moved = tree !== lastTree;
		if (moved)
			chosen = state.around;
		if (moved || matches !== lastMatches)
			paintTable();
		if (moved)
			paintChosen();
		lastTree = tree;
		lastMatches = matches;
		paintTabs();
	});
}

mounts.push(mountTable);
