// GHSA-v27g-jcqj-v8rw, vm2: a call site told the host's file names, and so where the server lies. A stack here has the names that the
// bundle gave, and nothing of the engine's files.
const attacks = {
  "in stacks and call sites": {
    ends: ["ok"],
    async run() {
      const texts = [];
      const take = (error) => texts.push(error?.stack, error?.fileName, error?.message);
      Error.stackTraceLimit = 200;
      const makes = [
        () => null.x,
        () => new URL("x"),
        () => JSON.parse("{"),
        () => (0, eval)("null.x"),
        () => new Function("null.x")(),
        () => [1].map(() => null.x),
        () => structuredClone(() => {}),
        () => new Intl.NumberFormat("xx-YY"),
        () => process.exit(),
        () => Buffer.alloc({}),
        () => console.count(Symbol()),
      ];
      for (const make of makes) {
        try {
          make();
        } catch (error) {
          take(error);
        }
      }
      await fetch("http://127.0.0.1/").catch(take);
      Error.prepareStackTrace = (_, sites) =>
        sites.map((site) =>
          [
            site.getFileName?.(),
            site.getScriptNameOrSourceURL?.(),
            site.getEvalOrigin?.(),
            site.getFunctionName?.(),
            `${site}`,
          ].join(),
        );
      for (const make of makes) {
        try {
          make();
        } catch (error) {
          texts.push(String(error.stack));
        }
      }
      delete Error.prepareStackTrace;
      const found = texts.find((text) =>
        /(?:^|[^\w.])\/(?!\*)[\w.-]+\/[\w.-]+|\.rs\b|\.wasm\b|node_modules|ext:/.test(text ?? ""),
      );
      return found === undefined ? probe() : `a text tells of the host: ${found}`;
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
