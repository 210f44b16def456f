// State in the address, as hashes of names: it holds for another recording of the same program.
const hashName = fn => fn === CALLERS ? 'callers' : wholeHash[functions.name[fn]].toString(36);

function addressOf() {
	const parts = ['v=1'], put = (key, value) => value && parts.push(key + '=' + value);
	put('f', state.zoom.map(hashName).join('.'));
	put('s', encodeURIComponent(state.search));
	put('g', state.part && state.part.join('-'));
	put('c', state.anyCase && 1);
	put('e', state.anyRegex && 1);
	put('o', state.order !== 'name' && state.order);
	put('i', state.inverted !== meta.inverted && 1);
	put('r', state.reverse !== meta.reverse && 1);
	put('x', state.collapse !== collapsed && 1);
	put('m', state.noInlines !== meta.noInlines && 1);
	put('a', state.around >= 0 && hashName(state.around));
	put('b', state.around >= 0 && state.both && 1);
	put('k', state.time && state.time.join('-'));
	put('w', isDiff && state.widths !== 'both' && state.widths);
	put('t', state.threads);
	put('h', [...state.hidden].map(hashName).join('.'));
	put('u', [...state.focus].map(hashName).join('.'));
	put('p', palette !== meta.colors && palette);
	return '#' + parts.join('&');
}

function writeAddress(quiet) {
	if (isGuest)
		return;
	const address = addressOf();
	if (address === location.hash || address === '#v=1' && !location.hash)
		return;
	try {
		history[quiet ? 'replaceState' : 'pushState'](null, '', address);
	} catch (error) {
		// A sandbox without history.
	}
}

function functionsByHash(text) {
	const wanted = new Set(text.split('.')), found = new Map();
	for (let fn = 0; text && fn < functions.nr; fn++) {
		const hash = hashName(fn);
		if (wanted.has(hash))
			found.set(hash, [...found.get(hash) || [], fn]);
	}
	return found;
}

// Functions of equal names differ in kind or module: whichever the tree has there.
function followHashes(text) {
	let node = 0;
	const hashes = text ? text.split('.') : [];
	for (const hash of hashes) {
		let child = node || hashes[0] !== hashName(CALLERS) ? node + 1 : tree.split || 1;
		if (hash === hashName(CALLERS))
			continue;
		while (child < tree.end[node] && hashName(tree.fn[child]) !== hash)
			child = tree.end[child];
		if (child >= tree.end[node])
			break;
		node = child;
	}
	return node;
}

function timeOf(text) {
	const [, from, to] = /^(\d+)-(\d+)$/.exec(text) || [];
	return recorded.times && Number(from) < Number(to) ? [Number(from), Number(to)] : null;
}

// Of a node's children, as far as it has them.
function partOf(text) {
	const [, from, to] = /^(\d+)-(\d+)$/.exec(text) || [];
	return Number(from) <= Number(to) ? [Number(from), Number(to)] : null;
}

// A guest's address is not its own.
function readAddress() {
	const values = new URLSearchParams(isGuest ? '' : location.hash.slice(1)), query = isGuest ? '' : location.search;
	const get = key => values.get(key) || '', set = key => new Set([...functionsByHash(get(key)).values()].flat());
	const order = get('o'), wanted = get('p');
	Object.assign(state, {zoom: [], search: get('s') || new URLSearchParams(query).get('s') || '',
		anyCase: Boolean(get('c')), anyRegex: Boolean(get('e')), order: order === 'weight' || order === 'module' ? order : 'name',
		inverted: meta.inverted !== Boolean(get('i')), reverse: meta.reverse !== Boolean(get('r')),
		collapse: collapsed !== Boolean(get('x')), noInlines: meta.noInlines !== Boolean(get('m')),
		threads: Number(get('t')) % 3 || 0, widths: WIDTHS.includes(get('w')) ? get('w') : 'both', hidden: set('h'), focus: set('u'),
		around: [...set('a')].concat(-1)[0], both: Boolean(get('b')), time: timeOf(get('k'))});
	field.value = state.search;
	palette = PALETTES[wanted] ? wanted : meta.colors;
	paletteStyle.textContent = palette === meta.colors ? '' : paletteRules(palette);
	plant();
	zoom = followHashes(get('f'));
	state.part = partOf(get('g'));
	state.zoom = pathOf(zoom);
	selected = 0;
	search();
	relayout();
	refresh();
}
