//! What the author is told.

use std::time::Duration;

use dayfly::Line;
use dayfly_bundler::Notice;
use dayfly_sources::Message;
use http::Method;

use crate::problem::Problem;

/// One thing that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// There is a new build, and it is served from now on.
    Built {
        /// What the build took.
        took: Duration,
        /// What the project's bundler warns of.
        warnings: Vec<Message>,
        /// What top-level code did that a snapshot cannot keep, and how many more of these there were.
        notices: (Vec<Notice>, u32),
        /// What the top level wrote to the console.
        console: Vec<Line>,
    },
    /// There is no new build. What was served before still is.
    Broken {
        /// Why.
        problem: Problem,
        /// What the top level wrote to the console.
        console: Vec<Line>,
    },
    /// A request was answered, as far as it could be.
    Answered {
        /// The request's method.
        method: Method,
        /// The request's path, with its query.
        path: String,
        /// The response's status.
        status: u16,
        /// From the request to the end of the handler, with all that it asked `ctx.waitUntil` for.
        took: Duration,
        /// What the app wrote to the console.
        console: Vec<Line>,
        /// What went wrong.
        problem: Option<Problem>,
    },
    /// Changes of some files will not be seen.
    Unwatched {
        /// Why.
        why: String,
    },
}
