// CVE-2026-22709 (GHSA-99p7-6v5w-7xg8), vm2: `then` and `catch` of the sandbox's promises were guarded, but an async function gives a
// promise of the engine's own, whose are not.
const attacks = {
  "the promise of an async function": {
    ends: ["ok"],
    async run() {
      const got = [];
      const error = new Error("x");
      error.name = Symbol("x");
      const makes = [
        async () => error.stack,
        async () => `${error}`,
        async () => null.x,
        async () => import("x"),
        async function* () {
          throw error;
        },
        async () => fetch("x:"),
        async () => {
          for await (const _ of [Promise.reject(error)]);
        },
      ];
      for (const make of makes) {
        const made = make();
        const promise = made.next?.() ?? made;
        if (promise.constructor !== Promise || Object.getPrototypeOf(promise) !== Promise.prototype)
          return "a promise of another realm";
        got.push(promise, promise.constructor);
        await promise.then(
          (value) => got.push(value),
          (error) => got.push(error),
        );
        await promise.catch((error) => got.push(error));
      }
      return probe(...got);
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
