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
  const message = `The "${name}" ${name.includes(".") ? "property" : "argument"} must be ${wanted}. Received ${described(found)}`;
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_TYPE" });
}
