//! What was measured, as a table or as JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What one side measured in its turn.
#[derive(Deserialize)]
pub(crate) struct Batch {
    /// From having the app loaded to having the page, a render each.
    pub(crate) nanoseconds: Vec<f64>,
    /// Processor time of the whole process, a render on average.
    pub(crate) cpu_nanoseconds: f64,
    /// What Dayfly itself says.
    #[serde(default)]
    pub(crate) usage_nanoseconds: Option<f64>,
    pub(crate) page: String,
}

/// Memory in use after so many runs, in bytes.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub(crate) struct Point {
    pub(crate) runs: usize,
    pub(crate) rss: u64,
    pub(crate) heap: u64,
}

/// All that one run of the benchmark says.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) node: String,
    pub(crate) rounds: usize,
    pub(crate) cases: Vec<Case>,
    pub(crate) growth: Growth,
}

/// One app, rendered by both.
#[derive(Serialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bundle_bytes: usize,
    pub(crate) build_nanoseconds: f64,
    pub(crate) load_nanoseconds: f64,
    pub(crate) page_bytes: usize,
    pub(crate) dayfly: Times,
    pub(crate) node: Times,
    /// Node's median over Dayfly's: how many times faster Dayfly is.
    pub(crate) ratio: f64,
    /// The same of each round by itself, least and most.
    pub(crate) ratio_of_rounds: (f64, f64),
}

/// Nanoseconds of one isolated render.
#[derive(Serialize)]
pub(crate) struct Times {
    pub p50: f64,
    pub p99: f64,
    pub(crate) cpu: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage_cpu: Option<f64>,
}

/// The program of the story, again and again.
#[derive(Serialize)]
pub(crate) struct Growth {
    pub(crate) dayfly: Vec<Point>,
    pub(crate) node: Vec<Point>,
}

impl Times {
    pub(crate) fn new(batches: &[Batch]) -> Self {
        let all = sorted(batches.iter().flat_map(|batch| &batch.nanoseconds).copied());
        let usages: Vec<f64> = batches.iter().filter_map(|batch| batch.usage_nanoseconds).collect();
        Self {
            p50: quantile(&all, 0.5),
            p99: quantile(&all, 0.99),
            cpu: median(batches.iter().map(|batch| batch.cpu_nanoseconds)),
            usage_cpu: (!usages.is_empty()).then(|| median(usages.iter().copied())),
        }
    }
}

/// Node's median over Dayfly's in each round, least and most.
pub(crate) fn ratio_of_rounds(dayfly: &[Batch], node: &[Batch]) -> (f64, f64) {
    let of_round = |(ours, theirs): (&Batch, &Batch)| {
        median(theirs.nanoseconds.iter().copied()) / median(ours.nanoseconds.iter().copied())
    };
    let ratios = sorted(dayfly.iter().zip(node).map(of_round));
    (quantile(&ratios, 0.0), quantile(&ratios, 1.0))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(&sorted(values), 0.5)
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nOne isolated render, from the loaded app to the page; {} rounds, in turns", self.rounds)?;
        writeln!(f, "{:8} {:22} {:>10} {:>10} {:>10} {:>10}", "", "", "p50", "p99", "CPU", "Usage.cpu")?;
        for case in &self.cases {
            case.fmt(f)?;
        }
        writeln!(f, "\nEach pair gave the same page, byte for byte.")?;
        writeln!(f, "CPU is the whole process's, a render on average; Usage.cpu is what Dayfly itself says.")?;
        self.growth.fmt(f, &self.node)?;
        self.promises(f)
    }
}

impl Report {
    fn promises(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nPromises")?;
        let of = |name: &str, least: f64, what: &str, f: &mut fmt::Formatter<'_>| {
            let Some(case) = self.cases.iter().find(|case| case.name == name) else { return Ok(()) };
            writeln!(f, "  {}  {what}: {:.2}", held(case.ratio >= least), case.ratio)
        };
        of("w1", 5.0, "W1 in at most a fifth of a fresh context's time (Node/Dayfly, at least 5)", f)?;
        of("lines", 1.0, "140,000 lines not slower than a fresh context (Node/Dayfly, at least 1)", f)?;
        let (rss, heap) = per_run(&self.growth.dayfly);
        // A page of resident memory a hundred runs: a leak of one realm would be a thousand times that.
        let no_growth = rss < 41.0 && heap < 1.0;
        writeln!(f, "  {}  no growth: {rss:.1} bytes of RSS and {heap:.2} bytes of heap a run", held(no_growth))
    }
}

fn held(is: bool) -> &'static str {
    if is { "held  " } else { "BROKEN" }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, dayfly, node, ratio, ratio_of_rounds: (least, most), .. } = self;
        let row = |f: &mut fmt::Formatter<'_>, name: &str, side: &str, times: &Times| {
            let usage = times.usage_cpu.map(time).unwrap_or_default();
            let (p50, p99, cpu) = (time(times.p50), time(times.p99), time(times.cpu));
            writeln!(f, "{name:8} {side:22} {p50:>10} {p99:>10} {cpu:>10} {usage:>10}")
        };
        row(f, name, "Dayfly, fresh store", dayfly)?;
        row(f, "", "Node, fresh vm context", node)?;
        let (p99, cpu) = (node.p99 / dayfly.p99, node.cpu / dayfly.cpu);
        let ratios = format!("{:>10} {:>10} {:>10}", times(*ratio), times(p99), times(cpu));
        writeln!(f, "{:8} {:22} {ratios}  of rounds {least:.2} to {most:.2}", "", "Node / Dayfly")?;
        let (build, load, bytes) =
            (time(self.build_nanoseconds), time(self.load_nanoseconds), self.bundle_bytes as u64);
        writeln!(f, "{:8} built in {build}, loaded in {load}; the bundle has {}", "", size(bytes))
    }
}

impl Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>, version: &str) -> fmt::Result {
        writeln!(f, "\nThe story's program, run again and again; Node is {version} with the host's console shared")?;
        let head = ["runs", "Dayfly RSS", "live heap", "Node RSS", "heap used"];
        writeln!(f, "{:>8} {:>12} {:>12} {:>12} {:>12}", head[0], head[1], head[2], head[3], head[4])?;
        for (ours, theirs) in self.dayfly.iter().zip(&self.node) {
            let [a, b, c, d] = [ours.rss, ours.heap, theirs.rss, theirs.heap].map(size);
            writeln!(f, "{:>8} {a:>12} {b:>12} {c:>12} {d:>12}", ours.runs)?;
        }
        let ((rss, heap), (node_rss, node_heap)) = (per_run(&self.dayfly), per_run(&self.node));
        let [a, b, c, d] = [rss, heap, node_rss, node_heap].map(|bytes| format!("{:.2} KiB", bytes / 1024.0));
        writeln!(f, "{:>8} {a:>12} {b:>12} {c:>12} {d:>12}", "a run")
    }
}

/// What a run adds to resident memory and to the heap, from the first point to the last.
fn per_run(points: &[Point]) -> (f64, f64) {
    let [first, .., last] = points else { return (0.0, 0.0) };
    let runs = (last.runs - first.runs) as f64;
    ((last.rss as f64 - first.rss as f64) / runs, (last.heap as f64 - first.heap as f64) / runs)
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        _ if nanoseconds < 1e6 => format!("{:.1} µs", nanoseconds / 1e3),
        _ if nanoseconds < 1e9 => format!("{:.2} ms", nanoseconds / 1e6),
        _ => format!("{:.2} s", nanoseconds / 1e9),
    }
}

fn times(ratio: f64) -> String {
    format!("{ratio:.2}×")
}

fn size(bytes: u64) -> String {
    format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20))
}
