//! `cargo xtask figures`: what the library and the lab are to reach, measured on this machine, and whether they do. `cargo xtask figures lab`
//! measures those of the leak lab alone.

mod lab;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tool;

/// One figure that is to be reached.
struct Figure {
    name: &'static str,
    /// What it is to be, for people.
    target: &'static str,
    measured: String,
    /// None where there is nothing to reach.
    held: Option<bool>,
}

/// Measures all, one benchmark after the other, and prints a table. All are built with the features of the whole workspace, so
/// that wasmtime is compiled once.
///
/// # Errors
/// What keeps a benchmark from running: Node, npm, or a compiler for isolated-vm's package is missing, say. A figure that
/// is not reached is no error.
pub(crate) fn measure(target: &Path) -> Result<()> {
    let isolated_vm = install_isolated_vm(target)?;
    tool::run(&mut cargo_command(&["build", "--release", "--workspace", "--bin", "dayfly"]))?;
    // Each group as it is there: all of them take an hour, most of which is compiling.
    print(&against_others(&isolated_vm)?);
    let [first, second] = [start_up(target, "w1")?, start_up(target, "w3")?];
    print(&[
        Figure {
            name: "start of the process to first page (W1), engine from the cache",
            target: "at most 50 ms",
            measured: format!("{first:.1} ms"),
            held: Some(first <= 50.0),
        },
        Figure {
            name: "the same with W3, whose first render is most of it",
            target: "",
            measured: format!("{second:.1} ms"),
            held: None,
        },
    ]);
    print(&density(target)?);
    print(&lab::measure(target)?);
    println!("\n{}", output(&mut cargo_command(&["bench", "--workspace", "--bench", "scaling"]))?);
    Ok(())
}

/// Measures what the leak lab is to reach.
///
/// # Errors
/// As [`measure`].
pub(crate) fn measure_lab(target: &Path) -> Result<()> {
    tool::run(&mut cargo_command(&["build", "--release", "--workspace", "--bin", "dayfly"]))?;
    print(&lab::measure(target)?);
    Ok(())
}

fn print(figures: &[Figure]) {
    println!("{:66} {:>22} {:>26}", "figure", "to reach", "measured");
    for Figure { name, target, measured, held } in figures {
        println!(
            "{name:66} {target:>22} {measured:>26}  {}",
            match held {
                Some(true) => "held",
                Some(false) => "NOT HELD",
                None => "",
            }
        );
    }
}

/// W1 and the 140,000 lines beside Node's `vm`, W1 beside isolated-vm, and what it takes to load W3.
fn against_others(isolated_vm: &Path) -> Result<Vec<Figure>> {
    let mut command = cargo_command(&["bench", "--workspace", "--bench", "against_node", "--"]);
    command.args(["w1", "w3", "lines", "--json", "--isolated-vm"]).arg(isolated_vm);
    let report: Value = serde_json::from_str(&output(&mut command)?)?;
    let case = |name: &str| {
        let cases = report["cases"].as_array().into_iter().flatten();
        cases.clone().find(|case| case["name"] == name).with_context(|| format!("the report has no case {name}"))
    };
    let (w1, w3, lines) = (case("w1")?, case("w3")?, case("lines")?);
    let times = |name, target, least: f64, case: &Value, ratio: &str, other: &str| -> Result<Figure> {
        let (ratio, ours) = (number(&case[ratio]["p50"])?, number(&case["dayfly"]["p50_us"])?);
        let theirs = number(&case[other]["p50_us"])?;
        let measured = format!("{ratio:.1}× ({ours:.1} µs, {theirs:.0} µs)");
        Ok(Figure { name, target, measured, held: Some(ratio >= least) })
    };
    let load = number(&w3["load_nanoseconds"])? / 1e6;
    Ok(vec![
        times("W1, whole fresh render, against Node's fresh vm context", "at least 25×", 25.0, w1, "ratio", "node")?,
        times(
            "W1 against isolated-vm's fresh isolate",
            "at least 100×",
            100.0,
            w1,
            "isolated_vm_ratio",
            "isolated_vm",
        )?,
        times("the 140,000-line bundle against Node's fresh context", "at least 2×", 2.0, lines, "ratio", "node")?,
        Figure {
            name: "load a W3 bundle once the engine is compiled",
            target: "at most 15 ms",
            measured: format!("{load:.1} ms"),
            held: Some(load <= 15.0),
        },
    ])
}

/// From the start of a process that has a workload's bundle to its end, with the page printed: milliseconds.
fn start_up(target: &Path, name: &str) -> Result<f64> {
    const RUNS: usize = 41;
    let dayfly = target.join("release/dayfly");
    // Where the benchmark before has built it.
    let workload = target.join("tmp/bench-workloads").join(name);
    let bundle = target.join("tmp").join(name).with_extension("wasm");
    output(Command::new(&dayfly).arg("build").arg(workload.with_extension("js")).arg("--output").arg(&bundle))?;
    let mut command = Command::new(&dayfly);
    command.arg("render").arg(&bundle).arg("--props").arg(workload.with_extension("json"));
    // The first one may have to fill the cache.
    output(&mut command)?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let status = command.stdout(Stdio::null()).status()?;
        ensure!(status.success(), "{command:?} ended with {status}");
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}

/// Ten thousand tenants with W1.
fn density(target: &Path) -> Result<Vec<Figure>> {
    let mut command = Command::new(target.join("release/dayfly"));
    command.args(["bench", "density", "--tenants", "10000", "--json"]);
    let report: Value = serde_json::from_str(&output(&mut command)?)?;
    let rss = number(&report["rss_bytes"])? / f64::from(1 << 20);
    let [one, all] = [number(&report["one"]["p99_us"])?, number(&report["all"]["p99_us"])?];
    Ok(vec![
        Figure {
            name: "10,000 W1 tenants: RSS",
            target: "at most 4,096 MiB",
            measured: format!("{rss:.0} MiB"),
            held: Some(rss <= 4096.0),
        },
        Figure {
            name: "10,000 W1 tenants: p99 of a render against a single tenant's",
            target: "at most 3×",
            measured: format!("{:.2}× ({all:.1} µs, {one:.1} µs)", all / one),
            held: Some(all <= 3.0 * one),
        },
    ])
}

/// Installs isolated-vm, which npm compiles if it cannot fetch it compiled.
fn install_isolated_vm(target: &Path) -> Result<PathBuf> {
    let folder = target.join("isolated-vm");
    if folder.join("node_modules/isolated-vm/out/isolated_vm.node").is_file() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        let from = Path::new("crates/cli/benches/isolated_vm").join(file);
        fs::copy(&from, folder.join(file)).with_context(|| from.display().to_string())?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder);
    // Where Node's headers are beside it they need not be fetched.
    let path = env::var_os("PATH").unwrap_or_default();
    let node = env::split_paths(&path).map(|folder| folder.join("node"));
    let prefix = node.filter(|node| node.is_file()).find_map(|node| Some(node.parent()?.parent()?.to_owned()));
    if let Some(prefix) = prefix.filter(|prefix| prefix.join("include/node/node.h").is_file()) {
        npm.env("npm_config_nodedir", prefix);
    }
    output(&mut npm)?;
    ensure!(
        folder.join("node_modules/isolated-vm/out/isolated_vm.node").is_file(),
        "npm installed isolated-vm without compiling it: it needs a C++ compiler, make and Python"
    );
    Ok(folder)
}

fn cargo_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(tool::cargo());
    command.args(arguments);
    command
}

/// What a command prints, which is said before it runs.
fn output(command: &mut Command) -> Result<String> {
    eprintln!("── {command:?}");
    tool::output(command)
}

fn number(value: &Value) -> Result<f64> {
    value.as_f64().with_context(|| format!("{value} is no number"))
}
