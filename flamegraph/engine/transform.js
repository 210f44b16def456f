// Other trees of the same recording: frames hidden or focused on, recursion or inlines folded,
// threads joined, callers on top.

// Collects stacks into a tree whose equal siblings are one.
class TreeBuilder {
	constructor(room) {
		this.nr = 1;
		this.fn = new Uint32Array(room);
		this.parent = new Uint32Array(room);
		this.self = new Float64Array(room);
		this.was = new Float64Array(isDiff ? room : 0);
		this.runs = null;
		this.slots = new Uint32Array(1 << 32 - Math.clz32(room * 2));
	}
	slotOf(parent, fn) {
		const hash = Math.imul(Math.imul(parent, 0x9e3779b1) + fn, 0x85ebca6b);
		return (hash ^ hash >>> 15) & this.slots.length - 1;
	}
	child(parent, fn) {
		if (this.nr === this.fn.length)
			this.grow();
		let at = this.slotOf(parent, fn);
		for (let node; (node = this.slots[at]); at = at + 1 & this.slots.length - 1) {
			if (this.parent[node] === parent && this.fn[node] === fn)
				return node;
		}
		const node = this.nr++;
		this.slots[at] = node;
		this.fn[node] = fn;
		this.parent[node] = parent;
		return node;
	}
	grow() {
		for (const name of ['fn', 'parent', 'self', 'was']) {
			const old = this[name];
			this[name] = new old.constructor(old.length * 2);
			this[name].set(old);
		}
		const mask = this.slots.length * 2 - 1;
		this.slots = new Uint32Array(mask + 1);
		for (let node = 1; node < this.nr; node++) {
			let at = this.slotOf(this.parent[node], this.fn[node]);
			while (this.slots[at])
				at = at + 1 & mask;
			this.slots[at] = node;
		}
	}
	add(node, from, i) {
		this.self[node] += from.self[i];
		if (isDiff)
			this.was[node] += from.was[i];
	}
	// In preorder, siblings in order, without what weighs nothing.
	finish() {
		const {fn, parent, self, was, nr} = this, ranks = functionRanks();
		const total = isDiff ? self.map((value, i) => value + was[i]) : self.slice(), first = new Int32Array(nr), later = new Int32Array(nr);
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
		const tree = {...newTree(kept), runs: this.runs && new Uint32Array(kept)}, place = new Uint32Array(nr), stack = [0];
		for (let i = 0; stack.length; i++) {
			const node = stack.pop();
			place[node] = i;
			tree.fn[i] = fn[node];
			tree.self[i] = self[node];
			if (isDiff)
				tree.was[i] = was[node];
			if (this.runs)
				tree.runs[i] = this.runs[node];
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

// The recording as it would be, had it lasted from slice @from to @to only.
function inTime([from, to]) {
	const {node, slice, value} = recorded.times, self = new Float64Array(recorded.nr);
	for (let i = 0; i < node.length; i++) {
		if (slice[i] >= from && slice[i] < to)
			self[node[i]] += value[i];
	}
	return {...recorded, self};
}

// state.threads: 0 as recorded, 1 by name, 2 all in one.
function select(state) {
	const builder = new TreeBuilder(recorded.nr), {nr, fn, parent} = recorded;
	const depth = new Uint32Array(state.collapse ? nr : 0);
	const source = state.time ? inTime(state.time) : recorded;
	const place = new Int32Array(nr), inFocus = new Uint8Array(nr);
	const comm = state.threads === 1 ? commFunctions() : null;
	inFocus[0] = !state.focus.size;
	if (inFocus[0] && !state.time)
		builder.add(0, source, 0);
	builder.runs = state.collapse ? new Uint32Array(recorded.nr) : null;
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
		if (state.collapse && place[i] > 0) {
			depth[i] = place[i] === up ? depth[parent[i]] + (builder.fn[up] === what) : 1;
			builder.runs[place[i]] = Math.max(builder.runs[place[i]], depth[i]);
		}
		if (place[i] >= 0 && inFocus[i])
			builder.add(place[i], source, i);
	}
	return builder.finish();
}

function reversed(tree) {
	const builder = new TreeBuilder(tree.nr * 2);
	builder.add(0, tree, 0);
	for (let i = 1; i < tree.nr; i++) {
		let node = 0;
		if (!tree.self[i] && !tree.was[i])
			continue;
		for (let at = i; at; at = tree.parent[at])
			node = builder.child(node, tree.fn[at]);
		builder.add(node, tree, i);
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
	if (tree.split)
		weight[0] = weight[1];
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

// All places of one function as one: what it calls, or, with @callers, who calls it.
function around(tree, fn, callers) {
	const builder = new TreeBuilder(tree.nr), place = new Uint32Array(tree.nr);
	for (let i = 1, until = 0; i < tree.nr; i++) {
		const top = i >= until && tree.fn[i] === fn;
		if (top)
			until = tree.end[i];
		if (callers && top) {
			let node = 0;
			for (let at = i; at; at = tree.parent[at])
				node = builder.child(node, tree.fn[at]);
			builder.self[node] += tree.total[i];
			if (isDiff)
				builder.was[node] += tree.wasTotal[i];
		} else if (!callers && i < until) {
			place[i] = builder.child(top ? 0 : place[tree.parent[i]], tree.fn[i]);
			builder.add(place[i], tree, i);
		}
	}
	return builder.finish();
}

function baseOf(state) {
	const same = !state.time && !state.hidden.size && !state.focus.size && !state.noInlines && !state.collapse &&
		!state.threads;
	return same ? recorded : select(state);
}

function treeOf(base, state) {
	if (state.around >= 0)
		return state.both ? sandwich(base, state.around) : around(base, state.around, state.reverse);
	return state.reverse ? reversed(base) : base;
}
