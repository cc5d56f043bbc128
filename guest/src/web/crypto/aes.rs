//! AES (FIPS 197) in its modes: CBC and CTR (SP 800-38A), GCM (SP 800-38D), and the wrapping of keys (RFC 3394).

use aes::{Aes128, Aes192, Aes256};
use aes_gcm::AesGcm;
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::array::ArraySize;
use aes_gcm::aead::consts::{U12, U16};
use aes_kw::AesKw;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit, StreamCipher};
use ctr::Ctr128BE;

use super::{Answer, Refusal, equal};

/// Evaluates an expression with the cipher for a key of that length.
macro_rules! with_cipher {
    ($key:expr, $Aes:ident => $run:expr) => {
        match $key.len() {
            16 => {
                type $Aes = Aes128;
                $run
            }
            24 => {
                type $Aes = Aes192;
                $run
            }
            32 => {
                type $Aes = Aes256;
                $run
            }
            _ => return Err(Refusal::operation("a key of AES has 128, 192 or 256 bits")),
        }
    };
}

const LENGTH: &str = "the length was checked";

pub(super) fn encrypt_cbc(key: &[u8], iv: &[u8], data: &[u8]) -> Answer {
    with_cipher!(key, Aes => {
        let cipher = cbc::Encryptor::<Aes>::new_from_slices(key, iv).map_err(|_| vector())?;
        Ok(cipher.encrypt_padded_vec::<Pkcs7>(data))
    })
}

pub(super) fn decrypt_cbc(key: &[u8], iv: &[u8], data: &[u8]) -> Answer {
    with_cipher!(key, Aes => {
        let cipher = cbc::Decryptor::<Aes>::new_from_slices(key, iv).map_err(|_| vector())?;
        cipher.decrypt_padded_vec::<Pkcs7>(data).map_err(|_| undecipherable())
    })
}

/// Both ways alike. Only the counter's last `bits` count up; at their end they begin at zero.
pub(super) fn ctr(key: &[u8], counter: &[u8], bits: u32, mut data: Vec<u8>) -> Answer {
    let counter = u128::from_be_bytes(counter.try_into().map_err(|_| vector())?);
    let mask = if bits >= 128 { u128::MAX } else { (1 << bits) - 1 };
    let blocks = data.len().div_ceil(16) as u128;
    if blocks > 0 && blocks - 1 > mask {
        return Err(Refusal::operation("the data are longer than the counter counts"));
    }
    let until_the_end = (mask - (counter & mask)).saturating_add(1).saturating_mul(16);
    let first = data.len().min(usize::try_from(until_the_end).unwrap_or(usize::MAX));
    let (head, tail) = data.split_at_mut(first);
    with_cipher!(key, Aes => for (counter, part) in [(counter, head), (counter & !mask, tail)] {
        Ctr128BE::<Aes>::new_from_slices(key, &counter.to_be_bytes()).expect(LENGTH).apply_keystream(part);
    });
    Ok(data)
}

pub(super) fn encrypt_gcm(key: &[u8], iv: &[u8], additional: &[u8], tag_length: usize, mut data: Vec<u8>) -> Answer {
    let tag = match iv.len() {
        12 => with_cipher!(key, Aes => seal::<AesGcm<Aes, U12>, U12>(key, iv, additional, &mut data)),
        16 => with_cipher!(key, Aes => seal::<AesGcm<Aes, U16>, U16>(key, iv, additional, &mut data)),
        _ => Err(nonce()),
    }?;
    data.extend_from_slice(&tag[..tag_length.min(16)]);
    Ok(data)
}

pub(super) fn decrypt_gcm(key: &[u8], iv: &[u8], additional: &[u8], tag_length: usize, mut data: Vec<u8>) -> Answer {
    let length = data.len().checked_sub(tag_length.min(16)).ok_or_else(undecipherable)?;
    let tag = data.split_off(length);
    let is_whole = match iv.len() {
        12 => with_cipher!(key, Aes => open::<AesGcm<Aes, U12>, U12>(key, iv, additional, &tag, &mut data)),
        16 => with_cipher!(key, Aes => open::<AesGcm<Aes, U16>, U16>(key, iv, additional, &tag, &mut data)),
        _ => Err(nonce()),
    }?;
    if is_whole { Ok(data) } else { Err(undecipherable()) }
}

/// Enciphers in place; the tag.
fn seal<C, N>(key: &[u8], iv: &[u8], additional: &[u8], data: &mut [u8]) -> Result<[u8; 16], Refusal>
where
    C: AeadInOut<NonceSize = N, TagSize = U16> + KeyInit,
    N: ArraySize,
{
    let cipher = C::new_from_slice(key).expect(LENGTH);
    let tag = cipher.encrypt_inout_detached(iv.try_into().expect(LENGTH), additional, data.into());
    tag.map(Into::into).map_err(|_| Refusal::operation("the data are too long"))
}

/// Deciphers in place; whether it is what was enciphered. A tag may be cut: then what comes out is enciphered again, and
/// gives the whole of it.
fn open<C, N>(key: &[u8], iv: &[u8], additional: &[u8], tag: &[u8], data: &mut [u8]) -> Result<bool, Refusal>
where
    C: AeadInOut<NonceSize = N, TagSize = U16> + KeyInit,
    N: ArraySize,
{
    if let Ok(tag) = tag.try_into() {
        let cipher = C::new_from_slice(key).expect(LENGTH);
        return Ok(cipher.decrypt_inout_detached(iv.try_into().expect(LENGTH), additional, data.into(), tag).is_ok());
    }
    seal::<C, N>(key, iv, additional, data)?;
    let expected = seal::<C, N>(key, iv, additional, &mut data.to_vec())?;
    Ok(equal(&expected[..tag.len()], tag))
}

pub(super) fn wrap(key: &[u8], data: &[u8]) -> Answer {
    let mut wrapped = vec![0; data.len() + 8];
    let done = with_cipher!(key, Aes => {
        AesKw::<Aes>::new_from_slice(key).expect(LENGTH).wrap_key(data, &mut wrapped).is_ok()
    });
    // RFC 3394 wraps two blocks at least; of the one that the crate takes too, Node takes none.
    if !done || data.len() < 16 {
        return Err(Refusal::operation("what is wrapped has a multiple of 8 bytes, and 16 at least"));
    }
    Ok(wrapped)
}

pub(super) fn unwrap(key: &[u8], data: &[u8]) -> Answer {
    if data.len() < 24 {
        return Err(undecipherable());
    }
    let mut unwrapped = vec![0; data.len() - 8];
    with_cipher!(key, Aes => {
        AesKw::<Aes>::new_from_slice(key).expect(LENGTH).unwrap_key(data, &mut unwrapped).map_err(|_| undecipherable())?;
    });
    Ok(unwrapped)
}

fn vector() -> Refusal {
    Refusal::operation("an initialization vector has 16 bytes here")
}

fn nonce() -> Refusal {
    Refusal::not_supported("AES-GCM has an initialization vector of 12 or 16 bytes here")
}

/// Not why: who tries may not learn how far it went.
fn undecipherable() -> Refusal {
    Refusal::operation("the data cannot be deciphered")
}
