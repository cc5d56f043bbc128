//! The server from outside: over its sockets.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

mod admin;
mod config;
mod deploy;
mod logs;
mod metrics;
mod receipts;
mod reload;
mod requests;
mod store;
mod support;
mod tls;
mod tools;
mod trace;
