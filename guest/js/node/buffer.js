// `node:buffer`: npm's buffer, and what it lacks of Node's.
import * as rest from "buffer";

const { atob, Blob, btoa, File, TextDecoder } = globalThis;
const { Buffer, kMaxLength } = rest;
// Of npm's alone: who finds it takes this for no Node.
delete Buffer.TYPED_ARRAY_SUPPORT;

const bytesOf = (input) => ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);

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
