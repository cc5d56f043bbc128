//! `dayfly render`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use dayfly::Bundle;

use super::build::{self, Built};
use super::limits::LimitArgs;
use super::runtime;
use crate::cache::CacheArgs;
use crate::exit::Exit;
use crate::report::{print_outcome, print_usage};
use crate::{input, progress};

/// Render one page in a fresh sandbox
///
/// The page goes to standard output; console lines with their level, and why there is no page, to standard error.
#[derive(Debug, Args)]
pub(crate) struct Render {
    /// JavaScript, or a bundle that `dayfly build` has made
    #[arg(value_name = "APP.js|APP.wasm")]
    app: PathBuf,

    /// The argument of the app's `render`: a file of JSON, or - for standard input [default: {}]
    #[arg(long, value_name = "FILE|-")]
    props: Option<PathBuf>,

    /// Print one JSON object: page or failure, console, usage
    #[arg(long)]
    pub(super) json: bool,

    /// Say what the render used
    #[arg(long, conflicts_with = "json")]
    usage: bool,

    #[command(flatten)]
    limits: LimitArgs,
}

impl Render {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let props = input::props(self.props.as_deref())?;
        let Built { bundle: bytes, unprinted, .. } = match build::built(input::app(&self.app)?, self.json, cache)? {
            Ok(built) => built,
            Err(exit) => return Ok(exit),
        };
        let engine = cache.engine(&self.limits.engine_that_counts_fuel())?;
        let bundle = progress::during("compiling the bundle", || Bundle::load(&engine, &bytes))
            .with_context(|| self.app.display().to_string())?;
        let mut outcome = runtime()?.block_on(engine.render(&bundle, &self.limits.limits(), &props));
        outcome.console.splice(0..0, unprinted);
        print_outcome(&outcome, self.json)?;
        if self.usage {
            print_usage(&outcome.usage);
        }
        Ok((&outcome).into())
    }
}
