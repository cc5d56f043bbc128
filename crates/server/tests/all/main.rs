//! The server from outside: over its sockets.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

mod config;
mod reload;
mod requests;
mod support;
mod tls;
mod logs;
mod metrics;
mod receipts;
mod requests;
mod support;
mod tools;
mod trace;
