//! The admin API.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use dayfly_server::{NewToken, Scope};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Running, serve, serve_in, tenant};
use crate::tools;

const APP: &str = "globalThis.render = ({ say }) => { console.warn('said', say); return 'page' };";

pub(crate) fn code(response: &Response<Value>) -> (u16, &str) {
    (response.status().as_u16(), response.body()["code"].as_str().unwrap_or("-"))
}

pub(crate) async fn as_token(server: &Running, token: &str, method: &str, path: &str) -> Response<Value> {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    server.api(request.body("".into()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_or_done_without_a_token_that_may() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let make = |name: &str, scope: Scope, tenants: &[&str]| {
        NewToken::generate(name, &[scope].into(), &tenants.iter().map(|tenant| tenant.parse().unwrap()).collect())
    };
    let [read, deploy, shop] =
        [make("r", Scope::Read, &[]), make("d", Scope::Deploy, &[]), make("s", Scope::Admin, &["shop"])];
    fs::write(&file, [&read, &deploy, &shop].map(|new| new.entry.clone()).join("\n")).unwrap();
    let apps = [tenant("shop", "a.js", APP), tenant("other", "a.js", APP)];
    let server = serve(apps, |config| config.tokens = Some(file.clone())).await;

    let described =
        server.api(Request::get("/openapi.json").header("authorization", "").body("".into()).unwrap()).await;
    let mut asked = 0;
    for (path, methods) in described.body()["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path.replace("{tenant}", "shop").replace("{digest}", "00000000");
            let request = |authorization: &str| {
                let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
                request
                    .header("authorization", authorization)
                    .header("content-type", "application/json")
                    .body("{}".into())
                    .unwrap()
            };
            let (none, unknown) = (server.api(request("Basic x")).await, server.api(request("Bearer dayfly_x")).await);
            if ["/livez", "/readyz"].contains(&path.as_str()) {
                assert_eq!((none.status(), unknown.status()), (StatusCode::OK, StatusCode::OK));
                continue;
            }
            assert_eq!(code(&none), (401, "token-missing"), "{method} {path}");
            assert_eq!(none.headers()["www-authenticate"], "Bearer realm=\"dayfly\"");
            // After the first ones.
            if code(&unknown) != (429, "too-many-failures") {
                assert_eq!(code(&unknown), (401, "token-unknown"), "{method} {path}");
                assert_eq!(unknown.headers()["www-authenticate"], "Bearer realm=\"dayfly\", error=\"invalid_token\"");
            }
            asked += 1;
        }
    }
    assert!(asked >= 15, "{asked}");

    let refused = as_token(&server, &read.token, "POST", "/v1/tenants/shop/suspend").await;
    assert_eq!(code(&refused), (403, "scope-missing"));
    assert_eq!(
        refused.headers()["www-authenticate"],
        "Bearer realm=\"dayfly\", error=\"insufficient_scope\", scope=\"admin\""
    );
    assert_eq!(code(&as_token(&server, &deploy.token, "GET", "/v1/tenants").await), (403, "scope-missing"));
    assert_eq!(
        code(&as_token(&server, &deploy.token, "POST", "/v1/tenants/shop/rollback").await),
        (409, "nothing-before")
    );
    for tenant in ["other", "nobody"] {
        let refused = as_token(&server, &shop.token, "GET", &format!("/v1/tenants/{tenant}")).await;
        assert_eq!(code(&refused), (403, "tenant-not-allowed"), "whether it is there is not told");
    }
    let list = as_token(&server, &shop.token, "GET", "/v1/tenants").await;
    assert_eq!(list.body()["tenants"].as_array().unwrap().len(), 1, "{list:?}");

    fs::write(&file, &deploy.entry).unwrap();
    let revoked = as_token(&server, &read.token, "GET", "/v1/tenants").await;
    assert!([(401, "token-unknown"), (429, "too-many-failures")].contains(&code(&revoked)), "{revoked:?}");
    fs::write(&file, "token = 7").unwrap();
    assert_eq!(code(&as_token(&server, &deploy.token, "GET", "/v1/status").await), (503, "tokens-unreadable"));
    assert_eq!(server.call("GET", "/v1/status", "", "").await.status(), 200, "who runs the server still may");
    let two = Request::get("/v1/status").header("authorization", "Bearer a").header("authorization", "Bearer b");
    assert_eq!(code(&server.api(two.body("".into()).unwrap()).await), (400, "authorization-malformed"));
    server.end().await;
}

/// Each path and method of the description, with names that are there.
async fn operations(server: &Running) -> Vec<(String, String)> {
    let described = server.call("GET", "/openapi.json", "", "").await;
    let paths = described.body()["paths"].as_object().unwrap();
    let named = |path: &str| path.replace("{tenant}", "shop").replace("{digest}", "00000000");
    let methods =
        |methods: &Value| methods.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect::<Vec<_>>();
    paths.iter().flat_map(|(path, of)| methods(of).into_iter().map(move |method| (method, named(path)))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_one_tenant_learns_nothing_of_another_on_any_route() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let all = [Scope::Read, Scope::Deploy, Scope::Admin].into();
    let other = NewToken::generate("o", &all, &["other".parse().unwrap()].into());
    fs::write(&file, &other.entry).unwrap();
    let apps = [tenant("shop", "a.js", APP), tenant("other", "a.js", APP)];
    let server = serve(apps, |config| config.tokens = Some(file.clone())).await;
    server.get("/shop?say=hello").await;
    let mut refused = 0;
    for (method, path) in operations(&server).await {
        // `alarms::who_is_for_some_tenants_sees_what_is_theirs_alone` looks at this one, which goes on until the reader leaves.
        if path == "/v1/live" {
            continue;
        }
        // What would go on until the reader leaves.
        let asked = if path == "/v1/events" { format!("{path}?past=true&follow=false") } else { path.clone() };
        let request = Request::builder().method(method.as_str()).uri(&asked).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {}", other.token));
        let body = r#"{"name":"third","routes":["/third"]}"#;
        let answer = server.api(request.body(body.into()).unwrap()).await;
        if method == "GET" && !path.contains("/shop") && answer.status() == 200 {
            assert!(!answer.body().to_string().contains("shop"), "{method} {path}: {answer:?}");
            continue;
        }
        assert_eq!(code(&answer), (403, "tenant-not-allowed"), "{method} {path}: {answer:?}");
        refused += 1;
    }
    assert!(refused >= 13, "{refused}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_that_no_route_has_and_tokens_without_end_are_refused() {
    let server = serve([tenant("shop", "a.js", APP)], |_| {}).await;
    for (_, path) in operations(&server).await {
        for method in ["OPTIONS", "TRACE", "PROPFIND"] {
            let request = Request::builder().method(method).uri(&path).header("origin", "http://elsewhere.example");
            let request = request.header("access-control-request-method", "POST").header("x-secret", "not to be told");
            let answer = server.api(request.body("".into()).unwrap()).await;
            assert_eq!(code(&answer), (405, "method-not-allowed"), "{method} {path}");
            assert!(answer.headers().contains_key("allow"), "{method} {path}: {answer:?}");
            let told = format!("{:?} {}", answer.headers(), answer.body());
            assert!(!told.contains("access-control") && !told.contains("not to be told"), "{method} {path}: {told}");
        }
    }
    let with_token = |length: usize| {
        let token = "x".repeat(length);
        format!(
            "GET /v1/tenants HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        )
    };
    let long = raw(&server, with_token(64 << 10)).await;
    assert!(long.starts_with("HTTP/1.1 401") && !long.contains("xxxx"), "{}", &long[..200.min(long.len())]);
    let endless = raw(&server, with_token(1 << 20)).await;
    assert!(endless.starts_with("HTTP/1.1 431") || endless.is_empty(), "{}", &endless[..200.min(endless.len())]);
    assert_eq!(server.call("GET", "/v1/status", "", "").await.status(), 200);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_request_has_a_code_and_a_remedy() {
    let server = serve([tenant("shop", "a.js", APP)], |_| {}).await;
    let long = "x".repeat(64);
    for (method, path, body, expected) in [
        ("GET", "/v2", "", (404, "not-found")),
        ("PUT", "/v1/tenants", "", (405, "method-not-allowed")),
        ("GET", "/v1/tenants/nobody", "", (404, "tenant-unknown")),
        ("GET", "/v1/tenants/A%20", "", (404, "tenant-unknown")),
        ("GET", "/v1/tenants?limit=x", "", (400, "bad-request")),
        ("GET", "/v1/events?tenants=shop", "", (400, "bad-request")),
        ("POST", "/v1/tenants", "{", (400, "bad-request")),
        ("POST", "/v1/tenants", r#"{"name":"a"}"#, (400, "bad-request")),
        ("POST", "/v1/tenants", r#"{"name":"A","routes":["/a"]}"#, (422, "tenant-invalid")),
        ("POST", "/v1/tenants", r#"{"name":"a","routes":["http://a"]}"#, (422, "tenant-invalid")),
        ("POST", "/v1/tenants", r#"{"name":"a","routes":[]}"#, (422, "tenant-invalid")),
        ("POST", "/v1/tenants", r#"{"name":"shop","routes":["/a"]}"#, (409, "tenant-exists")),
        ("POST", "/v1/tenants", r#"{"name":"a","routes":["/shop"]}"#, (409, "route-taken")),
        ("DELETE", "/v1/tenants/shop", "", (409, "tenant-configured")),
        ("PATCH", "/v1/tenants/shop/limits", r#"{"cpu":1}"#, (422, "limits-invalid")),
        ("PATCH", "/v1/tenants/shop/limits", "[]", (400, "bad-request")),
        ("POST", "/v1/tenants/shop/deployments?path=x", "", (400, "bad-request")),
        ("POST", "/v1/tenants/shop/deployments?name=a/b", "", (400, "bad-request")),
        ("POST", "/v1/tenants/shop/deployments/abcdef/activate", "", (404, "deployment-unknown")),
        ("POST", &format!("/v1/tenants/{long}/rollback"), "", (404, "tenant-unknown")),
    ] {
        let answer = server.call(method, path, "application/json", body).await;
        assert_eq!(code(&answer), expected, "{method} {path} {body}: {answer:?}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let view = answer.body();
        assert_eq!(view["type"], format!("urn:dayfly:problem:{}", expected.1));
        assert!(view["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{view}");
    }
    let upload = |digest: &str| {
        let request = Request::post("/v1/tenants/shop/deployments").header("content-type", "text/javascript");
        request.header("repr-digest", digest).body(APP.into()).unwrap()
    };
    assert_eq!(code(&server.api(upload("sha-256=:AAAA:")).await), (400, "digest-malformed"));
    let other = format!("sha-256=:{}=:", "A".repeat(43));
    assert_eq!(code(&server.api(upload(&other)).await), (400, "digest-mismatch"));
    // Refused by its head: nothing of the body is waited for.
    let head = format!(
        "POST /v1/tenants/shop/deployments HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/wasm\r\ncontent-length: {}\r\n\r\n",
        server.token,
        (64 << 20) + 1
    );
    let answer = raw(&server, head).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("too-large"), "{answer}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_need_no_token_nor_a_host() {
    let server = serve([tenant("shop", "a.js", APP)], |_| {}).await;
    for (path, body) in [("/livez", "ok\n"), ("/readyz", "ready\n")] {
        let answer = raw(&server, format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.0 200") && answer.ends_with(body), "{answer}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_as_they_happen_and_the_last_ones_can_be_had() {
    let server = serve([tenant("shop", "a.js", APP), tenant("other", "a.js", APP)], |_| {}).await;
    server.get("/shop?say=before").await;
    server.get("/other?say=other").await;
    let past = server.call("GET", "/v1/events?tenant=shop&past=true&follow=false", "", "").await;
    let past = past.body().as_str().unwrap();
    assert!(past.contains("said before") && !past.contains("said other"), "{past}");

    let request = Request::get("/v1/events?tenant=shop").header("authorization", format!("Bearer {}", server.token));
    let stream = server.stream(request.body("".into()).unwrap()).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    server.get("/other?say=other").await;
    let answered = server.get("/shop?say=live").await;
    let mut body = stream.into_body();
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let event = String::from_utf8(frame.to_vec()).unwrap();
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!((&data["tenant"], &data["outcome"], &data["status"]), (&json!("shop"), &json!("ok"), &json!(200)));
    assert_eq!(data["request_id"], crate::support::id_of(&answered));
    assert_eq!((&data["console"][0]["level"], &data["console"][0]["text"]), (&json!("warn"), &json!("said live")));
    server.end().await;
    assert!(body.frame().await.is_none(), "the stream ends with the server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_console_is_read_and_followed_and_no_name_makes_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let other = NewToken::generate("o", &[Scope::Read].into(), &["other".parse().unwrap()].into());
    fs::write(&file, &other.entry).unwrap();
    let apps = [tenant("shop", "a.js", APP), tenant("other", "a.js", APP)];
    let server = serve(apps, |config| config.tokens = Some(file.clone())).await;
    for (path, expected) in [
        ("/v1/tenants/nobody/logs", (404, "tenant-unknown")),
        ("/v1/tenants/..%2Fshop/logs", (404, "tenant-unknown")),
        ("/v1/tenants/shop/logs?lines=-1", (400, "bad-request")),
    ] {
        assert_eq!(code(&server.call("GET", path, "", "").await), expected, "{path}");
    }
    let foreign = as_token(&server, &other.token, "GET", "/v1/tenants/shop/logs").await;
    assert_eq!(code(&foreign), (403, "tenant-not-allowed"));

    for say in ["one", "two"] {
        let asked = server.get(&format!("/shop?say={say}")).await;
        server.receipt(&crate::support::id_of(&asked)).await;
        server.get("/other?say=other").await;
    }
    let read = |text: &str| -> Vec<(String, Value)> {
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let data = data.map(|data| serde_json::from_str::<Value>(data).unwrap());
        data.map(|line| (line["text"].as_str().unwrap().to_owned(), line)).collect()
    };
    let texts = |lines: &[(String, Value)]| lines.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
    let all = server.call("GET", "/v1/tenants/shop/logs", "", "").await;
    assert_eq!(texts(&read(all.body().as_str().unwrap())), ["said one", "said two"]);
    let path = "/v1/tenants/shop/logs?lines=1&follow=true";
    let request = Request::get(path).header("authorization", format!("Bearer {}", server.token));
    let mut body = server.stream(request.body("".into()).unwrap()).await.into_body();
    let asked = server.get("/shop?say=three").await;
    let mut came = String::new();
    while !came.contains("three") {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        came += std::str::from_utf8(&frame).unwrap();
    }
    let lines = read(&came);
    assert_eq!(texts(&lines), ["said two", "said three"]);
    let line = &lines[1].1;
    assert_eq!((&line["tenant"], &line["level"], &line["depth"]), (&json!("shop"), &json!("warn"), &json!(0)));
    assert_eq!(line["request_id"], crate::support::id_of(&asked));
    assert!(line["at"].as_str().unwrap().starts_with("a.js:1:") && line["time"].as_str().unwrap().ends_with('Z'));
    server.end().await;
    assert!(body.frame().await.is_none(), "the stream ends with the server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_tells_each_tenants_load() {
    let server = serve([tenant("shop", "a.js", APP), tenant("idle", "a.js", APP)], |_| {}).await;
    for _ in 0..3 {
        let page = server.get("/shop").await;
        server.receipt(&crate::support::id_of(&page)).await;
    }
    let status = server.call("GET", "/v1/status", "", "").await;
    let status = status.body();
    assert_eq!((&status["phase"], &status["renders"]["live"]), (&json!("ready"), &json!(0)));
    let [idle, shop] = &status["tenants"].as_array().unwrap()[..] else { panic!("{status}") };
    assert_eq!(
        (&shop["requests"], &shop["failures"], &idle["requests"], &idle["p50_us"]),
        (&json!(3), &json!(0), &json!(0), &Value::Null)
    );
    assert!(
        shop["p99_us"].as_u64() >= shop["p50_us"].as_u64() && shop["peak_memory_bytes"].as_u64() > Some(0),
        "{shop}"
    );
    assert!(status["resident_bytes"].as_u64() > Some(1 << 20), "{status}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_come_as_who_asks_reads_them_and_to_nobody_who_may_see_some_tenants_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let shop = NewToken::generate("s", &[Scope::Read].into(), &["shop".parse().unwrap()].into());
    fs::write(&file, &shop.entry).unwrap();
    let server = serve([tenant("shop", "a.js", APP)], |config| config.tokens = Some(file.clone())).await;
    let page = server.get("/shop").await;
    server.receipt(&crate::support::id_of(&page)).await;
    let text = "text/plain; version=0.0.4; charset=utf-8";
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    for (accept, kind) in [
        ("", text),
        ("*/*", text),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", open),
        ("text/plain, application/openmetrics-text; q=0", text),
    ] {
        let metrics = server.api(Request::get("/metrics").header("accept", accept).body("".into()).unwrap()).await;
        assert_eq!(
            (metrics.status(), &metrics.headers()["content-type"]),
            (StatusCode::OK, &http::HeaderValue::from_static(kind)),
            "{accept}"
        );
        let body = metrics.body().as_str().unwrap();
        assert!(body.contains("dayfly_requests_total{tenant=\"shop\",outcome=\"ok\"} 1\n"), "{body}");
        assert_eq!(body.ends_with("# EOF\n"), kind == open);
    }
    assert_eq!(code(&as_token(&server, &shop.token, "GET", "/metrics").await), (403, "tenant-not-allowed"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_in_the_audit_log_with_who_did_it() {
    let state = tempfile::tempdir().unwrap();
    let server = serve_in(state.path(), [tenant("shop", "a.js", APP)], |_| {}).await.unwrap();
    server.deploy("shop", "", "globalThis.render = () => 'b'").await;
    server.deploy("shop", "", "globalThis.render = () => { throw 1 }").await;
    server.call("POST", "/v1/tenants/shop/suspend", "", "").await;
    server.call("GET", "/v1/tenants", "", "").await;
    server.end().await;
    let audit = fs::read_to_string(state.path().join("audit.jsonl")).unwrap();
    let entries: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            [&entry["token"], &entry["action"], &entry["tenant"], &entry["outcome"]]
                .map(|value| value.as_str().unwrap())
        })
        .collect();
    let steps = [
        ("deploy", "started"),
        ("deploy", "ok"),
        ("deploy", "started"),
        ("deploy", "app-threw"),
        ("suspend", "started"),
        ("suspend", "ok"),
    ];
    assert_eq!(told, steps.map(|(action, outcome)| ["local", action, "shop", outcome]));
    assert_eq!((&entries[0]["id"], entries[1]["digest"].as_str().unwrap().len()), (&entries[1]["id"], 64));
}

/// What the admin API writes after it has read this, until it closes the connection or has written an end.
async fn raw(server: &Running, request: String) -> String {
    let mut stream = TcpStream::connect(server.admin.unwrap()).unwrap();
    let asked = tokio::task::spawn_blocking(move || {
        // Who refuses it by its head need not read it all.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    });
    asked.await.unwrap()
}

/// schemathesis makes requests of the description, right ones and wrong ones, and looks whether the answers are what it says: no
/// error of the server's, types and schemas as described, wrong ones refused and right ones not, no route without a token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_does_what_its_description_says() {
    let server = serve([tenant("shop", "a.js", APP), tenant("other", "a.js", APP)], |_| {}).await;
    let url = format!("http://{}/openapi.json", server.admin.unwrap());
    let authorization = format!("Authorization: Bearer {}", server.token);
    let checked = tokio::task::spawn_blocking(move || {
        let python = tools::python("the_api_does_what_its_description_says")?;
        let mut command = Command::new(python.with_file_name("schemathesis"));
        // It leaves what it found in a folder where it runs.
        let folder = tempfile::tempdir().unwrap();
        command
            .current_dir(folder.path())
            .arg("--config-file")
            .arg(tools::script("schemathesis.toml"))
            .args(["run", &url]);
        Some(tools::run(command.args(["--header", &authorization]), ""))
    });
    if let Some(said) = checked.await.unwrap() {
        let all = operations(&server).await.len();
        assert!(said.contains(&format!("{all} selected / {all} total")), "{said}");
        assert!(!said.contains("Authentication failed"), "{said}");
    }
    let status = server.call("GET", "/v1/status", "", "").await;
    assert_eq!(status.body()["phase"], "ready", "{status:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_is_valid_openapi_and_has_every_route() {
    let server = serve([], |_| {}).await;
    let described = server.call("GET", "/openapi.json", "", "").await;
    let described = described.body();
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"), "{described}");
    let routes: Vec<_> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}")))
        .collect();
    let mut expected = [
        "get /livez",
        "get /readyz",
        "get /metrics",
        "get /v1/status",
        "get /v1/events",
        "get /v1/live",
        "get /v1/history",
        "get /v1/alarms",
        "get /v1/tenants-usage",
        "get /v1/tenants/{tenant}/history",
        "get /v1/tenants/{tenant}/leak",
        "put /v1/tenants/{tenant}/leak",
        "get /v1/tenants",
        "post /v1/tenants",
        "get /v1/tenants/{tenant}",
        "delete /v1/tenants/{tenant}",
        "post /v1/tenants/{tenant}/suspend",
        "post /v1/tenants/{tenant}/resume",
        "get /v1/tenants/{tenant}/logs",
        "get /v1/tenants/{tenant}/limits",
        "patch /v1/tenants/{tenant}/limits",
        "get /v1/tenants/{tenant}/deployments",
        "post /v1/tenants/{tenant}/deployments",
        "post /v1/tenants/{tenant}/deployments/{digest}/activate",
        "post /v1/tenants/{tenant}/rollback",
    ];
    let mut routes: Vec<_> = routes.iter().map(String::as_str).collect();
    routes.sort_unstable();
    expected.sort_unstable();
    assert_eq!(routes, expected);
    server.end().await;
    let test = "the_description_is_valid_openapi_and_has_every_route";
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), described.to_string()).unwrap();
    let validated = tokio::task::spawn_blocking(move || {
        let python = tools::python(test)?;
        Some(tools::run(Command::new(python).args(["-m", "openapi_spec_validator"]).arg(file.path()), ""))
    });
    let Some(said) = validated.await.unwrap() else { return };
    assert!(said.contains(": OK"), "{said}");
}
