//! The host library through its public names, with guests written by hand: what is in `tests/guests`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod app;
mod bundles;
mod bundles_of_many;
mod cache;
mod console;
mod engine;
mod exchange;
mod failures;
mod freshness;
mod guest;
mod isolation;
mod memory;
mod outgoing;
mod page;
mod postmortem;
mod sharing;
mod split;
mod time;
