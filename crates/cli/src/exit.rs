//! What the process says by its exit code.

use std::process::ExitCode;

use dayfly::{Error, Failure, Outcome, Usage};
use dayfly_bundler::Refusal;

use crate::bench::node::FailsInNode;
use crate::report::{ERROR, FailureReport, RenderReport, print_json, printable};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    /// The app threw, or its promise can never settle.
    Threw = 1,
    /// A mistake in the arguments, or input that cannot be read.
    Usage = 2,
    Limit = 3,
    /// The bundle is not one, or the host failed.
    Failed = 4,
}

/// What `dayfly leak` says: it has codes of its own, as whoever calls it asks for a verdict.
impl Exit {
    /// An app grows.
    pub(crate) const GROWING: Self = Self::Threw;
    /// An app holds something of its last run, which is not accepted.
    pub(crate) const BOUNDED: Self = Self::Limit;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<&Outcome> for Exit {
    fn from(outcome: &Outcome) -> Self {
        outcome.page.as_ref().err().map_or(Self::Done, Self::from)
    }
}

impl From<&Failure> for Exit {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Threw(_) | Failure::Unsettled => Self::Threw,
            Failure::Exceeded { .. } => Self::Limit,
            Failure::Missing(_) | Failure::Host(Error::InvalidProps(_)) => Self::Usage,
            _ => Self::Failed,
        }
    }
}

impl From<&Refusal> for Exit {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Threw(_) | Refusal::Unsettled => Self::Threw,
            Refusal::Syntax { .. } | Refusal::Imports(_) => Self::Usage,
            Refusal::Evaluation(failure) | Refusal::WarmUp(failure) => failure.into(),
            _ => Self::Failed,
        }
    }
}

/// Input that the user can mend: a file that is missing, text that does not parse.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Mistake(pub(crate) String);

/// Prints an error with all that led to it, and says how to end.
pub(crate) fn report(error: &anyhow::Error, json: bool) -> Exit {
    if let Some(error) = error.downcast_ref::<dayfly_sources::Error>() {
        return report_sources(error, json);
    }
    let (kind, exit) = if error.is::<Mistake>() {
        ("input", Exit::Usage)
    } else if error.is::<FailsInNode>() {
        ("node", Exit::Threw)
    } else {
        ("host", Exit::Failed)
    };
    let message = format!("{error:#}");
    let report = RenderReport::failed(FailureReport::new(kind, message.clone()), &[], &Usage::default());
    // Without standard output, standard error has to do.
    if !json || print_json(&report).is_err() {
        anstream::eprintln!("{ERROR}error:{ERROR:#} {}", printable(&message));
    }
    exit
}

/// What a project's bundler says, with the lines that it shows.
fn report_sources(error: &dayfly_sources::Error, json: bool) -> Exit {
    let message = error.report();
    let report = RenderReport::failed(FailureReport::new("bundler", message.clone()), &[], &Usage::default());
    if !json || print_json(&report).is_err() {
        anstream::eprintln!("{}", printable(&message));
    }
    Exit::Usage
}
