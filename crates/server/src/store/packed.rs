//! Bundles as they are on the disk: without what all of them have in common.
//!
//! A bundle is megabytes of the engine and some of an app. The engine is kept once, in a file of its own, and a bundle as what
//! zstd leaves of it with the engine at hand, which is some 50 KB of 11 MB. Of a bundle of another engine more is left.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use dayfly::BundleId;

/// Begins a bundle's file; the digest of the engine that it was packed with follows, and then a frame of zstd (RFC 8878).
const MAGIC: &[u8; 8] = b"dayfly\x00\x01";

const HEADER: usize = MAGIC.len() + 32;

/// Zstd looks back so many bytes, as a power of two: over the engine and the largest bundle.
const WINDOW: u32 = 27;

/// With so much in common more effort finds little more.
const LEVEL: i32 = 3;

/// What bundles are packed with.
#[derive(Debug)]
pub(super) struct Common<'a> {
    pub(super) id: BundleId,
    pub(super) bytes: Cow<'a, [u8]>,
}

impl<'a> Common<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { id: BundleId::of(bytes), bytes: bytes.into() }
    }

    pub(super) fn pack(&self, bundle: &[u8]) -> io::Result<Vec<u8>> {
        let packed = [MAGIC, &self.id.to_bytes()[..]].concat();
        let mut encoder = zstd::Encoder::with_ref_prefix(packed, LEVEL, &self.bytes)?;
        encoder.long_distance_matching(true)?;
        encoder.window_log(WINDOW)?;
        encoder.write_all(bundle)?;
        encoder.finish()
    }

    /// What was packed with this.
    ///
    /// # Errors
    /// Of the kind `InvalidData` if it was damaged in a way that can be seen; whether it is what was packed its digest says.
    pub(super) fn unpack(&self, packed: &[u8]) -> io::Result<Vec<u8>> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let frame = packed.get(HEADER..).unwrap_or_default();
        let mut decoder = zstd::Decoder::with_ref_prefix(frame, &self.bytes)?;
        decoder.window_log_max(WINDOW)?;
        let mut bundle = Vec::new();
        decoder.read_to_end(&mut bundle).map_err(invalid)?;
        Ok(bundle)
    }
}

/// The engine that a bundle was packed with.
pub(super) fn engine_of(packed: &[u8]) -> io::Result<BundleId> {
    let digest = packed.strip_prefix(MAGIC).and_then(|rest| rest.first_chunk());
    let digest = digest.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is no packed bundle"))?;
    Ok(BundleId::from_bytes(*digest))
}

/// The same of a file.
pub(super) fn packed_with(path: &Path) -> io::Result<BundleId> {
    let mut header = [0; HEADER];
    File::open(path)?.read_exact(&mut header)?;
    engine_of(&header)
}
