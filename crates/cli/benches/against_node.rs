//! Sets Dayfly beside Node's `vm`, in turns: `cargo bench -p dayfly-cli --bench against_node`.
//!
//! What is timed is one isolated render, from having the app loaded to having the page. Node gets every advantage that
//! a server on it could have: a script that is compiled already, props that are parsed already, a warm process.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its results and its progress")]

use std::alloc::System;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::Parser;
use dayfly_bundler::{Form, Source};
use serde::Deserialize;
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[path = "../src/bench/app.rs"]
mod app;
#[path = "against_node/generated.rs"]
mod generated;
#[path = "../src/bench/node.rs"]
mod node;
#[path = "against_node/ours.rs"]
mod ours;
#[path = "against_node/report.rs"]
mod report;
#[path = "../src/bench/statistics.rs"]
mod statistics;
#[path = "../src/bench/turn.rs"]
mod turn;
#[path = "../../../host/benches/workloads/mod.rs"]
mod workloads;

use node::Node;
use ours::Dayfly;
use report::{Case, Growth, Point, Report};
use statistics::{Ratio, Times, median, microseconds};
use turn::{Side, Turn, Until, in_turns};

/// Counts live bytes. It is in Dayfly's times too, where it costs a few atomic additions an allocation.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that are allocated and not freed.
fn live_heap() -> u64 {
    let stats = ALLOCATOR.stats();
    (stats.bytes_allocated - stats.bytes_deallocated) as u64
}

/// Sets Dayfly beside Node's `vm`.
#[derive(Parser)]
struct Arguments {
    /// How often each side gets its turn.
    #[arg(long, value_name = "COUNT", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// A short run, to see that it works: two rounds of few renders, and a growth of 500 runs.
    #[arg(long)]
    quick: bool,
    /// Sets W1 beside isolated-vm too, which is installed in this folder: `cargo xtask figures` does that.
    #[arg(long, value_name = "FOLDER")]
    isolated_vm: Option<PathBuf>,
    /// Prints JSON and no table.
    #[arg(long)]
    json: bool,
    /// Runs these cases alone: w1, w2, w3, lines.
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let workloads = workloads(&arguments.cases)?;
    let node = Node::start()?;
    let isolated_vm = arguments.isolated_vm.as_deref().map(|folder| Node::running(ISOLATED_VM, folder)).transpose()?;
    let dayfly = Dayfly::start()?;
    let report = compare(&arguments, &workloads, &dayfly, node, isolated_vm)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}

const ISOLATED_VM: &str = include_str!("isolated_vm/side.js");

/// How long a turn is.
const TURN: Until = Until::Time(Duration::from_millis(250));

/// How long Node may take for one render.
const WALL: Duration = Duration::from_secs(60);

/// An app as both sides get it: a script.
struct Workload {
    source: Source,
    props: String,
    /// How many renders a turn has in a short run.
    quick: u32,
}

fn workloads(wanted: &[String]) -> anyhow::Result<Vec<Workload>> {
    let mut chosen = Vec::new();
    for (name, quick) in [("w1", 40), ("w2", 6), ("w3", 1), ("lines", 4)] {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let (text, props) = if name == "lines" {
            (generated::bundle(), generated::PROPS.to_owned())
        } else {
            let built = workloads::workload(name).map_err(anyhow::Error::from_boxed)?;
            (built.text, built.props)
        };
        let source = Source { form: Form::Script, ..Source::new(name, text) };
        chosen.push(Workload { source, props, quick });
    }
    if chosen.is_empty() {
        bail!("there is no case {}: there are w1, w2, w3 and lines", wanted.join(" "));
    }
    Ok(chosen)
}

fn compare(
    arguments: &Arguments,
    workloads: &[Workload],
    dayfly: &Dayfly,
    mut node: Node,
    mut isolated_vm: Option<Node>,
) -> anyhow::Result<Report> {
    let growth = growth(arguments.quick, dayfly)?;
    let rounds = if arguments.quick { 2 } else { arguments.rounds };
    let (mut version, mut isolated_vm_version) = (String::new(), None);
    let mut cases = Vec::new();
    for workload in workloads {
        eprintln!("{}: {rounds} rounds", workload.source.name);
        version = node.load(&workload.source, &workload.props, WALL)?;
        // A bare isolate has none of the globals that the others need.
        let mut isolated_vm = isolated_vm.as_mut().filter(|_| workload.source.name == "w1");
        if let Some(isolated_vm) = &mut isolated_vm {
            isolated_vm_version = Some(isolated_vm.load(&workload.source, &workload.props, WALL)?);
        }
        let turn = if arguments.quick { Until::Runs(workload.quick) } else { TURN };
        cases.push(case(workload, rounds, turn, dayfly, &mut node, isolated_vm)?);
    }
    Ok(Report { node: version, isolated_vm: isolated_vm_version, rounds, cases, growth })
}

fn case(
    workload: &Workload,
    rounds: u32,
    turn: Until,
    dayfly: &Dayfly,
    node: &mut Node,
    isolated_vm: Option<&mut Node>,
) -> anyhow::Result<Case> {
    let name = &workload.source.name;
    let (app, made) = dayfly.load(&workload.source, &workload.props)?;
    let mut usage_cpu = Vec::new();
    let mut ours = |until| {
        let (turn, usage) = app.turn(&dayfly.runtime, until)?;
        usage_cpu.push(usage.cpu.as_nanos() as f64 / turn.nanoseconds.len() as f64);
        Ok(turn)
    };
    let mut theirs = |until| node.turn(name, until);
    let mut isolates = isolated_vm.map(|node| |until| node.turn(name, until));
    let first = ours(turn)?;
    let page_bytes = same_page(name, &first, &theirs(turn)?)?;
    let mut sides: Vec<Side<'_>> = vec![&mut ours, &mut theirs];
    if let Some(isolates) = &mut isolates {
        same_page(name, &first, &isolates(turn)?)?;
        sides.push(isolates);
    }
    let turns = in_turns(rounds, turn, &mut sides)?;
    Ok(Case {
        name: name.clone(),
        bundle_bytes: made.bytes,
        build_nanoseconds: made.build.as_nanos() as f64,
        load_nanoseconds: made.load.as_nanos() as f64,
        page_bytes,
        dayfly: Times::new(&turns[0]),
        dayfly_usage_cpu_us: microseconds(median(usage_cpu.into_iter())),
        node: Times::new(&turns[1]),
        ratio: Ratio::new(&turns[1], &turns[0]),
        isolated_vm: turns.get(2).map(|isolates| Times::new(isolates)),
        isolated_vm_ratio: turns.get(2).map(|isolates| Ratio::new(isolates, &turns[0])),
    })
}

/// The size of the page that both gave. The first turn of each also warms it up.
fn same_page(name: &str, ours: &Turn, theirs: &Turn) -> anyhow::Result<usize> {
    if ours.page != theirs.page {
        let [ours, theirs] = [ours, theirs].map(|turn| String::from_utf8_lossy(&turn.page));
        bail!("{name} renders another page in Dayfly than elsewhere:\n{ours}\n\n{theirs}");
    }
    Ok(ours.page.len())
}

/// The program of the story on both sides, before anything else has used memory, and in a Node of its own.
fn growth(quick: bool, dayfly: &Dayfly) -> anyhow::Result<Growth> {
    #[derive(Deserialize)]
    struct InNode {
        points: Vec<Point>,
    }
    let at = if quick { [1, 250, 500] } else { [1, 2_500, 5_000] };
    eprintln!("the story's program: {} runs on both sides", at[2]);
    let Workload { source, props, .. } = workloads(&["w1".to_owned()])?.remove(0);
    let (app, _) = dayfly.load(&source, &props)?;
    let mut node = Node::start()?;
    node.load(&source, &props, WALL)?;
    let in_node: InNode = node.ask(&json!({ "command": "growth", "name": source.name, "at": at }))?;
    Ok(Growth { dayfly: dayfly.growth(&app, &at)?, node: in_node.points })
}
