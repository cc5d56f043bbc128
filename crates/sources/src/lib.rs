//! Turns an entry file with TypeScript, JSX and npm imports into one file of JavaScript: with the bundler of the entry's
//! own project, Vite, rolldown or esbuild, which Node runs.
//!
//! | step | module |
//! | --- | --- |
//! | find the project that an entry belongs to, and its bundler | `project` |
//! | run the bundler: one file of JavaScript, its source map, and what was read | `bundle` |
//! | what a bundler says, for a reader | `message` |
//! | what a file that nothing has bundled imports once it runs | `lazy` |
//!
//! The bundler is the project's, so that its configuration and plugins hold here as they do for the rest of the project.
//!
//! ```no_run
//! # fn bundle() -> Result<(), dayfly_sources::Error> {
//! use dayfly_sources::{Mode, bundle};
//!
//! let bundled = bundle("src/entry.tsx".as_ref(), Mode::Production)?;
//! println!("{} bytes of JavaScript", bundled.source.text.len());
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod bundle;
mod lazy;
mod message;
mod project;

pub use bundle::{Bundled, Error, Mode, bundle, check};
pub use lazy::Lazy;
pub use message::Message;
pub use project::needs_bundler;
