//! What outlives the process.

use std::fs;
use std::path::Path;
use std::process::Command;

use dayfly_server::Error;
use http::StatusCode;

use crate::support::{Running, bundle, serve_in, tenant};

fn page(text: &str) -> String {
    format!("globalThis.render = () => '{text}';")
}

async fn served(state: &Path, app: &str) -> Running {
    serve_in(state, [tenant("shop", "app.js", app)], |_| {}).await.unwrap()
}

/// The names of the bundles on disk.
fn bundles(state: &Path) -> Vec<String> {
    fs::read_dir(state.join("bundles"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_deployed_stays_over_a_restart_until_the_configuration_brings_another_app() {
    let state = tempfile::tempdir().unwrap();
    let server = served(state.path(), &page("first")).await;
    assert_eq!(server.deploy("shop", "", &page("deployed")).await.status(), 201);
    server.end().await;
    let server = served(state.path(), &page("first")).await;
    assert_eq!(server.get("/shop").await.body(), "deployed", "the configuration has the app that it had");
    assert_eq!(server.call("POST", "/v1/tenants/shop/rollback", "", "").await.status(), 200);
    server.end().await;
    let server = served(state.path(), &page("first")).await;
    assert_eq!(server.get("/shop").await.body(), "first", "a rollback stays too");
    server.end().await;
    let server = served(state.path(), &page("second")).await;
    assert_eq!(server.get("/shop").await.body(), "second");
    server.end().await;
    let record = fs::read_to_string(state.path().join("tenants/shop.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!((&record["version"], record["deployments"].as_array().unwrap().len()), (&1.into(), 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_limits_and_suspensions_stay_over_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let server = served(state.path(), &page("a")).await;
    let made = server.call("POST", "/v1/tenants", "application/json", r#"{"name":"made","routes":["/made"]}"#).await;
    assert_eq!(made.status(), StatusCode::CREATED, "{made:?}");
    assert_eq!(server.get("/made").await.status(), 503);
    assert_eq!(server.deploy("made", "", &page("made")).await.status(), 201);
    let limits = server.call("PATCH", "/v1/tenants/made/limits", "application/json", r#"{"page_bytes":3}"#).await;
    assert_eq!(limits.status(), 200, "{limits:?}");
    assert_eq!(server.get("/made").await.status(), 500, "the page has 4 bytes");
    assert_eq!(server.call("POST", "/v1/tenants/shop/suspend", "", "").await.status(), 200);
    server.end().await;

    let server = served(state.path(), &page("a")).await;
    let suspended = server.get("/shop").await;
    assert_eq!(suspended.status(), 503);
    assert!(suspended.body().starts_with("suspended: "), "{suspended:?}");
    assert_eq!(server.get("/made").await.status(), 500);
    server.call("PATCH", "/v1/tenants/made/limits", "application/json", r#"{"page_bytes":null}"#).await;
    assert_eq!(server.get("/made").await.body(), "made");
    assert_eq!(server.call("POST", "/v1/tenants/shop/resume", "", "").await.status(), 200);
    assert_eq!(server.get("/shop").await.body(), "a");
    assert_eq!(server.call("DELETE", "/v1/tenants/made", "", "").await.status(), 204);
    assert_eq!(server.get("/made").await.status(), 404);
    assert_eq!(bundles(state.path()).len(), 1, "its bundle is gone with it");
    server.end().await;
    let server = served(state.path(), &page("a")).await;
    assert_eq!(server.get("/made").await.status(), 404);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bundles_beyond_the_last_ten_deployments_are_removed() {
    let state = tempfile::tempdir().unwrap();
    let server = served(state.path(), &page("0")).await;
    for number in 1..=12 {
        assert_eq!(server.deploy("shop", "?smoke=false", &page(&number.to_string())).await.status(), 201);
    }
    assert_eq!(bundles(state.path()).len(), 10);
    assert_eq!(server.deploy("shop", "", "globalThis.render = () => { throw 1 }").await.status(), 422);
    assert_eq!(bundles(state.path()).len(), 10, "one that was refused is not kept");
    server.end().await;
    fs::write(state.path().join("bundles").join(".new-half"), "half").unwrap();
    fs::write(state.path().join("bundles").join("0".repeat(64)), "nobody's").unwrap();
    let server = served(state.path(), &page("0")).await;
    assert_eq!(bundles(state.path()).len(), 10);
    assert_eq!(server.get("/shop").await.body(), "12");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn javascript_that_was_built_before_is_not_built_again() {
    let state = tempfile::tempdir().unwrap();
    let built_once = page("built once");
    let server = served(state.path(), &built_once).await;
    server.end().await;
    // A bundle that is put in the place of the built one is found where nothing is built, and refused by its digest.
    let [name] = &bundles(state.path())[..] else { panic!("one bundle") };
    let path = state.path().join("bundles").join(name);
    let made = fs::metadata(&path).unwrap().modified().unwrap();
    let server =
        serve_in(state.path(), [tenant("shop", "app.js", &built_once), tenant("twin", "app.js", &built_once)], |_| {})
            .await
            .unwrap();
    assert_eq!(server.get("/twin").await.body(), "built once");
    let done = server.deploy("twin", "?name=app.js", &built_once).await;
    assert_eq!(done.body()["deployment"]["digest"].as_str().unwrap(), name);
    assert_eq!(bundles(state.path()).len(), 1);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), made, "it was not written again");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_of_the_configuration_is_built_again_by_another_engine_and_what_was_deployed_is_not() {
    let state = tempfile::tempdir().unwrap();
    let path = state.path().join("tenants/shop.json");
    let record = || serde_json::from_slice::<serde_json::Value>(&fs::read(&path).unwrap()).unwrap();
    let by_another_engine = || {
        let mut record = record();
        for deployment in record["deployments"].as_array_mut().unwrap() {
            deployment["built_of"] = "0".repeat(64).into();
        }
        fs::write(&path, record.to_string()).unwrap();
    };
    let server = served(state.path(), &page("a")).await;
    server.end().await;
    let built_of = record()["deployments"][0]["built_of"].clone();
    by_another_engine();
    let server = served(state.path(), &page("a")).await;
    assert_eq!(record()["deployments"][0]["built_of"], built_of);
    assert_eq!(server.deploy("shop", "", &page("b")).await.status(), 201);
    server.end().await;
    by_another_engine();
    let server = served(state.path(), &page("a")).await;
    assert_eq!(server.get("/shop").await.body(), "b", "it is not the configuration's");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_that_is_not_what_its_name_says_is_refused_and_said_and_mended_by_a_deploy() {
    let state = tempfile::tempdir().unwrap();
    let server = served(state.path(), &page("a")).await;
    server.deploy("shop", "?name=b.js", &page("b")).await;
    server.end().await;
    for name in bundles(state.path()) {
        let path = state.path().join("bundles").join(name);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let server = served(state.path(), &page("a")).await;
    let response = server.get("/shop").await;
    assert_eq!(response.status(), 500);
    let (receipt, _) = server.receipt(&crate::support::id_of(&response)).await;
    let failure = receipt.failure.unwrap();
    assert!(failure.contains("deploy the app again"), "{failure}");
    let back = server.call("POST", "/v1/tenants/shop/rollback", "", "").await;
    assert_eq!((back.status().as_u16(), back.body()["code"].as_str().unwrap()), (422, "bundle-damaged"));
    assert_eq!(server.deploy("shop", "?name=b.js", &page("b")).await.status(), 201);
    assert_eq!(server.get("/shop").await.body(), "b");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_one_servers_and_the_error_names_the_other() {
    let state = tempfile::tempdir().unwrap();
    let server = served(state.path(), &page("a")).await;
    let second = serve_in(state.path(), [], |_| {}).await.err().unwrap();
    assert!(matches!(second, Error::Locked { pid: Some(pid), .. } if pid == std::process::id()), "{second}");
    server.end().await;
    serve_in(state.path(), [], |_| {}).await.unwrap().end().await;
    fs::write(state.path().join("tenants/shop.json"), "{").unwrap();
    let broken = serve_in(state.path(), [], |_| {}).await.err().unwrap().to_string();
    assert!(broken.contains("shop.json") && broken.contains("backup"), "{broken}");
}

/// A file system of its own, unmounted when it is dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"]).arg(folder.path()).output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self(folder))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_what_is_served_and_says_what_to_do() {
    let Some(small) = Small::mount() else {
        assert!(std::env::var("CI").is_err(), "a file system of its own cannot be mounted here");
        return;
    };
    let state = small.0.path().join("state");
    let server = served(&state, &page("before")).await;
    let filler = small.0.path().join("filler");
    let fill = || {
        let _ = fs::write(&filler, vec![1; 128 << 20]);
    };
    fill();
    let bundle = bundle("x.js", &page("x")).await;
    let full = |answer: &http::Response<serde_json::Value>| {
        assert_eq!(
            (answer.status().as_u16(), answer.body()["code"].as_str().unwrap()),
            (507, "disk-full"),
            "{answer:?}"
        );
        assert!(answer.body()["remedy"].as_str().unwrap().contains("make room"), "{answer:?}");
    };
    full(&server.deploy("shop", "", &page("after")).await);
    full(&server.call("POST", "/v1/tenants/shop/deployments", "application/wasm", bundle).await);
    full(&server.call("POST", "/v1/tenants/shop/suspend", "", "").await);
    full(&server.call("POST", "/v1/tenants", "application/json", r#"{"name":"made","routes":["/made"]}"#).await);
    assert_eq!(server.get("/shop").await.body(), "before");
    assert!(fs::read_dir(state.join("bundles")).unwrap().count() == 1, "nothing half is left");
    // Room for the audit log and the upload, and not for the bundle that is built of it.
    let room = fs::File::options().write(true).open(&filler).unwrap();
    room.set_len(room.metadata().unwrap().len() - (16 << 10)).unwrap();
    drop(room);
    full(&server.deploy("shop", "", &page("after")).await);
    fs::remove_file(&filler).unwrap();
    assert_eq!(server.get("/shop").await.body(), "before");
    assert_eq!(server.deploy("shop", "", &page("after")).await.status(), 201);
    assert_eq!(server.get("/shop").await.body(), "after");
    server.end().await;
    let audit = fs::read_to_string(state.join("audit.jsonl")).unwrap();
    let outcomes: Vec<_> = audit
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(outcomes[outcomes.len() - 2..], ["started", "ok"], "{audit}");
}
