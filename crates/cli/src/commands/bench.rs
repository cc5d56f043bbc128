//! `dayfly bench`.

mod density;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use dayfly::{Bundle, Engine, Limits};
use dayfly_bundler::Source;
use tokio::runtime::Runtime;

use super::build::{self, Built};
use super::limits::LimitArgs;
use super::runtime;
use crate::bench::app::{App, NoPage};
use crate::bench::faults::faults;
use crate::bench::node::Node;
use crate::bench::report::{Beside, Report};
use crate::bench::statistics::{Ratio, Times};
use crate::bench::turn::{Side, Turn, Until, in_turns};
use crate::cache::CacheArgs;
use crate::exit::{Exit, Mistake};
use crate::input::{self, App as Input};
use crate::report::{place, print_bytes, print_json, print_outcome};
use crate::{progress, units};

/// Measure an app: a whole render in a fresh sandbox, and loading the bundle
///
/// Times are those of the library's defaults, on one thread, one render after the other: percentiles of all renders, and
/// the median of the rounds for renders a second and CPU (of all threads, a render on average). Page faults are the minor
/// ones, pages that a render touches and the system has yet to give it: the median of renders that are not timed. Fuel is
/// counted in an engine of its own, as counting it takes time. The bundle is loaded twice: by a new engine, and by one
/// that has it.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Bench {
    #[command(subcommand)]
    kind: Option<Kind>,

    /// JavaScript, the entry of an app's sources, or a bundle that `dayfly build` has made
    ///
    /// What is an entry, and what bundles it, `dayfly build --help` says.
    #[arg(value_name = "APP.js|ENTRY|APP.wasm", required = true)]
    app: Option<PathBuf>,

    /// The argument of the app's `render`: a file of JSON, or - for standard input [default: {}]
    #[arg(long, value_name = "FILE|-")]
    props: Option<PathBuf>,

    /// Render in Node's `vm` too, in turns: takes JavaScript, and `node` on the path
    ///
    /// Each render has a fresh context there, props that are parsed before the clock starts, and the globals that Dayfly
    /// has. A script is compiled once. A module, which Node cannot share between contexts, is made anew with its code
    /// cache, and is slower than a script.
    #[arg(long)]
    against_node: bool,

    /// Rounds; each side has a turn in each
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Time of all rounds together; a turn has at least one render
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = units::time)]
    duration: Duration,

    /// Renders of each side before the rounds [default: as many as a tenth of the duration holds]
    #[arg(long, value_name = "N")]
    warmup: Option<u32>,

    /// Print one JSON object: figures, or failure, console and usage
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    limits: LimitArgs,
}

/// What else can be measured than one app.
#[derive(Debug, Subcommand)]
enum Kind {
    Density(density::Density),
}

impl Bench {
    /// Whether standard output is for one JSON object, whatever happens.
    pub(super) fn prints_json(&self) -> bool {
        self.kind.as_ref().map_or(self.json, |Kind::Density(density)| density.json)
    }

    fn app(&self) -> &Path {
        self.app.as_deref().expect("clap asks for it where there is no subcommand")
    }

    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        if let Some(Kind::Density(density)) = &self.kind {
            return density.exec(cache);
        }
        let props = input::props(self.props.as_deref())?;
        let input = input::app(self.app())?;
        let node = self.start_node(&input)?;
        let built = match build::built(input, self.app(), None, self.json, cache)? {
            Ok(built) => built,
            Err(exit) => return Ok(exit),
        };
        match self.measure(&built, &props, node, cache) {
            Ok(report) if self.json => print_json(&report)?,
            Ok(report) => print_bytes(report.to_string().as_bytes(), b"")?,
            Err(error) => {
                let NoPage(mut outcome) = error.downcast()?;
                let frame = place(&built.places, &mut outcome.console, outcome.page.as_mut().err());
                outcome.console.splice(0..0, built.unprinted);
                print_outcome(&outcome, frame.as_deref(), self.json)?;
                return Ok((&*outcome).into());
            }
        }
        Ok(Exit::Done)
    }

    /// Node, if it is asked for. Whatever keeps it from rendering the app shows before anything is built.
    fn start_node(&self, input: &Input) -> Result<Option<Node>> {
        match input {
            _ if !self.against_node => Ok(None),
            Input::Bundle(_) => Err(Mistake(format!(
                "--against-node needs the JavaScript, which is what Node runs: {} is Wasm",
                self.app().display()
            ))
            .into()),
            Input::Script(_) => Ok(Some(Node::start().map_err(|error| Mistake(format!("{error:#}")))?)),
        }
    }

    fn measure(&self, built: &Built, props: &str, node: Option<Node>, cache: &CacheArgs) -> Result<Report> {
        let runtime = runtime()?;
        let limits = self.limits.limits();
        let mut peer = match (node, &built.script) {
            (Some(node), Some(script)) => Some(Peer::new(node, &script.source, props, limits.wall)?),
            _ => None,
        };
        // First, as it is here that an app fails that fails.
        let fuel = self.count_fuel(built, props, &runtime, cache)?;
        // Of an engine that has compiled nothing before.
        let (app, load_first) = self.load(Engine::new(&self.limits.engine())?, built, props)?;
        let load_again = time(|| Bundle::load(&app.engine, &built.bundle))?.1;

        let mut peak_memory = 0;
        let mut ours = |until| {
            let (turn, usage) = app.turn(&runtime, until)?;
            peak_memory = peak_memory.max(usage.peak_memory);
            Ok(turn)
        };
        let turns = progress::during("rendering", || match &mut peer {
            None => self.rounds([&mut ours]),
            Some(peer) => self.rounds([&mut ours, &mut |until| peer.turn(until)]),
        })?;
        Ok(Report {
            app: self.app().display().to_string(),
            rounds: self.rounds,
            times: Times::new(&turns[0]),
            page_bytes: page(&turns[0]).len() as u64,
            page_faults: faults(&app, &runtime, Until::Time(self.duration / 10))?,
            fuel,
            peak_memory_bytes: peak_memory,
            load_first,
            load_again,
            node: peer.map(|peer| peer.beside(&turns)),
        })
    }

    /// Loads the bundle, and says what that took.
    fn load(&self, engine: Engine, built: &Built, props: &str) -> Result<(App, Duration)> {
        let (bundle, took) = progress::during("compiling the bundle", || time(|| Bundle::load(&engine, &built.bundle)))
            .with_context(|| self.app().display().to_string())?;
        // Fuel bounds a render only where it is counted.
        let limits = self.limits.limits();
        let limits = Limits { fuel: limits.fuel.filter(|_| engine.config().fuel), ..limits };
        Ok((App { engine, bundle, limits, props: props.to_owned() }, took))
    }

    /// Renders once in an engine that counts fuel: as `dayfly render` does, with all limits.
    fn count_fuel(&self, built: &Built, props: &str, runtime: &Runtime, cache: &CacheArgs) -> Result<Option<u64>> {
        let (app, _) = self.load(cache.engine(&self.limits.engine_that_counts_fuel())?, built, props)?;
        Ok(app.render(runtime)?.usage.fuel)
    }

    /// Warms each side up, and gives each its turns.
    fn rounds<const SIDES: usize>(&self, mut sides: [Side<'_>; SIDES]) -> Result<Vec<Vec<Turn>>> {
        let warm_up = self.warmup.map_or(Until::Time(self.duration / 10), Until::Runs);
        if self.warmup != Some(0) {
            sides.iter_mut().try_for_each(|side| side(warm_up).map(drop))?;
        }
        in_turns(self.rounds, Until::Time(self.duration / self.rounds / SIDES as u32), &mut sides)
    }
}

/// The app in Node.
struct Peer {
    node: Node,
    name: String,
    form: &'static str,
    version: String,
}

impl Peer {
    fn new(mut node: Node, source: &Source, props: &str, wall: Duration) -> Result<Self> {
        let version = node.load(source, props, wall)?;
        Ok(Self { node, name: source.name.clone(), form: source.form.as_str(), version })
    }

    fn turn(&mut self, until: Until) -> Result<Turn> {
        self.node.turn(&self.name, until)
    }

    /// What is said of Node beside Dayfly, given the turns of both.
    fn beside(self, turns: &[Vec<Turn>]) -> Beside {
        let [ours, theirs] = [&turns[0], &turns[1]];
        let (our_page, page) = (page(ours), page(theirs));
        let same = our_page.iter().zip(page).take_while(|(a, b)| a == b).count();
        let same_page = our_page == page;
        Beside {
            version: self.version,
            form: self.form,
            times: Times::new(theirs),
            page_bytes: page.len() as u64,
            same_page,
            pages_part_at: (!same_page).then_some(same),
            ratio: Ratio::new(theirs, ours),
        }
    }
}

/// The page of the last turn.
fn page(turns: &[Turn]) -> &[u8] {
    turns.last().map(|turn| turn.page.as_slice()).unwrap_or_default()
}

/// What `work` gives, and how long it takes.
fn time<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let started = Instant::now();
    Ok((work()?, started.elapsed()))
}
