//! The product from outside: JavaScript in, pages and failures out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests print what they measured and what they left out")]

mod support;

mod attacks;
mod bundling;
mod cli;
mod contract;
mod crypto;
mod dashboard;
mod engine_lock;
mod faults;
mod fetch;
mod foreign;
#[path = "../../crates/server/tests/all/frames.rs"]
mod frames;
mod fuzzed;
mod hostile;
mod installed;
mod intl;
mod limits;
mod matrix;
mod node;
mod outgoing;
mod paths;
mod running;
mod serve;
mod shown;
mod split;
mod story;
mod supply;
mod types;
mod victim;
mod web;
mod workloads;

/// Counts what is allocated, for the tests that hold the host to its bounds.
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;
