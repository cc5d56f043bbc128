//! Turns one file of JavaScript into a bundle: a self-contained Wasm component with the app's heap in it.
//!
//! | step | module |
//! | --- | --- |
//! | take the JavaScript and its name | `source` |
//! | evaluate the top level once, in a sandbox | `evaluate` |
//! | snapshot the heap, and make a component of it that has the world `app` of `wit/` | `artifact` |
//!
//! [`Bundler::rehearse`] runs an app again and again in realms of one heap instead, for the leak lab. [`Places`] says where in its author's files a place of a bundle is, by a source map.
//!
//! ```no_run
//! # async fn build() -> Result<(), Box<dyn std::error::Error>> {
//! use dayfly_bundler::{Bundler, Source};
//!
//! let bundler = Bundler::new()?;
//! let source = Source::new("app.js", "globalThis.render = ({ name }) => `hello ${name}`;");
//! let build = bundler.build(&source, &Bundler::limits()).await;
//! std::fs::write("app.wasm", build.artifact?.bundle)?;
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod artifact;
mod contract;
mod evaluate;
mod imports;
mod lazy;
mod places;
mod realms;
mod refusal;
mod source;

pub use artifact::{Artifact, Notice, NoticeKind, source_name};
pub use evaluate::{Build, Bundler, Run};
pub use imports::{importable, importer};
pub use lazy::{LazyImport, lazy_imports};
pub use places::Places;
pub use realms::{HeapSize, Problem, Realms, Rehearsal, Stopped, Visit, Visited};
pub use refusal::{Refusal, code_frame};
pub use source::{Form, Source};
