//! The server from outside: over its sockets.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

mod admin;
mod deploy;
mod requests;
mod store;
mod support;
