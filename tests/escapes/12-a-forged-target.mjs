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
