// What this browser keeps of chats, and nobody else has: of each post that it wrote and
// lets be asked about, and of each that it asked about, a key pair whose private half no
// script can take out, and a token. No words.

import * as seals from "./circle.js";

const longest = 31 * 24 * 60 * 60 * 1000; // ms; no post lives longer

let opened = null;

function base() {
  opened ??= new Promise((done, fail) => {
    const ask = indexedDB.open("mayfly-chats", 1);
    ask.onupgradeneeded = () => ask.result.createObjectStore("chats", { keyPath: "id" });
    ask.onsuccess = () => {
      ask.result.onversionchange = () => {
        ask.result.close(); // forgotten, in this tab or another: see keep.js
        opened = null;
      };
      done(ask.result);
    };
    ask.onerror = () => fail(ask.error);
  });
  return opened;
}

async function run(mode, work) {
  const db = await base();
  return new Promise((done, fail) => {
    const asked = work(db.transaction("chats", mode).objectStore("chats"));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

export const put = (entry) => run("readwrite", (store) => store.put(entry));
export const drop = (id) => run("readwrite", (store) => store.delete(id));
const get = (id) => run("readonly", (store) => store.get(id));

/** All that is kept, without what no post can be left of. */
export async function all() {
  const list = await run("readonly", (store) => store.getAll());
  for (const old of list.filter((e) => Date.now() - e.made > longest)) await drop(old.id);
  return list.filter((e) => Date.now() - e.made <= longest);
}

const authorID = (key) => `author ${key}`;
const askerID = (post) => `asker ${post}`;

/** What the author of a post keeps, by the public key that the post carries. */
export const asAuthor = (key) => get(authorID(key));

/** What who asked about a post keeps. */
export const asAsker = (post) => get(askerID(post));

async function fresh(side) {
  const pair = await seals.newChatKey();
  const key = seals.encode(await seals.rawOf(pair.publicKey));
  return { side, key, secret: pair.privateKey, token: seals.encode(seals.random(32)), made: Date.now(), seen: {} };
}

/** Draws what asks about a post, kept so that it is the same the next time. */
export async function toAsk(post) {
  const entry = (await asAsker(post)) ?? { ...(await fresh("asker")), id: askerID(post), post };
  await put(entry);
  return entry;
}

/** Makes a form carry what its author can be asked with, made for this post alone. */
export async function offer(form) {
  const entry = await fresh("author");
  await put({ ...entry, id: authorID(entry.key), post: "" });
  form.elements.chat_key.value = entry.key;
  form.elements.chat_token.value = seals.encode(await seals.sha256(seals.decode(entry.token)));
}

/** Empties the form again: what it sent is a post by now, or is not and never will be. */
export async function settle(form, post) {
  const { value } = form.elements.chat_key;
  form.elements.chat_key.value = form.elements.chat_token.value = "";
  const entry = value && (await asAuthor(value));
  if (!entry) return;
  await (post ? put({ ...entry, post }) : drop(entry.id));
}
