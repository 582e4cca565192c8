// A QR code of a link, drawn here because no server may see it: bytes at correction level
// L, versions 1 to 10 (271 bytes), with one fixed mask. ISO/IEC 18004.

const ecc = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18]; // correction bytes of each block
const blocks = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4];
const total = [26, 44, 70, 100, 134, 172, 196, 242, 292, 346]; // bytes of all
const centres = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];

/** The dark modules of text, row by row, without a quiet zone. */
export function modules(text) {
  const bytes = new TextEncoder().encode(text);
  const room = (v) => total[v - 1] - ecc[v - 1] * blocks[v - 1];
  let version = 1;
  while (version <= 10 && bytes.length + (version < 10 ? 2 : 3) > room(version)) version++;
  if (version > 10) throw new RangeError("too long for a code");
  return draw(version, corrected(version, padded(bytes, version, room(version))));
}

/** The same as the d of an SVG path, with a quiet zone of four; size is the side. */
export function path(text) {
  const rows = modules(text);
  let d = "";
  rows.forEach((row, y) => row.forEach((dark, x) => (d += dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")));
  return { d, size: rows.length + 8 };
}

function padded(bytes, version, room) {
  const bits = [];
  const put = (value, n) => {
    for (let i = n - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const b of bytes) put(b, 8);
  put(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  for (let pad = 0xec; bits.length < room * 8; pad ^= 0xfd) put(pad, 8);
  return bits;
}

// Arithmetic of the field with 256 elements.
function times(a, b) {
  let product = 0;
  for (let i = 7; i >= 0; i--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> i) & 1) * a;
  }
  return product;
}

function divisor(degree) {
  const poly = [...Array(degree - 1).fill(0), 1];
  let root = 1;
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) poly[j] = times(poly[j], root) ^ (poly[j + 1] ?? 0);
    root = times(root, 2);
  }
  return poly;
}

function remainder(data, by) {
  const rest = by.map(() => 0);
  for (const b of data) {
    const factor = b ^ rest.shift();
    rest.push(0);
    by.forEach((c, i) => (rest[i] ^= times(c, factor)));
  }
  return rest;
}

/** The bytes with their correction, block by block, interleaved. */
function corrected(version, bits) {
  const data = [];
  for (let i = 0; i < bits.length; i += 8) data.push(bits.slice(i, i + 8).reduce((n, b) => n * 2 + b, 0));
  const n = blocks[version - 1];
  const short = Math.floor(data.length / n);
  const by = divisor(ecc[version - 1]);
  const parts = [];
  for (let i = 0, at = 0; i < n; i++) {
    const length = short + (i >= n - (data.length % n) ? 1 : 0);
    const part = data.slice(at, at + length);
    parts.push({ part, rest: remainder(part, by) });
    at += length;
  }
  const out = [];
  for (let i = 0; i <= short; i++) for (const { part } of parts) if (i < part.length) out.push(part[i]);
  for (let i = 0; i < by.length; i++) for (const { rest } of parts) out.push(rest[i]);
  return out;
}

function draw(version, bytes) {
  const size = version * 4 + 17;
  const dark = Array.from({ length: size }, () => Array(size).fill(false));
  const fixed = Array.from({ length: size }, () => Array(size).fill(false));
  const set = (x, y, on) => {
    dark[y][x] = on;
    fixed[y][x] = true;
  };
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]]) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const [x, y] = [cx + dx, cy + dy];
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        if (x >= 0 && x < size && y >= 0 && y < size) set(x, y, ring !== 2 && ring !== 4);
      }
    }
  }
  const line = centres[version - 1];
  const last = line.length - 1;
  line.forEach((cx, i) =>
    line.forEach((cy, j) => {
      if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
      for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    }),
  );
  formats(size, set);
  if (version >= 7) versions(version, size, set);
  let at = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      for (const x of [right, right - 1]) {
        const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
        if (fixed[y][x]) continue;
        const bit = at < bytes.length * 8 && ((bytes[at >> 3] >> (7 - (at & 7))) & 1) === 1;
        dark[y][x] = bit !== ((x + y) % 2 === 0); // mask 0
        at++;
      }
    }
  }
  return dark;
}

// Level L with mask 0, and its correction.
function formats(size, set) {
  const data = 1 << 3;
  let rest = data;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const bit = (i) => ((bits >> i) & 1) === 1;
  for (let i = 0; i <= 5; i++) set(8, i, bit(i));
  set(8, 7, bit(6));
  set(8, 8, bit(7));
  set(7, 8, bit(8));
  for (let i = 9; i < 15; i++) set(14 - i, 8, bit(i));
  for (let i = 0; i < 8; i++) set(size - 1 - i, 8, bit(i));
  for (let i = 8; i < 15; i++) set(8, size - 15 + i, bit(i));
  set(8, size - 8, true);
}

function versions(version, size, set) {
  let rest = version;
  for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
  const bits = (version << 12) | rest;
  for (let i = 0; i < 18; i++) {
    const on = ((bits >> i) & 1) === 1;
    const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
    set(a, b, on);
    set(b, a, on);
  }
}
