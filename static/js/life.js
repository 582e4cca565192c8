// Lives: the clock, the labels, the wick, and how a post leaves. A wick is SVG
// attributes and a state is data-state, so nothing here writes a style.
//
// Says on document: mayfly:ended when an article begins to leave (detail: it, with
// its id in data-was), mayfly:emptied when its words are gone, mayfly:slept when
// time was missed.

import { left as leftSays } from "./say.js";

const lastMinute = 60; // seconds
const longest = 10; // seconds between two looks at the clock
const finest = 600; // steps a wick burns down in: about a pixel each

const lives = new Map(); // element → { ends, span }, in seconds of now()

// — The clock. A phone's wrong date can't move it, and sleep counts —

let skipped = 0;
let drift = Date.now() - performance.now();

/** Seconds that have passed, those the machine slept through included. */
export function now() {
  const d = Date.now() - performance.now();
  const jump = d - drift;
  if (Math.abs(jump) > 1000) {
    drift = d;
    if (jump > 0) {
      skipped += jump; // performance.now() may stand still in sleep
      queueMicrotask(() => speak("slept"));
    }
  }
  return (performance.now() + skipped) / 1000;
}

/** Says on document that something happened: mayfly:what. */
export const speak = (what, detail) => document.dispatchEvent(new CustomEvent(`mayfly:${what}`, { detail }));

// — One timer for the whole page, set to the next moment anything changes —

let timer = 0;

/** Takes el's data-left and data-span, as they were at the moment at, to heart. */
export function adopt(el, at = now()) {
  if (!("left" in el.dataset)) return; // a reply has no clock of its own
  const left = Number(el.dataset.left);
  lives.set(el, { ends: at + left, span: Number(el.dataset.span) || left });
  for (const a of el.querySelectorAll(".wick animate")) a.remove();
  plan();
}

/** Stops counting for an element that never came onto the page. */
export const release = (el) => lives.delete(el);

/** Looks at every life once, and again when the next label or state is due. */
export function tick() {
  const t = now();
  let next = longest;
  for (const [el, life] of lives) {
    const left = life.ends - t;
    if (left <= 0) {
      leave(el);
      continue;
    }
    show(el, left, life.span);
    next = Math.min(next, Math.max(1, life.span / finest), left > lastMinute ? left - lastMinute : left - Math.ceil(left) + 1);
  }
  clearTimeout(timer);
  timer = setTimeout(tick, next * 1000 + 5);
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(tick);
}

function show(el, left, span) {
  const time = el.querySelector(".left time");
  if (!time) return; // a tomb says nothing of its time
  const words = leftSays(left);
  if (words && time.textContent !== words) {
    time.textContent = words;
    time.dateTime = `PT${Math.ceil(left)}S`;
  }
  if (left < lastMinute !== (el.dataset.state === "dying")) turn(el, left < lastMinute);
  burn(el, left, span);
}

// The animation that burns a wick down without a script is drawn sixty times a
// second, and would keep a phone warm for a line that moves a pixel in minutes. So
// the page's timer moves it instead; what is quick enough to be seen, a transition.
function burn(el, left, span) {
  const share = `${(Math.min(1, left / Math.max(span, left)) * 100).toFixed(2)}%`;
  el.querySelector(".wick-life")?.setAttribute("width", share);
  for (const end of el.querySelectorAll(".wick circle")) end.setAttribute("cx", share);
}

function turn(el, dying) {
  if (dying) el.dataset.state = "dying";
  else delete el.dataset.state;
  el.dispatchEvent(new CustomEvent("mayfly:turned", { bubbles: true }));
}

// — Changes: a vote, a reply, or a return moved a life —

/** Gives el another end: its wick grows or shrinks there, and burns on. */
export function relive(el, left, span) {
  const t = now();
  const was = (lives.get(el)?.ends ?? t) - t;
  lives.set(el, { ends: t + left, span });
  if (left > was + 1) flare(el);
  plan();
}

function flare(el) {
  const wick = el.querySelector(".wick");
  wick?.classList.add("fed");
  setTimeout(() => wick?.classList.remove("fed"), 900);
}

// — Endings: dissolve, keep the empty space while it is in sight, then go —

/** Whether el is on its way out. */
export const leaving = (el) => el.dataset.state === "leaving" || el.dataset.state === "spent";

/** Lets el go; place, if any, is the line that will stand where it was. */
export function leave(el, place = null) {
  lives.delete(el);
  if (leaving(el)) return;
  el.dataset.was = el.id.slice(2);
  if (!el.isConnected) {
    speak("ended", el);
    return;
  }
  whenUnfocused(el, async () => {
    if (leaving(el)) return;
    el.removeAttribute("id"); // from here on nobody finds it
    el.dataset.state = "leaving";
    el.inert = true;
    speak("ended", el);
    if (!document.hidden) await settled(el);
    empty(el, place);
  });
}

/** Resolves when el's own animations have ended. */
export const settled = (el) => Promise.allSettled(el.getAnimations().map((a) => a.finished));

// Somebody who came with the keyboard is inside: let them leave first. Who pressed
// a button with a finger has left already.
function whenUnfocused(el, go) {
  if (!el.contains(document.activeElement) || !el.querySelector(":focus-visible")) {
    go();
    return;
  }
  const out = (e) => {
    if (el.contains(e.relatedTarget)) return;
    el.removeEventListener("focusout", out);
    go();
  };
  el.addEventListener("focusout", out);
}

// The words leave the page now; a blank as high as they were stays, so that
// nothing moves that somebody is reading.
function empty(el, place) {
  place ??= el.querySelector(":scope > .tomb"); // which came while it was leaving
  const blank = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  blank.setAttribute("class", "blank");
  blank.setAttribute("height", el.offsetHeight);
  el.inert = false;
  el.dataset.state = "spent";
  el.removeAttribute("aria-labelledby");
  el.replaceChildren(blank, ...(place ? [place] : []));
  if (place) adopt(place);
  sight.observe(el);
  speak("emptied", el);
}

const sight = new IntersectionObserver((entries) => {
  for (const e of entries) if (!e.isIntersecting) close(e.target, e.boundingClientRect.bottom < 0);
});

function close(el, above) {
  sight.unobserve(el);
  const place = el.querySelector(".tomb");
  const height = document.documentElement.scrollHeight;
  if (place && !leaving(place)) el.replaceWith(place);
  else el.remove();
  if (above && !CSS.supports("overflow-anchor", "auto")) scrollBy(0, document.documentElement.scrollHeight - height);
}

/** Takes all blanks out of list: nothing is left in it that could move. */
export function closeGaps(list) {
  for (const el of list.querySelectorAll('[data-state="spent"]')) close(el, false);
}
