//! What a server is to be: plain values, each with its default.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use dayfly::{Allowed, BundleId, Limits};
use http::{HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;

use crate::routes::Route;
use crate::server::Error;
use crate::socket::Socket;
use crate::store;

mod alarms;
mod check;
mod keys;
mod kind;
mod load;
mod problem;
mod section;
mod tree;

pub use alarms::{Alarms, History, Webhook, WebhookFormat};
pub use load::{Loaded, Override};
pub use problem::{Origin, Place, Problem, Problems};

/// What a server is to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the tenants' pages are served. Default 127.0.0.1:8080; port 0 is a free one.
    pub listen: SocketAddr,
    /// The folder of what outlives the process: bundles, and which of them is whose.
    pub state: PathBuf,
    /// Where the admin API is served, to who has a token. Default [`Config::ADMIN`], or a free port there if that one is taken;
    /// any other has to be free. `None` for no API.
    pub admin: Option<SocketAddr>,
    /// A file of tokens of the admin API, as `dayfly tenant token` writes it; read again when it changes. Default none: then
    /// only who can read the folder of state has a token, in `admin.json`.
    pub tokens: Option<PathBuf>,
    /// Names by which the admin API is reached, beside addresses and `localhost`. Default none: then any name leads to it, unless it
    /// listens on loopback.
    pub admin_hosts: Vec<String>,
    /// What a connection and a request may take.
    pub http: Http,
    /// How many renders go on at once, and who waits for how long.
    pub renders: Renders,
    /// Where each request's receipt is written to.
    pub events: Events,
    /// Where spans are sent to, if anywhere. Default nowhere.
    pub otlp: Option<Otlp>,
    /// What is kept of the tenants' consoles.
    pub logs: Logs,
    /// What is kept of the past.
    pub history: History,
    /// When somebody is to be told, and who.
    pub alarms: Alarms,
    /// How many tenants have series of their own in the metrics: those with most requests; the others share those of the tenant
    /// `other`. Default 1,000; each takes some 50 series.
    pub metric_tenants: usize,
    /// A header that names the tenant, before hosts and paths are looked at. Only for servers behind a proxy that sets it:
    /// clients could name any tenant. Default none.
    pub tenant_header: Option<HeaderName>,
    /// HTTPS, beside plain HTTP or in its place. Default none.
    pub tls: Option<Tls>,
    /// Once it is told to end, how long the server goes on as before and only says that it is not ready, so that what sends it
    /// requests can turn elsewhere. Default 0.
    pub notice: Duration,
    /// How long what was taken may take to be answered then, until it is cut. Default 30 s.
    pub drain: Duration,
    /// Bytes of memory for the stored pages of all tenants. Default 256 MiB.
    pub cache: u64,
    /// Whether the process gives up what serving does not need ([`privilege`](crate::privilege)), by who starts the server. Default
    /// yes.
    pub process_sandbox: bool,
    /// What the tenants have that the admin API makes, but for routes and app.
    pub defaults: TenantConfig,
    /// Who is served.
    pub tenants: BTreeMap<TenantName, TenantConfig>,
    /// Where a [front](crate::front) finds the server, if it is behind one; it listens nowhere else then. Default none.
    pub behind: Option<Behind>,
}

impl Config {
    /// Where the admin API is served by default: 127.0.0.1:9090.
    pub const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

    /// The defaults, with a folder of state and without tenants.
    pub fn new(state: impl Into<PathBuf>) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            state: state.into(),
            admin: Some(Self::ADMIN),
            tokens: None,
            admin_hosts: Vec::new(),
            http: Http::default(),
            renders: Renders::default(),
            events: Events::default(),
            otlp: None,
            logs: Logs::default(),
            history: History::default(),
            alarms: Alarms::default(),
            metric_tenants: 1000,
            tenant_header: None,
            tls: None,
            notice: Duration::ZERO,
            drain: Duration::from_secs(30),
            cache: 256 << 20,
            process_sandbox: true,
            defaults: TenantConfig::new([]),
            tenants: BTreeMap::new(),
            behind: None,
        }
    }

    /// The same for the tenants of a group alone, behind a front: with folders of its own for what it writes, and without HTTPS.
    pub fn of_group(mut self, group: &GroupName, behind: Behind) -> Self {
        self.tenants.retain(|_, tenant| tenant.group == *group);
        self.state = self.state.join("groups").join(group.as_str());
        if let EventsTo::File(path) = &mut self.events.to {
            let name = path.file_name().map(|name| Path::new(group.as_str()).join(name));
            name.into_iter().for_each(|name| *path = path.with_file_name(name));
        }
        self.logs.files.iter_mut().for_each(|files| files.folder.push(group.as_str()));
        self.tls = None;
        // Nobody looks whether it is ready but the front, which has waited.
        self.notice = Duration::ZERO;
        // The front asks it, whether or not others may.
        self.admin = Some(Self::ADMIN);
        self.behind = Some(behind);
        self
    }

    /// The groups of its tenants, and that of those which the admin API makes.
    pub(crate) fn groups(&self) -> BTreeSet<GroupName> {
        self.tenants.values().chain([&self.defaults]).map(|tenant| tenant.group.clone()).collect()
    }

    /// The keys that are not as they are in `new`, and hold from the next start only.
    pub(crate) fn needs_restart(&self, new: &Self) -> Vec<&'static str> {
        NEED_RESTART.iter().filter(|(_, differs)| differs(self, new)).map(|(key, _)| *key).collect()
    }

    /// The same, with those keys of `old`.
    pub(crate) fn without_restart(mut self, old: &Self) -> Self {
        self.listen = old.listen;
        self.state.clone_from(&old.state);
        self.admin = old.admin;
        self.tokens.clone_from(&old.tokens);
        self.admin_hosts.clone_from(&old.admin_hosts);
        self.http.connections = old.http.connections;
        self.renders = old.renders.clone();
        self.events = old.events.clone();
        self.otlp.clone_from(&old.otlp);
        self.logs = old.logs.clone();
        self.history = old.history.clone();
        self.alarms = old.alarms.clone();
        self.metric_tenants = old.metric_tenants;
        self.cache = old.cache;
        self.process_sandbox = old.process_sandbox;
        self.tls = match (self.tls, &old.tls) {
            (Some(new), Some(old)) => Some(Tls { listen: old.listen, ..new }),
            (_, old) => old.clone(),
        };
        self
    }
}

/// Where a server is found that is behind a front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// A folder for its sockets.
    pub folder: PathBuf,
    /// The SHA-256 of the token that may do all, which the front has left for clients.
    pub token: BundleId,
}

impl Behind {
    /// The socket of pages.
    pub(crate) const PAGES: &str = "pages";
    /// The socket of the admin API.
    pub(crate) const ADMIN: &str = "admin";

    /// The file with the part of the configuration that is its own, in the folder of its sockets.
    pub fn part(folder: &Path) -> PathBuf {
        folder.join("config.toml")
    }

    /// Writes it, whole or not at all, readable for its owner alone.
    ///
    /// # Errors
    /// The system's.
    pub fn write_part(&self, text: &str) -> std::io::Result<()> {
        store::write(&Self::part(&self.folder), text.as_bytes())
    }

    /// Listens on one of them.
    pub(crate) fn listen(&self, name: &str) -> Result<Socket, Error> {
        let path = self.folder.join(name);
        Socket::bind_path(&path).map_err(|cause| Error::Socket { path, cause })
    }
}

/// Whether two configurations differ in a key.
type Differs = fn(&Config, &Config) -> bool;

/// Keys that hold from the start to the end, and sections whose keys all do.
const NEED_RESTART: &[(&str, Differs)] = &[
    ("server.listen", |old, new| old.listen != new.listen),
    ("server.state", |old, new| old.state != new.state),
    ("admin.listen", |old, new| old.admin != new.admin),
    ("admin.tokens", |old, new| old.tokens != new.tokens),
    ("admin.hosts", |old, new| old.admin_hosts != new.admin_hosts),
    ("server.tls.listen", |old, new| {
        let listen = |config: &Config| config.tls.as_ref().map(|tls| tls.listen);
        listen(old) != listen(new)
    }),
    ("http.connections", |old, new| old.http.connections != new.http.connections),
    ("renders.concurrent", |old, new| old.renders.concurrent != new.renders.concurrent),
    ("renders.reserved", |old, new| old.renders.reserved != new.renders.reserved),
    ("renders.long-threads", |old, new| old.renders.long_threads != new.renders.long_threads),
    ("renders.queue", |old, new| old.renders.queue != new.renders.queue),
    ("renders.queue-time", |old, new| old.renders.queue_time != new.renders.queue_time),
    ("renders.bundles", |old, new| old.renders.bundles != new.renders.bundles),
    ("renders.memory-share", |old, new| old.renders.memory_share != new.renders.memory_share),
    ("server.cache", |old, new| old.cache != new.cache),
    ("server.metric-tenants", |old, new| old.metric_tenants != new.metric_tenants),
    ("server.process-sandbox", |old, new| old.process_sandbox != new.process_sandbox),
    ("events", |old, new| old.events != new.events),
    ("logs", |old, new| old.logs != new.logs),
    ("otlp", |old, new| old.otlp != new.otlp),
    ("history", |old, new| old.history != new.history),
    ("alarms", |old, new| old.alarms != new.alarms),
];

/// HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Where it is served, beside plain HTTP at [`Config::listen`]. `None` is at [`Config::listen`], in place of plain HTTP.
    pub listen: Option<SocketAddr>,
    /// A file of PEM: the certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// A file of PEM: the certificate's private key.
    pub key: PathBuf,
    /// Time for a client to agree on keys. Default 10 s.
    pub handshake_time: Duration,
}

impl Tls {
    /// In place of plain HTTP, with the defaults.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { listen: None, certificate: certificate.into(), key: key.into(), handshake_time: Duration::from_secs(10) }
    }
}

/// What a connection and a request may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Connections at once; one beyond waits to be accepted. Default 10,000.
    pub connections: u32,
    /// Time for a request's head to come, from the connection's start or the end of the response before. Default 10 s.
    pub head_time: Duration,
    /// Bytes of a request's URL. Default 16 KiB.
    pub url: u64,
    /// Time for a client to take each piece of a response. Default 30 s.
    pub send_time: Duration,
    /// Requests at once on a connection of HTTP/2. Default 100.
    pub streams: u32,
    /// Connections at once of one address, or of one /64 of IPv6; one beyond is closed. Default unbounded, as all come from a
    /// proxy's address where there is one.
    pub connections_per_address: Option<u32>,
    /// Time for which a connection may carry no request, after its first: with HTTP/1.1 it is `head_time`, if that is shorter.
    /// Default 60 s.
    pub idle_time: Duration,
    /// Bytes of a request's headers, 4 for each added. Default 64 KiB; a tenant's limits may be lower.
    pub header_bytes: u32,
    /// Headers of a request. Default 100.
    pub header_count: u32,
    /// Time after which a request's body must have come at `body_rate`, in the mean. Default 10 s.
    pub body_time: Duration,
    /// Bytes a second. Default 8 KiB: a body of 1 MiB has 138 s.
    pub body_rate: u64,
    /// Whether responses are compressed for those who accept it. Default yes.
    pub compress: bool,
    /// Whether pages that have no `ETag` get one, so that those who have them need not be sent them again. Default yes.
    pub etags: bool,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_time: Duration::from_secs(10),
            url: 16 << 10,
            send_time: Duration::from_secs(30),
            streams: 100,
            connections_per_address: None,
            idle_time: Duration::from_secs(60),
            header_bytes: 64 << 10,
            header_count: 100,
            body_time: Duration::from_secs(10),
            body_rate: 8 << 10,
            compress: true,
            etags: true,
        }
    }
}

/// How many renders go on at once, and who waits for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Renders {
    /// Renders of all tenants at once. Default 4 for each processor.
    pub concurrent: u32,
    /// Of these, those that only apps get whose requests take less than 50 ms on average of late, so that others which take all
    /// their time cannot have them all. Default a quarter; fewer than [`concurrent`](Self::concurrent).
    pub reserved: Option<u32>,
    /// Threads of renders that take longer than a millisecond. Default one for each processor, but for one processor in
    /// eight. Fewer leave processors to brief renders, however many long ones there are; of as many as there are processors one
    /// rests while brief requests come, and for a second after.
    pub long_threads: u32,
    /// Requests of all tenants that wait for their turn; one beyond is refused. Default 1,024.
    pub queue: u32,
    /// How long one waits at most, and is refused then. Default 500 ms.
    pub queue_time: Duration,
    /// Bytes of memory for bundles that are loaded; the one that was used longest ago is dropped and loaded again when it is
    /// wanted. Default 1 GiB.
    pub bundles: u64,
    /// Of the memory that the control group may have, the share from which on requests are refused in place of rendered. Where the
    /// group has no limit, none is. Default 0.85.
    pub memory_share: f64,
}

impl Renders {
    /// How many of all an app may have whose requests take long.
    pub(crate) fn of_slow(&self) -> u32 {
        let reserved = self.reserved.unwrap_or(self.concurrent / 4);
        self.concurrent.saturating_sub(reserved).max(1)
    }
}

impl Default for Renders {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX));
        Self {
            concurrent: processors.saturating_mul(4),
            reserved: None,
            long_threads: processors - processors / 8,
            queue: 1024,
            queue_time: Duration::from_millis(500),
            bundles: 1 << 30,
            memory_share: 0.85,
        }
    }
}

/// Where each request's receipt is written to: one line of JSON each ([`Receipt::to_json`](crate::Receipt::to_json)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// Where to.
    pub to: EventsTo,
    /// Receipts that may wait to be written; one beyond is dropped, and counted, so that no request ever waits. Default 8,192.
    pub queue: u32,
}

impl Default for Events {
    fn default() -> Self {
        Self { to: EventsTo::Off, queue: 8192 }
    }
}

/// Where events go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EventsTo {
    /// Nowhere.
    #[default]
    Off,
    /// To the standard output.
    Stdout,
    /// To the end of a file, which [`Handle::reopen`](crate::Handle::reopen) opens anew.
    File(PathBuf),
}

/// Where spans are sent to: a collector that speaks OpenTelemetry's protocol, OTLP over HTTP in protobuf.
#[derive(Clone, Debug, PartialEq)]
pub struct Otlp {
    /// The URL, with its path, as `http://127.0.0.1:4318/v1/traces`. None is what `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` says, or else this one.
    pub endpoint: Option<String>,
    /// Headers of each request to it, as for a key; those of `OTEL_EXPORTER_OTLP_TRACES_HEADERS` or `OTEL_EXPORTER_OTLP_HEADERS` come
    /// before these.
    pub headers: BTreeMap<String, String>,
    /// Time for it to take a batch. Default 10 s.
    pub timeout: Duration,
    /// Certificates of authorities that are trusted besides those that Mozilla trusts, in DER.
    pub roots: Vec<CertificateDer<'static>>,
    /// The file that they were read from, if from one.
    pub roots_file: Option<PathBuf>,
    /// The share of new traces that is recorded, from 0 to 1. Default 1. Of a request that comes with a trace its flag decides.
    pub sample: f64,
    /// Requests that may wait to be sent; one beyond is dropped, and counted. Default 8,192.
    pub queue: u32,
    /// Requests that are sent at once. Default 512.
    pub batch: u32,
    /// How long is waited for so many to come. Default 5 s.
    pub delay: Duration,
}

impl Default for Otlp {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: BTreeMap::new(),
            timeout: Duration::from_secs(10),
            roots: Vec::new(),
            roots_file: None,
            sample: 1.0,
            queue: 8192,
            batch: 512,
            delay: Duration::from_secs(5),
        }
    }
}

impl Otlp {
    /// What the environment asks for: the defaults, if it names an endpoint by `OTEL_EXPORTER_OTLP_ENDPOINT` or
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, and neither `OTEL_SDK_DISABLED` is `true` nor `OTEL_TRACES_EXPORTER` is `none`. Time is of
    /// `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT` or `OTEL_EXPORTER_OTLP_TIMEOUT`, and the batch of `OTEL_BSP_MAX_QUEUE_SIZE`,
    /// `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` and `OTEL_BSP_SCHEDULE_DELAY`, times in milliseconds. `OTEL_TRACES_SAMPLER_ARG` is the share
    /// that is recorded, where `OTEL_TRACES_SAMPLER` is `traceidratio` or `parentbased_traceidratio`; with `always_off` or
    /// `parentbased_always_off` none is.
    pub fn from_env() -> Option<Self> {
        Self::from_variables(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is = |name, value: &str| variable(name).is_some_and(|is| is.trim().eq_ignore_ascii_case(value));
        let first = |names: [&str; 2]| names.into_iter().find_map(&variable);
        if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
            return None;
        }
        first(["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"])?;
        // What is no number is as if it was not there, as the specification has it.
        let number =
            |text: Option<String>| text.and_then(|text| text.trim().parse::<u32>().ok()).filter(|number| *number > 0);
        let milliseconds = |text| number(text).map(|milliseconds| Duration::from_millis(milliseconds.into()));
        let default = Self::default();
        let timeout = first(["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"]);
        let share = || {
            let share = variable("OTEL_TRACES_SAMPLER_ARG").and_then(|share| share.trim().parse::<f64>().ok());
            share.filter(|share| (0.0..=1.0).contains(share))
        };
        let sample = match variable("OTEL_TRACES_SAMPLER").unwrap_or_default().trim() {
            "always_off" | "parentbased_always_off" => 0.0,
            "traceidratio" | "parentbased_traceidratio" => share().unwrap_or(1.0),
            _ => 1.0,
        };
        Some(Self {
            timeout: milliseconds(timeout).unwrap_or(default.timeout),
            queue: number(variable("OTEL_BSP_MAX_QUEUE_SIZE")).unwrap_or(default.queue),
            batch: number(variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")).unwrap_or(default.batch),
            delay: milliseconds(variable("OTEL_BSP_SCHEDULE_DELAY")).unwrap_or(default.delay),
            sample,
            ..default
        })
    }
}

/// What is kept of what the tenants' apps write to their consoles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logs {
    /// Lines of one tenant in memory. Default 1,000.
    pub lines: usize,
    /// Bytes of one tenant's lines in memory, each with some 200 for itself. Default 256 KiB.
    pub bytes: usize,
    /// The same of all tenants together; when it is more, those go of the tenants that have been silent for longest. Default 64 MiB.
    pub all: usize,
    /// Files that lines are written to as well. Default none.
    pub files: Option<LogFiles>,
}

impl Default for Logs {
    fn default() -> Self {
        Self { lines: 1000, bytes: 256 << 10, all: 64 << 20, files: None }
    }
}

/// Files of console lines, one for each tenant: `NAME.log`, in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFiles {
    /// Where they are. The folder is made if it is not there.
    pub folder: PathBuf,
    /// Bytes of one file. One that would become larger is renamed to `NAME.log.1`, and that to `NAME.log.2`, …. As a program that
    /// renames files itself does not expect this, give it a size that is never reached. 10 MiB is usual.
    pub size: u64,
    /// How many of those that were renamed are kept.
    pub keep: u32,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantConfig {
    /// Its class of trust. Tenants of one group share a process where each group has one. Default `default`.
    pub group: GroupName,
    /// What it starts with, if nothing was deployed since. None waits for a deploy.
    pub app: Option<App>,
    /// Which requests are its own.
    pub routes: Vec<Route>,
    /// What each of its renders may use.
    pub limits: Limits,
    /// What its `fetch` handler gets as `env`: names and JSON values.
    pub env: serde_json::Map<String, serde_json::Value>,
    /// What its app may call. Default nothing.
    pub allow: Vec<Allowed>,
    /// Renders at once. Default half of all.
    pub concurrent: Option<u32>,
    /// Requests a second, in the mean; a second's worth may come at once. Default unbounded.
    pub rate: Option<u32>,
    /// Whether a response says in `Server-Timing` what it took. Default no.
    pub server_timing: bool,
    /// Bytes of memory for pages that may be sent again, as their `Cache-Control` says. Default none: each request renders.
    pub cache: Option<u64>,
    /// The `Cache-Control` of pages that `render` makes, which has no other way to say one. Default none.
    pub cache_control: Option<HeaderValue>,
}

impl TenantConfig {
    /// The defaults, with some routes and without an app.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Self {
        Self {
            group: GroupName::default(),
            app: None,
            routes: routes.into_iter().collect(),
            limits: Limits::default(),
            env: serde_json::Map::new(),
            allow: Vec::new(),
            concurrent: None,
            rate: None,
            server_timing: false,
            cache: None,
            cache_control: None,
        }
    }
}

/// An app as the configuration gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum App {
    /// A file: a bundle (`.wasm`), or the JavaScript to build one of.
    File(PathBuf),
    /// JavaScript, by the name that is shown in stacks.
    Source {
        /// The name: its ending says whether it is a module (`.mjs`), CommonJS (`.cjs`) or a script.
        name: String,
        /// The text.
        text: String,
    },
}

/// A tenant's name: 1 to 63 of `a`–`z`, `0`–`9` and `-`, as a label of a host name (RFC 1123), so that it fits in URLs, file
/// names and metrics.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantName(Arc<str>);

impl TenantName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a group of tenants: as a [`TenantName`] is written.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupName(TenantName);

impl GroupName {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Default for GroupName {
    fn default() -> Self {
        Self(TenantName("default".into()))
    }
}

impl FromStr for GroupName {
    type Err = NotAGroupName;

    fn from_str(text: &str) -> Result<Self, NotAGroupName> {
        text.parse().map(Self).map_err(|NotATenantName(text)| NotAGroupName(text))
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A text that is no group's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no group's name: 1 to 63 of a-z, 0-9 and -, neither first nor last -")]
pub struct NotAGroupName(pub String);

/// A text that is no tenant's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no tenant's name: 1 to 63 of a-z, 0-9 and -, neither first nor last -")]
pub struct NotATenantName(pub String);

impl FromStr for TenantName {
    type Err = NotATenantName;

    fn from_str(text: &str) -> Result<Self, NotATenantName> {
        let is_well = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_well { Ok(Self(text.into())) } else { Err(NotATenantName(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::time::Duration;

    use super::{Otlp, TenantName};

    #[test]
    fn the_environment_says_where_spans_go() {
        let of = |variables: &[(&str, &str)]| {
            Otlp::from_variables(|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        assert!(of(&[]).is_none());
        assert!(of(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]).is_none());
        assert!(of(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]).is_none());
        let plain = of(&[endpoint, ("OTEL_BSP_SCHEDULE_DELAY", "soon"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")]).unwrap();
        assert_eq!((plain.endpoint, plain.delay, plain.sample), (None, Duration::from_secs(5), 1.0));
        let all = of(&[
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ])
        .unwrap();
        assert_eq!((all.timeout, all.queue, all.batch), (Duration::from_secs(2), 100, 10));
        assert_eq!((all.delay, all.sample), (Duration::from_millis(50), 0.25));
    }

    #[test]
    fn a_tenants_name_is_a_label_of_a_host_name() {
        let long = "a".repeat(63);
        for name in ["a", "shop", "shop-2", "0", &long] {
            assert_eq!(name.parse::<TenantName>().unwrap().as_str(), name);
        }
        for name in ["", "-a", "a-", "Shop", "a.b", "a/b", "..", "a b", "é", &"a".repeat(64)] {
            assert!(name.parse::<TenantName>().is_err(), "{name}");
        }
    }
}
