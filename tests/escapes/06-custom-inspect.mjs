// CVE-2023-37903 (GHSA-g644-9gfx-q4q4), vm2: an object with an inspect function of its own was shown by the host, which called it with
// functions of the host.
const attacks = {
  "through each that shows values": {
    ends: ["ok"],
    async run() {
      const got = [];
      const object = {
        [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) {
          got.push(options, inspect, options?.stylize, inspect?.custom, inspect?.styles, this);
          return options;
        },
      };
      for (const show of ["log", "error", "dir", "table", "trace", "assert", "group", "dirxml"])
        (console[show](object, { customInspect: true }), console[show](false, object));
      const util = await import("node:util").catch(() => undefined);
      got.push(util?.inspect(object), util?.format("%O", object), util?.inspect);
      reportError(object);
      try {
        new URL(object);
      } catch (error) {
        got.push(error);
      }
      Promise.reject(object);
      return probe(...got);
    },
  },
  "thrown, for the host to show": {
    ends: ["app-threw"],
    run() {
      throw {
        [Symbol.for("nodejs.util.inspect.custom")]: () => {
          throw new Error(probe());
        },
        toString: () => probe(),
      };
    },
  },
};
