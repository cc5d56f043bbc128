// CVE-2026-22709 (GHSA-99p7-6v5w-7xg8), vm2: `then` and `catch` of the sandbox's promises were guarded, but an async function gives a
// promise of the engine's own, whose are not.
const attacks = {
  "the promise of an async function": {
    ends: ["ok"],
    async run() {
      const got = [];
      const error = new Error("x");
      error.name = Symbol("x");
      const makes = [
        async () => error.stack,
        async () => `${error}`,
        async () => null.x,
        async () => import("x"),
        async function* () {
          throw error;
        },
        async () => fetch("x:"),
        async () => {
          for await (const _ of [Promise.reject(error)]);
        },
      ];
      for (const make of makes) {
        const made = make();
        const promise = made.next?.() ?? made;
        if (promise.constructor !== Promise || Object.getPrototypeOf(promise) !== Promise.prototype)
          return "a promise of another realm";
        got.push(promise, promise.constructor);
        await promise.then(
          (value) => got.push(value),
          (error) => got.push(error),
        );
        await promise.catch((error) => got.push(error));
      }
      return probe(...got);
    },
  },
};
