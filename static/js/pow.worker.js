// The worker that solves a proof of work: a number from which PBKDF2-HMAC-SHA-256
// makes a key that begins as the server asks (limit/proof.go). It is fetched only by a
// page that is asked for one. The browser's own PBKDF2 is not there on pages without
// TLS, and each call of it costs more than the work.
//
// In:  { nonce, salt, cost, keyPrefix }, the first two and the last in hex
// Out: { likely } now and then, how likely it was to be done by now; { counter } once

// — SHA-256, a block at a time —

const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
const fraction = (x) => ((x % 1) * 2 ** 32) | 0;
const first = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));
const rounds = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));

const w = new Int32Array(64);

// Puts into out the state after block, from the state before; both may be one array.
function compress(out, state, block) {
  for (let i = 0; i < 16; i++) w[i] = block[i];
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s + w[i - 7] + t) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t = (h + s + ((e & f) ^ (~e & g)) + rounds[i] + w[i]) | 0;
    const u = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const v = (u + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t) | 0;
    d = c;
    c = b;
    b = a;
    a = (t + v) | 0;
  }
  out[0] = state[0] + a;
  out[1] = state[1] + b;
  out[2] = state[2] + c;
  out[3] = state[3] + d;
  out[4] = state[4] + e;
  out[5] = state[5] + f;
  out[6] = state[6] + g;
  out[7] = state[7] + h;
}

// — PBKDF2 of a password that fits a block, and one block of key —

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (b) => parseInt(b, 16));

// One block that ends a message whose first block was a key: its bytes, the mark that
// ends them, and its length in bits.
function last(message) {
  const block = new DataView(new ArrayBuffer(64));
  message.forEach((b, i) => block.setUint8(i, b));
  block.setUint8(message.length, 0x80);
  block.setUint32(60, (64 + message.length) * 8);
  return Int32Array.from({ length: 16 }, (_, i) => block.getInt32(i * 4));
}

function solver({ nonce, salt, cost, keyPrefix }) {
  const password = new DataView(new ArrayBuffer(64));
  const said = bytes(nonce);
  said.forEach((b, i) => password.setUint8(i, b));
  const opening = last([...bytes(salt), 0, 0, 0, 1]);
  const [pad, inner, outer, key] = [new Int32Array(16), new Int32Array(8), new Int32Array(8), new Int32Array(8)];
  const digest = last(new Uint8Array(32)); // its first half is the digest that goes in

  const padded = (into, by) => {
    for (let i = 0; i < 16; i++) pad[i] = password.getInt32(i * 4) ^ by;
    compress(into, first, pad);
  };
  const wanted = parseInt(keyPrefix, 16); // of at most eight digits
  const shift = 32 - 4 * keyPrefix.length;

  return (counter) => {
    password.setUint32(said.length, counter);
    padded(inner, 0x36363636);
    padded(outer, 0x5c5c5c5c);
    compress(digest, inner, opening);
    compress(digest, outer, digest);
    for (let i = 0; i < 8; i++) key[i] = digest[i];
    for (let n = 1; n < cost; n++) {
      compress(digest, inner, digest);
      compress(digest, outer, digest);
      for (let i = 0; i < 8; i++) key[i] ^= digest[i];
    }
    return key[0] >>> shift === wanted;
  };
}

self.onmessage = ({ data }) => {
  const solves = solver(data);
  const miss = 1 - 16 ** -data.keyPrefix.length;
  let told = performance.now();
  for (let counter = 0; ; counter++) {
    if (solves(counter)) return self.postMessage({ counter });
    if (performance.now() - told < 100) continue;
    told = performance.now();
    self.postMessage({ likely: 1 - miss ** counter });
  }
};
