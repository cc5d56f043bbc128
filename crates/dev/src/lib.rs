//! Serves an app on this machine while its author writes it.
//!
//! | step | module |
//! | --- | --- |
//! | build the app from its entry, and say what is wrong with it | `build`, `problem` |
//! | build it anew when a file changes that it was built from | `watch` |
//! | take a request, of this machine only | `server` |
//! | answer it in a fresh sandbox, with a script in each page | `respond`, `body` |
//! | tell the pages that are open of a new build, or of what is wrong | `live`, `overlay` |
//!
//! | route | |
//! | --- | --- |
//! | `/__dayfly/events` | server-sent events: which build is served, and what is wrong with the newest |
//! | `/__dayfly/client.js` | the script in each page: reloads it, shows what is wrong |
//! | any other | the app's |
//!
//! What is to be said to the author is an [`Event`]; this crate prints nothing.
#![deny(missing_docs)]

mod body;
mod build;
mod event;
mod live;
mod overlay;
mod problem;
mod respond;
mod server;
mod watch;

pub use build::Dev;
pub use event::Event;
pub use problem::Problem;
pub use server::{Error, listen, serve};
