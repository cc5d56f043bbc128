//! The committed engine belongs to the sources beside it.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::support::root;

#[test]
fn the_committed_engine_was_built_from_the_committed_sources() {
    let guest = root().join("guest");
    let lock = std::fs::read_to_string(guest.join("engine.lock")).unwrap();
    let locked: BTreeMap<String, String> = lock
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .map(|(digest, file)| (file.to_owned(), digest.to_owned()))
        .collect();
    let mut there = BTreeMap::new();
    for file in ["../wit", "src", "js", "quickjs", "build.sh", "Cargo.toml", "Cargo.lock", "engine.wasm"] {
        digest(&guest, file, &mut there);
    }
    assert_eq!(
        there, locked,
        "run guest/build.sh, and commit guest/engine.wasm and guest/engine.lock with the sources"
    );
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
