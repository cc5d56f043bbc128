//! `dayfly render`.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use dayfly::{Bundle, Engine, EngineConfig, Limits, Outcome};

use super::{build, print_json, runtime};
use crate::exit::Exit;
use crate::input::{self, App};
use crate::report::{RenderReport, print_console, print_failure, print_usage};
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
    json: bool,

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
    #[arg(long, value_name = "SIZE", value_parser = units::small_size)]
    js_stack: Option<u32>,

    /// Machine stack under the JavaScript engine [default: 8MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::small_size)]
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

impl Render {
    pub(crate) fn exec(self) -> Result<Exit> {
        let props = input::props(self.props.as_deref())?;
        let bytes = match input::app(&self.app)? {
            App::Bundle(bytes) => bytes,
            App::Source(source) => match build::for_use(&source)? {
                Ok(bytes) => bytes,
                Err(exit) => return Ok(exit),
            },
        };
        let engine = Engine::new(&self.limits.engine())?;
        let bundle = progress::during("compiling the bundle", || Bundle::load(&engine, &bytes))
            .with_context(|| self.app.display().to_string())?;
        let outcome = runtime()?.block_on(engine.render(&bundle, &self.limits.limits(), &props));
        self.report(&outcome)?;
        Ok(outcome.page.as_ref().err().map_or(Exit::Done, Exit::from))
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
    let mut out = std::io::stdout().lock();
    let end: &[u8] = if out.is_terminal() && !page.ends_with(b"\n") { b"\n" } else { b"" };
    match out.write_all(page).and_then(|()| out.write_all(end)).and_then(|()| out.flush()) {
        // Whoever reads has had enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
