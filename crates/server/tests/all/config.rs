//! A configuration that is read: from a file, the environment and flags.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dayfly::Limits;
use dayfly_server::{
    Alarms, App, Config, Events, EventsTo, History, Http, Loaded, LogFiles, Logs, Origin, Override, Problems, Renders,
    TenantConfig, Tls, Webhook, WebhookFormat,
};
use tempfile::TempDir;

use crate::support::pem;

/// A folder with a configuration in it.
struct Folder(TempDir);

impl Folder {
    fn new(text: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("serve.toml", text);
        folder
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn load(&self) -> Result<Loaded, Problems> {
        self.load_with(&[])
    }

    fn load_with(&self, overrides: &[Override]) -> Result<Loaded, Problems> {
        Config::load(Some(&self.0.path().join("serve.toml")), overrides, Some("state".into()))
    }

    /// What is wrong, a line each, without the folder.
    #[track_caller]
    fn mistakes(&self) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        self.load().expect_err("there is a mistake").to_string().lines().map(|line| line.replace(&folder, "")).collect()
    }
}

fn tenant<'a>(config: &'a Config, name: &str) -> &'a TenantConfig {
    &config.tenants[&name.parse().unwrap()]
}

fn set(assignment: &str) -> Override {
    Override::set(assignment).unwrap()
}

fn variables(variables: &[(&str, &str)]) -> Vec<Override> {
    Override::variables(variables.iter().map(|(name, value)| (name.into(), value.into()))).unwrap()
}

/// Sets all keys, none of them to its default.
const ALL: &str = r#"
[server]
listen = "[::1]:81"
state = "elsewhere"
tenant-header = "X-Tenant"
notice = "2s"
drain = "0s"
cache = "3MiB"
metric-tenants = 4
process-sandbox = false
[server.tls]
listen = "[::1]:444"
certificate = "chain.pem"
key = "key.pem"
handshake-time = "3s"
[admin]
listen = "[::1]:91"
tokens = "tokens.toml"
hosts = ["admin.example"]
[http]
connections = 7
head-time = "1s"
url = "2KiB"
send-time = "4s"
streams = 5
connections-per-address = 6
idle-time = "7s"
header-bytes = "8KiB"
header-count = 9
body-time = "10s"
body-rate = 11
compress = false
etags = false
[events]
to = "events.jsonl"
queue = 1
[logs]
lines = 2
bytes = "3KiB"
all = "4KiB"
[logs.files]
folder = "logs"
size = "5KiB"
keep = 6
[otlp]
endpoint = "https://collector.example/v1/traces"
headers = { x-key = "secret" }
timeout = "7s"
roots = "chain.pem"
sample = 0.5
queue = 8
batch = 9
delay = "10ms"
[history]
interval = "2s"
tenants = 12
[alarms]
memory-high = 0.1
memory-critical = 0.2
errors = 0.03
slow = "5s"
slow-share = 0.04
scale = 0.5
url = "https://dayfly.example/admin"
[[alarms.webhooks]]
name = "oncall"
url = "https://alerts.example/api/v2/alerts"
format = "alertmanager"
secret = "secret"
timeout = "13s"
[[alarms.webhooks]]
name = "other"
url = "http://127.0.0.1:1"
[renders]
concurrent = 6
reserved = 2
long-threads = 1
queue = 0
queue-time = "1m 30s"
bundles = "2GiB"
memory-share = 0.5
[defaults]
group = "others"
env = { A = "a", B = 1 }
allow = ["https://a.example"]
concurrent = 3
rate = 9
server-timing = true
cache = "1MiB"
cache-control = "max-age=1"
[defaults.limits]
fuel = 1
cpu = "2ms"
wall = "3ms"
memory = "4MiB"
js-stack = "20KiB"
page = 6
console-lines = 7
console-bytes = 8
request = 9
headers = 10
fetches = 11
fetch-time = "12ms"
fetch-request = 13
fetch-response = 14
[tenant.one]
app = "app.mjs"
routes = ["one.example", "/one"]
[tenant.two]
group = "shops"
routes = ["/two"]
env = { B = [true, { C = 1.5 }], D = 2020-01-01 }
allow = ["10.0.0.0/8"]
concurrent = 2
rate = 8
server-timing = false
cache = 0
cache-control = "no-store"
[tenant.two.limits]
fuel = 21
cpu = "22ms"
wall = "23ms"
memory = "24MiB"
js-stack = "25KiB"
page = 26
console-lines = 27
console-bytes = 28
request = 29
headers = 30
fetches = 31
fetch-time = "32ms"
fetch-request = 33
fetch-response = 34
"#;

fn with_certificate(folder: &Folder) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    folder.write("chain.pem", pem("CERTIFICATE", made.cert.der()));
    folder.write("key.pem", pem("PRIVATE KEY", &made.signing_key.serialize_der()));
    folder.write("app.mjs", "");
    folder.write("tokens.toml", "");
    folder.write("secret", "sixteen bytes or more\n");
}

#[test]
fn every_key_goes_where_it_belongs() {
    let folder = Folder::new(ALL);
    with_certificate(&folder);
    let Loaded { config, warnings, .. } = folder.load().unwrap();
    assert_eq!(warnings, []);
    let path = |name| folder.0.path().join(name);
    let Config { listen, state, admin, tokens, http, renders, tenant_header, tls, defaults, tenants, .. } = &config;
    assert_eq!((listen.to_string().as_str(), state), ("[::1]:81", &path("elsewhere")));
    assert_eq!(tenant_header.as_ref().unwrap(), "x-tenant");
    assert_eq!((admin, tokens), (&Some("[::1]:91".parse().unwrap()), &Some(path("tokens.toml"))));
    assert_eq!(config.admin_hosts, ["admin.example"]);
    assert_eq!(["one", "two"].map(|name| tenant(&config, name).group.as_str()), ["others", "shops"]);
    let tls_listen = Some("[::1]:444".parse().unwrap());
    let handshake_time = Duration::from_secs(3);
    assert_eq!(tls, &Some(Tls { listen: tls_listen, handshake_time, ..Tls::new(path("chain.pem"), path("key.pem")) }));
    let http_is = Http {
        connections: 7,
        head_time: Duration::from_secs(1),
        url: 2048,
        send_time: Duration::from_secs(4),
        streams: 5,
        connections_per_address: Some(6),
        idle_time: Duration::from_secs(7),
        header_bytes: 8 << 10,
        header_count: 9,
        body_time: Duration::from_secs(10),
        body_rate: 11,
        compress: false,
        etags: false,
    };
    assert_eq!(http, &http_is);
    assert_eq!((config.notice, config.drain, config.cache), (Duration::from_secs(2), Duration::ZERO, 3 << 20));
    assert_eq!((config.metric_tenants, config.process_sandbox), (4, false));
    assert_eq!(config.events, Events { to: EventsTo::File(path("events.jsonl")), queue: 1 });
    let files = Some(LogFiles { folder: path("logs"), size: 5 << 10, keep: 6 });
    assert_eq!(config.logs, Logs { lines: 2, bytes: 3 << 10, all: 4 << 10, files });
    let otlp = config.otlp.as_ref().unwrap();
    assert_eq!(otlp.endpoint.as_deref(), Some("https://collector.example/v1/traces"));
    assert_eq!(otlp.headers.iter().collect::<Vec<_>>(), [(&"x-key".into(), &"secret".into())]);
    assert_eq!((otlp.roots_file.as_ref(), otlp.roots.len()), (Some(&path("chain.pem")), 1));
    assert_eq!((otlp.timeout, otlp.delay), (Duration::from_secs(7), Duration::from_millis(10)));
    assert_eq!((otlp.sample, otlp.queue, otlp.batch), (0.5, 8, 9));
    let queue_time = Duration::from_secs(90);
    let expected = Renders {
        concurrent: 6,
        reserved: Some(2),
        long_threads: 1,
        queue: 0,
        queue_time,
        bundles: 2 << 30,
        memory_share: 0.5,
    };
    assert_eq!(renders, &expected);
    assert_eq!(tenants.len(), 2);
    assert_eq!(config.history, History { interval: Duration::from_secs(2), tenants: 12 });
    let oncall = Webhook {
        format: WebhookFormat::Alertmanager,
        secret: Some(path("secret")),
        timeout: Duration::from_secs(13),
        ..Webhook::new("oncall", "https://alerts.example/api/v2/alerts")
    };
    let alarms = Alarms {
        memory_high: 0.1,
        memory_critical: 0.2,
        errors: 0.03,
        slow: Duration::from_secs(5),
        slow_share: 0.04,
        scale: 0.5,
        url: Some("https://dayfly.example/admin".into()),
        webhooks: vec![oncall, Webhook::new("other", "http://127.0.0.1:1")],
    };
    assert_eq!(config.alarms, alarms);

    let limits = |first: u64, kib: u64| Limits {
        fuel: Some(first),
        cpu: Duration::from_millis(first + 1),
        wall: Duration::from_millis(first + 2),
        memory: (first + 3) << 20,
        js_stack: u32::try_from(kib << 10).unwrap(),
        page: first + 5,
        console_lines: first + 6,
        console_bytes: first + 7,
        request: first + 8,
        headers: first + 9,
        fetches: first + 10,
        fetch_time: Duration::from_millis(first + 11),
        fetch_request: first + 12,
        fetch_response: first + 13,
    };
    assert_eq!((&defaults.limits, defaults.rate, defaults.routes.len()), (&limits(1, 20), Some(9), 0));
    let one = tenant(&config, "one");
    assert_eq!(one.limits, limits(1, 20));
    assert_eq!(one.app, Some(App::File(path("app.mjs"))));
    assert_eq!(one.routes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["one.example", "/one"]);
    assert_eq!(serde_json::to_string(&one.env).unwrap(), r#"{"A":"a","B":1}"#);
    assert_eq!((one.allow[0].to_string().as_str(), one.allow.len()), ("https://a.example", 1));
    assert_eq!((one.concurrent, one.rate, one.server_timing), (Some(3), Some(9), true));
    assert_eq!((one.cache, one.cache_control.as_ref().unwrap().to_str().unwrap()), (Some(1 << 20), "max-age=1"));
    let two = tenant(&config, "two");
    assert_eq!((two.limits.clone(), two.app.as_ref()), (limits(21, 25), None));
    assert_eq!(serde_json::to_string(&two.env).unwrap(), r#"{"A":"a","B":[true,{"C":1.5}],"D":"2020-01-01"}"#);
    assert_eq!((two.allow[0].to_string().as_str(), two.allow.len()), ("10.0.0.0/8", 1));
    assert_eq!((two.concurrent, two.rate, two.server_timing), (Some(2), Some(8), false));
    assert_eq!((two.cache, two.cache_control.as_ref().unwrap().to_str().unwrap()), (Some(0), "no-store"));
}

#[test]
fn the_file_above_sets_every_key_that_there_is() {
    let file: toml::Table = ALL.parse().unwrap();
    let mut section = String::new();
    for line in Config::reference().lines() {
        if let Some(heading) = line.strip_prefix("### `[") {
            section = heading.trim_end_matches("]`").replace("NAME", "two");
        }
        let Some(key) = line.strip_prefix("| `").and_then(|line| line.split('`').next()) else { continue };
        let section = if key == "app" { "tenant.one" } else { &section };
        let found =
            section.split('.').try_fold(&file, |table, name| match table.get(name.trim_matches(['[', ']']))? {
                toml::Value::Array(entries) => entries.first()?.as_table(),
                other => other.as_table(),
            });
        assert!(found.is_some_and(|table| table.contains_key(key)), "{section}.{key} is in no test");
    }
}

#[test]
fn slow_apps_have_a_permit_at_least() {
    let folder = Folder::new("[renders]\nconcurrent = 4\nreserved = 4\n[tenant.a]\nroutes = [\"/\"]");
    assert_eq!(
        folder.mistakes(),
        [
            "serve.toml:3:12: renders.reserved: 4 renders that are reserved are not fewer than the 4 of all; lower it, or raise \
             renders.concurrent"
        ]
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let Loaded { config, .. } = Folder::new("[tenant.a]\nroutes = [\"/\"]").load().unwrap();
    let default = Config::new("state");
    assert_eq!((config.listen, &config.state, &config.tls), (default.listen, &default.state, &None));
    assert_eq!((&config.http, &config.renders), (&default.http, &default.renders));
    assert_eq!((config.admin, &config.tokens), (Some(Config::ADMIN), &None));
    assert_eq!((&config.events, &config.logs, &config.otlp), (&default.events, &default.logs, &None));
    assert_eq!(tenant(&config, "a"), &TenantConfig::new(["/".parse().unwrap()]));
    let Loaded { config, .. } = Config::load(None, &[], Some("state".into())).unwrap();
    assert!(config.tenants.is_empty());
    let Problems(problems) = Config::load(None, &[], None).unwrap_err();
    assert_eq!(problems[0].key, "server.state");
}

#[test]
fn mistakes_of_alarms_are_found_each_with_its_place_and_remedy() {
    let folder = Folder::new(
        r#"[alarms]
slow = "2s"
scale = 2
[[alarms.webhooks]]
name = "on call"
url = "mailto:me"
format = "slack"
[[alarms.webhooks]]
name = "twice"
url = "http://a.example"
secret = "short"
[[alarms.webhooks]]
name = "twice"
ulr = "http://a.example"
[tenant.a]
routes = ["/"]
"#,
    );
    folder.write("short", "short");
    let mistakes = folder.mistakes();
    for (place, part) in [
        ("serve.toml:2:8: alarms.slow", "write one of \"1ms\", \"5ms\""),
        ("serve.toml:3:9: alarms.scale", "2 is out of bounds; write 0.0001 to 1"),
        ("serve.toml:5:8: alarms.webhooks[0].name", "on call"),
        ("serve.toml:6:7: alarms.webhooks[0].url", "is no URL of HTTP"),
        ("serve.toml:7:10: alarms.webhooks[0].format", "write one of \"webhook\", \"alertmanager\""),
        ("serve.toml:11:10: alarms.webhooks[1].secret", "it has 5 bytes, and is to have 16 or more"),
        ("serve.toml:13:8: alarms.webhooks[2].name", "another webhook is called twice; give each a name of its own"),
        ("alarms.webhooks[2].url", "it is missing"),
        ("alarms.webhooks[2].ulr", "did you mean url?"),
    ] {
        let is_there = |mistake: &String| mistake.contains(place) && mistake.contains(part);
        assert!(mistakes.iter().any(is_there), "{place}: {part}: {mistakes:#?}");
    }
    assert_eq!(mistakes.len(), 9, "{mistakes:#?}");
    let mistakes = Folder::new("[alarms]\nwebhooks = 7\n[tenant.a]\nroutes = [\"/\"]").mistakes();
    assert!(mistakes[0].contains("write [[alarms.webhooks]], and its keys below it, for each"), "{mistakes:?}");
}

#[test]
fn thresholds_of_alarms_that_make_no_sense_are_mistakes() {
    let of = |alarms: &str| Folder::new(&format!("[alarms]\n{alarms}\n[tenant.a]\nroutes = [\"/\"]"));
    for (alarms, expected) in [
        (
            "memory-high = 0",
            "serve.toml:2:15: alarms.memory-high: 0 is out of bounds; write 0.0001 to 1, as in 0.1 for a tenth",
        ),
        (
            "errors = 0",
            "serve.toml:2:10: alarms.errors: 0 is out of bounds; write 0.00001 to 0.99, as in 0.1 for a tenth",
        ),
        (
            "errors = 1",
            "serve.toml:2:10: alarms.errors: 1 is out of bounds; write 0.00001 to 0.99, as in 0.1 for a tenth",
        ),
        (
            "slow-share = 0.0",
            "serve.toml:2:14: alarms.slow-share: 0 is out of bounds; write 0.00001 to 0.99, as in 0.1 for a tenth",
        ),
        (
            "memory-high = 0.97",
            "serve.toml:2:15: alarms.memory-high: memory would be critical at 0.95, and high only at 0.97; let \
             alarms.memory-critical be no less than alarms.memory-high",
        ),
        (
            "memory-high = 0.9\nmemory-critical = 0.8",
            "serve.toml:3:19: alarms.memory-critical: memory would be critical at 0.8, and high only at 0.9; let \
             alarms.memory-critical be no less than alarms.memory-high",
        ),
        (
            "webhooks = [{ name = \"am\", format = \"alertmanager\", url = \"http://am:9093/\" }]",
            "serve.toml:2:59: alarms.webhooks[0].url: an Alertmanager takes alarms at its /api/v2/alerts; write \
             \"http://am:9093/api/v2/alerts\"",
        ),
    ] {
        assert_eq!(of(alarms).mistakes(), [expected], "{alarms}");
    }
    assert_eq!(of("memory-high = 0.9\nmemory-critical = 0.9").load().unwrap().warnings, []);
    let Loaded { warnings, .. } = of("errors = 0.17\nslow-share = 0.16").load().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].key == "alarms.errors" && warnings[0].message.contains("never fires"), "{warnings:#?}");
}

#[test]
fn all_mistakes_are_found_at_once_each_with_its_place_and_remedy() {
    let folder = Folder::new(
        r#"[server]
listne = "127.0.0.1:80"
state = 7
tenant-header = "a b"
[http]
url = "12XB"
head-time = 15
connections = 0
[renders]
concurrent = 4
queue-time = "2h"
[defaults.limits]
memory = "1KiB"
fule = 1
[tenant.Shop]
routes = ["/"]
[tenant.one]
app = "missing.mjs"
routes = ["one.example", "http://one.example", "/x"]
concurrent = 5
rate = 0
allow = ["https://a.example/path", "https://*.a.example"]
server-timing = "yes"
[tenant.two]
app = "."
routes = ["ONE.example", "/two", "/two/"]
env = { A = nan }
limits = 5
[tenant.three]
[sever]
"#,
    );
    assert_eq!(
        folder.mistakes(),
        [
            r#"serve.toml:2:1: server.listne: there is no such key in [server]; did you mean listen?"#,
            r#"serve.toml:3:9: server.state: a whole number where path is wanted; write it as in "apps/shop.mjs""#,
            r#"serve.toml:4:17: server.tenant-header: "a b" is no name of a header: invalid HTTP header name; write it as in "x-tenant""#,
            r#"serve.toml:6:7: http.url: "12XB" is no size; write a number with a unit, as in "128MiB", "512KiB" or 4096"#,
            r#"serve.toml:7:13: http.head-time: 15 has no unit; write a text with a number and a unit, as in "500ms", "2s" or "1m""#,
            r#"serve.toml:8:15: http.connections: 0 is too small; write at least 1"#,
            r#"serve.toml:11:14: renders.queue-time: 2h is too long; write at most 10m"#,
            r#"serve.toml:13:10: defaults.limits.memory: 1KiB is too small; write at least 1MiB"#,
            r#"serve.toml:14:1: defaults.limits.fule: there is no such key in [defaults.limits]; did you mean fuel?"#,
            r#"serve.toml:15:9: tenant.Shop: "Shop" is no tenant's name: 1 to 63 of a-z, 0-9 and -, neither first nor last -; rename it, as in [tenant.shop]"#,
            r#"serve.toml:18:7: tenant.one.app: missing.mjs cannot be read: No such file or directory (os error 2); name a bundle (.wasm) or a file of JavaScript; paths are those from the configuration's folder"#,
            r#"serve.toml:19:26: tenant.one.routes[1]: "http://one.example" is no route: it has a scheme; write a host (shop.example, *.shop.example), a path (/shop) or both (shop.example/eu)"#,
            r#"serve.toml:20:14: tenant.one.concurrent: 5 renders at once are more than the 4 of all tenants; lower it, or raise renders.concurrent"#,
            r#"serve.toml:21:8: tenant.one.rate: 0 is too small; write at least 1"#,
            r#"serve.toml:22:10: tenant.one.allow[0]: https://a.example/path is no origin: write scheme, host and port, as in https://api.example.com or http://127.0.0.1:8080, or an address that their names may lead to, as in 10.0.0.0/8"#,
            r#"serve.toml:22:36: tenant.one.allow[1]: https://*.a.example is a pattern, and a list has none: write each host, as in https://api.example.com"#,
            r#"serve.toml:23:17: tenant.one.server-timing: text where true or false is wanted; write it as in true"#,
            r#"serve.toml:25:7: tenant.two.app: . is not a file; name a bundle (.wasm) or a file of JavaScript; paths are those from the configuration's folder"#,
            r#"serve.toml:26:11: tenant.two.routes[0]: the route one.example is the tenant one's too (serve.toml:19:11); leave it to one"#,
            r#"serve.toml:26:34: tenant.two.routes[2]: the route /two is this tenant's already (serve.toml:26:26); leave it to one"#,
            r#"serve.toml:27:13: tenant.two.env.A: JSON has no such number; write it as text, in quotes"#,
            r#"serve.toml:28:10: tenant.two.limits: a whole number where a section is wanted; write [tenant.two.limits], and its keys below it"#,
            r#"serve.toml:29:9: tenant.three: no request is this tenant's: it has no routes; add routes = ["three.example"]"#,
            r#"serve.toml:30:2: sever: there is no such key at the top; did you mean server?"#,
        ],
    );
}

#[test]
fn the_admin_api_can_be_off_and_its_mistakes_are_found_before_the_start() {
    let off = Folder::new("[admin]\nlisten = \"off\"\n[tenant.a]\nroutes = [\"/\"]").load().unwrap();
    assert_eq!(off.config.admin, None);
    let folder = Folder::new("[server]\nlisten = \"[::1]:80\"\n[admin]\nlisten = \"of\"\ntokens = \"none.toml\"\n");
    folder.write("bad.toml", "[[token]]\nname = 7\n");
    let [listen, tokens] = &folder.mistakes()[..] else { panic!("two mistakes") };
    assert!(listen.starts_with("serve.toml:4:10: admin.listen: \"of\" is no address") && listen.ends_with("\"off\""));
    assert!(
        tokens.starts_with("serve.toml:5:10: admin.tokens: the file of tokens, none.toml, cannot be read: No such")
    );
    folder.write(
        "serve.toml",
        "[server]\nlisten = \"[::1]:80\"\n[admin]\nlisten = \"[::1]:80\"\ntokens = \"bad.toml\"\n",
    );
    let [listen, tokens] = &folder.mistakes()[..] else { panic!("two mistakes") };
    assert!(listen.starts_with("serve.toml:4:10: admin.listen: [::1]:80 is where the tenants' pages are served"));
    assert!(
        tokens.starts_with("serve.toml:5:10: admin.tokens: the file of tokens, bad.toml, cannot be used: line 2: ")
    );
}

#[test]
fn what_is_observed_has_its_mistakes_shown_too() {
    let folder = Folder::new(
        r#"[events]
to = 5
queue = 0
[otlp]
endpoint = "collector:4318"
headers = { a = 1 }
roots = "none.pem"
sample = 1.5
[tenant.one]
routes = ["/"]
cache-control = "a\nb"
"#,
    );
    assert_eq!(
        folder.mistakes(),
        [
            r#"serve.toml:2:6: events.to: a whole number where path is wanted; write it as in "apps/shop.mjs""#,
            r#"serve.toml:3:9: events.queue: 0 is too small; write at least 1"#,
            r#"serve.toml:5:12: otlp.endpoint: collector:4318 is no URL of a collector: http://HOST:4318/v1/traces, or with https; write it as in "http://127.0.0.1:4318/v1/traces""#,
            r#"serve.toml:6:1: otlp.headers: a is no header with a text; write it as in { x-key = "…" }"#,
            r#"serve.toml:7:9: otlp.roots: none.pem cannot be read: I/O error: No such file or directory (os error 2); name a file with certificates in PEM"#,
            r#"serve.toml:8:10: otlp.sample: 1.5 is no share; write 0 to 1, as in 0.1 for a tenth"#,
            r#"serve.toml:11:17: tenant.one.cache-control: "a\nb" is no Cache-Control; write it in printable ASCII, as in "public, max-age=60""#,
        ],
    );
}

#[test]
fn what_is_not_toml_is_shown_at_its_places() {
    let mistakes = Folder::new("[server]\nlisten = \nstate = \"a\nlisten = \"b\"\n[http").mistakes();
    assert!(mistakes.len() >= 3, "{mistakes:#?}");
    assert!(mistakes.iter().all(|mistake| mistake.contains("this is not TOML: ")), "{mistakes:#?}");
    assert!(mistakes[0].starts_with("serve.toml:2:"), "{mistakes:#?}");
    let twice = Folder::new("[tenant.a]\nroutes = [\"/a\"]\n[tenant.a]\nroutes = [\"/b\"]\n").mistakes();
    assert!(twice[0].starts_with("serve.toml:3:") && twice[0].contains("duplicate"), "{twice:#?}");
    let deep = format!("a = {}", "[".repeat(100_000));
    assert!(Folder::new(&deep).mistakes()[0].contains("this is not TOML"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = Folder::new("");
    folder.write("serve.toml", b"[server]\nstate = \"\xff\"");
    assert_eq!(folder.mistakes(), ["serve.toml: line 2 is not UTF-8; save the file as UTF-8"]);
    for path in [folder.0.path().join("none.toml"), folder.0.path().to_owned()] {
        let problems = Config::load(Some(&path), &[], None).unwrap_err();
        assert!(
            problems.to_string().starts_with(&format!("{}: the configuration cannot be read: ", path.display())),
            "{problems}"
        );
    }
}

#[test]
fn a_file_without_tenants_is_well_and_looks_like_a_mistake() {
    let Loaded { config, warnings, .. } = Folder::new("").load().unwrap();
    assert!(config.tenants.is_empty());
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(
        warning.to_string().ends_with(
            "serve.toml: no tenant is configured, so nothing is served; add [tenant.NAME] with its routes and its app"
        ),
        "{warning}"
    );
}

#[test]
fn routes_of_a_wrong_type_are_one_mistake() {
    assert_eq!(
        Folder::new("[tenant.a]\nroutes = \"/\"\n").mistakes(),
        [
            r#"serve.toml:2:10: tenant.a.routes: text where a list is wanted; write the entries in brackets, as in ["…", "…"]"#
        ]
    );
}

#[test]
fn flags_hold_over_the_environment_and_that_over_the_file() {
    let folder = Folder::new("[http]\nurl = 100\nstreams = 1\nconnections = 1\n[tenant.my-shop]\nroutes = [\"/\"]");
    let mut overrides = variables(&[
        ("DAYFLY_HTTP__URL", "200"),
        ("DAYFLY_HTTP__STREAMS", "2"),
        ("DAYFLY_TENANT__MY_SHOP__LIMITS__JS_STACK", "64KiB"),
        ("DAYFLY_TENANT__MY_SHOP__ENV__Key", "\"12\""),
        ("DAYFLY_TENANT__MY_SHOP__ROUTES", "['/a', '/b']"),
        ("DAYFLY_HTTP_URL", "unrelated"),
    ]);
    overrides.extend([
        set("http.url=1KiB"),
        set("http.url = 2KiB"),
        Override::flag("--listen", "server.listen", "127.0.0.1:0"),
    ]);
    overrides.push(set("tenant.new.routes=['/new']"));
    let Loaded { config, .. } = folder.load_with(&overrides).unwrap();
    assert_eq!((config.http.url, config.http.streams, config.http.connections), (2048, 2, 1));
    assert_eq!(config.listen.port(), 0);
    let shop = tenant(&config, "my-shop");
    assert_eq!((shop.limits.js_stack, &shop.env["Key"]), (64 << 10, &serde_json::json!("12")));
    assert_eq!((shop.routes.len(), tenant(&config, "new").routes.len()), (2, 1));
}

#[test]
fn a_mistake_in_a_variable_or_flag_names_it() {
    let folder = Folder::new("[http]\nurl = 100");
    let mut overrides = variables(&[("DAYFLY_HTTP__STREAMS", "many"), ("DAYFLY_HTTP__STREAM", "1")]);
    overrides.extend([
        set("http.url=1"),
        Override::flag("--listen", "server.listen", "here"),
        set("tenant.a.app=nowhere.mjs"),
    ]);
    let Problems(problems) = folder.load_with(&overrides).unwrap_err();
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "DAYFLY_HTTP__STREAM: http.stream: there is no such key in [http]; did you mean streams?",
            "DAYFLY_HTTP__STREAMS: http.streams: text where whole number is wanted; write it as in 1",
            "--set http.url: http.url: 1 is too small; write at least 64",
            "--listen: server.listen: \"here\" is no address with a port; write an IP address and a port, as in \
             \"127.0.0.1:8080\" or \"[::]:8080\"",
            "--set tenant.a.app: tenant.a: no request is this tenant's: it has no routes; add routes = [\"a.example\"]",
            "--set tenant.a.app: tenant.a.app: nowhere.mjs cannot be read: No such file or directory (os error 2); name a bundle \
             (.wasm) or a file of JavaScript; paths are those from the configuration's folder",
        ]
    );
    assert_eq!(problems[0].origin, Origin::Variable("DAYFLY_HTTP__STREAM".into()));
    assert!(problems.iter().all(|problem| problem.place.is_none()));
    let through = folder.load_with(&[set("http.url.x=1")]).unwrap_err();
    assert_eq!(through.to_string(), "--set http.url.x: http.url.x: http.url is a whole number and has no keys");
}

#[test]
fn certificates_are_checked_with_the_rest() {
    let text = "[server.tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n";
    let folder = Folder::new(text);
    let mistakes = folder.mistakes();
    assert_eq!(mistakes.len(), 2, "{mistakes:#?}");
    assert!(
        mistakes[0].starts_with("serve.toml:2:15: server.tls.certificate: chain.pem cannot be read"),
        "{mistakes:#?}"
    );
    assert!(mistakes[1].starts_with("serve.toml:3:7: server.tls.key: key.pem cannot be read"), "{mistakes:#?}");

    with_certificate(&folder);
    assert!(folder.load().is_ok());
    let other = rcgen::KeyPair::generate().unwrap();
    folder.write("key.pem", pem("PRIVATE KEY", &other.serialize_der()));
    let mistakes = folder.mistakes();
    assert!(
        mistakes[0].contains("server.tls.key: key.pem is not the key of the certificate in chain.pem; name the key"),
        "{mistakes:#?}"
    );
    folder.write("key.pem", pem("PUBLIC KEY", other.public_key_raw()));
    assert!(folder.mistakes()[0].contains("key.pem has no private key"), "{:#?}", folder.mistakes());
    folder.write("chain.pem", pem("PRIVATE KEY", &other.serialize_der()));
    assert!(folder.mistakes()[0].contains("chain.pem has no certificate"), "{:#?}", folder.mistakes());
    folder.write("chain.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    folder.write("key.pem", pem("PRIVATE KEY", &other.serialize_der()));
    assert!(
        folder.mistakes()[0].contains("server.tls.certificate: chain.pem has no certificate that can be read"),
        "{:#?}",
        folder.mistakes()
    );
    folder.write("chain.pem", "-----BEGIN CERTIFICATE-----\n&&&&\n-----END CERTIFICATE-----\n");
    assert!(folder.mistakes()[0].contains("chain.pem is no PEM"), "{:#?}", folder.mistakes());

    folder.write("serve.toml", "[server.tls]\nkey = \"key.pem\"");
    assert_eq!(
        folder.mistakes(),
        ["serve.toml:1:9: server.tls.certificate: it is missing; add certificate = …, a path"]
    );
    with_certificate(&folder);
    folder.write("serve.toml", format!("[server]\nlisten = \"[::]:443\"\n{text}listen = \"[::]:443\""));
    assert!(folder.mistakes()[0].contains("server.tls.listen: [::]:443 is where plain HTTP is served"));
}

#[test]
fn a_certificate_whose_time_is_over_or_to_come_is_a_warning() {
    let text = "[server.tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n[tenant.a]\nroutes = [\"/\"]\n";
    let folder = Folder::new(text);
    for (from, to, says) in
        [(1990, 2001, "has expired at 2001-01-01T00:00:00Z"), (2400, 2401, "holds from 2400-01-01T00:00:00Z on")]
    {
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(to, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        folder.write("chain.pem", pem("CERTIFICATE", parameters.self_signed(&key).unwrap().der()));
        folder.write("key.pem", pem("PRIVATE KEY", &key.serialize_der()));
        let Loaded { warnings, .. } = folder.load().unwrap();
        assert_eq!(warnings.len(), 1, "{warnings:#?}");
        assert!(warnings[0].message.contains(says) && warnings[0].key == "server.tls.certificate", "{warnings:#?}");
    }
}

#[test]
fn configuration_md_has_every_key_as_the_reader_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../CONFIGURATION.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, tables) = text.split_once("<!-- keys -->\n").unwrap();
    let expected = Config::reference();
    if std::env::var_os("UPDATE_CONFIGURATION").is_some() {
        std::fs::write(&path, format!("{before}<!-- keys -->\n{expected}")).unwrap();
        return;
    }
    assert_eq!(tables, expected, "UPDATE_CONFIGURATION=1 writes it anew");
    for key in ["server.listen", "renders.concurrent", "http.connections"] {
        let (section, name) = key.split_once('.').unwrap();
        let table = expected.split("### ").find(|part| part.starts_with(&format!("`[{section}]`"))).unwrap();
        let row = table.lines().find(|line| line.starts_with(&format!("| `{name}`"))).unwrap();
        assert!(row.contains("Needs a restart"), "{row}");
    }
}

#[test]
fn the_example_is_a_configuration() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/serve.toml");
    let Loaded { config, warnings, .. } = Config::load(Some(&path), &[], Some("state".into())).unwrap();
    assert_eq!((config.tenants.len(), warnings), (2, vec![]));
    // What is commented out is right, too, but for the files.
    let text = std::fs::read_to_string(&path).unwrap();
    let is_key = |line: &str| line.contains(" = \"") || line.starts_with('[');
    let whole: Vec<_> =
        text.lines().map(|line| line.strip_prefix("# ").filter(|line| is_key(line)).unwrap_or(line)).collect();
    let folder = Folder::new(&whole.join("\n"));
    for mistake in folder.mistakes() {
        assert!(mistake.contains("cannot be read: No such file"), "{mistake}");
    }
}
