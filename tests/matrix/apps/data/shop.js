// What the pages show, and a slow source of it.

/** A row for each number, always the same. */
export function rows(count) {
  return Array.from({ length: count }, (_, i) => ({ id: i + 1, name: `Item <${i + 1}> & "co"`, price: (i * 7.35) % 100, qty: (i * 13) % 10, ok: i % 3 === 0 }));
}

/**
 * Asks one after the other: `ask(name)` is settled when those before it are and some turns of the event loop have passed.
 * Turns and not milliseconds: a timer of ten milliseconds may run out before one of none that was set after it, if the
 * machine is busy, and then the page that a framework sends first is another.
 */
export function source(turns = 10) {
  let last = Promise.resolve();
  return (name) => {
    last = last.then(() => pass(turns));
    return last.then(() => ({ name, rows: rows(4) }));
  };
}

async function pass(turns) {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise((next) => setTimeout(next));
    await new Promise((next) => setImmediate(next));
  }
}
