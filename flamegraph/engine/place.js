// Where the picture is: alone in its document, in ctrace's own page, or a guest in a page of
// somebody's, which may hold several.  Whatever goes wrong brings the still picture back.
const whole = document.documentElement, svg = ownPicture();
const isAlone = whole === svg, inPage = whole.classList.contains('ctrace-page'), isGuest = !isAlone && !inPage;
const own = id => svg.querySelector('#' + id) || document.getElementById(id);
const themed = inPage ? whole : svg;

// Scripts that somebody runs anew, as notebooks do, no longer know where they stood.
function ownPicture() {
	const script = document.currentScript;
	return script && script.closest('svg') || [...document.querySelectorAll('svg.ctrace')].find(each => !each.ctraceRuns);
}

svg.ctraceRuns = true;

// @parts: what takes the place of the still picture, none of it in the document before it is shown.
const still = own('ctrace-still'), parts = [], stop = new AbortController();
const stillLooks = ['width', 'height', 'viewBox', 'role', 'tabindex', 'data-live'].map(name => [name, svg.getAttribute(name)]);
let hasFailed = false;

function fail(error) {
	hasFailed = true;
	stop.abort();
	for (const part of parts)
		part.remove();
	svg.append(still);
	for (const [name, value] of stillLooks) {
		if (value === null)
			svg.removeAttribute(name);
		else
			svg.setAttribute(name, value);
	}
	console.error(error);
}

// Everything that runs later does so through this.
const guarded = action => (...args) => {
	if (hasFailed)
		return;
	try {
		action(...args);
	} catch (error) {
		fail(error);
	}
};

function on(target, type, action, options) {
	target.addEventListener(type, guarded(action), {...options, signal: stop.signal});
}

// Guests share their document's ids with others.
let guestNumber = 1;
while (document.getElementById('ctrace-area-' + guestNumber))
	guestNumber++;
const hatchId = 'ctrace-hatch-' + guestNumber, areaId = 'ctrace-area-' + guestNumber;
