// `node:crypto`: hashes, keyed ones, and what leads to `globalThis.crypto`. The rest says that it is not there.
import * as rest from "unenv/node/crypto";
import { Buffer } from "buffer";
import stream from "readable-stream";

export * from "unenv/node/crypto";
const native = globalThis.__bootstrap.native.crypto;

/** Node's names, in lower case and without what signatures put before them, and those of the web. */
const names = { md5: "MD5", sha1: "SHA-1", sha224: "SHA-224", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };
export const getHashes = () => Object.keys(names).flatMap((name) => [`RSA-${name.toUpperCase()}`, name]).sort();

function failure(Kind, code, message) {
  return Object.assign(new Kind(message), { code });
}

function key(name) {
  return String(name).toLowerCase().replace(/^rsa-/, "").replace(/^sha-/, "sha");
}

function named(name) {
  const found = Object.hasOwn(names, key(name)) ? names[key(name)] : undefined;
  if (found === undefined) {
    throw failure(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}; there are ${Object.keys(names).join(", ")}`);
  }
  return found;
}

/** The bytes of what Node takes as data. */
function bytes(data, encoding, what = "data") {
  if (typeof data === "string") return Buffer.from(data, encoding === "buffer" ? "utf8" : encoding);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (data instanceof KeyObject) return data.export();
  throw failure(TypeError, "ERR_INVALID_ARG_TYPE", `The "${what}" argument must be of type string or an instance of Buffer, TypedArray, or DataView.`);
}

/** `answer`'s bytes; an error where it is none. */
function given(answer) {
  if (!Array.isArray(answer)) return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  throw failure(Error, "ERR_CRYPTO_OPERATION_FAILED", answer[1]);
}

const encoded = (data, encoding) => encoding === undefined || encoding === "buffer" ? data : data.toString(encoding);

/** What is written is kept until the end: a digest begins with the last of it. */
class Digest extends stream.Transform {
  #parts = [];
  #isOver = false;

  update(data, encoding) {
    if (this.#isOver) throw failure(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    // What the app goes on to write into.
    this.#parts.push(new Uint8Array(bytes(data, encoding)));
    return this;
  }

  _take() {
    if (this.#isOver) throw failure(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    this.#isOver = true;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    return whole;
  }

  _copyTo(other) {
    if (this.#isOver) throw failure(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    other.#parts = [...this.#parts];
    return other;
  }

  _transform(chunk, encoding, done) {
    this.update(chunk, encoding);
    done();
  }

  _flush(done) {
    this.push(this.digest());
    done();
  }
}

export class Hash extends Digest {
  #name;

  constructor(name, options) {
    super(options);
    this.#name = named(name);
  }

  digest(encoding) {
    return encoded(given(native.digest(this.#name, this._take())), encoding);
  }

  copy(options) {
    return this._copyTo(new Hash(this.#name, options));
  }
}

export class Hmac extends Digest {
  #name;
  #key;

  constructor(name, secret, options) {
    super(options);
    this.#name = named(name);
    this.#key = new Uint8Array(bytes(secret, options?.encoding, "key"));
  }

  digest(encoding) {
    return encoded(given(native.hmac(this.#name, this.#key, this._take())), encoding);
  }
}

export const createHash = (name, options) => new Hash(name, options);
export const createHmac = (name, secret, options) => new Hmac(name, secret, options);

/** A secret key: the only kind that is here. */
export class KeyObject {
  #data;

  constructor(type, data) {
    if (type !== "secret") throw failure(TypeError, "ERR_INVALID_ARG_VALUE", `there are no keys of the type ${type} here: use crypto.subtle`);
    this.#data = new Uint8Array(data);
  }

  get type() {
    return "secret";
  }

  get symmetricKeySize() {
    return this.#data.length;
  }

  export(options) {
    if (options?.format === "jwk") return { kty: "oct", k: Buffer.from(this.#data).toString("base64url") };
    return Buffer.from(this.#data);
  }

  equals(other) {
    return other instanceof KeyObject && native.equal(this.#data, other.#data);
  }
}

export const createSecretKey = (secret, encoding) => new KeyObject("secret", bytes(secret, encoding, "key"));

export function timingSafeEqual(one, other) {
  const [left, right] = [one, other].map((data, index) => {
    if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return bytes(data);
    throw failure(TypeError, "ERR_INVALID_ARG_TYPE", `The "buf${index + 1}" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.`);
  });
  if (left.length !== right.length) {
    throw failure(RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
  }
  return native.equal(left, right);
}

/** Gives what a function gives to a callback, later. */
const later = (run) => (...values) => {
  const callback = values.pop();
  const result = run(...values);
  queueMicrotask(() => callback(null, result));
};

export const pbkdf2Sync = (password, salt, iterations, length, digest) =>
  given(native.pbkdf2(named(digest), bytes(password, "utf8", "password"), bytes(salt, "utf8", "salt"), iterations, length));
export const pbkdf2 = later(pbkdf2Sync);
export function hkdfSync(digest, secret, salt, info, length) {
  const data = given(native.hkdf(named(digest), bytes(secret, "utf8", "ikm"), bytes(salt, "utf8", "salt"), bytes(info, "utf8", "info"), length));
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}
export const hkdf = later(hkdfSync);

export const webcrypto = globalThis.crypto;
export const { subtle } = globalThis.crypto;
export const randomUUID = () => globalThis.crypto.randomUUID();
export const getRandomValues = (array) => globalThis.crypto.getRandomValues(array);

/** How many bytes one call of `getRandomValues` may ask for. */
const QUOTA = 65536;

export function randomFillSync(buffer, offset = 0, size = undefined) {
  const all = buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : bytes(buffer);
  const width = buffer.BYTES_PER_ELEMENT ?? 1;
  const some = all.subarray(offset * width, size === undefined ? undefined : (offset + size) * width);
  for (let start = 0; start < some.length; start += QUOTA) globalThis.crypto.getRandomValues(some.subarray(start, start + QUOTA));
  return buffer;
}
export const randomFill = later(randomFillSync);

export function randomBytes(size, callback) {
  const data = randomFillSync(Buffer.alloc(size));
  if (callback === undefined) return data;
  queueMicrotask(() => callback(null, data));
}

export function randomInt(from, to, callback) {
  if (to === undefined || typeof to === "function") [from, to, callback] = [0, from, to];
  const range = to - from;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || range <= 0 || range > 2 ** 48 - 1) {
    throw failure(RangeError, "ERR_OUT_OF_RANGE", `there is no number from ${from} to below ${to}, or there are more than 2 ** 48 - 1`);
  }
  // Numbers beyond the last whole range would make the first ones likelier.
  const end = 2 ** 48 - (2 ** 48 % range);
  let drawn;
  do drawn = randomBytes(6).readUIntBE(0, 6); while (drawn >= end);
  const number = from + (drawn % range);
  if (callback === undefined) return number;
  queueMicrotask(() => callback(null, number));
}

export default {
  ...rest.default, Hash, Hmac, KeyObject, createHash, createHmac, createSecretKey, getHashes, getRandomValues, hkdf, hkdfSync, pbkdf2,
  pbkdf2Sync, randomBytes, randomFill, randomFillSync, randomInt, randomUUID, subtle, timingSafeEqual, webcrypto,
};
