//! ECDSA and ECDH (FIPS 186-5, SP 800-56A) over P-256, P-384 and P-521. A private key is its scalar, a public one its
//! uncompressed point (SEC 1).

use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::elliptic_curve::Generate;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};

use super::digest::{Hash, hash};
use super::{Answer, Refusal};
use crate::random::HostRandom;

/// Evaluates an expression with the crate of a curve.
macro_rules! with_curve {
    ($name:expr, $curve:ident => $run:expr) => {
        match $name {
            "P-256" => {
                use p256 as $curve;
                $run
            }
            "P-384" => {
                use p384 as $curve;
                $run
            }
            "P-521" => {
                use p521 as $curve;
                $run
            }
            name => Err(Refusal::not_supported(format!("there is no curve {name} here"))),
        }
    };
}

/// A key as it is kept.
pub(super) struct Key {
    pub is_private: bool,
    pub bytes: Vec<u8>,
}

pub(super) fn generate(curve: &str) -> Answer {
    with_curve!(curve, c => Ok(c::SecretKey::generate_from_rng(&mut HostRandom).to_bytes().to_vec()))
}

/// A private key's public one; a public one as it is.
macro_rules! public {
    ($c:ident, $key:expr) => {
        if $key.is_private {
            $c::SecretKey::from_slice(&$key.bytes).map(|secret| secret.public_key())
        } else {
            $c::PublicKey::from_sec1_bytes(&$key.bytes)
        }
        .map_err(|_| malformed())
    };
}

pub(super) fn import(curve: &str, format: &str, bytes: &[u8]) -> Answer {
    with_curve!(curve, c => match format {
        "pkcs8" => Ok(c::SecretKey::from_pkcs8_der(bytes).map_err(|_| malformed())?.to_bytes().to_vec()),
        "spki" => Ok(c::PublicKey::from_public_key_der(bytes).map_err(|_| malformed())?.to_sec1_point(false).as_bytes().to_vec()),
        _ => Ok(c::PublicKey::from_sec1_bytes(bytes).map_err(|_| malformed())?.to_sec1_point(false).as_bytes().to_vec()),
    })
}

/// The key of a JWK (RFC 7518): coordinates, and for a private key the scalar, whose point they are.
pub(super) fn from_coordinates(curve: &str, x: &[u8], y: &[u8], scalar: Option<&[u8]>) -> Answer {
    let point = [&[4], x, y].concat();
    let public = import(curve, "raw", &point)?;
    let Some(scalar) = scalar else { return Ok(public) };
    let key = Key { is_private: true, bytes: scalar.to_vec() };
    if with_curve!(curve, c => Ok(public!(c, key)?.to_sec1_point(false).as_bytes() != public))? {
        return Err(malformed());
    }
    Ok(key.bytes)
}

pub(super) fn export(curve: &str, format: &str, key: &Key) -> Answer {
    with_curve!(curve, c => match format {
        "pkcs8" if key.is_private => {
            let secret = c::SecretKey::from_slice(&key.bytes).map_err(|_| malformed())?;
            Ok(secret.to_pkcs8_der().map_err(|_| malformed())?.as_bytes().to_vec())
        }
        "spki" => Ok(public!(c, key)?.to_public_key_der().map_err(|_| malformed())?.as_bytes().to_vec()),
        _ => Ok(public!(c, key)?.to_sec1_point(false).as_bytes().to_vec()),
    })
}

/// `r` and `s`. The nonce is RFC 6979's.
pub(super) fn sign(curve: &str, name: &str, scalar: &[u8], data: &[u8]) -> Answer {
    let digest = prehash(curve, Hash::named(name)?, data);
    with_curve!(curve, c => {
        let key = c::ecdsa::SigningKey::from_slice(scalar).map_err(|_| malformed())?;
        let signature: c::ecdsa::Signature = key.sign_prehash(&digest).map_err(|_| Refusal::operation("signing failed"))?;
        Ok(signature.to_bytes().to_vec())
    })
}

pub(super) fn verify(curve: &str, name: &str, key: &Key, signature: &[u8], data: &[u8]) -> Result<bool, Refusal> {
    let digest = prehash(curve, Hash::named(name)?, data);
    with_curve!(curve, c => {
        let key = c::ecdsa::VerifyingKey::from(&public!(c, key)?);
        let signature = c::ecdsa::Signature::from_slice(signature);
        Ok(signature.is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()))
    })
}

/// The hash; one that is shorter than half of the curve's field, which the crates do not take, with zeros before it.
fn prehash(curve: &str, name: Hash, data: &[u8]) -> Vec<u8> {
    let least: usize = match curve {
        "P-521" => 33,
        "P-384" => 24,
        _ => 16,
    };
    let digest = hash(name, data);
    [vec![0; least.saturating_sub(digest.len())], digest].concat()
}

/// The secret that two keys share.
pub(super) fn agree(curve: &str, scalar: &[u8], public: &Key) -> Answer {
    with_curve!(curve, c => {
        let secret = c::SecretKey::from_slice(scalar).map_err(|_| malformed())?;
        Ok(secret.diffie_hellman(&public!(c, public)?).raw_secret_bytes().to_vec())
    })
}

fn malformed() -> Refusal {
    Refusal::data("the key is malformed, or is one of another curve")
}
