// CVE-2021-23543 and CVE-2021-23594, realms-shim: the sandbox's scope was a proxy within `with`, which `Symbol.unscopables` switches off; and
// what rewrites the source was handed an object of the first realm.
const attacks = {
  "unscopables on the global object": {
    ends: ["ok"],
    run() {
      const got = [];
      globalThis[Symbol.unscopables] = { process: true, console: true, globalThis: true };
      Object.prototype[Symbol.unscopables] = { fetch: true };
      try {
        got.push(
          (0, eval)("this"),
          new Function("with (this) return process")(),
          new Function("with ({}) return fetch")(),
          new Function("with (new Proxy({}, { has: () => true, get: (_, name) => name })) return anything")(),
        );
      } catch (error) {
        got.push(error);
      }
      delete globalThis[Symbol.unscopables];
      delete Object.prototype[Symbol.unscopables];
      return got[0] === globalThis ? probe(...got) : "another global object";
    },
  },
  "a source that is no text": {
    ends: ["ok"],
    run() {
      const got = [];
      const source = {
        toString() {
          got.push(this, ...arguments);
          return "this";
        },
        replace: (...values) => got.push(...values),
        [Symbol.toPrimitive](hint) {
          got.push(hint);
          return "this";
        },
      };
      got.push((0, eval)(source), new Function(source));
      return probe(...got);
    },
  },
};
