//! The configuration.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

use dayfly_server::{Config, Override};

/// Reads what is before the first zero byte as a file, what is up to the second as a `--set`, and the rest as a variable of the
/// environment.
pub fn run(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let [file, set, variable] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let path = folder.path().join("dayfly.toml");
    fs::write(&path, file).expect("a temporary file can be written");
    let mut overrides = Vec::new();
    overrides.extend(Override::set(&String::from_utf8_lossy(set)));
    let name = variable.split(|byte| *byte == b'=').next().unwrap_or_default();
    let value = variable.get(name.len() + 1..).unwrap_or_default();
    let variable = (OsString::from_vec([b"DAYFLY_", name].concat()), OsString::from_vec(value.to_vec()));
    match Override::variables([variable]) {
        Ok(set) => overrides.extend(set),
        Err(problems) => drop(problems.to_string()),
    }
    match Config::load(Some(&path), &overrides, Some(folder.path().join("state"))) {
        Ok(loaded) => loaded.warnings.iter().for_each(|warning| drop(warning.to_string())),
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
}
