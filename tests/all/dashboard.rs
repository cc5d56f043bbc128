//! The dashboard in a real browser, Chromium, which Playwright drives by the scripts of `tests/dashboard`.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine_lock::{digests, locked};
use crate::faults::group::Group;
use crate::serve::administered::{Server, state};
use crate::serve::alarms::{api, receiver};
use crate::support::{chromium, has, left_out, locked_scratch, root, run, scratch};

/// Chromium, and the packages of npm that drive it. One test at a time has it.
struct Browser {
    folder: PathBuf,
    chromium: String,
    _lock: File,
}

impl Browser {
    /// Nothing where it cannot be had, and `test` is left out.
    fn installed(test: &str) -> Option<Self> {
        if !has("node", &["--version"]) || !has("npm", &["--version"]) {
            left_out(test, "Playwright is installed with node and npm, which are not here");
            return None;
        }
        let (folder, lock) = locked_scratch("dashboard-browser");
        if !chromium(test) {
            return None;
        }
        let from = root().join("tests/dashboard");
        let (wanted, stamp) = (fs::read(from.join("package-lock.json")).unwrap(), folder.join("stamp"));
        let is_there = fs::read(&stamp).is_ok_and(|stamp| stamp == wanted);
        // Node looks for packages beside a script, so the scripts go where they are.
        for entry in fs::read_dir(&from).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
        if !is_there {
            run(Command::new("npm").arg("ci").current_dir(&folder));
            fs::write(&stamp, wanted).unwrap();
        }
        let chromium = run(Command::new("sh").args(["-c", "command -v chromium"])).trim().to_owned();
        Some(Self { folder, chromium, _lock: lock })
    }

    /// What a script gives that looks at a server's dashboard. If it fails, so does the test, with all that it said.
    #[track_caller]
    fn look(&self, script: &str, server: &Server, more: Value) -> Value {
        let mut given =
            json!({ "url": format!("http://{}", server.admin), "token": server.token, "chromium": self.chromium });
        given.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let mut command = Command::new("node");
        command.arg(self.folder.join(script)).arg(given.to_string()).env("TZ", "UTC");
        serde_json::from_str(&run(&mut command)).unwrap()
    }
}

#[test]
fn the_committed_dashboard_was_built_from_the_committed_sources() {
    let dashboard = root().join("crates/server/dashboard");
    let files = [".npmrc", "build.mjs", "build.sh", "package.json", "package-lock.json", "src", "dist"];
    assert_eq!(
        digests(&dashboard, &files),
        locked(&dashboard.join("dist.lock")),
        "run crates/server/dashboard/build.sh, and commit dist/ and dist.lock with the sources"
    );
}

#[test]
fn the_sources_of_the_dashboard_give_the_same_bytes() {
    let test = "the_sources_of_the_dashboard_give_the_same_bytes";
    if !has("node", &["--version"]) || !has("npm", &["--version"]) {
        return left_out(test, "it is bundled with node and npm, which are not here");
    }
    let script = root().join("crates/server/dashboard/build.sh");
    run(Command::new(script).arg("--check").env("CARGO_TARGET_DIR", scratch("dashboard-build")));
}

#[test]
fn the_dashboard_takes_a_token_and_says_when_it_is_wrong() {
    let test = "the_dashboard_takes_a_token_and_says_when_it_is_wrong";
    let Some(browser) = Browser::installed(test) else { return };
    let server = Server::run(&state("dashboard-sign-in"), &[], drop);
    browser.look("sign-in.mjs", &server, json!({}));
}

/// Writes what would be run where it is taken for markup, in each way that it has.
const HOSTILE: &str = r#"export default { fetch() {
    const text = `</script><script>hacked = 1</script><img src=x onerror="hacked = 1"><b>bold</b>`;
    console.error(text);
    throw new Error(text);
} };
"#;

/// What the same tenant has deployed next: it fails where it is asked to.
const NEXT: &str = r#"export default { fetch(request) {
    if (request.url.endsWith("/fails")) throw new Error("the next one fails");
    return new Response("well");
} };
"#;

#[test]
fn what_a_tenant_writes_is_text_and_a_source_map_stays_in_the_tab_for_its_bundle() {
    let test = "what_a_tenant_writes_is_text_and_a_source_map_stays_in_the_tab_for_its_bundle";
    let Some(browser) = Browser::installed(test) else { return };
    let folder = folder("dashboard-markup");
    fs::write(folder.join("app.mjs"), HOSTILE).unwrap();
    fs::write(folder.join("next.mjs"), NEXT).unwrap();
    fs::write(folder.join("serve.toml"), "[tenant.evil]\napp = \"app.mjs\"\nroutes = [\"/evil\"]\n").unwrap();
    let server = served(&folder);
    for _ in 0..3 {
        assert!(server.get("/evil").0.starts_with("HTTP/1.1 500"));
    }
    // Each line is the 70th of a file whose name is markup too.
    let map = json!({
        "version": 3, "sources": ["src/<b>shop</b>.ts"], "names": [], "mappings": format!("AAqEA{}", ";AAAA".repeat(9)),
    });
    let markup = r#"</script><script>hacked = 1</script><img src=x onerror="hacked = 1"><b>bold</b>"#;
    let again = format!("http://{}/evil", server.address);
    let (next, state) = (folder.join("next.mjs"), folder.join("state"));
    let more = json!({
        "tenant": "evil", "markup": markup, "map": map.to_string(), "again": again, "cache": scratch("cli-cache"),
        "deploy": [env!("CARGO_BIN_EXE_dayfly"), "deploy", "evil", next, "--state", state],
    });
    browser.look("markup.mjs", &server, more);
}

/// Takes as much memory, as much time of a processor, or fails as often as it is asked to.
const USES: &str = r#"export default { fetch(request) {
    const [, what, much] = new URL(request.url).pathname.match(/(memory|cpu|fail)\/(\d+)$/) ?? [];
    const all = what === "memory" ? new Uint8Array(Number(much) << 20).fill(1) : [];
    for (let turn = 0; what === "cpu" && turn < much * 100_000; turn += 1) all.length = turn % 2;
    if (what === "fail") throw new Error(much);
    return new Response(String(all.length));
} };
"#;

/// Tenants with a use of their own, of which the table has more than a page with the others.
const USERS: [&str; 4] = ["ant", "bee", "cricket", "dragonfly-of-a-name-that-is-much-too-long-for-the-screen-of-a"];

#[test]
fn many_alarms_at_once_are_asked_for_once_and_the_table_is_sorted_and_paged() {
    let test = "many_alarms_at_once_are_asked_for_once_and_the_table_is_sorted_and_paged";
    let Some(browser) = Browser::installed(test) else { return };
    const TENANTS: usize = 120;
    let folder = folder("dashboard-many");
    let hello = root().join("examples/hello.mjs");
    let mut file = "[alarms]\nmemory-high = 0.98\nmemory-critical = 0.99\n[defaults.limits]\npage = 1\n".to_owned();
    for number in 0..TENANTS {
        file += &format!("[tenant.t{number}]\napp = {hello:?}\nroutes = [\"/t{number}\"]\n");
    }
    fs::write(folder.join("uses.mjs"), USES).unwrap();
    for name in USERS {
        file += &format!("[tenant.{name}]\napp = \"uses.mjs\"\nroutes = [\"/{name}\"]\nlimits.page = \"1MiB\"\n");
    }
    fs::write(folder.join("serve.toml"), file).unwrap();
    let server = served(&folder);
    let pages = format!("http://{}", server.address);
    let more = json!({ "tenants": TENANTS, "users": USERS, "pages": pages, "thresholds": [0.98, 0.99] });
    let asked = browser.look("many.mjs", &server, more)["asked"].as_u64().unwrap();
    println!("{TENANTS} alarms: asked {asked} times");
    // They may be of two or three samples, of which the first ones have other alarms as well.
    assert!((1..=6).contains(&asked), "{asked}");
}

/// A folder that is empty.
fn folder(test: &str) -> PathBuf {
    let folder = scratch("dashboard").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A server by the `serve.toml` of a folder.
fn served(folder: &Path) -> Server {
    Server::run(&folder.join("state"), &[folder.join("serve.toml").to_str().unwrap()], drop)
}

/// Has a page that may be stored: each of another URL stays in the server, up to what the tenant's cache may have.
const LEAKS: &str = r#"export default { fetch() {
    return new Response("x".repeat(2 << 20), { headers: { "cache-control": "public, max-age=86400" } });
} };
"#;

/// Takes more and more memory, and gives it all back.
const SAWS: &str = r#"export default { async fetch() {
    const all = [];
    for (let step = 0; step < 4; step += 1) {
        all.push(new Uint8Array(8 << 20).fill(1));
        await new Promise((resolve) => setTimeout(resolve, 80));
    }
    return new Response(String(all.length));
} };
"#;

/// In Dayfly it leaves nothing, and would elsewhere.
const STORY: &str = "const native = console.error;
console.error = (...all) => native(...all);
globalThis.render = () => '<p>hello</p>';
";

const LIMIT: u64 = 768 << 20;

/// Of what the rules wait for, two hundredths of it: five minutes are a second and a half.
const CONFIGURATION: &str = r#"
[server]
cache = "1GiB"
# What fills the server's memory is to be told, and not yet kept from its tenants.
[renders]
memory-share = 1
[history]
interval = "500ms"
[alarms]
scale = 0.005
# Others use the machine too.
slow = "10s"
[[alarms.webhooks]]
name = "oncall"
url = "URL"
[tenant.catalogue]
app = "leaks.mjs"
routes = ["/catalogue"]
cache = "1GiB"
[tenant.thumbnails]
app = "saws.mjs"
routes = ["/thumbnails"]
"#;

/// Tenants that do nothing else than to be there.
const OTHERS: [&str; 5] = ["cart", "docs", "home", "news", "search"];

/// The story's end: a server that a tenant leaks into, and who looks at it. With `DAYFLY_PICTURES=true` it takes its time, and leaves the
/// pictures of the README.
#[test]
fn a_leak_is_seen_and_told_and_a_saw_is_not() {
    let test = "a_leak_is_seen_and_told_and_a_saw_is_not";
    let Some(browser) = Browser::installed(test) else { return };
    let group = match Group::new("memory", "dashboard") {
        Ok(group) => group,
        Err(why) => return left_out(test, &why),
    };
    group.limit_memory(LIMIT);
    let (pictures, calm) = match std::env::var("DAYFLY_PICTURES").is_ok_and(|wanted| wanted == "true") {
        true => (Some(root().join("docs")), Duration::from_secs(240)),
        false => (None, Duration::from_secs(45)),
    };
    let hook = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", hook.local_addr().unwrap());
    let messages = receiver(hook);
    let folder = folder("dashboard-leak");
    fs::write(folder.join("leaks.mjs"), LEAKS).unwrap();
    fs::write(folder.join("saws.mjs"), SAWS).unwrap();
    let hello = root().join("examples/hello.mjs");
    let others = OTHERS.map(|name| format!("[tenant.{name}]\napp = {hello:?}\nroutes = [\"/{name}\"]\n"));
    fs::write(folder.join("serve.toml"), CONFIGURATION.replace("URL", &url) + &others.concat()).unwrap();
    let configuration = folder.join("serve.toml");
    let configuration = [configuration.to_str().unwrap()];
    let [program, arguments @ ..] = group.by();
    let mut dayfly = Command::new(program);
    dayfly.args(arguments).arg(env!("CARGO_BIN_EXE_dayfly"));
    let server = Server::run_by(dayfly, &folder.join("state"), &configuration, drop);

    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // However this ends, those who ask end with it.
        let _over = Over(&is_over);
        // The leak ends short of the limit, or the kernel would end the server.
        let ask = |path: &'static str, pause: u64| {
            let (server, is_over, group) = (&server, &is_over, &group);
            move || {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) || path == "/catalogue" && group.working_set() > LIMIT / 10 * 9 {
                        return;
                    }
                    let (head, _) = server.get(&format!("{path}?{number}"));
                    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
                    std::thread::sleep(Duration::from_millis(pause));
                }
            }
        };
        scope.spawn(ask("/thumbnails", 100));
        for name in ["/cart", "/docs", "/home", "/news", "/search"] {
            scope.spawn(ask(name, 90));
        }
        std::thread::sleep(calm / 2);
        deploy_the_story(&folder);
        std::thread::sleep(calm / 2);
        assert_eq!(alarms(&server), Vec::<Value>::new(), "a saw is silent");

        let look = {
            let pictures = pictures.as_deref();
            let (browser, server) = (&browser, &server);
            let more = json!({ "leaks": "catalogue", "saws": "thumbnails", "weighed": "news", "patience_ms": 240_000, "pictures": pictures });
            scope.spawn(move || browser.look("leak.mjs", server, more))
        };
        scope.spawn(ask("/catalogue", 80));
        while group.working_set() < LIMIT / 5 * 4 {
            assert!(!look.is_finished(), "the page shows an alarm before there is one");
            std::thread::sleep(Duration::from_millis(20));
        }
        let passed = Instant::now();
        wait_for("DayflyMemoryHigh", &messages);
        let took = passed.elapsed();
        println!("from the limit passed to the webhook told: {took:?}");
        assert!(took < Duration::from_secs(15), "{took:?}");
        look.join().unwrap();
        let of_the_saw: Vec<_> = alarms(&server).into_iter().filter(|alarm| alarm["tenant"] == "thumbnails").collect();
        assert_eq!(of_the_saw, Vec::<Value>::new());
    });
}

/// Says that it is over when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until a webhook has been told that an alarm fires.
fn wait_for(name: &str, messages: &Receiver<Value>) {
    let is_it = |alert: &Value| alert["labels"]["alertname"] == name && alert["status"] == "firing";
    while !messages.recv_timeout(Duration::from_secs(60)).unwrap()["alerts"].as_array().unwrap().iter().any(is_it) {}
}

/// Gives `news` the story's code, which the lab looks at first.
fn deploy_the_story(folder: &Path) {
    let app = folder.join("story.js");
    fs::write(&app, STORY).unwrap();
    let mut deploy = Command::new(env!("CARGO_BIN_EXE_dayfly"));
    deploy.args(["deploy", "news", "--leak-check", "--state"]).arg(folder.join("state")).arg(app);
    run(deploy.env("XDG_CACHE_HOME", scratch("cli-cache")));
}

/// All alarms that are or were.
fn alarms(server: &Server) -> Vec<Value> {
    let answer = api(server, "/v1/alarms");
    ["active", "history"].iter().flat_map(|part| answer[part].as_array().unwrap().clone()).collect()
}

#[test]
fn grafana_takes_its_dashboard_for_one() {
    let Some(browser) = Browser::installed("grafana_takes_its_dashboard_for_one") else { return };
    let file = root().join("deploy/grafana/dayfly.json");
    run(Command::new("node").arg(browser.folder.join("grafana.mjs")).arg(json!({ "file": file }).to_string()));
}

/// What is to be at most a second, and at most a hundredth of a processor: by
/// `cargo test --workspace --test all -- dashboard::figures --exact --ignored --nocapture`.
#[test]
#[ignore = "it measures, and takes some minutes"]
fn figures() {
    const SECONDS: u64 = 60;
    let Some(browser) = Browser::installed("figures") else { return };
    let folder = folder("dashboard-figures");
    let hello = root().join("examples/hello.mjs");
    let tenants = (0..1000).map(|number| format!("[tenant.t{number}]\napp = {hello:?}\nroutes = [\"/t{number}\"]\n"));
    fs::write(folder.join("serve.toml"), tenants.collect::<String>()).unwrap();
    let server = served(&folder);
    (0..1000).for_each(|number| drop(server.get(&format!("/t{number}"))));
    let used = |what: &dyn Fn() -> Value| {
        let (before, began) = (server.running().cpu(), Instant::now());
        let given = what();
        (server.running().cpu() - before, began.elapsed(), given)
    };
    std::thread::sleep(Duration::from_secs(5));
    let (closed, time, _) = used(&|| {
        std::thread::sleep(Duration::from_secs(SECONDS));
        Value::Null
    });
    let closed = closed.as_secs_f64() / time.as_secs_f64();
    let (opened, time, usable) = used(&|| browser.look("figures.mjs", &server, json!({ "seconds": SECONDS })));
    let opened = opened.as_secs_f64() / time.as_secs_f64();
    println!("1,000 tenants, usable after: {usable} ms");
    println!(
        "the server takes {:.2} % of a processor without, {:.2} % with an open dashboard",
        closed * 100.0,
        opened * 100.0
    );
}
