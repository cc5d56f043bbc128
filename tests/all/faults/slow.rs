//! H04: clients that are slow on purpose, as slowhttptest makes them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Plan, Site, is_full, packages};
use crate::serve::LONG;

/// A page of a megabyte; and one that never ends, in pieces of 16 KiB.
const APP: &str = r#"export default { async fetch(request) {
    const path = new URL(request.url).pathname;
    if (path === "/app/endless") {
        const piece = new Uint8Array(16 << 10).fill(120);
        return new Response(new ReadableStream({ pull(controller) { controller.enqueue(piece); } }));
    }
    if (path === "/app/page") return new Response("x".repeat(1 << 20));
    return new Response(`${(await request.text()).length}`);
} };"#;

/// What may wait in the server for a client that does not read.
const WAITING: u64 = 256 << 10;

/// In the short form all that is waited for is this.
const SHORT: &str =
    "[http]\nhead-time = \"2s\"\nbody-time = \"2s\"\nsend-time = \"2s\"\nidle-time = \"2s\"\ncompress = false\n";

#[test]
fn clients_that_are_slow_on_purpose_are_sent_away_and_nobody_else_sees_them() {
    let Some(is_full) = is_full("h04") else { return };
    let test = "clients_that_are_slow_on_purpose_are_sent_away_and_nobody_else_sees_them";
    let Some(package) = packages(test, &["slowhttptest"]) else { return };
    let plan = Plan {
        app: APP,
        tables: if is_full { "" } else { SHORT },
        by: &["prlimit", "--nofile=4096"],
        ..Plan::default()
    };
    let site = Site::open("slow", &plan);
    std::thread::sleep(Duration::from_millis(500));
    let (files, calm) = (site.server.running().descriptors(), site.is_well());
    let [count, length] = if is_full { ["400", "40"] } else { ["200", "6"] };
    for (mode, name, path) in [("-H", "heads", "/app"), ("-B", "bodies", "/app"), ("-X", "readers", "/app/page")] {
        let mut command = Command::new(package.join("usr/bin/slowhttptest"));
        command.args([mode, "-c", count, "-r", "200", "-i", "1", "-l", length, "-x", "16", "-p", "5", "-s", "100000"]);
        command.args(["-w", "1", "-y", "512", "-n", "1", "-z", "32", "-k", "3", "-v", "1"]);
        command.args(["-u", &format!("http://{}{path}", site.server.address)]);
        let began = Instant::now();
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut open = 0;
        let mut resident = 0;
        while process.try_wait().unwrap().is_none() {
            open = open.max(site.server.running().descriptors());
            resident = resident.max(site.server.running().resident());
            std::thread::sleep(Duration::from_millis(50));
        }
        let took = began.elapsed();
        let mut said = String::new();
        process.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let victim = site.is_well();
        println!(
            "H04, slow {name}: {} connections at most in {took:.0?}, {} MiB in memory, the victim calm: {calm}; then: {victim}",
            open - files,
            resident >> 20
        );
        assert!(open > files + 50, "slowhttptest opens connections: {said}");
        let is_available =
            said.lines().filter(|line| line.contains("service available")).all(|line| line.contains("YES"));
        assert!(is_available, "{said}");
        // Who reads slowly has what the system keeps on its way still to read.
        assert!(mode == "-X" || said.contains("No open connections left"), "{said}");
        gone(&site, files);
    }
}

/// Waits until the server has no more files open than before.
#[track_caller]
fn gone(site: &Site, files: usize) {
    let began = Instant::now();
    while site.server.running().descriptors() > files + 4 {
        let now = site.server.running().descriptors();
        assert!(began.elapsed() < LONG, "{now} files are open, and there were {files}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A head that comes byte after byte has the time of a head, and no more.
#[test]
fn a_head_has_ten_seconds_however_steadily_it_comes() {
    let Some(is_full) = is_full("h04") else { return };
    let site = Site::open("dribble", &Plan { app: APP, tables: if is_full { "" } else { SHORT }, ..Plan::default() });
    let expected = Duration::from_secs(if is_full { 10 } else { 2 });
    let mut stream = TcpStream::connect(&site.server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let began = Instant::now();
    stream.write_all(b"GET /app HTTP/1.1\r\nhost: a\r\nx-a: ").unwrap();
    let mut byte = [0];
    while !matches!(stream.read(&mut byte), Ok(0)) && stream.write_all(b"x").is_ok() {
        assert!(began.elapsed() < LONG, "it is waited for without end");
    }
    let took = began.elapsed();
    assert!(took > expected - Duration::from_millis(500) && took < expected + Duration::from_secs(3), "{took:?}");
    println!("H04: a head that dribbles ends after {took:?}");
    site.is_well();
}

/// Of a body without end the app makes what the client reads, what the system keeps of it on its way, and a little more.
#[test]
fn a_reader_that_stops_keeps_little_in_the_server() {
    if is_full("h04").is_none() {
        return;
    }
    let folder = crate::serve::administered::state("fault").with_file_name("fault-readers");
    let events = folder.join("events.jsonl");
    let tables =
        format!("[events]\nto = {:?}\n{SHORT}[renders]\nconcurrent = 40\nreserved = 0\n", events.to_str().unwrap());
    let tenant = "concurrent = 40\nlimits.page = \"1GiB\"\nlimits.wall = \"60s\"\nlimits.cpu = \"30s\"\n";
    let site = Site::open("readers", &Plan { app: APP, tables: &tables, tenant, ..Plan::default() });
    let reader = || {
        let mut reader = TcpStream::connect(&site.server.address).unwrap();
        reader.set_read_timeout(Some(LONG)).unwrap();
        reader.write_all(b"GET /app/endless HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        reader.read_exact(&mut [0; 64 << 10]).unwrap();
        reader
    };
    // At once: each has begun to wait when the first of them is sent away.
    let readers: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..20).map(|_| scope.spawn(reader)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // Nothing moves any more.
    std::thread::sleep(Duration::from_secs(1));
    let ports: Vec<_> = readers.iter().map(|reader| reader.local_addr().unwrap().port()).collect();
    let on_the_way: u64 = ports.iter().map(|port| queued(*port)).sum();
    let made = |text: &str| {
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let endless: Vec<_> = events.filter(|event| event["path"] == "/app/endless").collect();
        (endless.len(), endless.iter().map(|event| event["response_bytes"].as_u64().unwrap()).sum::<u64>())
    };
    let deadline = Instant::now() + LONG;
    // Each is cut when it has not taken a piece for the time that it has.
    let made = loop {
        let (count, bytes) = made(&std::fs::read_to_string(&events).unwrap_or_default());
        if count == readers.len() {
            break bytes;
        }
        assert!(Instant::now() < deadline, "{count} of {} are cut", readers.len());
        std::thread::sleep(Duration::from_millis(50));
    };
    let read = readers.len() as u64 * (64 << 10);
    let waiting = made.saturating_sub(on_the_way + read) / readers.len() as u64;
    println!(
        "H04: of what {} readers did not take {} KiB each waited in the server, and {} KiB in the system",
        readers.len(),
        waiting >> 10,
        (on_the_way / readers.len() as u64) >> 10
    );
    assert!(waiting <= WAITING, "{waiting} bytes wait for each");
    site.is_well();
}

/// Bytes that the system has between the server and the client with this port.
fn queued(port: u16) -> u64 {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!(":{port:04X}");
    let mut sum = 0;
    for line in table.lines().skip(1) {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (sent, received) = fields[4].split_once(':').unwrap();
        let bytes = |hexadecimal| u64::from_str_radix(hexadecimal, 16).unwrap();
        if fields[1].ends_with(&port) {
            sum += bytes(received);
        } else if fields[2].ends_with(&port) {
            sum += bytes(sent);
        }
    }
    sum
}
