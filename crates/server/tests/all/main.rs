//! The server from outside: over its sockets.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

mod admin;
mod alarms;
mod alerts;
mod cache;
mod compression;
mod conditional;
mod config;
mod dashboard;
mod deploy;
mod drain;
mod frames;
mod grafana;
mod http;
#[path = "../../../../tests/all/installed.rs"]
mod installed;
mod logs;
mod metrics;
#[cfg(target_os = "linux")]
mod privilege;
mod receipts;
mod reload;
mod requests;
mod secrets;
mod store;
mod support;
mod tls;
mod tools;
mod trace;
mod wire;
