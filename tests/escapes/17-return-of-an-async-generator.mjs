// GHSA-248r-7h7q-cr24, vm2: `yield*` of an async generator that is ended by `return(thenable)`: the engine itself calls `then`, and what
// fails in there goes past what cleans errors.
const attacks = {
  "return, throw and next with what is thenable": {
    ends: ["ok"],
    async run() {
      const got = [];
      const thenable = {
        then(resolve, reject) {
          got.push(this, resolve, reject, resolve.constructor);
          import("x").catch((error) => (got.push(error), reject(error)));
        },
      };
      for (const name of ["return", "throw", "next"]) {
        const inner = {
          [Symbol.asyncIterator]: () => ({
            next: () => ({ value: thenable, done: false }),
            [name]: (value) => (got.push(value), thenable),
          }),
        };
        const outer = (async function* () {
          try {
            yield* inner;
          } catch (error) {
            got.push(error);
          } finally {
            yield thenable;
          }
        })();
        for (const step of ["next", name, "return"])
          await outer[step](thenable).then(
            (value) => got.push(value),
            (error) => got.push(error),
          );
      }
      return got.length > 10 ? probe(...got) : "nothing was called";
    },
  },
};
