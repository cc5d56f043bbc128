// CVE-2021-21413 and CVE-2022-39266 (GHSA-2jjq-x548-rhpv), isolated-vm: a reference's prototype chain led out, and cached data of a script
// that the attacker had made was run by the engine as it was. There are no references here, and nothing reads made code.
const attacks = {
  "prototype chains of what is handed": {
    ends: ["ok"],
    run(request, env, context) {
      const got = [];
      for (const object of [
        request, request.headers, request.signal, env, context, context.waitUntil, context.props, import.meta,
      ]) {
        for (let up = object; up !== null && up !== undefined; up = Object.getPrototypeOf(up))
          got.push(
            up,
            up.constructor,
            ...Reflect.ownKeys(up).map((name) => {
              try {
                return up[name];
              } catch {
                return undefined;
              }
            }),
          );
      }
      const ends = got
        .filter((value) => typeof value === "object" && value !== null)
        .every((value) => {
          let up = value;
          while (Object.getPrototypeOf(up) !== null) up = Object.getPrototypeOf(up);
          return up === Object.prototype || up === import.meta;
        });
      return ends ? probe(...got) : "a chain ends in another realm";
    },
  },
  "code that was made elsewhere": {
    ends: ["ok"],
    async run() {
      const got = [];
      const vm = await import("node:vm").catch(() => ({}));
      const v8 = await import("node:v8").catch(() => ({}));
      const bytes = new Uint8Array(64).map((_, i) => (i * 37) & 255);
      for (const use of [
        () => new vm.Script("this", { cachedData: bytes }).runInThisContext(),
        () => vm.runInNewContext("this"),
        () => vm.createContext({}),
        () => v8.deserialize(bytes),
        () => v8.startupSnapshot?.isBuildingSnapshot(),
        () => structuredClone(bytes),
        () => vm.compileFunction("return this")(),
        () => new vm.SourceTextModule("1"),
      ]) {
        try {
          const made = use();
          got.push(made);
        } catch (error) {
          got.push(error);
        }
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
  async fetch(request, env, context) {
    const name = new URL(request.url).searchParams.get("attack");
    if (name === null) {
      return Response.json(Object.entries(attacks).map(([name, { ends, times = 1 }]) => ({ name, ends, times })));
    }
    return new Response((await attacks[name].run(request, env, context)) ?? "held");
  },
};
