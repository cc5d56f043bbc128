// npm's `buffer` has all of Node's encodings but base64url, which tokens are written in.
import { Buffer } from "buffer";

const { isEncoding } = Buffer;
const { toString } = Buffer.prototype;
const isUrl = (encoding) => typeof encoding === "string" && encoding.toLowerCase() === "base64url";

function replace(object, name, value) {
  Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: true });
}

// What decodes base64 takes both alphabets.
for (const [object, name] of [[Buffer, "from"], [Buffer, "byteLength"], [Buffer.prototype, "write"]]) {
  const original = object[name];
  replace(object, name, {
    [name](...values) {
      return Reflect.apply(original, this, values.map((value, index) => index > 0 && isUrl(value) ? "base64" : value));
    },
  }[name]);
}
replace(Buffer, "isEncoding", (encoding) => isUrl(encoding) || isEncoding(encoding));
replace(Buffer.prototype, "toString", function (encoding) {
  if (!isUrl(encoding)) return Reflect.apply(toString, this, arguments);
  const [, start, end] = arguments;
  return toString.call(this, "base64", start, end).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
});
