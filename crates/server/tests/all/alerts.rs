//! The alarms as those know them who are not ours: Prometheus and Alertmanager.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dayfly_server::{Alarms, Metrics, Webhook, WebhookFormat, unknown_metrics};
use serde_json::Value;

use crate::alarms::{APP, Mood, Receiver, quick};
use crate::support::{serve, tenant};
use crate::tools;

/// The rules for Prometheus that are shipped.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/prometheus")
}

#[test]
fn the_rules_that_are_shipped_are_those_of_the_defaults() {
    let path = shipped().join("dayfly.rules.yml");
    let rules = Alarms::default().rules();
    if std::env::var_os("UPDATE_ALERTS").is_some() {
        std::fs::write(&path, &rules).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), rules, "UPDATE_ALERTS=1 writes them anew");
    assert_eq!(unknown_metrics(&rules), Vec::<String>::new());
}

#[test]
fn promtool_reads_the_rules_and_each_alarm_fires_and_is_silent_as_it_should() {
    let test = "promtool_reads_the_rules_and_each_alarm_fires_and_is_silent_as_it_should";
    let Some(promtool) = tools::promtool(test) else { return };
    let folder = tempfile::tempdir().unwrap();
    let odd = Alarms {
        memory_high: 0.5,
        errors: 0.001,
        slow: Duration::from_millis(5),
        slow_share: 0.000_5,
        ..Alarms::default()
    };
    for (name, rules) in [("default.yml", Alarms::default().rules()), ("odd.yml", odd.rules())] {
        let path = folder.path().join(name);
        std::fs::write(&path, rules).unwrap();
        let said = tools::run(Command::new(&promtool).args(["check", "rules"]).arg(&path), "");
        assert!(said.contains("SUCCESS: 35 rules found"), "{said}");
    }
    let tests = shipped().join("dayfly_test.yml");
    tools::run(Command::new(&promtool).args(["test", "rules"]).arg(&tests), "");
    // Each alarm is among those that are expected to fire.
    let text = std::fs::read_to_string(tests).unwrap();
    for name in Alarms::default().rules().lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        let is_expected = |line: &str| line.contains("labels:") && line.contains(&format!("\"{name}\""));
        // The slow burn of errors is counted by its server.
        let is_counted = text.contains(&format!("alertname=\"{name}\"}})"));
        assert!(text.lines().any(is_expected) || is_counted, "{name}");
    }
    // The tests can fail. Those of leaks, of days and many servers, take long.
    let begin = |name: &str| text.find(name).unwrap();
    let text = [&text[..begin("- name: ")], &text[begin("- name: memory is high")..]].concat();
    let other = Alarms { memory_high: 0.99, ..Alarms::default() };
    std::fs::write(folder.path().join("dayfly.rules.yml"), other.rules()).unwrap();
    std::fs::write(folder.path().join("dayfly_test.yml"), text).unwrap();
    let failed = Command::new(&promtool).args(["test", "rules"]).arg(folder.path().join("dayfly_test.yml")).output();
    assert!(!failed.unwrap().status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rules_may_name_is_what_the_server_exports() {
    let receiver = Receiver::start(Mood::Takes).await;
    let folder = tempfile::tempdir().unwrap();
    let server = crate::metrics::asked(folder.path(), |config| {
        config.alarms.webhooks = vec![receiver.webhook()];
    })
    .await;
    let text = server.metrics.encode();
    let exported: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|name| name.starts_with("dayfly_") || name.starts_with("process_"))
        .collect();
    let named: BTreeSet<_> = Metrics::families().iter().copied().collect();
    let unnamed: Vec<_> = exported.difference(&named).collect();
    assert!(unnamed.is_empty(), "these are exported and have no place among the families: {unnamed:?}");
    // Fuel is not counted by the tests' engine, and the others are of kernels that have control groups and pressure.
    let elsewhere = ["dayfly_render_fuel", "dayfly_host_memory_events", "dayfly_host_pressure_seconds"];
    let missing: Vec<_> = named.difference(&exported).filter(|name| !elsewhere.contains(name)).collect();
    assert!(missing.is_empty(), "these are not exported: {missing:?}");
    server.end().await;
}

/// A real Alertmanager, ended when it is dropped.
struct Alertmanager {
    process: Child,
    url: String,
}

impl Alertmanager {
    async fn start(mut program: Command, folder: &Path, webhook: &str) -> Self {
        let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let config = format!(
            "route: {{receiver: oncall, group_by: [alertname, instance], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
             receivers: [{{name: oncall, webhook_configs: [{{url: '{webhook}'}}]}}]\n"
        );
        std::fs::write(folder.join("alertmanager.yml"), config).unwrap();
        let process = program
            .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { process, url: format!("http://{address}") };
        let began = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "Alertmanager does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        started
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The names and types of a JSON value, each kind of an array's entries once.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(all) => all.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(all) => Value::Array(all.iter().map(shape).take(1).collect()),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Null => "null".into(),
    }
}

/// The same alarm goes to a receiver by way of a real Alertmanager, and to another one by ourselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alertmanager_takes_our_alarms_and_its_webhook_sends_what_ours_does() {
    let test = "an_alertmanager_takes_our_alarms_and_its_webhook_sends_what_ours_does";
    let program = tokio::task::spawn_blocking(move || tools::alertmanager(test)).await.unwrap();
    let Some(program) = program else { return };
    let (ours, theirs) = (Receiver::start(Mood::Takes).await, Receiver::start(Mood::Takes).await);
    let folder = tempfile::tempdir().unwrap();
    let alertmanager = Alertmanager::start(program, folder.path(), &theirs.webhook().url).await;
    let server = serve([tenant("one", "one.mjs", APP)], |config| {
        quick(config);
        config.tenants.get_mut(&"one".parse().unwrap()).unwrap().limits.memory = 32 << 20;
        let direct = Webhook {
            format: WebhookFormat::Alertmanager,
            ..Webhook::new("alertmanager", format!("{}/api/v2/alerts", alertmanager.url))
        };
        config.alarms.webhooks = vec![ours.webhook(), direct];
    })
    .await;
    server.get("/one/memory").await;
    let theirs = theirs.taken("DayflyTenantLimitHits", 2).await;
    let ours = ours.taken("DayflyTenantLimitHits", 2).await;
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(shape(ours), shape(theirs), "ours: {ours:#}\ntheirs: {theirs:#}");
        for name in ["receiver", "status", "groupLabels", "commonLabels", "version", "groupKey", "truncatedAlerts"] {
            assert_eq!(ours[name], theirs[name], "{name}: {ours:#}\n{theirs:#}");
        }
        for name in ["status", "labels", "annotations", "fingerprint"] {
            assert_eq!(ours["alerts"][0][name], theirs["alerts"][0][name], "{name}");
        }
    }
    let at = |message: &Value, name: &str| message["alerts"][0][name].as_str().unwrap().to_owned();
    assert_eq!([&ours[0], &theirs[0]].map(|message| at(message, "endsAt")), ["0001-01-01T00:00:00Z"; 2]);
    // Go leaves zeros at the end out.
    let time = |message: &Value, name: &str| humantime::parse_rfc3339(&at(message, name)).unwrap();
    for (index, name) in [(0, "startsAt"), (1, "startsAt"), (1, "endsAt")] {
        assert_eq!(time(&ours[index], name), time(&theirs[index], name), "{name}");
    }
    server.end().await;
}
