// What is on the screen: the tree chosen, the node zoomed to, and where every visible box lies.
const LEAST = 0.5, TOP = 64, FOOT = 32, PAD = 10;
const svg = document.getElementById('ctrace'), inPage = document.documentElement !== svg;
const rowHeight = meta.rowHeight, charWidth = meta.charWidth;

const collapsed = meta.collapse || recorded.deepest > 400;
const state = {zoom: [], search: '', anyCase: false, order: 'name', inverted: meta.inverted,
	reverse: meta.reverse, collapse: collapsed, noInlines: meta.noInlines, threads: 0,
	hidden: new Set(), focus: new Set(), hue: -1, widths: 'both', around: -1, both: false,
	time: null};
// @base: what the tree was made from; percentages of the recording are percentages of it.
let base = recorded, tree = recorded, weight = recorded.total, zoom = 0, rows = [], scroll = 0, width = 0, height = 0;

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
function addChildren(row, box, scale) {
	const {end} = tree, node = box.node, ordered = state.order !== 'name' && childrenOf(node);
	let x = box.x, last = row[row.length - 1], at = 0;
	for (let child = ordered ? ordered[0] : node + 1; child < end[node]; child = ordered ? ordered[++at] : end[child]) {
		const w = weight[child] * scale;
		if (w >= LEAST) {
			row.push(last = {node: child, x, w});
		} else if (last && last.node < 0 && x - last.x - last.w < 0.01) {
			last.w = x + w - last.x;
			last.frames += end[child] - child;
			last.total += tree.total[child];
		} else if (w) {
			row.push(last = {node: -1, x, w, parent: node, frames: end[child] - child, total: tree.total[child]});
		}
		x += w;
	}
}

function layout() {
	const room = Math.max(1, width - 2 * PAD), scale = weight[zoom] ? room / weight[zoom] : 0;
	if (tree.split) {
		layoutSandwich(room);
		return;
	}
	const box = {node: zoom, x: PAD, w: room};
	rows = [];
	for (let node = zoom; node;)
		rows.unshift([{node: node = tree.parent[node], x: PAD, w: room, above: true}]);
	rows.push([box], ...rowsFrom(box, scale));
}

const areaHeight = () => height - TOP - FOOT;
const mostScroll = () => Math.max(0, rows.length * rowHeight - areaHeight());
const rowTop = row => state.inverted ? TOP + row * rowHeight - scroll :
	height - FOOT - (row + 1) * rowHeight + scroll;

function boxAt(x, y) {
	if (y < TOP || y >= height - FOOT)
		return null;
	const row = rows[Math.floor((state.inverted ? y - TOP + scroll : height - FOOT - y + scroll) / rowHeight)];
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

// In percent of everything.
function changeOf(node) {
	const change = 100 * deltaOf(tree, node) / (tree.total[0] || 1) * (meta.negate ? -1 : 1);
	return (change < 0 ? '' : '+') + change.toFixed(2) + '%';
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
		if (y <= TOP - rowHeight || y >= height - FOOT)
			return;
		for (const box of row) {
			if (box.node >= 0 || box.w >= LEAST)
				list.push(boxLook(box, y));
		}
	});
	frames.innerHTML = paintMany(list) ? '' : list.map(boxMarkup).join('');
	paintMarks();
}
