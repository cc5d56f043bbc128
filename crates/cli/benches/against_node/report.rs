//! What was measured, as a table or as JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::statistics::{Ratio, Times};

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
    pub(crate) isolated_vm: Option<String>,
    pub(crate) rounds: u32,
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
    /// The processor time of a render as Dayfly itself says it.
    pub(crate) dayfly_usage_cpu_us: f64,
    pub(crate) node: Times,
    /// Node's time over Dayfly's: how many times faster Dayfly is.
    pub(crate) ratio: Ratio,
    pub(crate) isolated_vm: Option<Times>,
    pub(crate) isolated_vm_ratio: Option<Ratio>,
}

/// The program of the story, again and again.
#[derive(Serialize)]
pub(crate) struct Growth {
    pub(crate) dayfly: Vec<Point>,
    pub(crate) node: Vec<Point>,
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
            writeln!(f, "  {}  {what}: {:.2}", held(case.ratio.p50 >= least), case.ratio.p50)
        };
        of("w1", 25.0, "W1 against a fresh context (Node/Dayfly, at least 25)", f)?;
        of("lines", 2.0, "140,000 lines against a fresh context (Node/Dayfly, at least 2)", f)?;
        if let Some(ratio) =
            self.cases.iter().find(|case| case.name == "w1").and_then(|w1| w1.isolated_vm_ratio.as_ref())
        {
            let what = "W1 against a fresh isolate (isolated-vm/Dayfly, at least 100)";
            writeln!(f, "  {}  {what}: {:.2}", held(ratio.p50 >= 100.0), ratio.p50)?;
        }
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
        let Self { name, dayfly, dayfly_usage_cpu_us, node, ratio: Ratio { p50, least, most }, .. } = self;
        let row = |f: &mut fmt::Formatter<'_>, name: &str, side: &str, times: &Times, usage: &str| {
            let [p50, p99, cpu] = [times.p50_us, times.p99_us, times.cpu_us].map(|us| time(us * 1e3));
            writeln!(f, "{name:8} {side:22} {p50:>10} {p99:>10} {cpu:>10} {usage:>10}")
        };
        row(f, name, "Dayfly, fresh store", dayfly, &time(dayfly_usage_cpu_us * 1e3))?;
        row(f, "", "Node, fresh vm context", node, "")?;
        let (p99, cpu) = (node.p99_us / dayfly.p99_us, node.cpu_us / dayfly.cpu_us);
        let ratios = format!("{:>10} {:>10} {:>10}", times(*p50), times(p99), times(cpu));
        writeln!(f, "{:8} {:22} {ratios}  of rounds {least:.2} to {most:.2}", "", "Node / Dayfly")?;
        if let (Some(isolates), Some(ratio)) = (&self.isolated_vm, &self.isolated_vm_ratio) {
            row(f, "", "isolated-vm, fresh", isolates, "")?;
            writeln!(f, "{:8} {:22} {:>10}", "", "isolated-vm / Dayfly", times(ratio.p50))?;
        }
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
