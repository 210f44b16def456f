// Search over all data, drawn or not.
let matches = null, matched = null, badSearch = false;

function matcher(text) {
	const quoted = /^\/(.+)\/$/.exec(text), regex = quoted ? quoted[1] : state.anyRegex && text;
	if (regex) {
		try {
			const pattern = new RegExp(regex, state.anyCase ? 'iu' : 'u');
			return name => pattern.test(name);
		} catch (error) {
			return null;
		}
	}
	if (!state.anyCase)
		return name => name.includes(text);
	const lower = text.toLowerCase();
	return name => name.toLowerCase().includes(lower);
}

// Weight of matching frames, each sample once; frames that match, from @from to @end.
function measure(tree, from, end) {
	let total = 0, frames = 0, until = 0;
	for (let i = Math.max(1, from); i < end; i++) {
		if (!matches[tree.fn[i]])
			continue;
		frames++;
		if (i < until)
			continue;
		total += tree.total[i];
		until = tree.end[i];
	}
	return {total, frames};
}

function isBelowMatch(node) {
	while ((node = tree.parent[node])) {
		if (matches[tree.fn[node]])
			return true;
	}
	return false;
}

function matchText() {
	const inView = viewTotal(), isBelow = isBelowMatch(zoom) || zoom && state.part && matches[tree.fn[zoom]];
	const found = isBelow ? inView : nodesInView().reduce((sum, node) => sum + measure(tree, node, tree.end[node]).total, 0);
	// Both sides of a sandwich may hold the same sample.
	const ofView = tree.split && !zoom ? '' : ` ${percent(found, inView)} of view,`;
	return `Matched ${percent(matched.total, base.total[0])} of total,${ofView} ${counted(matched.frames, 'frame')}`;
}

function search() {
	const fits = state.search ? matcher(state.search) : null;
	badSearch = Boolean(state.search && !fits);
	field.classList.toggle('bad', badSearch);
	field.setAttribute('aria-invalid', badSearch);
	matches = null;
	if (fits) {
		const {nr, full} = functions;
		matches = new Uint8Array(nr);
		for (let fn = 0; fn < nr; fn++)
			matches[fn] = functions.kind[fn] !== PRUNED &&
				(fits(nameOf(fn)) || full[fn] && fits(strings[full[fn] - 1]));
		matched = measure(base, 0, base.nr);
	}
	listHits();
}

// Of what is in view alone, as everywhere() says it of all.
function inView() {
	const self = new Float64Array(functions.nr), total = new Float64Array(functions.nr), until = new Uint32Array(functions.nr);
	for (const root of nodesInView()) {
		for (let i = Math.max(1, root); i < tree.end[root]; i++) {
			const fn = tree.fn[i];
			self[fn] += tree.self[i];
			if (i < until[fn])
				continue;
			total[fn] += tree.total[i];
			until[fn] = tree.end[i];
		}
	}
	return {self, total, all: viewTotal()};
}

// The functions found, heaviest first; with their shares of the view where that is not everything.
function listHits() {
	hits.hidden = !matches || document.activeElement !== field;
	if (hits.hidden)
		return;
	const found = [], isPart = zoom && !tree.split, {self, total, all} = isPart ? inView() : {...everywhere(base), all: base.total[0]};
	for (let fn = 0; fn < functions.nr; fn++) {
		if (matches[fn] && total[fn])
			found.push(fn);
	}
	found.sort((a, b) => total[b] - total[a]);
	const share = value => percent(value, all);
	const room = Math.floor((Math.min(560, width - 20) - 160) / charWidth);
	const line = fn => {
		const row = el('div', {className: 'hit-line', onmousedown: event => {
			event.preventDefault();
			const node = tree.fn.indexOf(fn, 1);
			if (node >= 0)
				selectNode(node);
			else
				lookAround(fn, 'both');
		}}, el('i', {}, share(total[fn])), el('i', {}, share(self[fn])), labelOf(nameOf(fn), room));
		row.title = fullNameOf(fn);
		return row;
	};
	hits.replaceChildren(el('div', {className: 'hit-head'}, el('i', {}, 'total'), el('i', {}, 'self'),
		found.length ? counted(found.length, 'function') + (isPart ? ' in view' : '') : isPart ? 'none in view' : 'none'), ...found.slice(0, 100).map(line));
}

// The next (1) or last (-1) matching frame, around the ends.
function step(direction) {
	if (!matches || !tree.fn.some((fn, i) => i && matches[fn]))
		return;
	let node = selected || zoom;
	do
		node = (node + direction + tree.nr) % tree.nr;
	while (!node || node === tree.split || !matches[tree.fn[node]]);
	selectNode(node);
}
