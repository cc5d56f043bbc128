//! Sets Dayfly beside Node's `vm`, in turns: `cargo bench -p dayfly-cli --bench against_node`.
//!
//! What is timed is one isolated render, from having the app loaded to having the page. Node gets every advantage that
//! a server on it could have: a script that is compiled already, props that are parsed already, a warm process.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its results and its progress")]

use std::alloc::System;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[path = "against_node/generated.rs"]
mod generated;
#[path = "against_node/node.rs"]
mod node;
#[path = "against_node/ours.rs"]
mod ours;
#[path = "against_node/report.rs"]
mod report;
#[path = "../../../host/benches/workloads/mod.rs"]
mod workloads;

use node::Node;
use ours::{App, Dayfly};
use report::{Batch, Case, Growth, Report, Times, ratio_of_rounds};

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
    #[arg(long, value_name = "COUNT", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// A short run, to see that it works: two rounds of few renders, and a growth of 500 runs.
    #[arg(long)]
    quick: bool,
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
    let sources = sources(&arguments.cases)?;
    let node = Node::start()?;
    let dayfly = Dayfly::start()?;
    let report = compare(&arguments, &sources, &dayfly, node)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}

/// An app as both sides get it.
struct Source {
    name: &'static str,
    file: PathBuf,
    text: String,
    props: String,
    /// How many renders a turn has: some tenths of a second.
    runs: usize,
}

fn sources(wanted: &[String]) -> anyhow::Result<Vec<Source>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("against_node");
    std::fs::create_dir_all(&folder)?;
    let mut sources = Vec::new();
    for (name, runs) in [("w1", 400), ("w2", 60), ("w3", 6), ("lines", 40)] {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let (text, props) = if name == "lines" {
            (generated::bundle(), generated::PROPS.to_owned())
        } else {
            let built = workloads::workload(name).map_err(anyhow::Error::from_boxed)?;
            (built.text, built.props)
        };
        let file = folder.join(name).with_extension("js");
        std::fs::write(&file, &text)?;
        sources.push(Source { name, file, text, props, runs });
    }
    if sources.is_empty() {
        bail!("there is no case {}: there are w1, w2, w3 and lines", wanted.join(" "));
    }
    Ok(sources)
}

fn compare(arguments: &Arguments, sources: &[Source], dayfly: &Dayfly, mut node: Node) -> anyhow::Result<Report> {
    let growth = growth(arguments.quick, dayfly)?;
    let rounds = if arguments.quick { 2 } else { arguments.rounds as usize };
    let mut version = String::new();
    let mut cases = Vec::new();
    for source in sources {
        eprintln!("{}: {rounds} rounds", source.name);
        let app = dayfly.load(source.name, &source.text, &source.props)?;
        version = node.load(source.name, &source.file, &source.props)?;
        cases.push(case(source, &app, rounds, arguments.quick, dayfly, &mut node)?);
    }
    Ok(Report { node: version, rounds, cases, growth })
}

fn case(
    source: &Source,
    app: &App,
    rounds: usize,
    quick: bool,
    dayfly: &Dayfly,
    node: &mut Node,
) -> anyhow::Result<Case> {
    let runs = if quick { source.runs.div_ceil(10) } else { source.runs };
    let page = same_page(source.name, &dayfly.batch(app, runs)?, &node.batch(source.name, runs)?)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Each begins every other round, so that neither always follows the other.
        if round % 2 == 0 {
            ours.push(dayfly.batch(app, runs)?);
            theirs.push(node.batch(source.name, runs)?);
        } else {
            theirs.push(node.batch(source.name, runs)?);
            ours.push(dayfly.batch(app, runs)?);
        }
    }
    let ratio_of_rounds = ratio_of_rounds(&ours, &theirs);
    let (dayfly, node) = (Times::new(&ours), Times::new(&theirs));
    Ok(Case {
        name: source.name.to_owned(),
        bundle_bytes: app.made.bytes,
        build_nanoseconds: app.made.build.as_nanos() as f64,
        load_nanoseconds: app.made.load.as_nanos() as f64,
        page_bytes: page,
        ratio: node.p50 / dayfly.p50,
        ratio_of_rounds,
        dayfly,
        node,
    })
}

/// The size of the page that both gave. The first turn of each also warms it up.
fn same_page(name: &str, ours: &Batch, theirs: &Batch) -> anyhow::Result<usize> {
    if ours.page != theirs.page {
        bail!("{name} renders another page in Dayfly than in Node:\n{}\n\n{}", ours.page, theirs.page);
    }
    Ok(ours.page.len())
}

/// The program of the story on both sides, before anything else has used memory, and in a Node of its own.
fn growth(quick: bool, dayfly: &Dayfly) -> anyhow::Result<Growth> {
    let at = if quick { [1, 250, 500] } else { [1, 2_500, 5_000] };
    eprintln!("the story's program: {} runs on both sides", at[2]);
    let source = sources(&["w1".to_owned()])?.remove(0);
    let app = dayfly.load("w1", &source.text, &source.props)?;
    let mut node = Node::start()?;
    node.load("w1", &source.file, &source.props)?;
    Ok(Growth { dayfly: dayfly.growth(&app, &at)?, node: node.growth("w1", &at)? })
}
