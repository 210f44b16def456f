// Events, and the first picture drawn by script in place of the still one.
function searchFor(text) {
	field.value = text;
	change({search: text}, () => {
		search();
		paint();
		say();
	}, true);
}

function openSearch() {
	field.focus();
	field.select();
}

// Up and down the stack as it is seen, left and right among siblings.
function walk(key) {
	const node = selected, up = state.inverted ? 'ArrowDown' : 'ArrowUp';
	const siblings = !node || tree.split && node === 1 ? [node] : childrenOf(tree.parent[node]), at = siblings.indexOf(node);
	if (key === 'Home')
		selectNode(tree.split ? 1 : 0);
	else if (key === 'ArrowLeft' || key === 'ArrowRight')
		selectNode(siblings[Math.max(0, Math.min(siblings.length - 1, at + (key === 'ArrowLeft' ? -1 : 1)))]);
	else if (tree.split)
		selectNode(node ? stepSandwich(node, key === up) : 1);
	else if (key !== up)
		selectNode(tree.parent[node]);
	else if (tree.end[node] > node + 1)
		selectNode(childrenOf(node).reduce((a, b) => tree.total[b] > tree.total[a] ? b : a));
}

const lookFrom = side => target() && lookAround(tree.fn[target()], side);

// Whatever is on top goes first.
function leave() {
	if (!about.hidden || !menu.hidden)
		about.hidden = menu.hidden = true;
	else if (zoom || state.around < 0)
		zoomTo(0);
	else
		lookAround(-1);
}

const target = () => selected || pointed && Math.max(0, pointed.node) || 0;
const actions = {
	'/': openSearch, F3: openSearch, n: () => step(1), N: () => step(-1),
	Escape: leave, 0: () => zoomTo(0), Backspace: () => zoomTo(tree.parent[zoom]), Enter: () => zoomTo(target()),
	i: () => change({inverted: !state.inverted}, () => relayout()), r: () => flip('reverse'), s: nextOrder,
	x: () => flip('collapse'), m: () => flip('noInlines'), t: () => change({threads: (state.threads + 1) % 3}, retree),
	p: nextPalette, w: nextWidths, d: toggleTheme, '?': toggleAbout, u: undo,
	h: () => exclude('hidden', target()), f: () => exclude('focus', target()),
	b: () => lookFrom('both'), g: () => lookFrom('callees'), G: () => lookFrom('callers'),
	c: () => target() && copy(fullNameOf(tree.fn[target()])), C: () => target() && copy(stackText(target())),
	e: saveFolded, E: savePicture,
	PageUp: () => scrollBy(-areaHeight()), PageDown: () => scrollBy(areaHeight()),
};

// In pixels down the page.
function scrollBy(pixels) {
	scroll += state.inverted ? pixels : -pixels;
	paint();
}

// Keys belong to a guest while it has the focus, and, unless they move the page, the pointer.
function isForUs(event, moves) {
	if (!isGuest || svg.contains(event.target))
		return true;
	return event.target === document.body && !moves && svg.matches(':hover');
}

const flipCase = () => change({anyCase: !state.anyCase}, () => searchFor(field.value));
const flipRegex = () => change({anyRegex: !state.anyRegex}, () => searchFor(field.value));

function onTyping(event) {
	if (event.key === 'Enter') {
		step(event.shiftKey ? -1 : 1);
	} else if (event.key === 'Escape') {
		searchFor('');
		field.blur();
	}
}

function onKey(event) {
	const key = event.key, hasCommand = event.ctrlKey || event.metaKey;
	const move = key.startsWith('Arrow') || key === 'Home', action = {f: openSearch, i: flipCase}[key];
	if (!isForUs(event, move || hasCommand || key.startsWith('Page')))
		return;
	if (hasCommand || event.altKey) {
		if (!hasCommand || !action)
			return;
		event.preventDefault();
		action();
		return;
	}
	if (event.target === field) {
		onTyping(event);
		return;
	}
	if (event.target.tagName === 'button' && (key === 'Enter' || key === ' '))
		return;
	if (!move && !actions[key])
		return;
	event.preventDefault();
	if (move)
		walk(key);
	else
		actions[key]();
}

// Where an event is in the picture's pixels.
function placeOf(event) {
	const {left, top} = svg.getBoundingClientRect();
	return [event.clientX - left, event.clientY - top];
}

const isOnPanel = event => event.target.closest && event.target.closest('.panel,header,footer');

function onPoint(event) {
	const [x, y] = placeOf(event), box = isOnPanel(event) ? null : boxAt(x, y);
	if (box !== pointed) {
		pointed = box;
		paintMarks();
	}
	showTip(box, x, y);
	svg.style.cursor = box ? 'pointer' : '';
}

// By a finger: there is nothing to point with, so the first tap tells what the second will open.
let isTouched = false, tapped = null;

function onClick(event) {
	if (event.target.closest('.ctrace-ui'))
		return;
	menu.hidden = true;
	// Boxes may have moved under a mouse that did not.
	onPoint(event);
	const [x, y] = placeOf(event), box = pointed, isFirst = isTouched && box !== tapped;
	tapped = box;
	if (isFirst) {
		showTip(box, x, y, 'Tap again to zoom in');
		return;
	}
	showTip(null);
	if (!box)
		return;
	if (box.node < 0)
		openHatch(box, x);
	else
		zoomTo(box.node);
}

function onMenu(event) {
	onPoint(event);
	if (!pointed || pointed.node < 1)
		return;
	event.preventDefault();
	showTip(null);
	showMenu(pointed.node, ...placeOf(event));
}

function onWheel(event) {
	if (event.target.closest('.panel') || event.ctrlKey || !mostScroll())
		return;
	const before = scroll;
	scrollBy(event.deltaMode ? event.deltaY * rowHeight : event.deltaY);
	// At the end of a guest the page goes on.
	if (scroll !== before || !isGuest)
		event.preventDefault();
	onPoint(event);
}

function listen() {
	on(svg, 'mousemove', onPoint);
	on(svg, 'mouseleave', () => {
		pointed = null;
		showTip(null);
		paintMarks();
	});
	on(svg, 'pointerdown', event => isTouched = event.pointerType === 'touch');
	on(svg, 'click', onClick);
	on(svg, 'contextmenu', onMenu);
	on(svg, 'wheel', onWheel, {passive: false});
	dragging();
	on(window, 'keydown', onKey);
	if (!isGuest) {
		on(window, 'popstate', readAddress);
		on(window, 'hashchange', readAddress);
	}
	on(window, 'resize', () => fit());
	on(window, 'beforeprint', beginPrint);
	on(window, 'afterprint', () => {
		isPrinting = false;
		if (isLive)
			placeUi();
		// The page may still be laid out for paper.
		fit(true);
		setTimeout(guarded(() => fit(true)));
	});
	on(darkQuery, 'change', () => isLive && setPalette(palette));
	on(field, 'input', () => searchFor(field.value));
	on(field, 'focus', listHits);
	on(field, 'blur', () => hits.hidden = true);
}

// The scroll bar, and fingers.
function dragging() {
	let last = null, scale = 1;
	on(svg, 'pointerdown', event => {
		if (event.target !== thumb && event.pointerType !== 'touch')
			return;
		last = event.clientY;
		scale = event.target === thumb ? (areaHeight() + mostScroll()) / areaHeight() : -1;
	});
	on(window, 'pointermove', event => {
		if (last === null || event.clientY === last)
			return;
		scrollBy((event.clientY - last) * scale);
		last = event.clientY;
	});
	on(window, 'pointerup', () => last = null);
	on(window, 'pointercancel', () => last = null);
}

function fillTools() {
	find.append(button('matchCase', 'Aa', 'Match case (Ctrl-I)', flipCase, 'toggle'),
		button('regex', '.*', 'Regular expression', flipRegex, 'toggle'));
	tools.append(button('reset', 'reset zoom', 'Zoom out (0)', () => zoomTo(0)),
		button('undo', 'undo', 'Undo hide or focus (u)', undo), el('hr'),
		button('inverted', 'icicle', 'Root on top (i)', actions.i, 'toggle'),
		button('reverse', 'callers', 'Merge from the leaves: who calls it (r)', actions.r, 'toggle'),
		button('collapse', 'fold recursion', 'Collapse recursion (x)', actions.x, 'toggle'),
		button('inlines', 'fold inlines', 'Fold inlined functions into their callers (m)', actions.m, 'toggle'), el('hr'),
		button('order', '', 'Order of siblings: name, weight, module (s)', nextOrder, 'choice'),
		button('threads', '', 'Threads: all, joined by name, all joined (t)', actions.t, 'choice'),
		button('widths', '', 'Widths: the larger of both, after, before (w)', nextWidths, 'choice'),
		button('palette', '', 'Palette (p)', nextPalette, 'choice'), el('hr'),
		button('theme', 'theme', 'Dark or light (d)', toggleTheme),
		button('about', '?', 'Keys, and how this was recorded (?)', toggleAbout));
	buttons.inlines.hidden = !functions.kind.includes(INLINED);
	buttons.threads.hidden = !functions.kind.includes(MARK);
}

// All rows, whatever is seen of them: paper does not scroll.
function beginPrint() {
	if (!isLive)
		return;
	isPrinting = true;
	scroll = 0;
	placeUi();
	setSize(width, Math.min(MOST_PRINTED, HEAD + rows.length * rowHeight + FOOT));
	relayout();
}

// Called whenever there may be another size.  The still picture goes when the live one is painted.
let isLive = false;
function fit(always) {
	const before = `${width} ${height}`;
	if (isPrinting || !takeRoom())
		return;
	if (isLive) {
		if (always || `${width} ${height}` !== before)
			relayout();
		return;
	}
	// Where no style may be, the still picture has what it needs in its attributes.
	if (!getComputedStyle(svg).getPropertyValue('--ctrace'))
		throw new Error('no style is allowed here: the picture stays as it is');
	svg.setAttribute('data-live', '');
	svg.setAttribute('role', isGuest ? 'group' : 'application');
	if (isGuest)
		svg.setAttribute('tabindex', 0);
	mountUi();
	takeRoom();
	readAddress();
	still.remove();
	isLive = true;
}

function takeTheme() {
	let theme = meta.theme;
	try {
		theme = !isGuest && localStorage.getItem('ctrace-theme') || theme;
	} catch (error) {
		// A sandbox without storage.
	}
	themed.classList.remove('dark', 'light');
	if (theme === 'dark' || theme === 'light')
		themed.classList.add(theme);
}

const boot = guarded(() => {
	// Ids of a page's second picture are its own.
	if (document.getElementById('ctrace') !== svg) {
		for (const each of [svg, ...svg.querySelectorAll('[id]')])
			each.id += '-' + guestNumber;
	}
	takeTheme();
	fillTools();
	for (const mount of mounts)
		mount();
	askForRoom();
	listen();
	const room = inPage ? svg.parentNode : svg;
	new ResizeObserver(guarded(() => fit())).observe(room);
	fit();
});

boot();
