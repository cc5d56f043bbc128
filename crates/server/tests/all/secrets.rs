//! What one tenant has is nowhere that another one, or who may see that one, looks; and what nobody is to see is nowhere.

use std::fs;
use std::process::Command;
use std::time::Duration;

use dayfly_server::{EventsTo, LogFiles, NewToken, Scope};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};

use crate::support::{Running, serve, tenant};

/// Tells it in all ways that there are what the request brings along: its query, its headers, its body.
const TELLS: &str = r#"
export default { async fetch(request, env) {
    const url = new URL(request.url);
    const told = [url.search, request.headers.get("x-told"), request.headers.get("cookie"), await request.text(), env.SECRET];
    for (const level of ["log", "error", "warn", "info", "debug"]) console[level](...told);
    globalThis.kept = told;
    if (url.pathname.endsWith("/throw")) throw Object.assign(new TypeError(told.join()), { name: told[1] });
    if (url.pathname.endsWith("/reject")) await Promise.reject({ message: told.join(), stack: told.join() });
    if (url.pathname.endsWith("/calls")) await fetch(`http://${env.SECRET}.test/${told[1]}`).catch((e) => console.error(e));
    if (url.pathname.endsWith("/late")) await new Promise(() => {});
    return new Response(told.join("\n"), { headers: {
        "x-told": told[1], "set-cookie": `a=${told[1]}`, etag: `"${told[1]}"`, "cache-control": "public, max-age=60",
    } });
} };"#;

/// What is another tenant's: its name is that of a tenant too.
const MARKERS: [&str; 6] =
    ["marker-of-name", "marker-in-query", "marker-in-header", "marker-in-cookie", "marker-in-body", "marker-in-env"];

fn told(tenant: &str, path: &str) -> Request<Full<bytes::Bytes>> {
    Request::post(format!("/{tenant}{path}?marker-in-query"))
        .header("x-told", "marker-in-header")
        .header("cookie", "marker-in-cookie=1")
        .body("marker-in-body".into())
        .unwrap()
}

#[track_caller]
fn has_none(what: &str, text: &str) {
    for marker in MARKERS {
        assert!(!text.contains(marker), "{marker} is in {what}: {text}");
    }
}

fn whole<B: std::fmt::Debug>(response: &Response<B>) -> String {
    format!("{:?} {:?}", response.headers(), response.body())
}

async fn as_token(server: &Running, token: &NewToken, path: &str) -> String {
    let request = Request::get(path).header("authorization", format!("Bearer {}", token.token));
    let response = server.api(request.body("".into()).unwrap()).await;
    assert!(!path.contains("calm") || response.status() == StatusCode::OK, "{path}: {response:?}");
    whole(&response)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_tenant_is_in_what_another_one_gets_or_who_may_see_that_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let for_one = NewToken::generate("one", &[Scope::Read].into(), &["calm".parse().unwrap()].into());
    fs::write(&file, &for_one.entry).unwrap();
    let (name, mut other) = tenant("marker-of-name", "tells.mjs", TELLS);
    other.env.insert("SECRET".into(), "marker-in-env".into());
    other.cache = Some(1 << 20);
    other.limits.wall = Duration::from_millis(300);
    let (calm, mut of_calm) = tenant("calm", "tells.mjs", TELLS);
    of_calm.cache = Some(1 << 20);
    of_calm.server_timing = true;
    let logs = folder.path().join("logs");
    let server = serve([(name, other), (calm, of_calm)], |config| {
        config.tokens = Some(file);
        config.events.to = EventsTo::File(folder.path().join("events.jsonl"));
        config.logs.files = Some(LogFiles { folder: logs.clone(), size: 1 << 20, keep: 1 });
    })
    .await;

    let mut failed = 0;
    for path in ["", "/throw", "/reject", "/calls", "/late", "/%2e%2e/calm"] {
        let response = server.ask(told("marker-of-name", path)).await;
        if response.status().is_server_error() {
            failed += 1;
            has_none("the body of an error", response.body());
        }
    }
    assert_eq!(failed, 3);
    // Pages that may be stored, and whoever asks for the like of another tenant.
    for tenant in ["marker-of-name", "calm"] {
        for _ in 0..2 {
            let page = server.get_with(&format!("/{tenant}/page"), &[("x-told", "y")]).await;
            assert_eq!(page.status(), StatusCode::OK);
        }
    }
    for (path, status) in
        [("/calm", 200), ("/calm/page", 200), ("/calm/throw", 500), ("/calm/reject", 500), ("/nobody", 404)]
    {
        let response =
            server.get_with(path, &[("x-told", "x"), ("cookie", "x=1"), ("accept", "application/json")]).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        has_none(path, &whole(&response));
    }
    let hosted = Request::get("/page").header("host", "calm.test").header("x-told", "x").body("".into()).unwrap();
    has_none("a page by its host", &whole(&server.ask(hosted).await));

    for path in [
        "/v1/status",
        "/v1/tenants",
        "/v1/tenants/calm",
        "/v1/tenants/calm/deployments",
        "/v1/tenants/calm/limits",
        "/v1/tenants/calm/logs",
        "/v1/events?past=true&follow=false",
        "/v1/events?past=true&follow=false&tenant=calm",
        "/metrics",
        "/openapi.json",
        "/readyz",
    ] {
        has_none(path, &as_token(&server, &for_one, path).await);
    }
    // Who asks by a name that they have learned is told nothing that depends on whether it is there.
    let told_of = async |name: &str| {
        let request = Request::get(format!("/v1/tenants/{name}"));
        let request = request.header("authorization", format!("Bearer {}", for_one.token)).body("".into());
        server.api(request.unwrap()).await.body().to_string().replace(name, "")
    };
    assert_eq!(told_of("marker-of-name").await, told_of("nobody").await);

    let (figures, state) = (server.metrics.encode(), server.config.state.clone());
    for marker in &MARKERS[1..] {
        assert!(!figures.contains(marker), "{marker} is in the figures");
    }
    let lines = |name: &str| {
        server.logs.of(&name.parse().unwrap()).tail(1000).iter().map(|line| line.to_json()).collect::<String>()
    };
    let [mine, theirs]: [String; 2] = ["calm", "marker-of-name"].map(lines);
    has_none("its lines", &mine);
    assert!(theirs.contains("marker-in-env") && !mine.is_empty(), "so they would be found: {theirs}");
    server.end().await;
    has_none("its log", &fs::read_to_string(logs.join("calm.log")).unwrap());
    let events = fs::read_to_string(folder.path().join("events.jsonl")).unwrap();
    assert!(events.lines().count() >= 15, "{events}");
    for event in events.lines().filter(|event| !event.contains("\"tenant\":\"marker-of-name\"")) {
        has_none("an event of another one", event);
    }
    let audit = fs::read_to_string(state.join("audit.jsonl")).unwrap_or_default();
    has_none("the audit log", &audit);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_in_no_answer_no_file_but_its_own_and_no_list_of_processes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let new = NewToken::generate("ci", &[Scope::Admin].into(), &[].into());
    fs::write(&file, &new.entry).unwrap();
    let state = folder.path().join("state");
    let apps =
        [tenant("shop", "a.mjs", "export default { fetch: (request) => new Response([...request.headers].join()) };")];
    let server = crate::support::serve_in(&state, apps, |config| {
        config.tokens = Some(file);
        config.events.to = EventsTo::File(folder.path().join("events.jsonl"));
    })
    .await
    .unwrap();
    let (token, local) = (new.token.clone(), server.token.clone());
    let no_token = |what: &str, text: &str| {
        for token in [&token, &local] {
            assert!(!text.contains(&token[7..]), "a token is in {what}: {text}");
        }
    };
    let deploy = Request::post("/v1/tenants/shop/deployments?name=b.mjs").header("content-type", "text/javascript");
    let deploy = deploy.header("authorization", format!("Bearer {token}")).body("globalThis.render = () => 'b'".into());
    let done = server.api(deploy.unwrap()).await;
    assert_eq!(done.status(), StatusCode::CREATED);
    no_token("a deploy", &whole(&done));
    for (path, authorization) in [
        ("/v1/status", format!("Bearer {token}")),
        ("/v1/tenants/nobody", format!("Bearer {token}")),
        ("/v1/status", format!("Bearer {token}x")),
        ("/v1/status", format!("bearer  {local}, Bearer {token}")),
        ("/v1/status", format!("Basic {token}")),
        ("/metrics", format!("Bearer {token}")),
        ("/v1/events?past=true&follow=false", format!("Bearer {token}")),
    ] {
        let request = Request::get(path).header("authorization", authorization).body("".into()).unwrap();
        no_token(path, &whole(&server.api(request).await));
    }
    // By mistake to a page, whose app is the tenant's own to see; its receipt has no headers.
    server.get_with("/shop", &[("authorization", &format!("Bearer {token}"))]).await;
    no_token("the figures", &server.metrics.encode());
    let shown = Command::new("ps").args(["-ww", "-o", "args=", "-p", &std::process::id().to_string()]).output();
    let arguments = fs::read(format!("/proc/{}/cmdline", std::process::id())).unwrap();
    no_token("the list of processes", &String::from_utf8_lossy(&shown.map_or(arguments, |shown| shown.stdout)));
    let note = state.join("admin.json");
    assert!(fs::read_to_string(&note).unwrap().contains(&local));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&note).unwrap().permissions().mode() & 0o777, 0o600);
    server.end().await;
    assert!(!note.exists());
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                no_token(&path.display().to_string(), &String::from_utf8_lossy(&fs::read(&path).unwrap()));
            }
        }
    }
}

/// Names that are none, or lead elsewhere.
const NAMES: &[&str] = &[
    "..",
    ".",
    "",
    "-",
    "-a",
    "a-",
    "a..b",
    "a.",
    "a.b",
    "%2e%2e",
    "%252e%252e",
    "..%2f..%2fetc",
    "..\\..",
    "a/../../b",
    "/etc",
    "a\0b",
    "a%00b",
    "CON",
    "Con",
    "NUL",
    "COM1",
    "Shop",
    "SHOP",
    "shop ",
    " shop",
    "shop\t",
    "shop\n",
    "sh\u{f6}p",
    "\u{0455}hop",
    "sh\u{200b}op",
    "shop\u{202e}",
    "\u{ff53}hop",
    "shop.json",
    "~root",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_leads_out_of_where_it_belongs() {
    let server = serve([tenant("shop", "a.js", "globalThis.render = () => 'page'")], |_| {}).await;
    let before = files(&server.config.state);
    let long = ["a".repeat(64), "a".repeat(255), "a".repeat(256), "a".repeat(5000)];
    let names = || NAMES.iter().copied().chain(long.iter().map(String::as_str));
    for name in names() {
        let body = serde_json::json!({ "name": name, "routes": ["/made"] }).to_string();
        let made = server.call("POST", "/v1/tenants", "application/json", body).await;
        assert_eq!(
            (made.status().as_u16(), &made.body()["code"]),
            (422, &"tenant-invalid".into()),
            "{name:?}: {made:?}"
        );
        assert!(name.parse::<dayfly_server::TenantName>().is_err(), "{name:?}");
        // As it is in a path, and once more as it is written there.
        let in_path: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in [format!("/v1/tenants/{in_path}"), format!("/v1/tenants/{in_path}/deployments")] {
            let answer = server.call("GET", &path, "", "").await;
            assert!([404, 400].contains(&answer.status().as_u16()), "{path}: {answer:?}");
        }
        let source = format!("/v1/tenants/shop/deployments?name={in_path}");
        let deployed = server.call("POST", &source, "text/javascript", "globalThis.render = () => 'page'").await;
        let is_a_path =
            name.is_empty() || name.len() > 255 || name.contains(['/', '\\']) || name.contains(char::is_control);
        assert_eq!(deployed.status() == StatusCode::BAD_REQUEST, is_a_path, "{name:?}: {deployed:?}");
    }
    for route in [
        "/..",
        "/a/../b",
        "/./a",
        "/%2e%2e",
        "/a%2fb",
        "//a",
        "/a\\b",
        "/a b",
        "/a?b",
        "/a#b",
        "..",
        "a/../b",
        "http://a",
        "a:80",
        "*",
        "*.",
        "a..b",
        "-a.test",
        "a-.test",
        "\u{430}.test",
        &format!("{}.test", "a".repeat(64)),
        &"a.".repeat(200),
    ] {
        let body = serde_json::json!({ "name": "made", "routes": [route] }).to_string();
        let made = server.call("POST", "/v1/tenants", "application/json", body).await;
        assert_eq!(made.body()["code"], "tenant-invalid", "{route:?}: {made:?}");
    }
    // What names a file on the disk is a digest, or a tenant's name.
    for file in files(&server.config.state).difference(&before) {
        let name = file.rsplit('/').next().unwrap();
        assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{file}");
    }
    server.end().await;
}

fn files(folder: &std::path::Path) -> std::collections::BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = entries.flat_map(|path| match path.is_dir() {
        true => files(&path).into_iter().collect::<Vec<_>>(),
        false => vec![path.display().to_string()],
    });
    all.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_tokens_is_told_to_wait_and_who_has_one_is_not() {
    let server = serve([tenant("shop", "a.js", "globalThis.render = () => 'page'")], |_| {}).await;
    let guess = || Request::get("/v1/status").header("authorization", "Bearer dayfly_guess").body("".into()).unwrap();
    let mut codes = Vec::new();
    for _ in 0..12 {
        let refused = server.api(guess()).await;
        if refused.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 60, "{refused:?}");
        }
        codes.push(refused.status().as_u16());
    }
    assert_eq!((&codes[..5], codes.contains(&429)), (&[401; 5][..], true), "{codes:?}");
    assert_eq!(server.call("GET", "/v1/status", "", "").await.status(), 200);
    let none =
        server.api(Request::get("/v1/status").header("authorization", "Basic eDp5").body("".into()).unwrap()).await;
    assert_eq!(none.status(), 401, "that is no guess");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_of_another_site_reaches_the_admin_api() {
    let server = serve([tenant("shop", "a.js", "globalThis.render = () => 'page'")], |config| {
        config.admin_hosts = vec!["admin.example".into()];
    })
    .await;
    let host = |host: &str| Request::get("/v1/status").header("host", host).body("".into()).unwrap();
    for (name, status) in [
        ("127.0.0.1", 200),
        ("[::1]:9090", 200),
        ("localhost:1", 200),
        ("admin.example", 200),
        ("Admin.Example.:9090", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("admin.example.evil", 421),
    ] {
        assert_eq!(server.api(host(name)).await.status().as_u16(), status, "{name}");
    }
    let preflight = Request::options("/v1/tenants/shop/rollback")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST")
        .body(Full::default())
        .unwrap();
    let from_page = Request::get("/v1/status").header("origin", "https://evil.example").body(Full::default()).unwrap();
    for (request, status) in [(preflight, 405), (from_page, 200)] {
        let answer = server.api(request).await;
        assert_eq!(answer.status().as_u16(), status);
        let cors = answer.headers().keys().find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(cors, None, "no page is let read it");
    }
    let trace = Request::builder().method("TRACE").uri("/v1/status").body(Full::default()).unwrap();
    assert_eq!(server.api(trace).await.status(), 405);
    let long = Request::get("/v1/status").header("authorization", format!("Bearer {}", "x".repeat(1 << 20)));
    let mut long = long.body(Full::<bytes::Bytes>::default()).unwrap();
    *long.uri_mut() = format!("http://{}/v1/status", server.admin.unwrap()).parse().unwrap();
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    match client.request(long).await {
        Ok(answer) => {
            assert_eq!(answer.status(), 431);
            assert!(answer.into_body().collect().await.unwrap().to_bytes().len() < 1 << 10);
        }
        Err(error) => {
            assert!(!format!("{error:?}").contains("Timeout"), "it may be closed while the head comes: {error:?}")
        }
    }
    server.end().await;
}
