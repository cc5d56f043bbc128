// G17: memory that is shared, threads, compilers, and what a stand-alone QuickJS offers. Each would be a clock, or a way out; none may be
// there under any name by which it is usually found.
const absent = [
  "SharedArrayBuffer", "WebAssembly", "Worker", "SharedWorker", "ServiceWorker", "ShadowRealm", "gc", "std", "os", "bjson",
  "scriptArgs", "print", "load", "read", "readFile", "quit", "Deno", "Bun", "require", "module", "exports", "__dirname",
  "__filename", "Javy", "__bootstrap", "importScripts", "XMLHttpRequest", "WebSocket", "EventSource", "BroadcastChannel",
  "localStorage", "sessionStorage", "indexedDB", "caches", "window", "document", "location", "$262", "createRealm",
  "evalScript", "agent", "detachArrayBuffer", "__loadScript", "__date_clock", "__proto__x", "JSContext", "java",
  "Packages", "ActiveXObject",
];
const missing = (expression) => ({
  ends: ["ok"],
  run() {
    const value = (0, eval)(`typeof ${expression}`);
    return value === "undefined" ? "held" : `${expression} is a ${value}`;
  },
});
const attacks = {
  ...Object.fromEntries(absent.map((name) => [name, missing(name)])),
  "Atomics.wait": {
    ends: ["ok"],
    run: () => {
      try {
        return `it gave ${Atomics.wait(new Int32Array(new ArrayBuffer(4)), 0, 0, 1)}`;
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "Atomics.waitAsync": {
    ends: ["ok"],
    run: async () => {
      try {
        const { value } = Atomics.waitAsync(new Int32Array(new ArrayBuffer(4)), 0, 0, 1);
        return `it gave ${await value}`;
      } catch (error) {
        return error instanceof TypeError ? "held" : String(error);
      }
    },
  },
  "a shared buffer from a memory": {
    ends: ["ok"],
    run: () => {
      const kinds = [
        new ArrayBuffer(1),
        new Uint8Array(1).buffer,
        Buffer.alloc(1).buffer,
        new TextEncoder().encode("x").buffer,
      ];
      return kinds.every((buffer) => Object.prototype.toString.call(buffer) === "[object ArrayBuffer]")
        ? "held"
        : "there is another kind of buffer";
    },
  },
  "a clone that is shared": {
    ends: ["ok"],
    run: () => {
      const bytes = new Uint8Array(4),
        { port1, port2 } = new MessageChannel();
      const clone = structuredClone(bytes);
      clone[0] = 1;
      port1.close();
      port2.close();
      return bytes[0] === 0 ? "held" : "two see the same bytes";
    },
  },
  "another realm": {
    ends: ["ok"],
    run: () => {
      const worlds = [
        Function,
        (async () => {}).constructor,
        function* () {}.constructor,
        Buffer.from.constructor,
        console.log.constructor,
        fetch.constructor,
        URL.constructor,
        crypto.getRandomValues.constructor,
        setTimeout.constructor,
        process.cwd.constructor,
      ].map((Make) => {
        const made = Make("return globalThis")();
        return made === globalThis || typeof made?.then === "function" || typeof made?.next === "function";
      });
      return worlds.every(Boolean) ? "held" : "there is another realm";
    },
  },
  "a clock from work": {
    ends: ["ok"],
    run: () => {
      const seen = new Set();
      for (let i = 0; i < 20_000; i++)
        seen.add(
          `${Date.now()} ${performance.now()} ${process.hrtime.bigint()} ${new Date().getTime()} ${process.uptime()}`,
        );
      return seen.size === 1 ? "held" : `${seen.size} times`;
    },
  },
  "bytecode of a function": {
    ends: ["ok"],
    run: () => {
      for (const name of ["toSource", "bytecode", "fileName", "lineNumber"]) {
        const value = attacks[name] ?? (() => {})[name];
        if (typeof value === "object" || typeof value === "function") return `${name} is there`;
      }
    },
  },
};
