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
	const whole = tree.total[0];
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
	const every = everywhere(tree), key = every[tableOrder], found = [];
	for (let fn = 0; fn < functions.nr; fn++) {
		if (every.total[fn] && functions.kind[fn] !== PRUNED && (!matches || matches[fn]))
			found.push(fn);
	}
	found.sort((a, b) => key[b] - key[a] || every.total[b] - every.total[a] || a - b);
	const rest = found.length - TABLE_ROWS;
	functionTable.replaceChildren(el('thead', {}, el('tr', {}, headCell('self'), headCell('total'),
		el('th', {}, `${count(found.length)} functions`))), el('tbody', {}, ...found.slice(0, TABLE_ROWS).map(fn =>
		functionRow(fn, every.self[fn], every.total[fn])), ...rest > 0 ?
		[el('tr', {}, el('td', {colSpan: 3}, `${count(rest)} more: search for them`))] : []));
}

// Weights of the functions next to @fn: where it is not below itself, so that nothing counts twice.
function neighbours(fn) {
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
	const whole = everywhere(tree).total[chosen];
	return el('table', {}, el('caption', {}, title), ...list.slice(0, NEIGHBOURS).map(([fn, value]) =>
		el('tr', {tabIndex: 0, onclick: () => fn >= 0 && choose(fn)}, share(value, whole),
			fn < 0 ? el('td', {className: 'name'}, '(the root)') : nameCell(fn, 90))));
}

function choose(fn) {
	chosen = fn;
	paintChosen();
	paintTable();
	selectNode(heaviest(fn));
}

function heaviest(fn) {
	let best = -1;
	for (let i = 1; i < tree.nr; i++) {
		if (tree.fn[i] === fn && (best < 0 || tree.total[i] > tree.total[best]))
			best = i;
	}
	return best;
}

function paintChosen() {
	chosenBox.hidden = chosen < 0;
	if (chosen < 0)
		return;
	const [callers, callees] = neighbours(chosen), file = functions.file[chosen] && strings[functions.file[chosen] - 1];
	const line = functions.line[chosen], where = file && (line ? `${file}:${line}` : file);
	chosenBox.replaceChildren(el('b', {}, fullNameOf(chosen)), el('p', {}, moduleOf(chosen), ' ',
		...file ? [file[0] === '/' ? el('a', {href: 'file://' + encodeURI(file)}, where) : where] : []),
	el('div', {className: 'tools'},
		el('button', {onclick: () => lookAround(chosen, false)}, 'what it calls'),
		el('button', {onclick: () => lookAround(chosen, true)}, 'who calls it'),
		el('button', {onclick: () => {
			chosen = -1;
			paintChosen();
			change({around: -1, reverse: false}, retree);
		}}, 'close')),
	neighbourTable('callers', callers), neighbourTable('callees', callees));
}

// One tab for each root the recording told apart: process, thread or probe.
function paintTabs() {
	const roots = [];
	for (let i = 1; i < tree.nr; i = tree.end[i]) {
		if (functions.kind[tree.fn[i]] === MARK)
			roots.push(i);
	}
	tabs.hidden = roots.length < 2;
	roots.sort((a, b) => tree.total[b] - tree.total[a]);
	tabs.replaceChildren(...[0, ...roots].map(node => {
		const tab = el('button', {onclick: () => zoomTo(node)}, nodeName(tree, node), ' ',
			el('i', {}, percent(tree.total[node], tree.total[0])));
		tab.setAttribute('aria-pressed', zoom === node || node && zoom > node && zoom < tree.end[node]);
		return tab;
	}));
}

const functionTable = el('table', {className: 'functions'}), chosenBox = el('section', {className: 'chosen', hidden: true});
const tabs = el('nav', {className: 'tabs', hidden: true});

const side = el('aside', {hidden: innerWidth < 800}, tabs, chosenBox, functionTable);

function toggleTable() {
	side.hidden = !side.hidden;
	buttons.table.setAttribute('aria-pressed', !side.hidden);
	fit();
}

function fit() {
	resize();
	relayout();
	paintTable();
}

function mountTable() {
	document.body.prepend(side);
	tools.append(button('table', 'table', 'Table of functions', toggleTable));
	buttons.table.setAttribute('aria-pressed', !side.hidden);
	let lastWidth = 0;
	// The user may drag its edge.
	new ResizeObserver(() => {
		if (lastWidth && lastWidth !== side.clientWidth)
			fit();
		lastWidth = side.clientWidth;
	}).observe(side);
	let lastTree = null, lastMatches = null;
	hooks.push(() => {
		if (tree !== lastTree || matches !== lastMatches)
			paintTable();
		if (tree !== lastTree)
			paintChosen();
		lastTree = tree;
		lastMatches = matches;
		paintTabs();
	});
}

mountTable();
