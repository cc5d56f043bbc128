// CVE-2026-22686 (GHSA-7qm7-455j-5p63), enclave-vm: a tool of the host's failed, and the prototype chain of its error ended in the host's realm.
const attacks = {
  "the chain of each": {
    ends: ["ok"],
    async run() {
      const got = [];
      const keep = (error) => void got.push(error);
      for (const make of [
        () => null.x,
        () => new URL("x"),
        () => JSON.parse("{"),
        () => new Array(-1),
        () => (0, eval)("("),
        () => decodeURI("%"),
        () => undefinedName,
        () => crypto.getRandomValues(new Uint8Array(1e6)),
        () => structuredClone(() => {}),
        () => {
          const dive = () => dive() + 1;
          dive();
        },
        () => process.exit(),
        () => atob("\u20ac"),
        () => setTimeout(),
      ])
        try {
          make();
        } catch (error) {
          keep(error);
        }
      await Promise.all([
        fetch("x:").catch(keep),
        import("x").catch(keep),
        crypto.subtle.digest("x", new Uint8Array()).catch(keep),
        new ReadableStream({
          start(controller) {
            controller.error(new Error("x"));
          },
        })
          .getReader()
          .read()
          .catch(keep),
      ]);
      for (const error of got) {
        if (!(error instanceof Error)) return `${error} is none of this realm's`;
        const own = globalThis[error.constructor.name];
        if (own !== error.constructor) return `${error.constructor.name} is another's`;
      }
      return probe(...got);
    },
  },
};
