//! H14: a system that does not give a process what it needs.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::group::Group;
use super::{Plan, Site, is_full};
use crate::serve::LONG;
use crate::serve::administered::exchange;
use crate::support::left_out;

/// How a server that does not start ends, and what it says.
fn refused(mut command: Command) -> String {
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + LONG;
    while server.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            server.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = server.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn a_server_without_address_space_says_what_to_raise() {
    if is_full("h14").is_none() {
        return;
    }
    for gib in [1_u64, 8, 30] {
        let limit = format!("--as={}", gib << 30);
        let (_, command) = Site::prepare("space", &Plan { by: &["prlimit", &limit], ..Plan::default() });
        let said = refused(command);
        let parts = [&format!("may have {gib}.0 GiB of address space"), "RLIMIT_AS", "renders.concurrent"];
        assert!(parts.iter().all(|part| said.contains(*part)), "{said}");
    }
}

#[test]
fn a_server_without_threads_says_what_to_raise_and_with_as_many_as_it_asks_for_it_serves() {
    if is_full("h14").is_none() {
        return;
    }
    let test = "a_server_without_threads_says_what_to_raise_and_with_as_many_as_it_asks_for_it_serves";
    let group = match Group::new("pids", "threads") {
        Ok(group) => group,
        Err(why) => return left_out(test, &why),
    };
    let by = group.by();
    let plan = Plan { by: &by, app: "export default { fetch: () => new Response('app') }", ..Plan::default() };
    let mut needed = 0;
    for limit in [2, 8, 16] {
        group.limit_threads(limit);
        let said = refused(Site::prepare("threads", &plan).1);
        // The process itself is one of them.
        assert!(said.contains(&format!("may start {} threads", limit - 1)) && said.contains("pids.max"), "{said}");
        needed = said.split("needs ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
    }
    group.limit_threads(needed + 1);
    let site = Site::open("threads", &plan);
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            let address = site.server.address.clone();
            std::thread::spawn(move || exchange(&address, "GET /app HTTP/1.0\r\n\r\n").unwrap().1)
        })
        .collect();
    let path = "/v1/tenants/app/deployments?name=new.mjs";
    let app = "export default { fetch: () => new Response('new') }";
    let (head, body) = site.server.ask("POST", path, "text/javascript", app).unwrap();
    assert!(head.starts_with("HTTP/1.1 201"), "{head}\n{body}");
    for page in crowd {
        let page = page.join().unwrap();
        assert!(["app", "new"].contains(&&*page), "{page}");
    }
    assert_eq!(site.server.get("/app").1, "new");
    let threads = site.server.running().threads();
    println!("H14: {threads} threads of {needed} after a deploy and fifty requests at once");
    site.is_well();
}

#[test]
fn a_server_with_more_slots_than_there_may_be_mappings_says_what_to_raise() {
    if is_full("h14").is_none() {
        return;
    }
    let limit: u64 = fs::read_to_string("/proc/sys/vm/max_map_count").unwrap().trim().parse().unwrap();
    let plan = Plan { tables: "[renders]\nconcurrent = 16384\n", ..Plan::default() };
    if limit < 16_384 * 8 {
        let said = refused(Site::prepare("mappings", &plan).1);
        let parts = [&format!("may have {limit} mappings"), "sysctl -w vm.max_map_count="];
        assert!(parts.iter().all(|part| said.contains(*part)), "{said}");
    } else {
        // That much is allowed here.
        Site::open("mappings", &plan).is_well();
    }
}

/// What the server counts for a slot is what one takes at most.
#[test]
fn a_slot_takes_no_more_mappings_than_the_server_counts_for_it() {
    if is_full("h14").is_none() {
        return;
    }
    const APP: &str = r#"let n = 0; export default { async fetch() {
        const kept = Array.from({ length: 64 }, (_, n) => new Uint8Array(1 << 16).fill(n));
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return new Response(`${kept.length}`);
    } };"#;
    let tables = "[renders]\nconcurrent = 160\nreserved = 0\n";
    let site = Site::open("slots", &Plan { app: APP, tables, tenant: "concurrent = 160\n", ..Plan::default() });
    let maps = || {
        let path = format!("/proc/{}/maps", site.server.process.id());
        fs::read_to_string(path).unwrap().lines().count()
    };
    let before = maps();
    let crowd: Vec<_> = (0..150)
        .map(|_| {
            let address = site.server.address.clone();
            std::thread::spawn(move || exchange(&address, "GET /app HTTP/1.0\r\n\r\n").unwrap())
        })
        .collect();
    let mut most = 0;
    while crowd.iter().any(|one| !one.is_finished()) {
        most = most.max(maps());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pages = crowd.into_iter().map(|one| one.join().unwrap().1).filter(|page| page == "64").count();
    println!("H14: {pages} renders at once have {} mappings more", most - before);
    // Threads that serve them have some too.
    assert!(pages > 100 && most - before <= pages * 8, "{pages} renders: {before}, {most}");
    site.is_well();
}
