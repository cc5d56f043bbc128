//! The key of an entry.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

use super::FORMAT;

/// Which compiled code it is: a SHA-256 over everything that it depends on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey(pub(super) [u8; 32]);

impl CacheKey {
    /// The key of code that is compiled from what `content` is the SHA-256 of, with what `settings` says, by the
    /// compiler that `compatibility` stands for: what [`wasmtime::Engine::precompile_compatibility_hash`] gives. The
    /// version of the cache's own format is part of it too.
    ///
    /// Each part goes in with its length, so no two different lists of parts are the same bytes.
    pub fn new(content: &[u8; 32], settings: &str, compatibility: &impl Hash) -> Self {
        let mut digest = HashDigest(Sha256::new());
        compatibility.hash(&mut digest);
        Self::of(&[b"dayfly cache", &FORMAT.to_le_bytes(), content, settings.as_bytes(), &digest.0.finalize()])
    }

    /// Whether a key's entry could have this name.
    pub(super) fn is_name(name: &str) -> bool {
        name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }
}

/// In hexadecimal, 64 digits: the name of the entry's file.
impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

/// Digests what is hashed: all that wasmtime gives is something with `Hash`, and the 64 bits of a usual hasher are too
/// few for a name that stands for native code.
struct HashDigest(Sha256);

impl Hasher for HashDigest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_cut_elsewhere_are_another_key() {
        let lists: [&[&[u8]]; 6] =
            [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[b"abc", b""], &[b"", b"abc"], &[b"ab", b"c", b""]];
        for (i, one) in lists.iter().enumerate() {
            for (j, other) in lists.iter().enumerate() {
                assert_eq!(CacheKey::of(one) == CacheKey::of(other), i == j, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_key_changes_with_each_of_its_parts_and_with_nothing_else() {
        let key = CacheKey::new(&[1; 32], "speed", &("x86_64", 48));
        assert_eq!(CacheKey::new(&[1; 32], "speed", &("x86_64", 48)), key);
        assert_ne!(CacheKey::new(&[2; 32], "speed", &("x86_64", 48)), key);
        assert_ne!(CacheKey::new(&[1; 32], "size", &("x86_64", 48)), key);
        assert_ne!(CacheKey::new(&[1; 32], "speed", &("aarch64", 48)), key);
        assert_ne!(CacheKey::new(&[1; 32], "speed", &("x86_64", 49)), key);
        assert!(CacheKey::is_name(&key.to_string()), "{key}");
    }

    #[test]
    fn only_names_of_keys_are_entries() {
        for name in ["key", "", &"a".repeat(63), &"a".repeat(65), &"A".repeat(64), &"g".repeat(64), &"../".repeat(22)] {
            assert!(!CacheKey::is_name(name), "{name}");
        }
        assert!(CacheKey::is_name(&"0f".repeat(32)));
    }
}
