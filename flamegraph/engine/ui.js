// The page around the boxes: title, search field, buttons, legend, status, tooltip.
const XHTML = 'http://www.w3.org/1999/xhtml', SVG = 'http://www.w3.org/2000/svg';

function el(tag, props, ...children) {
	const element = document.createElementNS(XHTML, tag);
	for (const name in props)
		element[name] = name.startsWith('on') ? guarded(props[name]) : props[name];
	element.append(...children);
	return element;
}

function shape(tag, attributes, parent) {
	const element = document.createElementNS(SVG, tag);
	for (const name in attributes)
		element.setAttribute(name, attributes[name]);
	if (parent)
		parent.append(element);
	return element;
}

const frame = shape('foreignObject', {class: 'ctrace-frame', width: '100%', height: '100%'});
const defs = shape('defs');
const hatch = shape('pattern', {id: hatchId, width: 4, height: 4, patternUnits: 'userSpaceOnUse',
	patternTransform: 'rotate(45)'}, defs);
shape('rect', {class: 'sliver-line', width: 1.6, height: 4}, hatch);
const area = shape('rect', {x: 0}, shape('clipPath', {id: areaId}, defs));
const frames = shape('g', {'clip-path': `url(#${areaId})`, 'aria-hidden': 'true'});
const marks = shape('g', {'clip-path': `url(#${areaId})`});
const hover = shape('rect', {class: 'hover', visibility: 'hidden'}, marks);
const cursor = shape('rect', {class: 'cursor', visibility: 'hidden', tabindex: 0, role: 'img'}, marks);
const thumb = shape('rect', {class: 'thumb', width: 6, rx: 3});

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

// @kind: "toggle" is on or off, "choice" goes through several; others do something once.
const buttons = {};
function button(name, text, title, action, kind) {
	buttons[name] = el('button', {title, className: kind || '', onclick: action}, text);
	return buttons[name];
}

const what = el('span', {className: 'what', title: meta.subtitle}, meta.subtitle);
const tools = el('div', {className: 'tools'}), find = el('div', {className: 'find'}, field);
const ui = el('div', {className: 'ctrace-ui'},
	el('header', {}, el('b', {className: 'name', title: meta.title}, meta.title), find,
		what, tools),
	hits, el('footer', {}, legend, status), tip, menu, about);

// What is drawn for the still picture's sake goes where it was.
function mountUi() {
	parts.push(defs, frames, marks, thumb);
	svg.append(defs, frames, marks, thumb);
	ui.append(paletteStyle);
	parts.push(ui, frame);
	placeUi();
}

// Beside the picture in ctrace's own page, but for paper, where it is scaled with it.
function placeUi() {
	if (inPage && !isPrinting) {
		frame.remove();
		svg.after(ui);
	} else {
		svg.append(frame);
		frame.append(ui);
	}
}

const MOST_PRINTED = 8000;
let isPrinting = false;

function setSize(newWidth, newHeight) {
	width = newWidth;
	height = newHeight;
	svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
	ui.classList.toggle('narrow', width < 820 && !isPrinting);
	ui.classList.remove('tall');
	// Where the buttons leave too little of the line, it has one of its own.
	const isTall = !isPrinting && (width < 820 || what.scrollWidth > what.clientWidth);
	ui.classList.toggle('tall', isTall);
	headHeight = isTall ? TALL_HEAD : HEAD;
	area.setAttribute('y', headHeight);
	area.setAttribute('width', width);
	area.setAttribute('height', Math.max(0, areaHeight()));
}

// Alone it fills the window; a guest is as wide as there is room and as high as the still picture.
const stillHeight = Number(svg.getAttribute('height'));
function askForRoom() {
	svg.setAttribute('width', meta.width || '100%');
	if (!isAlone)
		return;
	svg.setAttribute('height', '100%');
	// Phones take a document for a wide one unless it says so.
	const viewport = el('meta', {name: 'viewport', content: 'width=device-width,initial-scale=1'});
	parts.push(viewport);
	svg.append(viewport);
}

// False where there is none (yet), as in a frame that is hidden.
function takeRoom() {
	const {width: wide, height: high} = (inPage ? svg.parentNode : svg).getBoundingClientRect();
	if (!(wide > 0 && high > 0))
		return false;
	setSize(inPage && meta.width ? Math.min(meta.width, wide) : wide, isGuest ? stillHeight : high);
	if (inPage)
		svg.setAttribute('width', width);
	if (isGuest && headHeight > HEAD)
		setSize(width, stillHeight + headHeight - HEAD);
	if (!isAlone)
		svg.setAttribute('height', height);
	return true;
}

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
	thumb.setAttribute('y', headHeight + (state.inverted ? at : room - size - at));
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

const MOST_GROUPS = 40, legendParts = new Map();

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
	if (badSearch)
		parts.push('not a regular expression');
	if (zoom || state.part)
		parts.push(`view: ${amount(viewTotal())}, ${percent(viewTotal(), tree.total[0])}`);
	if (state.time)
		parts.push(state.time.map(slice => (slice * meta.sliceNs / 1e9).toFixed(1)).join('–') + ' s');
	if (state.around >= 0)
		parts.push(`${state.both ? 'callers and callees of' : state.reverse ? 'callers of' : 'from'} ${labelOf(nameOf(state.around), 40)}`);
	if (!weight[0])
		parts.push('nothing is left: undo (u)');
	else if (tree.total[0] !== recorded.total[0])
		parts.push(`${percent(tree.total[0], recorded.total[0])} of the recording`);
	if (meta.pruned)
		parts.push(`${counted(meta.pruned, 'frame')} pruned: counts of searches are lower bounds`);
	if (state.collapse && collapsed)
		parts.push('recursion collapsed (x)');
	status.textContent = parts.join('  ·  ');
	status.title = status.textContent;
}
