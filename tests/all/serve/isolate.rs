//! `dayfly serve --isolate tenant-group`: a process for each group, and one in front.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use memchr::memmem;
use serde_json::Value;

use super::LONG;
use super::administered::{Server, exchange};
use crate::support::{run, scratch};

/// A server of three tenants in two groups.
struct Groups {
    server: Server,
    folder: PathBuf,
}

/// Answers with its name; keeps what it makes of the query, which nobody sent as it is; is slow if it is told to.
const APP: &str = r#"
const kept = [];
export default { async fetch(request, env) {
    const url = new URL(request.url);
    const reversed = url.searchParams.get("reversed");
    if (reversed) {
        const made = [...reversed].reverse().join("");
        for (let n = 0; n < 1000; n++) kept.push(made + n);
        console.log(made);
    }
    if (url.pathname.endsWith("/slow")) await new Promise((done) => setTimeout(done, 3000));
    if (url.pathname.endsWith("/echo")) return new Response(request.body);
    return new Response(`${env.NAME} ${url.protocol}//${url.host}${url.pathname}`);
} };"#;

/// What a group has compiled, which takes the longest: each has its own, and for all that a test starts it is copied.
fn compiled() -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let folder = scratch("serve").join("isolate-compiled");
        let groups = Groups::start(&folder);
        groups.end();
        folder.join("state/groups/red/cache")
    })
}

impl Groups {
    fn new(test: &str) -> Self {
        let folder = scratch("serve").join(test);
        let _ = std::fs::remove_dir_all(folder.join("state"));
        for group in ["red", "green", "blue", "default"] {
            let group = folder.join("state/groups").join(group);
            std::fs::create_dir_all(&group).unwrap();
            run(Command::new("cp").arg("-a").arg(compiled()).arg(group));
        }
        Self::start(&folder)
    }

    fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("app.mjs"), APP).unwrap();
        let tenant = |name: &str, group: &str| {
            format!(
                "[tenant.{name}]\ngroup = \"{group}\"\napp = \"app.mjs\"\nroutes = [\"/{name}\"]\nenv = {{ NAME = \"{name}\", \
                 SECRET = \"secret-of-{name}\" }}\nlimits.wall = \"20s\"\n"
            )
        };
        let config = [tenant("one", "red"), tenant("two", "red"), tenant("three", "blue")].concat();
        std::fs::write(folder.join("serve.toml"), config).unwrap();
        let file = folder.join("serve.toml");
        let arguments = [file.to_str().unwrap(), "--isolate", "tenant-group", "--log", "text"];
        let server = Server::run(&folder.join("state"), &arguments, drop);
        Self { server, folder: folder.to_owned() }
    }

    /// A request to the admin API: its status, and the body.
    fn api(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, String) {
        let (admin, token) = (&self.server.admin, &self.server.token);
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (head, body) = exchange(admin, &request).unwrap_or_else(|| panic!("no answer to {method} {path}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    }

    fn json(&self, path: &str) -> Value {
        let (status, body) = self.api("GET", path, "", "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The process of a group, once it serves, and how often it was started again.
    fn process(&self, group: &str) -> (u64, u64) {
        let deadline = Instant::now() + LONG;
        loop {
            let status = self.json("/v1/status");
            let of = status["groups"].as_array().unwrap().iter().find(|of| of["name"] == group).unwrap().clone();
            if of["ready"] == true {
                return (of["pid"].as_u64().unwrap(), of["restarts"].as_u64().unwrap());
            }
            assert!(Instant::now() < deadline, "{group} does not come: {status}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn end(mut self) {
        let pids: Vec<_> = ["red", "blue", "default"].iter().map(|group| self.process(group).0).collect();
        run(Command::new("kill").args(["-s", "TERM", &self.server.process.id().to_string()]));
        assert!(self.server.process.wait().unwrap().success());
        for pid in pids {
            assert!(!goes_on(pid), "{pid} is left");
        }
    }
}

/// Whether a process goes on. One that has ended may be listed until somebody has asked for its end.
fn goes_on(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// What a process has mapped that another could have mapped too: device and inode of what can be written or has no path.
fn shared(pid: u64) -> BTreeSet<(String, String)> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let maps = maps.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let shared = maps.filter(|map| {
        let path = map.get(5).copied().unwrap_or_default();
        // A program's file is the same to all that run it, and what is written of it is each one's own.
        map[4] != "0"
            && (map[1].ends_with('s') || !path.starts_with('/') || path.contains("memfd") || path.contains("deleted"))
    });
    shared.map(|map| (map[3].to_owned(), map[4].to_owned())).collect()
}

/// How often a text is in the memory of a process.
fn count(pid: u64, text: &str) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let (mut count, mut piece) = (0, vec![0; 1 << 20]);
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with('r'))) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [mut at, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        while at < end && memory.seek(SeekFrom::Start(at)).is_ok() {
            let length = usize::try_from((end - at).min(piece.len() as u64)).unwrap();
            let Ok(read) = memory.read(&mut piece[..length]) else { break };
            if read == 0 {
                break;
            }
            count += memmem::find_iter(&piece[..read], text.as_bytes()).count();
            // One that is across two pieces is in the second as well.
            at += if read == length && at + (read as u64) < end { (read - text.len()) as u64 } else { read as u64 };
        }
    }
    count
}

#[test]
fn a_group_has_a_process_of_its_own_and_its_tenants_are_answered_by_it() {
    let groups = Groups::new("isolate-requests");
    let server = &groups.server;
    for name in ["one", "two", "three"] {
        let (head, page) = server.get(&format!("/{name}/x"));
        assert_eq!(page, format!("{name} http://localhost/{name}/x"), "{head}");
        assert!(head.contains("x-request-id: ") && head.starts_with("HTTP/1.1 200"), "{head}");
    }
    let body = "x".repeat(200_000);
    let request = format!(
        "POST /one/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (head, echoed) = exchange(&server.address, &request).unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && echoed.matches('x').count() == body.len(), "{head}");
    assert!(server.get("/nobody").1.starts_with("no-tenant: "));

    let pids = ["red", "blue", "default"].map(|group| groups.process(group).0);
    let all: BTreeSet<_> = pids.iter().copied().chain([server.process.id().into()]).collect();
    assert_eq!(all.len(), 4, "{all:?}");
    for pid in &all {
        let of =
            |file: &str| String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/{file}")).unwrap()).into_owned();
        let secret = server.token.trim_start_matches("dayfly_");
        assert!(!of("cmdline").contains(secret) && !of("environ").contains(secret));
    }
    let mapped: Vec<_> = all.iter().map(|pid| shared(*pid)).collect();
    for (n, one) in mapped.iter().enumerate() {
        for other in &mapped[n + 1..] {
            assert!(one.is_disjoint(other), "{one:?} {other:?}");
        }
    }
    assert!(mapped.iter().any(|one| !one.is_empty()), "heaps are mapped from files of no path: {mapped:?}");
    groups.end();
}

#[test]
fn what_a_tenant_makes_is_in_no_other_groups_memory_and_not_in_the_fronts() {
    let groups = Groups::new("isolate-canary");
    let (red, blue) = (groups.process("red").0, groups.process("blue").0);
    let front = u64::from(groups.server.process.id());
    let made = format!("canary-{}-{}", std::process::id(), "made");
    let reversed: String = made.chars().rev().collect();
    for _ in 0..3 {
        assert_eq!(groups.server.get(&format!("/one/x?reversed={reversed}")).1, "one http://localhost/one/x");
    }
    assert!(groups.server.get("/three/x").0.starts_with("HTTP/1.1 200"));
    assert!(count(red, &made) > 0, "its log has it, so it would be found");
    assert!(count(front, "isolate-canary") > 0, "it is in its arguments");
    assert_eq!((count(blue, &made), count(front, &made)), (0, 0));
    // Nor what the configuration says of another group; the front reads all of that.
    assert!(count(red, "secret-of-one") > 0 && count(blue, "secret-of-three") > 0);
    assert_eq!((count(blue, "secret-of-one"), count(red, "secret-of-three")), (0, 0));
    groups.end();
}

#[test]
fn a_process_that_is_killed_under_load_loses_its_own_groups_requests_and_is_started_anew() {
    let groups = Groups::new("isolate-killed");
    let (red, _) = groups.process("red");
    let (blue, _) = groups.process("blue");
    let is_over = AtomicBool::new(false);
    let ask = |path: &'static str| {
        let mut answers = Vec::new();
        while !is_over.load(Ordering::Acquire) {
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            answers.push(exchange(&groups.server.address, &request));
        }
        answers
    };
    let (ones, threes, slow) = std::thread::scope(|scope| {
        let ones = scope.spawn(|| ask("/one/x"));
        let threes = [scope.spawn(|| ask("/three/x")), scope.spawn(|| ask("/three/slow"))];
        let slow = scope.spawn(|| groups.server.get("/one/slow"));
        std::thread::sleep(Duration::from_millis(700));
        run(Command::new("kill").args(["-s", "KILL", &red.to_string()]));
        let killed = Instant::now();
        let (new, restarts) = loop {
            let now = groups.process("red");
            if now.0 != red {
                break now;
            }
            assert!(killed.elapsed() < LONG);
        };
        assert!(new != red && restarts >= 1);
        std::thread::sleep(Duration::from_millis(500));
        is_over.store(true, Ordering::Release);
        let threes = threes.map(|threes| threes.join().unwrap()).concat();
        (ones.join().unwrap(), threes, slow.join().unwrap())
    });
    for answer in &threes {
        let (head, page) = answer.as_ref().expect("no other group notices");
        assert!(head.starts_with("HTTP/1.1 200") && page.starts_with("three "), "{head}");
    }
    assert_eq!(groups.process("blue"), (blue, 0));
    assert!(slow.0.starts_with("HTTP/1.1 503") && slow.1.starts_with("group-down: "), "{slow:?}");
    let refused = ones.iter().flatten().filter(|(head, _)| head.starts_with("HTTP/1.1 503"));
    let refused: Vec<_> = refused.collect();
    assert!(
        !refused.is_empty()
            && refused.iter().all(|(head, page)| {
                head.lines().any(|line| line == "retry-after: 1") && page.starts_with("group-down: ")
            }),
        "{refused:?}"
    );
    assert!(ones.last().unwrap().as_ref().unwrap().0.starts_with("HTTP/1.1 200"), "{:?}", ones.last());
    let figures = groups.api("GET", "/metrics", "", "").1;
    assert!(figures.lines().any(|line| line == "dayfly_group_restarts_total{group=\"red\"} 1"), "{figures}");
    groups.end();
}

#[test]
fn the_admin_api_is_that_of_all_groups() {
    let groups = Groups::new("isolate-admin");
    let new = "export default { fetch: () => new Response('new') };";
    let (status, done) = groups.api("POST", "/v1/tenants/three/deployments?name=new.mjs", "text/javascript", new);
    assert_eq!((status, groups.server.get("/three").1.as_str()), (201, "new"), "{done}");
    assert_eq!(groups.api("POST", "/v1/tenants/three/rollback", "", "").0, 200);
    assert!(groups.server.get("/three").1.starts_with("three "));
    assert_eq!(groups.api("POST", "/v1/tenants/one/suspend", "", "").0, 200);
    assert!(groups.server.get("/one").1.starts_with("suspended: ") && groups.server.get("/two").1.starts_with("two "));
    assert_eq!(groups.api("POST", "/v1/tenants/one/resume", "", "").0, 200);
    groups.server.get("/one/x?reversed=olleh");

    let status = groups.json("/v1/status");
    let names: Vec<_> = status["tenants"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one", "three", "two"]);
    let listed = groups.json("/v1/tenants?limit=2");
    assert_eq!((listed["tenants"].as_array().unwrap().len(), &listed["next"]), (2, &"three".into()), "{listed}");
    assert_eq!(groups.json("/v1/tenants?limit=2&after=three")["tenants"][0]["name"], "two");
    let logs = groups.api("GET", "/v1/tenants/one/logs", "", "").1;
    assert!(logs.contains("hello"), "{logs}");
    let events = groups.api("GET", "/v1/events?past=true&follow=false", "", "").1;
    assert!(events.contains("\"tenant\":\"one\"") && events.contains("\"tenant\":\"three\""), "{events}");
    let events = groups.api("GET", "/v1/events?past=true&follow=false&tenant=three", "", "").1;
    assert!(!events.contains("\"tenant\":\"one\"") && events.contains("\"tenant\":\"three\""), "{events}");
    let figures = groups.api("GET", "/metrics", "", "").1;
    for of in ["group=\"red\",tenant=\"one\"", "group=\"blue\",tenant=\"three\"", "dayfly_group_up{group=\"blue\"} 1"] {
        assert!(figures.contains(of), "{of}: {figures}");
    }

    let make = |name: &str, route: &str| {
        groups.api("POST", "/v1/tenants", "application/json", &format!(r#"{{"name":"{name}","routes":["{route}"]}}"#))
    };
    assert_eq!(make("made", "/made").0, 201);
    assert_eq!(groups.api("POST", "/v1/tenants/made/deployments?name=n.mjs", "text/javascript", new).0, 201);
    assert_eq!(groups.server.get("/made").1, "new");
    assert!(make("one", "/other").1.contains("tenant-exists") && make("other", "/three").1.contains("route-taken"));
    assert_eq!(groups.api("DELETE", "/v1/tenants/made", "", "").0, 204);
    assert!(groups.server.get("/made").1.starts_with("no-tenant: "));

    assert_eq!(groups.api("GET", "/v1/tenants/nobody", "", "").0, 404);
    let (status, body) = groups.api("GET", "/v1/what-is-each-groups-own", "", "");
    assert!(status == 501 && body.contains("dayfly-group"), "{body}");
    assert_eq!(groups.api("GET", "/readyz", "", "").0, 200);
    assert!(groups.json("/openapi.json")["paths"].is_object());
    for path in ["/v1/status", "/metrics", "/v1/tenants", "/v1/events", "/v1/tenants/one", "/v1/tenants/nobody"] {
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n");
        let (head, _) = exchange(&groups.server.admin, &request).unwrap();
        assert!([" 401 ", " 429 "].iter().any(|status| head.contains(status)), "{path}: {head}");
    }
    groups.end();
}

#[test]
fn a_reload_brings_tenants_and_groups_and_takes_them_away() {
    let groups = Groups::new("isolate-reload");
    let (blue, _) = groups.process("blue");
    let old = std::fs::read_to_string(groups.folder.join("serve.toml")).unwrap();
    let new = old
        .split("[tenant.three]")
        .next()
        .unwrap()
        .replace("[tenant.two]\ngroup = \"red\"", "[tenant.two]\ngroup = \"green\"");
    let new =
        new + "[tenant.four]\ngroup = \"red\"\napp = \"app.mjs\"\nroutes = [\"/four\"]\nenv = { NAME = \"four\" }\n";
    std::fs::write(groups.folder.join("serve.toml"), new).unwrap();
    run(Command::new("kill").args(["-s", "HUP", &groups.server.process.id().to_string()]));
    let deadline = Instant::now() + LONG;
    while !groups.server.get("/four").1.starts_with("four ") || !groups.server.get("/three").1.starts_with("no-tenant")
    {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    // The one that has gone to another group as well, which was not there before.
    for name in ["one", "two", "four"] {
        while !groups.server.get(&format!("/{name}")).1.starts_with(name) {
            assert!(Instant::now() < deadline, "{name}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    assert_ne!(groups.process("green").0, groups.process("red").0);
    while goes_on(blue) {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(groups);
}

#[test]
fn no_process_is_left_of_a_front_that_is_killed() {
    let mut groups = Groups::new("isolate-orphans");
    let pids = ["red", "blue", "default"].map(|group| groups.process(group).0);
    groups.server.kill();
    let deadline = Instant::now() + LONG;
    for pid in pids {
        while goes_on(pid) {
            assert!(Instant::now() < deadline, "{pid} goes on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
