// CVE-2026-22686 (GHSA-7qm7-455j-5p63), enclave-vm: a tool of the host's failed, and the prototype chain of its error ended in the host's realm.
const attacks = {
  "the chain of each": {
    ends: ["ok"],
    async run() {
      const got = [];
      const keep = (error) => void got.push(error);
      for (const make of [
        () => null.x,
        () => new URL("x"),
        () => JSON.parse("{"),
        () => new Array(-1),
        () => (0, eval)("("),
        () => decodeURI("%"),
        () => undefinedName,
        () => crypto.getRandomValues(new Uint8Array(1e6)),
        () => structuredClone(() => {}),
        () => {
          const dive = () => dive() + 1;
          dive();
        },
        () => process.exit(),
        () => atob("\u20ac"),
        () => setTimeout(),
      ])
        try {
          make();
        } catch (error) {
          keep(error);
        }
      await Promise.all([
        fetch("x:").catch(keep),
        import("x").catch(keep),
        crypto.subtle.digest("x", new Uint8Array()).catch(keep),
        new ReadableStream({
          start(controller) {
            controller.error(new Error("x"));
          },
        })
          .getReader()
          .read()
          .catch(keep),
      ]);
      for (const error of got) {
        if (!(error instanceof Error)) return `${error} is none of this realm's`;
        const own = globalThis[error.constructor.name];
        if (own !== error.constructor) return `${error.constructor.name} is another's`;
      }
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
