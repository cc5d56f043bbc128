//! The binary `dayfly`: bundles and renders from the command line.

mod bench;
mod cache;
mod client;
mod commands;
mod exit;
mod heaps;
mod input;
mod leak_report;
mod mistakes;
mod printer;
mod progress;
mod report;
mod units;

use std::process::ExitCode;

use clap::Parser;

use crate::cache::CacheArgs;
use crate::commands::Command;

/// A request makes some hundred small allocations, which cost half as much with it as with the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Renders other people's JavaScript, each render in a fresh Wasm sandbox.
///
/// Exit codes: 0 done, 1 the app threw or its promise can never settle, 2 a mistake in the arguments or input that
/// cannot be read, 3 a limit, 4 the bundle is not one or the host failed.
#[derive(Debug, Parser)]
#[command(name = "dayfly", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    cache: CacheArgs,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.prints_json();
    let exit = cli.command.exec(&cli.cache).unwrap_or_else(|error| exit::report(&error, json));
    exit.into()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_fit_together() {
        super::Cli::command().debug_assert();
    }
}
