// What the scripts of Deno's packages ask of the runtime that they are made for, as this one answers it.
import { deserialize, serialize } from "./clone.js";
import * as cryptography from "./crypto.js";
import * as ops from "./ops.js";
import * as inspecting from "./inspecting.js";

const { primordials, native, scripts } = globalThis.__bootstrap;
const {
  MathMin, StringPrototypeSlice, StringPrototypeToWellFormed, SymbolFor, TypedArrayPrototypeGetSymbolToStringTag,
} = primordials;

const loaded = { __proto__: null };
const transferables = { __proto__: null };
const deserializers = { __proto__: null };

const is = (...classes) => (value) => classes.includes(native.classOf(value));

/** Where an error was made, as its stack says. */
function destructureError(error) {
  const place = /^ {4}at (?:.* \()?(.*):(\d+):(\d+)\)?$/m.exec(String(error?.stack ?? ""));
  return {
    exceptionMessage: `Uncaught ${native.headline(error)}`,
    frames: place === null ? [] : [{ fileName: place[1], lineNumber: Number(place[2]), columnNumber: Number(place[3]) }],
  };
}

/** What is asked to hand over an object that can only be copied. */
function refuseTransfer() {
  const { DOMException } = core.loadExtScript("ext:deno_web/01_dom_exception.js");
  throw new DOMException("Value not transferable", "DataCloneError");
}

export const core = {
  ops: { ...ops, ...cryptography },
  build: { os: "linux" },
  hostObjectBrand: SymbolFor("Deno.core.hostObject"),

  /** A script's exports; it is evaluated when it is first asked for. */
  loadExtScript(name) {
    return loaded[name] ??= scripts[name](bootstrap);
  },

  isProxy: native.isProxy,
  isByteString: native.isByteString,
  isHeaderValue: native.isHeaderValue,
  isToken: native.isToken,
  isArrayBuffer: is("ArrayBuffer"),
  isAnyArrayBuffer: is("ArrayBuffer"),
  isSharedArrayBuffer: () => false,
  isDataView: is("DataView"),
  isStringObject: is("String"),
  isTypedArray: (value) => TypedArrayPrototypeGetSymbolToStringTag(value) !== undefined,

  encode: native.encode,
  decode: (bytes) => native.decode(bytes, "utf-8", false, false),
  /** What is decoded again of a text that is encoded. */
  decoded: (text) => StringPrototypeToWellFormed(text[0] === "\uFEFF" ? StringPrototypeSlice(text, 1) : text),

  registerTransferableResource: (name, send, receive) => transferables[name] = { send, receive },
  getTransferableResource: (name) => transferables[name] ?? { send: refuseTransfer },
  registerCloneableResource: (name, deserializer) => deserializers[name] = deserializer,
  getCloneableDeserializers: () => deserializers,
  structuredClone: (value) => deserialize(serialize(value, core), core),
  serialize: (value, options, onError) => serialize(value, core, options, onError),
  deserialize: (data, options) => deserialize(data, core, options),

  // Longer than the longest is as good as never.
  createSystemTimer: (callback, delay) => native.setTimeout(callback, MathMin(delay, 2 ** 31 - 1)),
  cancelTimer: (id) => native.clearTimeout(id),
  refTimer() {},
  unrefTimer() {},
  refOpPromise() {},
  unrefOpPromise() {},

  /** Set by main.js, once the script that has it is there. */
  isUncloneable: () => false,

  destructureError,
  reportUnhandledException: native.reportException,
  print: (text) => native.write("error", text, 0),

  // Deno's files, sockets and the like: there are none.
  BadResourcePrototype: class BadResource extends Error {}.prototype,
  InterruptedPrototype: class Interrupted extends Error {}.prototype,
  internalRidSymbol: Symbol("[[internalRid]]"),
  close: ops.closePort,
  tryClose: ops.closePort,
};

// What the scripts see of each other that is ours.
Object.assign(loaded, {
  "ext:deno_web/01_console.js": inspecting,
  "ext:deno_web/12_location.js": { getLocationHref: () => undefined },
  "ext:deno_fetch/22_http_client.js": { HttpClientPrototype: class HttpClient {}.prototype },
});

const bootstrap = { core, primordials, internals: {} };

export const load = core.loadExtScript;
