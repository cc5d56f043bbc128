//! `dayfly leak snapshot`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use dayfly_lab::{CannotSnapshot, snapshots};

use super::scenario::{ScenarioArgs, cannot};
use crate::cache::CacheArgs;
use crate::commands::{build, runtime};
use crate::exit::{Exit, Mistake};
use crate::{heaps, progress};

/// Write the heap after some of the runs, as DevTools and memlab read it
///
/// The heap is the one that `dayfly leak check` weighs: each run has a realm of its own, which is named after it, so that DevTools
/// says how much each run has left. A thing has the same number in all snapshots of one command, so that they can be compared.
/// Strings are left out, as they may be secrets: what is written is their length. The files are readable for their owner alone.
#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// Runs after which a snapshot is taken
    #[arg(long, value_name = "RUNS", value_delimiter = ',', default_value = "1,25,50",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    at: Vec<u32>,

    /// Where it goes; with several runs, the number of each goes before the ending: x-25.heapsnapshot
    #[arg(short, long, value_name = "FILE.heapsnapshot")]
    output: PathBuf,

    /// Write strings as they are, and names that are no words
    #[arg(long)]
    with_strings: bool,
}

impl Snapshot {
    pub(crate) fn exec(mut self, cache: &CacheArgs) -> Result<Exit> {
        self.at.sort_unstable();
        self.at.dedup();
        let bundler = build::bundler(cache)?;
        let redact = !self.with_strings;
        let (script, places, written) = self.scenario.with_script(10, |scenario, _| {
            let runtime = runtime()?;
            let open = |run: u32| heaps::create(&self.file(run));
            let written =
                progress::during("running", || runtime.block_on(snapshots(&bundler, scenario, &self.at, redact, open)));
            match written {
                Ok(()) => Ok(Ok(())),
                Err(CannotSnapshot::App(why)) => Ok(Err(why)),
                Err(CannotSnapshot::Write(error)) => {
                    Err(Mistake(format!("cannot write {}: {error}", self.output.display())).into())
                }
            }
        })?;
        match written {
            Ok(()) => {
                for run in &self.at {
                    anstream::eprintln!("wrote {}", self.file(*run).display());
                }
                Ok(Exit::Done)
            }
            Err(why) => cannot(why, &script, &places, false),
        }
    }

    fn file(&self, run: u32) -> PathBuf {
        if self.at.len() == 1 {
            return self.output.clone();
        }
        let stem = self.output.file_stem().unwrap_or_default().to_string_lossy();
        let ending = self.output.extension().unwrap_or("heapsnapshot".as_ref()).to_string_lossy();
        self.output.with_file_name(format!("{stem}-{run}.{ending}"))
    }
}
