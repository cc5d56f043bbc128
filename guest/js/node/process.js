// `process`, as far as server bundles ask for it. There is no process: what only one could do says so.
import { Buffer } from "buffer";
import { EventEmitter } from "events";
import { invalid } from "./invalid.js";

const { native } = globalThis.__bootstrap;

/** What `nextTick` was given, each with its values and its context. */
const ticks = [];

function nextTick(callback, ...values) {
  if (typeof callback !== "function") throw invalid("callback", "of type function", callback);
  if (ticks.length === 0) native.queueTicks(runTicks);
  ticks.push({ callback, values, context: native.asyncContext() });
}

/** Calls all of them, those too that they add. Where one throws, the rest is called afterwards. */
function runTicks() {
  let next = 0;
  try {
    while (next < ticks.length) {
      const { callback, values, context } = ticks[next++];
      native.setAsyncContext(context);
      if (values.length === 0) callback();
      else callback(...values);
    }
  } finally {
    if (next === ticks.length) ticks.length = 0;
    else {
      ticks.splice(0, next);
      native.queueTicks(runTicks);
    }
  }
}

/** Strings alone, as an environment has. */
const env = new Proxy({ NODE_ENV: "production" }, {
  defineProperty: (target, name, property) =>
    Reflect.defineProperty(target, name, "value" in property ? { ...property, value: `${property.value}` } : property),
});

/** What bundles that look for Node's version find: the oldest that has the web's globals as they are here. */
const VERSION = "22.0.0";

export const process = Object.assign(Object.create(EventEmitter.prototype), {
  title: "dayfly",
  version: `v${VERSION}`,
  versions: { node: VERSION },
  release: { name: "node" },
  arch: "wasm32",
  platform: "linux",
  argv: ["node"],
  argv0: "node",
  execArgv: [],
  execPath: "/node",
  pid: 1,
  ppid: 0,
  exitCode: undefined,
  features: {},
  config: { variables: {} },
  browser: false,
  /** Strings from the host's configuration; a bundle is built in production. */
  env,
  cwd: () => "/",
  umask: () => 0o22,
  uptime: () => native.sinceOrigin() / 1e9,
  nextTick,
  hrtime: Object.assign(
    (since) => {
      const now = native.origin() + native.sinceOrigin();
      const [seconds, nanoseconds] = [Math.floor(now / 1e9), now % 1e9];
      if (since === undefined) return [seconds, nanoseconds];
      const [before, rest] = since;
      return nanoseconds < rest ? [seconds - before - 1, nanoseconds - rest + 1e9] : [seconds - before, nanoseconds - rest];
    },
    { bigint: () => BigInt(native.origin() + native.sinceOrigin()) },
  ),
  memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
  emitWarning: (warning) => globalThis.console.warn(typeof warning === "string" ? `Warning: ${warning}` : warning),
  binding: missing("binding"),
  chdir: missing("chdir"),
  exit: missing("exit"),
  abort: missing("abort"),
  kill: missing("kill"),
  stdin: null,
  stdout: output("log"),
  stderr: output("error"),
});
EventEmitter.call(process);
Object.defineProperty(process, Symbol.toStringTag, { value: "process", configurable: true });

// Now, as the packages that are evaluated next look for it.
Object.defineProperty(globalThis, "process", { value: process, writable: true, configurable: true, enumerable: false });

function missing(name) {
  return () => {
    throw new Error(`process.${name}() is not there: a sandbox is no process`);
  };
}

/** What is written to it is a console line; nothing is none. */
function output(level) {
  const write = (chunk, ...rest) => {
    const text = ArrayBuffer.isView(chunk) ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString() : String(chunk);
    if (text !== "") globalThis.console[level](text.replace(/\n$/, ""));
    const callback = rest.find((value) => typeof value === "function");
    if (callback) nextTick(callback);
    return true;
  };
  return { write, isTTY: false, columns: 80, fd: level === "log" ? 1 : 2, on() {}, once() {}, end() {} };
}
