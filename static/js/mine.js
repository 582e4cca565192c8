// What became of one's own: a post marked "you" that ends tells its author why, on
// this page or at the next one. The ids are kept until this tab closes.

import { day, passing } from "./keep.js";
import { idOf } from "./post.js";
import { announce, say } from "./say.js";

const note = document.getElementById("ended-mine"); // on pages that are live

function own(article) {
  if (article.querySelector(".remove")) passing.put("own", idOf(article), true, 30 * day);
}

function ended(id, why, reason) {
  if (!note || !passing.get("own", id)) return;
  if (why !== "hidden") passing.drop("own", id); // that one lives on
  const text = say(`ended-${why}`, { reason }) || say("ended-away");
  const told = note.content.firstElementChild.cloneNode(true);
  told.querySelector("p").textContent = text;
  told.querySelector("button").addEventListener("click", () => told.remove());
  const all = document.querySelector(".toasts") ?? document.getElementById("main").appendChild(Object.assign(document.createElement("div"), { className: "toasts" }));
  all.append(told);
  announce(text);
}

function lookAt(root) {
  for (const tomb of root.querySelectorAll(".tomb[data-why]")) ended(tomb.id.slice(2), tomb.dataset.why);
}

lookAt(document);
for (const article of document.querySelectorAll("main article")) own(article);
document.addEventListener("mayfly:mine", ({ detail: article }) => own(article));
document.addEventListener("mayfly:died", ({ detail: { id, why, reason } }) => ended(id, why, reason));
document.addEventListener("mayfly:state", ({ detail: state }) => lookAt(state));
