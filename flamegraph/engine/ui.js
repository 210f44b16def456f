// The page around the boxes: title, search field, buttons, legend, status, tooltip.
const XHTML = 'http://www.w3.org/1999/xhtml', SVG = 'http://www.w3.org/2000/svg';

function el(tag, props, ...children) {
	const element = Object.assign(document.createElementNS(XHTML, tag), props);
	element.append(...children);
	return element;
}

function shape(tag, attributes, parent) {
	const element = document.createElementNS(SVG, tag);
	for (const name in attributes)
		element.setAttribute(name, attributes[name]);
	parent.append(element);
	return element;
}

const still = document.getElementById('ctrace-still');
const frames = shape('g', {'clip-path': 'url(#ctrace-area)', 'aria-hidden': 'true'}, svg);
const hatch = shape('pattern', {id: 'ctrace-hatch', width: 4, height: 4, patternUnits: 'userSpaceOnUse',
	patternTransform: 'rotate(45)'}, svg);
shape('rect', {class: 'sliver-line', width: 1.6, height: 4}, hatch);
const area = shape('rect', {x: 0, y: TOP}, shape('clipPath', {id: 'ctrace-area'}, svg));
const marks = shape('g', {'clip-path': 'url(#ctrace-area)'}, svg);
const hover = shape('rect', {class: 'hover', visibility: 'hidden'}, marks);
const cursor = shape('rect', {class: 'cursor', visibility: 'hidden', tabindex: 0, role: 'img'}, marks);
const thumb = shape('rect', {class: 'thumb', width: 6, rx: 3}, svg);

const field = el('input', {type: 'text', placeholder: 'Search  /', spellcheck: false});
field.setAttribute('aria-label', 'Search functions; /…/ is a regular expression');
const hits = el('div', {className: 'panel hits', hidden: true});
const status = el('span', {className: 'status'});
status.setAttribute('aria-live', 'polite');
const legend = el('span', {className: 'legend'});
const tip = el('div', {className: 'panel tip', hidden: true});
const about = el('div', {className: 'panel about', hidden: true, tabIndex: -1, role: 'dialog'});
about.setAttribute('aria-label', 'Keys, and how this was recorded');
const menu = el('div', {className: 'panel menu', hidden: true});

const buttons = {};
function button(name, text, title, action) {
	buttons[name] = el('button', {title, onclick: action}, text);
	return buttons[name];
}

const tools = el('div', {className: 'tools'});
const ui = el('div', {className: 'ctrace-ui'},
	el('header', {},
		el('div', {className: 'titles', title: `${meta.title}\n${meta.subtitle}`},
			el('b', {}, meta.title), el('span', {}, meta.subtitle)),
		el('div', {className: 'right'},
			el('div', {className: 'find'}, field), tools)),
	hits, el('footer', {}, legend, status), tip, menu, about);

function mountUi() {
	if (inPage) {
		svg.after(ui);
		return;
	}
	shape('foreignObject', {id: 'ctrace-ui', width: '100%', height: '100%'}, svg).append(ui);
}

function resize() {
	const room = svg.parentNode;
	width = meta.width || (inPage ? room.clientWidth : innerWidth);
	height = inPage ? room.clientHeight : innerHeight;
	svg.setAttribute('width', width);
	svg.setAttribute('height', height);
	ui.classList.toggle('narrow', width < 820);
	area.setAttribute('width', width);
	area.setAttribute('height', Math.max(0, areaHeight()));
}

const count = value => value.toLocaleString('en-US');
const percent = (part, whole) => (whole ? 100 * part / whole : 0).toFixed(2) + '%';

function placeMark(mark, box, row) {
	mark.setAttribute('visibility', box ? 'visible' : 'hidden');
	if (!box)
		return;
	mark.setAttribute('x', box.x);
	mark.setAttribute('y', rowTop(row));
	mark.setAttribute('width', Math.max(1, box.w - (box.w > 2.5 ? 0.7 : 0)));
	mark.setAttribute('height', rowHeight - 1);
}

const rowOf = box => box.node >= 0 ? rowIndex(box.node) : rowIndex(box.parent) + (isCaller(box.parent) ? -1 : 1);

function paintThumb() {
	const most = mostScroll(), room = areaHeight(), size = Math.max(24, room * room / (room + most));
	const at = most ? scroll / most * (room - size) : 0;
	thumb.setAttribute('visibility', most ? 'visible' : 'hidden');
	thumb.setAttribute('x', width - 8);
	thumb.setAttribute('y', TOP + (state.inverted ? at : room - size - at));
	thumb.setAttribute('height', size);
}

function paintMarks() {
	const box = selected ? boxOf(selected) : null;
	placeMark(cursor, box, box && rowOf(box));
	placeMark(hover, pointed, pointed && rowOf(pointed));
	paintThumb();
}

function legendChip({group, share, name, title, look}) {
	const chip = el('button', {title: `${title}: ${percent(share, recorded.total[0])} of self time. Click to show only these`,
		onclick: () => change({hue: state.hue === group ? -1 : group}, paint)});
	const colour = document.createElementNS(SVG, 'svg');
	shape('rect', {class: look, width: 11, height: 11, rx: 2}, colour);
	chip.append(colour, name);
	chip.setAttribute('aria-pressed', state.hue === group);
	return chip;
}

// Groups with their self time: kinds in their order, modules by weight.
function legendGroups() {
	const shares = new Map(), sample = new Map();
	for (let fn = 0; fn < functions.nr; fn++)
		sample.set(groupOf(fn), fn);
	for (let i = 1; i < recorded.nr; i++) {
		const group = groupOf(recorded.fn[i]);
		shares.set(group, (shares.get(group) || 0) + recorded.self[i]);
	}
	const groups = [...sample].map(([group, fn]) => {
		const isModule = group >= HUES.length, title = isModule ? moduleOf(fn) : HUES[group][1];
		return {group, share: shares.get(group) || 0, title, name: isModule ? title.replace(/.*\/(?=.)/, '') : title,
			look: isModule ? 'h' + (moduleHue(fn) * MODULE_SHADES + 1) : HUES[group][0] + '4'};
	});
	return groups.sort((a, b) => palette === 'module' ? b.share - a.share : a.group - b.group).slice(0, MOST_GROUPS);
}

const MOST_GROUPS = 10, legendParts = new Map();

function paintScale(least, most, steps, look) {
	const colours = document.createElementNS(SVG, 'svg');
	colours.setAttribute('class', 'scale');
	for (let i = 0; i < steps; i++)
		shape('rect', {class: look(i), x: 14 * i, width: 13, height: 11}, colours);
	legend.replaceChildren(least, colours, most);
}

function paintLegend() {
	legend.classList.toggle('plain', isDiff || palette === 'cost');
	if (isDiff) {
		paintScale('less than before', 'more', 9, i => 'd' + (meta.negate ? 8 - i : i));
		return;
	}
	if (palette === 'cost') {
		paintScale('little of all', 'half and more', COSTS, i => 'e' + i);
		return;
	}
	if (!legendParts.has(palette))
		legendParts.set(palette, legendGroups());
	legend.replaceChildren(...legendParts.get(palette).map(legendChip));
}

function say() {
	const parts = [];
	if (matches)
		parts.push(matchText());
	if (zoom)
		parts.push(`view: ${count(tree.total[zoom])} ${meta.unit}, ${percent(tree.total[zoom], tree.total[0])}`);
	if (state.time)
		parts.push(state.time.map(slice => (slice * meta.sliceNs / 1e9).toFixed(1)).join('–') + ' s');
	if (state.around >= 0)
		parts.push(`${state.both ? 'callers and callees of' : state.reverse ? 'callers of' : 'from'} ${labelOf(nameOf(state.around), 40)}`);
	if (!weight[0])
		parts.push('nothing is left: undo (u)');
	else if (tree.total[0] !== recorded.total[0])
		parts.push(`${percent(tree.total[0], recorded.total[0])} of the recording`);
	if (meta.pruned)
		parts.push(`${count(meta.pruned)} frames pruned: counts of searches are lower bounds`);
	if (state.collapse && collapsed)
		parts.push('recursion collapsed (x)');
	status.textContent = parts.join('  ·  ');
	document.title = meta.title;
}
