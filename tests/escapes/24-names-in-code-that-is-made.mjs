// CVE-2025-61927, happy-dom: `this.constructor.constructor("return process")()` in a context of `node:vm` gave the host's process; and
// CVE-2026-33943 and CVE-2026-115895 after it: names of a module's exports were pasted into code that the host made. This module's own
// exports have such names: the wrapper around it must take them as names.
const value = "a value";
export {
  value as "a; globalThis.pasted = 1; //",
  value as "}); globalThis.pasted = 1; ({",
  value as "`${globalThis.pasted = 1}`",
  value as "*/ globalThis.pasted = 1 /*",
  value as "__proto__",
  value as "constructor",
  value as "then",
  value as "\u2028globalThis.pasted = 1",
  value as "",
};
const attacks = {
  "names of exports": { ends: ["ok"], run: () => (globalThis.pasted === undefined ? probe() : "a name was run") },
  "the constructor of all that is handed": {
    ends: ["ok"],
    run(request, env, context) {
      const got = [];
      for (const object of [globalThis, request, env, context, attacks, import.meta, this, arguments])
        for (const text of ["return process", "return globalThis", "return this", "return require", "return module"]) {
          try {
            got.push(object?.constructor?.constructor?.(text)());
          } catch (error) {
            got.push(error);
          }
        }
      const foreign = got.find(
        (value) => typeof value?.mainModule === "object" || (typeof value?.execPath === "string" && value !== process),
      );
      return foreign === undefined ? probe(...got) : "another process";
    },
  },
  "names in code that this guest makes": {
    ends: ["ok"],
    run() {
      const got = [];
      const name = "x'\"`);globalThis.pasted=1;//";
      for (const make of [
        () => Symbol(name).toString(),
        () => new URLPattern({ pathname: `/:${name}` }),
        () => performance.mark(name),
        () => Object.defineProperty(() => {}, "name", { value: name }).toString(),
        () => new RegExp(`(?<${name}>x)`),
        () => new Intl.NumberFormat("en", { style: "unit", unit: name }),
        () => import(name),
        () => new Function(`return ${JSON.stringify(name)}`)(),
        () => new Event(name),
        () => console.count(name),
      ]) {
        try {
          const made = make();
          made?.catch?.(() => {});
          got.push(made);
        } catch (error) {
          got.push(error);
        }
      }
      return globalThis.pasted === undefined ? probe(...got) : "a name was run";
    },
  },
};
