// GHSA-6785-pvv7-mvg7, vm2: one call of `Buffer.alloc` with a large number, which no timeout can interrupt, takes the host's memory and
// its one thread. Here it is the render's own memory, and a clock that is outside.
const attacks = {
  "Buffer.alloc of 1 GiB": { ends: ["limit-memory"], run: () => `there are ${Buffer.alloc(2 ** 30).length}` },
  "Buffer.alloc that fills": {
    ends: ["limit-memory", "limit-cpu"],
    run: () => `there are ${Buffer.alloc(2 ** 28, "abc").length}`,
  },
  "Buffer.allocUnsafe, for what was there before": {
    ends: ["ok"],
    run() {
      for (let i = 0; i < 200; i++)
        if (Buffer.allocUnsafe(4096).some((byte) => byte !== 0)) return "there was something in it";
      return probe(Buffer.allocUnsafe(1));
    },
  },
  "Buffer.concat to more than there is": {
    ends: ["limit-memory", "app-threw"],
    run: () => `there are ${Buffer.concat(new Array(1000).fill(Buffer.alloc(1 << 20))).length}`,
  },
  "Buffer.alloc of what is no length": {
    ends: ["ok"],
    run() {
      const got = [];
      for (const length of [-1, NaN, 2 ** 53, Infinity, "x", {}, 1n]) {
        try {
          got.push(Buffer.alloc(length));
        } catch (error) {
          got.push(error);
        }
      }
      return probe(...got);
    },
  },
  "in a loop that catches": {
    ends: ["limit-memory", "limit-cpu"],
    run() {
      const kept = [];
      for (;;) {
        try {
          kept.push(Buffer.alloc(1 << 22, 1));
        } catch {}
      }
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
