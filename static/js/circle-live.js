// What comes to a circle's page while it is open: a socket names ids, and the rest is asked for.

import { people } from "./circle-people.js";
import { draw, load, nothing, thread } from "./circle-feed.js";
import { ask, here, id, key, outside, refresh, root, state, whenOutside } from "./circle-session.js";
import { $, shown } from "./circle-views.js";
import { adopt, leave } from "./life.js";
import { say } from "./say.js";

let socket = null;
let held = []; // posts that wait above what is read

whenOutside(() => {
  socket?.close();
  $("#c-posts")?.replaceChildren();
});

export async function listen() {
  if (!state) return;
  try {
    const { ticket } = await ask("POST", here("/tickets"));
    socket = new WebSocket(`${location.origin.replace("http", "ws")}/live?circle=${id}&ticket=${ticket}`);
  } catch (e) {
    if (e.status === 404) return outside();
    return void setTimeout(listen, 3000 + Math.random() * 4000);
  }
  let line = Promise.resolve(); // one after another, as they came
  socket.addEventListener("message", ({ data }) => (line = line.then(() => hear(JSON.parse(data))).catch(() => {})));
  socket.addEventListener("close", ({ code: why }) => {
    if (state) setTimeout(again, why === 4003 ? 0 : 1000 + Math.random() * 3000);
  });
}

/** After a pause: is this member still in, and what was missed? */
async function again() {
  try {
    await refresh();
    await load();
  } catch (e) {
    if (e.status === 404) return outside();
  }
  listen();
}

async function hear(news) {
  const el = document.getElementById(`p-${news.id}`);
  switch (news.type) {
    case "born":
      if (news.thread === news.id) return born(news.id);
      return changed(news.thread);
    case "changed":
      return changed(news.thread);
    case "died":
      held = held.filter((p) => p.id !== `p-${news.id}`);
      fresh();
      if (el) leave(el);
      return;
    case "circle": {
      const open = state.shows;
      await refresh();
      if (!open && state.shows) await load();
      if (shown("people")) await people();
      return;
    }
    case "reload":
      return load();
  }
}

async function born(post) {
  const open = state.shows;
  if (!open) await refresh();
  if (!state.shows) return nothing();
  if (!open) return load();
  const got = await ask("GET", here(`/posts/${post}`));
  if (!key(got.post.epoch)) await refresh();
  if (document.getElementById(`p-${post}`)) return;
  const el = await draw(got.post);
  if (scrollY > 300 && !got.post.mine) {
    held.unshift(el);
    return fresh();
  }
  land(el);
}

function land(...list) {
  $("#c-posts").prepend(...list);
  for (const el of list) adopt(el);
  nothing();
}

function fresh() {
  $("#c-fresh").hidden = held.length === 0;
  $("#c-fresh").textContent = say("fresh", { n: held.length }, root);
}

async function changed(post) {
  const el = document.getElementById(`p-${post}`);
  if (el) await thread(el, post);
}

$("#c-fresh")?.addEventListener("click", () => {
  land(...held);
  held = [];
  fresh();
  $("#c-posts").firstElementChild?.scrollIntoView({ block: "center" });
});
