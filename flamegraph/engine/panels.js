// Tooltip, context menu and the "about" panel.
function tipRow(name, value, shares) {
	return el('tr', {}, el('th', {}, name), el('td', {}, count(value)), ...shares.map(text => el('td', {}, text)));
}

function tipFor(box) {
	if (box.node < 0)
		return [el('b', {}, `${counted(box.frames, 'frame')} too narrow to show`),
			el('p', {}, `${amount(box.total)}, ${percent(box.total, tree.total[0])}. Click to see them.`)];
	const node = box.node, fn = tree.fn[node], all = tree.total[0], view = viewTotal();
	const up = tree.total[tree.parent[node]], total = tree.total[node], self = tree.self[node];
	const shares = value => [percent(value, all), percent(value, view), percent(value, up)];
	const table = el('table', {}, el('tr', {}, el('th'), el('td', {}, meta.unit), el('td', {}, 'of all'),
		el('td', {}, 'of view'), el('td', {}, 'of parent')),
	tipRow('total', total, shares(total)), tipRow('self', self, shares(self)));
	if (isDiff) {
		const delta = deltaOf(tree, node), sign = delta < 0 ? '' : '+';
		table.append(tipRow(meta.negate ? 'after' : 'before', tree.wasTotal[node], [percent(tree.wasTotal[node], tree.wasTotal[0])]),
			el('tr', {}, el('th', {}, 'change'), ...[meta.normalized ? '' : sign + count(delta),
				meta.normalized ? changeOf(node).replace(/ .*/, '') : '', delta || !factorOf(node).startsWith('×') ? factorOf(node) : '']
				.map(text => el('td', {}, text))));
	}
	if (node) {
		const every = everywhere(base), whole = base.total[0];
		table.append(tipRow('total, all places', every.total[fn], [percent(every.total[fn], whole)]),
			tipRow('self, all places', every.self[fn], [percent(every.self[fn], whole)]));
	}
	return [el('b', {}, node ? briefNameOf(fn) + timesOf(tree, node) : 'all'), table, ...node ? whereLines(fn) : []];
}

function sourceOf(fn) {
	const file = functions.file[fn] && strings[functions.file[fn] - 1], line = functions.line[fn];
	return file && line ? `${file}:${line}` : file || '';
}

// Names that others wrote may be long, too.
const MOST_BRIEF = 72;
const briefNameOf = fn => labelOf(nameOf(fn), MOST_BRIEF);

// What is longer than names and numbers comes after them.
function whereLines(fn) {
	const full = fullNameOf(fn), texts = [[HUES[hues[fn]][1], moduleOf(fn)].filter(Boolean).join(' · '), sourceOf(fn)];
	return [...full === briefNameOf(fn) ? [] : [el('p', {className: 'full'}, full)],
		...texts.filter(Boolean).map(text => el('p', {}, text))];
}

// In the picture's pixels.  A guest's panels may leave it, but not what is seen of the page.
function edges() {
	const {left, top} = svg.getBoundingClientRect();
	return isGuest ? {left: -left, top: -top, right: innerWidth - left, bottom: innerHeight - top} :
		{left: 0, top: 0, right: width, bottom: height};
}

function showTip(box, x, y, hint) {
	tip.hidden = !box;
	if (!box)
		return;
	tip.replaceChildren(...tipFor(box), ...hint ? [el('p', {className: 'hint'}, hint)] : []);
	const {offsetWidth, offsetHeight} = tip, {left, top, right, bottom} = edges();
	tip.style.left = Math.max(left + 4, Math.min(x + 14, right - offsetWidth - 8)) + 'px';
	tip.style.top = (y + 20 + offsetHeight > bottom ? Math.max(top + 4, y - offsetHeight - 10) : y + 20) + 'px';
}

// At a point of the picture.
function showMenu(node, x, y) {
	const fn = tree.fn[node], entry = (text, key, action) => el('button', {onclick: () => {
		menu.hidden = true;
		action();
	}}, text, el('kbd', {}, key));
	menu.replaceChildren(entry('Zoom in', '↵', () => zoomTo(node)),
		entry('Show only stacks through it', 'f', () => exclude('focus', node)),
		entry('Hide stacks through it', 'h', () => exclude('hidden', node)),
		entry('Callers and callees, in all places', 'b', () => lookAround(fn, 'both')),
		entry('What it calls, from all places', 'g', () => lookAround(fn, 'callees')),
		entry('Who calls it, in all places', 'G', () => lookAround(fn, 'callers')),
		entry('Search its name', '', () => searchFor(nameOf(fn))),
		entry('Copy name', 'c', () => copy(fullNameOf(fn))),
		entry('Copy stack', '⇧c', () => copy(stackText(node))));
	menu.hidden = false;
	const {left, top, right, bottom} = edges();
	menu.style.left = Math.max(left, Math.min(x, right - menu.offsetWidth - 4)) + 'px';
	menu.style.top = Math.max(top, Math.min(y, bottom - menu.offsetHeight - 4)) + 'px';
}

const KEYS = [['click, Enter', 'zoom in; on a pale box, out'], ['Esc, 0', 'all'], ['Backspace', 'one step out'],
	['/, Ctrl-F', 'search; /…/ is a regular expression'], ['n, N', 'next, previous match'],
	['Ctrl-I', 'match case, or do not'], ['arrows, Home', 'walk the boxes'], ['f, h, u', 'focus, hide, undo'], ['b, g, G', 'callers and callees, callees, callers, in all places'],
	['c, C', 'copy name, stack'], ['i', 'icicle'], ['r', 'callers of leaves'], ['s', 'order of siblings'],
	['x', 'collapse recursion'], ['m', 'fold inlines into their callers'], ['t', 'join threads: by name, all'],
	['w', 'widths of a comparison'], ['p', 'palette'], ['d', 'dark, light'], ['e, E', 'save stacks, picture']];

// Of all stacks: how they ended, what was lost, what is not certain.
function qualityRows({samples, lost, lost_by: lostBy, stops, complete, frames, guessed_frames: guessed}) {
	const part = (value, all) => `${count(value)} (${percent(value, all)})`;
	const nrComplete = complete.reduce((sum, name) => sum + stops[name], 0);
	const reasons = (values, all) => Object.entries(values).map(([name, value]) =>
		['  ' + name.replace(/_/g, ' '), part(value, all)]);
	return [['samples', count(samples)], ['complete stacks', part(nrComplete, samples)], ...reasons(stops, samples),
		['lost samples', part(lost, samples + lost)], ...reasons(lostBy, samples + lost),
		['frames', count(frames)], ['guessed frames', part(guessed, frames)]];
}

function recordingRows(info) {
	const {period_ns: period, start_unix_ns: start, duration_ns: duration} = info;
	return [['command', info.command.join(' ')], ['probes', info.probes.join(' ')],
		['started', start ? new Date(start / 1e6).toLocaleString('sv') : ''],
		['duration', duration ? (duration / 1e9).toFixed(2) + ' s' : ''],
		['one sample', period ? `${(period / 1e6).toFixed(3)} ms (${count(Math.round(1e9 / period))} Hz)` : ''],
		['host', info.host], ['kernel', `${info.kernel || ''} ${info.machine || ''}`.trim()], ['CPUs', info.cpus || ''],
		['ctrace', info.ctrace]];
}

function pictureRows() {
	let nameless = 0;
	for (let i = 1; i < recorded.nr; i++) {
		const kind = functions.kind[recorded.fn[i]];
		nameless += kind === MODULE || kind === UNKNOWN ? recorded.self[i] : 0;
	}
	return [['notes', meta.notes], [meta.unit, count(recorded.total[0])], ['boxes', count(recorded.nr - 1)],
		['functions', count(functions.nr)], ['without symbols', percent(nameless, recorded.total[0])],
		['pruned frames', meta.pruned && count(meta.pruned)]];
}

const aboutSection = (title, rows) => el('section', {}, el('b', {}, title), el('table', {}, ...rows
	.filter(([, value]) => value).map(([name, value]) => el('tr', {}, el('th', {}, name), el('td', {}, value)))));

function toggleAbout() {
	about.hidden = !about.hidden;
	if (about.hidden)
		return;
	const {info} = meta;
	about.replaceChildren(el('button', {className: 'close', title: 'Close (Esc)', onclick: toggleAbout}, '\u00d7'),
		aboutSection('Keys', KEYS), el('div', {}, ...info ? [aboutSection('Recording', recordingRows(info)),
			aboutSection('Recording quality', qualityRows(info))] : [], aboutSection('Picture', pictureRows())));
	about.focus();
}
