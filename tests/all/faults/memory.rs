//! H13: memory runs short, or out.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::group::Group;
use super::{Plan, Site, is_full};
use crate::serve::LONG;
use crate::serve::administered::{Server, exchange};
use crate::support::{left_out, run, scratch};

const MIB: u64 = 1 << 20;

/// Keeps so much memory for so long; all that it may have, if it is not said.
const APP: &str = r#"export default { async fetch(request) {
    const { searchParams } = new URL(request.url);
    if (searchParams.has("kept")) return new Response("kept", { headers: { "cache-control": "max-age=600" } });
    const kept = [];
    for (let mib = 0; mib < Number(searchParams.get("mib") ?? 10000); mib++) kept.push(new Uint8Array(1 << 20).fill(mib | 1));
    await new Promise((resolve) => setTimeout(resolve, Number(searchParams.get("wait") ?? 0)));
    return new Response(`${kept.length}`);
} };"#;

const SLOTS: u64 = 4;

fn plan<'a>(by: &'a [&'a str]) -> Plan<'a> {
    Plan {
        app: APP,
        tables: "[renders]\nconcurrent = 4\nreserved = 0\n",
        tenant: "concurrent = 4\ncache = \"1MiB\"\nlimits.cpu = \"5s\"\n",
        by,
        ..Plan::default()
    }
}

/// A group for a server; without one the test is left out.
fn group(test: &str, name: &str) -> Option<Group> {
    Group::new("memory", name).inspect_err(|why| left_out(test, why)).ok()
}

/// Memory of a process that does nothing with it.
struct Ballast(Child);

impl Ballast {
    fn new(group: &Group, bytes: u64) -> Self {
        let by = group.by();
        let process = Command::new(by[0]).args(&by[1..]).arg("tail").stdin(Stdio::piped()).spawn().unwrap();
        let mut ballast = Self(process);
        ballast.grow(bytes);
        ballast
    }

    fn grow(&mut self, bytes: u64) {
        let part = vec![b'x'; MIB as usize];
        let pipe = self.0.stdin.as_mut().unwrap();
        // A line without end is kept whole.
        (0..bytes / MIB).for_each(|_| pipe.write_all(&part).unwrap());
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(server: &Server, query: &str) -> Option<(String, String)> {
    exchange(&server.address, &format!("GET /app?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
}

fn is_short(answer: &(String, String)) -> bool {
    answer.0.starts_with("HTTP/1.1 503")
        && answer.1.starts_with("memory-short: ")
        && answer.0.lines().any(|line| line == "retry-after: 1")
}

#[test]
fn a_server_whose_memory_runs_short_refuses_what_it_would_render_until_there_is_some() {
    let Some(is_full) = is_full("h13") else { return };
    let test = "a_server_whose_memory_runs_short_refuses_what_it_would_render_until_there_is_some";
    let Some(group) = group(test, "short") else { return };
    group.limit_memory(1024 * MIB);
    let by = group.by();
    let site = Site::open("short", &plan(&by));
    assert_eq!(get(&site.server, "kept").unwrap().1, "kept");
    for round in 0..if is_full { 10 } else { 1 } {
        assert_eq!(get(&site.server, "mib=1").unwrap().1, "1");
        let mut ballast = Ballast::new(&group, 0);
        let deadline = Instant::now() + LONG;
        while !is_short(&get(&site.server, "mib=1").unwrap()) {
            assert!(Instant::now() < deadline, "with {} MiB in use it renders still", group.memory() / MIB);
            // What the server and the kernel give back meanwhile is made up for.
            ballast.grow((1024 * MIB * 88 / 100).saturating_sub(group.working_set()));
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(get(&site.server, "kept").unwrap().1, "kept", "what is stored is sent still");
        let (_, figures) = site.server.ask("GET", "/metrics", "text/plain", "").unwrap();
        let refused = "dayfly_requests_total{tenant=\"app\",outcome=\"memory-short\"}";
        assert!(figures.contains(refused), "{figures}");
        drop(ballast);
        let began = Instant::now();
        while is_short(&get(&site.server, "mib=1").unwrap()) {
            assert!(began.elapsed() < LONG, "with {} MiB in use it does not render", group.memory() / MIB);
            std::thread::sleep(Duration::from_millis(10));
        }
        println!(
            "H13, round {round}: refused at 88 %, and rendered again {:?} after there was memory",
            began.elapsed()
        );
    }
    assert_eq!(group.killed(), 0);
    site.is_whole();
}

#[test]
fn a_server_whose_limit_has_room_for_its_slots_is_not_killed_whatever_they_do() {
    let Some(is_full) = is_full("h13") else { return };
    let test = "a_server_whose_limit_has_room_for_its_slots_is_not_killed_whatever_they_do";
    let Some(group) = group(test, "full") else { return };
    let limit = SLOTS * 128 * MIB + 256 * MIB;
    group.limit_memory(limit);
    let by = group.by();
    // Bundles: the allocator keeps some 120 MiB of what it is to build JavaScript.
    let mut site = Site::open_with("full", &plan(&by), |folder| {
        let configuration = folder.join("serve.toml");
        let mut text = fs::read_to_string(&configuration).unwrap();
        for app in ["app.mjs", "victim.js"] {
            let mut build = Command::new(env!("CARGO_BIN_EXE_dayfly"));
            let bundle = Path::new(app).with_extension("wasm");
            run(build
                .args(["build", app, "-o"])
                .arg(&bundle)
                .current_dir(folder)
                .env("XDG_CACHE_HOME", scratch("cli-cache")));
            text = text.replace(app, bundle.to_str().unwrap());
        }
        fs::write(configuration, text).unwrap();
    });
    let is_over = AtomicBool::new(false);
    let (mut most, mut count, mut short) = (0, 0_usize, 0_usize);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let (server, is_over) = (&site.server, &is_over);
                scope.spawn(move || {
                    let mut answers = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let query = if client % 2 == 0 { "" } else { "mib=100&wait=200" };
                        answers.push(get(server, query));
                    }
                    answers
                })
            })
            .collect();
        let deadline = Instant::now() + Duration::from_secs(if is_full { 120 } else { 4 });
        while Instant::now() < deadline {
            most = most.max(group.memory());
            std::thread::sleep(Duration::from_millis(5));
        }
        is_over.store(true, Ordering::Relaxed);
        for answer in clients.into_iter().flat_map(|client| client.join().unwrap()) {
            let answer = answer.expect("each request is answered");
            let (head, body) = &answer;
            let is_full = head.starts_with("HTTP/1.1 500") && body.starts_with("limit-");
            let is_refused = head.starts_with("HTTP/1.1 503") && head.contains("retry-after: ");
            assert!(is_full || is_refused || body == "100", "{head}\n{body}");
            count += 1;
            short += usize::from(is_short(&answer));
        }
    });
    assert!(site.server.process.try_wait().unwrap().is_none() && group.killed() == 0, "it was killed");
    println!(
        "H13: {count} renders that take all they may within {} MiB: {} MiB at most, {short} refused for want of memory, none killed",
        limit / MIB,
        most / MIB
    );
    site.is_whole();
}

/// Row G04: they are held to their limits when many are at it at once, and give back what they had.
#[test]
fn sixteen_renders_that_take_all_they_may_take_no_more_than_sixteen_limits() {
    let Some(is_full) = is_full("g04") else { return };
    let limit = if is_full { 128 } else { 32 };
    let tenant =
        format!("concurrent = 16\nlimits.memory = \"{limit}MiB\"\nlimits.cpu = \"10s\"\nlimits.wall = \"30s\"\n");
    let tables = "[renders]\nconcurrent = 16\nreserved = 0\nqueue-time = \"30s\"\n";
    let site = Site::open("sixteen", &Plan { app: APP, tables, tenant: &tenant, ..Plan::default() });
    let limit = limit * MIB;
    let (mut before, mut most) = (site.server.running().resident(), 0);
    for round in 0..if is_full { 20 } else { 3 } {
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..16).map(|_| scope.spawn(|| get(&site.server, "").unwrap())).collect();
            while all.iter().any(|one| !one.is_finished()) {
                most = most.max(site.server.running().resident().saturating_sub(before));
                std::thread::sleep(Duration::from_millis(2));
            }
            for one in all {
                let (head, body) = one.join().unwrap();
                assert!(head.starts_with("HTTP/1.1 500") && body.starts_with("limit-memory"), "{head}\n{body}");
            }
        });
        if round == 0 {
            // Slots, threads and their stacks are there now.
            before = site.server.running().resident();
        }
    }
    let left = site.server.running().resident().saturating_sub(before);
    println!("G04: sixteen at once with {} MiB each: {} MiB at most, {} MiB left", limit / MIB, most / MIB, left / MIB);
    assert!(most <= 16 * limit * 11 / 10, "{most}");
    // What slots keep for the next renders, 2 MiB each, is in it now and then.
    assert!(left <= 16 * 2 * MIB + 16 * MIB, "{left}");
    site.is_well();
}

#[test]
fn a_server_that_the_kernel_ended_for_want_of_memory_is_there_again() {
    let Some(is_full) = is_full("h13") else { return };
    let test = "a_server_that_the_kernel_ended_for_want_of_memory_is_there_again";
    let Some(group) = group(test, "killed") else { return };
    group.limit_memory(512 * MIB);
    let by = group.by_for_the_killer();
    let mut site = Site::open("killed", &plan(&by));
    let kills = if is_full { 10 } else { 1 };
    for kill in 1..=kills {
        // What the server has no say in.
        let ballast = Ballast::new(&group, (504 * MIB).saturating_sub(group.memory()));
        let deadline = Instant::now() + LONG;
        let mut more = Vec::new();
        while site.server.process.try_wait().unwrap().is_none() {
            // It is refused, so that it is the others who take the last of it.
            let _ = get(&site.server, "mib=64");
            more.push(Ballast::new(&group, 4 * MIB));
            assert!(Instant::now() < deadline, "it is not killed with {} MiB in use", group.memory() / MIB);
        }
        assert!(group.killed() > 0);
        drop((ballast, more));
        let began = Instant::now();
        site.start_again(&plan(&by));
        assert_eq!(site.server.get("/victim?name=Ada").1, "<p>hello Ada</p>");
        let took = began.elapsed();
        println!("H13: killed for want of memory; a page {took:?} after it was started again");
        // Elsewhere the machine has other work.
        assert!(!is_full || took < Duration::from_secs(2), "kill {kill}: {took:?}");
    }
}
