//! Programs that are not ours, installed where Cargo builds, and commands that have to go well.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

/// A program from the crates registry, of that version and of the versions that its own lock file names. The first time takes
/// minutes: it is compiled.
pub(crate) fn cargo_tool(target: &Path, name: &str, version: &str) -> Result<PathBuf> {
    let root = target.join("tools").join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if !program.exists() {
        eprintln!("installing {name} {version} …");
        let build = target.join("tools/build");
        // Unoptimised, as it runs for seconds and would be compiled for many minutes.
        let arguments = ["install", "--quiet", "--locked", "--debug", name, "--version", version, "--root"];
        run(Command::new(cargo()).args(arguments).arg(&root).arg("--target-dir").arg(&build))?;
        fs::remove_dir_all(build)?;
    }
    Ok(program)
}

/// Python with the packages that are named, each with its version.
pub(crate) fn python(target: &Path, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = target.join("tools").join(name);
    let (stamp, wanted) = (folder.join("stamp"), packages.join("\n"));
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let install = ["install", "--quiet", "--disable-pip-version-check"];
        run(Command::new(folder.join("bin/pip")).args(install).args(packages))?;
        fs::write(stamp, wanted)?;
    }
    Ok(folder.join("bin/python"))
}

/// The program that runs this one.
pub(crate) fn cargo() -> std::ffi::OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Runs a command whose output is for whoever looks on.
///
/// # Errors
/// If it does not go well.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} does not start"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

/// What a command prints.
///
/// # Errors
/// If it does not go well.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("{command:?} does not start"))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
