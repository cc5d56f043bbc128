// `node:buffer`: npm's buffer, and what it lacks of Node's.
import * as rest from "buffer";
import { invalid } from "./invalid.js";
import { types } from "./types.js";

const { atob, Blob, btoa, File, TextDecoder } = globalThis;
const { Buffer, kMaxLength } = rest;
// Of npm's alone: who finds it takes this for no Node.
delete Buffer.TYPED_ARRAY_SUPPORT;

const bytesOf = (input) => ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);

function copyBytesFrom(view, offset = 0, length = undefined) {
  if (!types.isTypedArray(view)) throw invalid("view", "an instance of TypedArray", view);
  return Buffer.from(bytesOf(view.subarray(offset, length === undefined ? undefined : offset + length)));
}
Object.assign(Buffer, { copyBytesFrom });

for (const encoding of ["ascii", "base64", "base64url", "hex", "latin1", "ucs2", "utf8"]) {
  Object.assign(Buffer.prototype, {
    [`${encoding}Slice`](start, end) {
      return this.toString(encoding, start, end);
    },
    [`${encoding}Write`](text, offset = 0, length = this.length - offset) {
      return this.write(text, offset, length, encoding);
    },
  });
}
for (const name of ["readBigUInt64LE", "readBigUInt64BE", "writeBigUInt64LE", "writeBigUInt64BE"]) {
  Buffer.prototype[name.replace("UInt", "Uint")] = Buffer.prototype[name];
}

function isUtf8(input) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(input));
    return true;
  } catch {
    return false;
  }
}

/** QuickJS holds no longer string. */
const kStringMaxLength = 2 ** 30 - 1;

export const buffer = {
  ...rest,
  atob,
  Blob,
  btoa,
  constants: { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength },
  File,
  isAscii: (input) => bytesOf(input).every((byte) => byte < 0x80),
  isUtf8,
  kStringMaxLength,
  /** No URL stands for a blob here. */
  resolveObjectURL() {},
  transcode: (source, from, to) => Buffer.from(Buffer.from(bytesOf(source)).toString(from), to),
};
delete buffer.default;
