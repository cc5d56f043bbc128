//! Ed25519 (RFC 8032) and X25519 (RFC 7748), and how their keys are written (RFC 8410).

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use rsa::pkcs8::der::asn1::{BitStringRef, OctetStringRef};
use rsa::pkcs8::der::{Decode, Encode};
use rsa::pkcs8::spki::{AlgorithmIdentifier, AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use rsa::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};

use super::{Answer, Refusal};

type Key = [u8; 32];

fn key(bytes: &[u8]) -> Result<Key, Refusal> {
    bytes.try_into().map_err(|_| Refusal::data("a key of Curve25519 has 32 bytes"))
}

pub(super) fn ed25519_public_key(seed: &[u8]) -> Answer {
    Ok(SigningKey::from_bytes(&key(seed)?).verifying_key().to_bytes().to_vec())
}

pub(super) fn ed25519_sign(seed: &[u8], data: &[u8]) -> Answer {
    Ok(SigningKey::from_bytes(&key(seed)?).sign(data).to_bytes().to_vec())
}

/// A key that is no point verifies nothing.
pub(super) fn ed25519_verify(public: &[u8], signature: &[u8], data: &[u8]) -> Result<bool, Refusal> {
    let (Ok(public), Ok(signature)) = (VerifyingKey::from_bytes(&key(public)?), Signature::from_slice(signature))
    else {
        return Ok(false);
    };
    Ok(public.verify(data, &signature).is_ok())
}

pub(super) fn x25519_public_key(secret: &[u8]) -> Answer {
    Ok(x25519_dalek::x25519(key(secret)?, x25519_dalek::X25519_BASEPOINT_BYTES).to_vec())
}

/// All zero where the public key is of low order.
pub(super) fn x25519(secret: &[u8], public: &[u8]) -> Answer {
    Ok(x25519_dalek::x25519(key(secret)?, key(public)?).to_vec())
}

fn algorithm(name: &str) -> AlgorithmIdentifierRef<'static> {
    let oid = if name == "Ed25519" { "1.3.101.112" } else { "1.3.101.110" };
    AlgorithmIdentifier { oid: ObjectIdentifier::new_unwrap(oid), parameters: None }
}

pub(super) fn import_spki(name: &str, der: &[u8]) -> Answer {
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| malformed())?;
    if info.algorithm != algorithm(name) {
        return Err(malformed());
    }
    Ok(key(info.subject_public_key.as_bytes().ok_or_else(malformed)?)?.to_vec())
}

pub(super) fn import_pkcs8(name: &str, der: &[u8]) -> Answer {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| malformed())?;
    if info.algorithm != algorithm(name) {
        return Err(malformed());
    }
    let inner = <&OctetStringRef>::from_der(info.private_key.as_bytes()).map_err(|_| malformed())?;
    Ok(key(inner.as_bytes())?.to_vec())
}

pub(super) fn export_spki(name: &str, public: &[u8]) -> Answer {
    let subject_public_key = BitStringRef::from_bytes(public).map_err(|_| malformed())?;
    SubjectPublicKeyInfoRef { algorithm: algorithm(name), subject_public_key }.to_der().map_err(|_| malformed())
}

pub(super) fn export_pkcs8(name: &str, secret: &[u8]) -> Answer {
    let inner = OctetStringRef::new(secret).and_then(|secret| secret.to_der()).map_err(|_| malformed())?;
    let private_key = OctetStringRef::new(&inner).map_err(|_| malformed())?;
    PrivateKeyInfoRef::new(algorithm(name), private_key).to_der().map_err(|_| malformed())
}

fn malformed() -> Refusal {
    Refusal::data("the key is malformed, or is one of another algorithm")
}
