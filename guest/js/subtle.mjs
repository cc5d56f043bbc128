// What the build changes in the script of deno_crypto: which algorithms there are, and where keys keep what is theirs.

/** What the script knows and RustCrypto is not asked for here: formats and algorithms that are in no standard of the web yet. */
const LEFT_OUT = /^ +"(SHA3-\d+|c?SHAKE\d+|TurboSHAKE\d+|AES-OCB|ChaCha20-Poly1305|X448|ML-KEM-\d+|ML-DSA-\d+)": .*,\n/gm;

/** Cases of a switch that are for those alone. */
const UNUSED_CASES = /(?<!:\n)^( +)(?:case "(?:AES-OCB|ChaCha20-Poly1305|X448|c?SHAKE\d+|TurboSHAKE\d+|ML-KEM-\d+|ML-DSA-\d+)":\s+)+\{\n[^]*?\n\1\}\n/gm;

/** Functions and methods that are for those alone. */
const UNUSED = [
  "  getPublicKey() {", "  async encapsulateKey(", "  async encapsulateBits(", "  async decapsulateKey(", "  async decapsulateBits(",
  "function mldsaVariantId(", "function mldsaPublicKeyLen(", "function mlKemEncapsulate(", "function mlKemDecapsulate(",
  "function importKeyMlKem(", "function exportKeyMlKem(", "function importKeyMlDsa(", "function exportKeyMlDsa(",
  "function importKeyX448(", "function exportKeyX448(", "function importKeyChaCha20Poly1305(", "function exportKeyChaCha20Poly1305(",
  // For Deno's `node:crypto`.
  "function cryptoKeyExportNodeKeyMaterial(", "function importCryptoKeySync(",
];

/** A key's slots: nothing of them is on the key itself, where an app could read a key that is not to be extracted. */
const CONSTRUCT_KEY = `
const SLOTS = new SafeWeakMap();
const slots = (key) => WeakMapPrototypeGet(SLOTS, key);

function constructKey(type, extractable, usages, algorithm, handle) {
  const key = webidl.createBranded(CryptoKey);
  const shown = { algorithm: { ...algorithm }, usages: [...new SafeArrayIterator(usages)] };
  if (algorithm.hash !== undefined) shown.algorithm.hash = { ...algorithm.hash };
  if (algorithm.publicExponent !== undefined) shown.algorithm.publicExponent = TypedArrayPrototypeSlice(algorithm.publicExponent);
  WeakMapPrototypeSet(SLOTS, key, { type, extractable, usages, algorithm, handle, shown });
  return key;
}
ObjectDefineProperty(CryptoKeyPrototype, core.hostObjectBrand, {
  __proto__: null,
  value() {
    return { type: "CryptoKey", key: this };
  },
});

core.registerCloneableResource("CryptoKey", ({ key }) => {
  const { type, extractable, usages, algorithm, handle } = slots(key);
  return constructKey(type, extractable, usages, algorithm, handle);
});
`;

/** `replace` replaces what must be there. */
export function subtle(text, replace) {
  const file = "00_crypto.js";
  const change = (from, to) => text = replace(text, from, to, file);
  for (const start of UNUSED) text = cut(text, start, file);
  for (const pattern of [LEFT_OUT, UNUSED_CASES]) {
    const without = text.replace(pattern, "");
    if (without === text) throw new Error(`${file} has no longer the algorithms that are left out`);
    text = without;
  }

  // Keys.
  for (const start of ["function constructKey(", 'core.registerCloneableResource("CryptoKey"']) text = cut(text, start, file);
  change("const CryptoKeyPrototype = CryptoKey.prototype;\n", `const CryptoKeyPrototype = CryptoKey.prototype;\n${CONSTRUCT_KEY}`);
  change("const { kKeyObject } = internals;\n", "");
  text = text.replace(/^ {2}(\/\*\* @type .*\n {2})?\[(_\w+|kKeyObject)\];\n/gm, "");
  text = text.replace(/^const _(handle|algorithm|extractable|usages|type) = Symbol\(.*\n/gm, "");
  for (const shown of ["usages", "algorithm"]) change(`return this[_${shown}];`, `return slots(this).shown.${shown};`);
  text = text.replace(/\b(\w+(?:\.(?:public|private)Key)?)\[_(handle|algorithm|extractable|usages|type)\]/g, "slots($1).$2");
  change("key.extractable === false", "!slots(key).extractable");
  change("key.usages", "[...new SafeArrayIterator(slots(key).usages)]");
  // A buffer that is given out is not the one that the key goes on with.
  change("    return result;\n  }\n\n  /**\n   * @param {AlgorithmIdentifier} algorithm\n   * @param {CryptoKey} baseKey\n   * @param {number | null} length",
    "    return isArrayBuffer(result) ? ArrayBufferPrototypeSlice(result, 0) : result;\n  }\n\n  /**\n   * @param {number | null} length");

  // What the standard says, and browsers and Node do.
  change('throw new SyntaxError("Invalid key usage")', 'throw new DOMException("Invalid key usage", "SyntaxError")');
  change("jwk.alg = algNamedCurve;", "");
  change('jwk.alg = "ECDH";', "");
  change('"Unrecognized algorithm name"', "`there is no algorithm ${algName} for ${op}`");
  change('"Curve not supported"', "`there is no curve ${namedCurve} here`");
  change('"Invalid namedCurve",\n          "DataError"', '`there is no curve ${normalizedAlgorithm.namedCurve} here`,\n          "NotSupportedError"');
  change('  // WICG modern algorithms (ML-KEM, ML-DSA): split raw key formats.\n  "raw-public",\n  "raw-private",\n  "raw-seed",\n', "");
  text = text.replace(/^ +"(en|de)capsulate(Key|Bits)",\n/gm, "");
  change("  cryptoKeyExportNodeKeyMaterial,\n  importCryptoKeySync,\n", "");
  return text;
}

/** Takes out what begins with a line and ends with the brace that closes it. */
function cut(text, start, file) {
  const from = text.indexOf(`\n${start}`) + 1;
  const indentation = /^ */.exec(start)[0];
  const end = new RegExp(`^${indentation}\\}(\\);)?\\n`, "gm");
  end.lastIndex = from;
  if (from === 0 || !end.test(text)) throw new Error(`${file} has no longer ${start}`);
  return text.slice(0, from) + text.slice(end.lastIndex);
}
