//! The leak lab: finds, before release, what an app would leak where its runs share objects.
//!
//! In Dayfly a leak between requests cannot happen. The same code still runs in other servers, which evaluate it again and again
//! in one heap and share `console`, `process` or a framework with it. The lab does just that, inside the sandbox: many realms in
//! one heap of QuickJS, weighed to the byte after each run.
//!
//! | step | module |
//! | --- | --- |
//! | run the app, and weigh the heap after each run | `measure`, and in the heap `js/lab.js` |
//! | note what the runs do to what they share | `js/watch.js` |
//! | read the heap out of the linear memory | `heap` |
//! | find what holds on to runs that are over | `holding`, `dominators` |
//! | judge: growing, bounded or clean | `verdict` |
//! | say what mends it | `fix` |
//! | join the two, and say it | `check` |
//! | judge a server under many requests by what it holds when it rests | `soak` |
//! | write the heap in V8's format, and compare two such files | `snapshot`, `diff` |
//!
//! ```no_run
//! # async fn lab() -> Result<(), Box<dyn std::error::Error>> {
//! use dayfly_bundler::{Bundler, Places, Source, Visit};
//! use dayfly_lab::{Scenario, check};
//!
//! let app = Source::new("app.js", "globalThis.render = () => 'hello'");
//! let places = Places::of(&app);
//! let report = check(&Bundler::new()?, &Scenario::new(app, Visit::Render("null".into())), &places).await?;
//! println!("{}: {} bytes a run", report.verdict.as_str(), report.bytes_per_run);
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod baseline;
mod check;
mod diff;
mod dominators;
mod fix;
mod heap;
mod holding;
mod measure;
mod snapshot;
mod soak;
mod verdict;

pub use baseline::{Accepted, Baseline};
pub use check::{Leak, Pending, Report, Suspicion, check};
pub use diff::{Change, Difference, NotASnapshot, diff};
pub use heap::{Damage, Heap};
pub use measure::{Access, AccessKind, CannotCheck, Scenario, limits};
pub use snapshot::{CannotSnapshot, SnapshotOptions, snapshots, write_snapshot};
pub use soak::{Doubt, REST, Round, Soak, SoakVerdict, cgroup, resident};
pub use verdict::Verdict;
