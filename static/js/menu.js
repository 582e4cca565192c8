// The menu of a post: its link, and what its reader would rather not see. What is
// hidden or muted is known to this browser alone; it folds to a line that opens.

import { day, kept, watch } from "./keep.js";
import { idOf } from "./post.js";
import { say } from "./say.js";

const menu = document.getElementById("more"); // on pages that are live
const button = document.getElementById("more-button")?.content.firstElementChild;
const thread = document.querySelector('#posts[data-order="thread"] article')?.id.slice(2);
const nameOf = (article) => article.querySelector(".who").textContent;

// — A button for each post —

/** Gives article its button, and folds it if its reader wants that. */
function equip(article) {
  const acts = article.querySelector(".acts");
  if (!acts || acts.querySelector(".menu")) return;
  const end = acts.querySelector(".end") ?? acts.appendChild(Object.assign(document.createElement("span"), { className: "end" }));
  end.append(button.cloneNode(true));
}

// — Folding —

const week = 7 * day;
const month = 30 * day;

// Tags are links with their key, or words that begin with #.
function tagsOf(article) {
  const linked = [...article.querySelectorAll("[data-tag]")].map((a) => a.dataset.tag);
  const words = article.querySelector(".post-text, .tile-text, .reply-body > p")?.textContent ?? "";
  const written = [...words.matchAll(/(?<![\p{L}\p{N}&/_#])#([\p{L}\p{M}\p{N}_]+)/gu)].map((m) => m[1].normalize("NFKC").toLowerCase());
  return [...new Set(linked.length > 0 ? linked : written)];
}

const voice = (article) => article.dataset.voice && `${thread}/${article.dataset.voice}`;

// What stands in place of article, or "": hidden, its name muted, or one of its tags.
function instead(article) {
  if (kept.get("hidden", idOf(article))) return say("hidden");
  if (kept.get("name", voice(article))) return say("muted", { name: nameOf(article) });
  const tag = tagsOf(article).find((t) => kept.get("tag", t));
  return tag ? say("muted", { name: `#${tag}` }) : "";
}

function fold(article) {
  article.querySelector(":scope > .folded")?.remove();
  const text = "open" in article.dataset ? "" : instead(article);
  article.toggleAttribute("data-folded", text !== "");
  if (!text) return;
  const line = document.createElement("p");
  line.className = "folded meta";
  const open = document.createElement("button");
  open.type = "button";
  open.className = "act";
  open.textContent = say("show");
  line.append(text, open);
  article.prepend(line);
}

const articles = () => document.querySelectorAll("#posts > article, #replies > article");

function foldAll() {
  for (const article of articles()) fold(article);
  hush();
}

// What is folded is shown by no answer to it either.
function hush() {
  for (const ref of document.querySelectorAll("a.ref")) ref.classList.toggle("mute", document.querySelector(`${ref.hash}[data-folded]`) !== null);
}

document.addEventListener("click", ({ target }) => {
  if (!target.matches?.(".folded button")) return;
  const article = target.closest("article");
  kept.drop("hidden", idOf(article));
  article.dataset.open = "";
  fold(article);
  hush();
  article.querySelector(".menu")?.focus();
});

// — The menu —

let of = null; // the article it is open for

document.addEventListener("click", ({ target }) => {
  const more = target.closest?.(".menu");
  if (more) show(more.closest("article"));
});

function show(article) {
  of = article;
  const id = idOf(article);
  const part = (name) => menu.querySelector(`[data-do="${name}"]`);
  menu.querySelector(".who").replaceWith(Object.assign(article.querySelector(".who").cloneNode(true), { id: "more-name" }));
  menu.querySelector("#more-link").value = link(article);
  part("qr").href = `/p/${id}/qr`;
  part("report").href = `/p/${id}/report`;
  part("report").hidden = article.matches(".prompt") || article.querySelector(".remove") !== null; // the host's, or one's own
  part("name").hidden = !voice(article);
  write(part("name"), kept.get("name", voice(article)) ? "unmute" : "mute-name", nameOf(article));
  for (const old of menu.querySelectorAll("[data-tag]")) old.remove();
  for (const tag of tagsOf(article).slice(0, 5)) {
    const row = part("name").cloneNode(true);
    row.hidden = false;
    row.dataset.do = "tag";
    row.dataset.tag = tag;
    write(row, kept.get("tag", tag) ? "unmute" : "mute-tag", `#${tag}`);
    part("name").after(row);
  }
  menu.showModal();
  menu.querySelector("[data-copy]").focus(); // not the field before it, which would bring up a keyboard
}

const write = (row, key, name) => (row.lastElementChild.textContent = say(key, { name }));

// What is passed on says so, that its author may be told how many came (?s).
function link(article) {
  const id = idOf(article);
  const root = thread ?? id;
  const code = document.getElementById(`p-${root}`)?.dataset.s;
  return `${location.origin}/p/${root}${code ? `?s=${code}` : ""}${id === root ? "" : `#p-${id}`}`;
}

const turn = (kind, id, value, ms) => (kept.get(kind, id) ? kept.drop(kind, id) : kept.put(kind, id, value, ms));

const work = {
  hide: () => kept.put("hidden", idOf(of), true, week),
  name: () => turn("name", voice(of), nameOf(of), week),
  tag: (row) => turn("tag", row.dataset.tag, true, month),
};

menu?.addEventListener("click", ({ target }) => {
  const row = target.closest("[data-do]");
  if (target !== menu && !row) return; // beside it, or on one of its rows
  work[row?.dataset.do]?.(row);
  if (work[row?.dataset.do]) delete of.dataset.open;
  if (!row?.href) menu.close();
  foldAll();
  of.querySelector(".folded button")?.focus();
});

document.addEventListener("mayfly:ended", ({ detail: el }) => {
  kept.drop("hidden", el.dataset.was);
  if (el === of) menu?.close();
});

// — What is on the page, and what comes —

if (menu) {
  for (const article of articles()) equip(article);
  foldAll();
  watch(foldAll);
  document.addEventListener("mayfly:came", ({ detail: article }) => {
    equip(article);
    fold(article);
  });
  document.addEventListener("mayfly:landed", hush);
  document.addEventListener("mayfly:drawn", ({ detail: article }) => equip(article));
}
