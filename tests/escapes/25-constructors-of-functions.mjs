// CVE-2026-23830 (GHSA-wxhw-j4hc-fmq6), sandboxjs: `Function` was guarded, and the constructor of async functions was not; of the same
// library CVE-2026-25142, -25586 (a list of what is allowed, shadowed), -25881 (a native passed through a list) and -43898
// (`Function.caller`).
const attacks = {
  "each constructor of functions": {
    ends: ["ok"],
    async run() {
      const got = [];
      for (const own of [
        () => {},
        async () => {},
        function* () {},
        async function* () {},
        class {},
        {
          get x() {
            return 1;
          },
        }.__lookupGetter__("x"),
        (() => {}).bind(),
        new Proxy(() => {}, {}),
        fetch,
        URL,
      ]) {
        const made = own.constructor("return globalThis")();
        got.push(own.constructor, typeof made.next === "function" ? (await made.next()).value : await made);
      }
      return got.every((value) => typeof value === "function" || value === globalThis || value === undefined)
        ? probe(...got)
        : "another global object";
    },
  },
  "natives through a list": {
    ends: ["ok"],
    run() {
      const list = [Function, eval, console.log.constructor, Reflect.construct];
      const [Made, run] = [...list].map((part) => part),
        got = [];
      got.push(
        Made("return this")(),
        run("this"),
        list.map((part) => part.constructor("return this")()),
        Object.values({ ...list })[0]("return this")(),
      );
      return probe(...got.flat());
    },
  },
  "hasOwnProperty and what else is asked, shadowed": {
    ends: ["ok", "app-threw"],
    run() {
      const before = Object.getOwnPropertyDescriptors(Object.prototype);
      for (const name of ["hasOwnProperty", "propertyIsEnumerable", "isPrototypeOf"])
        Object.prototype[name] = () => true;
      Map.prototype.has = Set.prototype.has = WeakMap.prototype.has = Array.prototype.includes = () => true;
      try {
        console.log({});
        fetch("http://127.0.0.1/").catch(() => {});
        new Headers({ a: "b" });
      } finally {
        Object.defineProperties(Object.prototype, before);
        Array.prototype.includes = function (value) {
          return this.indexOf(value) !== -1;
        };
      }
      return probe();
    },
  },
  "the caller of a function": {
    ends: ["ok"],
    run() {
      const got = [];
      const sloppy = new Function("return [arguments.callee, arguments.callee.caller, arguments.callee.arguments]");
      for (const call of [
        sloppy,
        () => [1].map(sloppy)[0],
        () => JSON.stringify({ toJSON: sloppy }),
        () => new Response(new ReadableStream({ start: sloppy })),
      ]) {
        try {
          got.push(...[call()].flat());
        } catch (error) {
          got.push(error);
        }
      }
      const caller = got.find((value) => typeof value === "function" && value !== sloppy);
      return caller === undefined ? probe(...got) : `a caller: ${caller}`;
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
