// CVE-2020-7710 (GHSA-hrpq-r399-whgw) and CVE-2023-26122 (GHSA-79xf-67r4-q2jj), safe-eval: the host works on the text of an error whose
// `stack.match` is the app's, and at the depth where the stack ends natives of the host throw errors of the host's realm; and by
// `__defineGetter__`, `toLocaleString` and `valueOf` the app is called with the host's objects as this.
const attacks = {
  "a stack whose match is one's own": {
    ends: ["app-threw"],
    run() {
      throw Object.defineProperty(new Error("x"), "stack", {
        value: {
          match: (pattern) => {
            globalThis.pattern = pattern;
            return [probe(pattern)];
          },
          split: () => [probe()],
          toString: () => "x",
          replace: () => probe(),
        },
      });
    },
  },
  "natives at the depth where the stack ends": {
    ends: ["ok", "limit-js-stack", "limit-cpu"],
    run() {
      const got = [];
      const natives = [
        () => new URL("x"),
        () => console.log("x"),
        () => new Headers({ "\n": "" }),
        () => import("x").catch(() => {}),
        () => JSON.parse("{"),
        () => process.binding("x"),
        () => structuredClone([[]]),
        () => Buffer.from("x"),
        () => fetch("http://127.0.0.1/").catch(() => {}),
      ];
      for (const native of natives) {
        const dive = () => {
          try {
            dive();
          } catch (error) {
            if (got.length < 200) got.push(error);
            native();
          }
        };
        try {
          dive();
        } catch (error) {
          got.push(error);
        }
      }
      return probe(...got);
    },
  },
  "methods that are called with another's this": {
    ends: ["ok"],
    run(request, env, context) {
      const got = [];
      const keep = function (...values) {
        got.push(this, ...values);
        return "x";
      };
      for (const object of [Object.prototype, Function.prototype, Error.prototype, Promise.prototype])
        for (const name of ["__defineGetter__", "__lookupGetter__", "toLocaleString", "valueOf", "toString"])
          try {
            Object.prototype.__defineGetter__.call(object, name, () => keep);
          } catch {}
      for (const use of [
        () => `${request}`,
        () => console.log(request, env, context),
        () => new URL("http://a/"),
        () => new Error("x").stack,
        () => [request].toLocaleString(),
        () => +context,
        () => JSON.stringify(env),
      ]) {
        try {
          use();
        } catch (error) {
          got.push(error);
        }
      }
      for (const object of [Object.prototype, Function.prototype, Error.prototype, Promise.prototype])
        for (const name of ["__defineGetter__", "__lookupGetter__", "toLocaleString", "valueOf", "toString"])
          delete object[name];
      return probe(...got);
    },
  },
};
