// Suggests the nearest of the host's places. Where the reader is stays in this
// function: what is sent is the name that stands in the list, like any other choice.

function draw() {
  const field = document.querySelector(".field.place");
  if (!field || field.querySelector("button") || !navigator.geolocation) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn quiet";
  button.textContent = field.dataset.sayNearest;
  button.addEventListener("click", () => suggest(field));
  field.querySelector("select").after(button);
}

function suggest(field) {
  const hint = field.querySelector(".hint");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => choose(field.querySelector("select"), coords),
    () => { hint.textContent = field.dataset.sayFar; },
    { maximumAge: 60_000, timeout: 10_000 },
  );
}

function choose(select, { latitude, longitude }) {
  const far = (option) => {
    const [lat, lon] = option.dataset.at.split(",").map(Number);
    const east = ((lon - longitude + 540) % 360) - 180;
    return Math.hypot(lat - latitude, east * Math.cos((latitude * Math.PI) / 180)); // near enough to tell which is nearest
  };
  const placed = [...select.options].filter((option) => option.dataset.at);
  const nearest = placed.reduce((a, b) => (far(b) < far(a) ? b : a));
  select.value = nearest.value;
  select.focus();
}

draw();
for (const event of ["htmx:after:swap", "mayfly:offered"]) document.addEventListener(event, draw);
