// The operations that the script of deno_crypto takes from Rust there: from Rust here too (src/web/crypto.rs). A key is
// `{ type, data }`: bytes as they are, an RSA key as PKCS #1 writes it, a private key of a curve as its scalar, a public
// one as its point. Keys of Curve25519 are the bytes alone.
import { load } from "./core.js";
import { bytes } from "./ops.js";

const { native, primordials } = globalThis.__bootstrap;
const {
  ArrayIsArray, ArrayPrototypeMap, ArrayPrototypeShift, MathCeil, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetLength,
  TypedArrayPrototypeSet, TypedArrayPrototypeSlice, Uint8Array,
} = primordials;
const { crypto } = native;

/** Bytes, or whether; what cannot be done is thrown. */
function given(answer) {
  if (!ArrayIsArray(answer)) return answer;
  refuse(answer[1], answer[0]);
}

function refuse(message, name) {
  const { DOMException } = load("ext:deno_web/01_dom_exception.js");
  throw new DOMException(message, name);
}

const nothing = new Uint8Array(0);
const isPrivate = (key) => key.type === "private";

// Base64url, as JWKs have it. ────────────────────────────────────────────────────────────────────────────────────────

export const op_crypto_base64url_encode = (data) => native.bytesToBase64Url(bytes(data));

export function op_crypto_base64url_decode(text) {
  return native.base64UrlToBytes(text) ?? refuse("the key has a member that is no base64url", "DataError");
}

/** A number of a key's, with as many bytes as that. */
function coordinate(text, length) {
  const number = op_crypto_base64url_decode(text);
  const from = TypedArrayPrototypeGetLength(number);
  if (from > length) refuse("the key has a coordinate that is too long", "DataError");
  const padded = new Uint8Array(length);
  TypedArrayPrototypeSet(padded, number, length - from);
  return padded;
}

// Randomness ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How many bytes one call may ask for, as the standard says. */
const QUOTA = 65536;

export function op_crypto_get_random_values(array) {
  const length = TypedArrayPrototypeGetByteLength(array);
  if (length > QUOTA) refuse(`The array has ${length} bytes, and one call fills ${QUOTA} at most`, "QuotaExceededError");
  native.fillRandom(array, "crypto.getRandomValues()");
}

export const op_crypto_random_uuid = () => native.randomUuid();

function generated(length) {
  const data = new Uint8Array(length);
  native.fillRandom(data, "crypto.subtle.generateKey()");
  return data;
}

const blockLengths = { __proto__: null, "SHA-1": 64, "SHA-256": 64, "SHA-384": 128, "SHA-512": 128 };

export function op_crypto_generate_key({ algorithm, modulusLength, publicExponent, namedCurve, hash, length }) {
  switch (algorithm) {
    case "RSA": return given(crypto.rsaGenerate(modulusLength, publicExponent));
    case "EC": return given(crypto.ecGenerate(namedCurve));
    case "AES": return generated(length / 8);
    case "HMAC":
      if (length !== null && length % 8 !== 0) refuse("a key of HMAC has whole bytes here", "NotSupportedError");
      return generated(length === null ? blockLengths[hash] : length / 8);
  }
}

// Signatures ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const op_crypto_subtle_digest = (name, data) => given(crypto.digest(name, data));

/** What stands for no salt: for PKCS #1 v1.5. */
const NO_SALT = -1;

export function op_crypto_sign_key({ key, algorithm, hash, saltLength = NO_SALT, namedCurve }, data) {
  switch (algorithm) {
    case "HMAC": return given(crypto.hmac(hash, key.data, data));
    case "ECDSA": return given(crypto.ecSign(namedCurve, hash, key.data, data));
    default: return given(crypto.rsaSign(hash, key.data, saltLength, data));
  }
}

export function op_crypto_verify_key({ key, algorithm, hash, saltLength = NO_SALT, namedCurve, signature }, data) {
  switch (algorithm) {
    case "HMAC": return given(crypto.hmacVerify(hash, key.data, signature, data));
    case "ECDSA": return given(crypto.ecVerify(namedCurve, hash, isPrivate(key), key.data, signature, data));
    default: return given(crypto.rsaVerify(hash, isPrivate(key), key.data, saltLength, signature, data));
  }
}

// Encryption ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export function op_crypto_encrypt({ key, algorithm, hash, label, iv, counter, ctrLength, additionalData, tagLength }, data) {
  switch (algorithm) {
    case "RSA-OAEP": return given(crypto.rsaEncrypt(hash, isPrivate(key), key.data, label, data));
    case "AES-CBC": return given(crypto.encryptCbc(key.data, iv, data));
    case "AES-CTR": return given(crypto.ctr(key.data, counter, ctrLength, data));
    default: return given(crypto.encryptGcm(key.data, iv, additionalData ?? nothing, tagLength / 8, data));
  }
}

export function op_crypto_decrypt({ key, algorithm, hash, label, iv, counter, ctrLength, additionalData, tagLength }, data) {
  switch (algorithm) {
    case "RSA-OAEP": return given(crypto.rsaDecrypt(hash, key.data, label, data));
    case "AES-CBC": return given(crypto.decryptCbc(key.data, iv, data));
    case "AES-CTR": return given(crypto.ctr(key.data, counter, ctrLength, data));
    default: return given(crypto.decryptGcm(key.data, iv, additionalData ?? nothing, tagLength / 8, data));
  }
}

export const op_crypto_wrap_key = ({ key }, data) => given(crypto.wrap(key.data, data));
export const op_crypto_unwrap_key = ({ key }, data) => given(crypto.unwrap(key.data, data));

export function op_crypto_derive_bits({ key, publicKey, algorithm, hash, info, iterations, namedCurve, length }, salt) {
  switch (algorithm) {
    case "PBKDF2": return given(crypto.pbkdf2(hash, key.data, salt, iterations, MathCeil(length / 8)));
    case "HKDF": return given(crypto.hkdf(hash, key.data, salt, info, MathCeil(length / 8)));
    default: return given(crypto.ecAgree(namedCurve, key.data, isPrivate(publicKey), publicKey.data));
  }
}

// Keys in their formats ──────────────────────────────────────────────────────────────────────────────────────────────

/** The members of a JWK of RSA, in the order in which Rust takes and gives them. */
const RSA_MEMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
const coordinateLengths = { __proto__: null, "P-256": 32, "P-384": 48, "P-521": 66 };

export function op_crypto_import_key({ algorithm, namedCurve }, source) {
  if (source.jwkSecret !== undefined) {
    return { rawData: { type: "secret", data: op_crypto_base64url_decode(source.jwkSecret.k) } };
  }
  return algorithm === "ECDSA" || algorithm === "ECDH" ? importEc(namedCurve, source) : importRsa(source);
}

function importRsa({ spki, pkcs8, jwkPublicRsa, jwkPrivateRsa }) {
  const rawData = { type: pkcs8 ?? jwkPrivateRsa ? "private" : "public", data: undefined };
  const jwk = jwkPrivateRsa ?? jwkPublicRsa;
  if (jwk === undefined) {
    rawData.data = given(crypto.rsaImport(spki === undefined ? "pkcs8" : "spki", spki ?? pkcs8));
  } else {
    const members = isPrivate(rawData) ? RSA_MEMBERS : ["n", "e"];
    rawData.data = given(crypto.rsaFromNumbers(ArrayPrototypeMap(members, (name) => op_crypto_base64url_decode(jwk[name]))));
  }
  const [modulus, publicExponent] = numbers(rawData);
  return { rawData, modulusLength: TypedArrayPrototypeGetByteLength(modulus) * 8, publicExponent };
}

/** The numbers of an RSA key. */
function numbers(key) {
  const list = crypto.rsaNumbers(isPrivate(key), key.data);
  const refusal = ArrayPrototypeShift(list);
  if (refusal !== null) refuse(list[0], refusal);
  return list;
}

function importEc(curve, { raw, spki, pkcs8, jwkPublicEc, jwkPrivateEc }) {
  const jwk = jwkPrivateEc ?? jwkPublicEc;
  if (jwk === undefined) {
    const format = raw ? "raw" : spki ? "spki" : "pkcs8";
    return { rawData: { type: pkcs8 ? "private" : "public", data: given(crypto.ecImport(curve, format, raw ?? spki ?? pkcs8)) } };
  }
  const length = coordinateLengths[curve] ?? refuse(`there is no curve ${curve} here`, "NotSupportedError");
  const scalar = jwkPrivateEc && coordinate(jwk.d, length);
  const data = given(crypto.ecFromCoordinates(curve, coordinate(jwk.x, length), coordinate(jwk.y, length), scalar));
  return { rawData: { type: scalar ? "private" : "public", data } };
}

export function op_crypto_export_key({ format, algorithm, namedCurve }, key) {
  if (format === "jwksecret") return { k: op_crypto_base64url_encode(key.data) };
  return algorithm === "ECDSA" || algorithm === "ECDH" ? exportEc(namedCurve, format, key) : exportRsa(format, key);
}

function exportRsa(format, key) {
  if (format === "spki" || format === "pkcs8") return given(crypto.rsaExport(format, isPrivate(key), key.data));
  const jwk = {};
  const list = numbers(key);
  for (let i = 0; i < (format === "jwkprivate" ? 8 : 2); i++) jwk[RSA_MEMBERS[i]] = op_crypto_base64url_encode(list[i]);
  return jwk;
}

function exportEc(curve, format, key) {
  if (format === "spki" || format === "pkcs8") return given(crypto.ecExport(curve, format, isPrivate(key), key.data));
  const point = given(crypto.ecExport(curve, "raw", isPrivate(key), key.data));
  if (format === "raw") return point;
  const half = (TypedArrayPrototypeGetLength(point) + 1) / 2;
  const jwk = {
    x: op_crypto_base64url_encode(TypedArrayPrototypeSlice(point, 1, half)),
    y: op_crypto_base64url_encode(TypedArrayPrototypeSlice(point, half)),
  };
  if (format === "jwkprivate") jwk.d = op_crypto_base64url_encode(key.data);
  return jwk;
}

// Curve25519 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function fill(into, data) {
  TypedArrayPrototypeSet(into, data);
  return true;
}

function pair(publicKey) {
  return (secret, publicData) => {
    native.fillRandom(secret, "crypto.subtle.generateKey()");
    return fill(publicData, given(publicKey(secret)));
  };
}

export const op_crypto_generate_ed25519_keypair = pair(crypto.ed25519PublicKey);
export const op_crypto_generate_x25519_keypair = pair(crypto.x25519PublicKey);
export const op_crypto_sign_ed25519 = (seed, data, into) => fill(into, given(crypto.ed25519Sign(seed, data)));
export const op_crypto_verify_ed25519 = (key, data, signature) => given(crypto.ed25519Verify(key, signature, data));
export const op_crypto_jwk_x_ed25519 = (seed) => op_crypto_base64url_encode(given(crypto.ed25519PublicKey(seed)));
export const op_crypto_x25519_public_key = (secret) => op_crypto_base64url_encode(given(crypto.x25519PublicKey(secret)));

/** Whether the secret is the identity, which nobody may use. */
export function op_crypto_derive_bits_x25519(secret, publicKey, into) {
  fill(into, given(crypto.x25519(secret, publicKey)));
  return crypto.equal(into, new Uint8Array(32));
}

const imported = (name, format) => (der, into) => fill(into, given(crypto.okpImport(name, format, der)));
export const op_crypto_import_spki_ed25519 = imported("Ed25519", "spki");
export const op_crypto_import_spki_x25519 = imported("X25519", "spki");
export const op_crypto_import_pkcs8_ed25519 = imported("Ed25519", "pkcs8");
export const op_crypto_import_pkcs8_x25519 = imported("X25519", "pkcs8");

export const op_crypto_export_spki_ed25519 = (key) => given(crypto.okpExport("Ed25519", "spki", key));
export const op_crypto_export_spki_x25519 = (key) => given(crypto.okpExport("X25519", "spki", key));
// The script puts the head of a string of bytes before the key, and mends it afterwards.
const exported = (name) => (headed) => given(crypto.okpExport(name, "pkcs8", TypedArrayPrototypeSlice(headed, 2)));
export const op_crypto_export_pkcs8_ed25519 = exported("Ed25519");
export const op_crypto_export_pkcs8_x25519 = exported("X25519");
