// G13: the console, changed in each way that there is. Where realms share one console, each of these is kept by it for ever (the
// origin of this product: a wrapper around the native function, one more with each render). Here each render finds the native one.
const native = { ...console };
const { log } = console;
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const text = Function.prototype.toString;
const isNative = (f) => typeof f === "function" && f.toString === text && /\[native code\]/.test(text.call(f));
/** That the console is as the bundle has it. */
const found = () => {
  const names = Object.getOwnPropertyNames(console).join();
  if (names !== Object.keys(native).join()) return `it came with the names ${names}`;
  const changed = Object.keys(native).filter(
    (name) => console[name] !== native[name] || getOwnPropertyDescriptor(console, name).get,
  );
  if (changed.length > 0) return `it came with ${changed} changed`;
  if (!Object.isExtensible(console) || getPrototypeOf(getPrototypeOf(console)) !== Object.prototype)
    return "it came with another nature";
  if (Object.keys(getPrototypeOf(console)).length > 0) return "its prototype came with names";
  return "held";
};
/** Changes the console, sees that the change is there, and that the next render found none. */
const changes = (change, times = 100) => ({
  ends: ["ok"],
  times,
  run: () => {
    const came = found();
    return came === "held" ? (change() ?? "held") : came;
  },
});
/** What nests if it is kept: the story's very program. */
const wraps = (level) =>
  changes(() => {
    const inner = console[level];
    console[level] = (...values) => inner(...values);
    console[level]("wrapped");
    if (!/inner/.test(console[level].toString())) return "the change was not there";
  }, 1000);
const attacks = {
  "console.error, wrapped": wraps("error"),
  "console.log, wrapped": wraps("log"),
  "every function, wrapped": changes(() => {
    for (const name of Object.keys(console)) {
      const inner = console[name];
      console[name] = (...values) => inner(...values);
    }
    console.log("wrapped");
  }),
  "another object": changes(() => {
    globalThis.console = {
      log() {
        throw new Error("mine");
      },
    };
    try {
      console.log("x");
    } catch {
      return;
    }
    return "the change was not there";
  }),
  "no console": changes(() => {
    delete globalThis.console;
    return typeof console === "undefined" ? "held" : "the change was not there";
  }),
  "the native function, called without its object": changes(() => {
    const { log } = console;
    log("a");
    log.call(null, "b");
    Reflect.apply(log, 1, ["c"]);
    new Proxy(log, {})("d");
    log.bind({})("e");
  }),
  "defineProperty of a getter": changes(() => {
    let reads = 0;
    Object.defineProperty(console, "log", { get: () => (reads++, log) });
    console.log("read");
    return reads === 1 ? "held" : `${reads} reads`;
  }),
  "a function that is frozen": changes(() => {
    Object.freeze(console.log);
    Object.freeze(console);
    try {
      console.log = 1;
    } catch (error) {
      if (!(error instanceof TypeError)) return String(error);
    }
    console.log("frozen");
    return console.log === log ? "held" : "what is frozen was changed";
  }),
  "every function deleted": changes(() => {
    for (const name of Object.keys(console)) delete console[name];
    return console.log === undefined ? "held" : "the change was not there";
  }),
  "a proxy around it": changes(() => {
    const inner = console;
    globalThis.console = new Proxy(inner, { get: (target, name) => target[name] });
    console.log("through a proxy");
    console.kept = [];
    return inner.kept.length === 0 ? "held" : "the change was not there";
  }),
  "a proxy that is revoked": changes(() => {
    const { proxy, revoke } = Proxy.revocable(console, {});
    globalThis.console = proxy;
    revoke();
    try {
      console.log("x");
    } catch (error) {
      return error instanceof TypeError ? "held" : String(error);
    }
    return "it was not revoked";
  }),
  "another prototype": changes(() => {
    Object.setPrototypeOf(console, { inherited: 1 });
    return console.inherited === 1 ? "held" : "the change was not there";
  }),
  "names on its prototype": changes(() => {
    Object.getPrototypeOf(console).kept = {};
    return "kept" in console ? "held" : "the change was not there";
  }),
  "a nested object": changes(() => {
    console.meta = { a: { b: [] } };
    console.meta.a.b.push(console);
    return console.meta.a.b[0] === console ? "held" : "the change was not there";
  }),
  "a large thing that it keeps": changes(() => {
    console.kept = new Uint8Array(1 << 20);
  }),
  "a cycle through it": changes(() => {
    console.self = console;
    console.log.owner = console;
    console.log(console);
    return console.self.self.log.owner === console ? "held" : "the change was not there";
  }),
  "the global object by its constructor": changes(() =>
    console.constructor.constructor("return this")() === globalThis ? "held" : "it is another's",
  ),
  "the global object by its function's": changes(() =>
    console.log.constructor("return this")() === globalThis ? "held" : "it is another's",
  ),
  "a name of its function": changes(() => {
    Object.defineProperty(console.log, "name", { value: "x".repeat(10_000) });
    console.log.call("x", "named");
  }),
  "a subclass of it": changes(() => {
    class Mine {
      log = console.log;
      error(...values) {
        console.error("mine", ...values);
      }
    }
    globalThis.console = Object.assign(Object.create(console), new Mine());
    console.log("a");
    console.error;
  }),
  "a group that stays open": changes(() => {
    for (let i = 0; i < 100; i++) console.group();
  }),
  "a count that goes on": changes(() => {
    console.count("story");
  }),
  "a time that stays": changes(() => {
    console.time("story");
  }),
  "inspect by its symbol": changes(() => {
    let inner;
    console.log({
      [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) {
        inner = inspect;
        return "x";
      },
    });
    return inner?.constructor("return this")() === globalThis ? "held" : "it is another's";
  }),
  "a stylize that is the host's": changes(() => {
    let world = globalThis;
    console.log({
      [Symbol.for("nodejs.util.inspect.custom")](_, { stylize }) {
        world = stylize.constructor("return this")();
        return "x";
      },
    });
    return world === globalThis ? "held" : "it is another's";
  }),
  "natives are native": changes(() => {
    const own = Object.keys(console).filter((name) => typeof console[name] !== "function" || !isNative(console[name]));
    return own.length === 0 ? "held" : `${own} show their code`;
  }),
};
