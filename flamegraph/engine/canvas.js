// Boxes beyond what a browser holds as elements, painted as pixels; everything else stays the same.
const MOST_ELEMENTS = 20000;
const canvas = el('canvas', {className: 'boxes'}), fills = new Map();

// Of the pattern, which a canvas does not take, its lines.
const hatched = () => getComputedStyle(hatch.firstChild).fill;

// The colour of a class, as the style sheet has it now.
function fillOf(tag, name) {
	const key = tag + name;
	if (!fills.has(key)) {
		const sample = shape(tag, {class: name}, svg), style = getComputedStyle(sample);
		fills.set(key, [style.fill.startsWith('url') ? hatched() : style.fill, style.opacity]);
		sample.remove();
	}
	return fills.get(key);
}

function paintOnCanvas(list) {
	const scale = devicePixelRatio || 1, context = canvas.getContext('2d');
	fills.clear();
	canvas.width = width * scale;
	canvas.height = height * scale;
	context.scale(scale, scale);
	context.rect(0, headHeight, width, Math.max(0, areaHeight()));
	context.clip();
	context.font = getComputedStyle(svg).font;
	for (const {colour, pale, found, label, x, y, w} of list) {
		[context.fillStyle, context.globalAlpha] = fillOf('rect', colour + pale);
		context.fillRect(x, y, w, rowHeight - 1);
		if (!label)
			continue;
		[context.fillStyle, context.globalAlpha] = fillOf('text', found + pale);
		context.fillText(label, x + 3, y + (rowHeight + meta.fontSize) / 2 - 2);
	}
}

function mountCanvas() {
	parts.push(canvas);
	paintMany = list => {
		const many = !isPrinting && list.length > MOST_ELEMENTS;
		// Later than the still picture, and in the element that is above it by then.
		if (many && !canvas.parentNode)
			svg.after(canvas);
		canvas.hidden = !many;
		if (many)
			paintOnCanvas(list);
		return many;
	};
}

mounts.push(mountCanvas);
