//! The figures of the server, as Prometheus reads them.
//!
//! What a request adds to is in atomics; all else is looked at when somebody asks.

mod machine;
mod series;
mod tenants;

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

pub(crate) use self::machine::Machine;
use self::series::{ByCode, PEAKS, SHARES};
pub(crate) use self::series::{DURATIONS, Histogram, Series, nanoseconds};
pub(crate) use self::tenants::{Counted, CountedTenants};
use crate::server::Shared;
use crate::webhooks::Counts;

const MS: u64 = 1_000_000;

/// Upper bounds of waits, in nanoseconds.
pub(crate) const WAITS: [u64; 7] = [MS, 5 * MS, 10 * MS, 50 * MS, 100 * MS, 500 * MS, 1_000 * MS];

/// The names of all families, without the endings of their samples: what rules and dashboards may name.
pub(crate) const FAMILIES: [&str; 49] = [
    "dayfly_alarm_notifications",
    "dayfly_alarm_notifications_waiting",
    "dayfly_build_info",
    "dayfly_bundle_loads",
    "dayfly_bundles_loaded",
    "dayfly_bundles_memory_bytes",
    "dayfly_bundles_memory_limit_bytes",
    "dayfly_config_last_reload_success_timestamp_seconds",
    "dayfly_config_last_reload_successful",
    "dayfly_console_lines",
    "dayfly_console_lines_dropped",
    "dayfly_console_memory_bytes",
    "dayfly_events_dropped",
    "dayfly_host_memory_events",
    "dayfly_host_memory_limit_bytes",
    "dayfly_host_memory_working_set_bytes",
    "dayfly_host_pressure_seconds",
    "dayfly_isolate_memory_limit_bytes",
    "dayfly_isolate_memory_limit_hits",
    "dayfly_isolate_memory_peak_bytes",
    "dayfly_isolate_memory_peak_ratio",
    "dayfly_limit_hits",
    "dayfly_outgoing_calls",
    "dayfly_render_cpu_seconds",
    "dayfly_render_fuel",
    "dayfly_render_pages",
    "dayfly_render_permits",
    "dayfly_render_permits_held",
    "dayfly_render_queue_length",
    "dayfly_render_queue_limit",
    "dayfly_render_queue_wait_seconds",
    "dayfly_renders",
    "dayfly_request_bytes",
    "dayfly_request_duration_seconds",
    "dayfly_requests",
    "dayfly_response_bytes",
    "dayfly_slots",
    "dayfly_slots_resident_bytes",
    "dayfly_spans",
    "dayfly_stores",
    "dayfly_tenants",
    "dayfly_traced_requests_dropped",
    "process_cpu_seconds",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];

/// The figures of a server. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    shared: Arc<Shared>,
}

impl Metrics {
    /// The names of all families that there can be, without the endings of their samples.
    pub fn families() -> &'static [&'static str] {
        &FAMILIES
    }

    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self { shared: shared.clone() }
    }

    /// All figures as OpenMetrics has them (`application/openmetrics-text; version=1.0.0; charset=utf-8`). Reads some small files of
    /// the kernel's, and looks at each tenant: some milliseconds for a thousand.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry()).expect("a string takes all");
        text
    }

    /// The same in Prometheus' older format (`text/plain; version=0.0.4; charset=utf-8`), for who does not accept the other.
    pub fn encode_text(&self) -> String {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry()).expect("a string takes all");
        text
    }

    fn registry(&self) -> Registry {
        let tenants = self.shared.tenants.load();
        self.shared.observer.retain(|name| tenants.by_name.contains_key(name));
        self.shared.observer.tenants.rank();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self.clone()));
        registry
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Collector for Metrics {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        self.tenants(&mut page)?;
        self.renders(&mut page)?;
        self.observed(&mut page)?;
        self.host(&mut page)?;
        self.process(&mut page)
    }
}

type Labels = Vec<(&'static str, String)>;

impl Metrics {
    /// What is counted of each tenant.
    fn tenants(&self, page: &mut Page<'_>) -> fmt::Result {
        let observer = &self.shared.observer;
        let all = observer.tenants.series();
        // Requests that were nobody's have an empty name, which to Prometheus is none.
        let nobody = &observer.nobody;
        let by_code = |of: &dyn Fn(&Series) -> &ByCode, label: &'static str| {
            let of_one = |name: &str, series: &Series| {
                let labels = |code: &str| vec![("tenant", name.to_owned()), (label, code.to_owned())];
                of(series).all().map(|(code, count)| (labels(code), count)).collect::<Vec<_>>()
            };
            let own = all.iter().flat_map(|(name, series)| of_one(name, series));
            own.chain(of_one("", nobody)).collect::<Vec<_>>()
        };
        let requests = by_code(&|series| &series.requests, "outcome");
        page.counters("dayfly_requests", "Requests that were answered, by what came of them", &requests)?;
        let renders = by_code(&|series| &series.renders, "outcome");
        page.counters("dayfly_renders", "Requests for which an app ran, by what came of them", &renders)?;
        let calls = by_code(&|series| &series.calls, "outcome");
        page.counters(
            "dayfly_outgoing_calls",
            "Calls that apps made, by the class of their status or by what went wrong",
            &calls,
        )?;

        let hit = |(labels, count): &(Labels, u64)| {
            let limit = labels[1].1.strip_prefix("limit-")?;
            Some((vec![labels[0].clone(), ("limit", limit.to_owned())], *count))
        };
        let hits: Vec<_> = requests.iter().filter_map(hit).collect();
        page.counters("dayfly_limit_hits", "Requests that a limit ended, by the limit", &hits)?;
        let memory = hits.iter().filter(|(labels, _)| labels[1].1 == "memory");
        let memory = memory
            .map(|(labels, count)| (vec![("app", labels[0].1.clone()), ("kind", "grow_denied".to_owned())], *count));
        page.counters(
            "dayfly_isolate_memory_limit_hits",
            "Renders that wanted more memory than their limit allows",
            &memory.collect::<Vec<_>>(),
        )?;

        let each = |label: &'static str| move |name: &String| vec![(label, name.clone())];
        let durations = all.iter().map(|(name, series)| (each("tenant")(name), series.duration.read(&DURATIONS, 1e9)));
        page.histograms(
            "dayfly_request_duration_seconds",
            "Time from a request's head to the end of all that it made the app do",
            durations,
        )?;
        let peaks = all.iter().map(|(name, series)| (each("app")(name), series.peak_memory.read(&PEAKS, 1.0)));
        page.histograms("dayfly_isolate_memory_peak_bytes", "The most linear memory that a render had", peaks)?;
        let shares = all.iter().map(|(name, series)| (each("app")(name), series.memory_share.read(&SHARES, 1e6)));
        page.histograms("dayfly_isolate_memory_peak_ratio", "The same as a share of what it may have", shares)?;
        let limits = self.shared.tenants.load();
        let limit = |(name, _): &(String, Arc<Series>)| {
            let tenant = limits.by_name.get(&name.parse().ok()?)?;
            Some((each("app")(name), tenant.config.limits.memory as f64))
        };
        let limits: Vec<_> = all.iter().filter_map(limit).collect();
        page.gauges("dayfly_isolate_memory_limit_bytes", "The linear memory that a render may have", &limits)?;

        let sum = |of: &dyn Fn(&Series) -> &std::sync::atomic::AtomicU64| {
            let one = |(name, series): &(String, Arc<Series>)| {
                (each("tenant")(name), of(series).load(std::sync::atomic::Ordering::Relaxed))
            };
            all.iter().map(one).collect::<Vec<_>>()
        };
        let cpu: Vec<_> =
            sum(&|series| &series.cpu_ns).into_iter().map(|(labels, ns)| (labels, ns as f64 / 1e9)).collect();
        page.counters("dayfly_render_cpu_seconds", "Processor time of renders", &cpu)?;
        if self.shared.engine.config().fuel {
            page.counters("dayfly_render_fuel", "Fuel of renders", &sum(&|series| &series.fuel))?;
        }
        page.counters(
            "dayfly_render_pages",
            "Pages of 4 KiB of linear memory that renders changed",
            &sum(&|series| &series.pages),
        )?;
        let bytes = sum(&|series| &series.request_bytes);
        page.counters("dayfly_request_bytes", "Bytes of the requests of renders: URLs and bodies", &bytes)?;
        let bytes = sum(&|series| &series.response_bytes);
        page.counters(
            "dayfly_response_bytes",
            "Bytes of the responses of renders: bodies, as far as they were handed on",
            &bytes,
        )?;
        let lines = sum(&|series| &series.console_lines);
        page.counters("dayfly_console_lines", "Lines that apps wrote to their consoles", &lines)
    }

    /// Who renders, who waits, and what they render in and from.
    fn renders(&self, page: &mut Page<'_>) -> fmt::Result {
        let Shared { config, engine, bundles, admission, observer, tenants, .. } = &*self.shared;
        let (load, config) = (admission.load(), config.load());
        page.gauge("dayfly_tenants", "Tenants that are served", tenants.load().by_name.len() as f64)?;
        page.gauge("dayfly_render_permits", "Renders that may go on at once", f64::from(config.renders.concurrent))?;
        page.gauge("dayfly_render_permits_held", "Renders that go on", f64::from(load.held))?;
        page.gauge("dayfly_render_queue_length", "Requests that wait for their turn", load.waiting as f64)?;
        page.gauge(
            "dayfly_render_queue_limit",
            "Requests that may wait for their turn",
            f64::from(config.renders.queue),
        )?;
        let waits = [(Labels::new(), observer.waits.read(&WAITS, 1e9))];
        page.histograms("dayfly_render_queue_wait_seconds", "How long requests waited for their turn", waits)?;
        let stats = engine.stats();
        page.gauge(
            "dayfly_stores",
            "Stores that are there: renders, and what the builder evaluates",
            f64::from(stats.in_use),
        )?;
        let slots = [("used", stats.in_use), ("free", stats.slots - stats.in_use)];
        let slots = slots.map(|(state, count)| (vec![("state", state.to_owned())], f64::from(count)));
        page.gauges("dayfly_slots", "Slots of the pool that renders have their memory in", &slots)?;
        page.gauge(
            "dayfly_slots_resident_bytes",
            "Memory that free slots keep for the next renders",
            stats.resident as f64,
        )?;
        let stats = bundles.stats();
        page.gauge("dayfly_bundles_loaded", "Bundles that are loaded", stats.loaded as f64)?;
        page.gauge("dayfly_bundles_memory_bytes", "Memory of the bundles that are loaded", stats.memory as f64)?;
        page.gauge(
            "dayfly_bundles_memory_limit_bytes",
            "Memory that loaded bundles may take",
            config.renders.bundles as f64,
        )?;
        page.counter("dayfly_bundle_loads", "How often a bundle was loaded", stats.loads)
    }

    /// What comes of observing.
    fn observed(&self, page: &mut Page<'_>) -> fmt::Result {
        let observer = &self.shared.observer;
        if let Some(events) = &observer.events {
            page.counter("dayfly_events_dropped", "Events that are in no file", events.dropped())?;
        }
        page.gauge(
            "dayfly_console_memory_bytes",
            "Memory of the console lines that are kept",
            observer.logs.bytes() as f64,
        )?;
        page.counter(
            "dayfly_console_lines_dropped",
            "Console lines that are in no file and were to be",
            observer.logs.dropped(),
        )?;
        if let Some(exporter) = &observer.exporter {
            let spans = [("sent", exporter.sent()), ("failed", exporter.failed())];
            let spans = spans.map(|(result, count)| (vec![("result", result.to_owned())], count));
            page.counters("dayfly_spans", "Spans that a collector has taken, or none has", &spans)?;
            let dropped = exporter.dropped();
            page.counter(
                "dayfly_traced_requests_dropped",
                "Requests of which no span was made, as too many waited",
                dropped,
            )?;
        }
        let webhooks: Vec<_> = self.shared.watch.webhooks.counts().collect();
        let of = |counts: &Counts<'_>| ("webhook", counts.webhook.to_owned());
        let notifications = webhooks.iter().flat_map(|counts| {
            let results = [("sent", counts.sent), ("failed", counts.failed), ("lost", counts.lost)];
            results.map(|(result, count)| (vec![of(counts), ("result", result.to_owned())], count))
        });
        let help =
            "Messages about alarms that a webhook took, attempts that were in vain, and messages that were given up";
        page.counters("dayfly_alarm_notifications", help, &notifications.collect::<Vec<_>>())?;
        let waiting: Vec<_> = webhooks.iter().map(|counts| (vec![of(counts)], counts.waiting as f64)).collect();
        page.gauges("dayfly_alarm_notifications_waiting", "Messages about alarms that wait to be taken", &waiting)?;
        let (is_well, at) = observer.reloads.last();
        let help = "Whether the configuration that was read last is in force";
        page.gauge("dayfly_config_last_reload_successful", help, f64::from(u8::from(is_well)))?;
        let help = "When the configuration was last read that is in force";
        page.gauge("dayfly_config_last_reload_success_timestamp_seconds", help, at)?;
        let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
        page.gauges("dayfly_build_info", "What runs here", &[(version, 1.0)])
    }

    /// The memory that an out-of-memory killer looks at.
    fn host(&self, page: &mut Page<'_>) -> fmt::Result {
        let machine = &self.shared.observer.machine;
        let memory = machine.memory();
        if let Some(bytes) = memory.working_set {
            let help = "Memory of the control group that the kernel cannot drop at once; the machine's where there is no group";
            page.gauge("dayfly_host_memory_working_set_bytes", help, bytes as f64)?;
        }
        if let Some(bytes) = memory.limit {
            let help = "Memory that the control group may have; all of the machine's where that is less";
            page.gauge("dayfly_host_memory_limit_bytes", help, bytes as f64)?;
        }
        let event = |(event, count): (String, u64)| (vec![("event", event)], count);
        let events: Vec<_> = memory.events.into_iter().map(event).collect();
        page.counters("dayfly_host_memory_events", "What the control group's memory came up against", &events)?;
        let pressure = machine.pressure().into_iter().map(|pressure| {
            (vec![("resource", pressure.resource.to_owned()), ("kind", pressure.kind.to_owned())], pressure.seconds)
        });
        let help = "Time that some of the work, or all of it, has waited for a resource";
        page.counters("dayfly_host_pressure_seconds", help, &pressure.collect::<Vec<_>>())
    }

    /// The names are those of Prometheus' own clients.
    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let process = self.shared.observer.machine.process();
        page.counters("process_cpu_seconds", "Processor time of the process", &[(Labels::new(), process.cpu)])?;
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Memory of the process that is in RAM",
                process.resident.map(|bytes| bytes as f64),
            ),
            (
                "process_virtual_memory_bytes",
                "Address space of the process",
                process.virtual_memory.map(|bytes| bytes as f64),
            ),
            ("process_threads", "Threads of the process", process.threads.map(|count| count as f64)),
            ("process_open_fds", "Files that the process has open", process.open_files.map(|count| count as f64)),
            ("process_max_fds", "Files that the process may have open", process.most_files.map(|count| count as f64)),
            ("process_start_time_seconds", "When the process was started, since 1970", process.started),
        ];
        gauges
            .into_iter()
            .try_for_each(|(name, help, value)| value.map_or(Ok(()), |value| page.gauge(name, help, value)))
    }
}

/// What is being written. A family without a sample is left out.
struct Page<'a>(DescriptorEncoder<'a>);

/// A counter's value.
trait Count: prometheus_client::encoding::EncodeCounterValue {}
impl Count for u64 {}
impl Count for f64 {}

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.gauges(name, help, &[(Labels::new(), value)])
    }

    fn gauges(&mut self, name: &str, help: &str, all: &[(Labels, f64)]) -> fmt::Result {
        if all.is_empty() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        all.iter().try_for_each(|(labels, value)| match &labels[..] {
            [] => family.encode_gauge(value),
            _ => family.encode_family(labels)?.encode_gauge(value),
        })
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.counters(name, help, &[(Labels::new(), value)])
    }

    /// The names of the samples end with `_total`.
    fn counters<T: Count>(&mut self, name: &str, help: &str, all: &[(Labels, T)]) -> fmt::Result {
        if all.is_empty() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        all.iter().try_for_each(|(labels, value)| match &labels[..] {
            [] => family.encode_counter::<NoLabelSet, T, u64>(value, None),
            _ => family.encode_family(labels)?.encode_counter::<NoLabelSet, T, u64>(value, None),
        })
    }

    fn histograms(
        &mut self,
        name: &str,
        help: &str,
        all: impl IntoIterator<Item = (Labels, (f64, u64, Vec<(f64, u64)>))>,
    ) -> fmt::Result {
        let mut all = all.into_iter().peekable();
        if all.peek().is_none() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        all.try_for_each(|(labels, (sum, count, buckets))| match &labels[..] {
            [] => family.encode_histogram::<NoLabelSet>(sum, count, &buckets, None),
            _ => family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None),
        })
    }
}
