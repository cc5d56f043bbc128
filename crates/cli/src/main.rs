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
use clap::error::{ContextKind, ContextValue, ErrorKind};

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
    let cli = Cli::try_parse().unwrap_or_else(|error| with_tip(error).exit());
    let json = cli.command.prints_json();
    let exit = cli.command.exec(&cli.cache).unwrap_or_else(|error| exit::report(&error, json));
    exit.into()
}

/// Says what may have become of an argument that is missing: a flag of many values, `--props <FILE>...`, takes what follows it.
fn with_tip(mut error: clap::Error) -> clap::Error {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let words: Vec<&str> = usage.split_whitespace().collect();
    let takes_all = words.windows(2).any(|pair| pair[0].starts_with("--") && pair[1].ends_with("..."));
    if error.kind() == ErrorKind::MissingRequiredArgument && takes_all {
        let tip = "a flag of many values takes all that follows it: name the app before it, or after --";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_arguments_fit_together() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn a_flag_that_took_the_app_is_named_and_no_other_mistake_is_taken_for_that() {
        for (arguments, has_tip) in [
            (&["leak", "check", "--props", "a.json", "app.js"][..], true),
            (&["leak", "check"], false),
            (&["run"], false),
            (&["render", "--props", "a.json"], false),
        ] {
            let error = super::Cli::try_parse_from([&["dayfly"], arguments].concat()).expect_err("no app");
            let said = super::with_tip(error).to_string();
            assert_eq!(said.contains("takes all that follows it"), has_tip, "{said}");
        }
    }
}
