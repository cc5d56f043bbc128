//! What more processors bring: `cargo bench -p dayfly --bench scaling`. With `-- --quick`, a short run.
//!
//! The same renders on one thread and on two, which share an engine and its bundle as those of a server do, or have one
//! each. What the second pair does not pay is what sharing costs.
//!
//! What renders share while they run are counters: each visit to one moves its cache line to the processor, which takes
//! as long as is measured here between two, and only one can have it. Page faults and calls that change mappings, which
//! take locks of the kernel's and interrupt other processors, would be shared too; the last column says how many faults
//! there are. From the visits follows by mean value analysis what 64 processors would do, and what stops them.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and stops where it cannot go on")]

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use dayfly::{Bundle, Engine, EngineConfig, Limits};
use dayfly_bundler::{Bundler, Source};
use tokio::runtime::{Builder, Runtime};

mod turns;
mod workloads;

use turns::Standing;

/// Each workload with the runs of a turn.
const WORKLOADS: [(&str, usize); 3] = [("w1", 4_000), ("w2", 80), ("w3", 8)];

/// As much of each as a machine of this kind has at most.
const PROCESSORS: [u32; 7] = [1, 2, 4, 8, 16, 32, 64];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if quick { 4 } else { 30 };
    let bundler = Bundler::new().unwrap();
    let engines = [0, 1].map(|_| Engine::new(&EngineConfig::default()).unwrap());
    println!(
        "renders a second     1 thread  2 threads, of rounds             two engines, of rounds           sharing   faults"
    );
    let mut small = None;
    for (name, runs) in WORKLOADS {
        let workload = workloads::workload(name).unwrap();
        let source = Source::new(format!("{name}.js"), workload.text);
        let built = runtime().block_on(bundler.build(&source, &Bundler::limits()));
        let bundle = built.artifact.unwrap().bundle;
        let apps = engines.each_ref().map(|engine| App {
            engine: engine.clone(),
            bundle: Bundle::load(engine, &bundle).unwrap(),
            props: workload.props.clone(),
        });
        let [own, other] = &apps;
        let threads: [&[&App]; 3] = [&[own], &[own, own], &[own, other]];
        let standings = turns::compare(3, rounds, |variant| turn(threads[variant], runs));
        let [one, two, apart] = [0, 1, 2].map(|variant| standings[variant].median);
        // A render's own time is a thread's: two threads do two in it.
        let sharing = 2.0 * (two - apart);
        let against_one = |variant: usize| {
            let Standing { median, ratio, low, high } = standings[variant];
            format!("{:>10.0} {:.2}× {:.2} to {:.2}", 1e9 / median, 1.0 / ratio, 1.0 / high, 1.0 / low)
        };
        println!(
            "{name:18} {:>10.0} {} {:>12} {:>9.2} µs {:>8.1}",
            1e9 / one,
            against_one(1),
            against_one(2),
            sharing / 1e3,
            own.faults(),
        );
        small.get_or_insert((one, two));
    }
    let (render, two) = small.unwrap();
    let transfer = transfer(rounds);
    println!("\nA cache line goes from one processor to the other in {transfer:.0} ns.");
    println!("W1 on more processors, by mean value analysis of the visits to each shared line:");
    println!("processors  renders a second  of what they could do  line most in use");
    for processors in PROCESSORS {
        let (throughput, busiest, used) = analyse(render, transfer, processors);
        println!(
            "{processors:>10}  {:>16.0}  {:>19.0} %  {} ({:.0} %)",
            throughput * 1e9,
            100.0 * throughput * render / f64::from(processors),
            SHARED[busiest].0,
            100.0 * used,
        );
    }
    println!("measured with 2: {:.0}", 1e9 / two);
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

struct App {
    engine: Engine,
    bundle: Bundle,
    props: String,
}

impl App {
    fn render(&self, runtime: &Runtime) {
        runtime.block_on(self.engine.render(&self.bundle, &Limits::default(), &self.props)).page.unwrap();
    }

    /// Page faults of a render, which are calls of the kernel's on the memory that all threads have in common.
    fn faults(&self) -> f64 {
        let (runtime, runs) = (runtime(), 8);
        let before = minor_faults();
        (0..runs).for_each(|_| self.render(&runtime));
        (minor_faults() - before) as f64 / f64::from(runs)
    }
}

/// So many renders of each app on a thread of its own: nanoseconds from one render's end to the next one's, whichever
/// thread it is on.
fn turn(apps: &[&App], runs: usize) -> f64 {
    let took = at_once(apps.len(), |thread| {
        let (app, runtime) = (apps[thread], runtime());
        app.render(&runtime);
        move || (0..runs).for_each(|_| app.render(&runtime))
    });
    took / (runs * apps.len()) as f64
}

/// Prepares work on so many threads, begins it on all at once, and waits for the last: nanoseconds.
fn at_once<W: FnOnce()>(threads: usize, prepare: impl Fn(usize) -> W + Sync) -> f64 {
    let (ready, go) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let (prepare, ready, go) = (&prepare, &ready, &go);
                scope.spawn(move || {
                    let work = prepare(thread);
                    ready.wait();
                    go.wait();
                    work();
                })
            })
            .collect();
        ready.wait();
        let started = Instant::now();
        go.wait();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        started.elapsed().as_nanos() as f64
    })
}

/// The lines that all renders of a bundle visit, and how often each does: a count of references goes up and down.
const SHARED: [(&str, f64); 7] = [
    ("the semaphore of the slots", 4.0),
    ("the references to the pool, of memory and stack", 4.0),
    ("the references to the heap", 4.0),
    ("the references to wasmtime's engine", 4.0),
    ("the references to the linked app", 2.0),
    ("the references to the shell's code", 2.0),
    ("the references to the memory's module", 2.0),
];

/// How long a cache line takes from one processor to another, in nanoseconds: two threads pass a turn to and fro.
fn transfer(rounds: usize) -> f64 {
    const TURNS: u32 = 100_000;
    let times = turns::compare(1, rounds, |_| {
        let turn = AtomicU32::new(0);
        let took = at_once(2, |thread| {
            let turn = &turn;
            move || {
                for own in (thread as u32..TURNS).step_by(2) {
                    while turn.load(Ordering::Acquire) != own {
                        std::hint::spin_loop();
                    }
                    turn.store(own + 1, Ordering::Release);
                }
            }
        });
        took / f64::from(TURNS)
    });
    times[0].median
}

/// Exact mean value analysis of a closed network: each processor renders by itself, and queues for the lines that are
/// shared. Gives renders a nanosecond, the line that is most in use, and how much of the time it is.
fn analyse(render: f64, transfer: f64, processors: u32) -> (f64, usize, f64) {
    // With one processor all lines are at home.
    let away = 1.0 - 1.0 / f64::from(processors);
    let demands = SHARED.map(|(_, visits)| visits * transfer * away);
    let mut queues = [0.0; SHARED.len()];
    let mut throughput = 0.0;
    for customers in 1..=processors {
        let waits: Vec<f64> = demands.iter().zip(&queues).map(|(demand, queue)| demand * (1.0 + queue)).collect();
        throughput = f64::from(customers) / (render + waits.iter().sum::<f64>());
        waits.iter().zip(&mut queues).for_each(|(wait, queue)| *queue = throughput * wait);
    }
    let used = |line: usize| throughput * demands[line];
    let busiest = (0..SHARED.len()).max_by(|a, b| used(*a).total_cmp(&used(*b)).then(b.cmp(a))).unwrap();
    (throughput, busiest, used(busiest))
}

/// What the kernel has counted for this thread: the tenth field of its `stat`, eight after the name's closing bracket.
fn minor_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(7).unwrap().parse().unwrap()
}
