// What the pages show, and a slow source of it.

/** A row for each number, always the same. */
export function rows(count) {
  return Array.from({ length: count }, (_, i) => ({ id: i + 1, name: `Item <${i + 1}> & "co"`, price: (i * 7.35) % 100, qty: (i * 13) % 10, ok: i % 3 === 0 }));
}

/**
 * Asks one after the other, some milliseconds each: `ask(name)` is settled when those before it are and a timer has run out.
 * So the answers come in the order in which a page asked, however slow the machine is.
 */
export function source(milliseconds = 10) {
  let last = Promise.resolve();
  return (name) => {
    last = last.then(() => new Promise((answer) => setTimeout(answer, milliseconds)));
    return last.then(() => ({ name, rows: rows(4) }));
  };
}
