// Drafts: what is being written is kept in this browser until it is sent, forgotten,
// or a day old. A form says so in its .draft, which only a script shows.

import { day, kept } from "./keep.js";

const written = "textarea, input:not([type]), input[type=text], input[type=number]";
const formOf = (el) => el.closest?.("#composer, #talk");
const fields = (form) => [...form.querySelectorAll(written)].filter((f) => f.name);
const nameOf = (form) => form.getAttribute("action");

document.addEventListener("input", ({ target, isTrusted }) => {
  const form = isTrusted && formOf(target); // what is put back below is no day younger for it
  if (form) keep(form);
});

function keep(form) {
  const words = fields(form).flatMap((f) => (f.value.trim() ? [[f.name, f.value]] : []));
  if (words.length > 0) kept.put("draft", nameOf(form), words, day);
  else kept.drop("draft", nameOf(form));
  show(form, words.length > 0);
}

const show = (form, is) => form.querySelector(".draft")?.toggleAttribute("hidden", !is);

function restore(form) {
  const draft = new Map(kept.get("draft", nameOf(form)));
  for (const field of fields(form)) {
    const words = draft.get(field.name);
    if (!words || field.value) continue; // what the server gave back is newer
    field.value = words;
    field.closest("details")?.setAttribute("open", "");
    field.dispatchEvent(new Event("input", { bubbles: true })); // it is counted, and sized
  }
  show(form, draft.size > 0);
}

document.addEventListener("click", ({ target }) => {
  if (!target.matches?.(".draft button")) return;
  const form = formOf(target);
  kept.drop("draft", nameOf(form));
  for (const field of fields(form)) field.value = field.defaultValue = "";
  show(form, false);
  form.querySelector("#body").dispatchEvent(new Event("input", { bubbles: true }));
  form.querySelector("#body").focus();
});

// The answer to what was sent names it; its draft is needed no more.
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (ctx.response?.headers.get("Mayfly-Post")) kept.drop("draft", nameOf(ctx.sourceElement));
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const form = formOf(ctx.sourceElement);
  if (form) restore(document.getElementById(form.id));
});

for (const form of document.querySelectorAll("#composer, #talk")) restore(form);
