// The views of a circle's page: which of them are shown, and what is said where something
// was not done.

import { outside, root, state } from "./circle-session.js";
import { say } from "./say.js";

const views = [...document.querySelectorAll("[data-view]")];

export const $ = (selector, within = document) => within.querySelector(selector);

/** Shows these views and no others. */
export function show(...names) {
  for (const el of views) el.hidden = !names.includes(el.dataset.view);
}

export function toggle(name, on) {
  for (const el of views) if (el.dataset.view === name) el.hidden = !on;
}

export const shown = (name) => views.some((el) => el.dataset.view === name && !el.hidden);

/** Draws wings on a glyph: which upper pair, lower pair and body. */
export function wings(glyph, [upper, lower, body]) {
  const shapes = [`u${upper % 8}`, `l${lower % 8}`, `b${body % 4}`];
  shapes.forEach((shape, i) => glyph.children[i].setAttribute("href", `${root.dataset.wings}#${shape}`));
  return glyph;
}

export const copyOf = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

function fail(words) {
  $("#c-failed").textContent = words;
  toggle("failed", Boolean(words));
}

/** Runs what somebody asked for, and says why it was not done. */
export async function attempt(work, button = null) {
  fail("");
  if (button) button.disabled = true;
  try {
    return await work();
  } catch (e) {
    if (e.status === 404 && state) return outside();
    fail(e.sentence ?? say(e instanceof TypeError ? "offline" : "broken"));
  } finally {
    if (button) button.disabled = false;
  }
}

/** What happens at an element, by attempt and not by the browser. */
export function on(selector, event, work) {
  $(selector)?.addEventListener(event, (e) => {
    e.preventDefault();
    attempt(() => work(e.currentTarget ?? e.target), e.submitter ?? null);
  });
}
