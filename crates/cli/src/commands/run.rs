//! `dayfly run`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use dayfly::{Failure, Limits, Thrown};
use dayfly_bundler::{Bundler, Places, Source, importer};

use super::limits::LimitArgs;
use super::outgoing::OutgoingArgs;
use super::runtime;
use crate::cache::CacheArgs;
use crate::exit::Exit;
use crate::report::{FailureReport, RenderReport, place, print_console, print_failure, print_json, print_usage};
use crate::{input, progress};

/// Run files of JavaScript in a fresh sandbox, with no app and no page
///
/// They run one after the other in one realm, as if they were one, and then the microtasks and timers that they leave.
/// Modules may import files of theirs that they name in quotes, as './other.js'. What nothing catches ends the run with
/// exit code 1, a rejection that nothing handles too; code that listens for it on its global object, as test harnesses
/// do, goes on, and the exit code is 1 unless it prevents the default. Meant for tests of the engine and for trying
/// things out: the limits are wide.
#[derive(Debug, Args)]
#[command(
    mut_arg("time", |arg| arg.help("Time on a processor [default: 1m]")),
    mut_arg("wall", |arg| arg.help("Time on the clock, waiting included [default: 2m]")),
    mut_arg("memory", |arg| arg.help("Linear memory [default: 1GiB]")),
    mut_arg("page", |arg| arg.hide(true)),
    mut_arg("request", |arg| arg.hide(true)),
    mut_arg("header_bytes", |arg| arg.hide(true)),
    mut_arg("console_lines", |arg| arg.help("Lines of console [default: 1000000]")),
    mut_arg("console_bytes", |arg| arg.help("Text of console [default: 64MiB]")),
)]
pub(crate) struct Run {
    /// A `.mjs` is read as a module and a `.cjs` as a script; any other as a script if it parses as one
    ///
    /// Scripts have no `require`: they are code for itself, and no app.
    #[arg(value_name = "FILE.js", required = true)]
    files: Vec<PathBuf>,

    /// Print one JSON object: failure, console, usage
    #[arg(long)]
    pub(super) json: bool,

    /// Say what the run used
    #[arg(long, conflicts_with = "json")]
    usage: bool,

    #[command(flatten)]
    outgoing: OutgoingArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

impl Run {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let sources: Vec<Source> = self.files.iter().map(|file| input::source(file)).collect::<Result<_>>()?;
        let places = self.places(&sources)?;
        let limits = self.limits.limits_or(limits());
        let bundler =
            progress::during("compiling the engine", || cache.bundler(&self.limits.engine_that_counts_fuel()))?;
        let importable: Vec<Source> =
            self.files.iter().zip(&sources).flat_map(|(file, source)| input::importable(file, source)).collect();
        let outgoing = self.outgoing.outgoing()?;
        let mut run = runtime()?.block_on(bundler.run_with(&sources, &importable, &limits, outgoing));
        if let Err(failure) = &mut run.result {
            self.explain(failure, sources.iter().chain(&importable));
        }
        let frame = place(&places, &mut run.console, run.result.as_mut().err());
        let failure = run.result.as_ref().err();
        if self.json {
            print_json(&RenderReport::without_page(failure.map(FailureReport::from), &run.console, &run.usage))?;
        } else {
            print_console(&run.console);
            failure.into_iter().for_each(|failure| print_failure(failure, frame.as_deref()));
        }
        if self.usage {
            print_usage(&run.usage);
        }
        Ok(failure.map_or(Exit::Done, Exit::from))
    }

    /// Says of a module that is not there who imports it: the engine, which does not, takes it for a bundle's.
    fn explain<'a>(&self, failure: &mut Failure, sources: impl Iterator<Item = &'a Source>) {
        let Failure::Threw(Thrown { message, .. }) = failure else { return };
        let Some((name, _)) = message.strip_prefix("could not load module '").and_then(|rest| rest.split_once('\''))
        else {
            return;
        };
        let Some(at) = importer(sources, name) else { return };
        let is_there = self.files.iter().any(|file| file.with_file_name(name).exists());
        let why = if is_there { "a module's name ends in .js, .mjs or .json" } else { "there is no such file" };
        *message = format!("could not load module '{name}', which {at} imports: {why}");
    }

    /// By the maps that the files have in them, name, or have beside them.
    fn places(&self, sources: &[Source]) -> Result<Places> {
        let files = self.files.iter().zip(sources);
        files
            .map(|(file, source)| input::places(file, source, None))
            .try_fold(Places::default(), |all, places| Ok(all.and(places?)))
    }
}

/// Those of a build, and a console that holds a test suite's report.
fn limits() -> Limits {
    Limits { console_lines: 1_000_000, console_bytes: 64 << 20, ..Bundler::limits() }
}
