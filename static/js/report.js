// The page that reports a post: this browser hides the post from its reader, whether
// they report it or only would rather not see it.

import { day, kept } from "./keep.js";

const form = document.querySelector("[data-hides]");
const hide = () => kept.put("hidden", form.dataset.hides, true, 7 * day);

form?.addEventListener("submit", hide);
document.querySelector("[data-just-hide]")?.addEventListener("click", ({ target }) => {
  hide();
  location.assign(target.dataset.justHide);
});
