//! What comes of a render.

use std::fmt;
use std::time::Duration;

use crate::console::Line;
use crate::contract::renderer;
use crate::error::Error;
use crate::limits::Limit;
use crate::outgoing::Call;

/// How many causes are kept of a thrown value, as the contract says. The guest is not trusted with it: a chain of boxes
/// is dropped one call deep for each.
const MOST_CAUSES: usize = 8;

/// What came of one render. Console and usage are there whether or not there is a page.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// The page, or why there is none.
    pub page: Result<Page, Failure>,
    /// What the app wrote to its console, in order.
    pub console: Vec<Line>,
    /// What the render used.
    pub usage: Usage,
}

/// A rendered page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// The app gave a string.
    Text(String),
    /// The app gave a `Uint8Array`.
    Bytes(Vec<u8>),
}

impl Page {
    /// The page as it goes over the wire.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The page as it goes over the wire.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl From<renderer::Page> for Page {
    fn from(page: renderer::Page) -> Self {
        match page {
            renderer::Page::Text(text) => Self::Text(text),
            renderer::Page::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

/// Why a render gave no page, and so whose affair it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The app threw, or its promise was rejected.
    #[error("the app threw {0}")]
    Threw(Thrown),
    /// The app gave a promise that nothing can settle any more.
    #[error("the app's promise can never settle: no microtask and no timer is left that could")]
    Unsettled,
    /// The app was called as what it is not: rendered, and it has a `fetch` handler alone, or the other way round.
    #[error("{0}")]
    Missing(String),
    /// The render needed more than its limits allow.
    #[error("the render used more {limit} than its limit allows")]
    Exceeded {
        /// Which limit.
        limit: Limit,
        /// Where the app was, one call a line, innermost first, where it is known: 64 calls and 16 KiB at most. If no code was
        /// running, as the app waited, `async` stands before the names: where the timer was set that is next, and the
        /// async functions that are not done.
        stack: Option<String>,
    },
    /// The guest broke in a way that is no limit's: the JavaScript engine's defect, or a bundle that is not ours.
    #[error("the guest trapped: {0}")]
    Trapped(String),
    /// The host could not do its work.
    #[error(transparent)]
    Host(#[from] Error),
}

impl Failure {
    pub(crate) fn exceeded(limit: Limit) -> Self {
        Self::Exceeded { limit, stack: None }
    }
}

impl From<renderer::Failure> for Failure {
    fn from(failure: renderer::Failure) -> Self {
        match failure {
            renderer::Failure::Threw(thrown) => Self::Threw(thrown.into()),
            renderer::Failure::Unsettled => Self::Unsettled,
            renderer::Failure::StackExhausted(thrown) => {
                Self::Exceeded { limit: Limit::JsStack, stack: Some(thrown.error.stack) }
            }
            renderer::Failure::PageTooLarge => Self::exceeded(Limit::Page),
            renderer::Failure::InvalidProps(why) => Self::Host(Error::InvalidProps(why)),
            renderer::Failure::Missing(why) => Self::Missing(why),
        }
    }
}

/// A JavaScript exception.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thrown {
    /// `error.name`; of a value that is no `Error`, its type.
    pub name: String,
    /// `error.message`; of a value that is no `Error`, the value as text.
    pub message: String,
    /// One call a line, innermost first: `    at function (file:line:column)`.
    pub stack: String,
    /// `error.cause`; of an `AggregateError` the first of its errors, whose cause the next one is.
    pub cause: Option<Box<Thrown>>,
}

/// The headline: `TypeError: x is not a function`.
impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() { f.write_str(&self.name) } else { write!(f, "{}: {}", self.name, self.message) }
    }
}

impl std::error::Error for Thrown {}

impl From<renderer::Thrown> for Thrown {
    fn from(thrown: renderer::Thrown) -> Self {
        let cause = thrown
            .causes
            .into_iter()
            .take(MOST_CAUSES)
            .rev()
            .fold(None, |cause, error| Some(Box::new(Self::new(error, cause))));
        Self::new(thrown.error, cause)
    }
}

impl Thrown {
    fn new(error: renderer::Error, cause: Option<Box<Thrown>>) -> Self {
        let renderer::Error { name, message, stack } = error;
        Self { name, message, stack, cause }
    }
}

/// What a render used, measured whether it went well or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time on the clock, from the fresh store to the dropped one; without the wait for a free slot.
    pub wall: Duration,
    /// Time on a processor.
    pub cpu: Duration,
    /// Units of fuel, if the engine counts it.
    pub fuel: Option<u64>,
    /// The most bytes of linear memory that there were.
    pub peak_memory: u64,
    /// Pages of 4 KiB of linear memory that the render changed: those that held other bytes at its end than at its beginning,
    /// memory by which it grew included, which is zero at first. One that was written, and then written back, is not counted. Of
    /// a bundle that does not share its code the pages of its own data count, which are written for each render.
    ///
    /// Beyond the [`EngineConfig::keep_resident`](crate::EngineConfig::keep_resident) bytes that slots keep, pages are not
    /// compared: there each one counts that was written, or was read for the first time in memory by which the render grew. And
    /// where slots are reset by [`Reset::Copy`](crate::Reset::Copy), pages beyond those are not looked at.
    pub pages: u64,
    /// Bytes of props, or of a request's URL and of its body as far as the app was given it.
    pub request_bytes: u64,
    /// Bytes of page, or of a response's body that were handed on; 0 if there is none.
    pub page_bytes: u64,
    /// Bytes of console text that were kept.
    pub console_bytes: u64,
    /// The calls that the app made with `fetch`, in the order in which they began; 256 at most.
    pub calls: Vec<Call>,
    /// How many more there were.
    pub calls_dropped: u64,
}
