// CVE-2026-26956 (GHSA-ffh4-j6h5-pg66), vm2: `catch` in JavaScript was instrumented, and a `catch` in WebAssembly was not: by its JSTag it
// takes an exception of the host as it is. Here is no WebAssembly, under no name.
const attacks = {
  "no WebAssembly": {
    ends: ["ok"],
    run() {
      for (const text of ["WebAssembly", "globalThis.WebAssembly", "self.WebAssembly", "global.WebAssembly"])
        if ((0, eval)(`typeof ${text}`) !== "undefined") return text;
      return probe();
    },
  },
  "a catch in each other place": {
    ends: ["ok"],
    async run() {
      const got = [];
      const keep = (error) => void got.push(error);
      const fails = () => new URL("x");
      await new Promise((resolve) => resolve(fails())).catch(keep);
      await (async () => fails())().catch(keep);
      await Promise.try?.(fails).catch(keep);
      await new Response(new ReadableStream({ pull: fails })).text().catch(keep);
      await new ReadableStream({ start: (controller) => controller.enqueue(1) })
        .pipeTo(new WritableStream({ write: fails }))
        .catch(keep);
      addEventListener("error", keep);
      addEventListener("unhandledrejection", keep);
      self.onerror = keep;
      reportError(new Error("x"));
      Promise.reject(fails);
      setTimeout(fails, 0);
      queueMicrotask(fails);
      await new Promise((resolve) => setTimeout(resolve, 3));
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
