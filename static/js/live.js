// The live page: what the socket brings, where it lands, and how the page catches
// up after it was away. htmx and its socket put each frame into #incoming; from
// there it is moved to its place here.
//
// Says on document: mayfly:came (detail: the article) before something new lands or
// waits, mayfly:landed when it has, mayfly:died (detail: id, why; "" when that is not
// known; an admin's reason), mayfly:state (detail: the answer) before a difference lands.

import { limits, offers, pace, typing } from "./compose.js";
import { day, passing } from "./keep.js";
import { adopt, closeGaps, leave, now, release, settled, speak } from "./life.js";
import { parse } from "./net.js";
import { change, find, idOf, living, mark, renew } from "./post.js";
import { announce, count, say, tell } from "./say.js";

const live = document.getElementById("live");
const incoming = document.getElementById("incoming");
const posts = document.getElementById("posts");
const replies = document.getElementById("replies"); // on a thread's page
const fresh = document.getElementById("fresh"); // the pill
const thread = posts?.dataset.order === "thread";
const growsHere = posts?.dataset.order === "new" && !("later" in posts.dataset);

/** Begins to listen, on a page that has something to listen to. */
export function start() {
  if (!live) return;
  new MutationObserver(take).observe(incoming, { childList: true });
  take();
  watchLine();
}

// — Frames —

const queue = []; // frames that came while the page was catching up

function take() {
  for (const frame of [...incoming.children]) {
    frame.remove();
    queue.push([frame, now()]);
    opened();
  }
  work();
}

function work() {
  while (queue.length > 0 && !catching) {
    const [frame, at] = queue.shift();
    handlers[frame.dataset.event]?.(frame, at);
  }
}

// What stood for its look-alikes left by itself, or was the line that leads to them:
// the next line takes that place.
function afterwards(id, line) {
  const place = document.querySelector(`.tomb[data-next="${id}"]`);
  if (place && line) place.replaceWith(line);
  else if (place) place.remove();
  else if (line) document.querySelector(`article[data-was="${id}"]:not(:has(.tomb))`)?.append(line);
}

const handlers = {
  hello(frame) {
    const { at, here, version } = frame.dataset;
    build ??= version;
    if (version !== build) reloadWhenIdle();
    showHere(here);
    if (at !== live.dataset.at) catchUp();
  },
  born(frame, at) {
    seen(frame);
    const article = frame.querySelector("article");
    if (!article || known(idOf(article))) return;
    if (terms) askIfFitting(article);
    else arrive(article, at);
  },
  changed(frame) {
    seen(frame);
    const article = known(frame.dataset.id);
    if (article) change(article, frame);
    if (thread && posts.contains(article)) showReplies(frame.dataset.repliesLabel);
  },
  died(frame) {
    seen(frame);
    const { id, why, reason } = frame.dataset;
    const article = known(id);
    speak("died", { id, why, reason });
    if (why === "hidden" && thread && posts.contains(article)) endThread(why);
    else if (article) leave(article, frame.querySelector(".tomb"));
    else afterwards(id, frame.querySelector(".tomb[data-next]"));
  },
  settings(frame) {
    seen(frame);
    limits(frame.querySelector("#limits"));
    offers(frame);
    pace(frame.querySelector("#pace"));
    closing(frame.querySelector("#closing"));
  },
  reload() {
    catchUp();
  },
};

// A page of what was asked for holds a part of its board: whether something new
// belongs to it the server says, and it is asked for what may.
const terms = posts?.dataset.terms?.split(" ");
let asking = 0;

function askIfFitting(article) {
  const text = plain(article.textContent);
  if (asking || !terms.every((term) => text.includes(plain(term)))) return;
  asking = setTimeout(() => {
    asking = 0;
    catchUp();
  }, 2000 + Math.random() * 2000);
}

const plain = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();

// The last hour of a board begins, or is put off.
function closing(fresh) {
  const old = document.getElementById("closing");
  if (fresh) {
    if (old) old.replaceWith(fresh);
    else document.querySelector("main h1").after(fresh);
    adopt(fresh);
  } else old?.remove();
  if (old) release(old);
}

function seen(frame) {
  live.dataset.at = frame.dataset.at;
}

/** The article of id, on the page or about to be. */
export const known = (id) => find(id) ?? waiting.get(id);

function showHere(n) {
  const here = document.getElementById("here");
  if (here) here.textContent = n ? say("here", { n }) : "";
}

function showReplies(label) {
  const sub = document.querySelector(".bar-sub");
  if (sub && label) sub.textContent = label;
}

// A page of an older build loads anew, but never while somebody is writing.
let build;

function reloadWhenIdle() {
  setTimeout(() => (typing() ? reloadWhenIdle() : location.reload()), 1000 + Math.random() * 4000);
}

// — Arrivals: at the top they land, elsewhere they wait behind the pill —

const nearTop = 80; // px
const waiting = new Map(); // id → article, oldest first
const mine = new Set(); // ids written on this page that have not arrived yet

/** Marks what was written on this page, as soon as it is there, and shows it. */
export function claim(id) {
  renewAside();
  const article = known(id);
  if (!article) {
    mine.add(id);
    if (!connected) catchUp();
    return;
  }
  mark(article);
  if (waiting.has(id)) land(article);
  showFresh();
}

// Who has written is known by a cookie from then on, and has a name in this thread:
// what stands beside the stream about its reader is asked for again.
let nobody = true;

document.addEventListener("mayfly:voted", () => {
  if (nobody) renewAside();
});

async function renewAside() {
  nobody = false;
  const aside = document.querySelector("aside");
  if (!aside) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const renewed = answer.ok && parse(await answer.text()).querySelector("aside");
    if (renewed && !aside.contains(document.activeElement)) aside.replaceWith(renewed);
  } catch {
    aside.remove(); // no word of it rather than one that is not true any more
  }
}

function arrive(article, at) {
  const id = idOf(article);
  const own = mine.delete(id);
  if (own) mark(article);
  adopt(article, at);
  speak("came", article);
  if (article.matches(".prompt")) {
    document.getElementById("prompts")?.prepend(article); // the host's, which are pinned
    enter(article);
    return;
  }
  waiting.set(id, article);
  if (own || (landsHere() && !paused)) {
    if (thread) landAll(); // in their order
    else land(article);
    if (thread && own) article.scrollIntoView({ block: "nearest" });
  }
  if (!own && isShown(article)) tell("pill");
  showFresh();
}

const landsHere = () => thread || (growsHere && scrollY < nearTop);
const isShown = (article) => !("folded" in article.dataset); // menu.js folds what its reader would rather not see

function land(article) {
  waiting.delete(idOf(article));
  const line = document.getElementById(`t-${idOf(article)}`); // it was hidden, and is not any more
  if (thread && line) line.replaceWith(article);
  else if (thread) replies.append(article);
  else posts.prepend(article);
  document.getElementById("empty")?.remove();
  document.querySelector(`.tomb[data-next="${idOf(article)}"]`)?.remove(); // what it led to is here
  enter(article);
}

async function enter(article) {
  speak("landed", article);
  if (article.dataset.state) return; // so short a life that it is nearly over
  article.dataset.state = "new";
  await settled(article);
  if (article.dataset.state === "new") delete article.dataset.state;
}

function showFresh() {
  if (!fresh) return;
  const n = [...waiting.values()].filter(isShown).length;
  fresh.hidden = n === 0;
  fresh.textContent = count("pill", n);
}

fresh?.addEventListener("click", (e) => {
  const [first] = waiting.values();
  if (!growsHere && !thread) {
    if (!("later" in posts.dataset)) { // an order that arrivals would break: load it anew
      e.preventDefault();
      location.reload();
    }
    return;
  }
  e.preventDefault();
  landAll();
  if (!thread) scrollTo({ top: 0 });
  focusOn(thread ? first : posts.querySelector("article"), thread);
});

function landAll() {
  for (const article of waiting.values()) land(article);
  showFresh();
}

function focusOn(article, scrolls) {
  if (!article) return;
  article.tabIndex = -1;
  article.focus({ preventScroll: !scrolls });
}

// — Pause: what arrives waits behind the pill, until its reader goes on —

const pause = document.getElementById("pause");
let paused = passing.get("pause", "") === true;

pause?.setAttribute("aria-pressed", paused);
pause?.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", paused);
  if (paused) passing.put("pause", "", true, day);
  else passing.drop("pause", "");
  if (!paused && landsHere()) landAll();
});

// — Departures —

document.addEventListener("mayfly:ended", ({ detail: el }) => {
  if (!el.matches("article")) return;
  for (const [id, article] of waiting) if (article === el) waiting.delete(id);
  showFresh();
  if (!el.isConnected) return;
  if (thread && posts.contains(el)) endThread();
  else tell("gone");
});

document.addEventListener("mayfly:emptied", () => {
  if (!posts || thread || living(posts).length > 0) return;
  closeGaps(posts);
  landAll();
  const nothing = document.getElementById("nothing");
  if (living(posts).length === 0 && nothing && !document.getElementById("empty")) posts.after(nothing.content.cloneNode(true));
});

// The post of a thread's page took its replies with it. A reply that is being
// written stays where it is, to be copied.
let over = false;

function endThread(why) {
  if (over) return;
  over = true;
  for (const article of living(document)) leave(article);
  const note = document.createElement("p");
  note.className = "tomb";
  note.textContent = say(why === "hidden" ? "withheld" : "gone");
  posts.after(note);
  announce(note.textContent);
  const talk = document.getElementById("talk");
  if (talk && !typing()) talk.remove();
  live.removeAttribute("hx-ws:connect");
  reopen();
}

// — Catching up: not a replay, but the difference to what is there now —

const most = 200; // posts one may ask for
let catching = null;

/** Asks for what is on the page now and lands the difference. False: no answer. */
export function catchUp() {
  if (!live || over) return Promise.resolve(true);
  catching ??= ask().finally(() => {
    catching = null;
    work();
  });
  return catching;
}

async function ask() {
  const url = new URL(live.dataset.again, location.href);
  url.searchParams.set("at", live.dataset.at);
  url.searchParams.set("n", Math.min(most, living(posts).length));
  try {
    const answer = await fetch(url, { cache: "no-store" });
    if (answer.status === 404 && thread) {
      for (const article of living(posts)) speak("died", { id: idOf(article), why: "" });
      endThread();
    }
    if (answer.status === 403 && thread) endThread("hidden");
    if (answer.status === 403 && !thread) location.reload(); // the board has a door now
    if (answer.status === 410 || answer.status === 503) reloadWhenIdle(); // the board has closed, and says so
    if (answer.ok) landState(parse(await answer.text()).getElementById("state"));
    return true;
  } catch {
    return false;
  }
}

function landState(state) {
  if (!state) return;
  live.dataset.at = state.dataset.at;
  speak("state", state);
  const came = [...state.querySelectorAll("article")];
  const ids = new Set(came.map(idOf));
  for (const article of living(document.getElementById("main"))) {
    const id = idOf(article);
    if (ids.has(id)) continue;
    if (thread) speak("died", { id, why: "" }); // a feed may only have left it out
    leave(article, state.querySelector(`#t-${id}`));
  }
  for (const [id, article] of waiting) {
    if (ids.has(id)) continue;
    waiting.delete(id);
    release(article);
  }
  // Newest first: what stands above the last one we know is news; what stands
  // below it belongs to the next page. In a thread all is news, oldest first.
  const last = came.findLastIndex((copy) => known(idOf(copy)));
  const news = thread || last < 0 ? came : came.slice(0, last + 1);
  const t = now();
  for (const copy of thread ? news : news.reverse()) {
    const article = known(idOf(copy));
    if (article) renew(article, copy);
    else arrive(copy, t);
  }
  showFresh();
}

// — The line: open, or not —

const patience = 2000; // ms without a socket before anybody is told
let connected = false;
let offline = false;
let look = 0;

function watchLine() {
  live.addEventListener("htmx:ws:close", ({ detail }) => lost(detail));
  addEventListener("offline", () => showOffline(true));
  addEventListener("online", comeBack);
  addEventListener("pageshow", (e) => e.persisted && comeBack()); // hx-ws closed the socket for good as the page went
  document.addEventListener("visibilitychange", () => document.hidden || catchUp());
  document.addEventListener("mayfly:slept", catchUp);
  lookLater(patience * 2);
}

// A frame has come, the hello that begins every socket at the least.
function opened() {
  connected = true;
  clearTimeout(look);
  showOffline(false);
}

// hx-ws comes back by itself after most codes; a restart meets everybody at once,
// so it is spread. After the rest (a flood, words that are none) the page asks
// anew in a while.
function lost({ reason, code, connection }) {
  if (reason !== "closed") return;
  if (code === 4003) return location.reload(); // outside: the door has been turned
  connected = false;
  if (document.hidden) return;
  const { config } = connection;
  config.reconnectDelay = code === 1012 ? 500 + Math.random() * 3500 : 500;
  config.reconnectMaxDelay = 20_000;
  if (!config.reconnectCodes.includes(code)) setTimeout(reopen, 15_000 + Math.random() * 15_000);
  lookLater(patience + (code === 1012 ? 4000 : 0));
}

// Without a socket the page still asks, so that a network that lets none through
// is slow rather than deaf. Nobody is told they are offline before asking failed.
function lookLater(wait) {
  clearTimeout(look);
  look = setTimeout(async () => {
    if (connected || document.hidden || over) return;
    showOffline(!navigator.onLine || !(await catchUp()));
    if (!connected) lookLater(15_000 + Math.random() * 15_000);
  }, wait);
}

function comeBack() {
  catchUp();
  reopen();
}

function reopen() {
  connected = false;
  htmx.process(live, true);
}

function showOffline(is) {
  if (is === offline) return;
  offline = is;
  document.body.classList.toggle("is-offline", is);
  document.querySelector(".net")?.remove();
  if (is) (document.querySelector(".bar") ?? document.querySelector(".skip")).after(strip());
  announce(say(is ? "offline" : "back"));
}

function strip() {
  const p = document.createElement("p");
  p.className = "net";
  p.textContent = say("offline");
  return p;
}
