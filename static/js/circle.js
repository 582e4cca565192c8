// The cryptography of circles and chats and nothing else: no page, no network, no storage. The
// format is written down in docs/circles.md and docs/chats.md, with test vectors beside them. All of it is
// WebCrypto: P-256, HKDF-SHA-256, AES-256-GCM, HMAC-SHA-256. What it makes or opens
// here never leaves the browser but sealed.

const utf8 = new TextEncoder();
const part = "mayfly/1";

/** What an envelope holds: bound into it, so that none opens in another's place. */
export const kinds = { post: 1, reply: 2, picture: 3, member: 4, meta: 5, link: 6, invite: 7, wrap: 8, ask: 9, answer: 10 };

/** Where an envelope without a thread stands. */
export const nowhere = new Uint8Array(16);

/** able says whether this browser, at this address, can encrypt at all. */
export const able = () => Boolean(globalThis.crypto?.subtle);

export const random = (n) => crypto.getRandomValues(new Uint8Array(n));

export function join(...parts) {
  const all = parts.map((p) => (typeof p === "string" ? utf8.encode(p) : p));
  const out = new Uint8Array(all.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of all) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

function u32(n) {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, n);
  return out;
}

/** base64url without padding. */
export function encode(bytes) {
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function decode(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("not base64url");
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

const letters = "abcdefghijklmnopqrstuvwxyz234567";

/** The 26 letters by which a circle or post goes, of its 16 bytes. */
export function idText(bytes) {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const b of bytes) {
    held = (held << 8) | b;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += letters[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return text + letters[(held << (5 - bits)) & 31];
}

export function idBytes(text) {
  const out = new Uint8Array(16);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const c of text) {
    const n = letters.indexOf(c);
    if (n < 0) throw new Error("no id");
    held = (held << 5) | n;
    bits += 5;
    if (bits >= 8 && at < 16) {
      bits -= 8;
      out[at] = held >> bits;
      at++;
    }
    held &= (1 << bits) - 1;
  }
  if (text.length !== 26 || idText(out) !== text) throw new Error("no id");
  return out;
}

/** The lengths that a padded text may have: whoever sees it learns the step alone. */
export function padded(length, kind) {
  const [first, last] = kind === kinds.picture ? [16 << 10, 1 << 20] : [256, kind >= kinds.ask ? 8 << 10 : 64 << 10];
  let step = first;
  while (step < length + 4) step *= 2;
  if (step > last) throw new RangeError("too long");
  return step;
}

// One key is for all messages of a chat, so their number is bound in as well.
const aad = (at) => join(part, Uint8Array.of(at.kind), at.circle, at.thread ?? nowhere, at.kind >= kinds.ask ? u32(at.epoch) : "");

const aes = (key, use) => crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);

/** seal makes an envelope of some bytes: at is {kind, epoch, circle, thread}. */
export async function seal(key, at, bytes, nonce = random(12)) {
  const plain = new Uint8Array(padded(bytes.length, at.kind));
  plain.set(u32(bytes.length));
  plain.set(bytes, 4);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad(at) }, await aes(key, "encrypt"), plain);
  return join(Uint8Array.of(1), u32(at.epoch), nonce, new Uint8Array(sealed));
}

/** The epoch whose key opens an envelope. */
export function epochOf(envelope) {
  if (envelope.length < 33 || envelope[0] !== 1) throw new Error("no envelope");
  return new DataView(envelope.buffer, envelope.byteOffset).getUint32(1);
}

/** open gives the bytes of an envelope that was sealed for this very place. */
export async function open(key, at, envelope) {
  if (epochOf(envelope) !== at.epoch) throw new Error("another epoch's");
  const iv = envelope.subarray(5, 17);
  const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: aad(at) }, await aes(key, "decrypt"), envelope.subarray(17));
  const plain = new Uint8Array(opened);
  const length = plain.length < 4 ? 0 : new DataView(plain.buffer).getUint32(0);
  if (plain.length < 4 || length > plain.length - 4 || plain.length !== padded(length, at.kind)) throw new Error("badly padded");
  return plain.slice(4, 4 + length);
}

export const sealJSON = (key, at, value, nonce) => seal(key, at, utf8.encode(JSON.stringify(value)), nonce);

export const openJSON = async (key, at, envelope) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await open(key, at, envelope)));

async function derive(secret, info) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: join(info) }, key, 256));
}

export const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));

/** A member's key: 96 bytes d|x|y of P-256. It lives in the member's link alone. */
export async function newMember() {
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  return join(decode(jwk.d), decode(jwk.x), decode(jwk.y));
}

/** Q of a member's key: the 65 bytes that everybody may know. */
export const publicOf = (member) => join(Uint8Array.of(4), member.subarray(32, 96));

/** What a member shows the server, which keeps the hash of it. */
export const memberToken = (member) => derive(member.subarray(0, 32), `${part} member token`);

export const inviteToken = (secret) => derive(secret, `${part} invite token`);

export const inviteKey = (secret) => derive(secret, `${part} invite wrap`);

async function shared(member, q) {
  const [d, x, y] = [0, 32, 64].map((at) => encode(member.subarray(at, at + 32)));
  const mine = await crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", d, x, y }, { name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  const theirs = await crypto.subtle.importKey("raw", q, { name: "ECDH", namedCurve: "P-256" }, false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, mine, 256));
}

const wrapInfo = (circle, epoch, q) => join(`${part} wrap`, circle, u32(epoch), q);

/** wrap seals an epoch's key for the member with public key q; once is a key pair made for this. */
export async function wrap(once, q, circle, epoch, key, nonce) {
  const under = await derive(await shared(once, q), wrapInfo(circle, epoch, q));
  return seal(under, { kind: kinds.wrap, epoch, circle }, key, nonce);
}

/** unwrap opens what wrap sealed, with the member's own key. */
export async function unwrap(member, once, circle, epoch, envelope) {
  const under = await derive(await shared(member, once), wrapInfo(circle, epoch, publicOf(member)));
  return open(under, { kind: kinds.wrap, epoch, circle }, envelope);
}

/** A key pair for the chats of one post, whose private half no script can take out. */
export const newChatKey = () => crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);

/** The 65 bytes of a public key. */
export const rawOf = async (key) => new Uint8Array(await crypto.subtle.exportKey("raw", key));

/** What both sides of a chat seal with: mine is the private key of either, theirs the other's public one. */
export async function chatKey(mine, theirs, { post, chat, author, asker }) {
  const other = await crypto.subtle.importKey("raw", theirs, { name: "ECDH", namedCurve: "P-256" }, false, []);
  const secret = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: other }, mine, 256));
  return derive(secret, join(`${part} chat`, post, chat, author, asker));
}

/** The commitment to a post's words, with which its reader can prove them in a report. */
export async function commit(f, words) {
  const key = await crypto.subtle.importKey("raw", f, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(words)));
}

/** Which five of 256 words both sides of an invite compare. */
export const phrase = async (circle, key) => Array.from((await sha256(`${part} words`, circle, key)).subarray(0, 5));
