// Words. This file and its neighbours hold none of their own: every sentence is a
// data-say-* attribute in the page's language, with {n} for a number and {life}
// for a time. Most stand on #live, those of a form on the form.

const plural = new Intl.PluralRules(document.documentElement.lang || "en");

/** The sentence called key, filled with vars; the one nearest to from wins. */
export function say(key, vars = {}, from = null) {
  const holder = `[data-say-${key}]`;
  const words = (from?.closest(holder) ?? document.querySelector(holder))?.getAttribute(`data-say-${key}`) ?? "";
  return words.replace(/\{(\w+)\}/g, (_, name) => vars[name] ?? "");
}

/** The sentence called key in the form that n takes: key-one or key-many. */
export function count(key, n, from = null) {
  return say(`${key}-${plural.select(n) === "one" ? "one" : "many"}`, { n }, from);
}

/**
 * A time in its two largest units, from the page's own unit words. It counts as
 * the server's words.Life does, so that a label never jumps when this file takes
 * over: begun seconds are whole, minutes and hours are rounded.
 */
export function lasting(seconds) {
  const s = Math.max(0, Math.ceil(seconds));
  if (s < 60) return unit("s", s);
  const min = Math.floor((s + 30) / 60);
  if (min < 60) return unit("min", min);
  if (min < 24 * 60) return two(unit("h", Math.floor(min / 60)), unit("min", min % 60), min % 60);
  const h = Math.floor((s + 1800) / 3600);
  return two(unit("d", Math.floor(h / 24)), unit("h", h % 24), h % 24);
}

/** What is said on a post: "3 h 12 min left". */
export const left = (seconds) => say("left", { life: lasting(seconds) });

// A page that is not live (the composer alone, a refusal) brings no unit words;
// the symbols of the units are the same everywhere.
const unit = (name, n) => say(`left-${name}`, { n }) || `${n} ${name}`;

const two = (large, small, rest) => (rest ? `${large} ${small}` : large);

// — Announcements: one polite region for the whole page —

const region = document.getElementById("status");
const pause = 10_000; // ms between two counts
const tally = new Map(); // key → how many
let told = -pause;
let timer = 0;

/** Says something at once to those who listen. */
export function announce(text) {
  if (region && text) region.textContent = text;
}

/** Counts something that is announced with others of its kind, at most every 10 s. */
export function tell(key) {
  tally.set(key, (tally.get(key) ?? 0) + 1);
  timer ||= setTimeout(flush, Math.max(1000, told + pause - performance.now()));
}

function flush() {
  announce([...tally].map(([key, n]) => count(key, n)).join(". "));
  tally.clear();
  timer = 0;
  told = performance.now();
}
