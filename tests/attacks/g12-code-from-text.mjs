// G12: code that is made of text, and modules that are asked for by name. Both are allowed to try: such code sees the guest's globals
// and nothing else, and there is no module to be had.

/** Those of tests/apps/globals.txt, which is the promise: the same but for `render`, which is an app's own. */
const listed = `
  AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array
  BigUint64Array Blob Boolean Buffer ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy Crypto CryptoKey
  CustomEvent DOMException DataView Date DecompressionStream DisposableStack Error ErrorEvent EvalError Event EventTarget
  File FinalizationRegistry Float16Array Float32Array Float64Array FormData Function Headers Infinity Int16Array Int32Array
  Int8Array InternalError Intl Iterator JSON Map Math MessageChannel MessageEvent MessagePort NaN Navigator Number Object
  Performance PerformanceEntry PerformanceMark PerformanceMeasure Promise PromiseRejectionEvent Proxy RangeError
  ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest
  ReadableStreamDefaultController ReadableStreamDefaultReader ReferenceError Reflect RegExp Request Response Set String
  SubtleCrypto SuppressedError Symbol SyntaxError TextDecoder TextDecoderStream TextEncoder TextEncoderStream
  TransformStream TransformStreamDefaultController TypeError URIError URL URLPattern URLSearchParams Uint16Array Uint32Array
  Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WritableStream WritableStreamDefaultController
  WritableStreamDefaultWriter atob btoa clearImmediate clearInterval clearTimeout console crypto decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape eval fetch global globalThis isFinite isNaN navigator onerror
  onrejectionhandled onunhandledrejection parseFloat parseInt performance process queueMicrotask reportError self
  setImmediate setInterval setTimeout structuredClone undefined unescape
`
  .trim()
  .split(/\s+/);
const before = Object.getOwnPropertyNames(globalThis);
const AsyncFunction = (async () => {}).constructor;
const GeneratorFunction = function* () {}.constructor;
const AsyncGeneratorFunction = async function* () {}.constructor;
/** What code that was made of text sees: the one global object, and the names that are listed. */
const sees = (world) => {
  if (world !== globalThis) return "another global object";
  const names = Object.getOwnPropertyNames(world);
  const more = names.filter((name) => !listed.includes(name)),
    less = listed.filter((name) => !names.includes(name));
  return more.length + less.length === 0 ? "held" : `more: ${more}, less: ${less}`;
};
const rejects = (specifier, load = (specifier) => import(specifier)) => ({
  ends: ["ok"],
  run: async () => {
    try {
      return `a module came: ${Object.keys(await load(specifier))}`;
    } catch (error) {
      return error instanceof Error && !/\/(?:home|root|usr|tmp)\b|\.rs\b/.test(`${error.message} ${error.stack}`)
        ? "held"
        : `${error.stack}`;
    }
  },
});
const attacks = {
  "the list of names": { ends: ["ok"], run: () => sees(globalThis) },
  "no name since the build": {
    ends: ["ok"],
    run: () =>
      Object.getOwnPropertyNames(globalThis).length === before.length ? "held" : "there are others than at the build",
  },
  "no symbols but those of an event target": {
    ends: ["ok"],
    run() {
      const symbols = Object.getOwnPropertySymbols(globalThis).filter(
        (symbol) => !["", "[[webidl.brand]]", "Symbol.toStringTag"].includes(symbol.description ?? ""),
      );
      return symbols.length === 0 ? "held" : symbols.map(String).join();
    },
  },
  "names that are no properties": {
    ends: ["ok"],
    run() {
      const names = [
        "require", "module", "exports", "__filename", "__dirname", "__bootstrap", "Deno", "Bun", "native", "primordials",
        "window", "document", "print", "load", "std", "os", "bjson", "scriptArgs", "gc", "arguments",
      ];
      const there = names.filter((name) => (0, eval)(`typeof ${name}`) !== "undefined");
      return there.length === 0 ? "held" : there.join();
    },
  },
  Function: { ends: ["ok"], run: () => sees(new Function("return this")()) },
  AsyncFunction: { ends: ["ok"], run: async () => sees(await new AsyncFunction("return globalThis")()) },
  GeneratorFunction: { ends: ["ok"], run: () => sees(new GeneratorFunction("yield globalThis")().next().value) },
  AsyncGeneratorFunction: {
    ends: ["ok"],
    run: async () => sees((await new AsyncGeneratorFunction("yield globalThis")().next()).value),
  },
  "Reflect.construct of Function": {
    ends: ["ok"],
    run: () => sees(Reflect.construct(Function, ["return this"], class {})()),
  },
  "eval, direct and indirect": {
    ends: ["ok"],
    run: () => (eval("globalThis") === globalThis ? sees((0, eval)("this")) : "another global object"),
  },
  "a timer's text": {
    ends: ["ok"],
    async run() {
      try {
        setTimeout("globalThis.world = this", 0);
        await new Promise((resolve) => setTimeout(resolve, 2));
      } catch {}
      const { world = globalThis } = globalThis;
      delete globalThis.world;
      return sees(world);
    },
  },
  "text that closes the function around it": {
    // QuickJS takes it, though the standard has it that body and parameters parse by themselves: what runs sees no more.
    ends: ["ok"],
    run() {
      for (const texts of [
        ["}); globalThis.broken = this; (function () {"],
        ["/*", "*/) { globalThis.broken = this;"],
        ["a) { globalThis.broken = this }, function (b", ""],
      ]) {
        try {
          new Function(...texts)();
        } catch (error) {
          if (!(error instanceof SyntaxError)) return String(error);
        }
        const { broken = globalThis } = globalThis;
        delete globalThis.broken;
        if (sees(broken) !== "held") return sees(broken);
      }
    },
  },
  "names of this module's inside": {
    ends: ["ok"],
    run: () => {
      try {
        return (0, eval)("attacks") && "indirect code sees the module's names";
      } catch (error) {
        return error instanceof ReferenceError ? "held" : String(error);
      }
    },
  },
  "import.meta": {
    ends: ["ok"],
    run: () =>
      import.meta.url === "file:///app.mjs" &&
      Object.keys(import.meta).join() === "url" &&
      Object.getPrototypeOf(import.meta) === null
        ? "held"
        : JSON.stringify(import.meta),
  },
  "import.meta in code of text": {
    ends: ["ok"],
    run: () => {
      try {
        (0, eval)("import.meta");
        return "it was taken";
      } catch (error) {
        return error instanceof SyntaxError ? "held" : String(error);
      }
    },
  },
  "import of a file": rejects("file:///etc/passwd"),
  "import of an absolute path": rejects("/etc/passwd"),
  "import of a path": rejects("./app.mjs"),
  "import of a path upward": rejects("../../../../../../etc/hostname"),
  "import of itself": rejects(import.meta.url),
  "import of data": rejects("data:text/javascript,export default this"),
  "import of a blob": rejects(
    () => URL.createObjectURL?.(new Blob(["export default 1"])),
    async (make) => import(make()),
  ),
  "import from the web": rejects("http://127.0.0.1/x.mjs"),
  "import of node:sqlite": rejects("node:sqlite"),
  "import of what is no text": rejects({ toString: () => "file:///etc/passwd" }),
  "import of JSON": rejects("file:///etc/passwd", (specifier) => import(specifier, { with: { type: "json" } })),
  "import of bytes": rejects("file:///etc/passwd", (specifier) => import(specifier, { with: { type: "bytes" } })),
  "import of nothing": rejects(""),
  "import of a NUL": rejects("\0file:///etc/passwd"),
  "import of 1 MiB": rejects("x".repeat(1 << 20)),
  "import in an object that is spread": rejects("file:///etc/passwd", (specifier) =>
    new AsyncFunction("x", "return { ...import(x) }.then ?? Promise.reject(new Error('only a promise was spread'))")(
      specifier,
    ),
  ),
  "import in a function of text": rejects("file:///etc/passwd", (specifier) =>
    new Function("x", "return import(x)")(specifier),
  ),
  "import in indirect eval": rejects("file:///etc/passwd", (specifier) =>
    (0, eval)(`import(${JSON.stringify(specifier)})`),
  ),
  "import in a comment and escapes": rejects("file:///etc/passwd", (specifier) =>
    (0, eval)(`import/**/(\n${JSON.stringify(specifier)})`),
  ),
  "import whose name throws": rejects({
    get [Symbol.toPrimitive]() {
      throw new Error("thrown");
    },
  }),
  "node:fs, which is no file system": {
    ends: ["ok"],
    async run() {
      let fs;
      try {
        fs = (await import("node:fs")).default;
      } catch {
        return "held";
      }
      for (const [name, ...values] of [
        ["readFileSync", "/etc/passwd"],
        ["readdirSync", "/"],
        ["existsSync", "/etc/passwd"],
        ["statSync", "/"],
        ["openSync", "/dev/null", "r"],
        ["writeFileSync", "/tmp/x", "x"],
      ]) {
        try {
          const got = fs[name](...values);
          if (got) return `${name} gave ${String(got).slice(0, 50)}`;
        } catch {}
      }
    },
  },
};
