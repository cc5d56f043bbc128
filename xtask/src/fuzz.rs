//! `cargo xtask fuzz`: the targets of `fuzz/`, each for some minutes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::tool::{cargo_tool, run};

/// Minutes for each target.
const MINUTES: u64 = 10;

/// Fuzzes the targets that are named, or all; a file's name after one target's has that input alone run.
///
/// # Errors
/// If an input ends a target, or something cannot be built.
pub(crate) fn fuzz(target: &Path, arguments: &[&str]) -> Result<()> {
    let (minutes, names) = match arguments {
        ["--minutes", minutes, names @ ..] => (minutes.parse().context("write --minutes NUMBER")?, names),
        names => (MINUTES, names),
    };
    let cargo_fuzz = cargo_tool(target, "cargo-fuzz", "0.13.2")?;
    if let [name, file] = names
        && Path::new(file).is_file()
    {
        return run(command(&cargo_fuzz, "run").args([name, file]));
    }
    let all = targets()?;
    for name in names {
        ensure!(all.iter().any(|target| target == name), "there is no target {name}: there are {}", all.join(", "));
    }
    let names: Vec<&str> = if names.is_empty() { all.iter().map(String::as_str).collect() } else { names.to_vec() };
    run(&mut command(&cargo_fuzz, "build"))?;
    println!("{:14} {:>12} {:>10} {:>10} {:>8} {:>8}", "target", "inputs", "edges", "features", "kept", "per s");
    let mut ended = Vec::new();
    for name in names {
        match one(&cargo_fuzz, name, minutes)? {
            Some(figures) => println!("{name:14} {figures}"),
            None => ended.push(name),
        }
    }
    if ended.is_empty() { Ok(()) } else { bail!("an input ended {}: see fuzz/artifacts", ended.join(", ")) }
}

/// Without AddressSanitizer: what is fuzzed is safe Rust, and slots reserve more addresses than it bears. On any toolchain.
fn command(cargo_fuzz: &Path, what: &str) -> Command {
    let mut command = Command::new(cargo_fuzz);
    command.args([what, "--sanitizer", "none"]).env("RUSTC_BOOTSTRAP", "1");
    command
}

fn targets() -> Result<Vec<String>> {
    let files = fs::read_dir("fuzz/fuzz_targets")?.collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<String> =
        files.iter().filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// Fuzzes one target, and gives what libFuzzer says at its end; none if an input ended it.
fn one(cargo_fuzz: &Path, name: &str, minutes: u64) -> Result<Option<String>> {
    let found = format!("fuzz/target/fuzz/corpus/{name}");
    fs::create_dir_all(&found)?;
    let mut command = command(cargo_fuzz, "run");
    command.args([name, &found, &format!("fuzz/corpus/{name}"), "--"]);
    command.args([&format!("-max_total_time={}", minutes * 60), "-timeout=60", "-rss_limit_mb=8192", "-max_len=16384"]);
    let mut child = command.stderr(Stdio::piped()).spawn().context("cargo-fuzz does not start")?;
    let said = BufReader::new(child.stderr.take().context("it is piped")?);
    let (mut last, mut lines) = (String::new(), Vec::new());
    for line in said.lines() {
        let line = line?;
        if line.starts_with('#') {
            last.clone_from(&line);
        }
        lines.push(line);
    }
    if child.wait()?.success() {
        return Ok(Some(figures(&last)));
    }
    // Where it ended, and what is said of it.
    let from = lines.iter().position(|line| line.contains("panicked") || line.contains("ERROR:")).unwrap_or(0);
    lines[from..].iter().take(60).for_each(|line| eprintln!("{line}"));
    Ok(None)
}

/// `#1234 DONE cov: 5 ft: 6 corp: 7/8b exec/s: 9 …` as columns.
fn figures(line: &str) -> String {
    let word = |name: &str| {
        let mut words = line.split_whitespace().skip_while(|word| *word != name);
        words.nth(1).unwrap_or("-").split('/').next().unwrap_or("-").to_owned()
    };
    let inputs = line.split_whitespace().next().unwrap_or("-").trim_start_matches('#');
    format!("{:>12} {:>10} {:>10} {:>8} {:>8}", inputs, word("cov:"), word("ft:"), word("corp:"), word("exec/s:"))
}
