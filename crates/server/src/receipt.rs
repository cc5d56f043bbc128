//! What each request leaves behind: one event.

use std::time::Duration;

use dayfly::{BundleId, Usage};

use crate::config::TenantName;

/// What came of one request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Receipt {
    /// The request's own number, 16 digits of hexadecimal: the response's `x-request-id`.
    pub id: String,
    /// Whose request it was; `None` if nobody's.
    pub tenant: Option<TenantName>,
    /// The bundle that was to answer.
    pub bundle: Option<BundleId>,
    /// `ok`, or the code of what went wrong.
    pub outcome: &'static str,
    /// The response's status.
    pub status: u16,
    /// The request's method.
    pub method: String,
    /// The request's path, without its query.
    pub path: String,
    /// How long it waited for its turn.
    pub queued: Duration,
    /// From its head's coming to the end of all that it made the app do.
    pub took: Duration,
    /// What the render used.
    pub usage: Usage,
    /// Lines that the app wrote to its console.
    pub console_lines: u64,
    /// What failed, for the app's author: never for who asked.
    pub failure: Option<String>,
    /// `hit` or `stale` for a response that the cache had; none for one that the app made.
    pub cache: Option<&'static str>,
}

/// Takes receipts. It is called where requests are answered, so it does not block.
pub trait Sent: Send + Sync {
    /// Takes one, with what the app wrote to its console.
    fn receipt(&self, receipt: &Receipt, console: &[dayfly::Line]);
}

impl<F: Fn(&Receipt, &[dayfly::Line]) + Send + Sync> Sent for F {
    fn receipt(&self, receipt: &Receipt, console: &[dayfly::Line]) {
        self(receipt, console);
    }
}
