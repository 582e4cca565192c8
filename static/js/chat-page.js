// The pages of chats: they ask the server for envelopes, open them with js/circle.js, and
// draw what they hold. Keys and tokens are where js/chat-keys.js keeps them; words are on
// the screen alone.

import * as keep from "./chat-keys.js";
import * as seals from "./circle.js";
import { phraseIn } from "./circle-words.js";
import { adopt, relive } from "./life.js";
import { asked, checking, solve } from "./proof.js";
import { announce, say } from "./say.js";

const root = document.getElementById("chat");
const { kinds } = seals;
const post = root.dataset.post;
const $ = (selector, within = document) => within.querySelector(selector);
const copyOf = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);
const shown = 600; // seconds that what was read stays on the screen

let mine = null; // what this browser keeps for this post
let cookies = "omit"; // "same-origin" where the post is behind a door: its pass is a cookie
let author = ""; // the public key of the post's author
let slug = ""; // the board that the post stands on
let chat = null; // as the server knows it
let key = null; // of the chat
const bubbles = new Map(); // "asker 1" → its element

// — Views —

const views = [...document.querySelectorAll("[data-view]")];

function show(...names) {
  for (const el of views) el.hidden = !names.includes(el.dataset.view);
}

function fail(words) {
  $("#m-failed").textContent = words;
  $('[data-view="failed"]').hidden = !words;
}

async function attempt(work, button = null) {
  fail("");
  if (button) button.disabled = true;
  try {
    return await work();
  } catch (e) {
    if (e.status === 404) return attempt(gone);
    if (e.status === 410) return attempt(look); // it has ended, or is blocked: who by, the server says
    fail(e.sentence ?? (e instanceof TypeError ? say("offline") : String(e.message)));
  } finally {
    if (button) button.disabled = false;
  }
}

/** The post has ended, and all of its chats with it; or its board has a door, and this
 * browser is outside: then the keys are kept, and the way in is shown. */
async function gone() {
  chat = null;
  const line = socket;
  socket = null;
  line?.close();
  wipe();
  const held = mine ?? (await keep.all()).find((e) => e.post === post);
  if (held?.board && (await outside(held.board))) return door(held.board);
  if (cookies === "omit" && !(await reads("omit")) && (await reads("same-origin"))) return location.reload(); // a door since
  show("gone");
  if (mine) await keep.drop(mine.id);
}

async function outside(board) {
  const answer = await fetch(`/api/v1/boards/${encodeURIComponent(board)}/posts?limit=1`, { credentials: "same-origin" });
  return answer.status === 403;
}

function door(board) {
  $("#m-door").href = `/b/${encodeURIComponent(board)}/door?to=${encodeURIComponent(location.pathname + location.hash)}`;
  show("door");
}

/** The post that the chats are under; null: there is none for who asks so. */
async function reads(cookie) {
  try {
    return (await ask("GET", "", null, { bare: true, cookie })).post;
  } catch (e) {
    if (e.status === 404) return null;
    throw e;
  }
}

/** One side has ended the chat; what is on the screen stays until it is left. Its author
 * can still block who asked. */
function over(state) {
  chat.state = state;
  const blocked = state === "blocked";
  const news = $("#m-over").hidden || (blocked && $("#m-blocked").hidden);
  $("#m-over").hidden = false;
  $("#m-blocked").hidden = !blocked;
  $("#m-anew").hidden = mine.side === "author";
  $("#m-say").hidden = $("#m-end").hidden = true;
  $("#m-block").hidden = mine.side === "asker" || blocked;
  if (news) announce($("#m-over").innerText);
}

// — The server —

async function ask(method, path, body, { proof = "", cookie = cookies, bare = false } = {}) {
  const headers = { "Accept-Language": document.documentElement.lang };
  if (!bare) headers.Authorization = `Chat ${mine.token}`;
  if (body) headers["Content-Type"] = "application/json";
  if (proof) headers["Mayfly-Proof"] = proof;
  const answer = await fetch(`/api/v1/posts/${post}${path}`, { method, headers, credentials: cookie, body: body && JSON.stringify(body) });
  const challenge = answer.status === 429 && !proof && asked(answer.headers);
  if (challenge) {
    announce(checking(challenge, root));
    return ask(method, path, body, { cookie, bare, proof: await solve(challenge) });
  }
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const field = Object.values(said.fields ?? {})[0];
  throw Object.assign(new Error(said.code ?? answer.status), { status: answer.status, code: said.code, sentence: field ?? said.detail });
}

const here = (path = "") => `/chats/${chat.id}${path}`;

// — Envelopes —

const other = () => (mine.side === "asker" ? "author" : "asker");
const at = (from, n) => ({ kind: from === "asker" ? kinds.ask : kinds.answer, epoch: n, circle: seals.idBytes(chat.id), thread: seals.idBytes(post) });

async function agree() {
  const asker = mine.side === "asker" ? mine.key : chat.asker;
  key = await seals.chatKey(mine.secret, seals.decode(mine.side === "asker" ? author : asker), {
    post: seals.idBytes(post), chat: seals.idBytes(chat.id), author: seals.decode(author), asker: seals.decode(asker),
  });
  $("#m-phrase").textContent = phraseIn("en", await seals.phrase(seals.idBytes(chat.id), key));
}

async function sealed(words, n) {
  const f = seals.random(32);
  const body = await seals.sealJSON(key, at(mine.side, n), { w: words, f: seals.encode(f) });
  return { body: seals.encode(body), commit: seals.encode(await seals.commit(f, words)) };
}

async function opened(message) {
  try {
    const said = await seals.openJSON(key, at(message.from, message.n), seals.decode(message.body));
    return typeof said?.w === "string" && said.w ? said : null;
  } catch {
    return null;
  }
}

// — Lines —

async function draw(message) {
  const name = `${message.from} ${message.n}`;
  if (bubbles.has(name)) return;
  const own = message.from === mine.side;
  const el = copyOf("t-line");
  bubbles.set(name, el);
  el.classList.toggle("mine", own);
  const said = await opened(message);
  if (said) $(".line-text", el).textContent = said.w;
  else $(".line-text", el).replaceWith(copyOf("t-shut"));
  $(".line-by", el).textContent = say(own ? "you" : mine.side === "asker" ? "author" : "asker", {}, root);
  $(".line-state", el).textContent = own ? say("unread", {}, root) : "";
  const report = $("details", el);
  if (own || !said?.f) report.remove();
  else wireReport(report, message.n, said);
  Object.assign(el.dataset, { left: chat.left, span: chat.left });
  $("#m-lines").append(el);
  adopt(el);
  if (!own) announce(say("came", {}, root));
  el.scrollIntoView({ block: "nearest" });
}

/** From now on it is on the screen alone, for a while. */
function read(el) {
  if (el.dataset.read) return;
  el.dataset.read = "yes";
  $(".line-state", el).textContent = say("read", {}, root);
  relive(el, shown, shown);
}

function wireReport(fold, n, said) {
  $("form", fold).addEventListener("submit", (e) => {
    e.preventDefault();
    attempt(async () => {
      await ask("POST", here("/reports"), { reason: new FormData(e.target).get("reason"), n, words: said.w, f: said.f });
      e.target.replaceChildren(say("reported", {}, root));
    }, e.submitter);
  });
}

let looking = Promise.resolve();

/** Looks at the chat again, one look after another. */
const look = () => (looking = looking.then(lookOnce, lookOnce));

async function lookOnce() {
  const got = await ask("GET", here());
  chat = got.chat;
  if (chat.state !== "on") return over(chat.state);
  for (const m of got.messages) {
    if (m.from === mine.side || m.n > (mine.seen?.[chat.id] ?? 0)) await draw(m); // none twice
  }
  const unread = new Set(got.messages.map((m) => `${m.from} ${m.n}`));
  for (const [name, el] of bubbles) if (name.startsWith(mine.side) && !unread.has(name)) read(el);
  await finish(got.messages.filter((m) => m.from === other()));
}

/** What was seen is read, and gone from the server. */
async function finish(list) {
  if (document.visibilityState !== "visible" || list.length === 0) return;
  const last = Math.max(...list.map((m) => m.n));
  await ask("PUT", here("/read"), { n: last });
  mine.seen = { ...mine.seen, [chat.id]: last };
  await keep.put(mine);
  for (const m of list) {
    const el = bubbles.get(`${m.from} ${m.n}`);
    if (el) read(el);
  }
}

async function send(form) {
  const area = $("textarea", form);
  const words = area.value.trim();
  if (!words) return area.focus();
  const n = chat.sent + 1;
  try {
    await ask("POST", here("/messages"), { n, ...(await sealed(words, n)) });
  } catch (e) {
    if (e.code === "error.chat.turn") await look(); // another page of this side was quicker
    throw e;
  }
  area.value = "";
  await look();
}

// — Asking —

async function begin(form) {
  const words = $("textarea", form).value.trim();
  if (!words) return $("textarea", form).focus();
  mine = await keep.toAsk(post);
  chat = { id: seals.idText(seals.random(16)), asker: mine.key };
  await agree();
  const got = await ask("POST", "/chats", { id: chat.id, key: mine.key, ...(await sealed(words, 1)) }, { cookie: "same-origin" });
  chat = got.chat;
  Object.assign(mine, { chat: chat.id, board: slug });
  await keep.put(mine);
  $("textarea", form).value = "";
  await talk();
}

function wipe() {
  bubbles.clear();
  $("#m-lines").replaceChildren();
}

async function talk() {
  wipe();
  await agree();
  $("#m-who").textContent = say(mine.side === "asker" ? "with-author" : "with-asker", {}, root);
  $("#m-block").hidden = mine.side === "asker";
  $("#m-all").hidden = mine.side === "asker";
  $("#m-over").hidden = $("#m-blocked").hidden = true;
  $("#m-say").hidden = $("#m-end").hidden = false;
  show("talk");
  await look();
  listen(mine.side === "asker" ? here("/tickets") : "/chats/tickets");
}

/** How a chat stands, in a word. */
function stands(c) {
  if (c.state !== "on") return say(c.state, {}, root);
  return c.unread ? say("new", { n: c.unread }, root) : say("none-new", {}, root);
}

/** The chats of one's own post, and those that have ended below them. */
async function list() {
  chat = null;
  const got = await ask("GET", "/chats");
  const lines = got.chats.map((c, i) => {
    const li = copyOf("t-chat");
    $("a", li).href = `#${c.id}`;
    $("b", li).textContent = say("nth", { n: i + 1 }, root);
    $(".says", li).textContent = stands(c);
    return li;
  });
  const on = (_, i) => got.chats[i].state === "on";
  const over = (_, i) => !on(_, i);
  $("#m-list").replaceChildren(...lines.filter(on));
  $("#m-past").replaceChildren(...lines.filter(over));
  $("#m-none").hidden = got.chats.some((c) => c.state === "on");
  $("#m-ended").hidden = !got.chats.some((c) => c.state !== "on");
  show("list");
  listen("/chats/tickets");
}

async function enter() {
  if (mine.side === "asker") {
    chat = (await ask("GET", `/chats/${mine.chat}`)).chat;
    return talk();
  }
  const id = location.hash.slice(1);
  if (!id) return list();
  chat = (await ask("GET", `/chats/${id}`)).chat;
  return talk();
}

// — Live —

let socket = null;
let heard = ""; // what the socket is for

async function listen(tickets) {
  if (socket && heard === tickets) return;
  heard = tickets;
  let ticket;
  try {
    ({ ticket } = await ask("POST", tickets));
  } catch (e) {
    if (e.status === 404) return attempt(gone);
    if (e instanceof TypeError) fail(say("offline", {}, root));
    return void setTimeout(() => listen(tickets), 3000 + Math.random() * 4000);
  }
  socket?.close();
  const made = new WebSocket(`${location.origin.replace("http", "ws")}/live?chat=${post}&ticket=${ticket}`);
  socket = made;
  made.addEventListener("message", ({ data }) => hear(JSON.parse(data)).catch(() => {}));
  made.addEventListener("close", ({ code }) => {
    if (socket !== made) return; // another has taken its place, or none is wanted
    socket = null;
    setTimeout(() => listen(tickets), code === 4003 ? 0 : 1000 + Math.random() * 3000); // 4003: the door was turned
  });
}

/** Looks again at what is told, and at the greeting: nothing is missed after it. */
async function hear(news) {
  if (!chat) return attempt(list);
  if (news.chat && news.chat !== chat.id) return;
  await attempt(look);
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && chat?.state === "on") attempt(look);
});

// — What is pressed —

function on(selector, event, work) {
  $(selector)?.addEventListener(event, (e) => {
    e.preventDefault();
    attempt(() => work(e.currentTarget ?? e.target), e.submitter ?? null);
  });
}

on("#m-ask", "submit", () => begin($("#m-ask")));
on("#m-say", "submit", () => send($("#m-say")));
on("#m-end", "click", async () => {
  await ask("DELETE", here());
  wipe();
  over("over");
});
on("#m-block", "click", async () => {
  await ask("POST", here("/block"));
  wipe();
  over("blocked");
});
on("#m-anew", "click", () => show("ask"));
addEventListener("hashchange", () => location.reload());
for (const area of root.querySelectorAll("textarea")) {
  area.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) area.form.requestSubmit();
  });
}

// — Begin —

async function index() {
  const list = (await keep.all()).filter((e) => e.post && (e.side === "author" || e.chat));
  $("#m-held").replaceChildren(
    ...list.map((e) => {
      const li = copyOf("t-held");
      $("a", li).href = `/m/${e.post}`;
      $("b", li).textContent = say(e.side === "author" ? "held-author" : "held-asker", {}, root);
      $(".says", li).textContent = e.post.slice(0, 6);
      return li;
    }),
  );
  $("#m-empty").hidden = list.length > 0;
  show("index");
}

async function open() {
  let about = await reads("omit");
  if (!about) about = await reads((cookies = "same-origin"));
  if (!about) return gone();
  $("#m-about").textContent = about.warning || about.body.slice(0, 120);
  author = about.chat;
  slug = about.board;
  mine = (author && (await keep.asAuthor(author))) || (await keep.asAsker(post)) || null;
  if (mine && mine.board !== slug) await keep.put(Object.assign(mine, { post, board: slug }));
  if (mine && (mine.side === "author" || mine.chat)) {
    try {
      return await enter();
    } catch (e) {
      if (e.status !== 404 || mine.side === "author") throw e;
    }
  }
  show(author ? "ask" : "off");
}

if (!seals.able() || !globalThis.indexedDB) show("no-crypto");
else attempt(post ? open : index);
