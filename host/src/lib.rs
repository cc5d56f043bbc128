//! Renders JavaScript for many tenants in one process: each render in a fresh Wasm store that is made for it from a
//! snapshot of the loaded app, is bounded in fuel, time and memory, and is gone after it.
//!
//! | type | what it is |
//! | --- | --- |
//! | [`Engine`] | one a process, cheap to clone; renders |
//! | [`Bundle`] | one app, compiled and linked once, instantiated for every render |
//! | [`Bundles`] | the apps of many tenants, loaded on demand within a budget of memory |
//! | [`Limits`], [`Limit`] | what one render may use: plain numbers; the name of one of them |
//! | [`Outcome`] | [`Page`] or [`Failure`], the console's [`Line`]s, and [`Usage`]: all three, always |
//! | [`Answer`], [`Exchange`] | what came of a request: the whole response, or one that is read as it comes |
//! | [`Outgoing`], [`Allowed`] | what an app may call, and by which [`Transport`]; by default nothing |
//! | [`Cache`], [`CacheKey`] | compiled code on disk, authenticated before it is used; which code it is |
//!
//! This crate knows no HTTP beyond its types (`dayfly-fetch` makes the calls of apps that may make some), no files but those of a [`Cache`], and no flags, and does not turn JavaScript into
//! bundles: the crate `dayfly-bundler` does that.
//!
//! ```no_run
#![doc = include_str!("../examples/embed.rs")]
//! ```
#![deny(missing_docs)]

mod allowed;
mod autopsy;
mod bundle;
mod bundles;
mod cache;
mod console;
mod contract;
mod cpu;
mod engine;
mod error;
mod exchange;
mod feed;
mod limits;
mod locked;
mod machine;
mod outcome;
mod outgoing;
mod postmortem;
mod precompiled;
mod render;
mod request;
mod reset;
mod response;
pub mod sandbox;
mod shell;
mod slots;
mod split;
mod trace;
mod transport;

pub use allowed::{Allowed, NotAnEntry};
pub use autopsy::Autopsy;
pub use bundle::{Bundle, BundleId, NotABundleId};
pub use bundles::{BundleSource, Bundles, BundlesStats};
pub use cache::{Cache, CacheConfig, CacheError, CacheKey, CacheStats, Rejected};
pub use console::{Level, Line, Site};
pub use engine::{Engine, EngineConfig, EngineStats};
pub use error::Error;
pub use exchange::{Answer, Ended, Exchange};
pub use limits::{Limit, Limits};
pub use outcome::{Failure, Outcome, Page, Thrown, Usage};
pub use outgoing::{Call, Outgoing};
pub use reset::{Reset, ResetInUse};
pub use trace::Trace;
pub use transport::{Body, FetchError, FetchErrorKind, Pending, Transport};
