//! What is kept of the past, and when somebody is to be told.

use std::path::PathBuf;
use std::time::Duration;

/// What is kept of the past: a sample of the server and of each tenant at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// How often a sample is taken; 60,480 of the server are kept. Default 10 s, which makes a week.
    pub interval: Duration,
    /// How many tenants have a history of their own, each of 130 KB on the disk: those that had requests last. Default 1,000.
    pub tenants: usize,
}

impl Default for History {
    fn default() -> Self {
        Self { interval: Duration::from_secs(10), tenants: 1000 }
    }
}

/// When somebody is to be told, and who. The same thresholds are in the rules for Prometheus.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarms {
    /// The share of its limit above which memory is high. Default 0.8.
    pub memory_high: f64,
    /// The share above which it is critical. Default 0.95.
    pub memory_critical: f64,
    /// The share of requests that may fail: the budget of errors. Default 0.01.
    pub errors: f64,
    /// A request that takes longer is slow: one of the bounds of the metrics' histogram. Default 1 s.
    pub slow: Duration,
    /// The share of requests that may be slow: the budget of latency. Default 0.01.
    pub slow_share: f64,
    /// What all windows of time are multiplied by. Below 1 alarms come sooner, for trying them out. Default 1.
    pub scale: f64,
    /// The URL of the admin API as those see it who are told. Default the one at which it listens.
    pub url: Option<String>,
    /// Who is told.
    pub webhooks: Vec<Webhook>,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            memory_high: 0.8,
            memory_critical: 0.95,
            errors: 0.01,
            slow: Duration::from_secs(1),
            slow_share: 0.01,
            scale: 1.0,
            url: None,
            webhooks: Vec::new(),
        }
    }
}

/// Somebody who is told by a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// What it is called in the log, in the folder of state and in what is sent.
    pub name: String,
    /// Where to.
    pub url: String,
    /// What is sent.
    pub format: WebhookFormat,
    /// A file with the secret that what is sent is signed with. Default none: it is not signed.
    pub secret: Option<PathBuf>,
    /// Time for an answer. Default 10 s.
    pub timeout: Duration,
}

impl Webhook {
    /// With the defaults.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        let timeout = Duration::from_secs(10);
        Self { name: name.into(), url: url.into(), format: WebhookFormat::Webhook, secret: None, timeout }
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookFormat {
    /// What Alertmanager sends to its webhooks.
    Webhook,
    /// What Alertmanager takes from Prometheus, at its `/api/v2/alerts`.
    Alertmanager,
}
