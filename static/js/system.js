// Whether live pages get through to this browser, seen by opening one socket as a page
// does.

const ways = ["unseen", "open", "closed"].map((how) => document.getElementById(`socket-${how}`));
const show = (i) => ways.forEach((way, n) => (way.hidden = n !== i));

const socket = new WebSocket(new URL("/live?board=home&format=json", location.href.replace(/^http/, "ws")));
const late = setTimeout(() => socket.close(), 8000);
socket.addEventListener("message", () => {
  clearTimeout(late);
  show(1);
  socket.close();
}, { once: true });
socket.addEventListener("close", () => {
  clearTimeout(late);
  if (ways[1].hidden) show(2);
});
