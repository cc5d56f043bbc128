//! H16: renders without end, most of them of apps that mean harm. Nothing of them stays.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::{Plan, Site, is_full};
use crate::serve::LONG;

/// What a hundred thousand renders may leave.
const LEFT: f64 = 1048576.0;

/// What its number does, each in a few milliseconds at most.
const APP: &str = r#"export default { async fetch(request) {
    const kind = Number(new URL(request.url).searchParams.get("kind"));
    const deep = () => deep() + 1;
    globalThis.leaked = (globalThis.leaked ?? []).concat(request);
    const native = console.error;
    console.error = (...values) => native(...values);
    switch (kind % 12) {
        case 0: throw new Error("thrown", { cause: new Error("x".repeat(1000)) });
        case 1: try { deep(); } catch {} return new Response("caught");
        case 2: return new Promise(() => {});
        case 3: Object.prototype.toString = Array.prototype.push = undefined; return new Response("polluted");
        case 4: console.log({ get a() { throw 1; }, b: new Proxy({}, { ownKeys() { throw 2; } }) }); return new Response("logged");
        case 5: for (let n = 0; n < 300; n++) console.log("flood", n); return new Response("flooded");
        case 6: return new Response(new ReadableStream({ pull(controller) { controller.error(new Error("broken")); } }));
        case 7: Promise.reject(new Error("nobody")); setTimeout(() => {}, 1e9); return new Response("left");
        case 8: { const all = []; for (let n = 0; n < 8; n++) all.push(new Uint8Array(1 << 20).fill(n)); return new Response("large"); }
        case 9: return new Response("x".repeat(100000), { headers: { "x-a": "b" } });
        case 10: return (0, eval)("new Response(String(typeof process + typeof require))");
        default: await new Promise((resolve) => setTimeout(resolve, 1)); return new Response("waited");
    }
} };"#;

/// How many there are.
const KINDS: usize = 12;

/// The status that each kind has, from the first to the last: what a render did to its sandbox changes nothing for the next one.
type Statuses = [OnceLock<String>; KINDS];

/// One request on a connection that is kept. False if the server ends it.
fn ask(stream: &mut BufReader<TcpStream>, kind: usize) -> std::io::Result<(String, bool)> {
    let request = format!("GET /app?kind={kind} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = head.to_ascii_lowercase();
    let mut is_whole = true;
    if let Some(length) = head.split("content-length: ").nth(1) {
        let length = length.split('\r').next().unwrap().parse::<u64>().unwrap();
        std::io::copy(&mut stream.by_ref().take(length), &mut std::io::sink())?;
    } else {
        is_whole = chunks(stream).is_ok();
    }
    Ok((head[9..12].to_owned(), is_whole && !head.contains("connection: close")))
}

fn chunks(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim_end(), 16).map_err(|_| std::io::ErrorKind::UnexpectedEof)?;
        std::io::copy(&mut stream.by_ref().take(length + 2), &mut std::io::sink())?;
        if length == 0 {
            return Ok(());
        }
    }
}

/// Takes part in so many renders as are left.
fn render(address: &str, statuses: &Statuses, next: &AtomicUsize, most: usize) {
    let connect = || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_nodelay(true).unwrap();
        BufReader::new(stream)
    };
    let mut stream = connect();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= most {
            return;
        }
        let kind = number % KINDS;
        let (status, is_kept) = ask(&mut stream, kind).unwrap_or_else(|error| panic!("kind {kind}: {error}"));
        let first = statuses[kind].get_or_init(|| status.clone());
        assert!(["200", "500"].contains(&&*status) && status == *first, "kind {kind}: {status}, and {first} at first");
        if !is_kept {
            stream = connect();
        }
    }
}

/// By how much a value grows with each step of another.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let shared: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    shared / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

#[test]
fn renders_that_mean_harm_leave_no_memory_no_file_and_no_thread() {
    let Some(is_full) = is_full("h16") else { return };
    let most = std::env::var("DAYFLY_RENDERS").ok().map(|renders| renders.parse().unwrap());
    let most: usize = most.unwrap_or(if is_full { 1_000_000 } else { 6_000 });
    let tables = "[renders]\nqueue-time = \"60s\"\n[logs]\nall = \"1MiB\"\n";
    let tenant = "concurrent = 8\nlimits.console-lines = 100\nlimits.cpu = \"2s\"\n";
    let site = Site::open("soak", &Plan { app: APP, tables, tenant, ..Plan::default() });
    let (next, running, statuses) = (AtomicUsize::new(0), site.server.running(), Statuses::default());
    let began = Instant::now();
    let mut points = Vec::new();
    // In forty parts, after each of which it is looked at.
    for part in 1..=40 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| render(&site.server.address, &statuses, &next, most * part / 40));
            }
        });
        next.store(most * part / 40, Ordering::Relaxed);
        std::thread::sleep(std::time::Duration::from_millis(50));
        points.push((running.resident() as f64, running.descriptors(), running.threads()));
    }
    let steps: Vec<_> = points.iter().enumerate().map(|(n, point)| ((n * most / 40) as f64, point.0)).collect();
    // The first half fills what is kept: slots, logs, the allocator's.
    let left = slope(&steps[20..]) * 100_000.0;
    let range = |of: fn(&(f64, usize, usize)) -> usize| {
        let late = points[20..].iter().map(of);
        (late.clone().min().unwrap(), late.max().unwrap())
    };
    let (files, threads) = (range(|point| point.1), range(|point| point.2));
    println!(
        "H16: {most} renders in {:.0?}: {:.2} MiB more after each 100,000 of the second half, {} MiB at the end, files {files:?}, threads {threads:?}",
        began.elapsed(),
        left / LEFT,
        points.last().unwrap().0 as u64 >> 20
    );
    let ended: Vec<_> = statuses.iter().map(|status| status.get().map(String::as_str)).collect();
    assert!(ended.contains(&Some("200")) && ended.contains(&Some("500")), "{ended:?}");
    assert!(files.1 - files.0 <= 12, "{files:?}");
    assert!(threads.1 - threads.0 <= 8, "{threads:?}");
    // Of so few renders nothing can be said.
    assert!(most < 50_000 || left < LEFT, "{:.2} MiB more", left / LEFT);
    site.is_well();
}
