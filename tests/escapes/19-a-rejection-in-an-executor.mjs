// GHSA-hw58-p9xv-2mjh, vm2: a promise that is rejected within an executor, with nobody to handle it, is the host's unhandled rejection, and
// Node ends its process. Here it is a line of the app's console.
const attacks = {
  "many that nothing handles": {
    ends: ["ok"],
    async run() {
      for (const value of [
        new Error("x"),
        undefined,
        null,
        Symbol("x"),
        {
          toString() {
            throw 1;
          },
        },
        new Proxy(
          {},
          {
            get() {
              throw 1;
            },
          },
        ),
        Object.create(null),
      ]) {
        new Promise(() => {
          throw value;
        });
        new Promise((_, reject) => reject(value));
        (async () => {
          throw value;
        })();
        queueMicrotask(() => {
          throw value;
        });
        setTimeout(() => {
          throw value;
        }, 0);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      return probe();
    },
  },
  "in a listener for those": {
    ends: ["ok", "limit-cpu", "limit-console-lines"],
    async run() {
      addEventListener("unhandledrejection", () => {
        Promise.reject(new Error("again"));
      });
      Promise.reject(new Error("x"));
      await new Promise((resolve) => setTimeout(resolve, 5));
      return probe();
    },
  },
  "as the answer is out": {
    ends: ["ok"],
    run() {
      Promise.reject(new Error("x"));
      process.emit?.("uncaughtException", new Error("x"));
      process.emit?.("unhandledRejection", new Error("x"));
      return probe();
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
