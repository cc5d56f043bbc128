//! What the leak lab is to reach.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{Figure, cargo_command, number, output};

/// An app that leaves 30 MB on what the runs share.
const HOARD: &str =
    "console.kept = []; for (let i = 0; i < 180_000; i++) console.kept.push({ number: i, text: `text ${i}` });
globalThis.render = () => 'page';
";

/// The same in the server's own code, and an app that leaves nothing.
const HOARDING_HOST: &str =
    "globalThis.host = { kept: [] }; for (let i = 0; i < 180_000; i++) host.kept.push({ number: i, text: `text ${i}` });
";
const NOTHING: &str = "globalThis.render = () => 'page';
";

/// The test of the lab's that prints how long dominators take.
const DOMINATORS: &str = "dominators::tests::a_chain_of_three_hundred_thousand_nodes_takes_no_time";

/// Measures with the release build of the command line: W3 run 50 times, twice, a heap of 30 MB written, and one checked; and with that
/// of the lab's tests the dominators of a chain.
pub(super) fn measure(target: &Path) -> Result<Vec<Figure>> {
    let folder = target.join("tmp/figures-lab");
    fs::create_dir_all(&folder)?;
    output(Command::new("node").arg("tests/workloads/build.mjs").arg(&folder))?;
    fs::write(folder.join("hoard.js"), HOARD)?;
    let dayfly = target.join("release/dayfly");
    let run = |arguments: &[&str]| Run::of(Command::new(&dayfly).args(arguments).current_dir(&folder));

    let check = ["leak", "check", "w3.js", "--props", "w3.json", "--strict", "--json"];
    let [first, second] = [run(&check)?, run(&check)?];
    let heap = |run: &Run| Ok::<_, anyhow::Error>(serde_json::from_str::<Value>(&run.out)?["heap_bytes"].take());
    let (heap, again) = (heap(&first)?, heap(&second)?);
    let is_same = heap == again;
    let last = number(heap.as_array().and_then(|heap| heap.last()).context("the report has no heap_bytes")?)?;

    let written = run(&["leak", "snapshot", "hoard.js", "--at", "1", "-o", "hoard.heapsnapshot"])?;
    let bytes = heap_bytes(&folder.join("hoard.heapsnapshot"))?;
    let megabytes = bytes / 1e6;
    ensure!((27.0..40.0).contains(&megabytes), "the heap has {megabytes:.1} MB, and the figure is of 30");
    let times = written.most / bytes;

    fs::write(folder.join("hoarding-host.js"), HOARDING_HOST)?;
    fs::write(folder.join("nothing.js"), NOTHING)?;
    let arguments = ["leak", "check", "nothing.js", "--host", "hoarding-host.js", "--share", "host", "--json"];
    let checked = run(&arguments)?;
    let bytes_checked = number(&serde_json::from_str::<Value>(&checked.out)?["heap_bytes"][0])?;
    let times_checked = checked.most / bytes_checked;

    let tests = ["test", "--release", "--workspace", "--lib", "--", "--exact", DOMINATORS, "--nocapture"];
    let printed = output(&mut cargo_command(&tests))?;
    let taken =
        printed.lines().find_map(|line| line.split_once(" nodes took ")?.1.strip_suffix(" s")?.parse::<f64>().ok());
    let dominators = taken.context("the test of dominators printed no time")?;
    let seconds = |run: &Run| run.taken.as_secs_f64();
    Ok(vec![
        Figure {
            name: "50 runs of W3 in the leak lab, with all that goes before and after",
            target: "at most 20 s",
            measured: format!("{:.1} s", seconds(&first)),
            held: Some(seconds(&first) <= 20.0),
        },
        Figure {
            name: "the bytes of its heap after each run, in another process",
            target: "the same",
            measured: format!("{} ({last:.0} at the end)", if is_same { "the same" } else { "others" }),
            held: Some(is_same),
        },
        Figure {
            name: "a snapshot of a heap of 30 MB, the run of the app included",
            target: "at most 5 s",
            measured: format!("{:.2} s ({megabytes:.1} MB)", seconds(&written)),
            held: Some(seconds(&written) <= 5.0),
        },
        Figure {
            name: "memory of that process at most, over the heap",
            target: "at most 10×",
            measured: format!("{times:.1}× ({:.0} MB)", written.most / 1e6),
            held: Some(times <= 10.0),
        },
        Figure {
            name: "the same of a process that checks such a heap, with 50 runs",
            target: "at most 10×",
            measured: format!("{times_checked:.1}× ({:.0} MB)", checked.most / 1e6),
            held: Some(times_checked <= 10.0),
        },
        Figure {
            name: "dominators of a chain of 300,000 nodes",
            target: "at most 0.5 s",
            measured: format!("{dominators:.3} s"),
            held: Some(dominators <= 0.5),
        },
    ])
}

/// The bytes of all nodes of a snapshot.
fn heap_bytes(file: &Path) -> Result<f64> {
    let snapshot: Value = serde_json::from_slice(&fs::read(file)?)?;
    let fields = snapshot["snapshot"]["meta"]["node_fields"].as_array().context("the snapshot has no fields")?;
    let size = fields.iter().position(|field| field == "self_size").context("the snapshot has no sizes")?;
    let nodes = snapshot["nodes"].as_array().context("the snapshot has no nodes")?;
    nodes.chunks(fields.len()).map(|node| number(&node[size])).sum()
}

/// What a process printed, how long it took, and how much memory it had at most.
struct Run {
    out: String,
    taken: Duration,
    /// Bytes.
    most: f64,
}

impl Run {
    fn of(command: &mut Command) -> Result<Self> {
        eprintln!("── {command:?}");
        let started = Instant::now();
        let mut child =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("{command:?} cannot be started"))?;
        let status = format!("/proc/{}/status", child.id());
        let mut out = child.stdout.take().context("it has no output")?;
        let reader = std::thread::spawn(move || std::io::read_to_string(&mut out));
        let most = watch(&mut child, Path::new(&status))?;
        let taken = started.elapsed();
        let ended = child.wait()?;
        if !ended.success() {
            bail!("{command:?} ended with {ended}");
        }
        let out = reader.join().map_err(|_| anyhow::anyhow!("its output could not be read"))??;
        Ok(Self { out, taken, most })
    }
}

/// Waits for the end of a process; gives the most memory that it had, as the kernel counts it.
fn watch(child: &mut Child, status: &Path) -> Result<f64> {
    let mut most = 0.0;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(status).unwrap_or_default();
        let line =
            text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        most = line.map_or(most, |kibibytes| kibibytes * 1024.0);
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(most)
}
