// A function in all its places, with what it calls on one side and who calls it on the other: two
// trees as one.  The first has the function as node 1, the second, from tree.split on, again.
function sandwich(tree, fn) {
	const callees = around(tree, fn, false), callers = around(tree, fn, true), both = newTree(callees.nr + callers.nr - 1);
	const offset = callees.nr - 1;
	for (const name of ['fn', 'parent', 'depth', 'self', ...isDiff ? ['was'] : []]) {
		both[name].set(callees[name]);
		both[name].set(callers[name].subarray(1), callees.nr);
	}
	for (let i = callees.nr; i < both.nr; i++)
		both.parent[i] += both.parent[i] && offset;
	addUp(both);
	both.total[0] = both.total[1];
	if (isDiff)
		both.wasTotal[0] = both.wasTotal[1];
	both.split = callees.nr;
	return both;
}

const isCaller = node => node >= (tree.split || Infinity);

// The row of the function itself, when it is in the middle.
let middle = 0;
const rowIndex = node => !tree.split ? tree.depth[node] : isCaller(node) ? middle + 1 - tree.depth[node] :
	middle + tree.depth[node] - 1;

// The rows above a row, itself left out.
function rowsFrom(row, scale) {
	const list = [];
	while (row.length) {
		const next = [];
		for (const each of row) {
			if (each.node >= 0)
				addChildren(next, each, scale);
		}
		if (next.length)
			list.push(next);
		row = next;
	}
	return list;
}

// Zoomed into one side, that side alone.
function layoutSandwich(room) {
	const wide = node => ({node, x: PAD, w: room});
	if (!state.part && (zoom === 1 || zoom === tree.split))
		zoom = 0;
	if (!zoom) {
		const scale = weight[0] ? room / weight[0] : 0, callers = rowsFrom([wide(tree.split)], scale).reverse();
		middle = callers.length;
		rows = [...callers, [wide(1)], ...rowsFrom([wide(1)], scale)];
		return;
	}
	const path = [], box = wide(zoom), side = rowsInView(box);
	for (let node = tree.parent[zoom]; node; node = tree.parent[node])
		path.push([{...wide(node === tree.split ? 1 : node), above: true}]);
	middle = isCaller(zoom) ? side.length + path.length : 0;
	rows = isCaller(zoom) ? [...side.reverse(), [box], ...path] : [...path.reverse(), [box], ...side];
}

// Where the arrow keys lead from @node, up being away from the root.
function stepSandwich(node, up) {
	const children = childrenOf(up ? node : node === 1 ? tree.split : node);
	const heaviest = children.reduce((a, b) => a >= 0 && tree.total[a] >= tree.total[b] ? a : b, -1);
	if (isCaller(node))
		return up ? tree.parent[node] === tree.split ? 1 : tree.parent[node] :
			heaviest;
	return up || node === 1 ? heaviest : tree.parent[node];
}
