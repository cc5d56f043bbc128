//! `cargo xtask deny`: what `deny.toml` asks of the dependencies.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::guest;
use crate::tool::{cargo_tool, run};

/// What is asked of every workspace: versions that are refused and duplicates, licences, and where crates come from.
const CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

const WORKSPACES: [&str; 3] = ["Cargo.toml", "fuzz/Cargo.toml", "guest/Cargo.toml"];

/// Checks the workspaces. Advisories need their database, a repository elsewhere: without it they are left out, which is said,
/// and is a failure where `--advisories` asks for them.
///
/// # Errors
/// If something is refused, or the program that looks cannot be installed.
pub(crate) fn check(target: &Path, needs_advisories: bool) -> Result<()> {
    let deny = cargo_tool(target, "cargo-deny", "0.20.2")?;
    guest::prepare()?;
    let command = |manifest: &str| {
        let mut command = Command::new(&deny);
        command.args(["--manifest-path", manifest, "--log-level", "error", "--config", "deny.toml"]);
        command
    };
    for manifest in WORKSPACES {
        println!("── {manifest}: {}", CHECKS.join(", "));
        let mut command = command(manifest);
        command.args(["check", "--hide-inclusion-graph"]);
        if manifest != "Cargo.toml" {
            // Two versions of a crate are explained for what is shipped; the others' are their own affair.
            command.args(["--allow", "duplicate", "--allow", "unmatched-skip", "--allow", "unnecessary-skip"]);
        }
        run(command.args(CHECKS))?;
    }
    let is_there = command("Cargo.toml").args(["fetch", "db"]).status().is_ok_and(|status| status.success());
    if !is_there {
        if needs_advisories {
            bail!("the database of advisories cannot be fetched from here");
        }
        println!(
            "\nLEFT OUT: ADVISORIES. Their database cannot be fetched from here: run `cargo xtask deny` where it can."
        );
        return Ok(());
    }
    for manifest in WORKSPACES {
        println!("── {manifest}: advisories");
        run(command(manifest).args(["check", "advisories"]))?;
    }
    Ok(())
}
