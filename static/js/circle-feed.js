// The posts of a circle: asked for, opened, drawn, and what is pressed on them.

import * as seals from "./circle.js";
import { ask, at, here, key, root, state } from "./circle-session.js";
import { $, attempt, copyOf, toggle, wings } from "./circle-views.js";
import { utter } from "./circle-write.js";
import { adopt, relive } from "./life.js";
import { say } from "./say.js";

const { kinds } = seals;
let cursor = "";

export async function load(more = false) {
  const page = await ask("GET", here(`/posts${more ? `?cursor=${cursor}` : ""}`));
  cursor = page.cursor;
  const drawn = await Promise.all(page.posts.map(draw));
  if (more) $("#c-posts").append(...drawn);
  else $("#c-posts").replaceChildren(...drawn);
  for (const el of drawn) adopt(el);
  $("#c-older").hidden = !cursor;
  nothing();
}

export function nothing() {
  const line = $("#c-nothing");
  line.hidden = $("#c-posts").children.length > 0;
  $("h2", line).textContent = state.shows ? say("empty", {}, root) : say("gate", { k: state.k }, root);
  if (!line.hidden && state.members === 1) toggle("first", true);
}

async function opened(post) {
  const reply = post.id !== post.thread;
  const under = key(post.epoch);
  if (!under) return null;
  try {
    const said = await seals.openJSON(under, at(reply ? kinds.reply : kinds.post, post.epoch, seals.idBytes(post.thread)), seals.decode(post.body));
    return typeof said?.w === "string" ? said : null;
  } catch {
    return null;
  }
}

export async function draw(post) {
  const reply = post.id !== post.thread;
  const el = copyOf(reply ? "t-reply" : "t-post");
  el.id = `p-${post.id}`;
  if (!reply) Object.assign(el.dataset, { left: post.left, span: post.span });
  const who = $(".who", el);
  who.textContent = post.name;
  who.id = `n-${post.id}`;
  who.classList.add(`hue-${post.hue}`);
  el.setAttribute("aria-labelledby", who.id);
  $(".glyph", el).classList.add(`hue-${post.hue}`);
  wings($(".glyph", el), post.glyph);
  const said = await opened(post);
  if (!said) $(".post-text", el).replaceWith(copyOf("t-shut"));
  else await fill(el, post, said);
  count(el, post);
  $("[data-removes]", el).hidden = !(post.mine || (state.rule === "maker" && state.me.maker));
  $(".circle-report", el).hidden = post.mine || !said?.f;
  wire(el, post, said);
  return el;
}

const address = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}…’”]/g;

/** Words with their addresses as links: what they lead to is told nothing of the circle. */
function linked(words) {
  const parts = [];
  let end = 0;
  for (const found of words.matchAll(address)) {
    const link = document.createElement("a");
    Object.assign(link, { href: found[0], textContent: found[0], rel: "noopener noreferrer nofollow ugc", referrerPolicy: "no-referrer" });
    parts.push(words.slice(end, found.index), link);
    end = found.index + found[0].length;
  }
  return [...parts, words.slice(end)];
}

async function fill(el, post, said) {
  const words = $(".post-text", el);
  words.replaceChildren(...linked(said.w));
  words.hidden = !said.w;
  if (/^[a-z]+$/.test(said.card ?? "") && !said.pic) {
    $(".circle-post", el)?.classList.add("tile", `bd-${said.card}`);
    words.classList.replace("post-text", "tile-text");
  }
  if (!post.picture) return;
  const img = document.createElement("img");
  img.alt = said.alt ?? "";
  img.className = "circle-photo";
  if (said.pic) Object.assign(img, { width: said.pic.w, height: said.pic.h });
  words.after(img);
  try {
    const box = await ask("GET", here(`/posts/${post.id}/picture`));
    const bytes = await seals.open(key(post.epoch), at(kinds.picture, post.epoch, seals.idBytes(post.id)), box);
    img.src = URL.createObjectURL(new Blob([bytes], { type: bytes[0] === 0xff ? "image/jpeg" : "image/webp" }));
    img.addEventListener("load", () => URL.revokeObjectURL(img.src), { once: true });
  } catch {
    img.replaceWith(copyOf("t-shut"));
  }
}

function count(el, post) {
  number($(".heart", el), post.hearts);
  if (post.replies !== undefined) number($(".replies-link", el), post.replies);
  if (!post.vote) return;
  for (const b of $(".acts", el).querySelectorAll("[data-vote]")) b.setAttribute("aria-pressed", b.dataset.vote === post.vote);
}

/** Writes a number on a button, and into what is read out of it. */
function number(button, n) {
  if (!button) return;
  $("span", button).textContent = n;
  button.setAttribute("aria-label", `${button.dataset.label}, ${n}`);
}

function wire(el, post, said) {
  const acts = $(".acts", el);
  for (const b of acts.querySelectorAll("[data-vote]")) {
    b.addEventListener("click", () =>
      attempt(async () => {
        const vote = b.getAttribute("aria-pressed") === "true" ? "none" : b.dataset.vote;
        const now = await ask("PUT", here(`/posts/${post.id}/vote`), { vote });
        count(el, now);
        if (el.dataset.left) relive(el, now.left, now.span);
      }),
    );
  }
  $("[data-removes]", acts).addEventListener("click", (e) => attempt(() => ask("DELETE", here(`/posts/${post.id}`)), e.currentTarget));
  $("[data-reports]", acts).addEventListener("submit", (e) => {
    e.preventDefault();
    attempt(async () => {
      await ask("POST", here(`/posts/${post.id}/reports`), { reason: new FormData(e.target).get("reason"), words: said.w, f: said.f });
      e.target.replaceChildren(say("reported", {}, root));
    }, e.submitter);
  });
  const talk = $(".replies", el);
  if (!talk) return;
  $("[data-unfolds]", acts).addEventListener("click", (e) => {
    talk.hidden = !talk.hidden;
    e.currentTarget.setAttribute("aria-expanded", !talk.hidden);
    if (!talk.hidden) attempt(() => thread(el, post.id));
  });
  const form = $("[data-replies]", talk);
  const area = $("textarea", form);
  area.id = `r-${post.id}`;
  $("label", form).htmlFor = area.id;
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    attempt(async () => {
      await utter(kinds.reply, post.id, { w: area.value.trim() });
      area.value = "";
      await thread(el, post.id);
    }, e.submitter);
  });
}

export async function thread(el, post) {
  const got = await ask("GET", here(`/posts/${post}`));
  count(el, got.post);
  relive(el, got.post.left, got.post.span);
  if (!$(".replies", el).hidden) $(".thread", el).replaceChildren(...(await Promise.all(got.replies.map(draw))));
}

$("#c-older button")?.addEventListener("click", (e) => attempt(() => load(true), e.currentTarget));
document.addEventListener("mayfly:emptied", () => state && nothing());
