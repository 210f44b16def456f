// A zlib stream as bytes (RFC 1950 and 1951): without promises, so that the page is there at once.
const BASE_LENGTH = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67,
	83, 99, 115, 131, 163, 195, 227, 258];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

// Indexed by the next bits of the stream: symbol << 4 | length of its code.
function huffmanTable(lengths) {
	const most = Math.max(...lengths), table = new Uint16Array(1 << most);
	let code = 0;
	for (let length = 1; length <= most; length++) {
		for (let symbol = 0; symbol < lengths.length; symbol++) {
			if (lengths[symbol] !== length)
				continue;
			let reversed = 0;
			for (let i = 0; i < length; i++)
				reversed |= (code >> i & 1) << length - 1 - i;
			for (let i = reversed; i < table.length; i += 1 << length)
				table[i] = symbol << 4 | length;
			code++;
		}
		code <<= 1;
	}
	return table;
}

function inflate(source) {
	let at = 2, bits = 0, nr = 0, used = 0, out = new Uint8Array(source.length * 4 + 1024);
	const need = count => {
		for (; nr < count; nr += 8)
			bits |= source[at++] << nr;
		// The last codes may be sought in bits that are not there.
		if (at > source.length + 4)
			throw new Error('damaged data');
	};
	const take = count => {
		need(count);
		const value = bits & (1 << count) - 1;
		bits >>>= count;
		nr -= count;
		return value;
	};
	const symbol = table => {
		need(15);
		const entry = table[bits & table.length - 1];
		if (!entry)
			throw new Error('damaged data');
		bits >>>= entry & 15;
		nr -= entry & 15;
		return entry >> 4;
	};
	const room = count => {
		if (used + count <= out.length)
			return;
		const more = new Uint8Array((used + count) * 2);
		more.set(out);
		out = more;
	};
	const codeLengths = () => {
		const nrLiterals = take(5) + 257, nrAll = nrLiterals + take(5) + 1, lengths = [];
		const order = new Array(19).fill(0);
		for (let i = 0, end = take(4) + 4; i < end; i++)
			order[CODE_ORDER[i]] = take(3);
		const table = huffmanTable(order);
		while (lengths.length < nrAll) {
			const code = symbol(table), again = code === 16 ? lengths[lengths.length - 1] : 0;
			let times = code < 16 ? 0 : code === 16 ? take(2) + 3 : code === 17 ? take(3) + 3 : take(7) + 11;
			if (code < 16)
				lengths.push(code);
			while (times--)
				lengths.push(again);
		}
		return [lengths.slice(0, nrLiterals), lengths.slice(nrLiterals)];
	};
	const fixedLengths = () => {
		const lengths = new Array(288).fill(8);
		return [lengths.fill(9, 144, 256).fill(7, 256, 280), new Array(30).fill(5)];
	};
	for (let last = 0; !last;) {
		last = take(1);
		const type = take(2);
		if (!type) {
			take(nr & 7);
			const length = take(16);
			take(16);
			room(length);
			for (let i = 0; i < length; i++)
				out[used++] = take(8);
			continue;
		}
		const [literals, distances] = (type === 1 ? fixedLengths() : codeLengths()).map(huffmanTable);
		for (let code; (code = symbol(literals)) !== 256;) {
			room(258);
			if (code < 256) {
				out[used++] = code;
				continue;
			}
			code -= 257;
			const extra = code < 8 || code === 28 ? 0 : (code >> 2) - 1;
			const length = BASE_LENGTH[code] + take(extra), far = symbol(distances);
			const farBits = far < 2 ? 0 : (far >> 1) - 1;
			const distance = far < 2 ? far + 1 : (2 + (far & 1) << farBits) + 1 + take(farBits);
			for (let i = 0; i < length; i++, used++)
				out[used] = out[used - distance];
		}
	}
	return out.subarray(0, used);
}
