// Node's error for an argument of the wrong kind.
import { inspect } from "../inspecting.js";

function described(value) {
  if (value === undefined || value === null) return `${value}`;
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object") return value.constructor?.name ? `an instance of ${value.constructor.name}` : inspect(value, { depth: -1 });
  const text = inspect(value, { colors: false });
  return `type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`;
}

export function invalid(name, wanted, found) {
  const subject = name.endsWith(" argument") ? name : `"${name}" ${name.includes(".") ? "property" : "argument"}`;
  return withCode(new TypeError(`The ${subject} must be ${wanted}. Received ${described(found)}`), "ERR_INVALID_ARG_TYPE");
}

/** That a buffer is not written in such an encoding. */
export function unknownEncoding(encoding) {
  return withCode(new TypeError(`Unknown encoding: ${encoding}`), "ERR_UNKNOWN_ENCODING");
}

function withCode(error, code) {
  return Object.assign(error, { code });
}
