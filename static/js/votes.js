// Votes and removals, over the real forms: the page changes first, and changes back
// with a plain sentence if the server refuses.

import { leave } from "./life.js";
import { parse, reason, send } from "./net.js";
import { change, countHeart, press, refuse, voteOf } from "./post.js";
import { checking } from "./proof.js";
import { announce, count, say } from "./say.js";

document.addEventListener("submit", (e) => {
  const form = e.target;
  const article = form.closest("article");
  if (!article || !form.matches(".acts") || !e.submitter) return;
  e.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  if (document.body.classList.contains("is-offline")) {
    announce(say("offline"));
    return;
  }
  work(form, e.submitter.matches(".remove") ? remove(article, e.submitter) : vote(article, form, e.submitter));
});

async function work(form, job) {
  form.setAttribute("aria-busy", "true");
  await job;
  form.removeAttribute("aria-busy");
}

async function vote(article, form, button) {
  const was = voteOf(article);
  const wish = button.value;
  const hearts = Number(wish === "heart") - Number(was === "heart");
  press(article, wish);
  countHeart(article, hearts);
  const answer = await send(form.action, { vote: wish }, (challenge) => refuse(article, checking(challenge)));
  const news = answer.ok && parse(answer.text).querySelector('[data-event="changed"]');
  if (news) {
    change(article, news);
    document.dispatchEvent(new CustomEvent("mayfly:voted"));
    return;
  }
  press(article, was);
  countHeart(article, -hearts);
  refused(article, answer);
}

async function remove(article, button) {
  const answer = await send(button.formAction);
  if (answer.ok) leave(article);
  else refused(article, answer);
}

function refused(article, { status, text }) {
  if (status === 404) {
    announce(count("gone", 1));
    leave(article);
    return;
  }
  refuse(article, reason(text) || say(status ? "refused" : "offline"));
}
