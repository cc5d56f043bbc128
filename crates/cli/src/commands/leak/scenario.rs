//! What is run, as arguments.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use dayfly::Failure;
use dayfly_bundler::{Places, Problem, Refusal, Visit};
use dayfly_lab::{CannotCheck, Scenario};

use crate::commands::request::ROOT_URL;
use crate::exit::{Exit, Mistake};
use crate::input::{self, Script};
use crate::leak_report;
use crate::report::{print_failure, print_refusal};

/// What is run, and what the runs share.
#[derive(Debug, Args)]
pub(super) struct ScenarioArgs {
    /// One file of JavaScript, or the entry of an app's sources, as `dayfly build` takes it
    #[arg(value_name = "APP.js|ENTRY")]
    pub(super) app: PathBuf,

    /// Props of the runs, which take turns: files of JSON, or - for standard input [default: {}]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    props: Vec<PathBuf>,

    /// URLs of the requests that an app with a fetch handler answers, in turns [default: http://localhost/, for an app without
    /// render]
    #[arg(long, value_name = "URL", num_args = 1.., conflicts_with = "props")]
    url: Vec<String>,

    /// Globals that all runs share, by their names
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "console",
        value_parser = NonEmptyStringValueParser::new())]
    share: Vec<String>,

    /// JavaScript that is evaluated once before the first run, as the server's own: globals that it sets can be shared
    #[arg(long, value_name = "FILE.js")]
    host: Vec<PathBuf>,

    /// The source map of APP.js [default: the one that the file has in it, names, or has beside it as APP.js.map]
    #[arg(long, value_name = "FILE.map")]
    source_map: Option<PathBuf>,
}

/// An app, where its places are in its author's files, and what came of running it.
pub(super) type Ran<T> = (Script, Places, Result<T, CannotCheck>);

impl ScenarioArgs {
    /// What is run.
    fn scenario(&self, script: &Script, runs: u32) -> Result<Scenario> {
        let visits = if !self.url.is_empty() {
            self.url.iter().cloned().map(Visit::Fetch).collect()
        } else if self.props.is_empty() {
            vec![Visit::Render("{}".into())]
        } else {
            self.props.iter().map(|props| Ok(Visit::Render(input::props(Some(props))?))).collect::<Result<_>>()?
        };
        let hosts = self.host.iter().map(|host| input::source(host)).collect::<Result<_>>()?;
        Ok(Scenario { app: script.source.clone(), visits, runs, share: self.share.clone(), hosts })
    }

    /// Has the app run, `runs` times. One that imports what the engine does not have is bundled first, if its project has a
    /// bundler; one that has no render may have a handler.
    pub(super) fn with_script<T>(
        &self,
        runs: u32,
        run: impl Fn(&Scenario, &Places) -> Result<Result<T, CannotCheck>>,
    ) -> Result<Ran<T>> {
        let script = input::script(&self.app)?;
        let (places, ran) = self.ran(&script, runs, &run)?;
        if let Err(CannotCheck::Run { problem: Problem::Refused(Refusal::Imports(_)), .. }) = &ran
            && let Some(script) = script.bundle()?
        {
            let (places, ran) = self.ran(&script, runs, &run)?;
            return Ok((script, places, ran));
        }
        Ok((script, places, ran))
    }

    fn ran<T>(
        &self,
        script: &Script,
        runs: u32,
        run: impl Fn(&Scenario, &Places) -> Result<Result<T, CannotCheck>>,
    ) -> Result<(Places, Result<T, CannotCheck>)> {
        let places = script.places(self.source_map.as_deref())?;
        let mut scenario = self.scenario(script, runs)?;
        let mut ran = run(&scenario, &places)?;
        if ran.as_ref().is_err_and(CannotCheck::is_missing) && self.url.is_empty() && self.props.is_empty() {
            scenario.visits = vec![Visit::Fetch(ROOT_URL.into())];
            ran = run(&scenario, &places)?;
        }
        Ok((places, ran))
    }
}

/// Says why nothing can be said of an app, and how to end.
pub(super) fn cannot(why: CannotCheck, script: &Script, places: &Places, json: bool) -> Result<Exit> {
    // Before the first run nothing is the app's: what is named cannot be shared.
    if let CannotCheck::Run { run: 0, problem: Problem::Failed(Failure::Threw(thrown)) } = &why {
        return Err(Mistake(format!("{}: make it with --host FILE.js", thrown.message)).into());
    }
    if json {
        return Err(Mistake(leak_report::cannot(why, places)).into());
    }
    match why {
        CannotCheck::Run { run, problem: Problem::Refused(mut refusal) } => {
            let frame = places.refusal_frame(&refusal);
            places.refusal(&mut refusal);
            anstream::eprintln!("run {run} failed");
            print_refusal(&refusal, &script.source, frame.as_deref());
        }
        CannotCheck::Run { run, problem: Problem::Failed(mut failure) } => {
            let frame = places.code_frame(&failure);
            places.failure(&mut failure);
            anstream::eprintln!("run {run} failed");
            print_failure(&failure, frame.as_deref());
        }
        CannotCheck::Host { name, failure } => {
            anstream::eprintln!("{name} failed");
            print_failure(&failure, None);
        }
        CannotCheck::Sandbox(mut failure) => {
            let frame = places.code_frame(&failure);
            places.failure(&mut failure);
            print_failure(&failure, frame.as_deref());
        }
        CannotCheck::Heap(_) => return Err(Mistake(why.to_string()).into()),
    }
    Ok(Exit::Usage)
}
