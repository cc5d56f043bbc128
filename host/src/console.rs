//! The console: the import's implementation, and what it keeps.

use std::fmt;

use crate::contract::console;
use crate::limits::{Exceeded, Limit, Limits};

/// How many bytes of a source's name are kept with a line.
const MOST_FILE_NAME: usize = 1 << 10;

/// The severity of a console line, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `console.debug`.
    Debug,
    /// `console.log` and its kin: `dir`, `table`, `trace`, `group`.
    Log,
    /// `console.info`, `count`, `timeEnd`.
    Info,
    /// `console.warn`.
    Warn,
    /// `console.error`, `assert`, and what nothing caught.
    Error,
}

impl Level {
    /// The level's name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Log => "log",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<console::Level> for Level {
    fn from(level: console::Level) -> Self {
        match level {
            console::Level::Debug => Self::Debug,
            console::Level::Log => Self::Log,
            console::Level::Info => Self::Info,
            console::Level::Warn => Self::Warn,
            console::Level::Error => Self::Error,
        }
    }
}

/// A place in an app's source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The name that the source had when the bundle was built.
    pub file: String,
    /// Counts from 1.
    pub line: u32,
    /// Counts from 1, in bytes of UTF-8.
    pub column: u32,
}

/// As stacks write it: `file:line:column`.
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl From<console::Site> for Site {
    fn from(site: console::Site) -> Self {
        let console::Site { mut file, line, column } = site;
        file.truncate(file.floor_char_boundary(MOST_FILE_NAME));
        file.shrink_to_fit();
        Self { file, line, column }
    }
}

/// One call of the app's console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How severe it is.
    pub level: Level,
    /// The text, formatted in the guest. It is the app's: it may hold line breaks and control characters.
    pub text: String,
    /// How many groups were open.
    pub depth: u32,
    /// Where in the source the call stands.
    pub at: Option<Site>,
}

/// What one render wrote, up to its limits.
#[derive(Debug)]
pub(crate) struct Console {
    lines: Vec<Line>,
    bytes: u64,
    most_lines: u64,
    most_bytes: u64,
}

impl Console {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { lines: Vec::new(), bytes: 0, most_lines: limits.console_lines, most_bytes: limits.console_bytes }
    }

    /// Keeps a line; of one that is too long, what there is room for.
    pub(crate) fn write(&mut self, mut line: Line) -> Result<(), Exceeded> {
        if self.lines.len() as u64 >= self.most_lines {
            return Err(Exceeded(Limit::ConsoleLines));
        }
        let room = usize::try_from(self.most_bytes - self.bytes).unwrap_or(usize::MAX);
        let fits = line.text.len() <= room;
        if !fits {
            line.text.truncate(line.text.floor_char_boundary(room));
            line.text.shrink_to_fit();
        }
        self.bytes += line.text.len() as u64;
        self.lines.push(line);
        if fits { Ok(()) } else { Err(Exceeded(Limit::ConsoleBytes)) }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn into_lines(self) -> Vec<Line> {
        self.lines
    }
}
