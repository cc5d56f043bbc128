//! `dayfly completions`.

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::exit::Exit;

/// Print a completion script for a shell
///
/// As in: dayfly completions bash > /etc/bash_completion.d/dayfly
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell to complete for
    shell: Shell,
}

impl Completions {
    pub(crate) fn exec(self) -> Result<Exit> {
        clap_complete::generate(self.shell, &mut crate::Cli::command(), "dayfly", &mut std::io::stdout());
        Ok(Exit::Done)
    }
}
