// GHSA-v27g-jcqj-v8rw, vm2: a call site told the host's file names, and so where the server lies. A stack here has the names that the
// bundle gave, and nothing of the engine's files.
const attacks = {
  "in stacks and call sites": {
    ends: ["ok"],
    async run() {
      const texts = [];
      const take = (error) => texts.push(error?.stack, error?.fileName, error?.message);
      Error.stackTraceLimit = 200;
      const makes = [
        () => null.x,
        () => new URL("x"),
        () => JSON.parse("{"),
        () => (0, eval)("null.x"),
        () => new Function("null.x")(),
        () => [1].map(() => null.x),
        () => structuredClone(() => {}),
        () => new Intl.NumberFormat("xx-YY"),
        () => process.exit(),
        () => Buffer.alloc({}),
        () => console.count(Symbol()),
      ];
      for (const make of makes) {
        try {
          make();
        } catch (error) {
          take(error);
        }
      }
      await fetch("http://127.0.0.1/").catch(take);
      Error.prepareStackTrace = (_, sites) =>
        sites.map((site) =>
          [
            site.getFileName?.(),
            site.getScriptNameOrSourceURL?.(),
            site.getEvalOrigin?.(),
            site.getFunctionName?.(),
            `${site}`,
          ].join(),
        );
      for (const make of makes) {
        try {
          make();
        } catch (error) {
          texts.push(String(error.stack));
        }
      }
      delete Error.prepareStackTrace;
      const found = texts.find((text) =>
        /(?:^|[^\w.])\/(?!\*)[\w.-]+\/[\w.-]+|\.rs\b|\.wasm\b|node_modules|ext:/.test(text ?? ""),
      );
      return found === undefined ? probe() : `a text tells of the host: ${found}`;
    },
  },
};
