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

function onKey(event) {
	const key = event.key, typing = event.target === field;
	if ((event.ctrlKey || event.metaKey) && (key === 'f' || key === 'i')) {
		event.preventDefault();
		if (key === 'f')
			openSearch();
		else
			change({anyCase: !state.anyCase}, () => searchFor(field.value));
		return;
	}
	if (event.ctrlKey || event.metaKey || event.altKey)
		return;
	if (typing) {
		if (key === 'Enter')
			step(event.shiftKey ? -1 : 1);
		else if (key === 'Escape') {
			searchFor('');
			field.blur();
		}
		return;
	}
	if (event.target.tagName === 'button' && (key === 'Enter' || key === ' '))
		return;
	const move = key.startsWith('Arrow') || key === 'Home';
	if (!move && !actions[key])
		return;
	event.preventDefault();
	if (move)
		walk(key);
	else
		actions[key]();
}

function onPoint(event) {
	const inUi = event.target.closest && event.target.closest('.panel,header,footer');
	const {left, top} = svg.getBoundingClientRect(), x = event.clientX - left, y = event.clientY - top;
	const box = inUi ? null : boxAt(x, y);
	if (box !== pointed) {
		pointed = box;
		paintMarks();
	}
	showTip(box, x, y);
	svg.style.cursor = box ? 'pointer' : '';
}

function listen() {
	svg.addEventListener('mousemove', onPoint);
	svg.addEventListener('mouseleave', () => {
		pointed = null;
		showTip(null);
		paintMarks();
	});
	svg.addEventListener('click', event => {
		if (event.target.closest('.ctrace-ui'))
			return;
		menu.hidden = true;
		// Boxes may have moved under a mouse that did not.
		onPoint(event);
		showTip(null);
		if (pointed)
			zoomTo(pointed.node < 0 ? pointed.parent : pointed.node);
	});
	svg.addEventListener('contextmenu', event => {
		onPoint(event);
		if (!pointed || pointed.node < 1)
			return;
		event.preventDefault();
		showTip(null);
		showMenu(pointed.node, event.clientX, event.clientY);
	});
	svg.addEventListener('wheel', event => {
		if (!event.target.closest('.panel') && !event.ctrlKey && mostScroll()) {
			event.preventDefault();
			scrollBy(event.deltaMode ? event.deltaY * rowHeight : event.deltaY);
			onPoint(event);
		}
	}, {passive: false});
	dragging();
	addEventListener('keydown', onKey);
	addEventListener('popstate', readAddress);
	addEventListener('hashchange', readAddress);
	addEventListener('resize', () => {
		resize();
		relayout();
	});
	darkQuery.addEventListener('change', () => setPalette(palette));
	field.addEventListener('input', () => searchFor(field.value));
	field.addEventListener('focus', listHits);
	field.addEventListener('blur', () => hits.hidden = true);
}

// The scroll bar, and fingers.
function dragging() {
	let last = null, scale = 1;
	svg.addEventListener('pointerdown', event => {
		if (event.target !== thumb && event.pointerType !== 'touch')
			return;
		last = event.clientY;
		scale = event.target === thumb ? (areaHeight() + mostScroll()) / areaHeight() : -1;
	});
	addEventListener('pointermove', event => {
		if (last === null)
			return;
		scrollBy((event.clientY - last) * scale);
		last = event.clientY;
	});
	addEventListener('pointerup', () => last = null);
}

function fillTools() {
	tools.append(button('reset', 'reset', 'Zoom out (0)', () => zoomTo(0)),
		button('undo', 'undo', 'Undo hide or focus (u)', undo),
		button('inverted', 'icicle', 'Root on top (i)', actions.i),
		button('reverse', 'callers', 'Merge from the leaves: who calls it (r)', actions.r),
		button('order', 'by name', 'Order of siblings (s)', nextOrder),
		button('collapse', 'fold recursion', 'Collapse recursion (x)', actions.x),
		button('inlines', 'fold inlines', 'Fold inlined functions into their callers (m)', actions.m),
		button('threads', 'threads', 'Join threads: by name, all (t)', actions.t),
		button('widths', '', 'Widths: the larger of both, after, before (w)', nextWidths),
		button('palette', 'colours', 'Palette (p)', nextPalette),
		button('theme', 'theme', 'Dark or light (d)', toggleTheme),
		button('about', '?', 'Keys, and how this was recorded (?)', toggleAbout));
	buttons.inlines.hidden = !functions.kind.includes(INLINED);
	buttons.threads.hidden = !functions.kind.includes(MARK);
}

function boot() {
	let theme = meta.theme;
	try {
		theme = localStorage.getItem('ctrace-theme') || theme;
	} catch (error) {
		// A sandbox without storage.
	}
	rootClass.remove('dark', 'light');
	if (theme === 'dark' || theme === 'light')
		rootClass.add(theme);
	svg.removeAttribute('viewBox');
	svg.setAttribute('role', 'application');
	still.remove();
	mountUi();
	ui.append(paletteStyle);
	fillTools();
	resize();
	readAddress();
	listen();
}

boot();
