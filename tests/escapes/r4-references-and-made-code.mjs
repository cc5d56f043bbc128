// CVE-2021-21413 and CVE-2022-39266 (GHSA-2jjq-x548-rhpv), isolated-vm: a reference's prototype chain led out, and cached data of a script
// that the attacker had made was run by the engine as it was. There are no references here, and nothing reads made code.
const attacks = {
  "prototype chains of what is handed": {
    ends: ["ok"],
    run(request, env, context) {
      const got = [];
      for (const object of [
        request, request.headers, request.signal, env, context, context.waitUntil, context.props, import.meta,
      ]) {
        for (let up = object; up !== null && up !== undefined; up = Object.getPrototypeOf(up))
          got.push(
            up,
            up.constructor,
            ...Reflect.ownKeys(up).map((name) => {
              try {
                return up[name];
              } catch {
                return undefined;
              }
            }),
          );
      }
      const ends = got
        .filter((value) => typeof value === "object" && value !== null)
        .every((value) => {
          let up = value;
          while (Object.getPrototypeOf(up) !== null) up = Object.getPrototypeOf(up);
          return up === Object.prototype || up === import.meta;
        });
      return ends ? probe(...got) : "a chain ends in another realm";
    },
  },
  "code that was made elsewhere": {
    ends: ["ok"],
    async run() {
      const got = [];
      const vm = await import("node:vm").catch(() => ({}));
      const v8 = await import("node:v8").catch(() => ({}));
      const bytes = new Uint8Array(64).map((_, i) => (i * 37) & 255);
      for (const use of [
        () => new vm.Script("this", { cachedData: bytes }).runInThisContext(),
        () => vm.runInNewContext("this"),
        () => vm.createContext({}),
        () => v8.deserialize(bytes),
        () => v8.startupSnapshot?.isBuildingSnapshot(),
        () => structuredClone(bytes),
        () => vm.compileFunction("return this")(),
        () => new vm.SourceTextModule("1"),
      ]) {
        try {
          const made = use();
          got.push(made);
        } catch (error) {
          got.push(error);
        }
      }
      return probe(...got);
    },
  },
};
