//! Serves the apps of many tenants over HTTP, each request in a fresh sandbox.
//!
//! | step of a request | module |
//! | --- | --- |
//! | comes in on a connection | `public` |
//! | is some tenant's: by host, path or header | `routes`, `tenant` |
//! | waits for its turn, fairly | `admission` |
//! | is answered by the tenant's app | `respond` |
//! | or gets a response of ours that says what is wrong | `refusal` |
//! | leaves a receipt | `receipt` |
//!
//! [`Config`] says what is served; [`Server::start`] makes ready for it, and [`Server::run`] serves until it is told to end.
#![deny(missing_docs)]

mod admission;
mod body;
mod cache;
mod compress;
mod conditional;
mod config;
mod connection;
mod drain;
mod examples;
mod ids;
pub mod log;
mod pace;
pub mod privilege;
mod public;
mod receipt;
mod refusal;
mod respond;
mod routes;
mod server;
mod store;
pub mod supervisor;
mod tenant;

pub use config::{App, Config, Http, NotATenantName, Renders, TenantConfig, TenantName};
pub use drain::Drained;
pub use receipt::{Receipt, Sent};
pub use routes::{NotARoute, Route};
pub use server::{Error, Server};
