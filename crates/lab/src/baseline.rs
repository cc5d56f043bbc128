//! Leaks that are known and accepted.

use serde::{Deserialize, Serialize};

use crate::check::{Leak, Report};
use crate::verdict::Verdict;

/// What was found once, and is no news.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Baseline {
    /// The leaks.
    pub accepted: Vec<Accepted>,
}

/// A leak that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Accepted {
    /// What holds.
    pub path: String,
    /// Bytes that a run of the app may leave in all: more is news. 0 for one that is bounded.
    pub bytes_per_run: u64,
}

impl Baseline {
    /// All that a report has.
    pub fn of(report: &Report) -> Self {
        let accepted = report.leaks.iter().map(|leak| Accepted {
            path: leak.path.clone(),
            bytes_per_run: if leak.verdict == Verdict::Growing { report.bytes_per_run } else { 0 },
        });
        Self { accepted: accepted.collect() }
    }

    /// Whether a leak of a report is no news.
    pub fn accepts(&self, report: &Report, leak: &Leak) -> bool {
        let known = self.accepted.iter().find(|accepted| accepted.path == leak.path);
        let grows = leak.verdict == Verdict::Growing;
        known.is_some_and(|accepted| !grows || report.bytes_per_run <= accepted.bytes_per_run)
    }

    /// Whether there is a leak of that verdict that is not accepted.
    pub fn leaves(&self, report: &Report, verdict: Verdict) -> bool {
        report.leaks.iter().any(|leak| leak.verdict == verdict && !self.accepts(report, leak))
    }

    /// The verdict on what is not accepted.
    pub fn without_accepted(&self, report: &Report) -> Verdict {
        let news = report.leaks.iter().filter(|leak| !self.accepts(report, leak));
        news.map(|leak| leak.verdict).max().unwrap_or(Verdict::Clean)
    }
}
