// A thread's page: a reply that answers another one, and the answers to oneself.

import { passing, day } from "./keep.js";
import { known } from "./live.js";
import { idOf } from "./post.js";
import { count, say, tell } from "./say.js";

// — Answering in place: the form's #to says whose reply it answers —

document.addEventListener("click", (e) => {
  if (e.ctrlKey || e.metaKey || e.shiftKey) return; // another tab, another window
  const quote = e.target.closest?.("a.quote");
  const row = document.getElementById("to");
  if (!row || (!quote && !e.target.closest?.("#to a"))) return;
  e.preventDefault();
  answer(row, quote?.closest("article"));
});

function answer(row, article) {
  row.hidden = !article;
  row.querySelector("[name=to]").value = article ? idOf(article) : "";
  if (article) row.querySelector(".ref").replaceChildren(...words(article));
  document.querySelector("#talk #body").focus();
}

// As views/post.templ draws it.
function words(article) {
  const who = article.querySelector(".who").cloneNode(true);
  who.removeAttribute("id");
  const to = Object.assign(document.createElement("span"), { className: "vh", textContent: say("to") });
  const quote = Object.assign(document.createElement("q"), { dir: "auto", textContent: article.querySelector(".reply-body > p").innerText.split("\n")[0] });
  return [article.querySelector(".quote svg").cloneNode(true), to, " ", who, " ", quote];
}

// — References: what they show leaves with the reply it is of —

function lose(ref) {
  const gone = Object.assign(document.createElement("span"), { className: "ref" });
  gone.append(ref.querySelector("svg"), ` ${say("to-gone")}`);
  ref.replaceWith(gone);
}

document.addEventListener("mayfly:ended", ({ detail: el }) => {
  for (const ref of document.querySelectorAll(`a.ref[href="#p-${el.dataset.was}"]`)) lose(ref);
  const row = document.getElementById("to");
  if (row?.querySelector("[name=to]").value === el.dataset.was) lose(row.querySelector(".ref"));
});

document.addEventListener("mayfly:came", ({ detail: article }) => {
  const ref = article.querySelector("a.ref");
  if (ref && !known(answered(ref))) lose(ref); // it ended while its answer was on the way
});

const answered = (ref) => ref.getAttribute("href").slice(3);

// — Answers to oneself that have not been in sight yet —

const pill = document.getElementById("answers");
const unseen = new Set();

const mine = (article) => article?.querySelector(".remove");

// A reply to one of mine; where the post is mine, one to nobody in particular.
function isToMe(article) {
  if (mine(article) || "folded" in article.dataset || passing.get("seen", idOf(article))) return false;
  const ref = article.querySelector(".ref");
  return Boolean(mine(ref ? ref.href && known(answered(ref)) : document.querySelector("#posts article")));
}

const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) {
      passing.put("seen", idOf(target), true, 7 * day);
      forget(target);
    } else if (!unseen.has(target)) {
      unseen.add(target);
      tell("answers");
    }
  }
  show();
});

function forget(article) {
  sight.unobserve(article);
  unseen.delete(article);
}

function show() {
  const [first] = [...unseen].sort((a, b) => a.compareDocumentPosition(b) & 2 || -1);
  pill.hidden = !first;
  if (!first) return;
  pill.href = `#${first.id}`;
  pill.textContent = count("answers", unseen.size);
}

for (const article of document.querySelectorAll("#replies > article")) if (isToMe(article)) sight.observe(article);
document.addEventListener("mayfly:landed", ({ detail: article }) => isToMe(article) && sight.observe(article));
document.addEventListener("mayfly:ended", ({ detail: el }) => {
  forget(el);
  show();
});
