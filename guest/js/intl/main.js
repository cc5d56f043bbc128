// Sets `Intl`, and makes what goes by locales go by it.
import { Intl, define } from "./namespace.js";
import "./locale.js";
import "./supported.js";
import "./numbers.js";
import "./dates.js";
import "./collator.js";
import "./segmenter.js";
import "./arrays.js";

define(globalThis, { Intl });

const constructors = Object.getOwnPropertyNames(Intl).map((name) => Intl[name]).filter(({ prototype }) => prototype !== undefined);
const plain = Object.prototype;

/** Whether a value is one of the objects of `Intl`, of which there are no clones. */
globalThis.__bootstrap.isFormat = (value) => {
  const prototype = Object.getPrototypeOf(value);
  return prototype !== plain && prototype !== null && constructors.some((constructor) => value instanceof constructor);
};
