// G05: recursion, of JavaScript and of each part of the engine that calls itself: parser, printer, proxies, patterns, clones.
// A stack that is not counted ends in a fault of the machine, and so of all tenants.
const deep = 1_000_000;
/** Makes it, and holds if it ended well or in an error that says that it was too deep. */
const bounded = (make) => () => {
  try {
    make();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError || error instanceof InternalError))
      return `${error}`;
  }
  return "held";
};
const nested = (open, close, count) => open.repeat(count) + close.repeat(count);
const chain = (count, first, next) => {
  let last = first;
  for (let i = 0; i < count; i++) last = next(last);
  return last;
};
const attacks = {
  "a function": {
    ends: ["limit-js-stack"],
    run() {
      const dive = () => dive() + 1;
      return dive();
    },
  },
  "a function that is caught": {
    ends: ["ok"],
    run: bounded(() => {
      const dive = () => dive() + 1;
      dive();
    }),
  },
  "a function that catches at each depth": {
    ends: ["limit-cpu", "limit-js-stack", "ok"],
    run() {
      const dive = () => {
        try {
          dive();
        } catch {
          dive();
        }
      };
      dive();
    },
  },
  "with a hundred locals": {
    ends: ["limit-js-stack"],
    run: () =>
      (0, eval)(
        `(function dive() { let ${Array.from({ length: 100 }, (_, i) => `v${i} = ${i}`)}; return dive() + v1; })()`,
      ),
  },
  "with 6,000 arguments": {
    ends: ["limit-js-stack", "limit-cpu", "limit-memory"],
    run() {
      const dive = (...list) => dive(...list) + 1;
      return dive(...new Array(6000).fill(1));
    },
  },
  "a constructor": {
    ends: ["limit-js-stack"],
    run() {
      class Deep {
        field = new Deep();
      }
      return new Deep();
    },
  },
  "a getter": {
    ends: ["limit-js-stack"],
    run() {
      const object = {
        get x() {
          return object.x + 1;
        },
      };
      return object.x;
    },
  },
  "toString and valueOf": {
    ends: ["limit-js-stack"],
    run() {
      const object = { toString: () => object + "", valueOf: () => `${object}` };
      return object + "";
    },
  },
  "an async function": {
    ends: ["limit-js-stack"],
    run() {
      const dive = async () => {
        await dive();
      };
      return dive();
    },
  },
  "a tagged template": {
    ends: ["limit-js-stack"],
    run() {
      const tag = () => tag`x` + 1;
      return tag`x`;
    },
  },
  "map in map": {
    ends: ["limit-js-stack"],
    run() {
      const dive = (list) => list.map(() => dive(list));
      return dive([1]);
    },
  },
  "sort in sort": {
    ends: ["limit-js-stack"],
    run() {
      const dive = () => [2, 1].sort(dive)[0];
      return dive();
    },
  },
  "replace in replace": {
    ends: ["limit-js-stack"],
    run() {
      const dive = () => "a".replace(/a/, dive);
      return dive();
    },
  },
  "eval in eval": {
    ends: ["limit-js-stack"],
    run: () => {
      const text = "eval(text) + 1";
      return eval(text);
    },
  },
  "Reflect.apply of itself": {
    ends: ["limit-js-stack"],
    run() {
      const dive = () => Reflect.apply(dive, null, []) + 1;
      return dive();
    },
  },
  "a proxy that asks itself": {
    ends: ["limit-js-stack"],
    run() {
      const proxy = new Proxy({}, { get: (_, name) => proxy[name] + 1 });
      return proxy.x;
    },
  },
  "a proxy that is its own prototype's": {
    ends: ["limit-js-stack"],
    run() {
      const proxy = new Proxy({}, {});
      Object.setPrototypeOf(proxy, Object.create(proxy, {}));
      return proxy.x;
    },
  },
  "JSON.parse of lists": { ends: ["ok"], run: bounded(() => JSON.parse(nested("[", "]", deep))) },
  "JSON.parse of objects": {
    ends: ["ok"],
    run: bounded(() => JSON.parse('{"a":'.repeat(deep) + "1" + "}".repeat(deep))),
  },
  "JSON.parse with a reviver": {
    ends: ["ok"],
    run: bounded(() => JSON.parse(nested("[", "]", 5000), (_, value) => value)),
  },
  "JSON.stringify": {
    ends: ["ok", "limit-cpu"],
    run: bounded(() => JSON.stringify(chain(100_000, [], (last) => [last]))),
  },
  "toJSON that gives another": {
    ends: ["ok", "limit-cpu"],
    run: bounded(() => {
      const next = () => ({ toJSON: next, a: { toJSON: () => ({ a: next() }) } });
      JSON.stringify({ toJSON: () => ({ a: next() }) });
    }),
  },
  "groups in a pattern": { ends: ["ok"], run: bounded(() => new RegExp(nested("(?:", ")", deep))) },
  "lookaheads in a pattern": { ends: ["ok"], run: bounded(() => new RegExp(nested("(?=", ")", 100_000)).test("a")) },
  "classes in a class": { ends: ["ok"], run: bounded(() => new RegExp(nested("[", "]", 100_000), "v")) },
  "100,000 proxies": { ends: ["ok"], run: bounded(() => chain(100_000, {}, (last) => new Proxy(last, {})).x) },
  "100,000 proxies of a function": {
    ends: ["ok"],
    run: bounded(() =>
      chain(
        100_000,
        () => 1,
        (last) => new Proxy(last, {}),
      )(),
    ),
  },
  "is a list, through 100,000 proxies": {
    ends: ["ok"],
    run: bounded(() => Array.isArray(chain(100_000, [], (last) => new Proxy(last, {})))),
  },
  "100,000 bound functions": {
    ends: ["ok", "limit-memory"],
    run: bounded(() =>
      chain(
        100_000,
        () => 1,
        (last) => last.bind(null),
      )(),
    ),
  },
  "100,000 prototypes": { ends: ["ok"], run: bounded(() => chain(100_000, {}, Object.create).x) },
  "100,000 classes": {
    ends: ["ok", "limit-cpu"],
    run: bounded(() => new (chain(100_000, Object, (Base) => class extends Base {}))()),
  },
  "100,000 iterators": {
    ends: ["ok"],
    run: bounded(() => chain(100_000, [1].values(), (last) => last.map((value) => value)).next()),
  },
  "100,000 generators": {
    ends: ["ok"],
    run: bounded(() =>
      chain(100_000, [1], (last) =>
        (function* () {
          yield* last;
        })(),
      )
        [Symbol.iterator]()
        .next(),
    ),
  },
  "100,000 promises": {
    ends: ["ok", "limit-cpu"],
    run: () => chain(100_000, Promise.resolve(), (last) => new Promise((resolve) => resolve(last))).then(() => "held"),
  },
  flat: { ends: ["ok"], run: bounded(() => chain(100_000, [], (last) => [last]).flat(Infinity)) },
  "toString of lists": { ends: ["ok"], run: bounded(() => String(chain(100_000, [], (last) => [last]))) },
  structuredClone: {
    ends: ["ok"],
    run: bounded(() => {
      try {
        structuredClone(chain(100_000, [], (last) => [last]));
      } catch (error) {
        if (error.name !== "DataCloneError") throw error;
      }
    }),
  },
  "console.log of what is deep": {
    ends: ["ok"],
    run: bounded(() =>
      console.dir(
        chain(5_000, [], (last) => [last]),
        { depth: Infinity },
      ),
    ),
  },
  "a text of 1,000,000 sums": {
    ends: ["ok", "limit-cpu"],
    run: bounded(() => {
      let text = "";
      for (let i = 0; i < deep; i++) text = i % 2 ? "a" + text : text + "b";
      text.charCodeAt(deep / 2);
    }),
  },
  "a program of brackets": { ends: ["ok"], run: bounded(() => (0, eval)(nested("(", ")", 100_000))) },
  "a program of lists": { ends: ["ok"], run: bounded(() => (0, eval)(nested("[", "]", 100_000))) },
  "a program of blocks": { ends: ["ok"], run: bounded(() => (0, eval)(nested("{", "}", 100_000))) },
  "a program of functions": { ends: ["ok", "limit-cpu"], run: bounded(() => (0, eval)("()=>".repeat(100_000) + "1")) },
  "a program of templates": {
    ends: ["ok"],
    run: bounded(() => (0, eval)("`${".repeat(50_000) + "1" + "}`".repeat(50_000))),
  },
  "a program of patterns to take apart": {
    ends: ["ok"],
    run: bounded(() => (0, eval)(`let ${nested("[", "]", 100_000)} = []`)),
  },
  "a program of signs": { ends: ["ok"], run: bounded(() => (0, eval)("!".repeat(deep) + "1")) },
  "a program of sums": { ends: ["ok", "limit-cpu"], run: bounded(() => (0, eval)("1+".repeat(deep) + "1")) },
  "a program of choices": { ends: ["ok"], run: bounded(() => (0, eval)("1?1:".repeat(100_000) + "1")) },
  "a program of elses": { ends: ["ok"], run: bounded(() => (0, eval)("if (0); else ".repeat(100_000) + ";")) },
  "new Function 10,000 times in itself": {
    ends: ["ok", "limit-cpu"],
    run: bounded(() => {
      let text = "";
      for (let i = 0; i < 12; i++) text = `new Function(${JSON.stringify(text)})()`;
      new Function(text)();
      const dive = (n) => new Function("dive", "n", "return n && dive(n - 1)")(dive, n);
      dive(10_000);
    }),
  },
  "what frees itself": {
    ends: ["ok"],
    run: bounded(() => {
      chain(deep / 2, null, (last) => ({ last }));
    }),
  },
  "events in events": {
    ends: ["ok"],
    run() {
      const target = new EventTarget();
      target.addEventListener("x", () => target.dispatchEvent(new Event("x")));
      try {
        target.dispatchEvent(new Event("x"));
      } catch (error) {
        return error instanceof RangeError || error instanceof InternalError ? "held" : String(error);
      }
    },
  },
};
