//! H08: a thousand tenants who are asked for the first time, and one who is asked all the time.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Plan, Site, is_full};
use crate::serve::administered::exchange;

/// An app that computes for a while.
const APP: &str = r#"globalThis.render = () => {
    let sum = 0;
    for (let n = 0; n < 300000; n++) sum += n % 7;
    return `${sum}`;
};"#;

fn get(address: &str, path: &str) -> (String, String) {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).unwrap()
}

#[test]
fn a_thousand_tenants_are_served_for_the_first_time_beside_one_that_is_asked_without_end() {
    let Some(is_full) = is_full("h08") else { return };
    let count = if is_full { 1_000 } else { 100 };
    let mut tables = String::new();
    for number in 0..count {
        write!(tables, "[tenant.t{number}]\nroutes = [\"/t{number}\"]\napp = \"t{number}.js\"\n").unwrap();
    }
    let apps = |folder: &std::path::Path| {
        for number in 0..count {
            let text = format!("globalThis.render = () => 'tenant {number}';");
            std::fs::write(folder.join(format!("t{number}.js")), text).unwrap();
        }
    };
    let plan = Plan { app: APP, tables: &tables, tenant: "rate = 30\n", ..Plan::default() };
    let site = Site::open_with("storm", &plan, apps);
    let address = &site.server.address;
    let is_over = AtomicBool::new(false);
    let calm = site.is_well();
    let (noisy, quiet) = std::thread::scope(|scope| {
        let noisy: Vec<_> = (0..32)
            .map(|_| {
                scope.spawn(|| {
                    let mut heads = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        heads.push(get(address, "/app").0);
                    }
                    heads
                })
            })
            .collect();
        let deadline = Instant::now() + Duration::from_secs(if is_full { 60 } else { 3 });
        let mut quiet = Vec::new();
        // Each for the first time, and those again.
        for number in (0..count).cycle() {
            if quiet.len() >= count && Instant::now() > deadline {
                break;
            }
            let began = Instant::now();
            let (head, body) = get(address, &format!("/t{number}"));
            quiet.push(began.elapsed());
            assert!(head.starts_with("HTTP/1.1 200") && body == format!("tenant {number}"), "{head}\n{body}");
        }
        is_over.store(true, Ordering::Relaxed);
        (noisy.into_iter().flat_map(|one| one.join().unwrap()).collect::<Vec<_>>(), quiet)
    });
    let refused = |status: &str| {
        let refused: Vec<_> = noisy.iter().filter(|head| head.starts_with(&format!("HTTP/1.1 {status}"))).collect();
        assert!(refused.iter().all(|head| head.contains("retry-after: ")), "{refused:?}");
        refused.len()
    };
    let (too_many, too_busy) = (refused("429"), refused("503"));
    let served = noisy.iter().filter(|head| head.starts_with("HTTP/1.1 200")).count();
    assert_eq!(served + too_many + too_busy, noisy.len(), "nothing else comes of it");
    assert!(too_many > 0 && served > 0, "{too_many} {too_busy} {served}");
    let mut quiet = quiet;
    quiet.sort();
    let victim = site.is_well();
    println!(
        "H08: {count} tenants, {} pages, p50 {:.1?}, p99 {:.1?}, none failed; the noisy one: {served} served, {too_many} of 429, \
         {too_busy} of 503; the victim calm: {calm}; then: {victim}",
        quiet.len(),
        quiet[quiet.len() / 2],
        quiet[quiet.len() * 99 / 100]
    );
}
