// `toLocaleString` of arrays, which hands locale and options on to what is in them.
import { define } from "./namespace.js";

/** The arrays whose text is being made: one that is inside itself has none. */
const open = [];

function joined(list, length, locales, options) {
  if (open.includes(list)) return "";
  open.push(list);
  try {
    let text = "";
    for (let index = 0; index < length; index += 1) {
      if (index > 0) text += ",";
      const value = list[index];
      if (value !== undefined && value !== null) text += String(value.toLocaleString(locales, options));
    }
    return text;
  } finally {
    open.pop();
  }
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const { get: lengthOf } = Object.getOwnPropertyDescriptor(typedArray, "length");
const { keys } = typedArray;

define(Array.prototype, {
  toLocaleString: class {
    static toLocaleString(locales = undefined, options = undefined) {
      if (this === undefined || this === null) throw new TypeError("Array.prototype.toLocaleString called on null or undefined");
      const list = Object(this);
      const length = Math.min(Math.max(Math.trunc(Number(list.length)) || 0, 0), Number.MAX_SAFE_INTEGER);
      return joined(list, length, locales, options);
    }
  }.toLocaleString,
});
define(typedArray, {
  toLocaleString: class {
    static toLocaleString(locales = undefined, options = undefined) {
      // It throws where this is no typed array, or one that is beyond its buffer.
      Reflect.apply(keys, this, []);
      return joined(this, Reflect.apply(lengthOf, this, []), locales, options);
    }
  }.toLocaleString,
});
