//! The leak lab: what it says of the story's code, of its variants and of known leaks of real servers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(clippy::print_stdout, reason = "tests print what they measured")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dayfly_bundler::{Bundler, Places, Source, Visit};
use dayfly_lab::{CannotCheck, Leak, Report, Scenario, Verdict};
use tokio::runtime::Runtime;

mod accesses;
mod cases;
mod mutations;
mod size;

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).expect("the lab is two folders down")
}

/// One runtime for all tests.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// One bundler for all tests.
fn bundler() -> &'static Bundler {
    static BUNDLER: OnceLock<Bundler> = OnceLock::new();
    BUNDLER.get_or_init(|| Bundler::new().unwrap())
}

/// A file of `tests/leak`: an app, and in the comments at its head what is to be said of it.
struct Case {
    name: String,
    scenario: Scenario,
    verdict: Verdict,
    /// What holds, unless it is clean.
    path: Option<String>,
    /// Where it is written, as a line and a column, if the case says so.
    written_at: Option<String>,
    /// What still waits when a run is over, and where it was set.
    pending: Vec<String>,
    /// What the advice begins with, if the case says so.
    fix: Option<String>,
}

impl Case {
    fn read(file: &PathBuf) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let mut scenario = Scenario::new(Source::new(name.clone(), text.clone()), Visit::Render("{}".into()));
        // What is amortised, or done now and then, shows in more of them.
        scenario.runs = if file.parent().is_some_and(|folder| folder.ends_with("values")) { 50 } else { 20 };
        let comments: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("// ")).collect();
        for comment in &comments {
            if let Some(host) = comment.strip_prefix("host: ") {
                scenario.hosts.push(Source::new("server.js", host));
            }
            if let Some(share) = comment.strip_prefix("share: ") {
                scenario.share = share.split(',').map(str::to_owned).collect();
            }
        }
        let (verdict, path) = match comments[0].split_once(": ") {
            None => (Verdict::Clean, None),
            Some(("growing", path)) => (Verdict::Growing, Some(path.to_owned())),
            Some(("bounded", path)) => (Verdict::Bounded, Some(path.to_owned())),
            Some(other) => panic!("{name}: {other:?} is no verdict"),
        };
        let written_at = comments.iter().find_map(|comment| comment.strip_prefix("written at: ")).map(str::to_owned);
        let pending = comments.iter().filter_map(|comment| comment.strip_prefix("pending: ")).map(str::to_owned);
        let fix = comments.iter().find_map(|comment| comment.strip_prefix("to mend it: ")).map(str::to_owned);
        Self { fix, pending: pending.collect(), name, scenario, verdict, path, written_at }
    }
}

/// All files of a folder of `tests/leak`.
fn cases(folder: &str) -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(root().join("tests/leak").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files.iter().map(Case::read).collect()
}

fn check(scenario: &Scenario) -> Result<Report, CannotCheck> {
    runtime().block_on(dayfly_lab::check(bundler(), scenario, &Places::of(&scenario.app)))
}

/// What is said of an app that shares `console`.
#[track_caller]
fn said(text: &str) -> Report {
    check(&Scenario::new(Source::new("app.js", text), Visit::Render("{}".into()))).unwrap()
}

/// The first leak of a report.
#[track_caller]
fn first(report: &Report) -> &Leak {
    report.leaks.first().unwrap_or_else(|| panic!("there is none: {report:#?}"))
}
