//! `dayfly completions`.

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::exit::Exit;
use crate::report::print_bytes;

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
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut crate::Cli::command(), "dayfly", &mut script);
        print_bytes(&script, b"")?;
        Ok(Exit::Done)
    }
}
