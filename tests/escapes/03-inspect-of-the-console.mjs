// CVE-2023-32313 (GHSA-p5gc-c584-jj6v), vm2: a proxy that answers to `nodejs.util.inspect.custom` is handed the host's `inspect`, and what
// is written to that function breaks `console.log` for all others.
const custom = Symbol.for("nodejs.util.inspect.custom");
const attacks = {
  "inspect, by a proxy": {
    ends: ["ok"],
    times: 20,
    run() {
      const got = [];
      const show = (...values) => (got.push(...values), "x");
      const proxy = new Proxy({}, { get: (_, name) => (name === custom ? show : undefined) });
      for (const object of [proxy, { [custom]: show }, Object.create(proxy)]) {
        console.log(object);
        console.log("%o", { object });
      }
      if (got.some((value) => value?.broken !== undefined)) return "the render before changed what this one is handed";
      for (const value of got) {
        try {
          value.broken = true;
          value.constructor.broken = true;
          Object.setPrototypeOf(value, null);
        } catch {}
      }
      console.log("still there");
      delete Function.broken;
      delete Object.broken;
      return got.length > 0 ? probe(...got) : "nothing was handed";
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
