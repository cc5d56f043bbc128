//! All keys, a line each.

use std::path::Path;
use std::time::Duration;

use dayfly::{Allowed, Limits};
use http::{HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::kind::Kind;
use super::kind::{
    address, address_or_off, app, choice, collector, count, events, factor, header, part, path, share, size, switch,
    text, time, url,
};
use super::section::Section;
use super::{
    Alarms, Config, Events, GroupName, History, Http, LogFiles, Logs, Otlp, Renders, TenantConfig, TenantName, Tls,
    Webhook, WebhookFormat,
};
use crate::metrics::DURATIONS;
use crate::routes::Route;

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Of what a `u32` counts.
const MANY: u64 = u32::MAX as u64;

/// Takes all keys. Paths of the file are those from `base`.
pub(super) fn read(root: &mut Section<'_>, base: &Path, config: &mut Config) {
    root.section("server", |server| read_server(server, base, config));
    root.section("admin", |admin| {
        admin.key("listen", "Where the admin API is served, over plain HTTP, to who has a token; `\"off\"` for no API. Where the default is taken, a free port of loopback is it.", &mut config.admin, &address_or_off());
        admin.optional("tokens", "A file of tokens, as `dayfly tenant token` writes it, read again when it changes. Without one only who can read the folder of state has a token, in its `admin.json`.", "none", &mut config.tokens, &path(base));
        admin.list("hosts", "Names by which it is reached, beside addresses and `localhost`, so that no page of another site leads a browser to it. Where it does not listen on loopback and there are none, any name.", &mut config.admin_hosts, &text::<String>("host", "\"admin.example\""));
    });
    root.section("http", |section| read_http(section, &mut config.http));
    root.section("renders", |section| read_renders(section, &mut config.renders));
    root.section("events", |section| read_events(section, base, &mut config.events));
    root.section("logs", |section| read_logs(section, base, &mut config.logs));
    root.section("otlp", |section| {
        let mut otlp = Otlp::default();
        read_otlp(section, base, &mut otlp);
        if section.is_there() {
            config.otlp = Some(otlp);
        }
    });
    root.section("history", |section| read_history(section, &mut config.history));
    root.section("alarms", |section| read_alarms(section, base, &mut config.alarms));
    root.section("defaults", |section| read_tenant(section, &mut config.defaults));
    let defaults = config.defaults.clone();
    root.each("tenant", "NAME", |name, section| {
        let mut tenant = defaults.clone();
        section.optional("app", "What it starts with: a bundle (`.wasm`), or a file of JavaScript to build one of. Without one it waits for a deploy.", "none", &mut tenant.app, &app(base));
        section.list("routes", "Which requests are its own: a host (`shop.example`, `*.shop.example`), a path (`/shop`) or both.", &mut tenant.routes, &text::<Route>("route", "\"shop.example\" or \"/shop\""));
        read_tenant(section, &mut tenant);
        match name.parse::<TenantName>() {
            Ok(name) => drop(config.tenants.insert(name, tenant)),
            Err(error) => section.wrong(error.to_string(), format!("rename it, as in [tenant.{}]", like(name))),
        }
    });
}

fn read_server(server: &mut Section<'_>, base: &Path, config: &mut Config) {
    server.key("listen", "Where the tenants' pages are served: over plain HTTP, or, with `server.tls` and no `server.tls.listen`, over HTTPS. Port 0 is a free one.", &mut config.listen, &address());
    server.key(
        "state",
        "The folder of what outlives the process: bundles, and which of them is whose.",
        &mut config.state,
        &path(base),
    );
    server.optional("tenant-header", "A header that names the tenant, before hosts and paths are looked at. Only behind a proxy that sets it: clients could name any tenant.", "none", &mut config.tenant_header, &text::<HeaderName>("name of a header", "\"x-tenant\""));
    server.key("notice", "Once it is told to end, how long it goes on as before and only says that it is not ready, so that what sends it requests can turn elsewhere.", &mut config.notice, &time(Duration::ZERO, HOUR));
    server.key(
        "drain",
        "How long what was taken may take to be answered then, until it is cut.",
        &mut config.drain,
        &time(Duration::ZERO, HOUR),
    );
    server.key("cache", "Memory for the stored pages of all tenants.", &mut config.cache, &size(1 << 20, 1 << 40));
    server.key("metric-tenants", "How many tenants have series of their own in the metrics: those with most requests; the others share those of the tenant `other`.", &mut config.metric_tenants, &count(1, 100_000));
    server.key(
        "process-sandbox",
        "Whether the process gives up the files and system calls that serving does not need.",
        &mut config.process_sandbox,
        &switch(),
    );
    server.section("tls", |section| {
        let mut tls = Tls::new("", "");
        section.required("certificate", "The certificate and those between it and its authority, in PEM. Read again on reload.", &mut tls.certificate, &path(base));
        section.required("key", "The certificate's private key, in PEM: PKCS #8, PKCS #1 or SEC 1. Read again on reload.", &mut tls.key, &path(base));
        section.optional("listen", "Where HTTPS is served, beside plain HTTP at `server.listen`. Without it, it is served at `server.listen` in place of plain HTTP.", "none", &mut tls.listen, &address());
        section.key("handshake-time", "Time for a client to agree on keys; the connection is closed then.", &mut tls.handshake_time, &time(MILLISECOND, MINUTE));
        if section.is_there() {
            config.tls = Some(tls);
        }
    });
}

fn read_http(section: &mut Section<'_>, http: &mut Http) {
    section.key(
        "connections",
        "Connections at once; one beyond waits to be accepted.",
        &mut http.connections,
        &count(1, 1_000_000),
    );
    section.key(
        "head-time",
        "Time for a request's head to come, from the connection's start or the end of the response before.",
        &mut http.head_time,
        &time(MILLISECOND, HOUR),
    );
    section.key("url", "Bytes of a request's URL.", &mut http.url, &size(64, 64 << 10));
    section.key(
        "send-time",
        "Time for a client to take each piece of a response.",
        &mut http.send_time,
        &time(MILLISECOND, HOUR),
    );
    section.key("streams", "Requests at once on a connection of HTTP/2.", &mut http.streams, &count(1, 10_000));
    section.optional("connections-per-address", "Connections at once of one address, or of one /64 of IPv6; one beyond is closed. Behind a proxy all come from its address.", "unbounded", &mut http.connections_per_address, &count(1, 1_000_000));
    section.key("idle-time", "Time for which a connection may carry no request, after its first; with HTTP/1.1 `head-time`, if that is shorter.", &mut http.idle_time, &time(MILLISECOND, 24 * HOUR));
    section.key(
        "header-bytes",
        "Bytes of a request's headers, 4 for each added; a tenant's `limits.headers` may be lower.",
        &mut http.header_bytes,
        &size(1 << 10, 1 << 20),
    );
    section.key("header-count", "Headers of a request.", &mut http.header_count, &count(1, 1000));
    section.key(
        "body-time",
        "How long a request's body may be waited for, beside the time that its bytes have at `body-rate`.",
        &mut http.body_time,
        &time(MILLISECOND, HOUR),
    );
    section.key(
        "body-rate",
        "Bytes of a request's body in a second, in the mean.",
        &mut http.body_rate,
        &size(1, 1 << 30),
    );
    section.key(
        "compress",
        "Whether responses are compressed for those who accept it: zstd, Brotli or gzip.",
        &mut http.compress,
        &switch(),
    );
    section.key(
        "etags",
        "Whether pages that have no `ETag` get one, so that those who have them need not be sent them again.",
        &mut http.etags,
        &switch(),
    );
}

fn read_events(section: &mut Section<'_>, base: &Path, to: &mut Events) {
    section.key(
        "to",
        "Where each request's receipt is written to, a line of JSON each. SIGHUP opens the file anew.",
        &mut to.to,
        &events(base),
    );
    section.key(
        "queue",
        "Receipts that may wait to be written; one beyond is dropped, and counted.",
        &mut to.queue,
        &count(1, 1_000_000),
    );
}

fn read_logs(section: &mut Section<'_>, base: &Path, logs: &mut Logs) {
    section.key(
        "lines",
        "Lines of one tenant's console that are kept in memory.",
        &mut logs.lines,
        &count(1, 1_000_000),
    );
    section.key("bytes", "Memory for one tenant's lines.", &mut logs.bytes, &size(1 << 10, 1 << 30));
    section.key(
        "all",
        "Memory for all tenants' lines; beyond it those go of the tenants that were silent for longest.",
        &mut logs.all,
        &size(1 << 10, 1 << 40),
    );
    section.section("files", |section| {
        let mut files = LogFiles { folder: "".into(), size: 10 << 20, keep: 3 };
        section.required(
            "folder",
            "Where each tenant's lines are written to as well: `NAME.log`, in JSON. SIGHUP opens them anew.",
            &mut files.folder,
            &path(base),
        );
        section.key(
            "size",
            "Size of a file; one that would become larger is renamed to `NAME.log.1`, and that to `NAME.log.2`.",
            &mut files.size,
            &size(1 << 10, 1 << 40),
        );
        section.key("keep", "How many of those that were renamed are kept.", &mut files.keep, &count(0, 1000));
        if section.is_there() {
            logs.files = Some(files);
        }
    });
}

fn read_otlp(section: &mut Section<'_>, base: &Path, otlp: &mut Otlp) {
    section.optional("endpoint", "Where spans are sent to, in OTLP over HTTP (protobuf): the whole URL. Without it what `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT` says, or else that.", "`\"http://127.0.0.1:4318/v1/traces\"`", &mut otlp.endpoint, &collector());
    let mut headers = serde_json::Map::new();
    section.values("headers", "Headers of each request to it, as for a key.", &mut headers);
    for (name, value) in headers {
        match (name.parse::<HeaderName>(), value.as_str().filter(|value| value.parse::<HeaderValue>().is_ok())) {
            (Ok(_), Some(value)) => drop(otlp.headers.insert(name, value.to_owned())),
            _ => section.wrong_key(
                "headers",
                format!("{name} is no header with a text"),
                "write it as in { x-key = \"…\" }",
            ),
        }
    }
    section.key("timeout", "Time for it to take a batch.", &mut otlp.timeout, &time(MILLISECOND, HOUR));
    section.optional(
        "roots",
        "Certificates of authorities that are trusted besides those that Mozilla trusts, in PEM.",
        "none",
        &mut otlp.roots_file,
        &path(base),
    );
    if let Some(file) = &otlp.roots_file {
        match CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(roots) if !roots.is_empty() => otlp.roots = roots,
            Ok(_) => {
                section.wrong_key("roots", "there is no certificate in it", "name a file with certificates in PEM")
            }
            Err(error) => section.wrong_key(
                "roots",
                format!("{} cannot be read: {error}", file.display()),
                "name a file with certificates in PEM",
            ),
        }
    }
    section.key(
        "sample",
        "The share of new traces that is recorded. Of a request that comes with a trace its flag decides.",
        &mut otlp.sample,
        &share(),
    );
    section.key(
        "queue",
        "Requests that may wait to be sent; one beyond is dropped, and counted.",
        &mut otlp.queue,
        &count(1, 1_000_000),
    );
    section.key("batch", "Requests that are sent at once.", &mut otlp.batch, &count(1, 100_000));
    section.key("delay", "How long is waited for so many to come.", &mut otlp.delay, &time(MILLISECOND, HOUR));
}

fn read_history(section: &mut Section<'_>, history: &mut History) {
    section.key(
        "interval",
        "How often a sample is taken; 60,480 of the server are kept, a week of them.",
        &mut history.interval,
        &time(100 * MILLISECOND, MINUTE),
    );
    section.key(
        "tenants",
        "How many tenants have a history of their own, each of 130 KB on the disk: those that had requests last.",
        &mut history.tenants,
        &count(0, 100_000),
    );
}

fn read_alarms(section: &mut Section<'_>, base: &Path, alarms: &mut Alarms) {
    // Above nothing memory always is, and without a budget all is too much.
    let (threshold, budget) = (part(0.000_1, 1.0), part(0.000_01, 0.99));
    section.key(
        "memory-high",
        "The share of its limit above which memory is high.",
        &mut alarms.memory_high,
        &threshold,
    );
    section.key(
        "memory-critical",
        "The share above which it is critical: no less than `memory-high`.",
        &mut alarms.memory_critical,
        &threshold,
    );
    section.key("errors", "The share of requests that may fail: the budget of errors.", &mut alarms.errors, &budget);
    // The rules for Prometheus count by the histogram's bounds.
    let slow = DURATIONS.map(Duration::from_nanos).map(|slow| (humantime::format_duration(slow).to_string(), slow));
    section.key("slow", "A request that takes longer is slow.", &mut alarms.slow, &choice(slow.into()));
    section.key(
        "slow-share",
        "The share of requests that may be slow: the budget of latency.",
        &mut alarms.slow_share,
        &budget,
    );
    section.key(
        "scale",
        "What all windows of time of the alarms are multiplied by: below 1 they come sooner, for trying them out.",
        &mut alarms.scale,
        &factor(0.000_1, 1.0),
    );
    section.optional(
        "url",
        "The URL of the admin API as those see it who are told.",
        "that of `admin.listen`",
        &mut alarms.url,
        &url("\"https://dayfly.example\""),
    );
    section.tables("webhooks", |section| {
        let mut webhook = Webhook::new("", "");
        section.required(
            "name",
            "What it is called in the log and in what is sent: 1 to 63 of a-z, 0-9 and -.",
            &mut webhook.name,
            &named(),
        );
        section.required("url", "Who is told, by a POST.", &mut webhook.url, &url("\"https://hooks.example/dayfly\""));
        let formats =
            vec![("webhook".into(), WebhookFormat::Webhook), ("alertmanager".into(), WebhookFormat::Alertmanager)];
        section.key(
            "format",
            "What is sent: what Alertmanager sends to its webhooks, or what an Alertmanager takes at its `/api/v2/alerts`.",
            &mut webhook.format,
            &choice(formats),
        );
        section.optional(
            "secret",
            "A file with the secret that what is sent is signed with (HMAC-SHA256), read at each time.",
            "none",
            &mut webhook.secret,
            &path(base),
        );
        section.key("timeout", "Time for an answer.", &mut webhook.timeout, &time(MILLISECOND, MINUTE));
        if section.is_there() {
            alarms.webhooks.push(webhook);
        }
    });
}

/// A name that is one of a file as well.
fn named() -> Kind<String> {
    text::<TenantName>("name", "\"oncall\"").map(|name| name.to_string(), |name| name.parse().ok())
}

fn read_renders(section: &mut Section<'_>, renders: &mut Renders) {
    // A slot takes 4 GiB of address space, of which there are 128 TiB.
    section.key(
        "concurrent",
        "Renders of all tenants at once: the engine's slots.",
        &mut renders.concurrent,
        &count(1, 16_384),
    );
    section.optional(
        "reserved",
        "Of these, those that only apps get whose requests take less than 50 ms on average of late: others, which take all their time, cannot have them all.",
        "a quarter of `concurrent`",
        &mut renders.reserved,
        &count(0, 16_383),
    );
    section.key("long-threads", "Threads of renders that take longer than a millisecond, of all tenants. With as many as there are processors one of them rests while brief requests come, and for a second after; with fewer, brief renders of other tenants wait less beside a storm of long ones at its beginning too, and it gets less done at all times.", &mut renders.long_threads, &count(1, 1_024));
    section.key(
        "queue",
        "Requests of all tenants that wait for their turn; one beyond is refused. Half of it is for one tenant.",
        &mut renders.queue,
        &count(0, 1_000_000),
    );
    section.key(
        "queue-time",
        "How long a request waits at most; it is refused then.",
        &mut renders.queue_time,
        &time(MILLISECOND, 10 * MINUTE),
    );
    section.key(
        "bundles",
        "Memory for bundles that are loaded; the one that was used longest ago goes first.",
        &mut renders.bundles,
        &size(1 << 20, 1 << 40),
    );
    section.key(
        "memory-share",
        "Of the memory that the control group may have, the share from which on requests are refused in place of rendered. Where the group has no limit, none is.",
        &mut renders.memory_share,
        &share(),
    );
}

/// What tenants and their defaults both have.
fn read_tenant(section: &mut Section<'_>, tenant: &mut TenantConfig) {
    section.key("group", "Its class of trust: with `dayfly serve --isolate tenant-group` the tenants of each group have a process of their own.", &mut tenant.group, &text::<GroupName>("group", "\"default\""));
    section.values("env", "What its `fetch` handler gets as `env`.", &mut tenant.env);
    section.list(
        "allow",
        "What its app may call with `fetch`: origins, and networks that their names may lead to.",
        &mut tenant.allow,
        &text::<Allowed>("origin or network", "\"https://api.example.com\" or \"10.0.0.0/8\""),
    );
    section.optional(
        "concurrent",
        "Its renders at once.",
        "half of `renders.concurrent`",
        &mut tenant.concurrent,
        &count(1, 16_384),
    );
    section.optional(
        "rate",
        "Its requests a second, in the mean; a second's worth may come at once.",
        "unbounded",
        &mut tenant.rate,
        &count(1, MANY),
    );
    section.key(
        "server-timing",
        "Whether its responses say in `Server-Timing` what they took.",
        &mut tenant.server_timing,
        &switch(),
    );
    section.optional(
        "cache",
        "Memory for its pages that may be sent again, as their `Cache-Control` says; 0 is none.",
        "none",
        &mut tenant.cache,
        &size(0, 1 << 40),
    );
    section.optional(
        "cache-control",
        "The `Cache-Control` of pages that `render` makes, which has no other way to say one.",
        "none",
        &mut tenant.cache_control,
        &header("Cache-Control", "\"public, max-age=60\""),
    );
    section.section("limits", |section| read_limits(section, &mut tenant.limits));
}

/// What one render may use: each of [`Limits`].
fn read_limits(section: &mut Section<'_>, limits: &mut Limits) {
    section.optional(
        "fuel",
        "Units of fuel, about one for each Wasm instruction; the same on every machine.",
        "unbounded",
        &mut limits.fuel,
        &count(1, u64::MAX),
    );
    section.key("cpu", "Time on a processor.", &mut limits.cpu, &time(MILLISECOND, HOUR));
    section.key("wall", "Time on the clock, waiting included.", &mut limits.wall, &time(MILLISECOND, HOUR));
    section.key(
        "memory",
        "Linear memory, the snapshot of the heap included.",
        &mut limits.memory,
        &size(1 << 20, 4 << 30),
    );
    section.key("js-stack", "Stack of JavaScript calls.", &mut limits.js_stack, &size(16 << 10, 768 << 10));
    section.key("page", "The page, or a response's body.", &mut limits.page, &size(1, 4 << 30));
    section.key(
        "console-lines",
        "Lines that the app may write to its console.",
        &mut limits.console_lines,
        &count(1, MANY),
    );
    section.key(
        "console-bytes",
        "Text that the app may write to its console.",
        &mut limits.console_bytes,
        &size(1, 4 << 30),
    );
    section.key("request", "A request's URL and body.", &mut limits.request, &size(1, 4 << 30));
    section.key("headers", "Headers, of a request's and of a response's each.", &mut limits.headers, &size(1, 1 << 20));
    section.key("fetches", "Calls that the app makes with `fetch`.", &mut limits.fetches, &count(1, MANY));
    section.key("fetch-time", "Time on the clock of one such call.", &mut limits.fetch_time, &time(MILLISECOND, HOUR));
    section.key(
        "fetch-request",
        "What all such calls send: URLs, headers and bodies.",
        &mut limits.fetch_request,
        &size(1, 4 << 30),
    );
    section.key(
        "fetch-response",
        "The bodies of what they get, all together, as the app reads them: decompressed.",
        &mut limits.fetch_response,
        &size(1, 4 << 30),
    );
}

/// The name nearest to this one that a tenant may have.
fn like(name: &str) -> String {
    let well = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().take(63).map(well).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "shop".into() } else { name.into() }
}
