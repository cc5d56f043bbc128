//! An app run the old way, and the heap weighed after each run.

use dayfly::{Failure, Limits, Line};
use dayfly_bundler::{Bundler, HeapSize, Problem, Realms, Source, Stopped, Visit};
use serde::{Deserialize, Serialize};

use crate::heap::{self, Damage, Heap};
use crate::holding::{self, OwnBytes};

/// What is run, how often, and what the runs share.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The app: one file of JavaScript, as a bundler writes it.
    pub app: Source,
    /// What the runs do, in turns. At least one.
    pub visits: Vec<Visit>,
    /// How many runs are weighed. At least 10; those before them, in which caches fill and tables are made, come on top: see
    /// [`Scenario::warm_up`].
    pub runs: u32,
    /// Names of the globals that all runs share by reference.
    pub share: Vec<String>,
    /// Sources that are evaluated once, before the first run, as a server's own code: globals that they set may be shared.
    pub hosts: Vec<Source>,
}

impl Scenario {
    /// A scenario as the story has it: 50 runs that share `console`.
    pub fn new(app: Source, visit: Visit) -> Self {
        Self { app, visits: vec![visit], runs: 50, share: vec!["console".into()], hosts: Vec::new() }
    }

    /// How many runs come before those that are weighed: each visit once, and three at least.
    pub fn warm_up(&self) -> u32 {
        3.max(self.visits.len() as u32)
    }

    fn visit(&self, run: u32) -> &Visit {
        &self.visits[(run as usize - 1) % self.visits.len()]
    }
}

/// Why nothing could be said of an app.
#[derive(Debug, thiserror::Error)]
pub enum CannotCheck {
    /// A run did not go well.
    #[error("run {run} failed")]
    Run {
        /// The number of the run, from 1.
        run: u32,
        /// What went wrong in it.
        problem: Problem,
    },
    /// A source of the server's own did not evaluate.
    #[error("{name} failed")]
    Host {
        /// The source's name.
        name: String,
        /// What went wrong in it.
        failure: Failure,
    },
    /// The sandbox was ended: by a limit, as a rule.
    #[error("the sandbox was ended")]
    Sandbox(Failure),
    /// The heap cannot be read.
    #[error(transparent)]
    Heap(#[from] Damage),
}

impl CannotCheck {
    /// Whether the app has not what the [`Scenario`] visits: a `render`, or a `fetch` handler. With the other it may go well.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Run { problem: Problem::Failed(Failure::Missing(_)), .. })
    }

    /// The whole of it in one line.
    pub fn detail(&self) -> String {
        match self {
            Self::Run { problem: Problem::Refused(refusal), .. } => format!("{self}: {refusal}"),
            Self::Run { problem: Problem::Failed(failure), .. }
            | Self::Host { failure, .. }
            | Self::Sandbox(failure) => {
                format!("{self}: {failure}")
            }
            Self::Heap(_) => self.to_string(),
        }
    }
}

/// What was found in one sandbox.
#[derive(Debug)]
pub(crate) struct Measured {
    /// What the heap had before the first run, and after each.
    pub(crate) sizes: Vec<HeapSize>,
    /// The page of each run.
    pub(crate) pages: Vec<u64>,
    /// The memory after the last run.
    pub(crate) memory: Vec<u8>,
    /// The run in which what is at each address was born, by the address's multiple of eight; 0 for before the first.
    pub(crate) births: Births,
    /// Bytes of what the shared objects hold: after the warm-up and after each run that is weighed, or each fifth of a large heap.
    pub(crate) shared_bytes: Vec<u64>,
    /// The same of each of them, of what it has for itself.
    pub(crate) own_bytes: OwnBytes,
    pub(crate) said: Said,
    pub(crate) console: Vec<Line>,
}

/// In which run things were born, by their addresses in parts: what is large and older than all runs takes none.
#[derive(Debug, Default)]
pub(crate) struct Births(Vec<Vec<u32>>);

/// How many addresses are in a part.
const PART: usize = 4096;

impl Births {
    pub(crate) fn of(&self, address: u32) -> u32 {
        let at = (address / 8) as usize;
        self.0.get(at / PART).and_then(|part| part.get(at % PART)).copied().unwrap_or_default()
    }

    fn note(&mut self, address: u32, run: u32) {
        let at = (address / 8) as usize;
        if self.0.len() <= at / PART {
            self.0.resize(at / PART + 1, Vec::new());
        }
        let part = &mut self.0[at / PART];
        part.resize(PART, 0);
        part[at % PART] = run;
    }
}

/// What the script in the heap says at the end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Said {
    /// What the app left on globals that are not shared.
    pub(crate) put_back: Vec<String>,
    /// Globals that were there before any code of the server's or the app's ran, named as the heap names them.
    pub(crate) platform: Vec<String>,
    /// What runs left to be called, and was not any more.
    pub(crate) pending: Vec<Waiting>,
    /// What the last run did to what is shared, if it was watched, and before it what only those before have done.
    pub(crate) events: Vec<Access>,
    /// Whether the run has timers that wait, now that its page is there. It is said first after each visit, and all else later.
    pub(crate) waits: bool,
}

/// A timer that waited for longer than the lab does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Waiting {
    /// `setInterval()`, ….
    pub(crate) by: String,
    /// The stack of the call.
    pub(crate) set_at: String,
}

/// An access that one run could hold on to another by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// The run that did it.
    pub(crate) run: u32,
    pub(crate) kind: AccessKind,
    /// What was written to, as a program would write it.
    pub(crate) path: String,
    /// By what: an assignment, `push()`, ….
    pub(crate) via: String,
    /// `function`, `array` or `object`.
    pub(crate) what: String,
    /// The stack of the first read of the same key in the run.
    #[serde(default)]
    pub(crate) read_at: String,
    /// The stack of the write.
    pub(crate) write_at: String,
}

/// What kind of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessKind {
    /// A key of a shared object was read, and then set to a reference.
    GetThenSet,
    /// A key of a shared object was set to a reference.
    Set,
    /// A reference was handed to a function of the server's.
    Passed,
    /// A key of a shared object was set to what is no reference, and pins nothing: a text, a number.
    Value,
}

/// The script that is evaluated in the first realm.
fn script() -> String {
    include_str!("js/lab.js").replacen("//@ watch.js", include_str!("js/watch.js"), 1).replacen(
        "//@ after.js",
        include_str!("js/after.js"),
        1,
    )
}

/// The limits of a sandbox in which an app is run again and again: 3 minutes of processor time, 6 on the clock, 2 GiB of
/// memory, 1,000,000 console lines of 64 MiB.
pub fn limits() -> Limits {
    Limits {
        memory: 2 << 30,
        cpu: std::time::Duration::from_secs(180),
        wall: std::time::Duration::from_secs(360),
        console_lines: 1_000_000,
        console_bytes: 64 << 20,
        ..Limits::default()
    }
}

/// What is done in a sandbox beside the runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options<'a> {
    /// Whether the accesses to what is shared are noted. The heap then holds the notes too.
    pub(crate) watch: bool,
    /// Runs after which a copy of the memory is handed out, in ascending order.
    pub(crate) at: &'a [u32],
    /// Whether what the shared objects hold is weighed.
    pub(crate) weigh_shared: bool,
}

/// A heap of so many bytes is not walked through after each run.
const LARGE_HEAP: u64 = 32 << 20;

impl Options<'_> {
    fn looks_at_shared(self, scenario: &Scenario, run: u32, heap_bytes: u64) -> bool {
        let weighed = run.checked_sub(scenario.warm_up());
        self.weigh_shared && weighed.is_some_and(|run| heap_bytes < LARGE_HEAP || run.is_multiple_of(5))
    }
}

/// Runs a scenario in a fresh sandbox: `runs` runs in all. `copy` gets the memory after each run that `options.at` names.
pub(crate) async fn measure(
    bundler: &Bundler,
    scenario: &Scenario,
    runs: u32,
    options: Options<'_>,
    mut copy: impl FnMut(u32, &[u8], &Births),
) -> Result<Measured, CannotCheck> {
    let said = serde_json::json!({ "share": scenario.share, "watch": options.watch }).to_string();
    let work = async |realms: &mut Realms<'_>| work(realms, scenario, runs, options, &mut copy).await;
    let rehearsal = bundler.rehearse(&script(), &said, &limits(), work).await;
    let mut measured = rehearsal.result.map_err(CannotCheck::Sandbox)??;
    measured.console = rehearsal.console;
    Ok(measured)
}

/// What runs before the first run of the app, so that the engine has made what it makes once.
const NOTHING: &str = "setTimeout(() => {}); globalThis.render = () => ''";

/// What runs after a run that has timers that wait. Its `render` is the script's, see `js/after.js`.
const AFTER: &str = "// Nothing of its own.";

async fn work(
    realms: &mut Realms<'_>,
    scenario: &Scenario,
    runs: u32,
    options: Options<'_>,
    copy: &mut impl FnMut(u32, &[u8], &Births),
) -> Result<Result<Measured, CannotCheck>, Stopped> {
    for host in &scenario.hosts {
        if let Err(failure) = realms.host(host).await? {
            return Ok(Err(CannotCheck::Host { name: host.name.clone(), failure }));
        }
    }
    for _ in 0..2 {
        let nothing = Source::new("nothing.js", NOTHING);
        if let Err(why) = run_to_end(realms, &nothing, &Visit::Render("null".into()), 0, &mut Births::default()).await?
        {
            return Ok(Err(why));
        }
        realms.collect().await?;
    }
    let mut sizes = vec![realms.collect().await?];
    let platform = said(realms).await?.platform;
    let names = holding::Names { shared: &scenario.share, platform: &platform };
    let (mut births, mut pages) = (Births::default(), Vec::new());
    let (mut shared_bytes, mut own_bytes) = (Vec::new(), OwnBytes::default());
    for run in 1..=runs {
        match run_to_end(realms, &scenario.app, scenario.visit(run), run, &mut births).await? {
            Ok(digest) => pages.push(digest),
            Err(why) => return Ok(Err(why)),
        }
        let size = realms.collect().await?;
        sizes.push(size);
        if options.at.contains(&run) {
            copy(run, &realms.memory().await?, &births);
        }
        if options.looks_at_shared(scenario, run, size.bytes) {
            let memory = realms.memory().await?;
            let heap = match Heap::read(&memory) {
                Ok(heap) => heap,
                Err(damage) => return Ok(Err(damage.into())),
            };
            shared_bytes.push(holding::weigh(&heap, &names, &births, scenario.warm_up(), &mut own_bytes));
        }
    }
    let memory = realms.memory().await?;
    let said = said(realms).await?;
    Ok(Ok(Measured { sizes, pages, memory, births, shared_bytes, own_bytes, said, console: Vec::new() }))
}

/// A run, with what its page leaves to do; gives what stands for the page.
async fn run_to_end(
    realms: &mut Realms<'_>,
    app: &Source,
    visit: &Visit,
    run: u32,
    births: &mut Births,
) -> Result<Result<u64, CannotCheck>, Stopped> {
    let digest = visit_once(realms, app, visit, run, births).await?;
    if digest.is_err() || !said(realms).await?.waits {
        return Ok(digest);
    }
    let after = Source::new("after.js", AFTER);
    let done = visit_once(realms, &after, &Visit::Render("null".into()), run, births).await?;
    said(realms).await?;
    Ok(done.and(digest))
}

async fn visit_once(
    realms: &mut Realms<'_>,
    app: &Source,
    visit: &Visit,
    run: u32,
    births: &mut Births,
) -> Result<Result<u64, CannotCheck>, Stopped> {
    let visited = match realms.run(app, visit).await? {
        Ok(visited) => visited,
        Err(problem) => return Ok(Err(CannotCheck::Run { run, problem })),
    };
    let memory = realms.memory().await?;
    let born = heap::Reader::find(&memory).and_then(|reader| heap::listed(&memory, &reader, visited.mark));
    Ok(match born {
        Ok(born) => {
            born.into_iter().for_each(|address| births.note(address, run));
            Ok(visited.digest)
        }
        Err(damage) => Err(damage.into()),
    })
}

async fn said(realms: &mut Realms<'_>) -> Result<Said, Stopped> {
    // What cannot be read is of an app that has patched what the realms share so that nothing works.
    Ok(serde_json::from_str(&realms.report().await?).unwrap_or_default())
}
