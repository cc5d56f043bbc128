//! The product from outside: JavaScript in, pages and failures out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

mod foreign;
mod workloads;
