// How values are shown: Node's `util.inspect`, by the package node-inspect-extracted.
import util from "node-inspect-extracted";

export const { inspect, format, formatWithOptions, getStringWidth } = util;

/** An object of the same name that has only these keys, for `inspect` to show. */
export function createFilteredInspectProxy({ object, keys, evaluate = true }) {
  const name = object?.constructor?.name ?? "Object";
  const shown = new ({ [name]: class {} }[name])();
  if (!evaluate) return shown;
  for (const key of keys) shown[key] = object[key];
  return shown;
}
