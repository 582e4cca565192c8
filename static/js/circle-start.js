// Starts the page of a circle, or says that it can't: js/circle.js, which encrypts, stands
// under Subresource Integrity. Where its bytes are others, or it never came, no module that
// needs it runs, and neither does the page.

export const address = "./circle-page.js";

import(address).catch(() => {
  for (const el of document.querySelectorAll("[data-view]")) el.hidden = el.dataset.view !== "changed";
});
