//! What was, and who is told when something is wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use dayfly_server::{Config, NewToken, Scope, Webhook};
use hmac::{Hmac, Mac};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use crate::admin::{as_token, code};
use crate::support::{Running, serve, serve_in, tenant};

pub(crate) const APP: &str = r#"export default { async fetch(request) {
    const path = new URL(request.url).pathname;
    if (path.endsWith("throw")) throw new Error("no");
    if (path.endsWith("memory")) { const all = []; for (;;) all.push(new Uint8Array(1 << 20)); }
    return new Response("hello");
} };"#;

/// What a webhook does with a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mood {
    Takes,
    Fails,
    Hangs,
}

/// Somebody who is told.
pub(crate) struct Receiver {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    _serving: AbortOnDropHandle<()>,
}

struct Inner {
    mood: Mood,
    /// Heads and bodies of all that came, taken or not.
    came: Vec<(HeaderMap, Bytes)>,
    taken: Vec<Value>,
}

impl Receiver {
    pub(crate) async fn start(mood: Mood) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), mood).await
    }

    async fn start_at(address: SocketAddr, mood: Mood) -> Self {
        let inner = Arc::new(Mutex::new(Inner { mood, came: Vec::new(), taken: Vec::new() }));
        let router = Router::new().fallback(Self::receive).with_state(inner.clone());
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Self { address, inner, _serving: AbortOnDropHandle::new(serving) }
    }

    async fn receive(State(inner): State<Arc<Mutex<Inner>>>, head: HeaderMap, body: Bytes) -> StatusCode {
        let mood = {
            let mut inner = inner.lock().unwrap();
            inner.came.push((head, body.clone()));
            if inner.mood == Mood::Takes {
                inner.taken.push(serde_json::from_slice(&body).unwrap());
            }
            inner.mood
        };
        match mood {
            Mood::Takes => StatusCode::OK,
            Mood::Fails => StatusCode::INTERNAL_SERVER_ERROR,
            Mood::Hangs => std::future::pending().await,
        }
    }

    pub(crate) fn webhook(&self) -> Webhook {
        Webhook {
            timeout: Duration::from_millis(300),
            ..Webhook::new("oncall", format!("http://{}/hook", self.address))
        }
    }

    fn set(&self, mood: Mood) {
        self.inner.lock().unwrap().mood = mood;
    }

    fn came(&self) -> Vec<(HeaderMap, Bytes)> {
        self.inner.lock().unwrap().came.clone()
    }

    /// The messages about an alarm that were taken, once there are so many.
    pub(crate) async fn taken(&self, alarm: &str, count: usize) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let mut taken = self.inner.lock().unwrap().taken.clone();
            taken.retain(|message| message["groupLabels"]["alertname"] == alarm);
            if taken.len() >= count {
                return taken;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{count} were to come: {taken:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Samples come often, and minutes are tenths of seconds.
pub(crate) fn quick(config: &mut Config) {
    config.history.interval = Duration::from_millis(100);
    config.alarms.scale = 1.0 / 600.0;
    // However full the machine is.
    config.alarms.memory_high = 1.0;
    config.alarms.memory_critical = 1.0;
}

/// Memory is always too high, whatever the machine.
fn high(config: &mut Config) {
    quick(config);
    config.alarms.memory_high = 0.0;
}

async fn get(server: &Running, path: &str) -> Value {
    let response = server.api(Request::get(path).body(Full::default()).unwrap()).await;
    assert_eq!(response.status(), 200, "{path}: {:#}", response.body());
    response.into_body()
}

/// Asks until an answer is as it is wanted.
async fn until(server: &Running, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let answer = get(server, path).await;
        if is_wanted(&answer) {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{path}: {answer:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn names(alarms: &Value) -> Vec<&str> {
    alarms.as_array().unwrap().iter().map(|alarm| alarm["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_is_passed_is_told_and_so_is_its_end() {
    let receiver = Receiver::start(Mood::Takes).await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
    let server = serve([tenant("one", "one.mjs", APP)], |config| {
        quick(config);
        let one = config.tenants.get_mut(&"one".parse().unwrap()).unwrap();
        one.limits.memory = 32 << 20;
        config.alarms.webhooks = vec![Webhook { secret: Some(secret), ..receiver.webhook() }];
        config.alarms.url = Some("https://dayfly.example".into());
    })
    .await;
    let passed = Instant::now();
    assert_eq!(server.get("/one/memory").await.status(), 500);
    let taken = receiver.taken("DayflyTenantLimitHits", 2).await;
    // At the interval of 10 s it is that and what sending takes.
    assert!(passed.elapsed() < Duration::from_secs(15), "{:?}", passed.elapsed());
    let [firing, resolved] = &taken[..2] else { panic!("{taken:#?}") };
    assert_eq!((&firing["status"], &resolved["status"]), (&json!("firing"), &json!("resolved")));
    let alert = &firing["alerts"][0];
    let instance = alert["labels"]["instance"].as_str().unwrap();
    assert!(
        instance.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()),
        "{instance}"
    );
    let labels = json!({
        "alertname": "DayflyTenantLimitHits", "instance": instance, "job": "dayfly", "severity": "warning", "tenant": "one",
    });
    assert_eq!((&alert["labels"], &alert["status"]), (&labels, &json!("firing")));
    assert_eq!(alert["annotations"]["summary"], "a limit has ended 1 requests of one in 5 minutes");
    assert!(alert["annotations"]["runbook"].as_str().unwrap().contains("dayfly rollback"));
    assert_eq!(
        (&alert["endsAt"], &firing["externalURL"]),
        (&json!("0001-01-01T00:00:00Z"), &json!("https://dayfly.example"))
    );
    assert_eq!(resolved["alerts"][0]["startsAt"], alert["startsAt"]);
    assert_eq!(resolved["alerts"][0]["fingerprint"], alert["fingerprint"]);
    for (head, body) in receiver.came() {
        let of = |name: &str| head[name].to_str().unwrap().to_owned();
        let mut mac =
            Hmac::<sha2::Sha256>::new_from_slice(&BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap())
                .unwrap();
        mac.update(format!("{}.{}.", of("webhook-id"), of("webhook-timestamp")).as_bytes());
        mac.update(&body);
        let expected = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(of("webhook-signature"), expected);
    }
    let alarms = get(&server, "/v1/alarms").await;
    assert_eq!(names(&alarms["history"])[0], "DayflyTenantLimitHits", "{alarms:#}");
    let past = &alarms["history"][0];
    assert_eq!((&past["tenant"], &past["state"], &past["unit"]), (&json!("one"), &json!("resolved"), &json!("count")));
    assert!(past["fired_at"].as_f64() <= past["resolved_at"].as_f64() && past["runbook"].is_string(), "{past:#}");
    let kinds = |history: &Value| {
        let marks = history["marks"].as_array().unwrap().iter();
        marks.map(|mark| mark["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = kinds(&get(&server, "/v1/history").await);
    assert_eq!(all, ["start", "alarm", "resolved"]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_fails_hangs_or_is_away_is_told_later_over_restarts_and_in_order() {
    let state = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(Mood::Fails).await;
    let address = receiver.address;
    let webhook = receiver.webhook();
    let start = async |change: fn(&mut Config)| {
        serve_in(state.path(), [], |config| {
            config.alarms.webhooks = vec![webhook.clone()];
            change(config);
        })
        .await
        .unwrap()
    };
    let came = async |count: usize| {
        let began = Instant::now();
        while receiver.came().len() < count {
            assert!(began.elapsed() < Duration::from_secs(60), "{count}: {}", receiver.came().len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let name = "DayflyMemoryHigh";
    let high_of = |alarms: &Value| {
        let active = alarms["active"].as_array().unwrap().clone();
        active.into_iter().find(|alarm| alarm["name"] == name)
    };
    // Those of other alarms say that these are not taken.
    let waiting = || {
        let files = std::fs::read_dir(state.path().join("webhooks/oncall")).unwrap();
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        texts.filter(|text| text.contains(&format!("\"groupLabels\":{{\"alertname\":\"{name}\","))).count()
    };
    let server = start(high).await;
    until(&server, "/v1/alarms", |alarms| high_of(alarms).is_some_and(|alarm| alarm["state"] == "firing")).await;
    came(2).await;
    receiver.set(Mood::Hangs);
    came(4).await;
    let text = server.metrics.encode_text();
    assert!(text.contains("dayfly_alarm_notifications_waiting{webhook=\"oncall\"}"), "{text}");
    server.end().await;
    drop(receiver);
    assert_eq!(waiting(), 1);
    // Nobody is there, and the condition is over meanwhile.
    let server = start(quick).await;
    let over = until(&server, "/v1/alarms", |alarms| high_of(alarms).is_none()).await;
    assert!(names(&over["history"]).contains(&name), "{over:#}");
    server.end().await;
    assert_eq!(waiting(), 2);
    let receiver = Receiver::start_at(address, Mood::Takes).await;
    let server = start(quick).await;
    let taken = receiver.taken(name, 2).await;
    let statuses: Vec<_> = taken.iter().map(|message| message["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["firing", "resolved"]);
    let is_empty = |alarms: &Value| names(&alarms["active"]).is_empty();
    until(&server, "/v1/alarms", is_empty).await;
    server.end().await;
    assert_eq!(waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fires_goes_on_over_a_restart_and_a_webhook_that_is_new_is_told_of_it() {
    let state = tempfile::tempdir().unwrap();
    let (first, second) = (Receiver::start(Mood::Takes).await, Receiver::start(Mood::Takes).await);
    let third = Receiver::start(Mood::Takes).await;
    let start = async |webhooks: Vec<Webhook>| {
        serve_in(state.path(), [tenant("one", "one.mjs", APP)], |config| {
            quick(config);
            // Five minutes are 15 s.
            config.alarms.scale = 0.05;
            config.tenants.get_mut(&"one".parse().unwrap()).unwrap().limits.memory = 32 << 20;
            config.alarms.webhooks = webhooks;
        })
        .await
        .unwrap()
    };
    let name = "DayflyTenantLimitHits";
    let server = start(vec![first.webhook()]).await;
    server.get("/one/memory").await;
    let told = first.taken(name, 1).await;
    let before = get(&server, "/v1/alarms").await["active"].clone();
    let fired_at = |active: &Value| {
        let active = active.as_array().unwrap().iter();
        active.filter(|alarm| alarm["name"] == name).map(|alarm| alarm["fired_at"].clone()).collect::<Vec<_>>()
    };
    server.end().await;
    let server = start(vec![first.webhook(), Webhook { name: "new".into(), ..second.webhook() }]).await;
    let of_new = second.taken(name, 1).await;
    for key in ["status", "startsAt", "labels"] {
        assert_eq!(of_new[0]["alerts"][0][key], told[0]["alerts"][0][key], "{key}");
    }
    // Some samples later it is the same, and nobody was told anything else.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = get(&server, "/v1/alarms").await;
    assert_eq!((fired_at(&after["active"]), names(&after["history"])), (fired_at(&before), vec![]), "{after:#}");
    server.end().await;
    // One that has another URL under its name is new as well.
    let moved = || vec![first.webhook(), Webhook { name: "new".into(), ..third.webhook() }];
    let server = start(moved()).await;
    let of_moved = &third.taken(name, 1).await[0]["alerts"][0];
    assert_eq!(of_moved["startsAt"], told[0]["alerts"][0]["startsAt"]);
    assert_eq!(of_moved["status"], "firing");
    let taken = first.taken(name, 2).await;
    assert_eq!((taken[1]["status"].as_str(), taken.len()), (Some("resolved"), 2));
    assert_eq!(third.taken(name, 2).await[1]["status"], "resolved");
    server.end().await;
    // Who knows of all is not told again.
    let server = start(moved()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let counts = [first.taken(name, 2).await, second.taken(name, 1).await, third.taken(name, 2).await];
    assert_eq!(counts.map(|taken| taken.len()), [2, 1, 2]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_has_the_server_and_its_tenants_over_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let start = async || {
        serve_in(state.path(), [tenant("one", "one.mjs", APP), tenant("two", "two.mjs", APP)], quick).await.unwrap()
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let server = start().await;
    for path in ["/one", "/one", "/one/throw", "/two"] {
        server.get(path).await;
    }
    let sum = |history: &Value, name: &str| {
        let rates = history[name].as_array().unwrap().iter().filter_map(Value::as_f64);
        (rates.sum::<f64>() * history["step"].as_f64().unwrap()).round()
    };
    // So little that there is a point for each sample.
    let (path, of_one) =
        (format!("/v1/history?points=2000&from={now}"), format!("/v1/tenants/one/history?points=2000&from={now}"));
    let (path, of_one) = (path.as_str(), of_one.as_str());
    let seen = until(&server, path, |history| sum(history, "renders") == 4.0).await;
    assert_eq!((sum(&seen, "failures"), sum(&seen, "limit_hits")), (1.0, 0.0));
    let length = seen["time"].as_array().unwrap().len();
    for (name, values) in seen.as_object().unwrap() {
        let is_one = ["from", "to", "step"].contains(&name.as_str());
        assert!(is_one || name == "marks" || values.as_array().unwrap().len() == length, "{name}");
    }
    let last =
        |history: &Value, name: &str| history[name].as_array().unwrap().iter().rev().find_map(Value::as_u64).unwrap();
    assert!(last(&seen, "memory_bytes") >= last(&seen, "memory_trough_bytes"));
    assert!(last(&seen, "memory_limit_bytes") > last(&seen, "resident_bytes"));
    let one = until(&server, of_one, |history| sum(history, "renders") == 3.0).await;
    assert_eq!(sum(&one, "failures"), 1.0);
    assert!(last(&one, "peak_memory_bytes") > 1 << 16 && last(&one, "memory_limit_bytes") == 128 << 20, "{one:#}");
    server.end().await;
    let server = start().await;
    until(&server, path, |history| sum(history, "renders") == 4.0).await;
    let again = get(&server, of_one).await;
    assert_eq!((sum(&again, "renders"), sum(&again, "failures")), (3.0, 1.0));
    let marks = get(&server, path).await["marks"].clone();
    let marks: Vec<_> = marks.as_array().unwrap().iter().map(|mark| mark["kind"].as_str().unwrap()).collect();
    assert_eq!(marks, ["start", "start"]);
    for wrong in ["?from=nan", "?from=2&to=1", "?points=x", "?what=1"] {
        let response = server.api(Request::get(format!("/v1/history{wrong}")).body(Full::default()).unwrap()).await;
        assert_eq!(
            (response.status(), &response.body()["code"]),
            (StatusCode::BAD_REQUEST, &json!("bad-request")),
            "{wrong}"
        );
    }
    let few = get(&server, "/v1/history?points=7").await;
    assert!(few["time"].as_array().unwrap().len() <= 8, "{few:#}");
    server.end().await;
}

/// Server-sent events as they come.
struct Events {
    body: hyper::body::Incoming,
    text: String,
}

impl Events {
    /// The next one: its name and its data.
    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let found = line("event: ").zip(line("data: "));
                self.text = rest.to_owned();
                // Else it is there to keep the connection.
                if let Some((name, data)) = found {
                    return (name, serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            let frame = tokio::time::timeout(Duration::from_secs(60), self.body.frame()).await;
            let frame = frame.expect("something comes in a minute").unwrap().unwrap();
            self.text += std::str::from_utf8(&frame.into_data().unwrap()).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_for_some_tenants_sees_what_is_theirs_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let shop = NewToken::generate("shop", &[Scope::Read].into(), &["shop".parse().unwrap()].into());
    std::fs::write(&file, &shop.entry).unwrap();
    let tenants = [tenant("shop", "shop.mjs", APP), tenant("other", "other.mjs", APP)];
    let server = serve(tenants, |config| {
        high(config);
        config.tokens = Some(file);
        for tenant in config.tenants.values_mut() {
            tenant.limits.memory = 32 << 20;
        }
    })
    .await;
    let stream = async |token: &str| {
        let request = Request::get("/v1/live").header("authorization", format!("Bearer {token}"));
        let body = server.stream(request.body(Full::default()).unwrap()).await.into_body();
        Events { body, text: String::new() }
    };
    let (mut all, mut some) = (stream(&server.token).await, stream(&shop.token).await);
    server.get("/other/memory").await;
    server.get("/shop/memory").await;
    let deployed = server.deploy("shop", "?name=a.mjs", "export default { fetch: () => new Response('new') };").await;
    assert_eq!(deployed.status(), 201);
    // Of the first stream there is a sample, of the second only what is the shop's.
    let mut kinds = std::collections::BTreeSet::new();
    while !(kinds.contains("sample") && kinds.contains("alarm") && kinds.contains("mark")) {
        let (kind, data) = all.next().await;
        if kind == "sample" {
            let is_there = |name: &str| data[name].is_number();
            assert!(
                ["time", "memory_bytes", "memory_trough_bytes", "renders", "live"].into_iter().all(is_there),
                "{data}"
            );
        }
        kinds.insert(kind);
    }
    let (mut states, mut marks) = (Vec::new(), Vec::new());
    while !(states.contains(&"resolved".to_owned()) && marks.contains(&"deploy".to_owned())) {
        let (kind, data) = some.next().await;
        assert_eq!(data["tenant"], "shop", "{kind}: {data}");
        let name = |name: &str| data[name].as_str().unwrap().to_owned();
        match kind.as_str() {
            "alarm" => states.push(name("state")),
            "mark" => marks.push(name("kind")),
            other => panic!("{other}: {data}"),
        }
    }
    assert!(states.contains(&"firing".to_owned()), "{states:?}");
    let alarms = as_token(&server, &shop.token, "GET", "/v1/alarms").await;
    let alarms: Vec<&Value> =
        ["active", "history"].iter().flat_map(|of| alarms.body()[of].as_array().unwrap()).collect();
    assert!(!alarms.is_empty() && alarms.iter().all(|alarm| alarm["tenant"] == "shop"), "{alarms:#?}");
    let mine = as_token(&server, &shop.token, "GET", "/v1/tenants/shop/history").await;
    let kinds: Vec<_> = mine.body()["marks"].as_array().unwrap().iter().map(|mark| &mark["kind"]).collect();
    assert!(kinds.contains(&&json!("deploy")) && !kinds.contains(&&json!("start")), "{kinds:?}");
    for path in ["/v1/history", "/v1/tenants/other/history", "/v1/tenants/other/leak"] {
        let refused = as_token(&server, &shop.token, "GET", path).await;
        assert_eq!(code(&refused), (403, "tenant-not-allowed"), "{path}");
    }
    assert_eq!(code(&as_token(&server, &shop.token, "PUT", "/v1/tenants/shop/leak").await), (403, "scope-missing"));
    let usage = as_token(&server, &shop.token, "GET", "/v1/tenants-usage").await;
    assert_eq!((&usage.body()["total"], &usage.body()["tenants"][0]["name"]), (&json!(1), &json!("shop")));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tenants_use_comes_in_pages_in_the_order_that_is_asked_for() {
    let names = ["a", "b", "c", "d"];
    let server = serve(names.map(|name| tenant(name, "app.mjs", APP)), |config| {
        config.tenants.get_mut(&"b".parse().unwrap()).unwrap().limits.memory = 32 << 20;
    })
    .await;
    for path in ["/a", "/a", "/a", "/b/memory", "/c/throw", "/c/throw"] {
        let id = crate::support::id_of(&server.get(path).await);
        server.receipt(&id).await;
    }
    let order = async |query: &str| {
        let page = get(&server, &format!("/v1/tenants-usage{query}")).await;
        let names: Vec<_> = page["tenants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tenant| tenant["name"].as_str().unwrap().to_owned())
            .collect();
        (page["total"].as_u64().unwrap(), names.concat())
    };
    assert_eq!(order("?sort=name").await, (4, "abcd".into()));
    assert_eq!(order("?sort=requests").await, (4, "acbd".into()));
    assert_eq!(order("?sort=errors").await, (4, "cbad".into()));
    assert_eq!(order("").await.1.chars().next(), Some('b'), "by memory");
    assert_eq!(order("?sort=name&limit=2&offset=1").await, (4, "bc".into()));
    assert_eq!(order("?sort=name&offset=9").await, (4, String::new()));
    assert_eq!(order("?find=c").await, (1, "c".into()));
    let page = get(&server, "/v1/tenants-usage?sort=memory&limit=1").await;
    let b = &page["tenants"][0];
    assert_eq!((&b["requests"], &b["failures"], &b["limit_hits"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(b["memory_limit_bytes"], 32 << 20);
    assert!(b["cpu_us"].as_u64() > Some(0) && b["p99_us"].as_u64() > Some(0) && b["digest"].is_string(), "{b}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_lab_says_is_kept_by_the_bundle_that_it_is_of() {
    let state = tempfile::tempdir().unwrap();
    let start = async || serve_in(state.path(), [tenant("one", "one.mjs", APP)], |_| {}).await.unwrap();
    let server = start().await;
    let nothing = server.call("GET", "/v1/tenants/one/leak", "", "").await;
    assert_eq!(code(&nothing), (404, "no-leak-report"));
    let digest = get(&server, "/v1/tenants/one").await["active"]["digest"].clone();
    let staircase =
        json!({ "digest": digest, "runs": [1, 2], "bytes": [10, 20], "verdict": "growing", "bytes_a_run": 10.0 });
    let put = async |body: String| server.call("PUT", "/v1/tenants/one/leak", "application/json", body).await;
    let mut other = staircase.clone();
    other["digest"] = "0".repeat(64).into();
    assert_eq!(code(&put(other.to_string()).await), (404, "deployment-unknown"));
    let mut uneven = staircase.clone();
    uneven["runs"] = json!([1]);
    for wrong in [uneven.to_string(), "{".into(), "{}".into()] {
        assert_eq!(code(&put(wrong.clone()).await), (400, "bad-request"), "{wrong}");
    }
    assert_eq!(code(&put(" ".repeat((256 << 10) + 1)).await), (413, "too-large"));
    assert_eq!(put(staircase.to_string()).await.status(), 204);
    assert_eq!(get(&server, "/v1/tenants/one/leak").await, staircase);
    server.end().await;
    let server = start().await;
    assert_eq!(get(&server, "/v1/tenants/one/leak").await, staircase);
    server.end().await;
}
