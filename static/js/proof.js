// Proof of work. A refusal may ask for one, in its header Mayfly-Challenge; a worker
// finds it while a quiet line says so, and what was sent is sent again with it. On the
// page of the waiting room, form[data-challenge] is solved and sent by itself.

import { lasting, say } from "./say.js";

export const address = "./pow.worker.js";

// A script's address needs a policy as well (Trusted Types); this one knows one.
const policy = globalThis.trustedTypes?.createPolicy("mayfly-worker", { createScriptURL: () => address }) ?? { createScriptURL: () => address };

/** What an answer with these headers asks for, or null. */
export const asked = (headers) => JSON.parse(headers.get("Mayfly-Challenge"));

/** What is said meanwhile: about two seconds at 16 bits, and twice as many with each more. */
export const checking = ({ bits }, from = null) => say("checking", { life: lasting(2 ** (bits - 15)) }, from);

/** The proof of a challenge; tell hears now and then how likely it was to be found by then. */
export function solve({ token, parameters }, tell = () => {}) {
  const worker = new Worker(policy.createScriptURL(address));
  return new Promise((resolve, reject) => {
    worker.onerror = reject;
    worker.onmessage = ({ data }) => ("counter" in data ? resolve(`${token}.${data.counter}`) : tell(data.likely));
    worker.postMessage(parameters);
  }).finally(() => worker.terminate());
}

/** Puts the proof of a challenge among a form's fields. */
export async function prove(form, challenge) {
  const line = document.createElement("p");
  line.className = "checking";
  line.setAttribute("role", "status");
  if (form.matches(".talk")) form.querySelector(".field").append(line);
  else form.querySelector("#send").before(line); // where it was pressed
  const bar = document.createElement("progress");
  bar.setAttribute("aria-hidden", "true");
  bar.value = 0;
  line.append(checking(challenge, form), bar);
  try {
    field(form).value = await solve(challenge, (likely) => (bar.value = likely));
  } finally {
    line.remove();
  }
}

function field(form) {
  const there = form.querySelector("[name=proof]");
  if (there) return there;
  const made = document.createElement("input");
  made.type = "hidden";
  made.name = "proof";
  form.prepend(made); // before a picture, which is weighed as it comes
  return made;
}

/** In the waiting room nobody waits who has this script; without a worker they do. */
export async function start() {
  const form = document.querySelector("form[data-challenge]");
  if (!form) return;
  try {
    await prove(form, JSON.parse(form.dataset.challenge));
  } catch {
    return;
  }
  form.submit(); // its button still waits
}
