// CVE-2022-36067 (GHSA-mrgp-mrhc-5jrq), vm2: the app puts an `Error` of its own in the global's place, whose `prepareStackTrace` the
// engine of the host then calls with call sites: objects of the host's realm, whose `getThis` leads out.
const attacks = {
  "an Error of one's own": {
    ends: ["ok"],
    run() {
      const got = [];
      const Native = globalThis.Error;
      globalThis.Error = { prepareStackTrace: (error, sites) => got.push(error, ...sites) };
      try {
        null.x;
      } catch ({ stack }) {
        got.push(stack);
      }
      try {
        decodeURIComponent("%");
      } catch ({ stack }) {
        got.push(stack);
      }
      globalThis.Error = Native;
      return probe(...got);
    },
  },
  "what a call site gives": {
    ends: ["ok"],
    async run() {
      const got = [];
      Error.prepareStackTrace = (_, sites) => {
        for (const site of sites) {
          for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(site))) {
            try {
              got.push(site[name]());
            } catch {}
          }
        }
        return "";
      };
      const makes = [
        () => new Error("x"),
        () => new URL("x"),
        () => [1].map(() => new Error("x")).at(0),
        () => structuredClone(() => {}),
        () => new Headers({ "\n": "" }),
      ];
      for (const make of makes) {
        try {
          make().stack;
        } catch (error) {
          error.stack;
        }
      }
      await fetch("http://127.0.0.1/").catch((error) => error.stack);
      await new Promise((resolve) => setTimeout(() => resolve(new Error("x").stack), 1));
      delete Error.prepareStackTrace;
      return probe(...got);
    },
  },
};
