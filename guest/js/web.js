// Sets the globals of the web.
import { core, load } from "./core.js";
import { console, renewConsole } from "./console.js";
import { URLPattern } from "urlpattern-polyfill/urlpattern";
import { fetch } from "./fetch.js";
import { handle } from "./handle.js";
import { showClasses } from "./shown.js";

const { isFormat, native, primordials } = globalThis.__bootstrap;

const event = load("ext:deno_web/02_event.js");
const abort = load("ext:deno_web/03_abort_signal.js");
const exception = load("ext:deno_web/01_dom_exception.js");
const base64 = load("ext:deno_web/05_base64.js");
const url = load("ext:deno_web/00_url.js");
const streams = load("ext:deno_web/06_streams.js");
const encoding = load("ext:deno_web/08_text_encoding.js");
const file = load("ext:deno_web/09_file.js");
const message = load("ext:deno_web/13_message_port.js");
const compression = load("ext:deno_web/14_compression.js");
const time = load("ext:deno_web/15_performance.js");
const headers = load("ext:deno_fetch/20_headers.js");
const formData = load("ext:deno_fetch/21_formdata.js");
const request = load("ext:deno_fetch/23_request.js");
const response = load("ext:deno_fetch/23_response.js");
const { crypto, ...cryptography } = load("ext:deno_crypto/00_crypto.js");
core.isUncloneable = (value) => message.isUncloneable(value) || isFormat(value);

const { DOMException } = exception;
const { AbortController, AbortSignal } = abort;
const { CloseEvent: _close, CustomEvent, ErrorEvent, Event, EventTarget, MessageEvent, ProgressEvent, PromiseRejectionEvent } = event;

/** Sets globals as Web IDL has them: writable, configurable, and not enumerable. */
function define(values, enumerable = false) {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) throw new Error(`there is no ${name}`);
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable });
  }
}

define({
  AbortController, AbortSignal, CustomEvent, DOMException, ErrorEvent, Event, EventTarget, MessageEvent, PromiseRejectionEvent,
  ...pick(url, "URL", "URLSearchParams"),
  ...pick(
    streams,
    "ByteLengthQueuingStrategy", "CountQueuingStrategy", "ReadableByteStreamController", "ReadableStream",
    "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest", "ReadableStreamDefaultController", "ReadableStreamDefaultReader",
    "TransformStream", "TransformStreamDefaultController", "WritableStream", "WritableStreamDefaultController",
    "WritableStreamDefaultWriter",
  ),
  ...pick(encoding, "TextDecoder", "TextDecoderStream", "TextEncoder", "TextEncoderStream"),
  ...pick(file, "Blob", "File"),
  ...pick(message, "MessageChannel", "MessagePort"),
  ...pick(time, "Performance", "PerformanceEntry", "PerformanceMark", "PerformanceMeasure"),
  ...pick(headers, "Headers"),
  ...pick(formData, "FormData"),
  ...pick(request, "Request"),
  ...pick(response, "Response"),
  ...pick(compression, "CompressionStream", "DecompressionStream"),
  ...pick(cryptography, "Crypto", "CryptoKey", "SubtleCrypto"),
  URLPattern,
  console,
});

showClasses(globalThis);

function pick(exports, ...names) {
  return Object.fromEntries(names.map((name) => [name, exports[name]]));
}

define({ ...pick(base64, "atob", "btoa"), ...pick(message, "structuredClone"), ...pick(event, "reportError"), fetch }, true);
define({ setImmediate: native.setImmediate, clearImmediate: native.clearImmediate }, true);

// Deno's keeps what it was when its process started.
Object.defineProperty(time.Performance.prototype, "timeOrigin", {
  get: Object.getOwnPropertyDescriptor({ get timeOrigin() {
    if (this !== time.performance) throw new TypeError("Illegal invocation");
    return native.origin() / 1e6;
  } }, "timeOrigin").get,
  set: undefined,
  configurable: true,
  enumerable: true,
});

/** An attribute of the global object that may be replaced. */
function attribute(name, value) {
  Object.defineProperty(globalThis, name, {
    get: { [name]() { return value; } }[name],
    set: (other) => Object.defineProperty(globalThis, name, { value: other, writable: true, configurable: true, enumerable: true }),
    configurable: true,
    enumerable: true,
  });
}
attribute("self", globalThis);
attribute("performance", time.performance);
Object.defineProperty(globalThis, "crypto", { get: () => crypto, set: undefined, configurable: true, enumerable: true });

class Navigator {
  get userAgent() {
    return native.userAgent;
  }
}
Object.defineProperty(Navigator.prototype, Symbol.toStringTag, { value: "Navigator", configurable: true });
define({ Navigator });
const navigator = new Navigator();
Object.defineProperty(globalThis, "navigator", { get: () => navigator, set: undefined, configurable: true, enumerable: true });

// The global object is an event target, on which what nothing catches is reported.
Object.setPrototypeOf(globalThis, EventTarget.prototype);
const { brand } = load("ext:deno_webidl/00_webidl.js");
function setEventTarget(global) {
  event.setEventTargetData(global);
  Object.defineProperty(global, brand, { value: brand });
}
setEventTarget(globalThis);
event.saveGlobalThisReference(globalThis);
event.defineEventHandler(globalThis, "error", undefined, true);
event.defineEventHandler(globalThis, "unhandledrejection");
event.defineEventHandler(globalThis, "rejectionhandled");

export { renewConsole, handle, event, setEventTarget };
