//! What is seen of a request: every receipt goes through here, to all who want it. Nothing here waits for anybody.

use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dayfly::{Line, Trace};
use http::HeaderMap;

use crate::activity::Activity;
use crate::config::{Config, EventsTo, TenantName};
use crate::events::EventWriter;
use crate::ids::Ids;
use crate::logs::LogStreams;
use crate::metrics::{CountedTenants, Histogram, Machine, Series, WAITS, nanoseconds};
use crate::otlp::Exporter;
use crate::receipt::{Receipt, Sent};
use crate::tenant::Tenant;
use crate::trace::{self, SAMPLED};

/// Sees all requests.
pub(crate) struct Observer {
    pub(crate) events: Option<EventWriter>,
    pub(crate) exporter: Option<Exporter>,
    pub(crate) logs: LogStreams,
    pub(crate) tenants: CountedTenants,
    /// Of requests that were nobody's.
    pub(crate) nobody: Series,
    /// Nanoseconds that requests waited for their turn.
    pub(crate) waits: Histogram<7>,
    pub(crate) reloads: Reloads,
    pub(crate) machine: Machine,
    /// For the admin API, where there is one.
    pub(crate) activity: Option<Activity>,
    /// A request that takes longer is slow.
    slow: Duration,
    sent: Arc<dyn Sent>,
}

/// Why nothing can be observed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObserverError {
    #[error("events cannot be written to {to}: {cause}")]
    Events { to: String, cause: io::Error },
    #[error("the tenants' logs cannot be written to {to}: {cause}")]
    Logs { to: String, cause: io::Error },
    #[error("spans cannot be sent: {0}")]
    Otlp(String),
}

/// A request's place in a distributed trace.
pub(crate) struct Span {
    pub(crate) trace: Trace,
    pub(crate) parent: Option<NonZeroU64>,
    /// Whether the app and those whom it calls are told. Not of a trace that nobody has begun: they might begin one themselves, and
    /// would not where they are told of one that is not recorded.
    pub(crate) is_handed_on: bool,
}

impl Observer {
    /// To be called in a runtime.
    pub(crate) fn start(config: &Config, sent: Arc<dyn Sent>) -> Result<Self, ObserverError> {
        let events = EventWriter::start(&config.events).map_err(|cause| {
            let to = match &config.events.to {
                EventsTo::File(path) => path.display().to_string(),
                _ => "the standard output".into(),
            };
            ObserverError::Events { to, cause }
        })?;
        let logs = LogStreams::start(&config.logs).map_err(|cause| {
            let to = config.logs.files.as_ref().map(|files| files.folder.display().to_string()).unwrap_or_default();
            ObserverError::Logs { to, cause }
        })?;
        let exporter = config.otlp.as_ref().map(Exporter::start).transpose().map_err(ObserverError::Otlp)?;
        Ok(Self {
            events,
            exporter,
            logs,
            tenants: CountedTenants::new(config.metric_tenants),
            nobody: Series::default(),
            waits: Histogram::default(),
            reloads: Reloads::new(),
            machine: Machine::default(),
            activity: config.admin.map(|_| Activity::new()),
            slow: config.alarms.slow,
            sent,
        })
    }

    /// The span of a request that has come: of the trace that it comes with, if that is valid, or else of a new one.
    pub(crate) fn span(&self, ids: &Ids, headers: &HeaderMap) -> Span {
        let span = ids.span();
        match trace::parent(headers) {
            Some(parent) => Span { trace: parent.child(span), parent: Some(parent.span), is_handed_on: true },
            None => {
                let id = ids.trace();
                let is_sampled = self.exporter.as_ref().is_some_and(|exporter| exporter.samples(id.get()));
                let trace = Trace { id, span, flags: if is_sampled { SAMPLED } else { 0 }, state: None };
                Span { trace, parent: None, is_handed_on: self.exporter.is_some() }
            }
        }
    }

    /// Takes what a request has left behind.
    pub(crate) fn receipt(&self, tenant: Option<&Tenant>, receipt: Receipt, console: Vec<Line>) {
        let receipt = Arc::new(receipt);
        self.sent.receipt(&receipt, &console);
        match tenant {
            None => self.nobody.add(&receipt, u64::MAX),
            Some(tenant) => {
                let counted = tenant.counted.get_or_init(|| self.tenants.of(&tenant.name));
                counted.series().add(&receipt, tenant.config.limits.memory);
                if !receipt.usage.wall.is_zero() || !receipt.queued.is_zero() {
                    self.waits.add(&WAITS, nanoseconds(receipt.queued));
                }
            }
        }
        if let Some(tenant) = tenant {
            tenant.kept.tally().add(&receipt, tenant.config.limits.memory, self.slow);
        }
        if let Some(activity) = &self.activity {
            activity.note(receipt.clone(), console.clone());
        }
        self.log(tenant, &receipt, console);
        if let Some(exporter) = &self.exporter {
            exporter.put(&receipt);
        }
        if let Some(events) = &self.events {
            events.put(receipt);
        }
    }

    fn log(&self, tenant: Option<&Tenant>, receipt: &Receipt, console: Vec<Line>) {
        let Some(tenant) = tenant.filter(|_| !console.is_empty()) else { return };
        let log = tenant.log.get_or_init(|| self.logs.of(&tenant.name));
        log.write(&tenant.name, &receipt.id, receipt.time, console);
    }

    /// Forgets what was observed of tenants that are not there any more.
    pub(crate) fn retain(&self, is_there: impl Fn(&TenantName) -> bool) {
        self.tenants.retain(&is_there);
        self.logs.retain(&is_there);
    }

    /// Opens all files anew: they may have been renamed.
    pub(crate) fn reopen(&self) {
        if let Some(events) = &self.events {
            events.reopen();
        }
        self.logs.reopen();
    }

    /// Waits until all is written and sent, or `patience` is over. Blocks.
    pub(crate) fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let left = || deadline.saturating_duration_since(Instant::now());
        if self.events.as_ref().is_some_and(|events| !events.flush(left())) {
            tracing::warn!("not all events were written in time");
        }
        if !self.logs.flush(left()) {
            tracing::warn!("not all lines of the tenants' logs were written in time");
        }
        if self.exporter.as_ref().is_some_and(|exporter| !exporter.flush(left())) {
            tracing::warn!("not all spans were sent in time");
        }
    }
}

/// What came of the last time that the configuration was read.
pub(crate) struct Reloads {
    is_well: AtomicBool,
    /// Milliseconds since 1970 of the last time that went well.
    at: AtomicU64,
}

impl Reloads {
    fn new() -> Self {
        let reloads = Self { is_well: AtomicBool::new(true), at: AtomicU64::new(0) };
        reloads.note(true);
        reloads
    }

    /// Notes that the configuration was read, and whether it is in force now.
    pub(crate) fn note(&self, is_well: bool) {
        self.is_well.store(is_well, Ordering::Relaxed);
        if is_well {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
            self.at.store(now, Ordering::Relaxed);
        }
    }

    /// Whether the last time went well, and in seconds since 1970 when the last one was that did.
    pub(crate) fn last(&self) -> (bool, f64) {
        (self.is_well.load(Ordering::Relaxed), self.at.load(Ordering::Relaxed) as f64 / 1e3)
    }
}
