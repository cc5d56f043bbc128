//! `dayfly leak check`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use dayfly_lab::{Baseline, Report, Verdict, check};

use super::scenario::{ScenarioArgs, cannot};
use crate::cache::CacheArgs;
use crate::commands::{build, runtime};
use crate::exit::{Exit, Mistake};
use crate::report::{ERROR, print_bytes, print_json, printable};
use crate::{input, leak_report, progress};

/// Say whether an app grows when it is run again and again, by how much, and which line does it
///
/// Each run has a realm of its own, with the top level evaluated anew, and shares the globals that are named. Bytes are exact, so
/// one pass decides, and the same app gives the same numbers. Exit codes: 0 clean, or bounded; 1 growing; 2 a mistake in the
/// arguments, an app that fails, or a limit; 3 bounded, with --strict.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// How many runs are weighed, after some that warm up; at least 10
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    runs: u32,

    /// End with 3 if something of a run that is over is held, though it does not grow
    #[arg(long)]
    strict: bool,

    /// Growth that is no failure, in bytes a run
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    max_growth: u64,

    /// Leaks that are known and accepted: a file that --write-baseline wrote
    #[arg(long, value_name = "FILE.json")]
    baseline: Option<PathBuf>,

    /// Write what is found to a file that --baseline takes
    #[arg(long, value_name = "FILE.json")]
    write_baseline: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long, group = "format")]
    json: bool,

    /// Print a JUnit report, for a CI server
    #[arg(long, group = "format")]
    junit: bool,

    /// Print a SARIF report, for a code host
    #[arg(long, group = "format")]
    sarif: bool,
}

impl Check {
    pub(crate) fn prints_json(&self) -> bool {
        self.json || self.sarif
    }

    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let baseline = self.baseline()?;
        let bundler = build::bundler(cache)?;
        let (script, places, checked) = self.scenario.with_script(self.runs, |scenario, places| {
            let runtime = runtime()?;
            Ok(progress::during("running", || runtime.block_on(check(&bundler, scenario, places))))
        })?;
        match checked {
            Ok(report) => self.finish(&report, &baseline),
            Err(why) if self.junit || self.sarif => {
                let why = leak_report::cannot(why, &places);
                anstream::eprintln!("{ERROR}error:{ERROR:#} {}", printable(&why));
                let text = match self.junit {
                    true => leak_report::junit_of_error(&self.name(), &why),
                    false => leak_report::sarif_of_error(&why),
                };
                print_bytes(text.as_bytes(), b"")?;
                Ok(Exit::Usage)
            }
            Err(why) => cannot(why, &script, &places, self.json),
        }
    }

    fn name(&self) -> Cow<'_, str> {
        self.scenario.app.file_name().unwrap_or_default().to_string_lossy()
    }

    fn baseline(&self) -> Result<Baseline> {
        let Some(file) = &self.baseline else { return Ok(Baseline::default()) };
        let wrong = |error: serde_json::Error| {
            Mistake(format!("{} is no baseline, as --write-baseline writes one: {error}", file.display()))
        };
        Ok(serde_json::from_slice(&input::bytes(file)?).map_err(wrong)?)
    }

    fn finish(&self, report: &Report, baseline: &Baseline) -> Result<Exit> {
        if let Some(file) = &self.write_baseline {
            let text = serde_json::to_string_pretty(&Baseline::of(report))? + "\n";
            build::write(file, text.as_bytes())?;
        }
        let left = baseline.without_accepted(report);
        let grows = left == Verdict::Growing && report.bytes_per_run > self.max_growth;
        // Growth that is allowed makes what is bounded beside it no better.
        let is_bounded = self.strict && baseline.leaves(report, Verdict::Bounded);
        let fails = grows || is_bounded;
        if self.json {
            print_json(report)?;
        } else {
            let text = if self.junit {
                leak_report::junit(&self.name(), report, self.max_growth, fails)
            } else if self.sarif {
                let folder = self.scenario.app.parent().unwrap_or(Path::new(""));
                leak_report::sarif(report, baseline, folder)
            } else {
                leak_report::text(report, left, self.max_growth)
            };
            print_bytes(text.as_bytes(), b"")?;
        }
        Ok(match (grows, is_bounded) {
            (true, _) => Exit::GROWING,
            (false, true) => Exit::BOUNDED,
            (false, false) => Exit::Done,
        })
    }
}
