// Who is in a circle: its members, who are let in by invites and left out as the key is
// turned.

import * as seals from "./circle.js";
import { ask, at, circle, here, id, key, meta, outside, record, refresh, root, state } from "./circle-session.js";
import { $, attempt, copyOf, on, shown, toggle, wings } from "./circle-views.js";
import { adopt, release } from "./life.js";
import { path as code } from "./qr.js";
import { announce, say } from "./say.js";

const { kinds } = seals;

// — Invites —

async function invite(form) {
  const f = new FormData(form);
  const secret = seals.random(32);
  const box = await seals.seal(await seals.inviteKey(secret), at(kinds.invite, state.epoch), key());
  const hash = await seals.sha256(await seals.inviteToken(secret));
  await ask("POST", here("/invites"), { token: seals.encode(hash), box: seals.encode(box), uses: Number(f.get("uses")), lasts: f.get("lasts") });
  const link = `${location.origin}/c/${id}/join#i1.${seals.encode(secret)}`;
  $("#c-link").value = link;
  const { d, size } = code(link);
  $("#c-qr").setAttribute("viewBox", `0 0 ${size} ${size}`);
  $("#c-qr path").setAttribute("d", d);
  $("#c-invited").hidden = false;
  $("#c-invited").dataset.token = seals.encode(hash);
  await invites();
}

const spans = [600, 3600, 86400]; // for how long an invite may be made

async function invites() {
  const list = (await ask("GET", here("/invites"))).invites;
  for (const el of $("#c-open").children) release(el);
  $("#c-open-title").hidden = list.length === 0;
  if (!list.some((i) => i.token === $("#c-invited").dataset.token)) $("#c-invited").hidden = true;
  $("#c-open").replaceChildren(
    ...list.map((i) => {
      const el = copyOf("t-invite");
      Object.assign(el.dataset, { left: i.left, span: spans.find((s) => s + 60 > i.left) });
      $(".uses", el).textContent = say("uses", { n: i.uses }, root);
      $("[data-revoke]", el).addEventListener("click", (e) =>
        attempt(async () => {
          await ask("DELETE", here(`/invites/${i.token}`));
          await invites();
        }, e.currentTarget),
      );
      return el;
    }),
  );
  for (const el of $("#c-open").children) adopt(el);
  clearTimeout(burnt);
  if (list.length > 0) burnt = setTimeout(() => state && attempt(invites), (Math.min(...list.map((i) => i.left)) + 1) * 1000);
}

let burnt = 0; // when the next invite is over

// — Members —

async function proven() {
  const { members } = await ask("GET", here("/members"));
  for (const m of members) {
    try {
      m.proven = (await seals.openJSON(key(), at(kinds.member, state.epoch), seals.decode(m.record))).q === m.q;
    } catch {
      m.proven = false;
    }
  }
  return members;
}

export async function people() {
  const rules = state.rule === "maker" && state.me.maker;
  $("#c-members").replaceChildren(
    ...(await proven()).map((m) => {
      const el = copyOf("t-member");
      const mine = m.q === state.me.q;
      wings($(".glyph", el), seals.decode(m.q).subarray(1, 4)); // tells one from another, and no more
      const says = [mine ? say("me", {}, root) : say("member", {}, root)];
      if (m.maker) says.push(say("maker", {}, root));
      if (!mine) says.push(say(m.proven ? "checked" : "unchecked", {}, root));
      if (m.downs) says.push(say("downs", { n: m.downs }, root));
      $(".says", el).textContent = says.join(" · ");
      $("[data-oust]", el).hidden = mine || state.rule !== "majority";
      $("[data-oust]", el).addEventListener("click", (e) =>
        attempt(async () => {
          await ask("POST", here("/outs"), { q: m.q });
          await people();
        }, e.currentTarget),
      );
      $("[data-out]", el).hidden = mine || !rules;
      $("[data-out]", el).addEventListener("click", (e) => attempt(() => turn(m.q), e.currentTarget));
      return el;
    }),
  );
}

/** A new key for those who stay. Only who was let in by somebody who knew the old one is given it. */
async function turn(without = null) {
  const members = await proven();
  const rules = state.rule === "maker" && state.me.maker;
  if (!rules && members.some((m) => !m.proven)) throw Object.assign(new Error("unproven"), { sentence: say("unproven", {}, root) });
  const epoch = state.epoch + 1;
  const next = seals.random(32);
  const once = await seals.newMember();
  const stay = [];
  for (const m of members.filter((m) => m.proven && m.q !== without)) {
    const q = seals.decode(m.q);
    stay.push({ q: m.q, record: seals.encode(await record(next, epoch, q)), wrap: seals.encode(await seals.wrap(once, q, circle, epoch, next)) });
  }
  await ask("POST", here("/epochs"), {
    epoch, once: seals.encode(seals.publicOf(once)), stay,
    meta: seals.encode(await seals.sealJSON(next, at(kinds.meta, epoch), meta)),
    link: seals.encode(await seals.seal(next, at(kinds.link, epoch), key())),
  });
  await refresh();
  announce(say("turned", {}, root));
  $("#c-invited").hidden = true;
  if (shown("people")) await people();
}

// — What is pressed —

const fills = { invite: invites, people };

root.addEventListener("click", (e) => {
  const b = e.target.closest("button");
  if (!b) return;
  if (b.dataset.opens) {
    const name = b.dataset.opens;
    toggle(name, true);
    $(`#c-${name}-title`).focus();
    attempt(fills[name]);
  } else if ("closes" in b.dataset) {
    const view = b.closest("[data-view]");
    view.hidden = true;
    $(`.circle-ways [data-opens="${view.dataset.view}"]`).focus();
  } else if ("turn" in b.dataset) {
    attempt(() => turn(), b);
  }
});

on("#c-invites", "submit", () => invite($("#c-invites")));
on("#c-leave", "click", async () => {
  await ask("DELETE", here("/seat"));
  outside();
});
on("#c-end", "click", async () => {
  await ask("DELETE", here());
  outside();
});
