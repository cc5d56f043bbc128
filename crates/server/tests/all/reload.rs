//! A configuration that changes while requests are answered.

use std::sync::Arc;

use dayfly_server::{App, Config, Server, TenantName};
use http::{Request, StatusCode};
use http_body_util::BodyExt;

use crate::support::{Running, bundler, engine, id_of, serve, tenant};

/// Says what it is given, and at once that it has begun.
const SLOW: &str = r#"export default { fetch(request, env) {
    const body = new ReadableStream({ async start(to) {
        to.enqueue(new TextEncoder().encode("begun, "));
        await new Promise((resolve) => setTimeout(resolve, 300));
        to.enqueue(new TextEncoder().encode(`done by ${env.NAME}`));
        to.close();
    } });
    return new Response(body);
} };"#;

const NAMED: &str = "export default { fetch: (request, env) => new Response(`by ${env.NAME}`) };";

fn name(name: &str) -> TenantName {
    name.parse().unwrap()
}

fn names(of: &[&str]) -> Vec<TenantName> {
    of.iter().map(|it| name(it)).collect()
}

/// The configuration that a server was started with, changed.
fn changed(server: &Running, change: impl FnOnce(&mut Config)) -> Config {
    let mut config = server.config.clone();
    change(&mut config);
    config
}

fn set_name(config: &mut Config, of: &str, value: &str) {
    config.tenants.get_mut(&name(of)).unwrap().env.insert("NAME".into(), value.into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_holds_for_the_requests_that_come_after() {
    let apps = [tenant("kept", "kept.mjs", NAMED), tenant("gone", "gone.mjs", NAMED)];
    let server = serve(apps, |config| set_name(config, "kept", "the first")).await;
    assert_eq!(server.get("/kept").await.body(), "by the first");
    let config = changed(&server, |config| {
        config.tenants.remove(&name("gone"));
        config.tenants.extend([tenant("new", "new.mjs", NAMED)]);
        config.http.url = 100;
        set_name(config, "kept", "the second");
        let kept = config.tenants.get_mut(&name("kept")).unwrap();
        kept.routes.push("/also".parse().unwrap());
        kept.limits.headers = 8 << 10;
    });
    let reloaded = server.handle.reload(config).await.unwrap();
    assert_eq!((reloaded.added, reloaded.removed), (names(&["new"]), names(&["gone"])));
    assert_eq!(
        (reloaded.changed, reloaded.deployed),
        (names(&["kept"]), names(&["new"])),
        "one app is built, the new one"
    );
    assert!(reloaded.needs_restart.is_empty());

    // On the connection that was open before.
    assert_eq!(server.get("/also").await.body(), "by the second");
    assert_eq!(server.get("/new").await.body(), "by undefined");
    assert_eq!(server.get("/gone").await.status(), StatusCode::NOT_FOUND);
    let long = format!("/kept/{}", "x".repeat(100));
    assert_eq!(server.get(&long).await.status(), StatusCode::URI_TOO_LONG);
    let large = Request::get("/kept").header("x-large", "x".repeat(9 << 10)).body("".into()).unwrap();
    assert_eq!(server.ask(large).await.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_admin_api_did_stays_unless_the_configuration_has_another_app() {
    let page = |text: &str| format!("globalThis.render = () => '{text}'");
    let of = |text: &str| tenant("shop", "app.js", &page(text));
    let server = serve([of("first"), tenant("other", "other.js", &page("other"))], |_| {}).await;
    assert_eq!(server.deploy("shop", "", &page("deployed")).await.status(), StatusCode::CREATED);
    assert_eq!(server.call("POST", "/v1/tenants/other/suspend", "", "").await.status(), StatusCode::OK);
    let limits = server.call("PATCH", "/v1/tenants/shop/limits", "application/json", r#"{"page_bytes":7}"#).await;
    assert_eq!(limits.status(), StatusCode::OK);
    let made = server.call("POST", "/v1/tenants", "application/json", r#"{"name":"made","routes":["/made"]}"#).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(server.deploy("made", "", &page("made")).await.status(), StatusCode::CREATED);
    assert_eq!(server.get("/shop").await.status(), 500, "the page has 8 bytes");

    // Everything else of the configuration changes.
    let config = changed(&server, |config| {
        let shop = config.tenants.get_mut(&name("shop")).unwrap();
        shop.limits.page = 9;
        shop.limits.console_lines = 3;
        shop.routes.push("/also".parse().unwrap());
        config.defaults.limits.console_lines = 5;
    });
    let reloaded = server.handle.reload(config.clone()).await.unwrap();
    assert_eq!((reloaded.changed, reloaded.deployed), (names(&["shop"]), vec![]));
    assert_eq!(server.get("/also").await.status(), 500, "the limit that was set holds still");
    let limits = server.call("GET", "/v1/tenants/shop/limits", "", "").await;
    assert_eq!(limits.body()["effective"]["console_lines"], 3, "of the others the configuration's hold");
    let limits = server.call("GET", "/v1/tenants/made/limits", "", "").await;
    assert_eq!(limits.body()["effective"]["console_lines"], 5, "tenants that were made have the defaults");
    server.call("PATCH", "/v1/tenants/shop/limits", "application/json", r#"{"page_bytes":null}"#).await;
    assert_eq!(server.get("/shop").await.body(), "deployed");
    assert!(server.get("/other").await.body().starts_with("suspended: "));
    assert_eq!(server.get("/made").await.body(), "made");

    // Another app of the configuration takes the place of the one that was deployed, and can be rolled back.
    let config = Config { tenants: [of("second")].into(), ..config };
    let reloaded = server.handle.reload(config.clone()).await.unwrap();
    assert_eq!((reloaded.deployed, reloaded.removed), (names(&["shop"]), names(&["other"])));
    assert_eq!(server.get("/shop").await.body(), "second");
    assert_eq!(server.call("POST", "/v1/tenants/shop/rollback", "", "").await.status(), StatusCode::OK);
    assert_eq!(server.get("/shop").await.body(), "deployed");
    assert!(server.handle.reload(config.clone()).await.unwrap().deployed.is_empty());
    assert_eq!(server.get("/shop").await.body(), "deployed", "the configuration has the app that it had");

    // A tenant that comes again has what it had.
    let config = changed(&server, |config| drop(config.tenants.remove(&name("shop"))));
    server.handle.reload(config).await.unwrap();
    assert!(server.get("/other").await.body().starts_with("suspended: "));
    assert_eq!(server.get("/shop").await.status(), StatusCode::NOT_FOUND);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_of_a_tenant_that_the_admin_api_made_is_refused_and_a_name_is_taken_over() {
    let server = serve([tenant("shop", "shop.mjs", NAMED)], |_| {}).await;
    let made = server.call("POST", "/v1/tenants", "application/json", r#"{"name":"made","routes":["/made"]}"#).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    assert_eq!(server.deploy("made", "?name=a.mjs", NAMED).await.status(), StatusCode::CREATED);
    let config = changed(&server, |config| {
        config.tenants.get_mut(&name("shop")).unwrap().routes.push("/made".parse().unwrap());
    });
    let error = server.handle.reload(config.clone()).await.unwrap_err().to_string();
    assert!(error.contains("the route /made of the tenant shop is also that of made"), "{error}");
    assert_eq!(server.get("/made").await.body(), "by undefined");

    let (named, mut taken) = tenant("made", "", "");
    taken.app = None;
    taken.env.insert("NAME".into(), "the configuration".into());
    let config = changed(&server, |config| drop(config.tenants.insert(named, taken)));
    server.handle.reload(config).await.unwrap();
    assert_eq!(server.get("/made").await.body(), "by the configuration", "what was deployed stays");
    let deleted = server.call("DELETE", "/v1/tenants/made", "", "").await;
    assert_eq!(deleted.body()["code"], "tenant-configured");
    server.handle.reload(server.config.clone()).await.unwrap();
    assert_eq!(server.get("/made").await.body(), "by undefined", "it is the API's again");
    assert_eq!(server.call("DELETE", "/v1/tenants/made", "", "").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(server.get("/made").await.status(), StatusCode::NOT_FOUND);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_and_changes_by_the_admin_api_at_once_lose_none_of_each_other() {
    let server = serve([tenant("shop", "shop.mjs", NAMED)], |_| {}).await;
    let reloads = (0..20).map(|n| {
        let config = changed(&server, |config| set_name(config, "shop", &n.to_string()));
        server.handle.reload(config)
    });
    let changing = (0..20).map(async |n| {
        let new = format!(r#"{{"name":"made-{n}","routes":["/made-{n}"]}}"#);
        let made = server.call("POST", "/v1/tenants", "application/json", new).await;
        assert_eq!(made.status(), StatusCode::CREATED, "{made:?}");
        let limits = format!(r#"{{"rate":{}}}"#, n + 1);
        let path = format!("/v1/tenants/made-{n}/limits");
        assert_eq!(server.call("PATCH", &path, "application/json", limits).await.status(), StatusCode::OK);
    });
    let (reloads, _) = tokio::join!(
        futures_util::future::join_all(reloads),
        futures_util::future::join_all(changing.collect::<Vec<_>>())
    );
    reloads.into_iter().for_each(|reloaded| drop(reloaded.unwrap()));
    assert!(server.get("/shop").await.body().starts_with("by "));
    for n in 0..20 {
        let limits = server.call("GET", &format!("/v1/tenants/made-{n}/limits"), "", "").await;
        assert_eq!(limits.body()["effective"]["rate"], n + 1);
        assert_eq!(server.get(&format!("/made-{n}")).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_ends_as_it_began() {
    let server = serve([tenant("slow", "slow.mjs", SLOW)], |config| set_name(config, "slow", "the first")).await;
    let mut response = server.open("/slow").await;
    let begun = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(begun, "begun, ");
    let config = changed(&server, |config| config.tenants.clear());
    server.handle.reload(config).await.unwrap();
    assert_eq!(server.get("/slow").await.status(), StatusCode::NOT_FOUND);
    let rest = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(rest, "done by the first");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_with_mistakes_changes_nothing_and_all_are_said() {
    let server = serve([tenant("kept", "kept.mjs", NAMED)], |config| set_name(config, "kept", "the first")).await;
    let config = changed(&server, |config| {
        set_name(config, "kept", "the second");
        let [one, other] =
            [tenant("one", "one.mjs", "export default {"), tenant("other", "other.js", "throw new Error('no')")];
        config.tenants.extend([one, other]);
        config.tenants.get_mut(&name("one")).unwrap().limits.fuel = Some(1);
    });
    let error = server.handle.reload(config).await.unwrap_err().to_string();
    let said: Vec<_> =
        error.lines().filter(|line| line.contains("the tenant o") || line.contains("tenant o")).collect();
    assert_eq!(said.len(), 3, "{error}");
    assert!(error.contains("tenant one has a limit of fuel"), "{error}");
    assert!(
        error.contains("tenant one cannot be served") && error.contains("tenant other cannot be served"),
        "{error}"
    );
    assert_eq!(server.get("/kept").await.body(), "by the first");
    assert_eq!(server.get("/one").await.status(), StatusCode::NOT_FOUND);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_deployed_anew_if_its_file_has_other_content_and_else_not() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one.mjs"), folder.path().join("two.mjs"));
    std::fs::write(&one, NAMED).unwrap();
    std::fs::write(&two, NAMED).unwrap();
    let server = serve([tenant("one", "", ""), tenant("two", "", "")], |config| {
        for (of, file) in [("one", &one), ("two", &two)] {
            config.tenants.get_mut(&name(of)).unwrap().app = Some(App::File(file.clone()));
        }
    })
    .await;
    let mut before = Vec::new();
    for path in ["/one", "/two"] {
        before.push(server.receipt(&id_of(&server.get(path).await)).await.0.bundle.unwrap());
    }
    std::fs::write(&one, NAMED.replace("by", "now by")).unwrap();
    let reload = async |change: &dyn Fn(&mut Config)| {
        let config = changed(&server, change);
        server.handle.reload(config).await.unwrap()
    };
    let reloaded = reload(&|_| {}).await;
    assert_eq!((reloaded.deployed, reloaded.changed), (names(&["one"]), vec![]));
    let (response, same) = (server.get("/one").await, server.get("/two").await);
    assert_eq!((response.body().as_str(), same.body().as_str()), ("now by undefined", "by undefined"));
    assert_ne!(server.receipt(&id_of(&response)).await.0.bundle.unwrap(), before[0]);
    assert_eq!(server.receipt(&id_of(&same)).await.0.bundle.unwrap(), before[1]);
    assert!(reload(&|_| {}).await.deployed.is_empty(), "nothing has changed since");

    // A tenant whose configuration gives no app any more keeps the one that it has.
    let reloaded = reload(&|config| config.tenants.get_mut(&name("two")).unwrap().app = None).await;
    assert!(reloaded.deployed.is_empty());
    assert_eq!(server.get("/two").await.body(), "by undefined");

    std::fs::remove_file(&one).unwrap();
    let error = server.handle.reload(server.config.clone()).await.unwrap_err().to_string();
    assert!(error.contains("one.mjs"), "{error}");
    assert_eq!(server.get("/one").await.body(), "now by undefined");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_need_a_restart_are_named_and_keep_their_values() {
    let server = serve([tenant("kept", "kept.mjs", NAMED)], |_| {}).await;
    let change = |config: &mut Config| {
        config.listen.set_port(1);
        config.state = "/nowhere".into();
        config.admin = None;
        config.tokens = Some("/nowhere.toml".into());
        config.http.connections = 1;
        config.http.streams = 1;
        config.renders.concurrent += 1;
        config.renders.bundles += 1;
    };
    let all = [
        "server.listen",
        "server.state",
        "admin.listen",
        "admin.tokens",
        "http.connections",
        "renders.concurrent",
        "renders.bundles",
    ];
    for _ in 0..2 {
        // The second time too: they have not taken effect.
        let reloaded = server.handle.reload(changed(&server, change)).await.unwrap();
        assert_eq!(reloaded.needs_restart, all);
    }
    let config = changed(&server, |config| config.tenants.extend([tenant("new", "new.mjs", NAMED)]));
    let reloaded = server.handle.reload(config).await.unwrap();
    assert!(
        reloaded.needs_restart.is_empty() && reloaded.added == names(&["new"]),
        "the folder of state is the old one"
    );
    assert_eq!(server.get("/new").await.status(), StatusCode::OK);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_takes_effect_and_many_reloads_at_once_leave_one_of_the_configurations() {
    let one_a_second = |config: &mut Config| config.tenants.get_mut(&name("kept")).unwrap().rate = Some(1);
    let server = serve([tenant("kept", "kept.mjs", NAMED)], one_a_second).await;
    let mut refused = 0;
    for _ in 0..20 {
        refused += u32::from(server.get("/kept").await.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 0);
    let reloads = (0..20).map(|n| {
        let config = changed(&server, |config| {
            config.tenants.get_mut(&name("kept")).unwrap().rate = None;
            set_name(config, "kept", &n.to_string());
        });
        let handle = server.handle.clone();
        tokio::spawn(async move { handle.reload(config).await })
    });
    for reload in reloads.collect::<Vec<_>>() {
        reload.await.unwrap().unwrap();
    }
    let said = server.get("/kept").await;
    for _ in 0..20 {
        let response = server.get("/kept").await;
        assert_eq!((response.status(), response.body()), (StatusCode::OK, said.body()));
    }
    server.end().await;
}

#[tokio::test]
async fn a_server_whose_apps_are_wrong_says_all_of_them_before_it_starts() {
    let state = tempfile::tempdir().unwrap();
    let mut config = Config::new(state.path());
    config.listen.set_port(0);
    config
        .tenants
        .extend([tenant("one", "one.mjs", "export default {"), tenant("two", "two.js", "throw new Error('no')")]);
    let receipts = Arc::new(|_: &dayfly_server::Receipt, _: &[dayfly::Line]| {});
    let error = Server::start(config, engine(), bundler(), receipts).await.err().unwrap().to_string();
    assert!(error.contains("tenant one") && error.contains("tenant two"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_say_whether_the_last_reload_went_well() {
    let server = serve([tenant("kept", "kept.mjs", NAMED)], |_| {}).await;
    let went_well = || {
        let text = server.metrics.encode_text();
        let line = text.lines().find(|line| line.starts_with("dayfly_config_last_reload_successful ")).unwrap();
        line.ends_with(" 1") || line.ends_with(" 1.0")
    };
    assert!(went_well(), "the start is one");
    let broken = changed(&server, |config| {
        let text = "throw new Error('no')".into();
        config.tenants.get_mut(&name("kept")).unwrap().app = Some(App::Source { name: "kept.mjs".into(), text });
    });
    server.handle.reload(broken).await.unwrap_err();
    assert!(!went_well());
    server.handle.reload(server.config.clone()).await.unwrap();
    assert!(went_well());
    server.handle.refused();
    assert!(!went_well());
    server.end().await;
}
