// The views of a circle's page: which of them are shown, and what is said where something
// was not done.

import { outside, root, state } from "./circle-session.js";
import { say } from "./say.js";

const views = [...root.querySelectorAll("[data-view]")];

export const $ = (selector, within = root) => within.querySelector(selector);

/** Shows these views and no others. */
export function show(...names) {
  for (const el of views) el.hidden = !names.includes(el.dataset.view);
}

export function toggle(name, on) {
  for (const el of views) if (el.dataset.view === name) el.hidden = !on;
}

export const shown = (name) => views.some((el) => el.dataset.view === name && !el.hidden);

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
    fail(e.sentence ?? (e instanceof TypeError ? say("offline") : String(e.message)));
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
