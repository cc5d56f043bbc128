//! The guest's workspace, as far as Cargo has to read it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::tool::{cargo, output, run};

/// The package of QuickJS as the registry has it, of which `guest/build.sh` patches a copy.
///
/// # Errors
/// If Cargo does not find it.
pub(crate) fn quickjs() -> Result<PathBuf> {
    let mut command = Command::new(cargo());
    command.args(["metadata", "--locked", "--format-version", "1", "--manifest-path", "guest/quickjs/Cargo.toml"]);
    let metadata: Value = serde_json::from_str(&output(&mut command)?)?;
    let packages = metadata["packages"].as_array().context("Cargo names no packages")?;
    let is_it = |package: &&Value| package["name"] == "rquickjs-sys" && package["source"].is_string();
    let manifest = packages.iter().find(is_it).and_then(|package| package["manifest_path"].as_str());
    let manifest = manifest.context("guest/quickjs has no rquickjs-sys of the registry's")?;
    Ok(Path::new(manifest).parent().context("a manifest is in a folder")?.to_owned())
}

/// Puts the package where the guest's manifest looks for the patched one, unless that is there: for who reads the manifests
/// and builds nothing.
///
/// # Errors
/// If it cannot be copied.
pub(crate) fn prepare() -> Result<()> {
    let patched = Path::new("guest/target/rquickjs-sys");
    if !patched.exists() {
        std::fs::create_dir_all("guest/target")?;
        run(Command::new("cp").arg("-R").arg(quickjs()?).arg(patched))?;
    }
    Ok(())
}
