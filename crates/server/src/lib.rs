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
//! | which is counted, written, sent and told | `observer`, `metrics`, `events`, `logs`, `otlp`, `activity` |
//!
//! | beside the requests | module |
//! | --- | --- |
//! | what outlives the process | `store`, `kept` |
//! | a new app in place of the one before | `deploy` |
//! | a new configuration in place of the one before | `reload` |
//! | the API for whoever runs it | `admin`, `tokens`, `limits`, `audit` |
//!
//! [`Config`] says what is served, and [`Config::load`] reads it from a file; [`Server::start`] makes ready for it, and
//! [`Server::run`] serves until it is told to end. [`Handle::reload`] changes what is served meanwhile.
#![deny(missing_docs)]

mod activity;
mod admin;
mod admission;
mod audit;
mod config;
mod deploy;
mod events;
mod examples;
mod ids;
mod kept;
mod limits;
mod logs;
mod metrics;
mod observer;
mod otlp;
mod outbox;
mod public;
mod receipt;
mod refusal;
mod reload;
mod respond;
mod routes;
mod server;
mod store;
mod tenant;
mod timing;
mod tls;
mod tokens;
mod trace;

pub use config::{
    App, Config, Events, EventsTo, Http, LogFiles, Logs, NotATenantName, Otlp, Renders, TenantConfig, TenantName, Tls,
};
pub use config::{Loaded, Origin, Override, Place, Problem, Problems};
pub use logs::{LogEvent, LogLine, LogReader, LogStream, LogStreams};
pub use metrics::Metrics;
pub use receipt::{Receipt, Sent};
pub use reload::{Handle, Reloaded};
pub use routes::{NotARoute, Route};
pub use server::{Error, Server};
pub use tokens::{NewToken, NotAScope, Scope};
