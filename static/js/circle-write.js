// What is said in a circle: sealed here, and sent.

import * as seals from "./circle.js";
import { ask, at, here, key, refresh, state } from "./circle-session.js";
import { $, on } from "./circle-views.js";
import { lasting } from "./say.js";

const { kinds } = seals;

/** Seals and sends; once more with the new key where that was turned meanwhile. */
export async function utter(kind, thread, what, more = {}, picture = null) {
  const own = seals.random(16);
  const to = thread ? seals.idBytes(thread) : own;
  const f = seals.random(32);
  const send = async () => {
    const said = { ...what, f: seals.encode(f) };
    return ask("POST", here(thread ? `/posts/${thread}/replies` : "/posts"), {
      id: seals.idText(own), commit: seals.encode(await seals.commit(f, what.w)), ...more,
      body: seals.encode(await seals.sealJSON(key(), at(kind, state.epoch, to), said)),
      ...(picture && { picture: seals.encode(await seals.seal(key(), at(kinds.picture, state.epoch, own), picture)) }),
    });
  };
  try {
    return await send();
  } catch (e) {
    if (e.code !== "error.circle.epoch") throw e;
    await refresh();
    return send();
  }
}

/** A picture anew from its pixels, so that nothing else of the file is left, and small. */
async function pressed(file) {
  const bitmap = await createImageBitmap(file);
  for (let side = 1600; ; side = Math.round(side * 0.7)) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
    if (blob.size <= 500_000 || side < 300) return { bytes: new Uint8Array(await blob.arrayBuffer()), w: canvas.width, h: canvas.height };
  }
}

async function write(form) {
  const f = new FormData(form);
  const what = { w: f.get("words").trim() };
  if (f.get("card")) what.card = f.get("card");
  let picture = null;
  if (f.get("photo")?.size) {
    const p = await pressed(f.get("photo"));
    picture = p.bytes;
    what.pic = { w: p.w, h: p.h };
    what.alt = f.get("alt").trim();
  }
  if (!what.w && !picture) return $("#c-words").focus();
  await utter(kinds.post, null, what, { ttl: f.get("ttl") }, picture);
  $("#c-words").value = "";
  $("#c-card").value = "";
  paint();
  $("#c-photo").value = "";
  $("#c-alt-field").hidden = true;
}

// One writes on the card itself.
function paint() {
  const card = $("#c-card").value;
  $("#c-face").className = card ? `face bd-${card}` : "face";
}

/** How long a post may last here. */
export function lengths() {
  const offered = [600, 3600, 21600, 86400, 259200, 604800, state.ttl_max].filter((s, i, all) => s >= state.ttl_min && s <= state.ttl_max && all.indexOf(s) === i);
  $("#c-ttl").replaceChildren(
    ...offered.map((s) => {
      const o = new Option(lasting(s), `${s}s`);
      o.selected = s === state.ttl_default;
      return o;
    }),
  );
}

on("#c-write", "submit", () => write($("#c-write")));
$("#c-photo")?.addEventListener("change", (e) => ($("#c-alt-field").hidden = e.target.files.length === 0));
$("#c-card")?.addEventListener("change", paint);
