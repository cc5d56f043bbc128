// Web Cryptography and what `node:crypto` has of it: `render` gives one line for each thing that was tried, and Node gives
// the same lines. Known answers are of the standard that the line names, and are told here too, so that no two that are
// wrong alike pass for right.
"use strict";

const { subtle } = globalThis.crypto;
const node = require("node:crypto");

const lines = [];
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (data) => Array.from(new Uint8Array(data.buffer ?? data, data.byteOffset, data.byteLength), (byte) => byte.toString(16).padStart(2, "0")).join("");
const text = (string) => new TextEncoder().encode(string);
const string = (data) => new TextDecoder().decode(data);
const base64 = (string) => Uint8Array.from(atob(string.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

function show(value) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return hex(value);
  if (Object.prototype.toString.call(value) === "[object CryptoKey]") {
    return `key ${show([value.type, value.extractable, value.algorithm, value.usages])}`;
  }
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(show).join(",")}]`;
  return `{${Object.keys(value).sort().map((key) => `${key}:${show(value[key])}`).join(",")}}`;
}

/** Tries something; `expected`, where it is given, is what a standard says that comes of it. */
async function note(name, run, expected) {
  let line;
  try {
    line = show(await run());
  } catch (error) {
    // Node 20 calls one of them by no name of the standard's.
    line = `throws ${error.name.replace("InvalidAccessException", "InvalidAccessError")}`;
  }
  if (expected !== undefined && line !== expected) line += `, which is not ${expected}`;
  lines.push(`${name}: ${line}`);
}

const raw = (data, algorithm, ...usages) => subtle.importKey("raw", data, algorithm, true, usages);
const hashes = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

async function digests() {
  const abc = {
    "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "SHA-384": "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    "SHA-512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  };
  for (const hash of hashes) {
    await note(`FIPS 180-4 ${hash}`, () => subtle.digest(hash, text("abc")), abc[hash]);
    for (const length of [0, 1, 55, 56, 64, 111, 112, 128, 1000]) {
      await note(`${hash} of ${length}`, () => subtle.digest({ name: hash.toLowerCase() }, new Uint8Array(length).fill(length)));
    }
  }
  await note("a view", () => subtle.digest("SHA-256", new DataView(text("xabcx").buffer, 1, 3)), abc["SHA-256"]);
  await note("no such hash", () => subtle.digest("SHA-257", text("abc")), "throws NotSupportedError");
  await note("no data", () => subtle.digest("SHA-256"), "throws TypeError");
  await note("a string", () => subtle.digest("SHA-256", "abc"), "throws TypeError");
}

async function macs() {
  const jefe = await raw(text("Jefe"), { name: "HMAC", hash: "SHA-256" }, "sign", "verify");
  const data = text("what do ya want for nothing?");
  const mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  await note("RFC 4231 case 2", () => subtle.sign("HMAC", jefe, data), mac);
  await note("verified", () => subtle.verify("HMAC", jefe, bytes(mac), data), "true");
  await note("cut", () => subtle.verify("HMAC", jefe, bytes(mac).subarray(1), data), "false");
  await note("altered", () => subtle.verify("HMAC", jefe, bytes(mac).fill(0, 31), data), "false");
  await note("as it is", () => jefe);
  await note("raw", () => subtle.exportKey("raw", jefe));
  await note("jwk", () => subtle.exportKey("jwk", jefe));
  for (const hash of hashes) {
    for (const length of [1, 64, 65, 128, 129]) {
      await note(`${hash} with ${length}`, async () =>
        subtle.sign("HMAC", await raw(new Uint8Array(length).fill(7), { name: "HMAC", hash }, "sign"), data));
    }
    await note(`${hash} generated`, async () => {
      const key = await subtle.generateKey({ name: "HMAC", hash }, true, ["sign", "verify"]);
      const signature = await subtle.sign("HMAC", key, data);
      return [key, (await subtle.exportKey("raw", key)).byteLength, await subtle.verify("HMAC", key, signature, data)];
    });
  }
  await note("no key", () => raw(new Uint8Array(0), { name: "HMAC", hash: "SHA-256" }, "sign"));
  await note("no usages", () => raw(new Uint8Array(1), { name: "HMAC", hash: "SHA-256" }));
  await note("a usage of others", () => raw(new Uint8Array(1), { name: "HMAC", hash: "SHA-256" }, "encrypt"));
  await note("a usage that is none", () => raw(new Uint8Array(1), { name: "HMAC", hash: "SHA-256" }, "shine"));
  await note("not for that", async () => subtle.sign("HMAC", await raw(new Uint8Array(1), { name: "HMAC", hash: "SHA-256" }, "verify"), data));
  await note("not to be extracted", async () => {
    const key = await subtle.importKey("raw", new Uint8Array(1), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return subtle.exportKey("raw", key);
  });
  await note("a jwk of another algorithm", () =>
    subtle.importKey("jwk", { kty: "oct", k: "AQ", alg: "HS512" }, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]));
  await note("a jwk that is not to be extracted", () =>
    subtle.importKey("jwk", { kty: "oct", k: "AQ", ext: false }, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]));
}

async function derivations() {
  const password = (string) => raw2(text(string), "PBKDF2");
  const raw2 = (data, algorithm) => subtle.importKey("raw", data, algorithm, false, ["deriveBits", "deriveKey"]);
  const pbkdf2 = (hash, iterations) => ({ name: "PBKDF2", hash, iterations, salt: text("salt") });
  await note("RFC 6070, once", async () => subtle.deriveBits(pbkdf2("SHA-1", 1), await password("password"), 160), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  await note("RFC 6070, 4096 times", async () => subtle.deriveBits(pbkdf2("SHA-1", 4096), await password("password"), 160), "4b007901b765489abead49d926f721d065a429c1");
  await note("RFC 7914", async () => subtle.deriveBits(pbkdf2("SHA-256", 1), await password("passwd"), 256), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  for (const hash of hashes) await note(`PBKDF2 ${hash}`, async () => subtle.deriveBits(pbkdf2(hash, 7), await password("p"), 1000));
  await note("a key of it", async () => {
    const key = await subtle.deriveKey(pbkdf2("SHA-512", 3), await password("p"), { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
    return [key, await subtle.exportKey("raw", key)];
  });
  await note("no iterations", async () => subtle.deriveBits(pbkdf2("SHA-1", 0), await password("p"), 160));
  await note("no whole bytes", async () => subtle.deriveBits(pbkdf2("SHA-1", 1), await password("p"), 15));
  const hkdf = (hash, salt, info) => ({ name: "HKDF", hash, salt, info });
  await note(
    "RFC 5869 A.1",
    async () => subtle.deriveBits(hkdf("SHA-256", bytes("000102030405060708090a0b0c"), bytes("f0f1f2f3f4f5f6f7f8f9")), await raw2(new Uint8Array(22).fill(11), "HKDF"), 336),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
  for (const hash of hashes) {
    const of = async (bits) => subtle.deriveBits(hkdf(hash, new Uint8Array(0), text("info")), await raw2(text("key"), "HKDF"), bits);
    await note(`HKDF ${hash}`, () => of(1000));
    await note("a key of it", async () => subtle.exportKey("jwk", await subtle.deriveKey(hkdf(hash, text("s"), text("i")), await raw2(text("key"), "HKDF"), { name: "HMAC", hash }, true, ["sign"])));
    await note("too much of it", () => of(255 * 64 * 8 + 8));
  }
}

async function ciphers() {
  const key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
  const plain = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const iv = bytes("000102030405060708090a0b0c0d0e0f");
  const cbc = await raw(key, "AES-CBC", "encrypt", "decrypt");
  await note("SP 800-38A F.2.1", async () => (await subtle.encrypt({ name: "AES-CBC", iv }, cbc, plain)).slice(0, 64),
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7");
  const counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  await note("SP 800-38A F.5.1", async () => subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, await raw(key, "AES-CTR", "encrypt"), plain),
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
  await note(
    "GCM test case 4",
    async () => subtle.encrypt(
      { name: "AES-GCM", iv: bytes("cafebabefacedbaddecaf888"), additionalData: bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2") },
      await raw(bytes("feffe9928665731c6d6a8f9467308308"), "AES-GCM", "encrypt"),
      bytes("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
    ),
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
  );
  const tries = [
    { name: "AES-CBC", iv }, { name: "AES-GCM", iv }, { name: "AES-GCM", iv: iv.subarray(4), tagLength: 96, additionalData: text("head") },
    { name: "AES-GCM", iv: iv.subarray(4), tagLength: 32 }, ...[1, 7, 32, 64, 127, 128].map((length) => ({ name: "AES-CTR", counter: new Uint8Array(16).fill(255), length })),
  ];
  for (const algorithm of tries) {
    for (const length of [16, 24, 32]) {
      const cipher = await raw(new Uint8Array(length).fill(length), algorithm.name, "encrypt", "decrypt");
      for (const size of [0, 1, 15, 16, 17, 32, 100]) {
        await note(`${show(algorithm)} ${length} of ${size}`, async () => {
          const data = await subtle.encrypt(algorithm, cipher, plain.subarray(0, 50).slice(0, size));
          return [data, string(await subtle.decrypt(algorithm, cipher, data)).length];
        });
      }
      const data = new Uint8Array(await subtle.encrypt(algorithm, cipher, new Uint8Array(16)).catch(() => 40));
      data[data.length - 1] ^= 1;
      await note("altered", () => subtle.decrypt(algorithm, cipher, data));
      await note("cut", () => subtle.decrypt(algorithm, cipher, data.subarray(0, 3)));
    }
  }
  await note("a vector that is too short", () => subtle.encrypt({ name: "AES-CBC", iv: iv.subarray(1) }, cbc, plain));
  await note("no vector", () => subtle.encrypt({ name: "AES-CBC" }, cbc, plain));
  await note("a key that is too short", () => raw(new Uint8Array(15), "AES-CBC", "encrypt"));
  await note("a length that is none", () => subtle.generateKey({ name: "AES-CBC", length: 100 }, true, ["encrypt"]));
  await note("a key of another mode", () => subtle.encrypt({ name: "AES-GCM", iv }, cbc, plain));
  for (const name of ["AES-CBC", "AES-CTR", "AES-GCM", "AES-KW"]) {
    for (const length of [128, 192, 256]) {
      await note(`${name} ${length}`, async () => {
        const made = await subtle.generateKey({ name, length }, true, name === "AES-KW" ? ["wrapKey"] : ["decrypt"]);
        const jwk = await subtle.exportKey("jwk", made);
        const again = await subtle.importKey("jwk", jwk, name, true, made.usages);
        return [made, jwk.alg, jwk.k.length, hex(await subtle.exportKey("raw", made)) === hex(await subtle.exportKey("raw", again))];
      });
    }
  }
}

async function wrapping() {
  const kek = await raw(bytes("000102030405060708090a0b0c0d0e0f"), "AES-KW", "wrapKey", "unwrapKey");
  const wrapped = bytes("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
  const inner = await raw(bytes("00112233445566778899aabbccddeeff"), "AES-CBC", "encrypt");
  await note("RFC 3394 4.1", () => subtle.wrapKey("raw", inner, kek, "AES-KW"), hex(wrapped));
  const unwrap = (data) => subtle.unwrapKey("raw", data, kek, "AES-KW", "AES-GCM", true, ["decrypt"]);
  await note("unwrapped", async () => subtle.exportKey("raw", await unwrap(wrapped)), "00112233445566778899aabbccddeeff");
  await note("altered", () => unwrap(wrapped.map((byte, index) => index === 5 ? byte ^ 1 : byte)));
  await note("cut", () => unwrap(wrapped.subarray(8)));
  const iv = new Uint8Array(12);
  const gcm = await raw(new Uint8Array(32), "AES-GCM", "wrapKey", "unwrapKey");
  await note("as a jwk", async () => {
    const jwk = await subtle.wrapKey("jwk", inner, gcm, { name: "AES-GCM", iv });
    return subtle.unwrapKey("jwk", jwk, gcm, { name: "AES-GCM", iv }, "AES-CBC", false, ["encrypt"]);
  });
  await note("not to be extracted", async () =>
    subtle.wrapKey("raw", await subtle.importKey("raw", new Uint8Array(16), "AES-CBC", false, ["encrypt"]), kek, "AES-KW"));
}

const RSA = {
  kty: "RSA",
  n: "oUzyDDtoz0KxLQw_sbaCwxViIheFDwnZekIYFSN75zVr3cY_kS-o4qTS48CVuv9zt03ZuvBMFayuddQpqB_KODDYwwIaaZsGW71UsQ0PX0Hlme0b4DH_ohmBM80hU0e5bHFFfpN9v6iCwr2R6UqkkiwF_uOFYT0NQnMMUjpMxg2lWRwScJOdD8ArKMIm5I8ZyduNcne9LaIapPcEIftQt55SdHWvX5R25S_Bcg1SiDgffAWMtZZb69VhyZj0FupV5R6GNbdTOWIrJAy7sR1GtMWtmpaHbAhIcBNMpkMwNN69XJpDSKWjNe4wfE-1li7lHyU_IyPgH2-A2PKnLAGeQw",
  e: "AQAB",
  d: "QboJ84QN3E7PxYx1M-Qr-nRvLXcqCAu6a8Ac8hgod_ljv9X1tyKVje0d5iJmoPFQ5MO7Uhpy1m4sFOVkKBb0HtuAqE3mF1xNRfqrVQ3-UpGWjpd4wW1-Pj5oUIRo7PeQDilF6SMOnZd72QDIQSjiUJHRy6BIjGwFSCt7PNJ20Ei_mTFxQrG4VzQSzT-JG4YykcOhMRd7XwQd1f9yE7-gFj2NvvjdITk7OU4Sm9dYQSazbF9IqbhflK1C6CInTDQKWJZ7KFadUsxsN1tL_nEe93Op6PP-pCKKMAdZq7WhYSO2m4HPXh32gzJJFT7EXisDUN5LnOJu9dcFDAJMFpWwsQ",
  p: "yzW4W3YCkB7XXmoM2h5Snx1AmA8oexreEhcZk4LkDOAJGw0_9G7RPtUi9Q-gsYwCInWy90yLhxxwDOO8LNlpyu_iRgCGniHcdjo_yjaALIo00nNFbzBxcCemqg3AmO_-sG0eT-b9fz9gkV9RXmGn4ASRz_gx9JxjCDQ18bpgKzk",
  q: "yzQWm8Mevn9sed520EIlEZmc8_FtrimpnX6BU0HKgn1GSJr6rZrvBhMzdd6iKEo5VopFJyszhZu6RQAKs6SAuDy7JWMjopE9r26c2v4AVbhPrQdC6TOXtFue0mbSZTPSBz-tsd60s7T5zxZSrKDsvBO-on2bRYiSEN9Vm6h3SVs",
  dp: "AiukuHVeOaPasQt476t7Pm_VjMo8qHP1A0Rz5Xt0bB7Ieh1-HWJBoeYs5WkxUjQooa2YJ8QNiXfoSnr0O5Zm5uABDrZaub2q2ShuHf7PB6rCPa01hKaDz6rcwNw8vmVx1viTZk8VThKjOWpHODba0C28UPhZsD8rX58PJHHVLSE",
  dq: "wOzNYklYkSjNxs8OIyAJrbIYsArSRX7MyPjotDFMoaNq7VgnFFh7A1uLiic78eC2m5FfopaDriByMzyc7H4Mr98JF7AOjzQySrNMPSbXDouVKgQw5NPU_qnWGpEAxJD0oWk18iAtlEkIvDLHf5qx6MceQYvbtaK6e0ZvMwA5cO0",
  qi: "gKwTVBHQafJSps3Wp8x9vAmJugtgYqV6Yh1ChiSifDDlKzj83usw8x3p41EohLdC09hPOB0DCU60dFfnHw6OryUg-hUi4PIijCThpdbKDVgVJX1Oxdx860pR6nC58fPn-JXWjAA002MGlsSzQvKwbRNSzkKRBlQ04j8GyyrzzXI",
};
const RSA_PUBLIC = { kty: "RSA", n: RSA.n, e: RSA.e };
/** Made by OpenSSL with the key above, of "message" and of "secret" with the label "label". */
const PSS = "11f93946ed71eab416cf436fa484fd1c842eeebbba6264bd87e492afa110b5c101c4aaf99cd0b9c43e0d0396c084df54c434f39d11b18ba7b5a7c4bf6d1e18295a9c087570133ffa9b61711ce28a8df19c88c661f09c48622223fff64ed27a16c8bd33fb5412076c7318d5659e0c84d849ccd4915b9acafc2c75006a6919303b530684b581f26f23cbd39f89bb7d0c7e630abb2de0cd7dfaa415b9ecaea6ecd1e37b52d65335466e1ab87478185f66f4a4f96a4c83e3963adce769cf60fa8d9687378976a920c2a876352bc1747cc75ef22222119b8203cac6d7937f7e17efadb55308b2336649a8b35997ea7b585f30830c4838c9a051ca8a73a028d8f87d1c";
const OAEP = "3e5367b65999be93a9e99d392cacd66611ab17ab2f24782f0f8e7949c3d1f87bf986af2c3c8fd7522fa3081e0366b155cad92e0468281dca8f9ec9157466b58c3e69455a534f7424223a7bee126b492136d2b78d6cbc0960bf860a7ae44882a870f1871056f1a85ba643081acb9bdf17834ac9312d77beb077e066ffdaccd08dcec7a0faef252c869a961e6e594fa8f7c0c9458c4f0489e9c5c714126f09840da07dd20927f16daa7594d0e2ecc4a6f022a5a98a01230fce658efd6788d6b0b05fb64f211e412e183687e4ff57548b12d652c9f7f5ec23c51b2925dcd162b6a2b06df2598fbeb954ce380c72f1993e3e47359a7f487b38a745adfab819f25873";

async function rsa() {
  const message = text("message");
  for (const hash of hashes) {
    const [secret, open] = await Promise.all([[RSA, "sign"], [RSA_PUBLIC, "verify"]].map(([jwk, usage]) =>
      subtle.importKey("jwk", jwk, { name: "RSASSA-PKCS1-v1_5", hash }, true, [usage])));
    await note(`RSASSA-PKCS1-v1_5 ${hash}`, async () => {
      const signature = await subtle.sign("RSASSA-PKCS1-v1_5", secret, message);
      return [secret, open, signature, await subtle.verify("RSASSA-PKCS1-v1_5", open, signature, message), await subtle.verify("RSASSA-PKCS1-v1_5", open, signature, text("massage"))];
    });
    for (const [format, key] of [["pkcs8", secret], ["spki", open], ["jwk", secret], ["jwk", open]]) {
      await note(`${format} of it`, async () => {
        const data = await subtle.exportKey(format, key);
        const again = await subtle.importKey(format, data, { name: "RSASSA-PKCS1-v1_5", hash }, true, key.usages);
        return [data, again, show(await subtle.exportKey(format, again)) === show(data)];
      });
    }
    await note(`RSA-PSS ${hash} without salt`, async () => {
      const key = await subtle.importKey("jwk", RSA, { name: "RSA-PSS", hash }, true, ["sign"]);
      return subtle.sign({ name: "RSA-PSS", saltLength: 0 }, key, message);
    });
    await note(`RSA-PSS ${hash}`, async () => {
      const pair = await Promise.all([[RSA, "sign"], [RSA_PUBLIC, "verify"]].map(([jwk, usage]) => subtle.importKey("jwk", jwk, { name: "RSA-PSS", hash }, true, [usage])));
      const signature = await subtle.sign({ name: "RSA-PSS", saltLength: 20 }, pair[0], message);
      return [await subtle.verify({ name: "RSA-PSS", saltLength: 20 }, pair[1], signature, message), await subtle.verify({ name: "RSA-PSS", saltLength: 21 }, pair[1], signature, message)];
    });
    await note(`RSA-OAEP ${hash}`, async () => {
      const pair = await Promise.all([[RSA, "decrypt"], [RSA_PUBLIC, "encrypt"]].map(([jwk, usage]) => subtle.importKey("jwk", jwk, { name: "RSA-OAEP", hash }, true, [usage])));
      const algorithm = { name: "RSA-OAEP", label: text("l") };
      return string(await subtle.decrypt(algorithm, pair[0], await subtle.encrypt(algorithm, pair[1], message)));
    });
  }
  const pss = await subtle.importKey("jwk", RSA_PUBLIC, { name: "RSA-PSS", hash: "SHA-256" }, true, ["verify"]);
  await note("OpenSSL's RSA-PSS", () => subtle.verify({ name: "RSA-PSS", saltLength: 32 }, pss, bytes(PSS), message), "true");
  await note("altered", () => subtle.verify({ name: "RSA-PSS", saltLength: 32 }, pss, bytes(PSS).fill(1, 0, 1), message), "false");
  await note("cut", () => subtle.verify({ name: "RSA-PSS", saltLength: 32 }, pss, bytes(PSS).subarray(1), message), "false");
  const oaep = await subtle.importKey("jwk", RSA, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["decrypt", "unwrapKey"]);
  await note("OpenSSL's RSA-OAEP", async () => string(await subtle.decrypt({ name: "RSA-OAEP", label: text("label") }, oaep, bytes(OAEP))), "secret");
  await note("another label", () => subtle.decrypt({ name: "RSA-OAEP", label: text("other") }, oaep, bytes(OAEP)));
  await note("data that are too long", async () =>
    subtle.encrypt("RSA-OAEP", await subtle.importKey("jwk", RSA_PUBLIC, { name: "RSA-OAEP", hash: "SHA-512" }, false, ["encrypt"]), new Uint8Array(127)));
  await note("a jwk without its modulus", () => subtle.importKey("jwk", { kty: "RSA", e: "AQAB" }, { name: "RSA-OAEP", hash: "SHA-1" }, true, ["encrypt"]));
  await note("no key at all", () => subtle.importKey("spki", new Uint8Array(30), { name: "RSA-OAEP", hash: "SHA-1" }, true, ["encrypt"]));
  await note("generated", async () => {
    const pair = await subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) }, false, ["sign", "verify"]);
    const signature = await subtle.sign("RSASSA-PKCS1-v1_5", pair.privateKey, message);
    return [pair, await subtle.verify("RSASSA-PKCS1-v1_5", pair.publicKey, signature, message), Object.keys(await subtle.exportKey("jwk", pair.publicKey)).sort()];
  });
}

const CURVES = {
  // RFC 6979 A.2.5 and A.2.6: a key, and the signature of "sample" with the curve's hash.
  "P-256": {
    hash: "SHA-256",
    d: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    x: "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    y: "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    signature: "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
  },
  "P-384": {
    hash: "SHA-384",
    d: "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
    x: "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
    y: "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
    signature: "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
  },
};
const base64url = (data) => btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const P521 = {"kty":"EC","x":"AJcGtdRKMZ80T_Wj3lP3rkB9avKHQj7JDWO9QqJ6PK-XPi7qeZl5-j6wGFCD0x_UQKmgPs_pyzY9IDGbgFWImoTu","y":"AOiOGKap7WKiHVyNsTUmXbuUlWLvc2HuM0z8WSrd-tUbXhGnwYjNj-uejfMIjxLBRGs0H_1fUGQQw_lvyXgGza3y","crv":"P-521","d":"AQhlwIdjsFTkMrU8sCYJxP0orwg0GoBE3AYJ1cya2a9y5uxlfJc2lzuGhjrvfEw9P9JCEDGHppAxyVNB0oEnIVGz"};
/** Made by OpenSSL with the key above, of "message" with SHA-512. */
const P521_SIGNATURE = "0037a2d08c8916e8e432750856e657d8e179a118802b8cb922ddc7b4bf2ce489861d0b6551eeb289652f56d6c95a8c4335dfafc28013d153d80309e2b20e2ab9153800a72dee7bbac0a02751de11ccf51394e78ad90e2b4f05f44fd7080165634e3bbde912f47e76b242f1012523bbe873dca63f2447558916deac317014d8ef4bd83b3a";

async function curves() {
  const sample = text("sample");
  for (const [namedCurve, { hash, d, x, y, signature }] of Object.entries(CURVES)) {
    const jwk = { kty: "EC", crv: namedCurve, x: base64url(bytes(x)), y: base64url(bytes(y)) };
    const open = await subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve }, true, ["verify"]);
    await note(`RFC 6979 ${namedCurve}`, () => subtle.verify({ name: "ECDSA", hash }, open, bytes(signature), sample), "true");
    await note("altered", () => subtle.verify({ name: "ECDSA", hash }, open, bytes(signature).fill(1, 0, 1), sample), "false");
    await note("cut", () => subtle.verify({ name: "ECDSA", hash }, open, bytes(signature).subarray(1), sample), "false");
    const secret = await subtle.importKey("jwk", { ...jwk, d: base64url(bytes(d)) }, { name: "ECDSA", namedCurve }, true, ["sign"]);
    for (const hash of hashes) {
      await note(`ECDSA ${hash}`, async () => subtle.verify({ name: "ECDSA", hash }, open, await subtle.sign({ name: "ECDSA", hash }, secret, sample), sample), "true");
    }
    for (const [format, key] of [["raw", open], ["spki", open], ["jwk", open], ["pkcs8", secret], ["jwk", secret]]) {
      await note(`${namedCurve} ${format}`, async () => {
        const data = await subtle.exportKey(format, key);
        const again = await subtle.importKey(format, data, { name: "ECDSA", namedCurve }, true, key.usages);
        return [key, data, show(await subtle.exportKey(format, again)) === show(data)];
      });
    }
    await note("a point that is on no curve", () => subtle.importKey("raw", bytes(`04${x}${x}`), { name: "ECDSA", namedCurve }, true, ["verify"]));
    await note("a key of another curve", async () =>
      subtle.importKey("spki", await subtle.exportKey("spki", open), { name: "ECDSA", namedCurve: namedCurve === "P-256" ? "P-384" : "P-256" }, true, ["verify"]));
  }
  await note("OpenSSL's P-521", async () => {
    const { d, ...jwk } = P521;
    const key = await subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-521" }, true, ["verify"]);
    const secret = await subtle.importKey("jwk", P521, { name: "ECDSA", namedCurve: "P-521" }, true, ["sign"]);
    const ours = await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, secret, sample);
    return [await subtle.verify({ name: "ECDSA", hash: "SHA-512" }, key, bytes(P521_SIGNATURE), text("message")),
      await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, ours, sample), await subtle.exportKey("spki", key), await subtle.exportKey("pkcs8", secret)];
  });
  // RFC 5903 8.1.
  const ecdh = { name: "ECDH", namedCurve: "P-256" };
  const other = await subtle.importKey("raw", bytes("04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"), ecdh, true, []);
  const one = await subtle.importKey("jwk", {
    kty: "EC", crv: "P-256", d: base64url(bytes("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433")),
    x: base64url(bytes("dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180")), y: base64url(bytes("5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3")),
  }, ecdh, true, ["deriveBits", "deriveKey"]);
  const shared = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
  await note("RFC 5903 8.1", () => subtle.deriveBits({ name: "ECDH", public: other }, one, 256), shared);
  await note("all of it", () => subtle.deriveBits({ name: "ECDH", public: other }, one, null), shared);
  await note("too much of it", () => subtle.deriveBits({ name: "ECDH", public: other }, one, 264));
  await note("a key of it", async () => subtle.exportKey("raw", await subtle.deriveKey({ name: "ECDH", public: other }, one, { name: "AES-CBC", length: 128 }, true, ["encrypt"])));
  await note("its jwk", () => subtle.exportKey("jwk", one));
  await note("another curve", () => subtle.importKey("raw", new Uint8Array(65), { name: "ECDH", namedCurve: "P-192" }, true, []));
  for (const namedCurve of ["P-256", "P-384", "P-521"]) {
    await note(`${namedCurve} generated`, async () => {
      const pairs = await Promise.all([1, 2].map(() => subtle.generateKey({ name: "ECDH", namedCurve }, true, ["deriveBits"])));
      const [a, b] = await Promise.all([[0, 1], [1, 0]].map(([mine, its]) => subtle.deriveBits({ name: "ECDH", public: pairs[its].publicKey }, pairs[mine].privateKey, null)));
      const signing = await subtle.generateKey({ name: "ECDSA", namedCurve }, false, ["sign", "verify"]);
      const signature = await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signing.privateKey, sample);
      return [pairs[0], hex(a) === hex(b), a.byteLength, await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, signing.publicKey, signature, sample)];
    });
  }
}

async function curve25519() {
  // RFC 8032 7.1, test 2, and RFC 7748 6.1.
  const seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const point = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
  const jwk = { kty: "OKP", crv: "Ed25519", x: base64url(point), d: base64url(seed) };
  const secret = await subtle.importKey("jwk", jwk, "Ed25519", true, ["sign"]);
  const open = await subtle.importKey("raw", point, "Ed25519", true, ["verify"]);
  await note("RFC 8032", () => subtle.sign("Ed25519", secret, bytes("72")), signature);
  await note("verified", () => subtle.verify("Ed25519", open, bytes(signature), bytes("72")), "true");
  await note("altered", () => subtle.verify("Ed25519", open, bytes(signature), bytes("73")), "false");
  await note("cut", () => subtle.verify("Ed25519", open, bytes(signature).subarray(1), bytes("72")), "false");
  const alice = { kty: "OKP", crv: "X25519", x: base64url(bytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")), d: base64url(bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")) };
  const mine = await subtle.importKey("jwk", alice, "X25519", true, ["deriveBits"]);
  const its = await subtle.importKey("raw", bytes("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"), "X25519", true, []);
  await note("RFC 7748", () => subtle.deriveBits({ name: "X25519", public: its }, mine, 256), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  for (const [key, name] of [[secret, "Ed25519"], [open, "Ed25519"], [mine, "X25519"], [its, "X25519"]]) {
    for (const format of key.type === "private" ? ["pkcs8", "jwk"] : ["raw", "spki", "jwk"]) {
      await note(`${name} ${key.type} ${format}`, async () => {
        const data = await subtle.exportKey(format, key);
        // Some releases of Node name it, and others do not.
        delete data.alg;
        const again = await subtle.importKey(format, data, name, true, key.usages);
        return [key, data, show(await subtle.exportKey(format, again)).replace("alg:Ed25519,", "") === show(data)];
      });
    }
    await note("no key at all", () => subtle.importKey("spki", new Uint8Array(40), name, true, []));
  }
  await note("generated", async () => {
    const signing = await subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const [one, other] = await Promise.all([1, 2].map(() => subtle.generateKey("X25519", true, ["deriveBits"])));
    const secrets = await Promise.all([[one, other], [other, one]].map(([a, b]) => subtle.deriveBits({ name: "X25519", public: a.publicKey }, b.privateKey, 128)));
    return [signing, one, await subtle.verify("Ed25519", signing.publicKey, await subtle.sign("Ed25519", signing.privateKey, text("m")), text("m")), hex(secrets[0]) === hex(secrets[1])];
  });
}

/** The examples of JSON Web Signature (RFC 7515, A.1 to A.3). */
async function tokens() {
  const claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const verify = async (jwk, algorithm, token) => {
    const key = await subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
    const [head, body, signature] = token.split(".");
    return subtle.verify(algorithm, key, base64(signature), text(`${head}.${body}`));
  };
  const hs256 = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${claims}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`;
  const secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
  await note("HS256", () => verify({ kty: "oct", k: secret }, { name: "HMAC", hash: "SHA-256" }, hs256), "true");
  await note("HS256 by node:crypto", () => node.createHmac("sha256", base64(secret)).update(hs256.slice(0, hs256.lastIndexOf("."))).digest("base64url"), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  await note(
    "RS256",
    () => verify({
      kty: "RSA", e: "AQAB",
      n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    }, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, `eyJhbGciOiJSUzI1NiJ9.${claims}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`),
    "true",
  );
  await note(
    "ES256",
    () => verify({ kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }, { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
      `eyJhbGciOiJFUzI1NiJ9.${claims}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`),
    "true",
  );
}

async function nodes() {
  for (const name of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "SHA256", "RSA-SHA256"]) {
    await note(`createHash ${name}`, () => ["hex", "base64", "base64url"].map((encoding) => node.createHash(name).update("é").update(bytes("ff00")).update("6c6c", "hex").digest(encoding)));
    await note(`createHmac ${name}`, () => ["hex", "latin1"].map((encoding) => node.createHmac(name, "key").update("data").digest(encoding)));
  }
  await note("FIPS 180-4 sha256", () => node.createHash("sha256").update("abc").digest("hex"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  await note("RFC 1321 md5", () => node.createHash("md5").update("message digest").digest("hex"), "f96b697d7cb7938d525a2f31aaf161d0");
  await note("RFC 2202 md5", () => node.createHmac("md5", "Jefe").update("what do ya want for nothing?").digest("hex"), "750c783e6ab0b503eaa86e310a5db738");
  await note("a copy", () => { const hash = node.createHash("sha1").update("a"); const copy = hash.copy(); return [hash.update("b").digest("hex"), copy.digest("hex"), Buffer.isBuffer(node.createHash("sha1").digest())]; });
  await note("twice", () => { const hash = node.createHash("sha1"); hash.digest(); try { hash.digest(); } catch (error) { return [error.code, error.message]; } });
  await note("after its end", () => { const hash = node.createHash("sha1"); hash.digest(); try { hash.update("a"); } catch (error) { return [error.code, error.message]; } });
  await note("no such hash", () => { try { node.createHash("none"); } catch (error) { return error instanceof Error; } });
  await note("a number", () => { try { node.createHash("md5").update(1); } catch (error) { return [error.code, error.name]; } });
  await note("hash in one", () => node.createHash("md5").update(JSON.stringify({ a: 1 })).digest("hex"));
  await note("a stream", () => new Promise((done) => {
    const hash = node.createHash("sha256");
    hash.on("readable", () => { const data = hash.read(); if (data) done(data.toString("hex")); });
    hash.write("abc");
    hash.end();
  }));
  await note("random", () => [node.randomBytes(7).length, node.randomUUID().length, node.getRandomValues(new Uint8Array(3)).length, node.webcrypto === crypto, node.webcrypto.subtle === node.subtle, node.randomInt(5) < 5, node.randomInt(5, 6)]);
  await note("random later", () => new Promise((done) => node.randomBytes(9, (error, data) => done([error, data.length]))));
  await note("filled", () => node.randomFillSync(new Uint8Array(4)).length);
  await note("alike", () => [node.timingSafeEqual(text("ab"), Buffer.from("ab")), node.timingSafeEqual(text("ab"), text("ac"))]);
  await note("of two lengths", () => { try { node.timingSafeEqual(text("ab"), text("a")); } catch (error) { return [error.code, error.name]; } });
  await note("base64url", () => [Buffer.from("-_8", "base64url").toString("base64url"), Buffer.from([251, 255]).toString("base64"), Buffer.byteLength("-_8", "base64url"), Buffer.isEncoding("base64url"), Buffer.from("é").toString(), Buffer.from("abc").toString("utf8", 1)]);
  await note("names", () => ["md5", "sha1", "sha256", "sha512"].every((name) => node.getHashes().includes(name)));
  await note("pbkdf2", () => node.pbkdf2Sync("password", "salt", 1, 20, "sha1").toString("hex"), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  await note("pbkdf2 later", () => new Promise((done) => node.pbkdf2("passwd", "salt", 1, 64, "sha256", (error, data) => done([error, data.toString("hex").slice(0, 8)]))));
  await note("hkdf", () => Buffer.from(node.hkdfSync("sha256", "key", "salt", "info", 20)).toString("hex"));
}

async function others() {
  await note("classes", () => [Object.prototype.toString.call(subtle), Object.prototype.toString.call(crypto), typeof CryptoKey, subtle instanceof SubtleCrypto]);
  for (const make of [() => new CryptoKey(), () => new SubtleCrypto(), () => new Crypto()]) await note("not to be made", make);
  await note("of nothing", () => SubtleCrypto.prototype.digest.call({}, "SHA-256", text("abc")));
  await note("another algorithm", () => subtle.generateKey("ROT13", true, ["encrypt"]), "throws NotSupportedError");
  await note("lengths", () => Object.getOwnPropertyNames(SubtleCrypto.prototype).sort().map((name) => [name, SubtleCrypto.prototype[name].length]));
  await note("random values", () => crypto.getRandomValues(new Float64Array(1)));
  await note("too many of them", () => crypto.getRandomValues(new Uint8Array(65537)));
  await note("cloned", async () => {
    const key = await subtle.importKey("raw", new Uint8Array(9), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
    const { there } = structuredClone({ there: key });
    return [there !== key, there, await subtle.sign("HMAC", there, text("abc")), await subtle.exportKey("raw", there).catch((error) => typeof error.code)];
  });
  await note("a key's bytes are its own", async () => {
    const key = await raw(text("Jefe"), { name: "HMAC", hash: "SHA-256" }, "sign");
    new Uint8Array(await subtle.exportKey("raw", key)).fill(0);
    return subtle.exportKey("raw", key);
  });
}

exports.render = async () => {
  lines.length = 0;
  for (const part of [digests, macs, derivations, ciphers, wrapping, rsa, curves, curve25519, tokens, nodes, others]) await part();
  return lines.join("\n");
};
