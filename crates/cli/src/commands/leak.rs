//! `dayfly leak`: what an app would leak where its runs share objects.

mod check;
mod diff;
mod scenario;
mod snapshot;
mod soak;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::cache::CacheArgs;
use crate::exit::Exit;

/// Find what an app would leak in a server whose runs share objects
///
/// In Dayfly nothing leaks from one render to the next. The same code still runs elsewhere: in servers that evaluate it again and
/// again in one heap and share `console`, `process` or a framework with it. Here it runs just so, many realms in one heap of
/// QuickJS, inside one sandbox.
#[derive(Debug, Args)]
pub(crate) struct Leak {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Snapshot(snapshot::Snapshot),
    Diff(diff::Diff),
    Soak(soak::Soak),
}

impl Leak {
    pub(crate) fn prints_json(&self) -> bool {
        match &self.command {
            Command::Check(check) => check.prints_json(),
            Command::Diff(diff) => diff.prints_json(),
            Command::Soak(soak) => soak.prints_json(),
            Command::Snapshot(_) => false,
        }
    }

    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        match self.command {
            Command::Check(check) => check.exec(cache),
            Command::Snapshot(snapshot) => snapshot.exec(cache),
            Command::Diff(diff) => diff.exec(),
            Command::Soak(soak) => soak.exec(cache),
        }
    }
}
