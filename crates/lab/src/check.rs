//! `leak check`: does an app grow where its runs share objects, by how much, and which line does it?

use std::collections::BTreeSet;

use dayfly_bundler::{Bundler, Places};
use serde::Serialize;

use crate::fix::Circumstances;
use crate::heap::Heap;
use crate::holding::{self, Grown, Held, Holder, How, Step};
use crate::measure::{Access, AccessKind, CannotCheck, Measured, Options, Scenario, Waiting, measure};
use crate::verdict::{Verdict, growth};

/// What is to be said of an app.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The worst that there is.
    pub verdict: Verdict,
    /// Bytes that each run leaves in the heap; 0 unless it grows.
    pub bytes_per_run: u64,
    /// How many runs were weighed, and how many came before.
    pub runs: u32,
    /// See [`Scenario::warm_up`].
    pub warm_up: u32,
    /// What the runs shared.
    pub share: Vec<String>,
    /// Bytes of the JavaScript heap before the first run, and after each.
    pub heap_bytes: Vec<u64>,
    /// How many runs something is left of after the last one.
    pub runs_held: u64,
    /// How many runs the whole realm is left of.
    pub realms_held: u64,
    /// Bytes of objects that were born in runs and are left.
    pub bytes_held: u64,
    /// What holds it, the most first.
    pub leaks: Vec<Leak>,
    /// Accesses that could hold a run and, as measured, make nothing grow.
    pub suspicions: Vec<Suspicion>,
    /// What the app left on globals that the runs do not share: a leak where they do.
    pub unshared: Vec<String>,
    /// What still waited when a run was over, though timers are run to their end after the page, within bounds: see [`Pending`].
    pub pending: Vec<Pending>,
    /// Why there are no accesses to tell of, if there are none.
    pub watch_failed: Option<String>,
    /// Whether two runs with the same props gave different pages.
    pub pages_differ: bool,
}

/// Something that holds on to runs.
#[derive(Debug, Serialize)]
pub struct Leak {
    /// Whether it grows, or is bounded.
    pub verdict: Verdict,
    /// What holds: `console.error`.
    pub path: String,
    /// How many runs it holds something of.
    pub runs_held: usize,
    /// Bytes that would be freed if it let go of everything.
    pub retained_bytes: u64,
    /// Bytes of runs that it keeps alive: alone, or together with others, of which each would have to let go.
    pub reached_bytes: u64,
    /// From what holds to what is held, and on to the run before where one run holds another: a line a step.
    pub retainers: Vec<String>,
    /// Where the app read the same key before; a call a line, innermost first. Empty if it did not.
    pub read_at: Vec<String>,
    /// Where the app wrote it.
    pub written_at: Vec<String>,
    /// By what it was written: `assignment`, `push()`, ….
    pub via: Option<String>,
    /// The smallest change that mends it.
    pub fix: String,
}

/// An access that makes nothing grow.
#[derive(Debug, Serialize)]
pub struct Suspicion {
    /// What was read, and then set.
    pub path: String,
    /// Where it was read.
    pub read_at: Vec<String>,
    /// Where it was set.
    pub written_at: Vec<String>,
}

/// A timer that waited for longer than the lab does, or that goes on for ever: an hour, ten calls of an interval, ten timers that
/// follow one from another, a thousand calls in all. What it would do then is not in the verdict, and as long as it waits a server
/// holds its run by it.
#[derive(Debug, Serialize)]
pub struct Pending {
    /// By what it was set: `setInterval()`, ….
    pub by: String,
    /// Where; a call a line, innermost first.
    pub set_at: Vec<String>,
}

/// Checks an app: once to weigh it, and once with the accesses to what is shared watched. `places` says where in its author's
/// files a place of the app is.
///
/// # Errors
/// [`CannotCheck`] if a run fails, or the sandbox is ended.
///
/// # Panics
/// Outside a tokio runtime, or in one without timers (`enable_time`).
pub async fn check(bundler: &Bundler, scenario: &Scenario, places: &Places) -> Result<Report, CannotCheck> {
    let weighed = Options { weigh_shared: true, ..Options::default() };
    let runs = scenario.warm_up() + scenario.runs;
    let measured = measure(bundler, scenario, runs, weighed, |_, _, _| {}).await?;
    let watch = async |runs| {
        let watched = Options { watch: true, ..Options::default() };
        measure(bundler, scenario, runs, watched, |_, _, _| {}).await.map(|watched| watched.said.events)
    };
    let told = report(scenario, places, &measured, watch(scenario.warm_up()).await)?;
    let is_without_place = |leak: &Leak| leak.verdict == Verdict::Growing && leak.written_at.is_empty();
    if told.watch_failed.is_some() || !told.leaks.iter().any(is_without_place) {
        return Ok(told);
    }
    // What does not happen in the first runs: watched they take several times as long.
    report(scenario, places, &measured, watch(runs).await)
}

fn report(
    scenario: &Scenario,
    places: &Places,
    measured: &Measured,
    watched: Result<Vec<Access>, CannotCheck>,
) -> Result<Report, CannotCheck> {
    // A run that fails only because it is watched is none of the app's: there are no accesses to tell of, then.
    let (accesses, watch_failed) = match watched {
        Ok(accesses) => (accesses, None),
        Err(error) => (Vec::new(), Some(error.detail())),
    };
    let heap = Heap::read(&measured.memory)?;
    debug_assert_eq!(heap.overcounted, 0, "a thing has more edges to it than it has references");
    let names = holding::Names { shared: &scenario.share, platform: &measured.said.platform };
    let mut held = holding::find(&heap, &measured.births, &names);
    let sizes: Vec<u64> = measured.sizes.iter().map(|size| size.bytes).collect();
    let of_heap = growth(&sizes[scenario.warm_up() as usize..]);
    let of_shared = growth(&measured.shared_bytes);
    // What grows and is not held by anything shared is the platform's own, and it forgets in time; or it is held from outside.
    let is_outside = held.holders.iter().any(|holder| holder.how == How::Outside && holder.runs.len() >= MANY_RUNS);
    let grown = holding::most_grown(&heap, &names, &measured.own_bytes);
    // Whatever else came and went: of each run something is left.
    let weighed = scenario.warm_up() + 1..=scenario.warm_up() + scenario.runs;
    let of_each = |holders: &[Holder]| {
        let of_each = holders.iter().filter(|holder| weighed.clone().all(|run| holder.runs.contains(&run)));
        of_each.map(|holder| holder.reached / holder.runs.len() as u64).max()
    };
    let mut held_of_each = of_each(&held.holders);
    if held_of_each.is_none() && of_heap.is_growing {
        held_of_each = of_each(&held.elsewhere);
        if held_of_each.is_some() {
            held.holders.extend(held.elsewhere.drain(..).filter(|holder| holder.runs.len() >= scenario.runs as usize));
        }
    }
    let is_growing =
        of_shared.is_growing || grown.is_some() || (is_outside && of_heap.is_growing) || held_of_each.is_some();
    let bytes_per_run = match &grown {
        _ if !is_growing => 0,
        _ if of_heap.is_growing => of_heap.bytes_per_run,
        _ if of_shared.is_growing => of_shared.bytes_per_run.max(of_heap.bytes_per_run),
        Some(grown) => grown.bytes_per_run,
        None => held_of_each.unwrap_or_default(),
    };
    let growing = if is_growing { growing(scenario, &held, grown) } else { Growing::default() };
    let circumstances = Circumstances::new(scenario, &held.holders);
    let mut told = BTreeSet::new();
    let is_watched = watch_failed.is_none();
    let mut leaks: Vec<Leak> = held
        .holders
        .iter()
        .enumerate()
        .map(|(at, holder)| (growing.holders.contains(&at), holder, access_of(holder, &accesses, &scenario.share)))
        // An empty list that an emitter has left when its last listener is gone: nothing of the app's.
        .filter(|(grows, holder, access)| *grows || !(is_watched && is_of_server(holder, *access)))
        .map(|(grows, holder, access)| {
            told.extend(access.map(|access| access.path.clone()));
            told.insert(holder.path.clone());
            leak(holder, access, grows, &circumstances, places)
        })
        .collect();
    if is_growing && growing.holders.is_empty() {
        let grown = of_values(growing.grown.as_ref(), bytes_per_run, &accesses, &circumstances, places);
        // The list of texts may itself be held, as the first run has made it: that is the same leak.
        let list = leaks.extract_if(.., |leak| leak.path == grown.path).next();
        leaks.insert(0, with_list(grown, list));
    }
    leaks.sort_by_key(|leak| std::cmp::Reverse(leak.verdict == Verdict::Growing));
    let suspicions = accesses
        .iter()
        .filter(|access| access.kind == AccessKind::GetThenSet && !told.contains(&access.path))
        .map(|Access { path, read_at, write_at, .. }| Suspicion {
            path: path.clone(),
            read_at: stack(read_at, places),
            written_at: stack(write_at, places),
        });
    let pending = measured.said.pending.iter();
    let pending = pending.map(|Waiting { by, set_at }| Pending { by: by.clone(), set_at: stack(set_at, places) });
    let verdict = leaks.iter().map(|leak| leak.verdict).max().unwrap_or(Verdict::Clean);
    let of_the_app = |left: u64| if verdict == Verdict::Clean { 0 } else { left };
    Ok(Report {
        verdict,
        bytes_per_run,
        runs: scenario.runs,
        warm_up: scenario.warm_up(),
        share: scenario.share.clone(),
        heap_bytes: sizes,
        runs_held: of_the_app(held.runs.len() as u64),
        realms_held: of_the_app(held.realms.len() as u64),
        bytes_held: of_the_app(held.bytes),
        leaks,
        suspicions: suspicions.collect(),
        unshared: measured.said.put_back.clone(),
        pending: pending.collect(),
        watch_failed,
        pages_differ: pages_differ(&measured.pages, scenario.visits.len()),
    })
}

/// Of how many runs something must be left for what holds them to be more than the last of them and the one before.
const MANY_RUNS: usize = 3;

/// What of a heap that grows does.
#[derive(Default)]
struct Growing {
    /// The numbers of the holders that do.
    holders: BTreeSet<usize>,
    /// If none does: what has grown by texts and numbers.
    grown: Option<Grown>,
}

/// Finds what grows. What has let go of all that the first half of the runs left is a cache that is full.
fn growing(scenario: &Scenario, held: &Held, grown: Option<Grown>) -> Growing {
    let of = |least: usize, is_it: &dyn Fn(&Holder) -> bool| -> BTreeSet<usize> {
        let holders = held.holders.iter().enumerate();
        holders.filter(|(_, holder)| holder.runs.len() >= least && is_it(holder)).map(|(at, _)| at).collect()
    };
    // What holds nearly all of them first: beside it a full cache is one.
    for part in [4, 2] {
        let latest = scenario.warm_up() + scenario.runs / part;
        let holders = of(MANY_RUNS, &|holder| holder.runs.first().is_some_and(|run| *run <= latest));
        if !holders.is_empty() {
            return Growing { holders, grown: None };
        }
    }
    // A list that grows by objects has more places for them itself.
    if let Some(grown) = grown {
        let is_it = |holder: &Holder| holder.path == grown.path || holder.owner == grown.path;
        let holders = of(2, &is_it);
        return Growing { grown: holders.is_empty().then_some(grown), holders };
    }
    let late = [MANY_RUNS, 2].into_iter().map(|least| of(least, &|_| true));
    Growing { holders: late.into_iter().find(|holders| !holders.is_empty()).unwrap_or_default(), grown: None }
}

/// Whether the same visit gave different pages after the first time.
fn pages_differ(pages: &[u64], visits: usize) -> bool {
    pages.iter().zip(pages.iter().skip(visits)).any(|(one, next)| one != next)
}

/// Whether what is held is the server's own doing: no function and no object of the app's is of it, and the app has not written it.
fn is_of_server(holder: &Holder, access: Option<&Access>) -> bool {
    !holder.holds_realm && access.is_none_or(|access| access.kind == AccessKind::Passed)
}

/// The access by which the run was put where it is held.
fn access_of<'a>(holder: &Holder, accesses: &'a [Access], share: &[String]) -> Option<&'a Access> {
    let is_write = |access: &&Access| !matches!(access.kind, AccessKind::Passed | AccessKind::Value);
    let writes = || accesses.iter().rev().filter(is_write);
    // An accessor is written under the name of its property.
    let path = holder.path.strip_prefix("get ").or_else(|| holder.path.strip_prefix("set ")).unwrap_or(&holder.path);
    let path = path.split_once(" (").map_or(path, |(path, _)| path);
    // What the last run does all do, and it is what grows: rather than the first one's making of the list that all put theirs in.
    let last = accesses.iter().filter(is_write).map(|access| access.run).max().unwrap_or_default();
    let of_last = || writes().filter(|access| access.run == last);
    let is_it = |access: &&Access| access.path == path;
    let in_part = || of_last().find(|access| !holder.chain.is_empty() && is_part(&access.path, path));
    let by_path = of_last().find(is_it).or_else(in_part).or_else(|| writes().find(is_it));
    // An element, or an entry: the write was to the array, or to one of its elements, or by a method of it.
    let by_owner = || writes().find(|access| is_part(&access.path, path) || access.path == holder.owner);
    // A function of the server's keeps it: `process.on` in `process._events`.
    let handed = || {
        let is_handed = |access: &&Access| access.kind == AccessKind::Passed && !takes_back(&access.path);
        let passed = || accesses.iter().rev().filter(is_handed);
        let to_owner = passed().find(|access| is_part(path, receiver(&access.path)));
        // What the server's code keeps where the runs cannot go may have been handed to any function of it.
        let is_apart = !share.iter().any(|name| name == root(path));
        to_owner.or_else(|| passed().next().filter(|_| is_apart))
    };
    by_path.or_else(by_owner).or_else(handed)
}

/// Whether a function lets go of what it is handed, by its name.
fn takes_back(path: &str) -> bool {
    let method = path.rsplit('.').next().unwrap_or(path);
    ["off", "remove", "delete", "unsubscribe", "unregister", "clear"].iter().any(|word| method.starts_with(word))
}

/// What a function is called on: `process` of `process.on`, and a function that is a global itself, or that makes something.
fn receiver(path: &str) -> &str {
    if let Some(constructor) = path.strip_prefix("new ") {
        return constructor;
    }
    path.rsplit_once('.').map_or(path, |(receiver, _)| receiver)
}

/// A path without its last key: `console.kept` of `console.kept[12]`.
pub(crate) fn owner_of(path: &str) -> &str {
    path.rfind(['.', '[']).map_or(path, |end| &path[..end])
}

/// What a path begins with: `process` of `process._events.exit`.
pub(crate) fn root(path: &str) -> &str {
    path.split(['.', '[', ' ']).next().unwrap_or(path)
}

/// Whether a path is of what another one names, or of a part of it.
pub(crate) fn is_part(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn leak(
    holder: &Holder,
    access: Option<&Access>,
    grows: bool,
    circumstances: &Circumstances<'_>,
    places: &Places,
) -> Leak {
    let mut retainers = vec![holder.path.clone()];
    if holder.chain.is_empty() {
        retainers.push(format!("holds {}", tell(&holder.held, places)));
    } else {
        retainers.extend(holder.chain.iter().enumerate().map(|(at, step)| {
            if at == 0 {
                format!("holds {}", tell(step, places))
            } else {
                format!("by {}: {}", step.by, tell(step, places))
            }
        }));
    }
    Leak {
        verdict: if grows { Verdict::Growing } else { Verdict::Bounded },
        path: holder.path.clone(),
        runs_held: holder.runs.len(),
        retained_bytes: holder.retained,
        reached_bytes: holder.reached,
        retainers,
        read_at: access.map(|access| stack(&access.read_at, places)).unwrap_or_default(),
        written_at: access.map(|access| stack(&access.write_at, places)).unwrap_or_default(),
        via: access.map(|access| access.via.clone()),
        fix: circumstances.fix(holder, access, grows),
    }
}

/// What grows is no object: texts, numbers, and the table of their keys.
fn of_values(
    grown: Option<&Grown>,
    bytes_per_run: u64,
    accesses: &[Access],
    circumstances: &Circumstances<'_>,
    places: &Places,
) -> Leak {
    let access = grown.and_then(|grown| {
        let values = || accesses.iter().rev().filter(|access| access.kind == AccessKind::Value);
        let by_path = values().find(|access| is_part(&access.path, &grown.path));
        by_path.or_else(|| values().find(|access| access.path == root(&grown.path)))
    });
    let path = grown.map_or("(values that are no objects)", |grown| &grown.path);
    let fix = match grown {
        Some(Grown { path, is_text: true, .. }) => {
            format!("clear `{path}` when the run ends, or give it a limit")
        }
        Some(grown) => circumstances.fix_of_values(&grown.path),
        None => {
            "look for a list, a Map or an object of the server's that gets another key or element with each run".into()
        }
    };
    Leak {
        verdict: Verdict::Growing,
        path: path.into(),
        runs_held: 0,
        retained_bytes: grown.map_or(bytes_per_run, |grown| grown.bytes),
        reached_bytes: grown.map_or(bytes_per_run, |grown| grown.bytes),
        retainers: vec![
            path.into(),
            "holds more texts, numbers or keys after each run: no object of a run is left".into(),
        ],
        read_at: Vec::new(),
        written_at: access.map(|access| stack(&access.write_at, places)).unwrap_or_default(),
        via: access.map(|access| access.via.clone()),
        fix,
    }
}

/// Adds how the list, or the object, is held that has the texts.
fn with_list(mut grown: Leak, list: Option<Leak>) -> Leak {
    if let Some(list) = list {
        grown.runs_held = list.runs_held;
        grown.retained_bytes += list.retained_bytes;
        grown.reached_bytes += list.reached_bytes;
        grown.retainers.pop();
        grown.retainers.extend(list.retainers.into_iter().skip(1));
        grown.retainers.push("which holds more texts, numbers or keys after each run".into());
    }
    grown
}

fn tell(step: &Step, places: &Places) -> String {
    let of = if step.run == 0 { "from before the first run".into() } else { format!("of run {}", step.run) };
    match &step.at {
        Some((file, line, column)) => {
            let at = dayfly::Site { file: file.clone(), line: *line, column: *column };
            format!("{} {of} ({})", step.what, places.site(&at))
        }
        None => format!("{} {of}", step.what),
    }
}

fn stack(stack: &str, places: &Places) -> Vec<String> {
    let frame = |line: &str| {
        let frame = line.trim().trim_start_matches("at ");
        // What the engine calls the top level of a script.
        let top_level = frame.strip_prefix("<eval> (").and_then(|place| place.strip_suffix(')'));
        top_level.unwrap_or(frame).to_owned()
    };
    places.text(stack).lines().map(frame).collect()
}
