// The page of a circle: it asks the server for envelopes, opens them with js/circle.js,
// and draws what they hold. Here one is made, joined and entered; the rest is beside it:
//   circle-session.js  the member's key, the keys of epochs, what the server is asked
//   circle-views.js    which views are shown, and what went wrong
//   circle-feed.js     posts and replies as they are drawn
//   circle-write.js    posts and replies as they are sealed
//   circle-people.js   invites, members, the key turned
//   circle-live.js     what comes by socket

import * as seals from "./circle.js";
import { phraseIn } from "./circle-words.js";
import { load } from "./circle-feed.js";
import { listen } from "./circle-live.js";
import "./circle-people.js";
import { ask, at, become, begin, circle, fragment, here, id, meta, mine, outside, papers, phrase, refresh, root, state, whenOutside, whenRead } from "./circle-session.js";
import { $, attempt, copyOf, on, show, toggle, wings } from "./circle-views.js";
import { lengths } from "./circle-write.js";
import { announce, count, lasting, say } from "./say.js";

const { kinds } = seals;

// — Making, joining —

async function make(form) {
  const f = new FormData(form);
  const named = begin();
  await become(await seals.newMember());
  const under = seals.random(32);
  const what = { name: f.get("name").trim(), rules: f.get("rules").trim(), lang: document.documentElement.lang };
  const longest = f.get("ttl_max");
  await ask("POST", "", {
    id: named, cap: Number(f.get("cap")), rule: f.get("rule"), gated: f.has("gated"), lasts: f.get("lasts"),
    ttl_max: longest, ttl_default: shorter("24h", longest), q: mine(),
    meta: seals.encode(await seals.sealJSON(under, at(kinds.meta, 1), what)), ...(await papers(under, 1)),
  });
  location.assign(`/c/${named}${fragment()}`);
}

const span = (life) => Number.parseInt(life, 10) * { s: 1, m: 60, h: 3600, d: 86400 }[life.at(-1)];
const shorter = (a, b) => (span(a) < span(b) ? a : b);

async function join(secret) {
  await become(await seals.newMember());
  const got = await ask("POST", here("/seats"), { invite: seals.encode(await seals.inviteToken(secret)), q: mine() });
  const under = await seals.open(await seals.inviteKey(secret), at(kinds.invite, got.epoch), seals.decode(got.box));
  await ask("PUT", here("/seat"), await papers(under, got.epoch));
  history.replaceState(null, "", `/c/${id}${fragment()}`);
  await enter();
  toggle("phrase", true);
  toggle("first", true);
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

const most = 7; // faces that are drawn: as many as members, and nobody's

function head() {
  $("#c-name").textContent = meta.name ?? "";
  document.title = meta.name ?? document.title;
  $("#c-size").textContent = say("of", { n: state.members, cap: state.cap }, root);
  $("#c-only").textContent = count("only", state.members, root);
  $("#c-closes").textContent = say("closes", { life: lasting(state.closes_in) }, root);
  $("#c-rules").textContent = meta.rules ?? "";
  $("#c-rules").hidden = !meta.rules;
  $("#c-uses").max = state.cap;
  $("#c-faces").replaceChildren(...Array.from({ length: Math.min(state.members, most) }, (_, i) => wings(copyOf("t-face"), [3 * i + 1, 5 * i + 2, i])));
  $("#c-ending").hidden = !(state.rule === "maker" && state.me.maker);
  toggle("turn", state.turn);
  const words = phraseIn(meta.lang, phrase);
  for (const el of document.querySelectorAll("[data-phrase]")) el.textContent = words;
}

whenRead(head);
whenOutside(() => show("outside"));

// — What is pressed —

on("#c-make", "submit", () => make($("#c-make")));
for (const button of document.querySelectorAll("[data-keeps]")) {
  button.addEventListener("click", () =>
    attempt(async () => {
      await navigator.clipboard.writeText(location.href);
      announce(say("copied", {}, root));
      button.textContent = say("copied", {}, root);
    }),
  );
}
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
      if (e.sentence || e instanceof TypeError) throw e;
      show("wrong-key");
    }
  });
} else {
  show("no-key");
}
