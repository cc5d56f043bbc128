//! `dayfly render`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use dayfly::{Bundle, Engine, EngineConfig, Limits, Line, Outcome};
use dayfly_bundler::Source;

use super::{build, runtime};
use crate::exit::Exit;
use crate::input::{self, App};
use crate::report::{
    FailureReport, RenderReport, print_bytes, print_console, print_failure, print_json, print_notices, print_refusal,
    print_usage,
};
use crate::{progress, units};

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

/// What the render may use. Sizes and times are written with their unit.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Units of fuel, about one a Wasm instruction: exact, the same on every machine [default: no limit]
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,

    /// Time on a processor [default: 500ms]
    #[arg(long, value_name = "TIME", value_parser = units::time)]
    time: Option<Duration>,

    /// Time on the clock, waiting included [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = units::time)]
    wall: Option<Duration>,

    /// Linear memory, the snapshot of the heap included [default: 128MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    memory: Option<u64>,

    /// Stack of JavaScript calls, at most 768KiB [default: 256KiB]
    #[arg(long, value_name = "SIZE", value_parser = units::js_stack)]
    js_stack: Option<u32>,

    /// Machine stack under the JavaScript engine [default: 8MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::wasm_stack)]
    wasm_stack: Option<u32>,

    /// The page [default: 5MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    page: Option<u64>,

    /// Lines of console [default: 256]
    #[arg(long, value_name = "N")]
    console_lines: Option<u64>,

    /// Text of console [default: 64KiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    console_bytes: Option<u64>,

    /// The props [default: 1MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    request: Option<u64>,
}

/// A bundle that is ready to be loaded.
struct Built {
    bundle: Vec<u8>,
    /// Console lines of the top level that are still to be printed.
    unprinted: Vec<Line>,
}

impl Render {
    pub(crate) fn exec(self) -> Result<Exit> {
        let props = input::props(self.props.as_deref())?;
        let Built { bundle: bytes, unprinted } = match input::app(&self.app)? {
            App::Bundle(bundle) => Built { bundle, unprinted: Vec::new() },
            App::Source(source) => match self.build(&source)? {
                Ok(built) => built,
                Err(exit) => return Ok(exit),
            },
        };
        let engine = Engine::new(&self.limits.engine())?;
        let bundle = progress::during("compiling the bundle", || Bundle::load(&engine, &bytes))
            .with_context(|| self.app.display().to_string())?;
        let mut outcome = runtime()?.block_on(engine.render(&bundle, &self.limits.limits(), &props));
        outcome.console.splice(0..0, unprinted);
        self.report(&outcome)?;
        Ok(outcome.page.as_ref().err().map_or(Exit::Done, Exit::from))
    }

    /// Builds the bundle of a source, or says how to end.
    fn build(&self, source: &Source) -> Result<Result<Built, Exit>> {
        let build = build::evaluate(source)?;
        if !self.json {
            print_console(&build.console);
        }
        match build.artifact {
            Ok(artifact) => {
                print_notices(&artifact.notices, artifact.notices_dropped);
                Ok(Ok(Built { bundle: artifact.bundle, unprinted: if self.json { build.console } else { Vec::new() } }))
            }
            Err(refusal) => {
                if self.json {
                    let failure = FailureReport::refusal(&refusal, source);
                    print_json(&RenderReport::failed(failure, &build.console, &build.usage))?;
                } else {
                    print_refusal(&refusal, source);
                }
                Ok(Err((&refusal).into()))
            }
        }
    }

    fn report(&self, outcome: &Outcome) -> Result<()> {
        if self.json {
            return print_json(&RenderReport::new(&outcome.page, &outcome.console, &outcome.usage));
        }
        print_console(&outcome.console);
        match &outcome.page {
            Ok(page) => print_page(page.as_bytes())?,
            Err(failure) => print_failure(failure),
        }
        if self.usage {
            print_usage(&outcome.usage);
        }
        Ok(())
    }
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            fuel: self.fuel,
            cpu: self.time.unwrap_or(default.cpu),
            wall: self.wall.unwrap_or(default.wall),
            memory: self.memory.unwrap_or(default.memory),
            js_stack: self.js_stack.unwrap_or(default.js_stack),
            page: self.page.unwrap_or(default.page),
            console_lines: self.console_lines.unwrap_or(default.console_lines),
            console_bytes: self.console_bytes.unwrap_or(default.console_bytes),
            request: self.request.unwrap_or(default.request),
        }
    }

    /// Fuel is counted always here: it is what a developer compares two versions of an app by.
    fn engine(&self) -> EngineConfig {
        let default = EngineConfig { fuel: true, concurrency: 1, bundle: u64::MAX, ..EngineConfig::default() };
        EngineConfig { wasm_stack: self.wasm_stack.map_or(default.wasm_stack, |bytes| bytes as usize), ..default }
    }
}

/// The page as it is; on a terminal with a line break after it, so that the prompt begins a line.
fn print_page(page: &[u8]) -> Result<()> {
    let is_open = std::io::stdout().is_terminal() && !page.ends_with(b"\n");
    print_bytes(page, if is_open { b"\n" } else { b"" })
}
