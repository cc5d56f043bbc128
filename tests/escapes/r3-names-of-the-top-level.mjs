// CVE-2025-32792, SES: `let`, `const` and `class` at the top level of scripts of the host could be seen within, as they are no properties of
// the global object that is guarded.
const attacks = {
  "names that the engine's scripts may have left": {
    ends: ["ok"],
    run() {
      const names = [
        "native", "primordials", "bootstrap", "__bootstrap", "internals", "core", "ops", "Deno", "load", "handle",
        "render", "app", "main", "engine", "ext", "webidl", "registry", "runtime", "host", "dayfly", "guest", "unenv",
        "tasks", "timers", "loader",
      ];
      const there = names.filter(
        (name) => (0, eval)(`try { typeof ${name} } catch { "in its dead zone" }`) !== "undefined",
      );
      return there.length === 0 ? probe() : there.join();
    },
  },
  "names of another render": {
    ends: ["ok"],
    times: 20,
    run() {
      const found = (0, eval)("typeof leftByThisRender");
      (0, eval)("var leftByThisRender = 1");
      new Function("globalThis.leftToo = 1")();
      const too = Object.getOwnPropertyNames(globalThis).filter((name) => /^left/.test(name)).length;
      delete globalThis.leftToo;
      delete globalThis.leftByThisRender;
      return found === "undefined" && too === 2 ? "held" : `it found a ${found}, and ${too}`;
    },
  },
};
