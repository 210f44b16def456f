// What of a name fits into a box; frame_label.c does the same for the still picture.
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

function labelOf(name, room) {
	if (room < 3)
		return '';
	if (name.length <= room)
		return name;
	name = withoutArguments(name);
	if (name.length <= room)
		return name;
	let scope = 0;
	const parameters = name.indexOf('(', 1), end = parameters < 0 ? name.length : parameters;
	for (let at = -2; (at = name.indexOf('::', at + 2)) >= 0 && at < end; scope = at + 2) {
		if (name.length - at < room)
			return '…' + name.slice(at);
	}
	return (name.slice(scope) || name).slice(0, room - 1).replace(/…$/, '') + '…';
}
