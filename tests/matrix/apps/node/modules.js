// Names of Node's modules that server bundles import, and what they do: a name that is not there keeps a bundle from being built.
import { atob, Blob, Buffer, constants, File, isAscii, isUtf8, transcode } from "node:buffer";
import { errorMonitor, EventEmitter, getEventListeners, getMaxListeners, on, once, setMaxListeners } from "node:events";
import { isBuiltin } from "node:module";
import { getDefaultHighWaterMark, isReadable, PassThrough, promises, Stream } from "node:stream";
import { CompressionStream, ReadableStream } from "node:stream/web";
import * as v8 from "node:v8";

const cases = {
  async "events one after the other"() {
    const [emitter, seen] = [new EventEmitter(), []];
    setTimeout(() => [1, 2, 3].forEach((n) => emitter.emit("go", n)), 1);
    for await (const [n] of on(emitter, "go")) {
      seen.push(n);
      if (n === 3) break;
    }
    return seen;
  },
  async "an event, or an error before it"() {
    const emitter = new EventEmitter();
    setTimeout(() => emitter.emit("error", new Error("broken")), 1);
    return [await once(emitter, "go").catch((error) => error.message), typeof errorMonitor];
  },
  "listeners"() {
    const [emitter, target, listener] = [new EventEmitter(), new EventTarget(), () => {}];
    emitter.on("go", listener);
    setMaxListeners(3, emitter, target);
    return [getEventListeners(emitter, "go")[0] === listener, getMaxListeners(emitter), new PassThrough() instanceof EventEmitter];
  },
  "bytes"() {
    const bytes = new Uint8Array([0xc3, 0xa9]);
    return [isUtf8(bytes), isUtf8(bytes.subarray(1)), isAscii(Buffer.from("a")), transcode(Buffer.from("é"), "utf8", "latin1"), atob("YQ=="), typeof constants.MAX_LENGTH];
  },
  "the same classes"() {
    return [Blob === globalThis.Blob, ReadableStream === globalThis.ReadableStream, CompressionStream === globalThis.CompressionStream, new File(["a"], "n").size];
  },
  "streams"() {
    return [typeof promises.pipeline, typeof Stream, isReadable(new PassThrough()), getDefaultHighWaterMark(true)];
  },
  "modules"() {
    return [isBuiltin("node:path"), isBuiltin("lodash"), typeof v8];
  },
  // As depd does, below Express.
  "call sites"() {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_error, sites) => sites;
    const target = {};
    Error.captureStackTrace(target);
    const [site] = target.stack;
    Error.prepareStackTrace = before;
    return [site.isEval(), site.isNative(), site.isPromiseAll(), site.getEvalOrigin(), site.getThis(), typeof site.getLineNumber(), `${site}`.includes("node-modules.mjs:")];
  },
  // As Shiki's patterns do.
  "characters outside of a class under the flag v"() {
    return ["a/b-c", "a&&b"].map((text) => /^a(\/b-c|&&b)$/v.exec(text)?.[1]).concat([new RegExp("^/-/$", "v").test("/-/")]);
  },
};

export async function render() {
  const lines = [];
  for (const [name, run] of Object.entries(cases)) {
    const result = await Promise.resolve().then(run).catch((error) => `threw ${error.name}: ${error.message}`);
    lines.push(`${name}: ${JSON.stringify(result)}\n`);
  }
  return lines.join("");
}
