// `node:util`: unenv's, but values are shown by Node's own code, as the console shows them.
import * as rest from "unenv/node/util";
import { format, formatWithOptions, inspect } from "../inspecting.js";
import util from "node-inspect-extracted";

export * from "unenv/node/util";
const { stripVTControlCharacters } = util;
const { TextDecoder, TextEncoder } = globalThis;
const callbackify = (original) => (...values) => {
  const callback = values.pop();
  original(...values).then(
    (value) => queueMicrotask(() => callback(null, value)),
    (error) => queueMicrotask(() => callback(error ?? Object.assign(new Error("rejected without a reason"), { reason: error }))),
  );
};
const deprecate = (original) => original;
const toUSVString = (text) => `${text}`.toWellFormed();
export { callbackify, deprecate, format, formatWithOptions, inspect, stripVTControlCharacters, TextDecoder, TextEncoder, toUSVString };
export default { ...rest.default, callbackify, deprecate, format, formatWithOptions, inspect, stripVTControlCharacters, TextDecoder, TextEncoder, toUSVString };
