//! What one render may use, and what enforces it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::ResourceLimiter;

use crate::cpu::CpuTime;
use crate::sandbox::{MOST_MEMORIES, MOST_PARTS};

/// What one render may use. Plain numbers; each one is kept whatever the others are.
///
/// ```
/// let limits = dayfly::Limits { memory: 32 << 20, ..dayfly::Limits::default() };
/// assert_eq!(limits.console_lines, 256);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Units of fuel, about one for each Wasm instruction; the same on every machine. Looked at where a function or a
    /// turn of a loop begins, so the last straight run of a render may go some units beyond. `None`, the default,
    /// sets no bound. Needs an engine with [`EngineConfig::fuel`](crate::EngineConfig::fuel).
    pub fuel: Option<u64>,
    /// Time on a processor. Default 500 ms. Looked at once a tick ([`EngineConfig::tick`](crate::EngineConfig::tick)),
    /// so a render may overrun it by about that much.
    pub cpu: Duration,
    /// Time on the clock, waiting included. Default 10 s.
    pub wall: Duration,
    /// Bytes of linear memory, all memories of the bundle together, the snapshot of its heap included. Default 128 MiB;
    /// Wasm has no more than 4 GiB. A refusal ends the render: the app cannot catch it.
    pub memory: u64,
    /// Bytes of stack that JavaScript calls may use. Default 256 KiB; the guest has room for at most 768 KiB. The app
    /// gets a `RangeError`, which it may catch.
    pub js_stack: u32,
    /// Bytes of page, or of a response's body. Default 5 MiB.
    pub page: u64,
    /// Lines that the app may write to its console. Default 256; the one after ends the render.
    pub console_lines: u64,
    /// Bytes of text that the app may write to its console. Default 64 KiB; the byte after ends the render.
    pub console_bytes: u64,
    /// Bytes of props, or of a request's URL and body together. Default 1 MiB. A body is counted as the app reads it; one that
    /// says beforehand that it is larger ends the render before it begins.
    pub request: u64,
    /// Bytes of headers, of a request's and of a response's each, names and values with 4 more for each header, as they
    /// are written. Default 32 KiB. The same of each request that the app makes, and of its response.
    pub headers: u64,
    /// Calls that the app may make with `fetch`, those that were refused and redirects that were followed included. Default
    /// 32. What a call may not have, of these four, the app learns: its promise is rejected, and the render goes on.
    pub fetches: u64,
    /// Time on the clock of one call, from its start to the end of its response's body. Default 5 s. [`Limits::wall`] bounds
    /// them all.
    pub fetch_time: Duration,
    /// Bytes of the requests that the app makes, all together: URLs, headers and bodies. Default 1 MiB.
    pub fetch_request: u64,
    /// Bytes of the responses that it gets, all together: bodies, as far as the app reads them, and as they
    /// are once their content coding (gzip, deflate) was taken off. Default 8 MiB.
    pub fetch_response: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: None,
            cpu: Duration::from_millis(500),
            wall: Duration::from_secs(10),
            memory: 128 << 20,
            js_stack: 256 << 10,
            page: 5 << 20,
            console_lines: 256,
            console_bytes: 64 << 10,
            request: 1 << 20,
            headers: 32 << 10,
            fetches: 32,
            fetch_time: Duration::from_secs(5),
            fetch_request: 1 << 20,
            fetch_response: 8 << 20,
        }
    }
}

/// The name of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::fuel`].
    Fuel,
    /// [`Limits::cpu`].
    Cpu,
    /// [`Limits::wall`].
    Wall,
    /// [`Limits::memory`]; tables, which hold references, are counted in.
    Memory,
    /// [`Limits::js_stack`].
    JsStack,
    /// [`EngineConfig::wasm_stack`](crate::EngineConfig::wasm_stack): the machine stack under the JavaScript engine.
    WasmStack,
    /// [`Limits::page`].
    Page,
    /// [`Limits::console_lines`].
    ConsoleLines,
    /// [`Limits::console_bytes`].
    ConsoleBytes,
    /// [`Limits::request`].
    Request,
    /// [`Limits::headers`], of the request.
    Headers,
    /// [`Limits::headers`], of the app's response.
    ResponseHeaders,
}

impl Limit {
    /// A stable name for machines: `cpu`, `js-stack`, ….
    pub fn code(self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::Cpu => "cpu",
            Self::Wall => "wall",
            Self::Memory => "memory",
            Self::JsStack => "js-stack",
            Self::WasmStack => "wasm-stack",
            Self::Page => "page",
            Self::ConsoleLines => "console-lines",
            Self::ConsoleBytes => "console-bytes",
            Self::Request => "request",
            Self::Headers => "headers",
            Self::ResponseHeaders => "response-headers",
        }
    }
}

/// For people: `CPU time`, `JavaScript stack`, ….
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fuel => "fuel",
            Self::Cpu => "CPU time",
            Self::Wall => "wall time",
            Self::Memory => "memory",
            Self::JsStack => "JavaScript stack",
            Self::WasmStack => "Wasm stack",
            Self::Page => "page size",
            Self::ConsoleLines => "console lines",
            Self::ConsoleBytes => "console bytes",
            Self::Request => "request size",
            Self::Headers => "header bytes",
            Self::ResponseHeaders => "header bytes of the response",
        })
    }
}

/// Ends a render from inside the store, and says which limit it was.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the render used more {0} than its limit allows")]
pub(crate) struct Exceeded(pub(crate) Limit);

/// What Wasm's JavaScript API allows a table: <https://webassembly.github.io/spec/js-api/#limits>. A table is allocated
/// at once, so a limit of more memory than the machine has does not bound it.
const MOST_TABLE_ENTRIES: u64 = 10_000_000;

/// Enforces the limits that are enforced while the guest runs, and notes what was used.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) cpu: Arc<CpuTime>,
    cpu_limit: Duration,
    memory_limit: u64,
    /// Bytes of linear memory now, all memories together. Memory never shrinks, so it is the peak too.
    memory: u64,
    /// Entries of tables now, all tables together.
    table_entries: u64,
    /// How many instances of modules the guest has at most.
    pub(crate) most_instances: u32,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            cpu: Arc::default(),
            cpu_limit: limits.cpu,
            memory_limit: limits.memory,
            memory: 0,
            table_entries: 0,
            most_instances: MOST_PARTS,
        }
    }

    /// What the epoch's tick asks.
    pub(crate) fn check_cpu(&self) -> Result<(), Exceeded> {
        if self.cpu.used() > self.cpu_limit { Err(Exceeded(Limit::Cpu)) } else { Ok(()) }
    }

    pub(crate) fn peak_memory(&self) -> u64 {
        self.memory
    }

    /// A reference is a machine word.
    fn table_bytes(&self) -> u64 {
        self.table_entries * 8
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let memory = self.memory + (desired - current) as u64;
        if memory + self.table_bytes() > self.memory_limit {
            return Err(Exceeded(Limit::Memory).into());
        }
        self.memory = memory;
        Ok(true)
    }

    /// The pool, or the machine, has no more: to the app that is the same limit, and it must not go on without.
    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Exceeded(Limit::Memory).into())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.table_entries += (desired - current) as u64;
        if self.memory + self.table_bytes() > self.memory_limit || self.table_entries > MOST_TABLE_ENTRIES {
            return Err(Exceeded(Limit::Memory).into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.most_instances as usize
    }

    fn tables(&self) -> usize {
        MOST_PARTS as usize
    }

    fn memories(&self) -> usize {
        MOST_MEMORIES as usize
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Exceeded(Limit::Memory).into())
    }
}
