//! What the project does with itself: `cargo xtask test`, `cargo xtask figures`, `cargo xtask attack`, `cargo xtask test262 FOLDER`,
//! `cargo xtask wpt FOLDER`, `cargo xtask deny`, `cargo xtask fuzz`,
//! `cargo xtask sanitize`, `cargo xtask sbom`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a program for people at a terminal")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

mod deny;
mod figures;
mod fuzz;
mod guest;
mod sanitize;
mod sbom;
mod suite;
mod tool;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test", rest @ ..] => suite::run(&target(), rest),
        ["figures"] => end(figures::measure(&target())),
        ["figures", "lab"] => end(figures::measure_lab(&target())),
        ["deny"] => end(deny::check(&target(), false)),
        ["deny", "--advisories"] => end(deny::check(&target(), true)),
        ["fuzz", rest @ ..] => end(fuzz::fuzz(&target(), rest)),
        ["sanitize"] => end(sanitize::sanitize(&target())),
        ["sbom"] => end(sbom::write(&target())),
        ["attack", "--full", rows @ ..] => attack("full", rows),
        ["attack", rows @ ..] => attack("once", rows),
        [suite @ ("test262" | "wpt"), rest @ ..] => example(suite, rest),
        _ => {
            eprintln!(
                "usage: cargo xtask test [ARGUMENTS OF cargo test]\n       cargo xtask figures [lab]\n       \
                 cargo xtask attack [--full] [ROW…]\n       cargo xtask test262 FOLDER [PATH…] [--known FILE]\n       cargo xtask wpt FOLDER [PATH…]\n       \
                 cargo xtask deny [--advisories]\n       cargo xtask fuzz [--minutes N] [TARGET…]\n       cargo xtask sanitize\n       cargo xtask sbom"
            );
            ExitCode::from(2)
        }
    }
}

fn end(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the attacks of `tests/attacks` and `tests/escapes`, and the faults of `tests/all/faults`, or those whose names begin as `rows`.
fn attack(form: &str, rows: &[&str]) -> ExitCode {
    // With the features of the whole workspace, so that wasmtime is compiled once.
    let test = ["test", "--workspace", "--locked", "--test", "all", "--"];
    let test = test.iter().chain(&["attacks::", "faults::", "--nocapture", "--test-threads=1"]);
    let mut command = Command::new(tool::cargo());
    command.args(test).env("DAYFLY_ATTACKS", form).env("DAYFLY_ATTACK_ROWS", rows.join(","));
    if command.status().is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a suite of others against the engine, by the example of the bundler's that is called like it.
fn example(suite: &str, arguments: &[&str]) -> ExitCode {
    let command = ["run", "--quiet", "--locked", "--package", "dayfly-bundler", "--example", suite, "--"];
    let status = Command::new(tool::cargo()).args(command).args(arguments).status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Cargo's target folder: this program is in its folder `debug`.
fn target() -> PathBuf {
    let me = env::current_exe().ok();
    me.as_deref().and_then(Path::parent).and_then(Path::parent).map_or_else(|| "target".into(), Path::to_path_buf)
}
