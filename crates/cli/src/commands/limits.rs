//! The flags that bound a render.

use std::time::Duration;

use clap::Args;
use dayfly::{EngineConfig, Limits};

use crate::units;

/// What the render may use. Sizes and times are written with their unit.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
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

    /// The page, or a response's body [default: 5MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    page: Option<u64>,

    /// Lines of console [default: 256]
    #[arg(long, value_name = "N")]
    console_lines: Option<u64>,

    /// Text of console [default: 64KiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    console_bytes: Option<u64>,

    /// The props, or a request's URL and body [default: 1MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    request: Option<u64>,

    /// Headers, of a request's and of a response's each [default: 32KiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    header_bytes: Option<u64>,

    /// Calls that the app makes with `fetch` [default: 32]
    #[arg(long, value_name = "N")]
    fetches: Option<u64>,

    /// Time on the clock of one such call [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = units::time)]
    fetch_time: Option<Duration>,

    /// What all such calls send: URLs, headers and bodies [default: 1MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    fetch_request: Option<u64>,

    /// The bodies of what they get, all together, decompressed [default: 8MiB]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    fetch_response: Option<u64>,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        self.limits_or(Limits::default())
    }

    /// The limits, and of those that are not given the default's.
    pub(super) fn limits_or(&self, default: Limits) -> Limits {
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
            headers: self.header_bytes.unwrap_or(default.headers),
            fetches: self.fetches.unwrap_or(default.fetches),
            fetch_time: self.fetch_time.unwrap_or(default.fetch_time),
            fetch_request: self.fetch_request.unwrap_or(default.fetch_request),
            fetch_response: self.fetch_response.unwrap_or(default.fetch_response),
        }
    }

    /// An engine whose renders have them. The user's own bundle may have any size.
    pub(super) fn engine(&self) -> EngineConfig {
        let default = EngineConfig { bundle: u64::MAX, ..EngineConfig::default() };
        EngineConfig { wasm_stack: self.wasm_stack.map_or(default.wasm_stack, |bytes| bytes as usize), ..default }
    }

    /// The same, and fuel is counted in it where it is bounded.
    pub(super) fn engine_of_given(&self) -> EngineConfig {
        EngineConfig { fuel: self.fuel.is_some(), ..self.engine() }
    }

    /// The same, and fuel is counted in it: it is what a developer compares two versions of an app by.
    pub(super) fn engine_that_counts_fuel(&self) -> EngineConfig {
        EngineConfig { fuel: true, concurrency: 1, ..self.engine() }
    }
}
