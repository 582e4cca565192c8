// What this browser keeps for its reader and sends nowhere: two shelves, one that
// lasts and is seen by all tabs, one that goes with its tab. Everything on them has
// an end. Where a browser allows neither, nothing is kept.

const name = "mayfly";

/** An hour and a day, in the milliseconds that put takes. */
export const hour = 3_600_000;
export const day = 24 * hour;

class Shelf {
  #store;

  constructor(store) {
    this.#store = store;
  }

  /** Everything of a kind that has not ended, as [id, value]. */
  list(kind) {
    return this.#read()
      .filter((e) => e.kind === kind)
      .map((e) => [e.id, e.value]);
  }

  /** The value of id, or undefined. */
  get(kind, id) {
    return this.#read().find((e) => e.kind === kind && e.id === id)?.value;
  }

  /** Keeps value for so many milliseconds. */
  put(kind, id, value, ms) {
    this.#write([...this.#without(kind, id), { kind, id, value, until: Date.now() + ms }]);
  }

  /** Keeps it no more. */
  drop(kind, id) {
    if (this.get(kind, id) !== undefined) this.#write(this.#without(kind, id));
  }

  /** Keeps nothing any more; other tabs hear of it. */
  clear() {
    try {
      globalThis[this.#store].setItem(name, "null");
      globalThis[this.#store].removeItem(name);
    } catch {} // it never kept anything
  }

  /** Takes what has ended from the disk: no browser does that by itself. */
  prune() {
    this.#write(this.#read());
  }

  #without(kind, id) {
    return this.#read().filter((e) => e.kind !== kind || e.id !== id);
  }

  #read() {
    try {
      return (JSON.parse(globalThis[this.#store].getItem(name)) ?? []).filter((e) => e.until > Date.now());
    } catch {
      return []; // forbidden, or not ours
    }
  }

  #write(all) {
    try {
      if (all.length > 0) globalThis[this.#store].setItem(name, JSON.stringify(all));
      else globalThis[this.#store].removeItem(name);
    } catch {} // full, or forbidden
  }
}

export const kept = new Shelf("localStorage");
export const passing = new Shelf("sessionStorage");

/** Calls changed when another tab has kept or dropped something. */
export function watch(changed) {
  addEventListener("storage", (e) => e.key === name && changed());
}

for (const shelf of [kept, passing]) shelf.prune();

// Forget me and New me end what is kept here as well, in every tab: the keys of chats, too.
document.addEventListener("submit", ({ target }) => {
  if (!/^\/(forget|new-me)$/.test(new URL(target.action, location.href).pathname)) return;
  kept.clear();
  passing.clear();
  globalThis.indexedDB?.deleteDatabase("mayfly-chats");
});
addEventListener("storage", (e) => {
  if (e.key === name && e.newValue === "null") passing.clear();
});
