// `node:util`. Values are shown by Node's own code, as the console shows them.
import { isDeepStrictEqual } from "assert/build/internal/util/comparisons.js";
import { Buffer } from "buffer";
import { format, formatWithOptions, inspect } from "../inspecting.js";
import { invalid } from "./invalid.js";
import { MIMEParams, MIMEType } from "./mime.js";
import { process } from "./process.js";
import { types } from "./types.js";
import util from "node-inspect-extracted";

const { stripVTControlCharacters } = util;
const { AbortController, TextDecoder, TextEncoder } = globalThis;

function callbackify(original) {
  if (typeof original !== "function") throw invalid("original", "of type function", original);
  return function (...values) {
    const callback = values.pop();
    Reflect.apply(original, this, values).then(
      (value) => process.nextTick(callback, null, value),
      (error) => process.nextTick(callback, error || Object.assign(new Error("Promise was rejected with falsy value"), { reason: error, code: "ERR_FALSY_VALUE_REJECTION" })),
    );
  };
}

const custom = Symbol.for("nodejs.util.promisify.custom");

function promisify(original) {
  if (typeof original !== "function") throw invalid("original", "of type function", original);
  const own = original[custom];
  if (own) {
    if (typeof own !== "function") throw invalid("util.promisify.custom", "of type function", own);
    return Object.defineProperty(own, custom, { value: own, configurable: true });
  }
  function promised(...values) {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [...values, (error, value) => error ? reject(error) : resolve(value)]);
    });
  }
  Object.setPrototypeOf(promised, Object.getPrototypeOf(original));
  Object.defineProperty(promised, custom, { value: promised, configurable: true });
  return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = custom;

/** Writes what `NODE_DEBUG` names; it is asked each time, as a render may bring it. */
function debuglog(section, whenFirst) {
  const name = `${section}`.toUpperCase();
  const isEnabled = () => {
    const asked = process.env.NODE_DEBUG;
    return Boolean(asked) && asked.split(",").some((pattern) => {
      const source = pattern.trim().replace(/[|\\{}()[\]^$+?.]/g, "\\$&").replaceAll("*", ".*");
      return new RegExp(`^${source}$`, "i").test(name);
    });
  };
  const log = (...values) => {
    whenFirst?.(log);
    whenFirst = undefined;
    if (isEnabled()) globalThis.console.error(`${name} ${process.pid}: ${format(...values)}`);
  };
  return Object.defineProperty(log, "enabled", { get: isEnabled, configurable: true, enumerable: true });
}

const log = (...values) => globalThis.console.log("%s - %s", new Date().toTimeString().slice(0, 8), format(...values));
const deprecate = (original) => original;
const toUSVString = (text) => `${text}`.toWellFormed();

function inherits(constructor, parent) {
  if (typeof constructor !== "function") throw invalid("ctor", "of type function", constructor);
  if (typeof parent !== "function") throw invalid("superCtor", "of type function", parent);
  if (parent.prototype === undefined) throw invalid("superCtor.prototype", "of type object", parent.prototype);
  Object.defineProperty(constructor, "super_", { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, parent.prototype);
}

const _extend = (target, source) => source !== null && typeof source === "object" ? Object.assign(target, source) : target;

/** As it is, since there is no terminal; between the sequences for these styles if that is not to be looked at. */
function styleText(styles, text, { validateStream = true } = {}) {
  if (typeof text !== "string") throw invalid("text", "of type string", text);
  return [styles].flat().reduceRight((text, style) => {
    const codes = inspect.colors[style];
    if (codes === undefined) {
      const message = `The argument 'format' must be one of: ${Object.keys(inspect.colors).map((name) => `'${name}'`).join(", ")}. Received ${inspect(style)}`;
      throw Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_VALUE" });
    }
    return validateStream ? text : `\u001b[${codes[0]}m${text}\u001b[${codes[1]}m`;
  }, text);
}

/** Settles when the signal is aborted. */
const aborted = (signal) => new Promise((done) => {
  if (signal.aborted) done();
  else signal.addEventListener("abort", () => done(), { once: true });
});
const transferableAbortController = () => new AbortController();
const transferableAbortSignal = (signal) => signal;

const isArray = Array.isArray;
const isBoolean = (value) => typeof value === "boolean";
const isBuffer = Buffer.isBuffer;
const isDate = types.isDate;
const isError = (value) => types.isNativeError(value) || value instanceof Error;
const isFunction = (value) => typeof value === "function";
const isNull = (value) => value === null;
const isNullOrUndefined = (value) => value === null || value === undefined;
const isNumber = (value) => typeof value === "number";
const isObject = (value) => value !== null && typeof value === "object";
const isPrimitive = (value) => value === null || (typeof value !== "object" && typeof value !== "function");
const isRegExp = types.isRegExp;
const isString = (value) => typeof value === "string";
const isSymbol = (value) => typeof value === "symbol";
const isUndefined = (value) => value === undefined;

// Named, so that who imports them is built, and not there, so that who looks for them sees it.
const getSystemErrorMap = undefined;
const getSystemErrorName = undefined;
const parseArgs = undefined;
const parseEnv = undefined;

const debug = debuglog;
export {
  _extend, aborted, callbackify, debug, debuglog, deprecate, format, formatWithOptions, getSystemErrorMap, getSystemErrorName, inherits, inspect,
  isArray, isBoolean, isBuffer, isDate, isDeepStrictEqual, isError, isFunction, isNull, isNullOrUndefined, isNumber, isObject, isPrimitive, isRegExp,
  isString, isSymbol, isUndefined, log, MIMEParams, MIMEType, parseArgs, parseEnv, promisify, stripVTControlCharacters, styleText, TextDecoder,
  TextEncoder, toUSVString, transferableAbortController, transferableAbortSignal, types,
};
export default {
  _extend, aborted, callbackify, debug, debuglog, deprecate, format, formatWithOptions, getSystemErrorMap, getSystemErrorName, inherits, inspect,
  isArray, isBoolean, isBuffer, isDate, isDeepStrictEqual, isError, isFunction, isNull, isNullOrUndefined, isNumber, isObject, isPrimitive, isRegExp,
  isString, isSymbol, isUndefined, log, MIMEParams, MIMEType, parseArgs, parseEnv, promisify, stripVTControlCharacters, styleText, TextDecoder,
  TextEncoder, toUSVString, transferableAbortController, transferableAbortSignal, types,
};
