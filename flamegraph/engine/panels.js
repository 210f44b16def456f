// Tooltip, context menu and the "about" panel.
function tipRow(name, value, shares) {
	return el('tr', {}, el('th', {}, name), el('td', {}, count(value)), ...shares.map(text => el('td', {}, text)));
}

function tipFor(box) {
	if (box.node < 0)
		return [el('b', {}, `${count(box.frames)} frames too narrow to show`),
			el('p', {}, `${count(box.total)} ${meta.unit}, ${percent(box.total, tree.total[0])}. Zoom in to see them.`)];
	const node = box.node, fn = tree.fn[node], all = tree.total[0], view = tree.total[zoom];
	const up = tree.total[tree.parent[node]], total = tree.total[node], self = tree.self[node];
	const lines = [el('b', {}, node ? fullNameOf(fn) : 'all')];
	if (node) {
		const file = functions.file[fn] && strings[functions.file[fn] - 1];
		const where = [HUES[hues[fn]][1], moduleOf(fn),
			file && (functions.line[fn] ? `${file}:${functions.line[fn]}` : file)];
		lines.push(el('p', {}, where.filter(Boolean).join(' · ')));
	}
	const shares = value => [percent(value, all), percent(value, view), percent(value, up)];
	const table = el('table', {}, el('tr', {}, el('th'), el('td', {}, meta.unit), el('td', {}, 'of all'),
		el('td', {}, 'of view'), el('td', {}, 'of parent')),
	tipRow('total', total, shares(total)), tipRow('self', self, shares(self)));
	if (isDiff) {
		table.append(tipRow('before', tree.wasTotal[node], [percent(tree.wasTotal[node], tree.wasTotal[0])]),
			el('tr', {}, el('th', {}, 'change'), el('td'), el('td', {}, changeOf(node))));
	}
	if (node) {
		const every = everywhere(tree);
		table.append(tipRow('total, all places', every.total[fn], [percent(every.total[fn], all)]),
			tipRow('self, all places', every.self[fn], [percent(every.self[fn], all)]));
	}
	lines.push(table);
	return lines;
}

function showTip(box, x, y) {
	tip.hidden = !box;
	if (!box)
		return;
	tip.replaceChildren(...tipFor(box));
	const {offsetWidth, offsetHeight} = tip;
	tip.style.left = Math.max(4, Math.min(x + 14, width - offsetWidth - 8)) + 'px';
	tip.style.top = (y + 20 + offsetHeight > height ? Math.max(4, y - offsetHeight - 10) : y + 20) + 'px';
}

function showMenu(node, x, y) {
	const fn = tree.fn[node], entry = (text, key, action) => el('button', {onclick: () => {
		menu.hidden = true;
		action();
	}}, text, el('kbd', {}, key));
	menu.replaceChildren(entry('Zoom in', '↵', () => zoomTo(node)),
		entry('Show only stacks through it', 'f', () => exclude('focus', node)),
		entry('Hide stacks through it', 'h', () => exclude('hidden', node)),
		entry('What it calls, from all places', 'g', () => lookAround(fn, false)),
		entry('Who calls it, in all places', 'G', () => lookAround(fn, true)),
		entry('Search its name', '', () => searchFor(nameOf(fn))),
		entry('Copy name', 'c', () => copy(fullNameOf(fn))),
		entry('Copy stack', '⇧c', () => copy(stackText(node))));
	menu.hidden = false;
	menu.style.left = Math.min(x, width - menu.offsetWidth - 8) + 'px';
	menu.style.top = Math.min(y, height - menu.offsetHeight - 8) + 'px';
}

const KEYS = [['click, Enter', 'zoom in; on a pale box, out'], ['Esc, 0', 'all'], ['Backspace', 'one step out'],
	['/, Ctrl-F', 'search; /…/ is a regular expression'], ['n, N', 'next, last match'],
	['Ctrl-I', 'ignore case'], ['arrows, Home', 'walk the boxes'], ['f, h, u', 'focus, hide, undo'], ['g, G', 'callees, callers in all places'],
	['c, C', 'copy name, stack'], ['i', 'icicle'], ['r', 'callers of leaves'], ['s', 'order of siblings'],
	['x', 'collapse recursion'], ['m', 'fold inlines into their callers'], ['t', 'join threads: by name, all'],
	['w', 'widths of a comparison'], ['p', 'palette'], ['d', 'dark, light'], ['e, E', 'save stacks, picture']];

function infoLines(value, indent) {
	return Object.entries(value).flatMap(([key, item]) => {
		if (item === null || item === '' || Array.isArray(item) && !item.length)
			return [];
		const nested = typeof item === 'object' && !Array.isArray(item);
		const text = Array.isArray(item) ? item.join(' ') : typeof item === 'number' ? count(item) : item;
		return [el('tr', {}, el('th', {}, indent + key.replace(/_/g, ' ')), el('td', {}, nested ? '' : text)),
			...nested ? infoLines(item, indent + '  ') : []];
	});
}

function toggleAbout() {
	about.hidden = !about.hidden;
	if (about.hidden)
		return;
	about.replaceChildren(el('b', {}, 'Keys'), el('table', {}, ...KEYS.map(([key, text]) =>
		el('tr', {}, el('th', {}, key), el('td', {}, text)))), el('b', {}, 'Recording'),
	el('table', {}, ...infoLines({notes: meta.notes || '', total: recorded.total[0], nodes: recorded.nr - 1,
		functions: functions.nr, pruned: meta.pruned, ...meta.info}, '')));
	about.focus();
}
