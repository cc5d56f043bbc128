// CVE-2026-44006 (GHSA-qcp4-v2jj-fjx8), vm2: an app got hold of the membrane's handler, and called its traps with a target of its own choice.
// There is no membrane here; handlers and internals of the web's classes come nearest.
const attacks = {
  "internals with another this": {
    ends: ["ok"],
    run(request, env, context) {
      const got = [];
      const owners = [
        request,
        request.headers,
        context,
        env,
        new Response("x"),
        new URL("http://a/"),
        new Blob(["x"]),
        new ReadableStream(),
        crypto,
        performance,
        navigator,
        process,
        console,
      ];
      for (const owner of owners) {
        for (
          let object = owner;
          object !== null && object !== Object.prototype;
          object = Object.getPrototypeOf(object)
        ) {
          for (const name of Reflect.ownKeys(object)) {
            const { value, get, set } = Object.getOwnPropertyDescriptor(object, name);
            for (const part of [value, get, set]) {
              if (typeof part !== "function" || ["constructor", "exit", "abort", "kill"].includes(name)) continue;
              for (const target of [
                {},
                globalThis,
                Object.prototype,
                null,
                Function,
                owners.find((other) => other !== owner),
              ]) {
                try {
                  const came = Reflect.apply(part, target, [target, "constructor", target]);
                  came?.catch?.(() => {});
                  got.push(came);
                } catch (error) {
                  got.push(error);
                }
              }
            }
          }
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
