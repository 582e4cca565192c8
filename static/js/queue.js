// The queue of an admin: decisions without leaving the page, keys, and what others
// decide, report or write meanwhile. Without it every decision is a form.

import { adopt, leave, leaving, speak } from "./life.js";
import { parse, reason, send } from "./net.js";
import { find, idOf } from "./post.js";
import { announce, say } from "./say.js";

const cases = document.getElementById("cases");
const none = document.getElementById("none");
const all = () => [...cases.querySelectorAll(".case")].filter((el) => !leaving(el));

// — Decisions —

cases.addEventListener("submit", async (e) => {
  e.preventDefault();
  const { target: form, submitter } = e;
  const article = form.closest(".case");
  const fields = { ...Object.fromEntries(new FormData(form)), [submitter.name]: submitter.value };
  article.dataset.deciding = "";
  for (const b of article.querySelectorAll("button")) b.disabled = true;
  const { ok, status, text } = await send(form.action, fields);
  for (const b of article.querySelectorAll("button")) b.disabled = false;
  delete article.dataset.deciding;
  if (!ok) {
    complain(article, reason(text) || say("refused"));
    if (status === 404 || status === 409) look();
    return;
  }
  if (submitter.value === "answer") form.reset();
  if (!cases.dataset.again) leavePage(submitter.value);
  else if (["keep", "remove"].includes(submitter.value)) remove(article, true);
  look();
});

// A page with the one post that was asked for has nothing to show without it.
function leavePage(decided) {
  if (decided === "remove") location.assign("/admin/queue");
  else location.reload();
}

function complain(article, text) {
  article.querySelector(".err")?.remove();
  const p = document.createElement("p");
  p.className = "err";
  p.textContent = text;
  article.querySelector(".choose").after(p);
  announce(text);
}

// The next case takes the place of one that goes, and its focus where it had that.
function remove(article, focused = article.contains(document.activeElement)) {
  const list = all();
  const next = list[list.indexOf(article) + 1] ?? list[list.indexOf(article) - 1];
  leave(article);
  article.addEventListener("animationend", () => article.remove(), { once: true });
  setTimeout(() => article.remove(), 1200);
  if (none) none.hidden = all().length > 0;
  if (focused) (next ?? none)?.focus();
}

document.addEventListener("mayfly:emptied", ({ detail: el }) => {
  if (el.matches(".case")) el.remove();
  if (none) none.hidden = all().length > 0;
});

// — Keys, while a case has the focus: j and k go on and back, 1 to 5 decide, 6 answers —

cases.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches("textarea, select, input")) return;
  const here = e.target.closest(".case");
  const list = all();
  if (e.key === "j" || e.key === "k") list[list.indexOf(here) + (e.key === "j" ? 1 : -1)]?.focus();
  else if (e.key === "6") {
    here.querySelector(".answers").open = true;
    here.querySelector("textarea").focus();
  } else {
    const button = /^[1-5]$/.test(e.key) && here.querySelector(`[data-key="${e.key}"]`);
    if (!button) return;
    button.click();
  }
  e.preventDefault();
});

if (document.activeElement === document.body && !location.hash && !matchMedia("(pointer: coarse)").matches) all()[0]?.focus({ preventScroll: true });

// — What happens meanwhile —

let asking = false;

async function look() {
  if (asking || document.hidden || !cases.dataset.again) return;
  asking = true;
  try {
    const answer = await fetch(`${cases.dataset.again}?state=${cases.dataset.state}`, { cache: "no-store" });
    if (answer.redirected) location.reload(); // signed out
    else if (answer.status === 200) land(parse(await answer.text()));
  } catch {
    // the next look will tell
  } finally {
    asking = false;
  }
}

function land(page) {
  const fresh = page.getElementById("cases");
  if (!fresh) return;
  cases.dataset.state = fresh.dataset.state;
  const came = [...fresh.querySelectorAll(".case")];
  const ids = new Set(came.map(idOf));
  for (const article of all()) if (!ids.has(idOf(article))) remove(article);
  for (const copy of came) {
    const article = find(idOf(copy));
    if (article?.contains(document.activeElement) || article && "deciding" in article.dataset || article?.querySelector("textarea")?.value) continue; // not from under a finger
    if (article) article.replaceWith(copy);
    else cases.append(copy);
    adopt(copy);
    speak("landed", copy);
  }
  for (const link of document.querySelectorAll('a[href="/admin/queue"]')) {
    const other = page.querySelector('a[href="/admin/queue"] .count');
    link.querySelector(".count")?.remove();
    if (other) link.append(other.cloneNode(true));
  }
  const lead = page.querySelector(".page-head p");
  if (lead) document.querySelector(".page-head p").textContent = lead.textContent;
  if (none) none.hidden = came.length > 0;
}

setInterval(look, 3000);
document.addEventListener("visibilitychange", look);
