// CVE-2023-37903 (GHSA-g644-9gfx-q4q4), vm2: an object with an inspect function of its own was shown by the host, which called it with
// functions of the host.
const attacks = {
  "through each that shows values": {
    ends: ["ok"],
    async run() {
      const got = [];
      const object = {
        [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) {
          got.push(options, inspect, options?.stylize, inspect?.custom, inspect?.styles, this);
          return options;
        },
      };
      for (const show of ["log", "error", "dir", "table", "trace", "assert", "group", "dirxml"])
        (console[show](object, { customInspect: true }), console[show](false, object));
      const util = await import("node:util").catch(() => undefined);
      got.push(util?.inspect(object), util?.format("%O", object), util?.inspect);
      reportError(object);
      try {
        new URL(object);
      } catch (error) {
        got.push(error);
      }
      Promise.reject(object);
      return probe(...got);
    },
  },
  "thrown, for the host to show": {
    ends: ["app-threw"],
    run() {
      throw {
        [Symbol.for("nodejs.util.inspect.custom")]: () => {
          throw new Error(probe());
        },
        toString: () => probe(),
      };
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
