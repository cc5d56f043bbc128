// CVE-2026-44009 (GHSA-9vg3-4rfj-wgcm), vm2: what was thrown was wrapped by its prototype; an object that has none came through as it was.
const attacks = {
  "caught here": {
    ends: ["ok"],
    run() {
      const got = [];
      for (const value of [
        { __proto__: null },
        Object.create(null, {
          x: {
            get: () => {
              throw { __proto__: null };
            },
          },
        }),
        Object.setPrototypeOf(() => {}, null),
        Object.setPrototypeOf([], null),
        Object.setPrototypeOf(new Error("x"), null),
      ]) {
        try {
          [1].map(() => {
            throw value;
          });
        } catch (error) {
          got.push(error);
          if (error !== value) return "it is another";
        }
      }
      return probe(...got);
    },
  },
  "thrown to the host": {
    ends: ["app-threw"],
    run() {
      throw {
        __proto__: null,
        get message() {
          throw { __proto__: null };
        },
        get stack() {
          throw { __proto__: null };
        },
      };
    },
  },
  "a function, thrown to the host": {
    ends: ["app-threw"],
    run() {
      throw Object.setPrototypeOf(() => {}, null);
    },
  },
  "rejected, to the host": {
    ends: ["app-threw"],
    run: () => Promise.reject(Object.setPrototypeOf(new Error("x"), null)),
  },
};
