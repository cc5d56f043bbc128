//! Leaks that are known and accepted.

use serde::{Deserialize, Serialize};

use crate::check::Report;
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
    /// Bytes that a run leaves there at most: more is news. 0 for one that is bounded.
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

    /// The verdict on what is not accepted.
    pub fn without_accepted(&self, report: &Report) -> Verdict {
        let is_news = |path: &str, grows: bool| {
            let known = self.accepted.iter().find(|accepted| accepted.path == path);
            known.is_none_or(|accepted| grows && report.bytes_per_run > accepted.bytes_per_run)
        };
        let news = report.leaks.iter().filter(|leak| is_news(&leak.path, leak.verdict == Verdict::Growing));
        news.map(|leak| leak.verdict).max().unwrap_or(Verdict::Clean)
    }
}
