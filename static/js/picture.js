// A picture on its way: made smaller, and rid of all but what it shows, before it
// leaves the device; shown with a button that removes it; sent with a bar that fills.
// compose.js loads this when somebody reaches for a picture.

import { required } from "./compose.js";
import { say } from "./say.js";

const longest = 1600; // px, as the server makes it
const quality = 0.9; // the server's own comes after
const readable = /^image\/(jpeg|png|webp|gif)$/; // by the server

let kept = null; // what was chosen, while its form is on its way or refused

/** Makes the file of input ready to be sent, and shows it. */
export async function pick(input) {
  const [file] = input.files;
  const fold = input.closest("#photo");
  clear(fold);
  kept = null;
  if (!file) return;
  const work = note(fold, "picture-work");
  work.setAttribute("role", "status");
  try {
    choose(fold, await smaller(file));
  } catch {
    input.value = "";
    note(fold, "picture-unread").setAttribute("role", "alert");
  }
  work.remove();
}

// What is sent is what stands on the canvas. A browser that keeps pages from reading
// theirs (Tor's does) sends the file as it is: the server takes out the rest.
async function smaller(file) {
  const img = new Image();
  img.src = URL.createObjectURL(file);
  try {
    await img.decode(); // upright, as its maker meant it
    const scale = Math.min(1, longest / Math.max(img.naturalWidth, img.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(img.naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(img.naturalHeight * scale));
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    if (!honest(paper)) {
      if (readable.test(file.type)) return file;
      throw new Error("unread");
    }
    paper.imageSmoothingQuality = "high";
    paper.drawImage(img, 0, 0, canvas.width, canvas.height);
    const type = file.type !== "image/jpeg" && seeThrough(paper) ? "image/png" : "image/jpeg";
    const blob = await new Promise((done) => canvas.toBlob(done, type, quality));
    return new File([blob], "picture", { type });
  } finally {
    URL.revokeObjectURL(img.src);
  }
}

// Whether what is drawn can be read again.
function honest(paper) {
  paper.fillStyle = "#3c78b4";
  paper.fillRect(0, 0, 1, 1);
  const [r, g, b] = paper.getImageData(0, 0, 1, 1).data;
  paper.clearRect(0, 0, 1, 1);
  return Math.abs(r - 60) + Math.abs(g - 120) + Math.abs(b - 180) < 9;
}

function seeThrough(paper) {
  const { data } = paper.getImageData(0, 0, paper.canvas.width, paper.canvas.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return true;
  return false;
}

// — What is chosen —

function choose(fold, file) {
  const input = fold.querySelector("#picture");
  const carrier = new DataTransfer();
  carrier.items.add(file);
  input.files = carrier.files;
  kept = file;

  const img = new Image();
  img.alt = "";
  img.src = URL.createObjectURL(file);
  img.addEventListener("load", () => URL.revokeObjectURL(img.src), { once: true });
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "btn quiet small";
  drop.textContent = say("picture-drop", {}, fold);
  drop.addEventListener("click", () => {
    kept = null;
    input.value = "";
    fold.querySelector("#alt").value = "";
    clear(fold);
    fold.open = false;
    fold.querySelector("summary").focus();
  });
  const figure = document.createElement("figure");
  figure.className = "photo-chosen";
  figure.append(img, drop);
  input.after(figure);
  fold.open = true;
  fold.dataset.has = "";
  const none = input.form.querySelector('[name="backdrop"][value=""]');
  if (none) none.checked = true;
  required(input.form);
}

function clear(fold) {
  for (const old of fold.querySelectorAll(".photo-chosen, .photo-note, #picture-err")) old.remove();
  delete fold.dataset.has;
  required(fold.closest("form"));
}

function note(fold, key) {
  const p = document.createElement("p");
  p.className = "hint photo-note";
  p.textContent = say(key, {}, fold);
  fold.querySelector("#picture").after(p);
  return p;
}

// A form that comes back refused gets its picture back, unless that is what was wrong.
document.addEventListener("htmx:after:swap", ({ detail }) => {
  const fold = document.getElementById("photo");
  if (!kept || !fold || "has" in fold.dataset) return;
  if (detail.ctx.response?.status >= 400 && !fold.querySelector("#picture-err")) choose(fold, kept);
  else kept = null;
});

// — Sending: fetch does not say how much has gone —

document.addEventListener("htmx:config:request", ({ detail }) => {
  const { ctx } = detail;
  if (ctx.request.body?.get?.("picture")?.size) ctx.fetch = (url, request) => send(ctx.sourceElement, url, request);
});

function send(form, url, { method, body, headers, signal }) {
  const bar = document.createElement("progress");
  bar.className = "upload";
  bar.setAttribute("aria-label", say("picture-sending", {}, form.querySelector("#photo")));
  form.querySelector("#send").before(bar);
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (e) => e.lengthComputable && (bar.value = e.loaded / e.total));
    request.addEventListener("load", () => done(answer(request)));
    for (const end of ["error", "timeout", "abort"]) request.addEventListener(end, () => failed(new TypeError(end)));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  }).finally(() => bar.remove());
}

function answer(request) {
  const headers = new Headers();
  for (const line of request.getAllResponseHeaders().trim().split("\r\n")) {
    const [name, ...value] = line.split(": ");
    headers.append(name, value.join(": "));
  }
  return new Response(request.responseText, { status: request.status, headers });
}
