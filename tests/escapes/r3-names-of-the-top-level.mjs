// CVE-2025-32792, SES: `let`, `const` and `class` at the top level of scripts of the host could be seen within, as they are no properties of
// the global object that is guarded.
const attacks = {
  "names that the engine's scripts may have left": {
    ends: ["ok"],
    run() {
      const names = [
        "native", "primordials", "bootstrap", "__bootstrap", "internals", "core", "ops", "Deno", "load", "handle",
        "render", "app", "main", "engine", "ext", "webidl", "registry", "runtime", "host", "dayfly", "guest", "unenv",
        "tasks", "timers", "loader",
      ];
      const there = names.filter(
        (name) => (0, eval)(`try { typeof ${name} } catch { "in its dead zone" }`) !== "undefined",
      );
      return there.length === 0 ? probe() : there.join();
    },
  },
  "names of another render": {
    ends: ["ok"],
    times: 20,
    run() {
      const found = (0, eval)("typeof leftByThisRender");
      (0, eval)("var leftByThisRender = 1");
      new Function("globalThis.leftToo = 1")();
      const too = Object.getOwnPropertyNames(globalThis).filter((name) => /^left/.test(name)).length;
      delete globalThis.leftToo;
      delete globalThis.leftByThisRender;
      return found === "undefined" && too === 2 ? "held" : `it found a ${found}, and ${too}`;
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
