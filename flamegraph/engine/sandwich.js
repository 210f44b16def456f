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

// The rows above a box, itself left out.
function rowsFrom(box, scale) {
	const list = [];
	for (let row = [box]; row.length;) {
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
	const scale = weight[zoom] ? room / weight[zoom] : 0, whole = node => ({node, x: PAD, w: room});
	if (zoom === 1 || zoom === tree.split)
		zoom = 0;
	if (!zoom) {
		const callers = rowsFrom(whole(tree.split), scale).reverse();
		middle = callers.length;
		rows = [...callers, [whole(1)], ...rowsFrom(whole(1), scale)];
		return;
	}
	const path = [], side = rowsFrom(whole(zoom), scale);
	for (let node = tree.parent[zoom]; node; node = tree.parent[node])
		path.push([{...whole(node === tree.split ? 1 : node), above: true}]);
	middle = isCaller(zoom) ? side.length + path.length : 0;
	rows = isCaller(zoom) ? [...side.reverse(), [whole(zoom)], ...path] : [...path.reverse(), [whole(zoom)], ...side];
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
