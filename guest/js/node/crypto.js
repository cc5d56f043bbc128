// `node:crypto`: what leads to `globalThis.crypto`. The rest says that it is not there.
import * as rest from "unenv/node/crypto";
import { Buffer } from "buffer";

export * from "unenv/node/crypto";
export const webcrypto = globalThis.crypto;
export const randomUUID = () => globalThis.crypto.randomUUID();
export const getRandomValues = (array) => globalThis.crypto.getRandomValues(array);
export function randomBytes(size, callback) {
  const bytes = Buffer.alloc(size);
  for (let start = 0; start < size; start += 65536) globalThis.crypto.getRandomValues(bytes.subarray(start, start + 65536));
  if (callback === undefined) return bytes;
  queueMicrotask(() => callback(null, bytes));
}
export const randomInt = (from, to = undefined) => {
  const [least, most] = to === undefined ? [0, from] : [from, to];
  return least + Math.floor((globalThis.crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32) * (most - least));
};
export default { ...rest.default, webcrypto, randomUUID, getRandomValues, randomBytes, randomInt };
