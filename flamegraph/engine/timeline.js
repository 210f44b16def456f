// The HTML page's strip of time, when the recording kept it: how much was counted when, as a heat
// map, seconds from left to right and, in long recordings, the tenths of each from top to bottom.
const STRIP_HEIGHT = 40, TALL_FROM = 200, TALL_ROWS = 10, MOST_COLUMNS = 600;

function sliceTotals({slice, value}, nr) {
	const totals = new Float64Array(nr);
	slice.forEach((at, i) => totals[at] += value[i]);
	return totals;
}

// How slices lie in cells: @rows cells a column, @each slices a cell.
function gridOf(nr) {
	const rows = nr < TALL_FROM ? 1 : TALL_ROWS;
	return {rows, each: Math.max(1, Math.ceil(nr / rows / MOST_COLUMNS))};
}

function heatOf(share, pale) {
	const mix = (from, to) => from + (to - from) * share;
	const [light, most] = isDark() ? [0.3, 0.76] : [0.95, 0.64];
	return `oklch(${mix(light, most)} ${mix(0.02, 0.17)} ${mix(90, 35)} / ${pale ? 0.35 : 1})`;
}

const seconds = slice => (slice * meta.sliceNs / 1e9).toFixed(1);
const rangeText = ([from, to]) => `${seconds(from)}–${seconds(to)} s`;

function mountTimeline() {
	const {slice} = recorded.times, nr = slice.reduce((most, at) => at > most ? at : most, 0) + 1;
	const totals = sliceTotals(recorded.times, nr), {rows, each} = gridOf(nr);
	const perColumn = rows * each, columns = Math.ceil(nr / perColumn), cells = new Float64Array(columns * rows);
	totals.forEach((value, at) => cells[Math.floor(at / each)] += value);
	const most = cells.reduce((a, b) => a > b ? a : b, 0);
	const picture = el('canvas'), note = el('span', {className: 'note'});
	const everything = el('button', {onclick: () => choose(null)}, 'all the time');
	const strip = el('div', {className: 'timeline', tabIndex: 0, role: 'slider'}, picture, note, everything);

	function draw() {
		const scale = devicePixelRatio || 1, wide = strip.clientWidth - 2 * PAD, context = picture.getContext('2d');
		const w = wide / columns, h = STRIP_HEIGHT / rows;
		picture.width = Math.max(1, wide * scale);
		picture.height = STRIP_HEIGHT * scale;
		context.scale(scale, scale);
		cells.forEach((value, at) => {
			const first = at * each, outside = state.time && (first + each <= state.time[0] || first >= state.time[1]);
			context.fillStyle = heatOf(most ? Math.sqrt(value / most) : 0, outside);
			context.fillRect(Math.floor(at / rows) * w, at % rows * h, w - (w > 3 ? 0.7 : 0), h - (rows > 1 ? 0.5 : 0));
		});
	}

	function tell(range, text) {
		note.textContent = text || (range ? `${rangeText(range)}: ${
			amount(totals.slice(...range).reduce((a, b) => a + b, 0))}` : `${seconds(nr)} s; drag to choose a time`);
	}

	function refreshStrip() {
		draw();
		tell(state.time);
		everything.hidden = !state.time;
		strip.setAttribute('aria-label', 'Time looked at');
		strip.setAttribute('aria-valuemin', 0);
		strip.setAttribute('aria-valuemax', nr);
		strip.setAttribute('aria-valuenow', state.time ? state.time[0] : 0);
		strip.setAttribute('aria-valuetext', state.time ? note.textContent : 'all');
	}

	function choose(range) {
		if (String(range) === String(state.time))
			return;
		undone.push(['time', state.time]);
		change({time: range}, retree);
	}

	const columnAt = event => {
		const {left, width: wide} = picture.getBoundingClientRect();
		return Math.max(0, Math.min(columns - 1, Math.floor((event.clientX - left) / wide * columns)));
	};
	const rangeOf = (a, b) => [Math.min(a, b) * perColumn, Math.min(nr, (Math.max(a, b) + 1) * perColumn)];
	let start = -1;
	on(picture, 'pointerdown', event => {
		start = columnAt(event);
		picture.setPointerCapture(event.pointerId);
	});
	on(picture, 'pointermove', event => {
		const at = columnAt(event), range = rangeOf(start < 0 ? at : start, at);
		tell(range);
		if (start < 0)
			return;
		const chosen = state.time;
		state.time = range;
		draw();
		state.time = chosen;
	});
	on(picture, 'pointerup', event => {
		choose(rangeOf(start, columnAt(event)));
		start = -1;
	});
	on(picture, 'pointerleave', () => start < 0 && tell(state.time));
	// Left and right move the time chosen, with shift its end.
	on(strip, 'keydown', event => {
		const way = {ArrowLeft: -perColumn, ArrowRight: perColumn}[event.key];
		if (!way && event.key !== 'Escape')
			return;
		event.preventDefault();
		event.stopPropagation();
		const [from, to] = state.time || [-perColumn, 0], within = at => Math.max(0, Math.min(nr, at));
		const moved = event.shiftKey ? [within(from), within(to + way)] : [within(from + way), within(to + way)];
		if (!way)
			choose(null);
		else if (moved[1] > moved[0])
			choose(moved);
	});
	const stage = el('div', {className: 'stage'});
	svg.replaceWith(strip, stage);
	stage.append(svg);
	parts.push(strip);
	hooks.push(refreshStrip);
	new ResizeObserver(guarded(draw)).observe(strip);
}

if (recorded.times)
	mounts.push(mountTimeline);
