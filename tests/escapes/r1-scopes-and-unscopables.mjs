// CVE-2021-23543 and CVE-2021-23594, realms-shim: the sandbox's scope was a proxy within `with`, which `Symbol.unscopables` switches off; and
// what rewrites the source was handed an object of the first realm.
const attacks = {
  "unscopables on the global object": {
    ends: ["ok"],
    run() {
      const got = [];
      globalThis[Symbol.unscopables] = { process: true, console: true, globalThis: true };
      Object.prototype[Symbol.unscopables] = { fetch: true };
      try {
        got.push(
          (0, eval)("this"),
          new Function("with (this) return process")(),
          new Function("with ({}) return fetch")(),
          new Function("with (new Proxy({}, { has: () => true, get: (_, name) => name })) return anything")(),
        );
      } catch (error) {
        got.push(error);
      }
      delete globalThis[Symbol.unscopables];
      delete Object.prototype[Symbol.unscopables];
      return got[0] === globalThis ? probe(...got) : "another global object";
    },
  },
  "a source that is no text": {
    ends: ["ok"],
    run() {
      const got = [];
      const source = {
        toString() {
          got.push(this, ...arguments);
          return "this";
        },
        replace: (...values) => got.push(...values),
        [Symbol.toPrimitive](hint) {
          got.push(hint);
          return "this";
        },
      };
      got.push((0, eval)(source), new Function(source));
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
