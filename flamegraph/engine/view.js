// What is on the screen: the tree chosen, the node zoomed to, and where every visible box lies.
const LEAST = 0.5, HEAD = 64, TALL_HEAD = 86, FOOT = 32, PAD = 10;
const rowHeight = meta.rowHeight, charWidth = meta.charWidth;

const collapsed = meta.collapse || recorded.deepest > 400;
const state = {zoom: [], search: '', anyCase: false, order: 'name', inverted: meta.inverted,
	reverse: meta.reverse, collapse: collapsed, noInlines: meta.noInlines, threads: 0,
	hidden: new Set(), focus: new Set(), hue: -1, widths: 'both', around: -1, both: false,
	time: null, anyRegex: false, part: null};
// @base: what the tree was made from; percentages of the recording are percentages of it.
let base = recorded, tree = recorded, weight = recorded.total, zoom = 0, rows = [], scroll = 0, width = 0, height = 0;
let headHeight = HEAD;

// Begins a path on the callers' side of a sandwich.
const CALLERS = -1;

// A path of functions, as far as this tree has it.
function follow(path) {
	let node = 0;
	for (const fn of path) {
		let child = node || path[0] !== CALLERS ? node + 1 : tree.split || 1;
		if (fn === CALLERS)
			continue;
		while (child < tree.end[node] && tree.fn[child] !== fn)
			child = tree.end[child];
		if (child >= tree.end[node])
			break;
		node = child;
	}
	return node;
}

function pathOf(node) {
	const path = [], callers = isCaller(node);
	for (; node; node = tree.parent[node])
		path.unshift(tree.fn[node]);
	return callers ? [CALLERS, ...path] : path;
}

function childrenOf(node) {
	const list = [], {end, fn} = tree;
	for (let i = node + 1; i < end[node]; i = end[i])
		list.push(i);
	if (state.order === 'weight')
		list.sort((a, b) => weight[b] - weight[a] || a - b);
	else if (state.order === 'module')
		list.sort((a, b) => functions.module[fn[a]] - functions.module[fn[b]] || a - b);
	return list;
}

// The row above a box: boxes wide enough, and what lies between them as slivers without a node.
// @part: the first and the last child that is wanted.
function addChildren(row, box, scale, part) {
	const {end} = tree, node = box.node, ordered = state.order !== 'name' && childrenOf(node);
	let x = box.x, last = row[row.length - 1], at = 0;
	for (let child = ordered ? ordered[0] : node + 1; child < end[node]; at++, child = ordered ? ordered[at] : end[child]) {
		const w = weight[child] * scale;
		if (part && (at < part[0] || at > part[1]))
			continue;
		if (w >= LEAST) {
			row.push(last = {node: child, x, w});
		} else if (last && last.node < 0 && x - last.x - last.w < 0.01) {
			last.w = x + w - last.x;
			last.frames += end[child] - child;
			last.total += tree.total[child];
			last.to = at;
			last.isMixed = last.isMixed || last.parent !== node;
		} else if (w) {
			row.push(last = {node: -1, x, w, parent: node, from: at, to: at, frames: end[child] - child,
				total: tree.total[child]});
		}
		x += w;
	}
}

// What fills the width: the node zoomed to, or those of its children that an opened hatch stood for.
function nodesInView() {
	const {part} = state;
	return part ? childrenOf(zoom).slice(part[0], part[1] + 1) : [zoom];
}

const viewTotal = () => nodesInView().reduce((sum, node) => sum + tree.total[node], 0);

// The rows above the node zoomed to.
function rowsInView(box) {
	const all = nodesInView().reduce((sum, node) => sum + weight[node], 0), scale = all ? box.w / all : 0, row = [];
	if (!state.part)
		return rowsFrom([box], scale);
	box.above = true;
	addChildren(row, box, scale, state.part);
	return [row, ...rowsFrom(row, scale)];
}

function layout() {
	const room = Math.max(1, width - 2 * PAD), box = {node: zoom, x: PAD, w: room};
	if (!nodesInView().length)
		state.part = null;
	if (tree.split) {
		layoutSandwich(room);
		return;
	}
	rows = [];
	for (let node = zoom; node;)
		rows.unshift([{node: node = tree.parent[node], x: PAD, w: room, above: true}]);
	rows.push([box], ...rowsInView(box));
}

const areaHeight = () => height - headHeight - FOOT;
const mostScroll = () => Math.max(0, rows.length * rowHeight - areaHeight());
const rowTop = row => state.inverted ? headHeight + row * rowHeight - scroll :
	height - FOOT - (row + 1) * rowHeight + scroll;

function boxAt(x, y) {
	if (y < headHeight || y >= height - FOOT)
		return null;
	return boxIn(rows[Math.floor((state.inverted ? y - headHeight + scroll : height - FOOT - y + scroll) / rowHeight)], x);
}

function boxIn(row, x) {
	let low = 0, high = row ? row.length : 0;
	while (low < high) {
		const middle = low + high >> 1;
		if (row[middle].x + row[middle].w <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return row && row[low] && row[low].x <= x ? row[low] : null;
}

function boxOf(node) {
	const row = rows[rowIndex(node)];
	return row && row.find(box => box.node === node);
}

const escapes = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
const escaped = text => text.replace(/[&<>"]/g, char => escapes[char]);
const round = value => Math.round(value * 10) / 10;

const factorText = factor => '×' + (factor < 10 ? Number(factor.toFixed(2)) : factor.toFixed(0));

// How often what was goes into what is; "new" or "gone" where one of them is nothing.
function factorOf(node) {
	const was = tree.wasTotal[node] * norm, now = tree.total[node];
	if (!was || !now)
		return !was === meta.negate ? 'gone' : 'new';
	return factorText(meta.negate ? was / now : now / was);
}

// What became of a node: how many more or fewer, or, where shares are compared, by how many points
// its share changed.  picture.c says the same.
function changeOf(node) {
	const delta = deltaOf(tree, node), factor = factorOf(node), sign = delta < 0 ? '' : '+';
	if (meta.normalized)
		return `${sign}${(tree.total[0] ? 100 * delta / tree.total[0] : 0).toFixed(2)}%pt${factor[0] === '×' ? '' : ' ' + factor}`;
	return `${sign}${count(Math.round(delta))}${factor[0] !== '×' ? ' ' + factor : delta ? ` (${factor})` : ''}`;
}

function boxLook(box, y) {
	const node = box.node, fn = tree.fn[node], gap = box.w > 2.5 ? 0.7 : 0;
	const ghost = node < 0 || isDiff && node > 0 && !tree.total[node];
	const found = matches && node > 0 && matches[fn] ? 'hit' : ghost ? 'ghost' : '';
	const pale = box.above || node > 0 && others[fn] || state.hue >= 0 && node >= 0 && (!node || groupOf(fn) !== state.hue) ? ' pale' : '';
	const room = Math.floor((box.w - 6) / charWidth), delta = isDiff && node > 0 ? ' ' + changeOf(node) : '';
	const more = node < 0 ? `… ${count(box.frames)}` : '';
	const label = node < 0 ? room < more.length ? '' : more : delta && room > delta.length + 8 ?
		labelOf(nodeName(tree, node), room - delta.length) + delta : labelOf(nodeName(tree, node), room);
	return {colour: node < 0 ? 'sliver' : found === 'hit' ? found : classOf(tree, node), pale, found, label, x: round(box.x), y,
		w: Math.max(0.1, round(box.w - gap))};
}

function boxMarkup({colour, pale, found, label, x, y, w}) {
	const rect = `<rect class="${colour}${pale}" x="${x}" y="${y}" width="${w}" height="${rowHeight - 1}"/>`;
	return label ? rect + `<text class="${found}${pale}" x="${round(x + 3)}" y="${
		round(y + (rowHeight + meta.fontSize) / 2 - 2)}">${escaped(label)}</text>` : rect;
}

// Another way to paint, for more boxes than elements can be: says whether it did.
let paintMany = () => false;

function paint() {
	const list = [];
	scroll = Math.max(0, Math.min(scroll, mostScroll()));
	rows.forEach((row, i) => {
		const y = round(rowTop(i));
		if (y <= headHeight - rowHeight || y >= height - FOOT)
			return;
		for (const box of row) {
			if (box.node >= 0 || box.w >= LEAST)
				list.push(boxLook(box, y));
		}
	});
	frames.innerHTML = paintMany(list) ? '' : list.map(boxMarkup).join('');
	paintMarks();
}
