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
