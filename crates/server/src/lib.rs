//! Serves the apps of many tenants over HTTP, each request in a fresh sandbox.
//!
//! | step of a request | module |
//! | --- | --- |
//! | comes in on a connection | `public` |
//! | is some tenant's: by host, path or header | `routes`, `tenant` |
//! | waits for its turn, fairly | `admission` |
//! | is answered by the tenant's app | `respond` |
//! | or gets a response of ours that says what is wrong | `refusal` |
//! | leaves a receipt | `receipt`, `events` |
//!
//! | beside the requests | module |
//! | --- | --- |
//! | what outlives the process | `store`, `kept` |
//! | a new app in place of the one before | `deploy` |
//! | the API for whoever runs it | `admin`, `tokens`, `limits`, `audit` |
//!
//! [`Config`] says what is served; [`Server::start`] makes ready for it, and [`Server::run`] serves until it is told to end.
#![deny(missing_docs)]

mod admin;
mod admission;
mod audit;
mod body;
mod config;
mod deploy;
mod events;
mod examples;
mod ids;
mod kept;
mod limits;
mod public;
mod receipt;
mod refusal;
mod respond;
mod routes;
mod server;
mod store;
mod tenant;
mod tokens;

pub use config::{App, Config, Http, NotATenantName, Renders, TenantConfig, TenantName};
pub use receipt::{Receipt, Sent};
pub use routes::{NotARoute, Route};
pub use server::{Error, Server};
pub use tokens::{NewToken, NotAScope, Scope};
