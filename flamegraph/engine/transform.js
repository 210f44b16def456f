// Other trees of the same recording: frames hidden or focused on, recursion or inlines folded,
// threads joined, callers on top.

// Collects stacks into a tree whose equal siblings are one.
class TreeBuilder {
	constructor() {
		this.fn = [0];
		this.parent = [0];
		this.self = [0];
		this.was = [0];
		this.slots = new Int32Array(1 << 12);
	}
	child(parent, fn) {
		let mask = this.slots.length - 1;
		let at = (Math.imul(parent, 0x9e3779b1) ^ Math.imul(fn, 0x85ebca6b)) >>> 7 & mask;
		for (let node; (node = this.slots[at]); at = at + 1 & mask) {
			if (this.parent[node] === parent && this.fn[node] === fn)
				return node;
		}
		const node = this.fn.length;
		this.slots[at] = node;
		this.fn.push(fn);
		this.parent.push(parent);
		this.self.push(0);
		this.was.push(0);
		if (node * 2 > mask)
			this.grow();
		return node;
	}
	grow() {
		const slots = new Int32Array(this.slots.length * 4), mask = slots.length - 1;
		for (let node = 1; node < this.fn.length; node++) {
			let at = (Math.imul(this.parent[node], 0x9e3779b1) ^
				Math.imul(this.fn[node], 0x85ebca6b)) >>> 7 & mask;
			while (slots[at])
				at = at + 1 & mask;
			slots[at] = node;
		}
		this.slots = slots;
	}
	// In preorder, siblings in order, without what weighs nothing.
	finish() {
		const {fn, parent, self, was} = this, nr = fn.length, ranks = functionRanks();
		const total = Float64Array.from(self, (value, i) => value + was[i]), first = new Int32Array(nr), later = new Int32Array(nr);
		for (let i = nr - 1; i > 0; i--)
			total[parent[i]] += total[i];
		// Nodes by rank, as chains: from the last rank on, each goes before its siblings.
		const heads = new Int32Array(functions.nr), chain = new Int32Array(nr);
		let kept = 1;
		for (let i = 1; i < nr; i++) {
			if (!total[i])
				continue;
			chain[i] = heads[ranks[fn[i]]];
			heads[ranks[fn[i]]] = i;
			kept++;
		}
		for (let rank = functions.nr - 1; rank >= 0; rank--) {
			for (let node = heads[rank]; node; node = chain[node]) {
				later[node] = first[parent[node]];
				first[parent[node]] = node;
			}
		}
		const tree = newTree(kept), place = new Uint32Array(nr), stack = [0];
		for (let i = 0; stack.length; i++) {
			const node = stack.pop();
			place[node] = i;
			tree.fn[i] = fn[node];
			tree.self[i] = self[node];
			if (isDiff)
				tree.was[i] = was[node];
			tree.parent[i] = place[parent[node]];
			tree.depth[i] = i && tree.depth[tree.parent[i]] + 1;
			if (node && later[node])
				stack.push(later[node]);
			if (first[node])
				stack.push(first[node]);
		}
		return addUp(tree);
	}
}

// "comm-12/34" without its numbers.
const commOf = name => name.replace(/-\d+(\/\d+)?$/, '');

function commFunctions() {
	const byName = new Map(), comm = new Uint32Array(functions.nr);
	for (let fn = 0; fn < functions.nr; fn++) {
		const mark = functions.kind[fn] === MARK, name = commOf(nameOf(fn));
		if (mark && !byName.has(name))
			byName.set(name, fn);
		comm[fn] = mark ? byName.get(name) : fn;
	}
	return comm;
}

// state.threads: 0 as recorded, 1 by name, 2 all in one.
function select(state) {
	const builder = new TreeBuilder(), {nr, fn, parent, self, was} = recorded;
	const place = new Int32Array(nr), inFocus = new Uint8Array(nr);
	const comm = state.threads === 1 ? commFunctions() : null;
	inFocus[0] = !state.focus.size;
	for (let i = 1; i < nr; i++) {
		const up = place[parent[i]], kind = functions.kind[fn[i]];
		const what = comm ? comm[fn[i]] : fn[i];
		inFocus[i] = inFocus[parent[i]] || state.focus.has(what);
		if (up < 0 || state.hidden.has(what))
			place[i] = -1;
		else if (state.noInlines && kind === INLINED || state.threads === 2 && kind === MARK ||
			state.collapse && up && builder.fn[up] === what)
			place[i] = up;
		else
			place[i] = builder.child(up, what);
		if (place[i] >= 0 && inFocus[i]) {
			builder.self[place[i]] += self[i];
			builder.was[place[i]] += was[i] || 0;
		}
	}
	return builder.finish();
}

function reversed(tree) {
	const builder = new TreeBuilder();
	for (let i = 1; i < tree.nr; i++) {
		let node = 0;
		if (!tree.self[i] && !tree.was[i])
			continue;
		for (let at = i; at; at = tree.parent[at])
			node = builder.child(node, tree.fn[at]);
		builder.self[node] += tree.self[i];
		builder.was[node] += tree.was[i] || 0;
	}
	return builder.finish();
}

// How wide boxes are: in a comparison as the larger of both, or as after or before.
function weigh(tree, widths) {
	if (!isDiff || widths === 'after')
		return tree.total;
	if (widths === 'before')
		return tree.wasTotal;
	const weight = tree.self.map((self, i) => Math.max(self, tree.was[i] * norm));
	for (let i = tree.nr - 1; i > 0; i--)
		weight[tree.parent[i]] += weight[i];
	return weight;
}

// Both recordings weigh the same.
const norm = isDiff && meta.normalized && meta.before && recorded.total[0] ? recorded.total[0] / meta.before : 1;
const deltaOf = (tree, node) => (tree.total[node] - tree.wasTotal[node] * norm) * (meta.negate ? -1 : 1);

function mostDelta(tree) {
	if (!tree.mostDelta)
		tree.mostDelta = tree.total.reduce((most, _, i) => Math.max(most, Math.abs(deltaOf(tree, i))), 0);
	return tree.mostDelta;
}

function treeOf(state) {
	const same = !state.hidden.size && !state.focus.size && !state.noInlines && !state.collapse &&
		!state.threads;
	const tree = same ? recorded : select(state);
	return state.reverse ? reversed(tree) : tree;
}
