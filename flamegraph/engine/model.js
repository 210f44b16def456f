// The data block: strings, functions and the call tree as columns.
const KERNEL = 1, INLINED = 2, JIT = 3, MODULE = 4, UNKNOWN = 5, MARK = 6, PRUNED = 7;
const meta = JSON.parse(own('ctrace-meta').textContent);
const isDiff = 'before' in meta;

let bytes, next;
function readUint() {
	let value = 0, scale = 1, byte;
	do {
		byte = bytes[next++];
		value += (byte & 127) * scale;
		scale *= 128;
	} while (byte > 127);
	return value;
}

function readColumn(column, first) {
	for (let i = first; i < column.length; i++)
		column[i] = readUint();
	return column;
}

// FNV-1a, its low bits stirred; palette.c does the same.
function hashBytes(start, end) {
	let hash = 0x811c9dc5;
	for (let i = start; i < end; i++)
		hash = Math.imul(hash ^ bytes[i], 0x01000193);
	return (hash ^ hash >>> 15) >>> 0;
}

const strings = [], wholeHash = [], stemHash = [];

// Whatever changes between builds is left out of the stem: parameters, arguments, clone suffixes.
function readStrings() {
	const data = bytes, decoder = new TextDecoder();
	let text = new Uint8Array(1024);
	for (let left = readUint(); left; left--) {
		const shared = readUint(), more = readUint(), end = shared + more;
		if (end > text.length) {
			const longer = new Uint8Array(end * 2);
			longer.set(text);
			text = longer;
		}
		text.set(data.subarray(next, next + more), shared);
		next += more;
		let stem = end && 1;
		while (stem < end && text[stem] !== 40 && text[stem] !== 60 && text[stem] !== 46)
			stem++;
		bytes = text;
		wholeHash.push(hashBytes(0, end));
		stemHash.push(hashBytes(0, stem));
		bytes = data;
		strings.push(decoder.decode(text.subarray(0, end)));
	}
}

function readFunctions() {
	const nr = readUint(), column = () => readColumn(new Uint32Array(nr), 0);
	return {nr, name: column(), kind: column(), module: column(), full: column(), file: column(),
		line: column()};
}

function newTree(nr) {
	return {nr, fn: new Uint32Array(nr), parent: new Uint32Array(nr), end: new Uint32Array(nr),
		depth: new Uint32Array(nr), self: new Float64Array(nr), total: new Float64Array(nr),
		was: new Float64Array(isDiff ? nr : 0), wasTotal: new Float64Array(isDiff ? nr : 0)};
}

// Totals and ends of subtrees, from self, parent and depth of nodes in preorder.
function addUp(tree) {
	const {nr, parent, self, total, end, was, wasTotal} = tree;
	total.set(self);
	wasTotal.set(was);
	for (let i = 0; i < nr; i++)
		end[i] = i + 1;
	for (let i = nr - 1; i > 0; i--) {
		total[parent[i]] += total[i];
		if (isDiff)
			wasTotal[parent[i]] += wasTotal[i];
		if (end[parent[i]] < end[i])
			end[parent[i]] = end[i];
	}
	tree.deepest = tree.depth.reduce((a, b) => a > b ? a : b, 0);
	return tree;
}

function readTree() {
	const tree = newTree(readUint() + 1), path = [0], pops = readColumn(new Uint32Array(tree.nr), 1);
	readColumn(tree.fn, 1);
	readColumn(tree.self, 1);
	if (isDiff)
		readColumn(tree.was, 1);
	tree.self[0] = meta.rest || 0;
	for (let i = 1, depth = 0; i < tree.nr; i++) {
		depth += 1 - pops[i];
		tree.depth[i] = depth;
		tree.parent[i] = path[depth - 1];
		path[depth] = i;
	}
	return addUp(tree);
}

// Self values by node and slice of time, in that order.
function readTimes() {
	const nr = readUint(), node = new Uint32Array(nr), slice = new Uint32Array(nr), value = new Float64Array(nr);
	for (let i = 0; i < nr; i++) {
		const far = readUint(), same = i && !far;
		node[i] = (i && node[i - 1]) + far;
		slice[i] = (same && slice[i - 1]) + readUint();
		value[i] = readUint();
	}
	return {node, slice, value};
}

function readData() {
	const text = atob(own('ctrace-data').textContent);
	const packed = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++)
		packed[i] = text.charCodeAt(i);
	bytes = inflate(packed);
	next = 0;
	readStrings();
}

readData();
const functions = readFunctions();
const recorded = readTree();
recorded.times = meta.sliceNs ? readTimes() : null;
if (next !== bytes.length)
	throw new Error('damaged data');
bytes = null;

const nameOf = fn => strings[functions.name[fn]];
const moduleOf = fn => functions.module[fn] ? strings[functions.module[fn] - 1] : '';
// With the most times a function called itself here, where that is collapsed.
const timesOf = (tree, node) => tree.runs && tree.runs[node] > 1 ? ` ×${tree.runs[node].toLocaleString('en-US')}` : '';
const nodeName = (tree, node) => node ? nameOf(tree.fn[node]) + timesOf(tree, node) : 'all';

// The place of every function in the order of siblings.
let ranks;
function functionRanks() {
	if (!ranks) {
		const {nr, name, kind, module} = functions, order = [...new Uint32Array(nr).keys()];
		order.sort((a, b) => name[a] - name[b] || kind[a] - kind[b] || module[a] - module[b]);
		ranks = new Uint32Array(nr);
		order.forEach((fn, rank) => ranks[fn] = rank);
	}
	return ranks;
}

// Of each function in all its places: self, and total where it is not below itself.
function everywhere(tree) {
	if (tree.everywhere)
		return tree.everywhere;
	const self = new Float64Array(functions.nr), total = new Float64Array(functions.nr);
	const until = new Uint32Array(functions.nr);
	for (let i = 1; i < tree.nr; i++) {
		const fn = tree.fn[i];
		self[fn] += tree.self[i];
		if (i < until[fn])
			continue;
		total[fn] += tree.total[i];
		until[fn] = tree.end[i];
	}
	return tree.everywhere = {self, total};
}
