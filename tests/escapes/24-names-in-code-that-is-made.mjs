// CVE-2025-61927, happy-dom: `this.constructor.constructor("return process")()` in a context of `node:vm` gave the host's process; and
// CVE-2026-33943 and CVE-2026-115895 after it: names of a module's exports were pasted into code that the host made. This module's own
// exports have such names: the wrapper around it must take them as names.
const value = "a value";
export {
  value as "a; globalThis.pasted = 1; //",
  value as "}); globalThis.pasted = 1; ({",
  value as "`${globalThis.pasted = 1}`",
  value as "*/ globalThis.pasted = 1 /*",
  value as "__proto__",
  value as "constructor",
  value as "then",
  value as "\u2028globalThis.pasted = 1",
  value as "",
};
const attacks = {
  "names of exports": { ends: ["ok"], run: () => (globalThis.pasted === undefined ? probe() : "a name was run") },
  "the constructor of all that is handed": {
    ends: ["ok"],
    run(request, env, context) {
      const got = [];
      for (const object of [globalThis, request, env, context, attacks, import.meta, this, arguments])
        for (const text of ["return process", "return globalThis", "return this", "return require", "return module"]) {
          try {
            got.push(object?.constructor?.constructor?.(text)());
          } catch (error) {
            got.push(error);
          }
        }
      const foreign = got.find(
        (value) => typeof value?.mainModule === "object" || (typeof value?.execPath === "string" && value !== process),
      );
      return foreign === undefined ? probe(...got) : "another process";
    },
  },
  "names in code that this guest makes": {
    ends: ["ok"],
    run() {
      const got = [];
      const name = "x'\"`);globalThis.pasted=1;//";
      for (const make of [
        () => Symbol(name).toString(),
        () => new URLPattern({ pathname: `/:${name}` }),
        () => performance.mark(name),
        () => Object.defineProperty(() => {}, "name", { value: name }).toString(),
        () => new RegExp(`(?<${name}>x)`),
        () => new Intl.NumberFormat("en", { style: "unit", unit: name }),
        () => import(name),
        () => new Function(`return ${JSON.stringify(name)}`)(),
        () => new Event(name),
        () => console.count(name),
      ]) {
        try {
          const made = make();
          made?.catch?.(() => {});
          got.push(made);
        } catch (error) {
          got.push(error);
        }
      }
      return globalThis.pasted === undefined ? probe(...got) : "a name was run";
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
