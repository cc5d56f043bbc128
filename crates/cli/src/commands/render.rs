//! `dayfly render`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use dayfly::{Bundle, Ended, EngineConfig, Exchange, Failure, Line, Usage};
use dayfly_bundler::Places;

use super::build::{self, Built};
use super::limits::LimitArgs;
use super::outgoing::OutgoingArgs;
use super::request::RequestArgs;
use super::runtime;
use crate::cache::CacheArgs;
use crate::exit::Exit;
use crate::report::{
    FailureReport, ResponseReport, place, print_bytes, print_console, print_failure, print_head, print_json,
    print_outcome, print_usage,
};
use crate::{heaps, input, progress};

/// Render one page, or answer one request, in a fresh sandbox
///
/// The page goes to standard output, and so does a response's body, as it comes; console lines with their level, and why
/// there is no page, to standard error.
#[derive(Debug, Args)]
pub(crate) struct Render {
    /// JavaScript, the entry of an app's sources, or a bundle that `dayfly build` has made
    ///
    /// What is an entry, and what bundles it, `dayfly build --help` says.
    #[arg(value_name = "APP.js|ENTRY|APP.wasm")]
    app: PathBuf,

    /// The argument of the app's `render`: a file of JSON, or - for standard input [default: {}]
    #[arg(long, value_name = "FILE|-")]
    props: Option<PathBuf>,

    /// The source map of APP [default: the one that the file has in it, names, or has beside it as APP.js.map]
    ///
    /// With it, errors and console lines say the place in the file that their author wrote.
    #[arg(long, value_name = "FILE.map")]
    source_map: Option<PathBuf>,

    /// Print one JSON object: page or failure, console, usage
    #[arg(long)]
    pub(super) json: bool,

    /// Say what the render used
    #[arg(long, conflicts_with = "json")]
    usage: bool,

    /// If a limit ends the render, keep its heap, as DevTools and memlab read it, without what its strings read
    #[arg(long, value_name = "FILE.heapsnapshot")]
    heap_on_limit: Option<PathBuf>,

    #[command(flatten)]
    request: RequestArgs,

    #[command(flatten)]
    outgoing: OutgoingArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

impl Render {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let props = input::props(self.props.as_deref())?;
        let (app, map) = (input::app(&self.app)?, self.source_map.as_deref());
        let Built { bundle: bytes, places, unprinted, .. } = match build::built(app, &self.app, map, self.json, cache)?
        {
            Ok(built) => built,
            Err(exit) => return Ok(exit),
        };
        let autopsy = self.heap_on_limit.clone().map(heaps::in_file);
        let engine = cache.engine(&EngineConfig { autopsy, ..self.limits.engine_that_counts_fuel() })?;
        let bundle = progress::during("compiling the bundle", || Bundle::load(&engine, &bytes))
            .with_context(|| self.app.display().to_string())?;
        let bundle = match self.outgoing.outgoing()? {
            Some(outgoing) => bundle.with_outgoing(outgoing),
            None => bundle,
        };
        let (runtime, limits) = (runtime()?, self.limits.limits());
        let mut outcome = None;
        if !self.request.is_given() {
            let rendered = runtime.block_on(engine.render(&bundle, &limits, &props));
            // An app that has no render may have a handler.
            let is_missing = matches!(rendered.page, Err(Failure::Missing(_)));
            outcome = Some(rendered).filter(|_| !is_missing || self.props.is_some());
        }
        let (exit, usage) = match outcome {
            Some(mut outcome) => {
                let frame = place(&places, &mut outcome.console, outcome.page.as_mut().err());
                outcome.console.splice(0..0, unprinted);
                print_outcome(&outcome, frame.as_deref(), self.json)?;
                (Exit::from(&outcome), outcome.usage)
            }
            None => {
                let exchange = self.request.send(&engine, &bundle, &limits)?;
                runtime.block_on(self.print_exchange(exchange, &places, unprinted))?
            }
        };
        if self.usage {
            print_usage(&usage);
        }
        Ok(exit)
    }

    /// Prints a response as it comes; in one piece at its end if it is to be JSON.
    async fn print_exchange(
        &self,
        mut exchange: Exchange,
        places: &Places,
        unprinted: Vec<Line>,
    ) -> Result<(Exit, Usage)> {
        let head = exchange.head().await;
        let mut body = Vec::new();
        if let Some(head) = head.as_ref().filter(|_| self.request.include && !self.json) {
            print_head(head)?;
        }
        while let Some(chunk) = exchange.chunk().await {
            if self.json {
                body.extend_from_slice(&chunk);
            } else {
                print_bytes(&chunk, b"")?;
            }
        }
        let Ended { mut result, mut console, usage } = exchange.finish().await;
        let frame = place(places, &mut console, result.as_mut().err());
        console.splice(0..0, unprinted);
        let failure = result.as_ref().err();
        if self.json {
            let failure = failure.map(FailureReport::from);
            print_json(&ResponseReport::new(head.as_ref(), &body, failure, &console, &usage))?;
        } else {
            print_console(&console);
            failure.into_iter().for_each(|failure| print_failure(failure, frame.as_deref()));
        }
        Ok((failure.map_or(Exit::Done, Exit::from), usage))
    }
}
