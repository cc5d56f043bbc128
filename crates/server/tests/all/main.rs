//! The server from outside: over its sockets.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

mod cache;
mod compression;
mod conditional;
mod http;
mod requests;
mod support;
mod wire;
