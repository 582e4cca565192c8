// Writing: the characters left, the wait after a refusal, new limits, and words that
// survive whatever happens around them. htmx sends the forms; their own answers
// take their places.

import { speak } from "./life.js";
import { reason } from "./net.js";
import * as proof from "./proof.js";
import { announce, count, lasting, say } from "./say.js";

const formOf = (el) => el.closest("#composer, #talk");
const bodyOf = (form) => form.querySelector("#body");

/** Whether somebody is in the middle of writing. */
export const typing = () => [...document.querySelectorAll("main textarea, #warning, #alt, #picture")].some((t) => t.value !== t.defaultValue);

// — Characters left —

const few = 100; // how many are left when a reply's form begins to count

function showRoom(form) {
  const max = Number(form.dataset.max ?? form.querySelector("#limits")?.dataset.max);
  const body = bodyOf(form);
  if (!max || !body) return;
  const used = [...body.value.replaceAll("\r\n", "\n")].length;
  const left = max - used;
  setSize(body, used);
  const room = roomOf(form, left);
  if (!room) return;
  room.textContent = count(left < 0 ? "over" : "room", Math.abs(left), form);
  room.classList.toggle("over", left < 0);
}

// Words on a card are set by their number, as the server sets them.
function setSize(body, used) {
  const { brief, lengthy } = body.dataset;
  if (!brief) return; // a reply stands on no card
  body.classList.toggle("brief", used <= Number(brief));
  body.classList.toggle("lengthy", used > Number(lengthy));
}

function roomOf(form, left) {
  const room = form.querySelector("#room");
  if (form.id !== "talk") return room;
  if (left >= few) {
    room?.remove();
    return null;
  }
  if (room) return room;
  const made = document.createElement("span");
  made.id = "room";
  made.className = "room";
  bodyOf(form).after(made);
  return made;
}

document.addEventListener("input", (e) => {
  const form = formOf(e.target);
  if (form && e.target.id === "body") showRoom(form);
});

// Words stand in the middle of a card, and are smaller than it.
document.addEventListener("click", ({ target }) => {
  if (target.matches?.(".face")) target.querySelector("#body").focus();
});

// — Pictures: picture.js comes when somebody reaches for one —

let picking = 0; // pictures that are being made ready
let wanted = false; // who wrote has asked to send meanwhile

/** A post without a picture needs words. */
export function required(form) {
  const fold = form.querySelector("#photo");
  bodyOf(form).required = !fold || !("has" in fold.dataset || picking);
}

async function picture(input) {
  const { form } = input;
  picking++;
  try {
    const { pick } = await import(input.closest("[data-script]").dataset.script);
    await pick(input);
  } finally {
    picking--;
    required(form);
  }
  if (picking || !wanted) return;
  wanted = false;
  if ("has" in form.querySelector("#photo").dataset) form.requestSubmit(form.querySelector("#send"));
}

document.addEventListener("change", ({ target }) => {
  if (target.id === "picture") picture(target);
});

// Who asks for a picture is asked for the file at once.
document.addEventListener("click", ({ target }) => {
  const fold = target.closest?.("#photo > summary")?.parentElement;
  if (fold && !fold.open && !("has" in fold.dataset)) fold.querySelector("#picture").click();
});

document.addEventListener("paste", (e) => {
  const { files, types } = e.clipboardData;
  const input = e.target.closest?.("#composer")?.querySelector("#picture");
  if (!input || !files[0]?.type.startsWith("image/") || types.includes("text/plain")) return; // tables come as both
  e.preventDefault();
  input.files = files;
  picture(input);
});

// — Sending —

document.addEventListener("keydown", (e) => {
  if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey) || e.target.id !== "body") return;
  e.target.form.requestSubmit(e.target.form.querySelector("#send"));
});

// What waits is not sent, and what a picture is still missing from is sent with it;
// before htmx hears of it.
document.addEventListener(
  "submit",
  (e) => {
    const unready = picking > 0 && e.target.id === "composer";
    if (unready) wanted = true;
    if (unready || e.target.querySelector('#send[aria-disabled="true"]')) {
      e.preventDefault();
      e.stopPropagation();
    }
  },
  true,
);

// — Being asked in private: chat-keys.js makes keys for this post alone as it is sent —

const keyed = new WeakSet(); // forms that carry them just now

const chatKeys = (form) => import(form.querySelector("#offer-chat").dataset.script);

document.addEventListener(
  "submit",
  (e) => {
    const form = e.target;
    if (e.defaultPrevented || !form.querySelector("#asks:checked") || keyed.has(form)) return;
    e.preventDefault();
    e.stopPropagation();
    const { submitter } = e;
    keyed.add(form);
    chatKeys(form)
      .then(({ offer }) => offer(form))
      .then(
        () => form.requestSubmit(submitter),
        () => {
          keyed.delete(form);
          complain(form, say("no-keys", {}, form.querySelector("#asks")));
        },
      );
  },
  true,
);

function unkey(form, post) {
  if (keyed.delete(form)) chatKeys(form).then(({ settle }) => settle(form, post));
}

addEventListener("pageshow", () => document.querySelectorAll("#composer").forEach((form) => unkey(form, "")));

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement?.id === "composer") unkey(ctx.sourceElement, ctx.response?.headers.get("Mayfly-Post") ?? "");
});

document.addEventListener("htmx:before:request", ({ target }) => hold(target, true));
document.addEventListener("htmx:finally:request", ({ detail }) => hold(detail.ctx.sourceElement, false));

function hold(form, on) {
  const body = form?.matches?.("#composer, #talk") && bodyOf(form);
  if (body) body.readOnly = on || form.querySelector(".checking") !== null;
}

// An answer takes the form's place only if it is that form: a refusal of another
// kind would take the words along.
document.addEventListener("htmx:before:swap", (e) => {
  const { ctx } = e.detail;
  const form = ctx.response && formOf(ctx.sourceElement);
  const challenge = form && proof.asked(ctx.response.headers);
  if (challenge && pay(form, challenge)) {
    e.preventDefault();
    return;
  }
  if (!form || ctx.text.includes(`id="${form.id}"`)) return;
  e.preventDefault();
  complain(form, reason(ctx.text) || say("refused", {}, form));
});

document.addEventListener("htmx:error", ({ detail }) => {
  const form = detail.ctx && formOf(detail.ctx.sourceElement);
  if (form) complain(form, say(navigator.onLine ? "refused" : "offline", {}, form));
});

// A form that costs a proof of work stays as it is, and is sent again with one; asked
// for the fourth time, it says so instead.
const tries = new WeakMap();

function pay(form, challenge) {
  const n = (tries.get(form) ?? 0) + 1;
  tries.set(form, n);
  if (n > 3) return false;
  const send = form.querySelector("#send");
  send.setAttribute("aria-disabled", "true");
  proof.prove(form, challenge).then(
    () => {
      send.removeAttribute("aria-disabled");
      form.requestSubmit();
    },
    () => form.submit(), // without a worker there is the waiting room
  );
  return true;
}

function complain(form, text) {
  form.querySelector("[role=alert]")?.remove();
  const note = document.createElement("p");
  note.className = "note harm";
  note.setAttribute("role", "alert");
  note.textContent = text;
  form.querySelector(".field").prepend(note);
}

// — Waiting: a button with data-wait counts down before it can be pressed —

/** Starts the countdown of every button that has one. */
export function waits() {
  for (const button of document.querySelectorAll("[data-wait]")) wait(button, Number(button.dataset.wait));
}

function wait(button, seconds) {
  const icon = button.querySelector("svg") !== null; // what it does is in its label
  const words = icon ? button.getAttribute("aria-label") : button.textContent;
  const write = (text) => (icon ? button.setAttribute("aria-label", text) : (button.textContent = text));
  button.removeAttribute("data-wait");
  button.setAttribute("aria-disabled", "true");
  countDown(seconds, (left) => {
    if (left > 0) {
      write(say("wait", { life: lasting(left) }, button));
    } else {
      write(words);
      button.removeAttribute("aria-disabled");
    }
  });
}

// The ring of a page that asks to wait empties by itself; its number needs help.
function dial() {
  const number = document.querySelector(".dial-n");
  const ring = number?.parentElement.querySelector("animate");
  if (ring) countDown(parseFloat(ring.getAttribute("dur")), (left) => (number.textContent = lasting(left)));
}

function countDown(seconds, show) {
  const until = performance.now() + seconds * 1000;
  const step = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    show(Math.max(0, left));
    if (left > 0) setTimeout(step, 1000);
  };
  step();
}

document.addEventListener("htmx:after:swap", () => {
  waits();
  for (const form of document.querySelectorAll("#composer")) required(form);
});

// — Limits: a changed setting brings new ones; what was chosen stays if it may —

/** Puts fresh limits in the place of those on the page. */
export function limits(fresh) {
  const talk = document.getElementById("talk");
  if (talk && fresh) {
    talk.dataset.max = fresh.dataset.max;
    showRoom(talk);
  }
  const old = document.getElementById("limits");
  if (!old || !fresh) return;
  for (const was of old.querySelectorAll("input:checked")) {
    const same = fresh.querySelector(`input[name="${was.name}"][value="${CSS.escape(was.value)}"]`);
    if (same) same.checked = true;
  }
  const focused = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (focused) fresh.querySelector("input:checked")?.focus({ preventScroll: true });
  showRoom(formOf(fresh));
}

// Where what the host begins to offer stands in an open form; a reply has a nudge alone.
const stands = {
  photo: (form, field) => form.querySelector("#limits")?.before(field),
  "offer-backdrop": (form, field) => form.querySelector(".extras")?.prepend(field),
  "offer-place": (form, field) => form.querySelector(".extras")?.prepend(field),
  "offer-once": (form, field) => form.querySelector(".extras")?.append(field),
  "offer-unlisted": (form, field) => form.querySelector(".extras")?.after(field),
  "offer-chat": (form, field) => form.querySelector("#send").before(field),
  "offer-nudge": (form, field) => (form.id === "talk" ? bodyOf(form).parentElement.append(field) : form.querySelector("#send").before(field)),
};

const choices = (field) => (field.matches("p") ? field.textContent : [...field.querySelectorAll("[value]")].map((choice) => choice.getAttribute("value")).join());

/** Puts what the host offers now in the place of what was; what was chosen stays if it may. */
export function offers(frame) {
  const form = document.querySelector("#composer, #talk");
  if (!form) return;
  for (const id of Object.keys(stands)) offer(form, id, frame.querySelector(`#${id}`));
  form.enctype = form.querySelector("#photo") ? "multipart/form-data" : "application/x-www-form-urlencoded";
  required(form);
  speak("offered");
}

function offer(form, id, fresh) {
  const old = form.querySelector(`#${id}`);
  if (!fresh) old?.remove();
  else if (!old) stands[id](form, fresh);
  else if (choices(old) !== choices(fresh)) {
    fresh.open = old.open;
    for (const was of old.querySelectorAll(":checked")) {
      const same = fresh.querySelector(`[value="${CSS.escape(was.value)}"]`);
      if (same?.matches("option")) same.selected = true;
      else if (same) same.checked = true;
    }
    old.replaceWith(fresh);
  }
}

/** Says how writing is not as usual from now on. */
export function pace(fresh) {
  const old = document.getElementById("pace");
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  old.replaceWith(fresh);
  if (!fresh.hidden) announce(fresh.textContent);
}

// — Copying: a button with data-copy takes the text of the field it names —

document.addEventListener("click", async (e) => {
  const button = e.target.closest?.("[data-copy]");
  if (!button) return;
  const field = document.querySelector(button.dataset.copy);
  await copy(field);
  const words = button.textContent;
  if (words === say("copied")) return;
  button.textContent = say("copied");
  announce(button.textContent);
  setTimeout(() => (button.textContent = words), 2000);
});

// Outside of https there is no clipboard to write to, but a selection to copy.
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select();
    document.execCommand("copy");
  }
}

// — Sharing: a button with data-share gives the link beside it, under that name, to
// the system's sheet; it is seen where there is one —

document.documentElement.classList.toggle("shares", "share" in navigator);
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-share]");
  if (!button) return;
  const { value } = button.closest(".panel, .sheet").querySelector(".copy input");
  navigator.share({ url: value, title: button.dataset.share }).catch(() => {}); // they changed their mind
});

/** Counts and waits on a page that has just been loaded. */
export function start() {
  waits();
  dial();
  proof.start();
  for (const form of document.querySelectorAll("#composer, #talk")) {
    showRoom(form); // a browser may have kept words
    required(form);
  }
  const input = document.getElementById("picture");
  if (input?.files.length) picture(input); // or a file
}
