//! Hashes, and what is keyed by one: HMAC (FIPS 198-1), PBKDF2 (RFC 8018), HKDF (RFC 5869).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::{Answer, Refusal};

/// The hashes that keys are used with (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) fn named(name: &str) -> Result<Self, Refusal> {
        Ok(match name {
            "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-384" => Self::Sha384,
            "SHA-512" => Self::Sha512,
            _ => return Err(Refusal::not_supported(format!("there is no hash {name} here"))),
        })
    }
}

/// Evaluates an expression with a hash's type.
macro_rules! with_hash {
    ($hash:expr, $D:ident => $run:expr) => {
        match $hash {
            $crate::web::crypto::digest::Hash::Sha1 => {
                type $D = sha1::Sha1;
                $run
            }
            $crate::web::crypto::digest::Hash::Sha256 => {
                type $D = sha2::Sha256;
                $run
            }
            $crate::web::crypto::digest::Hash::Sha384 => {
                type $D = sha2::Sha384;
                $run
            }
            $crate::web::crypto::digest::Hash::Sha512 => {
                type $D = sha2::Sha512;
                $run
            }
        }
    };
}
pub(super) use with_hash;

/// By the names that Node gives them besides: MD5 and SHA-224 are no algorithms of the web's.
pub(super) fn digest(name: &str, data: &[u8]) -> Answer {
    Ok(match name {
        "MD5" => md5::Md5::digest(data).to_vec(),
        "SHA-1" => Sha1::digest(data).to_vec(),
        "SHA-224" => Sha224::digest(data).to_vec(),
        "SHA-256" => Sha256::digest(data).to_vec(),
        "SHA-384" => Sha384::digest(data).to_vec(),
        "SHA-512" => Sha512::digest(data).to_vec(),
        _ => return Err(Refusal::not_supported(format!("there is no hash {name} here"))),
    })
}

pub(super) fn hash(hash: Hash, data: &[u8]) -> Vec<u8> {
    with_hash!(hash, D => D::digest(data).to_vec())
}

pub(super) fn hmac(name: &str, key: &[u8], data: &[u8]) -> Answer {
    fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
        let mac = <M as KeyInit>::new_from_slice(key).expect("a key of HMAC has any length");
        mac.chain_update(data).finalize().into_bytes().to_vec()
    }
    Ok(match name {
        "MD5" => mac::<Hmac<md5::Md5>>(key, data),
        "SHA-224" => mac::<Hmac<Sha224>>(key, data),
        name => with_hash!(Hash::named(name)?, D => mac::<Hmac<D>>(key, data)),
    })
}

/// Takes as long wherever the first difference is.
pub(super) fn hmac_verify(name: &str, key: &[u8], signature: &[u8], data: &[u8]) -> Result<bool, Refusal> {
    fn verify<M: Mac + KeyInit>(key: &[u8], signature: &[u8], data: &[u8]) -> bool {
        let mac = <M as KeyInit>::new_from_slice(key).expect("a key of HMAC has any length");
        mac.chain_update(data).verify_slice(signature).is_ok()
    }
    Ok(with_hash!(Hash::named(name)?, D => verify::<Hmac<D>>(key, signature, data)))
}

pub(super) fn pbkdf2(name: &str, password: &[u8], salt: &[u8], rounds: u32, length: usize) -> Answer {
    let mut bits = vec![0; length];
    with_hash!(Hash::named(name)?, D => pbkdf2::pbkdf2_hmac::<D>(password, salt, rounds, &mut bits));
    Ok(bits)
}

pub(super) fn hkdf(name: &str, key: &[u8], salt: &[u8], info: &[u8], length: usize) -> Answer {
    // 255 blocks of the longest hash; before any memory is taken for more.
    if length > 255 * 64 {
        return Err(Refusal::operation("HKDF gives no more than 255 blocks of its hash"));
    }
    let mut bits = vec![0; length];
    with_hash!(Hash::named(name)?, D => Hkdf::<D>::new(Some(salt), key).expand(info, &mut bits))
        .map_err(|_| Refusal::operation("HKDF gives no more than 255 blocks of its hash"))?;
    Ok(bits)
}
