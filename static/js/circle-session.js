// Who this browser is in a circle: the member's key, the keys of all epochs that it opens,
// and what the server is asked. The member's key is in the fragment of the address, which no
// browser sends anywhere; here it is kept in memory alone.

import * as seals from "./circle.js";
import { announce, say } from "./say.js";
import { asked, checking, solve } from "./proof.js";

const { kinds } = seals;

export const root = document.getElementById("circle");
export const id = root.dataset.circle;
export const circle = id ? seals.idBytes(id) : null;

let me = null; // the 96 bytes of the member's key
let token = "";
let keys = new Map(); // epoch → key
let made = null; // the id of a circle that is being made here

/** The circle as the server knows it; null while this browser is not in. */
export let state = null;
/** What its maker wrote of it: name, rules, lang. */
export let meta = {};
/** Which five words stand for the key of now. */
export let phrase = [];

const tell = (what) => root.dispatchEvent(new Event(what));

/** Runs work whenever the circle was read anew. */
export const whenRead = (work) => root.addEventListener("circle:read", work);

/** Runs work when this browser is no longer in. */
export const whenOutside = (work) => root.addEventListener("circle:outside", work);

/** This browser is no longer in the circle, or the circle is gone. */
export function outside() {
  state = null;
  tell("circle:outside");
}

// — The server —

export async function ask(method, path, body, proof) {
  const headers = { Authorization: `Circle ${token}`, "Accept-Language": document.documentElement.lang };
  if (body) headers["Content-Type"] = "application/json";
  if (proof) headers["Mayfly-Proof"] = proof;
  const answer = await fetch(`/api/v1/circles${path}`, {
    method, headers, credentials: "omit", referrerPolicy: "no-referrer", body: body && JSON.stringify(body),
  });
  const challenge = answer.status === 429 && !proof && asked(answer.headers);
  if (challenge) {
    announce(checking(challenge, root));
    return ask(method, path, body, await solve(challenge));
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    const field = Object.values(problem.fields ?? {})[0];
    throw Object.assign(new Error(problem.code ?? answer.status), { status: answer.status, code: problem.code, sentence: field ?? problem.detail });
  }
  if (answer.status === 204) return null;
  return answer.headers.get("Content-Type").startsWith("application/json") ? answer.json() : new Uint8Array(await answer.arrayBuffer());
}

export const here = (path = "") => `/${id}${path}`;

// — Keys —

/** The key of an epoch: of now, where none is named; undefined where it is not this member's. */
export const key = (epoch = state.epoch) => keys.get(epoch);

const place = () => made ?? circle;

/** Where an envelope stands. */
export const at = (kind, epoch, thread) => ({ kind, epoch, circle: place(), thread });

export async function become(member) {
  me = member;
  token = seals.encode(await seals.memberToken(me));
}

/** What this member's own link ends in. */
export const fragment = () => `#m1.${seals.encode(me)}`;

/** This member's public key, as the server knows it. */
export const mine = () => seals.encode(seals.publicOf(me));

/** Begins a circle with a fresh id, and gives it as text. */
export function begin() {
  made = seals.random(16);
  return seals.idText(made);
}

/**
 * Reads the circle anew, with the keys of all epochs that this member can open. What was
 * read is taken over at once: whoever seals meanwhile does so under one key or the other.
 */
export async function refresh() {
  const now = (await ask("GET", here())).circle;
  const open = new Map(keys.has(now.epoch) ? keys : [[now.epoch, await seals.unwrap(me, seals.decode(now.me.once), circle, now.epoch, seals.decode(now.me.wrap))]]);
  for (const link of [...now.links].reverse()) {
    if (open.has(link.epoch - 1) || !open.has(link.epoch)) continue;
    try {
      open.set(link.epoch - 1, await seals.open(open.get(link.epoch), at(kinds.link, link.epoch), seals.decode(link.box)));
    } catch {} // sealed before this member came
  }
  const under = open.get(now.epoch);
  const what = await seals.openJSON(under, at(kinds.meta, now.epoch), seals.decode(now.meta)).catch(() => ({}));
  const words = await seals.phrase(circle, under);
  if (state && state.epoch > now.epoch) return; // a later answer overtook this one
  [state, keys, meta, phrase] = [now, open, what, words];
  tell("circle:read");
}

/** What proves that a member was let in by somebody who knows the key. */
export const record = (under, epoch, q) => seals.sealJSON(under, at(kinds.member, epoch), { q: seals.encode(q) });

export async function papers(under, epoch) {
  const once = await seals.newMember();
  const q = seals.publicOf(me);
  return {
    record: seals.encode(await record(under, epoch, q)),
    once: seals.encode(seals.publicOf(once)),
    wrap: seals.encode(await seals.wrap(once, q, place(), epoch, under)),
  };
}
