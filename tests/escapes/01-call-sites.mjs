// CVE-2022-36067 (GHSA-mrgp-mrhc-5jrq), vm2: the app puts an `Error` of its own in the global's place, whose `prepareStackTrace` the
// engine of the host then calls with call sites: objects of the host's realm, whose `getThis` leads out.
const attacks = {
  "an Error of one's own": {
    ends: ["ok"],
    run() {
      const got = [];
      const Native = globalThis.Error;
      globalThis.Error = { prepareStackTrace: (error, sites) => got.push(error, ...sites) };
      try {
        null.x;
      } catch ({ stack }) {
        got.push(stack);
      }
      try {
        decodeURIComponent("%");
      } catch ({ stack }) {
        got.push(stack);
      }
      globalThis.Error = Native;
      return probe(...got);
    },
  },
  "what a call site gives": {
    ends: ["ok"],
    async run() {
      const got = [];
      Error.prepareStackTrace = (_, sites) => {
        for (const site of sites) {
          for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(site))) {
            try {
              got.push(site[name]());
            } catch {}
          }
        }
        return "";
      };
      const makes = [
        () => new Error("x"),
        () => new URL("x"),
        () => [1].map(() => new Error("x")).at(0),
        () => structuredClone(() => {}),
        () => new Headers({ "\n": "" }),
      ];
      for (const make of makes) {
        try {
          make().stack;
        } catch (error) {
          error.stack;
        }
      }
      await fetch("http://127.0.0.1/").catch((error) => error.stack);
      await new Promise((resolve) => setTimeout(() => resolve(new Error("x").stack), 1));
      delete Error.prepareStackTrace;
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
