// G15: errors, and all that may be read from one. A stack is made by the engine while the app's own code may be called, and is the
// one text that could carry something of the host: a path, the name of a type, a call of another tenant.
const foreign =
  /\/(?:home|root|usr|tmp|var|etc|proc|opt|build|rustc|work)\/|\.rs\b|\.wasm\b|\bcargo\b|wasmtime|rquickjs|panicked|ext:|node:internal|bootstrap|0x[0-9a-f]{6,}/i;
/** All that may be read from an error, as one text. */
const told = (error) => {
  const texts = [];
  for (let object = error; object !== null && object !== undefined; object = Object.getPrototypeOf(object)) {
    for (const name of Reflect.ownKeys(object)) {
      try {
        texts.push(String(error[name]));
      } catch {}
    }
  }
  return texts.join("\n");
};
const tells = (...errors) => {
  for (const error of errors) {
    const [found] = told(error).match(foreign) ?? [];
    if (found !== undefined) return `an error tells ${found}: ${told(error).slice(0, 500)}`;
  }
};
const caught = (make) => {
  try {
    make();
  } catch (error) {
    return error;
  }
};
const sites = (make) => {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, sites) => sites;
  try {
    const { stack } = caught(make) ?? {};
    return Array.isArray(stack) ? stack : [];
  } finally {
    Error.prepareStackTrace = before;
  }
};
const natives = [
  () => null.x,
  () => undefinedName,
  () => new Array(-1),
  () => "x".repeat(-1),
  () => JSON.parse("{"),
  () => new RegExp("("),
  () => decodeURI("%"),
  () => Symbol() + "",
  () => 1n + 1,
  () => (0, eval)("let let"),
  () => new Uint8Array(-1),
  () => structuredClone(() => {}),
  () => new URL("x"),
  () => new Headers({ "\n": "x" }),
  () => atob("\u20ac"),
  () => new Response("", { status: 1 }),
  () => crypto.getRandomValues(new Float32Array(1)),
  () => crypto.getRandomValues(new Uint8Array(1 << 20)),
  () => new Intl.NumberFormat("xx-YY"),
  () => process.binding("fs"),
  () => process.exit(1),
  () => process.chdir("/"),
  () => new TextDecoder("x"),
  () => new CompressionStream("x"),
  () => new URLPattern("("),
  () => AbortSignal.abort().throwIfAborted(),
  () => setTimeout(),
  () => queueMicrotask(),
  () => Buffer.from(1),
  () => Buffer.alloc(-1),
  () => new Proxy({}, null),
  () => Reflect.construct(1),
  () => new WeakRef(1),
  () => Atomics.wait(new Int32Array(1), 0, 0),
  () => "".normalize("x"),
  () => [].reduce((a) => a),
  () => new Date(NaN).toISOString(),
];
const attacks = {
  "every native error": { ends: ["ok"], run: () => tells(...natives.map(caught)) },
  "every native error, by its call sites": {
    ends: ["ok"],
    run() {
      for (const native of natives) {
        for (const site of sites(native)) {
          for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(site))) {
            let value;
            try {
              value = site[name]?.();
            } catch (error) {
              value = error;
            }
            if (
              typeof value === "function" ||
              (typeof value === "object" && value !== null && !(value instanceof Error))
            ) {
              const world = value.constructor?.constructor?.("return this")?.();
              if (world !== undefined && world !== globalThis) return `${name} gave another's object`;
              if (name === "getFunction" || name === "getThis") {
                if (value !== globalThis && /bootstrap|native\.|ext:/.test(Object.getOwnPropertyNames(value).join()))
                  return `${name} gave something of the engine's inside`;
              }
            }
            if (foreign.test(String(value)) && !/\[native code\]/.test(String(value)) && typeof value === "string")
              return `${name} tells ${value}`;
          }
        }
      }
    },
  },
  "every rejection of the host": {
    ends: ["ok"],
    async run() {
      const rejections = [
        fetch("http://127.0.0.1/"),
        fetch("file:///x"),
        fetch("x:"),
        fetch("http://a.invalid/"),
        fetch("data:x"),
        fetch("blob:x"),
        fetch("http://[::1]:0/"),
        import("file:///x"),
        import("node:sqlite"),
        crypto.subtle.importKey("raw", new Uint8Array(1), "AES-GCM", false, ["encrypt"]),
        crypto.subtle.digest("MD4", new Uint8Array(1)),
        new Response("{").json(),
        crypto.subtle.importKey("pkcs8", new Uint8Array(100), { name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"]),
        crypto.subtle.importKey("spki", new Uint8Array(100), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]),
        new Response(new Blob(["x"]).stream().pipeThrough(new DecompressionStream("gzip"))).text(),
        new Response("x", { headers: { "content-type": "multipart/form-data" } }).formData(),
      ];
      const errors = (await Promise.allSettled(rejections)).map(({ reason }) => reason).filter(Boolean);
      return tells(...errors, ...errors.map(({ cause }) => cause).filter(Boolean));
    },
  },
  "prepareStackTrace that is a function": {
    ends: ["ok"],
    run: () => {
      Error.prepareStackTrace = (error, sites) => sites.length;
      return typeof caught(() => null.x).stack === "number" ? "held" : "it was not called";
    },
  },
  "prepareStackTrace that throws": {
    ends: ["ok", "app-threw"],
    run: () => {
      Error.prepareStackTrace = () => {
        throw new Error("mine");
      };
      caught(() => null.x)?.stack;
    },
  },
  "prepareStackTrace that throws what is thrown": {
    ends: ["app-threw", "limit-js-stack", "limit-cpu"],
    run: () => {
      Error.prepareStackTrace = () => {
        throw new Error("again");
      };
      throw new Error("x");
    },
  },
  "prepareStackTrace that is no function": {
    ends: ["ok"],
    run: () => {
      for (const value of [undefined, null, 1, "x", {}, Symbol(), new Proxy({}, {})]) {
        Error.prepareStackTrace = value;
        if (!(caught(() => null.x) instanceof TypeError)) return `with ${String(value)}`;
      }
    },
  },
  "prepareStackTrace as a getter": {
    ends: ["ok"],
    run: () => {
      Object.defineProperty(Error, "prepareStackTrace", {
        get() {
          throw new Error("mine");
        },
      });
      return caught(() => null.x) instanceof Error ? "held" : "no error came";
    },
  },
  "prepareStackTrace that keeps the sites": {
    ends: ["ok"],
    run: () => {
      const kept = [];
      Error.prepareStackTrace = (_, sites) => (kept.push(...sites), "");
      for (const native of natives) caught(native)?.stack;
      for (const site of kept)
        for (const name of ["getThis", "getFunction"]) {
          const value = site[name]?.();
          if (value?.constructor?.constructor && value.constructor.constructor("return this")() !== globalThis)
            return `${name} gave another's object`;
        }
    },
  },
  "a stackTraceLimit of 2^53": {
    ends: ["ok", "limit-js-stack"],
    run: () => {
      for (const limit of [
        2 ** 53,
        Infinity,
        -1,
        NaN,
        "x",
        {},
        {
          valueOf() {
            throw new Error("x");
          },
        },
      ]) {
        Error.stackTraceLimit = limit;
        const dive = (n) => (n ? dive(n - 1) : new Error("x"));
        const { stack } = dive(200);
        if (String(stack).length > 1e6) return "a stack of 1 MB";
      }
    },
  },
  "a stack that is a getter": {
    ends: ["app-threw"],
    run: () => {
      throw Object.defineProperty(new Error("x"), "stack", {
        get() {
          throw new Error("from the stack");
        },
      });
    },
  },
  "a stack that is no text": {
    ends: ["app-threw"],
    run: () => {
      throw Object.defineProperty(new Error("x"), "stack", {
        value: {
          toString() {
            throw new Error("from the stack");
          },
        },
      });
    },
  },
  "a stack of 64 MiB": {
    ends: ["app-threw", "limit-cpu", "limit-memory"],
    run: () => {
      throw Object.defineProperty(new Error("x"), "stack", { value: "x".repeat(32 << 20) });
    },
  },
  "a stack with lines of somebody else": {
    ends: ["app-threw"],
    run: () => {
      throw Object.defineProperty(new Error("x"), "stack", {
        value: "Error: x\n    at /etc/passwd:1:1\r\n\0\x1b[2J    at forged (other.mjs:1:1)",
      });
    },
  },
  "a name that is a Symbol": {
    ends: ["app-threw"],
    run: () => {
      throw Object.assign(new Error("x"), { name: Symbol("name") });
    },
  },
  "a message that is a Symbol": {
    ends: ["app-threw"],
    run: () => {
      throw Object.assign(new Error("x"), { message: Symbol("message") });
    },
  },
  "a message of 64 MiB": {
    ends: ["app-threw", "limit-cpu", "limit-memory"],
    run: () => {
      throw new Error("x".repeat(32 << 20));
    },
  },
  "names with control characters": {
    ends: ["app-threw"],
    run: () => {
      throw Object.assign(new Error("a\nb\r\n\0\x1b[31m\u2028"), { name: "N\n\ud800\0" });
    },
  },
  "100,000 causes": {
    ends: ["app-threw"],
    run: () => {
      let error = new Error("0");
      for (let i = 0; i < 100_000; i++) {
        const outer = Object.create(Error.prototype);
        outer.cause = error;
        error = outer;
      }
      throw error;
    },
  },
  "a cause that is itself": {
    ends: ["app-threw"],
    run: () => {
      const error = new Error("x");
      error.cause = error;
      throw error;
    },
  },
  "a cause that is always another": {
    ends: ["app-threw"],
    run: () => {
      const next = () => Object.defineProperty(new Error("x"), "cause", { get: next });
      throw next();
    },
  },
  "an AggregateError of 100,000": {
    ends: ["app-threw", "limit-cpu"],
    run: () => {
      throw new AggregateError(new Array(100_000).fill(new Error("x")));
    },
  },
  "an AggregateError of itself": {
    ends: ["app-threw"],
    run: () => {
      const error = new AggregateError([]);
      error.errors.push(error);
      console.log(error);
      throw error;
    },
  },
  "10,000 SuppressedErrors": {
    ends: ["app-threw", "limit-js-stack", "limit-cpu"],
    run: () => {
      const stack = new DisposableStack();
      for (let i = 0; i < 10_000; i++)
        stack.defer(() => {
          throw new Error(`${i}`);
        });
      stack.dispose();
    },
  },
  "what is thrown and no error": {
    ends: ["app-threw"],
    run: () => {
      throw {
        toString() {
          throw {
            toString() {
              throw 1;
            },
          };
        },
      };
    },
  },
  "undefined, as what is thrown": {
    ends: ["app-threw"],
    run: () => {
      throw undefined;
    },
  },
  "a Symbol, as what is thrown": {
    ends: ["app-threw"],
    run: () => {
      throw Symbol("x");
    },
  },
  "a BigInt of a million digits, as what is thrown": {
    ends: ["app-threw", "limit-cpu"],
    run: () => {
      throw 7n ** 300_000n;
    },
  },
  "an object without a prototype, as what is thrown": {
    ends: ["app-threw"],
    run: () => {
      throw { __proto__: null, toString: undefined };
    },
  },
  "what throws as it is described": {
    ends: ["app-threw", "limit-js-stack"],
    run: () => {
      throw Object.create(Error.prototype, {
        name: {
          get() {
            throw this;
          },
        },
        message: {
          get() {
            throw this;
          },
        },
        stack: {
          get() {
            throw this;
          },
        },
        cause: {
          get() {
            throw this;
          },
        },
      });
    },
  },
  "captureStackTrace of anything": {
    ends: ["ok"],
    run: () => {
      for (const value of [{}, [], () => {}, Object.freeze({}), new Proxy({}, {}), globalThis]) {
        try {
          Error.captureStackTrace(value, () => {});
          if (foreign.test(String(value.stack))) return value.stack;
        } catch (error) {
          if (!(error instanceof TypeError)) return String(error);
        }
      }
    },
  },
  "callers of a function": {
    ends: ["ok"],
    run() {
      const own = function () {
        return own.caller;
      };
      for (const read of [
        own,
        () => own.arguments,
        () =>
          (function () {
            "use strict";
            return arguments.callee;
          })(),
        () => Function.prototype.caller,
        () => caught.caller,
      ]) {
        try {
          const got = read();
          if (got !== undefined && got !== null) return `it gave ${got}`;
        } catch (error) {
          if (!(error instanceof TypeError)) return String(error);
        }
      }
    },
  },
  "unhandled, after the answer": {
    ends: ["ok"],
    run: () => {
      Promise.reject(
        Object.defineProperty(new Error("x"), "stack", {
          get() {
            throw new Error("from the stack");
          },
        }),
      );
    },
  },
  "unhandled, with a getter that rejects more": {
    // The shape of CVE-2025-62491.
    ends: ["ok", "limit-console-lines", "limit-cpu"],
    async run() {
      let left = 50;
      const more = () =>
        Promise.reject(
          Object.defineProperty(new Error("x"), "message", { get: () => (left-- > 0 ? (more(), "m") : "m") }),
        );
      more();
      more().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
  },
};
