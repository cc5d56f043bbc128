//! H11: the clock on the wall is set while renders go on.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Plan, Site, is_full, packages};
use crate::serve::LONG;
use crate::serve::administered::exchange;

/// Where the library is that stands between a process and its clock.
const LIBRARY: &str = "usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// What a time may be longer than it should be, on a machine that has other work.
const SLACK: Duration = Duration::from_millis(1500);

const APP: &str = r#"export default { async fetch(request) {
    const { searchParams } = new URL(request.url);
    if (searchParams.has("spin")) for (;;);
    if (searchParams.has("kept")) return new Response(`${Math.random()}`, { headers: { "cache-control": "max-age=600" } });
    const wait = searchParams.get("wait");
    if (wait) await new Promise((resolve) => setTimeout(resolve, Number(wait)));
    return new Response(`${Date.now()}`);
} };"#;

/// The clock that a process is to see: libfaketime's words, what they mean in seconds from the real one, if that goes on.
const SETTINGS: [(&str, Option<i64>); 8] = [
    ("+31622400s", Some(31_622_400)),
    ("-31622400s", Some(-31_622_400)),
    // As Linux has a leap second: a second comes twice.
    ("-31622401s", Some(-31_622_401)),
    // It stands.
    ("2027-03-01 12:00:00", None),
    ("+0s", Some(0)),
    ("+3600s", Some(3600)),
    ("-3600s", Some(-3600)),
    ("+0s", Some(0)),
];

/// A request that is under way, and how long it takes.
fn begin(address: &str, path: &str) -> JoinHandle<((String, String), Duration)> {
    let (address, path) = (address.to_owned(), path.to_owned());
    std::thread::spawn(move || {
        let began = Instant::now();
        let request = format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        (exchange(&address, &request).unwrap(), began.elapsed())
    })
}

#[track_caller]
fn took(what: &str, request: JoinHandle<((String, String), Duration)>, least: u64, status: &str) {
    let ((head, body), took) = request.join().unwrap();
    let least = Duration::from_millis(least);
    assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{what}: {head}\n{body}");
    // A timer of the system's may fire a tick early.
    assert!(took + Duration::from_millis(5) >= least && took < least + SLACK, "{what}: {took:?}, and not {least:?}");
}

fn set(clock: &Path, setting: &str) {
    let new = clock.with_extension("new");
    fs::write(&new, setting).unwrap();
    fs::rename(new, clock).unwrap();
}

/// What the app sees on its clock, against the real one, in seconds.
fn seen(site: &Site) -> (f64, f64) {
    let body = site.server.get("/app").1;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    (body.parse::<f64>().unwrap() / 1000.0, now)
}

#[test]
fn a_clock_that_is_set_shortens_and_lengthens_no_limit() {
    let Some(is_full) = is_full("h11") else { return };
    let test = "a_clock_that_is_set_shortens_and_lengthens_no_limit";
    let Some(package) = packages(test, &["libfaketime"]) else { return };
    let clock = crate::serve::administered::state("fault").with_file_name("fault-clock").join("state/clock");
    let variables = vec![
        ("LD_PRELOAD", package.join(LIBRARY).to_str().unwrap().to_owned()),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap().to_owned()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        // It is the clock on the wall that is set, and no file becomes older by it.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("NO_FAKE_STAT", "1".to_owned()),
    ];
    let tenant = "cache = \"1MiB\"\nlimits.cpu = \"100ms\"\nlimits.wall = \"2s\"\n";
    let tables = "[tenant.rated]\nroutes = [\"/rated\"]\napp = \"app.mjs\"\nrate = 5\n";
    let site = Site::open("clock", &Plan { app: APP, tenant, tables, variables, ..Plan::default() });
    let address = &site.server.address;
    let kept = site.server.get("/app?kept").1;
    let count = if is_full { 10 * SETTINGS.len() } else { 4 };
    for (setting, offset) in SETTINGS.iter().cycle().take(count) {
        let mut idle = TcpStream::connect(address).unwrap();
        idle.set_read_timeout(Some(LONG)).unwrap();
        let [waits, hangs, spins] =
            ["wait=400", "wait=60000", "spin"].map(|query| begin(address, &format!("app?{query}")));
        std::thread::sleep(Duration::from_millis(50));
        set(&clock, setting);
        let (app, now) = seen(&site);
        match offset {
            Some(offset) => assert!((app - now - *offset as f64).abs() < 5.0, "{setting}: {app} and {now}"),
            None => {
                std::thread::sleep(Duration::from_millis(1100));
                assert!((seen(&site).0 - app).abs() < 0.001, "{setting}: it goes on");
            }
        }
        took(&format!("{setting}, a timer"), waits, 400, "200");
        took(&format!("{setting}, the wall limit"), hangs, 2000, "504");
        took(&format!("{setting}, the CPU limit"), spins, 100, "500");
        // Who was connected before is neither idle for too long nor forgotten.
        idle.write_all(b"GET /app HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        idle.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{setting}: {answer}");
        assert_eq!(site.server.get("/app?kept").1, kept, "{setting}: what is stored is as old as it is");
        // The bucket of the rate is neither full for ever nor empty for a year.
        let crowd: Vec<_> = (0..100).map(|_| begin(address, "rated")).collect();
        let answers: Vec<_> = crowd.into_iter().map(|one| one.join().unwrap().0.0).collect();
        let limited: Vec<_> = answers.iter().filter(|head| head.starts_with("HTTP/1.1 429")).collect();
        assert!(
            limited.len() > 10 && limited.iter().all(|head| head.lines().any(|line| line == "retry-after: 1")),
            "{setting}: {answers:?}"
        );
        std::thread::sleep(Duration::from_millis(1100));
        assert!(site.server.get("/rated").0.starts_with("HTTP/1.1 200"), "{setting}");
    }
    let victim = site.is_well();
    println!("H11: the clock was set {count} times; the victim: {victim}");
}
