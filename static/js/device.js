// The list on /you of what this browser keeps for its reader, each line with the
// button that undoes it.

import { kept, watch } from "./keep.js";
import { count, say } from "./say.js";

const list = document.getElementById("kept");
const row = document.getElementById("kept-row").content.firstElementChild;

function show() {
  const lines = [
    ...together("draft", "drafts", say("forget")),
    ...together("hidden", "hidden", say("show")),
    ...kept.list("name").map(([id, name]) => line(say("name", { name }), say("show"), () => kept.drop("name", id))),
    ...kept.list("tag").map(([id]) => line(`#${id}`, say("show"), () => kept.drop("tag", id))),
  ];
  list.replaceChildren(...lines);
  if (lines.length > 0) return;
  list.append(document.createElement("li"));
  list.firstChild.textContent = say("nothing");
}

// What can't be told apart without its words stands in one line.
function together(kind, key, undo) {
  const ids = kept.list(kind).map(([id]) => id);
  if (ids.length === 0) return [];
  return [line(count(key, ids.length), undo, () => ids.forEach((id) => kept.drop(kind, id)))];
}

function line(text, undo, work) {
  const made = row.cloneNode(true);
  made.querySelector("span").textContent = text;
  const button = made.querySelector("button");
  button.textContent = undo;
  button.setAttribute("aria-label", `${undo}: ${text}`);
  button.addEventListener("click", () => {
    work();
    show();
    list.focus();
  });
  return made;
}

show();
watch(show);
