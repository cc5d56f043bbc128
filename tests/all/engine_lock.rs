//! The committed engine belongs to the sources beside it.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::support::root;

#[test]
fn the_committed_engine_was_built_from_the_committed_sources() {
    let guest = root().join("guest");
    let files = ["../wit", "src", "js", "quickjs", "build.sh", "Cargo.toml", "Cargo.lock", "engine.wasm"];
    assert_eq!(
        digests(&guest, &files),
        locked(&guest.join("engine.lock")),
        "run guest/build.sh, and commit guest/engine.wasm and guest/engine.lock with the sources"
    );
}

/// The files that a lock has, each with its digest: what `sha256sum` writes.
pub(crate) fn locked(lock: &Path) -> BTreeMap<String, String> {
    let lock = std::fs::read_to_string(lock).unwrap();
    let lines = lock.lines().map(|line| line.split_once("  ").unwrap());
    lines.map(|(digest, file)| (file.to_owned(), digest.to_owned())).collect()
}

/// The files that are there, of a folder and those within it.
pub(crate) fn digests(folder: &Path, files: &[&str]) -> BTreeMap<String, String> {
    let mut there = BTreeMap::new();
    files.iter().for_each(|file| digest(folder, file, &mut there));
    there
}

fn digest(guest: &Path, name: &str, digests: &mut BTreeMap<String, String>) {
    let path = guest.join(name);
    if !path.is_dir() {
        let digest = Sha256::digest(std::fs::read(path).unwrap());
        digests.insert(name.into(), digest.iter().map(|byte| format!("{byte:02x}")).collect());
        return;
    }
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap().file_name().into_string().unwrap();
        if entry != "target" && entry != "node_modules" {
            digest(guest, &format!("{name}/{entry}"), digests);
        }
    }
}
