// What of a name fits into a box; frame_label.c does the same for the still picture, utf8.c has the
// same ranges.
const NO_CELLS = /[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e34-\u0e3a\u0e47-\u0e4e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\u{e0100}-\u{e01ef}]/u;
const TWO_CELLS = /[\u1100-\u115f\u231a\u231b\u23e9-\u23f3\u25fd\u25fe\u2600-\u27bf\u2b1b-\u2b55\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const isPlain = text => !/[^\0-\u02ff]/.test(text);
const cellsOfChar = char => char < '\u0300' ? 1 : NO_CELLS.test(char) ? 0 : TWO_CELLS.test(char) ? 2 : 1;

function cellsOf(text) {
	let cells = text.length;
	if (!isPlain(text)) {
		cells = 0;
		for (const char of text)
			cells += cellsOfChar(char);
	}
	return cells;
}

// Whole characters only: half of one is nothing that a page may hold.
function fitting(text, room) {
	let fit = '';
	for (const char of text) {
		room -= cellsOfChar(char);
		if (room < 0)
			break;
		fit += char;
	}
	return fit;
}

function withoutArguments(name) {
	let depth = 0, text = '';
	for (let i = 0; i < name.length; i++) {
		const char = name[i], opens = char === '<' || char === '(', closes = char === '>' || char === ')';
		if (char === '<' && name.slice(0, i).endsWith('operator') || char === '>' && name[i - 1] === '-')
			return name;
		if (closes && depth && !--depth && name[i - 1] !== '(')
			text += '…';
		if (!depth)
			text += char;
		if (opens)
			depth++;
	}
	return depth ? name : text;
}

const lastName = path => withoutArguments(path).replace(/^.*::/, '');

// Rust's <a::T<u8> as b::Trait>::f: <T<…> as Trait>::f, or T<…>::f; undefined for other names.
function ofImplementation(name, withTrait) {
	let depth = 0, as = 0;
	for (let i = 0; name[0] === '<' && i < name.length; i++) {
		if (name[i] === '<')
			depth++;
		else if (name[i] === '>' && name[i - 1] !== '-' && !--depth) {
			const rest = name.slice(i + 1), type = lastName(name.slice(1, as || i));
			if (!rest.startsWith('::'))
				return;
			return as && withTrait ? `<${type} as ${lastName(name.slice(as + 4, i))}>${rest}` : type + rest;
		} else if (depth === 1 && !as && name.startsWith(' as ', i))
			as = i;
	}
}

function labelOf(name, room) {
	if (room < 3)
		return '';
	if (cellsOf(name) <= room)
		return name;
	for (const withTrait of [true, false]) {
		const own = ofImplementation(name, withTrait);
		if (own && (cellsOf(own) <= room || !withTrait))
			name = own;
		if (own && cellsOf(own) <= room)
			return own;
	}
	name = withoutArguments(name);
	if (cellsOf(name) <= room)
		return name;
	let scope = 0;
	const parameters = name.indexOf('(', 1), end = parameters < 0 ? name.length : parameters;
	// Nobody knows a function by operator() or {closure#0} alone.
	for (let at = -2; (at = name.indexOf('::', at + 2)) >= 0 && at < end;) {
		if (/^::(operator|\{)/.test(name.slice(at)))
			continue;
		if (cellsOf(name.slice(at)) < room)
			return '…' + name.slice(at);
		scope = at + 2;
	}
	name = name.slice(scope) || name;
	return cellsOf(name) <= room ? name : fitting(name, room - 1).replace(/…$/, '') + '…';
}

const count = value => value.toLocaleString('en-US');
const counted = (value, noun) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
// Units have a name of their own: one sample, one cache-miss, but one ns.
const unitOf = value => value !== 1 || meta.unit.length < 4 ? meta.unit :
	meta.unit.endsWith('sses') ? meta.unit.slice(0, -2) : meta.unit.replace(/([^s])s$/, '$1');
const amount = value => `${count(value)} ${unitOf(value)}`;
const percent = (part, whole) => (whole ? 100 * part / whole : 0).toFixed(2) + '%';
