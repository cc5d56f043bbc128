// GHSA-r3x4-wr4h-pw33, safer-eval: the sandbox was handed the host's `console`, whose constructor's constructor is the host's Function.
const attacks = {
  "by the constructor's constructor": {
    ends: ["ok"],
    run: () =>
      probe(
        console.constructor.constructor("return globalThis")(),
        console.constructor.constructor("return process")(),
        console.log.constructor("return this")(),
        console,
      ),
  },
  "by what can be reached of it": {
    ends: ["ok"],
    run() {
      const got = [];
      for (const name of Reflect.ownKeys(console))
        got.push(console[name], console[name].constructor?.prototype, Object.getPrototypeOf(console[name]));
      return probe(...got, console.__proto__, console.__proto__.__proto__, console.__lookupGetter__?.("log"));
    },
  },
  "the process that it finds": {
    ends: ["ok"],
    run() {
      const found = console.constructor.constructor("return process")();
      return found === process
        ? probe(found, found.constructor, found.mainModule, found.stdout, found.stdout.write)
        : "another process";
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
