// What changes in a post or reply while it lives: its counts, its vote buttons, its
// one line, the mark of whoever wrote it. The markup is that of views/post.templ.
//
// Says on document, each with the article: mayfly:drawn when its form is a fresh one,
// mayfly:mine when it is marked.

import { leaving, relive, speak } from "./life.js";
import { announce, say } from "./say.js";

/** The article of id, if it is on the page and alive. */
export const find = (id) => document.getElementById(`p-${id}`);

/** The id of an article. */
export const idOf = (article) => article.id.slice(2);

/** All articles within root that have not begun to leave. */
export const living = (root) => [...root.querySelectorAll("article")].filter((el) => !leaving(el));

/** Brings article up to the news of a changed element. */
export function change(article, news) {
  const d = news.dataset;
  write(article, ".heart", d.hearts, d.heartLabel);
  write(article, ".down", null, d.downLabel);
  write(article, ".replies-link", d.replies, d.repliesLabel);
  if (d.left) {
    article.toggleAttribute("data-saves", "saves" in d);
    acts(article).dataset.gift = d.gift ?? "";
    relive(article, Number(d.left), Number(d.span));
  }
  line(article, news.querySelector(".score-low"));
  if (d.vote) press(article, d.vote);
  else alike(article, news);
}

// The line that leads to what is folded under a post.
function alike(article, from) {
  const fresh = from.querySelector(".alike");
  if (article.querySelector(".alike")?.contains(document.activeElement) && fresh) return;
  article.querySelector(".alike")?.remove();
  if (fresh) acts(article).before(fresh);
}

/** Brings article up to a fresh copy of itself, as its reader sees it. */
export function renew(article, copy) {
  if (acts(article).contains(document.activeElement)) { // don't take the button from under a finger
    for (const part of [".heart", ".down", ".replies-link"]) {
      const from = copy.querySelector(part);
      if (from) write(article, part, from.querySelector("span")?.textContent, from.getAttribute("aria-label"));
    }
    press(article, voteOf(copy));
  } else {
    acts(article).replaceWith(acts(copy));
    speak("drawn", article);
  }
  alike(article, copy);
  article.toggleAttribute("data-saves", copy.hasAttribute("data-saves"));
  if ("left" in copy.dataset) relive(article, Number(copy.dataset.left), Number(copy.dataset.span));
}

const acts = (article) => article.querySelector(".acts");

function write(article, part, number, label) {
  const el = article.querySelector(part);
  if (!el) return;
  if (number != null && el.querySelector("span")) el.querySelector("span").textContent = number;
  if (label != null) el.setAttribute("aria-label", label);
}

// — The one line under a post: its score, a last chance, or why a vote failed —

function line(article, low) {
  for (const old of article.querySelectorAll(".score-low, .rescue, .said")) old.remove();
  if (low) put(article, low);
  else if (article.dataset.state === "dying" && article.hasAttribute("data-saves")) put(article, span("rescue", say("rescue")));
}

function put(article, el) {
  const end = acts(article).querySelector(".end");
  if (end) end.before(el);
  else acts(article).append(el);
}

function span(name, text) {
  const el = document.createElement("span");
  el.className = name;
  el.textContent = text;
  return el;
}

document.addEventListener("mayfly:turned", (e) => {
  if (acts(e.target)) line(e.target, e.target.querySelector(".score-low"));
});

/** Says on article why something was refused. */
export function refuse(article, text) {
  article.querySelector(".said")?.remove();
  put(article, span("said", text));
  announce(text);
}

// — Votes: a button sends what it stands for, or none when it is pressed —

const buttons = { heart: ".heart", down: ".down" };

/** The vote that article shows as its reader's. */
export function voteOf(article) {
  return Object.keys(buttons).find((v) => article.querySelector(buttons[v])?.getAttribute("aria-pressed") === "true") ?? "none";
}

/** Shows vote as the reader's; the heart that is new on this page beats once. */
export function press(article, vote) {
  const was = voteOf(article);
  for (const [v, selector] of Object.entries(buttons)) {
    const b = article.querySelector(selector);
    if (!b) continue;
    b.setAttribute("aria-pressed", String(v === vote));
    b.value = v === vote ? "none" : v;
    b.classList.toggle("just", v === vote && v !== was);
  }
  const { gift } = acts(article).dataset;
  acts(article).querySelector(".gift")?.remove();
  if (vote === "heart" && gift) (article.querySelector(".replies-link") ?? article.querySelector(".down")).after(span("gift", gift));
}

/** Counts a vote before the server has: the number of hearts alone. */
export function countHeart(article, by) {
  const n = article.querySelector(".heart span");
  if (n) n.textContent = Math.max(0, Number(n.textContent) + by);
}

// — "you": what the page alone knows of a post that everybody was sent —

/** Marks article as its reader's own, with the button that removes it. */
export function mark(article) {
  const mine = document.getElementById("mine");
  if (!mine || article.querySelector(".remove")) return;
  const parts = mine.content.cloneNode(true);
  const button = parts.querySelector(".remove");
  button.setAttribute("formaction", `/p/${idOf(article)}/delete`);
  const row = article.querySelector(".row");
  row.insertBefore(parts.querySelector(".badge"), row.querySelector(".self"));
  const end = acts(article).querySelector(".end") ?? acts(article).appendChild(span("end", ""));
  end.prepend(button);
  speak("mine", article);
}
