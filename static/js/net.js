// What is asked of the server by this script itself; forms with hx-post are htmx's.

import { asked, solve } from "./proof.js";

// Text becomes markup through a policy (Trusted Types), and only in a document of
// its own, in which nothing runs.
const policy = globalThis.trustedTypes?.createPolicy("mayfly", { createHTML: (html) => html }) ?? { createHTML: (html) => html };

/** The document of an answer. */
export const parse = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");

/** The sentence of a page that refuses something, or "". */
export const reason = (html) => parse(html).querySelector("[role=alert], main h1 + p")?.textContent.trim() ?? "";

/**
 * Sends a form's fields as the form would have, and asks for a fragment. Ok with an
 * empty text stands for an answer that would have led to another page. When a proof is
 * asked for, checking hears of it, and what was sent is sent again with the proof.
 */
export async function send(action, fields = {}, checking = () => {}) {
  try {
    let answer = await post(action, fields);
    for (let tries = 0, challenge; tries < 3 && (challenge = asked(answer.headers)); tries++) {
      checking(challenge);
      answer = await post(action, { ...fields, proof: await solve(challenge) });
    }
    const led = answer.type === "opaqueredirect";
    return { ok: led || answer.ok, status: answer.status, text: led ? "" : await answer.text() };
  } catch {
    return { ok: false, status: 0, text: "" };
  }
}

const post = (action, fields) =>
  fetch(action, { method: "POST", body: new URLSearchParams(fields), headers: { "HX-Request": "true" }, redirect: "manual" });
