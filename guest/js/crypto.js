// `crypto` (https://w3c.github.io/webcrypto/): what is drawn from the host's randomness.
import { load } from "./core.js";

const { native, primordials } = globalThis.__bootstrap;
const { TypedArrayPrototypeGetSymbolToStringTag } = primordials;
const webidl = load("ext:deno_webidl/00_webidl.js");
const { DOMException } = load("ext:deno_web/01_dom_exception.js");

/** How many bytes one call may ask for, as the standard says. */
const QUOTA = 65536;

export class Crypto {
  constructor() {
    webidl.illegalConstructor();
  }

  getRandomValues(array) {
    webidl.assertBranded(this, CryptoPrototype);
    webidl.requiredArguments(arguments.length, 1, "Failed to execute 'getRandomValues' on 'Crypto'");
    const tag = TypedArrayPrototypeGetSymbolToStringTag(array);
    if (tag === undefined || tag.startsWith("Float")) {
      throw new DOMException("The array is not of integers", "TypeMismatchError");
    }
    if (array.byteLength > QUOTA) {
      throw new DOMException(`The array has ${array.byteLength} bytes, and one call fills ${QUOTA} at most`, "QuotaExceededError");
    }
    native.fillRandom(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return array;
  }

  randomUUID() {
    webidl.assertBranded(this, CryptoPrototype);
    return native.randomUuid();
  }
}
webidl.configureInterface(Crypto);
const CryptoPrototype = Crypto.prototype;

export const crypto = webidl.createBranded(Crypto);
