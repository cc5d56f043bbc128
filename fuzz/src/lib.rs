//! What is fuzzed: a module for each decoder of bytes that are not ours, each with a function `run` that takes any bytes and
//! panics where the product does what it must not.
//!
//! | module | what it gives the bytes to |
//! | --- | --- |
//! | [`bundle`] | the loader of bundles, which takes them apart and compiles them |
//! | [`config`] | the configuration: a file, then `--set`, then the environment |
//! | [`admin`] | the admin API, as what a client sends over its connection, with a token put in |
//! | [`request`] | the public listener, in the same way |
//! | [`source_map`] | a source map, and then places and stacks that are looked up in it |
//! | [`heap`] | the reader of QuickJS heaps, as changes to a real one |
//! | [`snapshot`] | the comparison of two heap snapshots |
//! | [`values`] | the host's functions, called by a guest with any arguments, and any answer of it |
//! | [`differential`] | the choices that make a program, which Dayfly and Node are to run alike |
//!
//! The workspace's tests run all of it on the committed corpus, without libFuzzer (`tests/all/fuzzed.rs`).

pub mod admin;
pub mod bundle;
pub mod config;
pub mod differential;
pub mod heap;
pub mod request;
pub mod server;
pub mod snapshot;
pub mod source_map;
pub mod values;

mod shared;
