//! Serves the apps of many tenants over HTTP, each request in a fresh sandbox.
//!
//! | step of a request | module |
//! | --- | --- |
//! | comes in on a connection | `public`, `connection`, `pace` |
//! | is some tenant's: by host, path or header | `routes`, `tenant` |
//! | is answered with a stored page, or | `cache` |
//! | waits for its turn, fairly | `admission` |
//! | is answered by the tenant's app | `respond` |
//! | below the others, if that takes long | `background` |
//! | or gets a response of ours that says what is wrong | `refusal` |
//! | goes out compressed, or as a 304 | `compress`, `conditional` |
//! | leaves a receipt | `receipt` |
//! | which is counted, written, sent and told | `observer`, `metrics`, `events`, `logs`, `otlp`, `activity` |
//!
//! | beside the requests | module |
//! | --- | --- |
//! | what outlives the process | `store`, `kept` |
//! | a new app in place of the one before | `deploy` |
//! | a new configuration in place of the one before | `reload` |
//! | the API for whoever runs it | `admin`, `tokens`, `limits`, `audit` |
//! | what was, and when somebody is to be told | `watch`, `samples`, `history`, `alarms`, `webhooks` |
//!
//! [`Config`] says what is served, and [`Config::load`] reads it from a file; [`Server::start`] makes ready for it, and
//! [`Server::run`] serves until it is told to end. [`Handle::reload`] changes what is served meanwhile.
#![deny(missing_docs)]

mod activity;
mod admin;
mod admission;
mod alarms;
mod audit;
mod background;
mod cache;
mod compress;
mod conditional;
mod config;
mod connection;
mod deploy;
mod drain;
mod events;
mod examples;
mod exchange;
pub mod front;
mod history;
mod ids;
mod kept;
mod leaks;
mod limits;
mod linger;
pub mod log;
mod logs;
mod metrics;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod model;
pub mod needs;
mod observer;
mod otlp;
mod outbox;
mod pace;
pub mod privilege;
mod public;
mod receipt;
mod refusal;
mod reload;
mod respond;
mod routes;
mod samples;
mod server;
mod shortage;
mod socket;
mod store;
pub mod supervisor;
mod tasks;
mod tenant;
mod timing;
mod tls;
mod tokens;
mod trace;
mod watch;
mod webhooks;

pub use alarms::prometheus::unknown_metrics;
pub use config::{
    Alarms, App, Behind, Config, Events, EventsTo, GroupName, History, Http, LogFiles, Logs, NotAGroupName,
    NotATenantName, Otlp, Renders, TenantConfig, TenantName, Tls, Webhook, WebhookFormat,
};
pub use config::{Loaded, Origin, Override, Place, Problem, Problems};
pub use drain::Drained;
pub use logs::{LogEvent, LogLine, LogReader, LogStream, LogStreams};
pub use metrics::Metrics;
pub use receipt::{Receipt, Sent};
pub use reload::{Handle, Reloaded};
pub use routes::{NotARoute, Route};
pub use server::{Error, Server};
pub use tokens::{NewToken, NotAScope, Scope};
