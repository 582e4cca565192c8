// The page of a circle: it asks the server for envelopes, opens them with js/circle.js,
// and draws what they hold. The member's key is in the fragment of the address, which no
// browser sends anywhere; here it is kept in memory alone.

import * as seals from "./circle.js";
import { phraseIn } from "./circle-words.js";
import { path as code } from "./qr.js";
import { adopt, leave, relive } from "./life.js";
import { asked, checking, solve } from "./proof.js";
import { announce, lasting, say } from "./say.js";

const root = document.getElementById("circle");
const { kinds } = seals;
const id = root.dataset.circle;
const circle = id ? seals.idBytes(id) : null;
const $ = (selector, within = root) => within.querySelector(selector);

let me = null; // the 96 bytes of the member's key
let token = "";
let state = null; // the circle as the server knows it
let meta = {};
let keys = new Map(); // epoch → key
let cursor = "";
let held = []; // posts that wait above what is read

// — Views —

const views = [...root.querySelectorAll("[data-view]")];

function show(...names) {
  for (const el of views) el.hidden = !names.includes(el.dataset.view);
}

function toggle(name, on) {
  for (const el of views) if (el.dataset.view === name) el.hidden = !on;
}

function fail(words) {
  $("#c-failed").textContent = words;
  toggle("failed", Boolean(words));
}

/** Runs what somebody asked for, and says why it was not done. */
async function attempt(work, button = null) {
  fail("");
  if (button) button.disabled = true;
  try {
    return await work();
  } catch (e) {
    if (e.status === 404 && state) return outside();
    fail(e.sentence ?? (e instanceof TypeError ? say("offline") : String(e.message)));
  } finally {
    if (button) button.disabled = false;
  }
}

function outside() {
  state = null;
  socket?.close();
  $("#c-posts")?.replaceChildren();
  show("outside");
}

// — The server —

async function ask(method, path, body, proof) {
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

const here = (path = "") => `/${id}${path}`;

// — Keys —

const key = () => keys.get(state.epoch);
const at = (kind, epoch, thread) => ({ kind, epoch, circle: place(), thread });
let made = null; // the id of a circle that is being made here
const place = () => made ?? circle;

async function become(member) {
  me = member;
  token = seals.encode(await seals.memberToken(me));
}

/** Reads the circle anew, with the keys of all epochs that this member can open. */
async function refresh() {
  state = (await ask("GET", here())).circle;
  const mine = state.me;
  if (!keys.has(state.epoch)) {
    keys = new Map([[state.epoch, await seals.unwrap(me, seals.decode(mine.once), circle, state.epoch, seals.decode(mine.wrap))]]);
  }
  for (const link of [...state.links].reverse()) {
    if (keys.has(link.epoch - 1) || !keys.has(link.epoch)) continue;
    try {
      keys.set(link.epoch - 1, await seals.open(keys.get(link.epoch), at(kinds.link, link.epoch), seals.decode(link.box)));
    } catch {} // sealed before this member came
  }
  try {
    meta = await seals.openJSON(key(), at(kinds.meta, state.epoch), seals.decode(state.meta));
  } catch {
    meta = {};
  }
  await head();
}

/** What proves that a member was let in by somebody who knows the key. */
const record = (under, epoch, q) => seals.sealJSON(under, at(kinds.member, epoch), { q: seals.encode(q) });

async function papers(under, epoch) {
  const once = await seals.newMember();
  const q = seals.publicOf(me);
  return {
    record: seals.encode(await record(under, epoch, q)),
    once: seals.encode(seals.publicOf(once)),
    wrap: seals.encode(await seals.wrap(once, q, place(), epoch, under)),
  };
}

// — Making, joining —

async function make(form) {
  const f = new FormData(form);
  made = seals.random(16);
  await become(await seals.newMember());
  const under = seals.random(32);
  const named = seals.idText(made);
  const what = { name: f.get("name").trim(), rules: f.get("rules").trim(), lang: document.documentElement.lang };
  const longest = f.get("ttl_max");
  await ask("POST", "", {
    id: named, cap: Number(f.get("cap")), rule: f.get("rule"), gated: f.has("gated"), lasts: f.get("lasts"),
    ttl_max: longest, ttl_default: shorter("24h", longest), q: seals.encode(seals.publicOf(me)),
    meta: seals.encode(await seals.sealJSON(under, at(kinds.meta, 1), what)), ...(await papers(under, 1)),
  });
  location.assign(`/c/${named}#m1.${seals.encode(me)}`);
}

const span = (life) => Number.parseInt(life, 10) * { s: 1, m: 60, h: 3600, d: 86400 }[life.at(-1)];
const shorter = (a, b) => (span(a) < span(b) ? a : b);

async function join(secret) {
  await become(await seals.newMember());
  const got = await ask("POST", here("/seats"), { invite: seals.encode(await seals.inviteToken(secret)), q: seals.encode(seals.publicOf(me)) });
  const under = await seals.open(await seals.inviteKey(secret), at(kinds.invite, got.epoch), seals.decode(got.box));
  await ask("PUT", here("/seat"), await papers(under, got.epoch));
  history.replaceState(null, "", `/c/${id}#m1.${seals.encode(me)}`);
  await enter();
  toggle("phrase", true);
}

async function enter() {
  await refresh();
  show("circle", "key");
  toggle("turn", state.turn);
  lengths();
  await load();
  listen();
}

// — The head —

async function head() {
  $("#c-name").textContent = meta.name ?? "";
  document.title = meta.name ?? document.title;
  $("#c-size").textContent = say("of", { n: state.members, cap: state.cap }, root);
  $("#c-only").textContent = say("only", { n: state.members }, root);
  $("#c-closes").textContent = say("closes", { life: lasting(state.closes_in) }, root);
  $("#c-rules").textContent = meta.rules ?? "";
  $("#c-rules").hidden = !meta.rules;
  $("#c-uses").max = state.cap;
  $("#c-ending").hidden = !(state.rule === "maker" && state.me.maker);
  toggle("turn", state.turn);
  const words = phraseIn(meta.lang, await seals.phrase(circle, key()));
  for (const el of root.querySelectorAll("[data-phrase]")) el.textContent = words;
}

function lengths() {
  const offered = [600, 3600, 21600, 86400, 259200, 604800, state.ttl_max].filter((s, i, all) => s >= state.ttl_min && s <= state.ttl_max && all.indexOf(s) === i);
  $("#c-ttl").replaceChildren(
    ...offered.map((s) => {
      const o = new Option(lasting(s), `${s}s`);
      o.selected = s === state.ttl_default;
      return o;
    }),
  );
}

// — Posts —

async function load(more = false) {
  const page = await ask("GET", here(`/posts${more ? `?cursor=${cursor}` : ""}`));
  cursor = page.cursor;
  const drawn = await Promise.all(page.posts.map(draw));
  if (more) $("#c-posts").append(...drawn);
  else $("#c-posts").replaceChildren(...drawn);
  for (const el of drawn) adopt(el);
  $("#c-older").hidden = !cursor;
  nothing();
}

function nothing() {
  const line = $("#c-nothing");
  line.hidden = $("#c-posts").children.length > 0;
  line.textContent = state.shows ? say("empty", {}, root) : say("gate", { k: state.k }, root);
}

const copyOf = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

async function opened(post) {
  const reply = post.id !== post.thread;
  const under = keys.get(post.epoch);
  if (!under) return null;
  try {
    const said = await seals.openJSON(under, at(reply ? kinds.reply : kinds.post, post.epoch, seals.idBytes(post.thread)), seals.decode(post.body));
    return typeof said?.w === "string" ? said : null;
  } catch {
    return null;
  }
}

async function draw(post) {
  const reply = post.id !== post.thread;
  const el = copyOf(reply ? "t-reply" : "t-post");
  el.id = `p-${post.id}`;
  if (!reply) Object.assign(el.dataset, { left: post.left, span: post.span });
  const who = $(".who", el);
  who.textContent = post.name;
  who.id = `n-${post.id}`;
  who.classList.add(`hue-${post.hue}`);
  el.setAttribute("aria-labelledby", who.id);
  $(".glyph", el).classList.add(`hue-${post.hue}`);
  [..."ulb"].forEach((shape, i) => $(".glyph", el).children[i].setAttribute("href", `${root.dataset.wings}#${shape}${post.glyph[i]}`));
  const said = await opened(post);
  if (!said) $(".post-text", el).replaceWith(copyOf("t-shut"));
  else await fill(el, post, said);
  count(el, post);
  $("[data-removes]", el).hidden = !(post.mine || (state.rule === "maker" && state.me.maker));
  $(".circle-report", el).hidden = post.mine || !said?.f;
  wire(el, post, said);
  return el;
}

async function fill(el, post, said) {
  const words = $(".post-text", el);
  words.textContent = said.w;
  words.hidden = !said.w;
  if (/^[a-z]+$/.test(said.card ?? "") && !said.pic) {
    el.classList.add("tile", `bd-${said.card}`);
    words.classList.replace("post-text", "tile-text");
  }
  if (!post.picture) return;
  const img = document.createElement("img");
  img.alt = said.alt ?? "";
  img.className = "circle-photo";
  if (said.pic) Object.assign(img, { width: said.pic.w, height: said.pic.h });
  words.after(img);
  try {
    const box = await ask("GET", here(`/posts/${post.id}/picture`));
    const bytes = await seals.open(keys.get(post.epoch), at(kinds.picture, post.epoch, seals.idBytes(post.id)), box);
    img.src = URL.createObjectURL(new Blob([bytes], { type: bytes[0] === 0xff ? "image/jpeg" : "image/webp" }));
    img.addEventListener("load", () => URL.revokeObjectURL(img.src), { once: true });
  } catch {
    img.replaceWith(copyOf("t-shut"));
  }
}

function count(el, post) {
  number($(".heart", el), post.hearts);
  if (post.replies !== undefined) number($(".replies-link", el), post.replies);
  if (!post.vote) return;
  for (const b of $(".acts", el).querySelectorAll("[data-vote]")) b.setAttribute("aria-pressed", b.dataset.vote === post.vote);
}

/** Writes a number on a button, and into what is read out of it. */
function number(button, n) {
  if (!button) return;
  $("span", button).textContent = n;
  button.setAttribute("aria-label", `${button.dataset.label}, ${n}`);
}

function wire(el, post, said) {
  const acts = $(".acts", el);
  for (const b of acts.querySelectorAll("[data-vote]")) {
    b.addEventListener("click", () =>
      attempt(async () => {
        const vote = b.getAttribute("aria-pressed") === "true" ? "none" : b.dataset.vote;
        const now = await ask("PUT", here(`/posts/${post.id}/vote`), { vote });
        count(el, now);
        if (el.dataset.left) relive(el, now.left, now.span);
      }),
    );
  }
  $("[data-removes]", acts).addEventListener("click", (e) => attempt(() => ask("DELETE", here(`/posts/${post.id}`)), e.currentTarget));
  $("[data-reports]", acts).addEventListener("submit", (e) => {
    e.preventDefault();
    attempt(async () => {
      await ask("POST", here(`/posts/${post.id}/reports`), { reason: new FormData(e.target).get("reason"), words: said.w, f: said.f });
      e.target.replaceChildren(say("reported", {}, root));
    }, e.submitter);
  });
  const talk = $(".replies", el);
  if (!talk) return;
  $("[data-unfolds]", acts).addEventListener("click", () => (talk.open = !talk.open));
  talk.addEventListener("toggle", () => talk.open && attempt(() => thread(el, post.id)));
  const form = $("[data-replies]", talk);
  const area = $("textarea", form);
  area.id = `r-${post.id}`;
  $("label", form).htmlFor = area.id;
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    attempt(async () => {
      await utter(kinds.reply, post.id, { w: area.value.trim() });
      area.value = "";
      await thread(el, post.id);
    }, e.submitter);
  });
}

async function thread(el, post) {
  const got = await ask("GET", here(`/posts/${post}`));
  count(el, got.post);
  relive(el, got.post.left, got.post.span);
  if ($(".replies", el).open) $(".thread", el).replaceChildren(...(await Promise.all(got.replies.map(draw))));
}

/** Seals and sends; once more with the new key where that was turned meanwhile. */
async function utter(kind, thread, what, more = {}, picture = null) {
  const own = seals.random(16);
  const to = thread ? seals.idBytes(thread) : own;
  const f = seals.random(32);
  const send = async () => {
    const said = { ...what, f: seals.encode(f) };
    return ask("POST", here(thread ? `/posts/${thread}/replies` : "/posts"), {
      id: seals.idText(own), commit: seals.encode(await seals.commit(f, what.w)), ...more,
      body: seals.encode(await seals.sealJSON(key(), at(kind, state.epoch, to), said)),
      ...(picture && { picture: seals.encode(await seals.seal(key(), at(kinds.picture, state.epoch, own), picture)) }),
    });
  };
  try {
    return await send();
  } catch (e) {
    if (e.code !== "error.circle.epoch") throw e;
    await refresh();
    return send();
  }
}

/** A picture anew from its pixels, so that nothing else of the file is left, and small. */
async function pressed(file) {
  const bitmap = await createImageBitmap(file);
  for (let side = 1600; ; side = Math.round(side * 0.7)) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
    if (blob.size <= 500_000 || side < 300) return { bytes: new Uint8Array(await blob.arrayBuffer()), w: canvas.width, h: canvas.height };
  }
}

async function write(form) {
  const f = new FormData(form);
  const what = { w: f.get("words").trim() };
  if (f.get("card")) what.card = f.get("card");
  let picture = null;
  if (f.get("photo")?.size) {
    const p = await pressed(f.get("photo"));
    picture = p.bytes;
    what.pic = { w: p.w, h: p.h };
    what.alt = f.get("alt").trim();
  }
  if (!what.w && !picture) return $("#c-words").focus();
  await utter(kinds.post, null, what, { ttl: f.get("ttl") }, picture);
  $("#c-words").value = "";
  $("#c-card").value = "";
  $("#c-photo").value = "";
  $("#c-alt-field").hidden = true;
}

// — Live —

let socket = null;

async function listen() {
  if (!state) return;
  try {
    const { ticket } = await ask("POST", here("/tickets"));
    socket = new WebSocket(`${location.origin.replace("http", "ws")}/live?circle=${id}&ticket=${ticket}`);
  } catch (e) {
    if (e.status === 404) return outside();
    return void setTimeout(listen, 3000 + Math.random() * 4000);
  }
  let line = Promise.resolve(); // one after another, as they came
  socket.addEventListener("message", ({ data }) => (line = line.then(() => hear(JSON.parse(data))).catch(() => {})));
  socket.addEventListener("close", ({ code: why }) => {
    if (state) setTimeout(again, why === 4003 ? 0 : 1000 + Math.random() * 3000);
  });
}

/** After a pause: is this member still in, and what was missed? */
async function again() {
  try {
    await refresh();
    await load();
  } catch (e) {
    if (e.status === 404) return outside();
  }
  listen();
}

async function hear(news) {
  const el = document.getElementById(`p-${news.id}`);
  switch (news.type) {
    case "born":
      if (news.thread === news.id) return born(news.id);
      return changed(news.thread);
    case "changed":
      return changed(news.thread);
    case "died":
      held = held.filter((p) => p.id !== `p-${news.id}`);
      fresh();
      if (el) leave(el);
      return;
    case "circle": {
      const shown = state.shows;
      await refresh();
      if (!shown && state.shows) await load();
      if (!$('[data-view="people"]').hidden) await people();
      return;
    }
    case "reload":
      return load();
  }
}

async function born(post) {
  const shown = state.shows;
  if (!shown) await refresh();
  if (!state.shows) return nothing();
  if (!shown) return load();
  const got = await ask("GET", here(`/posts/${post}`));
  if (!keys.has(got.post.epoch)) await refresh();
  if (document.getElementById(`p-${post}`)) return;
  const el = await draw(got.post);
  if (scrollY > 300 && !got.post.mine) {
    held.unshift(el);
    return fresh();
  }
  land(el);
}

function land(...list) {
  $("#c-posts").prepend(...list);
  for (const el of list) adopt(el);
  nothing();
}

function fresh() {
  $("#c-fresh").hidden = held.length === 0;
  $("#c-fresh").textContent = say("fresh", { n: held.length }, root);
}

async function changed(post) {
  const el = document.getElementById(`p-${post}`);
  if (el) await thread(el, post);
}

// — Invites —

async function invite(form) {
  const f = new FormData(form);
  const secret = seals.random(32);
  const box = await seals.seal(await seals.inviteKey(secret), at(kinds.invite, state.epoch), key());
  const hash = await seals.sha256(await seals.inviteToken(secret));
  await ask("POST", here("/invites"), { token: seals.encode(hash), box: seals.encode(box), uses: Number(f.get("uses")), lasts: f.get("lasts") });
  const link = `${location.origin}/c/${id}/join#i1.${seals.encode(secret)}`;
  $("#c-link").value = link;
  const { d, size } = code(link);
  $("#c-qr").setAttribute("viewBox", `0 0 ${size} ${size}`);
  $("#c-qr path").setAttribute("d", d);
  $("#c-invited").hidden = false;
  $("#c-invited").dataset.token = seals.encode(hash);
  toggle("phrase", true);
  await invites();
}

async function invites() {
  const list = (await ask("GET", here("/invites"))).invites;
  $("#c-open-title").hidden = list.length === 0;
  if (!list.some((i) => i.token === $("#c-invited").dataset.token)) $("#c-invited").hidden = true;
  $("#c-open").replaceChildren(
    ...list.map((i) => {
      const el = copyOf("t-invite");
      $(".says", el).textContent = `${say("ends", { life: lasting(i.left) }, root)} · ${say("uses", { n: i.uses }, root)}`;
      $("[data-revoke]", el).addEventListener("click", (e) =>
        attempt(async () => {
          await ask("DELETE", here(`/invites/${i.token}`));
          await invites();
        }, e.currentTarget),
      );
      return el;
    }),
  );
}

// — Members —

async function proven() {
  const { members } = await ask("GET", here("/members"));
  for (const m of members) {
    try {
      m.proven = (await seals.openJSON(key(), at(kinds.member, state.epoch), seals.decode(m.record))).q === m.q;
    } catch {
      m.proven = false;
    }
  }
  return members;
}

async function people() {
  const rules = state.rule === "maker" && state.me.maker;
  $("#c-members").replaceChildren(
    ...(await proven()).map((m) => {
      const el = copyOf("t-member");
      const mine = m.q === state.me.q;
      const says = [mine ? say("me", {}, root) : say("member", {}, root)];
      if (m.maker) says.push(say("maker", {}, root));
      if (!mine) says.push(say(m.proven ? "checked" : "unchecked", {}, root));
      if (m.downs) says.push(say("downs", { n: m.downs }, root));
      $(".says", el).textContent = says.join(" · ");
      $("[data-oust]", el).hidden = mine || state.rule !== "majority";
      $("[data-oust]", el).addEventListener("click", (e) =>
        attempt(async () => {
          await ask("POST", here("/outs"), { q: m.q });
          await people();
        }, e.currentTarget),
      );
      $("[data-out]", el).hidden = mine || !rules;
      $("[data-out]", el).addEventListener("click", (e) => attempt(() => turn(m.q), e.currentTarget));
      return el;
    }),
  );
}

/** A new key for those who stay. Only who was let in by somebody who knew the old one is given it. */
async function turn(without = null) {
  const members = await proven();
  const rules = state.rule === "maker" && state.me.maker;
  if (!rules && members.some((m) => !m.proven)) throw Object.assign(new Error("unproven"), { sentence: say("unproven", {}, root) });
  const epoch = state.epoch + 1;
  const next = seals.random(32);
  const once = await seals.newMember();
  const stay = [];
  for (const m of members.filter((m) => m.proven && m.q !== without)) {
    const q = seals.decode(m.q);
    stay.push({ q: m.q, record: seals.encode(await record(next, epoch, q)), wrap: seals.encode(await seals.wrap(once, q, circle, epoch, next)) });
  }
  await ask("POST", here("/epochs"), {
    epoch, once: seals.encode(seals.publicOf(once)), stay,
    meta: seals.encode(await seals.sealJSON(next, at(kinds.meta, epoch), meta)),
    link: seals.encode(await seals.seal(next, at(kinds.link, epoch), key())),
  });
  await refresh();
  announce(say("turned", {}, root));
  $("#c-invited").hidden = true;
  if (!$('[data-view="people"]').hidden) await people();
}

// — What is pressed —

const fills = { invite: invites, people };

root.addEventListener("click", (e) => {
  const b = e.target.closest("button");
  if (!b) return;
  if (b.dataset.opens) {
    const name = b.dataset.opens;
    toggle(name, true);
    $(`#c-${name}-title`).focus();
    attempt(fills[name]);
  } else if ("closes" in b.dataset) {
    b.closest("[data-view]").hidden = true;
  } else if ("turn" in b.dataset) {
    attempt(() => turn(), b);
  }
});

function on(selector, event, work) {
  $(selector)?.addEventListener(event, (e) => {
    e.preventDefault();
    attempt(() => work(e.currentTarget ?? e.target), e.submitter ?? null);
  });
}

on("#c-make", "submit", () => make($("#c-make")));
on("#c-write", "submit", () => write($("#c-write")));
on("#c-invites", "submit", () => invite($("#c-invites")));
on("#c-copy", "click", async () => {
  await navigator.clipboard.writeText(location.href);
  announce(say("copied", {}, root));
  $("#c-copy").textContent = say("copied", {}, root);
});
on("#c-leave", "click", async () => {
  await ask("DELETE", here("/seat"));
  outside();
});
on("#c-end", "click", async () => {
  await ask("DELETE", here());
  outside();
});
$("#c-photo")?.addEventListener("change", (e) => ($("#c-alt-field").hidden = e.target.files.length === 0));
$("#c-older button")?.addEventListener("click", (e) => attempt(() => load(true), e.currentTarget));
$("#c-fresh")?.addEventListener("click", () => {
  land(...held);
  held = [];
  fresh();
  $("#c-posts").firstElementChild?.scrollIntoView({ block: "center" });
});
document.addEventListener("mayfly:emptied", () => state && nothing());
addEventListener("hashchange", () => location.reload());

// — Begin —

const [kind, secret] = location.hash.slice(1).split(".");

function bytesOf(text, length) {
  try {
    const b = seals.decode(text ?? "");
    return b.length === length ? b : null;
  } catch {
    return null;
  }
}

if (!seals.able()) {
  show("no-crypto");
} else if (!circle) {
  show("make");
} else if (kind === "i1" && bytesOf(secret, 32)) {
  show("join");
  on("#c-join", "click", () => join(bytesOf(secret, 32)));
} else if (kind === "m1" && bytesOf(secret, 96)) {
  attempt(async () => {
    try {
      await become(bytesOf(secret, 96));
      await enter();
    } catch (e) {
      if (e.status === 404) return outside();
      throw e;
    }
  });
} else {
  show("no-key");
}
