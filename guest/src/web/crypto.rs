//! What the script of deno_crypto asks of its runtime (`js/crypto.js`), by the crates of RustCrypto: the algorithms of Web
//! Cryptography (<https://w3c.github.io/webcrypto/>), and the hashes that only Node has.
//!
//! Keys are bytes, which JavaScript keeps. What cannot be done is an array of a `DOMException`'s name and its message.

mod aes;
mod curve25519;
mod digest;
mod ec;
mod rsa;

use std::borrow::Cow;

use javy::quickjs::{Array, Ctx, FromJs, IntoJs, Object, Result as JsResult, TypedArray, Value};

use super::bytes;
use crate::contract::loader::NoticeKind;
use crate::notices;
use crate::runtime::define;

/// Why there is no answer, as a `DOMException` says it.
struct Refusal {
    name: &'static str,
    message: Cow<'static, str>,
}

impl Refusal {
    fn data(message: &'static str) -> Self {
        Self { name: "DataError", message: message.into() }
    }

    fn operation(message: &'static str) -> Self {
        Self { name: "OperationError", message: message.into() }
    }

    fn not_supported(message: impl Into<Cow<'static, str>>) -> Self {
        Self { name: "NotSupportedError", message: message.into() }
    }
}

type Answer<T = Vec<u8>> = Result<T, Refusal>;

/// Whether they are alike; it takes as long wherever they are not.
fn equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && std::iter::zip(one, other).fold(0, |found, (a, b)| found | (a ^ b)) == 0
}

/// The bytes of a `Uint8Array`.
struct Bytes(Vec<u8>);

impl<'js> FromJs<'js> for Bytes {
    fn from_js(_ctx: &Ctx<'js>, value: Value<'js>) -> JsResult<Self> {
        bytes(&value).map(Self)
    }
}

/// An answer as JavaScript gets it.
struct Given<T>(Answer<T>);

impl<'js> IntoJs<'js> for Given<Vec<u8>> {
    fn into_js(self, ctx: &Ctx<'js>) -> JsResult<Value<'js>> {
        self.or_refusal(ctx, |bytes| Ok(TypedArray::new_copy(ctx.clone(), bytes)?.into_value()))
    }
}

impl<'js> IntoJs<'js> for Given<bool> {
    fn into_js(self, ctx: &Ctx<'js>) -> JsResult<Value<'js>> {
        self.or_refusal(ctx, |is| Ok(Value::new_bool(ctx.clone(), is)))
    }
}

impl<'js> IntoJs<'js> for Given<Vec<Vec<u8>>> {
    fn into_js(self, ctx: &Ctx<'js>) -> JsResult<Value<'js>> {
        self.or_refusal(ctx, |list| {
            let array = Array::new(ctx.clone())?;
            // The place of a refusal's name.
            array.set(0, Value::new_null(ctx.clone()))?;
            for (index, bytes) in list.into_iter().enumerate() {
                array.set(index + 1, TypedArray::new_copy(ctx.clone(), bytes)?)?;
            }
            Ok(array.into_value())
        })
    }
}

impl<T> Given<T> {
    fn or_refusal<'js>(self, ctx: &Ctx<'js>, make: impl FnOnce(T) -> JsResult<Value<'js>>) -> JsResult<Value<'js>> {
        match self.0 {
            Ok(answer) => make(answer),
            Err(Refusal { name, message }) => {
                let refusal = Array::new(ctx.clone())?;
                refusal.set(0, name)?;
                refusal.set(1, &*message)?;
                Ok(refusal.into_value())
            }
        }
    }
}

/// Says at the top level that what comes of this is random, and in each render the same.
fn drawn(what: &'static str) {
    notices::record(NoticeKind::Random, || what.into());
}

pub(super) fn install(native: &Object<'_>) -> JsResult<()> {
    let crypto = Object::new(native.ctx().clone())?;
    install_digests(&crypto)?;
    install_aes(&crypto)?;
    install_rsa(&crypto)?;
    install_curves(&crypto)?;
    native.set("crypto", crypto)
}

fn install_digests(crypto: &Object<'_>) -> JsResult<()> {
    define(crypto, "digest", |hash: String, data: Bytes| Given(digest::digest(&hash, &data.0)))?;
    define(crypto, "hmac", |hash: String, key: Bytes, data: Bytes| Given(digest::hmac(&hash, &key.0, &data.0)))?;
    define(crypto, "hmacVerify", |hash: String, key: Bytes, signature: Bytes, data: Bytes| {
        Given(digest::hmac_verify(&hash, &key.0, &signature.0, &data.0))
    })?;
    define(crypto, "equal", |one: Bytes, other: Bytes| equal(&one.0, &other.0))?;
    define(crypto, "pbkdf2", |hash: String, password: Bytes, salt: Bytes, rounds: u32, length: usize| {
        Given(digest::pbkdf2(&hash, &password.0, &salt.0, rounds, length))
    })?;
    define(crypto, "hkdf", |hash: String, key: Bytes, salt: Bytes, info: Bytes, length: usize| {
        Given(digest::hkdf(&hash, &key.0, &salt.0, &info.0, length))
    })
}

fn install_aes(crypto: &Object<'_>) -> JsResult<()> {
    define(crypto, "encryptCbc", |key: Bytes, iv: Bytes, data: Bytes| Given(aes::encrypt_cbc(&key.0, &iv.0, &data.0)))?;
    define(crypto, "decryptCbc", |key: Bytes, iv: Bytes, data: Bytes| Given(aes::decrypt_cbc(&key.0, &iv.0, &data.0)))?;
    define(crypto, "ctr", |key: Bytes, counter: Bytes, bits: u32, data: Bytes| {
        Given(aes::ctr(&key.0, &counter.0, bits, data.0))
    })?;
    define(crypto, "encryptGcm", |key: Bytes, iv: Bytes, additional: Bytes, tag: usize, data: Bytes| {
        Given(aes::encrypt_gcm(&key.0, &iv.0, &additional.0, tag, data.0))
    })?;
    define(crypto, "decryptGcm", |key: Bytes, iv: Bytes, additional: Bytes, tag: usize, data: Bytes| {
        Given(aes::decrypt_gcm(&key.0, &iv.0, &additional.0, tag, data.0))
    })?;
    define(crypto, "wrap", |key: Bytes, data: Bytes| Given(aes::wrap(&key.0, &data.0)))?;
    define(crypto, "unwrap", |key: Bytes, data: Bytes| Given(aes::unwrap(&key.0, &data.0)))
}

fn install_rsa(crypto: &Object<'_>) -> JsResult<()> {
    let key = |is_private: bool, der: Bytes| rsa::Key { is_private, der: der.0 };
    define(crypto, "rsaGenerate", |bits: usize, exponent: Bytes| {
        drawn("crypto.subtle.generateKey()");
        Given(rsa::generate(bits, &exponent.0))
    })?;
    define(crypto, "rsaImport", |format: String, der: Bytes| Given(rsa::import(&format, &der.0)))?;
    define(crypto, "rsaExport", move |format: String, is_private: bool, der: Bytes| {
        Given(rsa::export(&format, &key(is_private, der)))
    })?;
    define(crypto, "rsaFromNumbers", |numbers: Vec<Bytes>| {
        Given(rsa::from_numbers(&numbers.into_iter().map(|number| number.0).collect::<Vec<_>>()))
    })?;
    define(crypto, "rsaNumbers", move |is_private: bool, der: Bytes| Given(rsa::numbers(&key(is_private, der))))?;
    // A negative salt is none.
    define(crypto, "rsaSign", move |hash: String, der: Bytes, salt: f64, data: Bytes| {
        let salt = (salt >= 0.0).then_some(salt as usize);
        if salt.is_some() {
            drawn("crypto.subtle.sign()");
        }
        Given(rsa::sign(&hash, &key(true, der), salt, &data.0))
    })?;
    define(
        crypto,
        "rsaVerify",
        move |hash: String, is_private: bool, der: Bytes, salt: f64, signature: Bytes, data: Bytes| {
            let salt = (salt >= 0.0).then_some(salt as usize);
            Given(rsa::verify(&hash, &key(is_private, der), salt, &signature.0, &data.0))
        },
    )?;
    define(crypto, "rsaEncrypt", move |hash: String, is_private: bool, der: Bytes, label: Bytes, data: Bytes| {
        drawn("crypto.subtle.encrypt()");
        Given(rsa::encrypt(&hash, &key(is_private, der), &label.0, &data.0))
    })?;
    define(crypto, "rsaDecrypt", move |hash: String, der: Bytes, label: Bytes, data: Bytes| {
        Given(rsa::decrypt(&hash, &key(true, der), &label.0, &data.0))
    })
}

fn install_curves(crypto: &Object<'_>) -> JsResult<()> {
    let key = |is_private: bool, bytes: Bytes| ec::Key { is_private, bytes: bytes.0 };
    define(crypto, "ecGenerate", |curve: String| {
        drawn("crypto.subtle.generateKey()");
        Given(ec::generate(&curve))
    })?;
    define(crypto, "ecImport", |curve: String, format: String, key: Bytes| Given(ec::import(&curve, &format, &key.0)))?;
    define(crypto, "ecFromCoordinates", |curve: String, x: Bytes, y: Bytes, scalar: Option<Bytes>| {
        Given(ec::from_coordinates(&curve, &x.0, &y.0, scalar.as_ref().map(|scalar| &*scalar.0)))
    })?;
    define(crypto, "ecExport", move |curve: String, format: String, is_private: bool, bytes: Bytes| {
        Given(ec::export(&curve, &format, &key(is_private, bytes)))
    })?;
    define(crypto, "ecSign", |curve: String, hash: String, scalar: Bytes, data: Bytes| {
        Given(ec::sign(&curve, &hash, &scalar.0, &data.0))
    })?;
    define(
        crypto,
        "ecVerify",
        move |curve: String, hash: String, is_private: bool, bytes: Bytes, signature: Bytes, data: Bytes| {
            Given(ec::verify(&curve, &hash, &key(is_private, bytes), &signature.0, &data.0))
        },
    )?;
    define(crypto, "ecAgree", move |curve: String, scalar: Bytes, is_private: bool, other: Bytes| {
        Given(ec::agree(&curve, &scalar.0, &key(is_private, other)))
    })?;
    define(crypto, "ed25519PublicKey", |seed: Bytes| Given(curve25519::ed25519_public_key(&seed.0)))?;
    define(crypto, "ed25519Sign", |seed: Bytes, data: Bytes| Given(curve25519::ed25519_sign(&seed.0, &data.0)))?;
    define(crypto, "ed25519Verify", |public: Bytes, signature: Bytes, data: Bytes| {
        Given(curve25519::ed25519_verify(&public.0, &signature.0, &data.0))
    })?;
    define(crypto, "x25519PublicKey", |secret: Bytes| Given(curve25519::x25519_public_key(&secret.0)))?;
    define(crypto, "x25519", |secret: Bytes, public: Bytes| Given(curve25519::x25519(&secret.0, &public.0)))?;
    define(crypto, "okpImport", |name: String, format: String, der: Bytes| {
        Given(if format == "spki" {
            curve25519::import_spki(&name, &der.0)
        } else {
            curve25519::import_pkcs8(&name, &der.0)
        })
    })?;
    define(crypto, "okpExport", |name: String, format: String, key: Bytes| {
        Given(if format == "spki" {
            curve25519::export_spki(&name, &key.0)
        } else {
            curve25519::export_pkcs8(&name, &key.0)
        })
    })
}
