//! H15: figures that are asked for without end, of more tenants than figures are kept of.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{Plan, Site, is_full};
use crate::serve::administered::exchange;

/// Series of a tenant.
const EACH: usize = 60;

/// Tenants that have series of their own.
const OWN: usize = 1_000;

#[test]
fn figures_stay_bounded_however_many_tenants_there_are_and_however_often_they_are_asked_for() {
    let Some(is_full) = is_full("h15") else { return };
    let count = if is_full { 10_000 } else { 2_000 };
    let mut tables = String::new();
    for number in 0..count {
        write!(tables, "[tenant.t{number}]\nroutes = [\"/t{number}\"]\n").unwrap();
    }
    let site = Site::open("scrapes", &Plan { tables: &tables, ..Plan::default() });
    let before = site.is_well();
    // Each is asked, by who would have what it says taken for a label.
    let evil = "a\\\"} 1\\ndayfly_evil{x=\\\"";
    let query = evil.replace(' ', "%20").replace('"', "%22");
    for number in 0..count {
        let request = format!(
            "GET /t{number}?{query} HTTP/1.1\r\nHost: t{number}.{}\r\nUser-Agent: {evil}\r\nX-Tenant: {evil}\r\nConnection: close\r\n\r\n",
            "x".repeat(40)
        );
        let (head, _) = exchange(&site.server.address, &request).unwrap();
        assert!(head.starts_with("HTTP/1.1 503") || head.starts_with("HTTP/1.1 400"), "{head}");
    }
    for path in ["/%22%7D%201%0Adayfly_evil%7B", "/none/\u{a0}", "/t1/../../metrics"] {
        let _ = exchange(
            &site.server.address,
            &format!("GET {path} HTTP/1.1\r\nHost: {evil}\r\nConnection: close\r\n\r\n"),
        );
    }
    let deadline = Instant::now() + Duration::from_secs(if is_full { 30 } else { 3 });
    let scrapes: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    while Instant::now() < deadline {
                        let (head, _) = site.server.ask("GET", "/metrics", "text/plain", "").unwrap();
                        assert!(head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.1 429"), "{head}");
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).sum()
    });
    let (_, page) = site.server.ask("GET", "/metrics", "text/plain", "").unwrap();
    let samples: Vec<_> = page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert!(!page.contains("dayfly_evil"), "what a client says is no figure");
    let mut of = HashMap::<&str, usize>::new();
    for label in
        samples.iter().filter_map(|line| ["tenant=\"", "app=\""].iter().find_map(|name| line.split(name).nth(1)))
    {
        *of.entry(label.split('"').next().unwrap()).or_default() += 1;
    }
    let most = of.values().max().unwrap();
    assert!(of.len() <= OWN + 2 && *most <= EACH, "{} tenants, {most} series of one", of.len());
    assert!(of.contains_key("other") && samples.len() < EACH * (OWN + 2) + 200, "{}", samples.len());
    let victim = site.is_well();
    println!(
        "H15: {count} tenants, {} series of {} of them, {most} of one at most; {scrapes} scrapes of {} KiB; the victim before: {before}; then: {victim}",
        samples.len(),
        of.len(),
        page.len() >> 10
    );
}
