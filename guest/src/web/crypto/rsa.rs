//! RSA (RFC 8017): signatures and encryption. A key is kept as PKCS #1 writes it.

use rsa::pkcs1::{
    DecodeRsaPrivateKey, DecodeRsaPublicKey, EncodeRsaPrivateKey, RsaPrivateKeyRef, RsaPublicKeyRef, UintRef,
};
use rsa::pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use rsa::pkcs8::der::{Decode, Encode};
use rsa::pkcs8::spki::{AlgorithmIdentifier, SubjectPublicKeyInfoRef};
use rsa::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Oaep, Pkcs1v15Sign, PrivateKey, Pss, PublicKey};

use super::digest::{Hash, hash, with_hash};
use super::{Answer, Refusal};
use crate::random::HostRandom;

/// Of keys for any padding.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A key as it is kept.
pub(super) struct Key {
    pub is_private: bool,
    pub der: Vec<u8>,
}

impl Key {
    fn private(&self) -> Result<PrivateKey, Refusal> {
        PrivateKey::from_pkcs1_der(&self.der).map_err(|_| unusable())
    }

    fn public(&self) -> Result<PublicKey, Refusal> {
        if self.is_private { self.private().map(|key| key.to_public_key()) } else { self.stored_public() }
    }

    fn stored_public(&self) -> Result<PublicKey, Refusal> {
        PublicKey::from_pkcs1_der(&self.der).map_err(|_| unusable())
    }

    fn public_der(&self) -> Answer {
        if !self.is_private {
            return Ok(self.der.clone());
        }
        RsaPrivateKeyRef::from_der(&self.der).and_then(|key| key.public_key().to_der()).map_err(|_| malformed())
    }
}

pub(super) fn generate(bits: usize, exponent: &[u8]) -> Answer {
    // The two that anybody uses; one of an attacker's choice can take for ever.
    let exponent: u32 = match exponent {
        [.., 1, 0, 1] if exponent[..exponent.len() - 3].iter().all(|byte| *byte == 0) => 65537,
        [.., 3] if exponent[..exponent.len() - 1].iter().all(|byte| *byte == 0) => 3,
        _ => return Err(Refusal::operation("the public exponent is 3 or 65537 here")),
    };
    if !(PublicKey::MIN_SIZE..=PublicKey::MAX_SIZE).contains(&bits) {
        return Err(Refusal::not_supported("a modulus has 1024 to 8192 bits here"));
    }
    let key = PrivateKey::new_with_exp(&mut HostRandom, bits, BoxedUint::from(exponent));
    let der = key.map_err(|_| Refusal::operation("no key was found"))?.to_pkcs1_der().map_err(|_| malformed())?;
    Ok(der.as_bytes().to_vec())
}

/// The key in SPKI or PKCS #8.
pub(super) fn import(format: &str, der: &[u8]) -> Answer {
    if format == "spki" {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| malformed())?;
        let key = info.subject_public_key.as_bytes().ok_or_else(malformed)?;
        RsaPublicKeyRef::from_der(key).map_err(|_| malformed())?;
        return if info.algorithm.oid == RSA_ENCRYPTION { Ok(key.to_vec()) } else { Err(malformed()) };
    }
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| malformed())?;
    let key = info.private_key.as_bytes();
    RsaPrivateKeyRef::from_der(key).map_err(|_| malformed())?;
    if info.algorithm.oid == RSA_ENCRYPTION { Ok(key.to_vec()) } else { Err(malformed()) }
}

pub(super) fn export(format: &str, key: &Key) -> Answer {
    let algorithm = AlgorithmIdentifier { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
    let der = if format == "spki" {
        let der = key.public_der()?;
        let subject_public_key = BitStringRef::from_bytes(&der).map_err(|_| malformed())?;
        SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der()
    } else {
        PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&key.der).map_err(|_| malformed())?).to_der()
    };
    der.map_err(|_| malformed())
}

/// The key of a JWK's numbers (RFC 7518): modulus and exponent, and for a private key `d`, `p`, `q`, `dp`, `dq`, `qi`.
pub(super) fn from_numbers(numbers: &[Vec<u8>]) -> Answer {
    let numbers: Vec<UintRef<'_>> =
        numbers.iter().map(|number| UintRef::new(number)).collect::<Result<_, _>>().map_err(|_| malformed())?;
    let der = match *numbers {
        [modulus, public_exponent] => RsaPublicKeyRef { modulus, public_exponent }.to_der(),
        [modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient] => {
            RsaPrivateKeyRef {
                modulus,
                public_exponent,
                private_exponent,
                prime1,
                prime2,
                exponent1,
                exponent2,
                coefficient,
                other_prime_infos: None,
            }
            .to_der()
        }
        _ => return Err(malformed()),
    };
    der.map_err(|_| malformed())
}

/// The numbers that [`from_numbers`] takes: of a public key two, of a private one eight.
pub(super) fn numbers(key: &Key) -> Result<Vec<Vec<u8>>, Refusal> {
    let numbers = if key.is_private {
        let key = RsaPrivateKeyRef::from_der(&key.der).map_err(|_| malformed())?;
        vec![
            key.modulus,
            key.public_exponent,
            key.private_exponent,
            key.prime1,
            key.prime2,
            key.exponent1,
            key.exponent2,
            key.coefficient,
        ]
    } else {
        let key = RsaPublicKeyRef::from_der(&key.der).map_err(|_| malformed())?;
        vec![key.modulus, key.public_exponent]
    };
    Ok(numbers.iter().map(|number| number.as_bytes().to_vec()).collect())
}

/// With a salt it is PSS, without one PKCS #1 v1.5.
pub(super) fn sign(name: &str, key: &Key, salt: Option<usize>, data: &[u8]) -> Answer {
    let too_short = || Refusal::operation("the key is too short for the hash and the salt");
    let (algorithm, key) = (Hash::named(name)?, key.private()?);
    // Before there is memory for it.
    if salt > Some(key.size()) {
        return Err(too_short());
    }
    let digest = hash(algorithm, data);
    let signature = with_hash!(algorithm, D => match salt {
        Some(salt) => key.sign_with_rng(&mut HostRandom, Pss::<D>::new_with_salt(salt), &digest),
        None => key.sign_with_rng(&mut HostRandom, Pkcs1v15Sign::new::<D>(), &digest),
    });
    signature.map_err(|_| too_short())
}

pub(super) fn verify(
    name: &str,
    key: &Key,
    salt: Option<usize>,
    signature: &[u8],
    data: &[u8],
) -> Result<bool, Refusal> {
    let (algorithm, key) = (Hash::named(name)?, key.public()?);
    if salt > Some(key.size()) {
        return Ok(false);
    }
    let digest = hash(algorithm, data);
    let verified = with_hash!(algorithm, D => match salt {
        Some(salt) => key.verify(Pss::<D>::new_with_salt(salt), &digest, signature),
        None => key.verify(Pkcs1v15Sign::new::<D>(), &digest, signature),
    });
    Ok(verified.is_ok())
}

pub(super) fn encrypt(name: &str, key: &Key, label: &[u8], data: &[u8]) -> Answer {
    let key = key.public()?;
    let encrypted =
        with_hash!(Hash::named(name)?, D => key.encrypt(&mut HostRandom, Oaep::<D>::new_with_label(label), data));
    encrypted.map_err(|_| Refusal::operation("the data are too long for the key"))
}

pub(super) fn decrypt(name: &str, key: &Key, label: &[u8], data: &[u8]) -> Answer {
    let key = key.private()?;
    let decrypted = with_hash!(Hash::named(name)?, D => key.decrypt_blinded(&mut HostRandom, Oaep::<D>::new_with_label(label), data));
    decrypted.map_err(|_| Refusal::operation("the data cannot be deciphered"))
}

fn malformed() -> Refusal {
    Refusal::data("the key is malformed, or is none of RSA")
}

/// Of a key that is read well, and whose numbers are none of RSA's, or beyond what is computed with.
fn unusable() -> Refusal {
    Refusal::operation("the key's numbers do not belong together, or have fewer than 1024 or more than 8192 bits")
}
