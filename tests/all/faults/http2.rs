//! H07: HTTP/2 as it is not meant, by h2load and by frames of our own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Plan, Site, is_full, packages};
use crate::frames::{PREFACE, frame, frames, get_block};
use crate::serve::LONG;

const APP: &str = r#"export default { async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const wait = searchParams.get("wait");
    if (wait) await new Promise((resolve) => setTimeout(resolve, Number(wait)));
    if (pathname === "/app/page") return new Response("x".repeat(1 << 20));
    return new Response(`${(await request.text()).length}`);
} };"#;

/// What the server may grow by, once it has seen each kind of flood.
const GROWTH: u64 = 16 << 20;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const DATA: u8 = 0;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &get_block(path, "a"))
}

/// A POST whose body is to come.
fn post(stream: u32) -> Vec<u8> {
    let mut block = get_block("/app", "a");
    // `:method: POST` of the static table.
    block[0] = 0x83;
    frame(HEADERS, END_HEADERS, stream, &block)
}

/// What a client floods a server with: once its connection has begun, again and again.
struct Flood {
    name: &'static str,
    begins: Vec<u8>,
    goes_on: fn(u32) -> Vec<u8>,
}

fn floods() -> Vec<Flood> {
    let flood = |name, begins: Vec<u8>, goes_on| Flood { name, begins, goes_on };
    // Windows of no size: nothing may be sent to such a client.
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    // A value of 4,000 bytes goes into the table of names, and is then named again by one byte each.
    let mut bomb = get_block("/app", "a");
    bomb.extend([0x40, 1, b'x', 0x7f, 0xa1, 0x1e]);
    bomb.extend([b'v'; 4000]);
    bomb.extend([0xbe; 8000]);
    vec![
        flood("requests that are reset at once", vec![], |n| {
            [get(2 * n + 1, "/app?wait=1000"), frame(RST_STREAM, 0, 2 * n + 1, &8_u32.to_be_bytes())].concat()
        }),
        flood("requests that the server has to reset", vec![], |n| {
            // Of a window of no size there is no update by nothing: RFC 9113, 6.9.
            [get(2 * n + 1, "/app?wait=1000"), frame(WINDOW_UPDATE, 0, 2 * n + 1, &[0; 4])].concat()
        }),
        flood("a head without end", frame(HEADERS, 0, 1, &get_block("/app", "a")), |_| {
            frame(CONTINUATION, 0, 1, &[[0x40, 1, b'x', 100].as_slice(), &[b'v'; 100]].concat())
        }),
        flood("a head of empty frames", frame(HEADERS, 0, 1, &get_block("/app", "a")), |_| {
            frame(CONTINUATION, 0, 1, &[])
        }),
        flood("a body of empty frames", post(1), |_| frame(DATA, 0, 1, &[])),
        flood("a body of frames that are filled up", post(1), |_| {
            let padded: Vec<u8> = std::iter::once(255).chain([0; 255]).collect();
            frame(DATA, 8, 1, &padded)
        }),
        flood("pings", vec![], |_| frame(PING, 0, 0, &[7; 8])),
        flood("settings", vec![], |_| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9])),
        flood("frames of no known kind", vec![], |_| frame(0x77, 0, 0, &[0; 64])),
        flood("priorities", vec![], |n| frame(2, 0, 2 * n + 1, &[0, 0, 0, 0, 9])),
        flood("pages that are not read", no_window, |n| get(2 * n + 1, "/app/page")),
        flood("a head that is small and becomes large", frame(HEADERS, END_STREAM | END_HEADERS, 1, &bomb), |_| {
            frame(PING, 0, 0, &[7; 8])
        }),
        flood("100,000 requests", vec![], |n| get(2 * n + 1, "/none")),
    ]
}

/// What a connection has sent, until the server ended it, or after so many frames.
fn inundate(address: &str, flood: &Flood, most: u32) -> (u32, usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(3))).unwrap();
    let mut begin = PREFACE.to_vec();
    begin.extend(&flood.begins);
    if stream.write_all(&begin).is_err() {
        return (0, 0);
    }
    let (mut sent, mut received) = (0, 0);
    let mut part = vec![0; 64 << 10];
    while sent < most {
        let more: Vec<u8> = (sent..sent + 100).flat_map(|n| (flood.goes_on)(n)).collect();
        if stream.write_all(&more).is_err() {
            return (sent, received);
        }
        sent += 100;
        match stream.read(&mut part) {
            Ok(0) => return (sent, received),
            Ok(length) => received += length,
            Err(_) => {}
        }
    }
    (sent, received)
}

#[test]
fn floods_of_frames_end_with_their_connection_and_leave_nothing() {
    let Some(is_full) = is_full("h07") else { return };
    let site = Site::open("floods", &Plan { app: APP, by: &["prlimit", "--nofile=8192"], ..Plan::default() });
    let most = if is_full { 100_000 } else { 20_000 };
    let rounds = if is_full { 20 } else { 2 };
    let mut before = 0;
    for round in 0..rounds {
        for flood in floods() {
            let began = Instant::now();
            let (sent, received) = inundate(&site.server.address, &flood, most);
            if round == 0 {
                println!(
                    "H07, {}: {sent} frames taken, {} KiB answered, in {:.1?}; {} MiB in memory",
                    flood.name,
                    received >> 10,
                    began.elapsed(),
                    site.server.running().resident() >> 20
                );
            }
        }
        // What the floods made it do ends.
        let began = Instant::now();
        while site.server.figure("dayfly_stores") > 0.0 {
            assert!(began.elapsed() < LONG, "stores are left");
            std::thread::sleep(Duration::from_millis(50));
        }
        let resident = site.server.running().resident();
        if round == 0 {
            before = resident;
        }
        let grown = resident.saturating_sub(before);
        assert!(grown <= GROWTH, "round {round}: it has grown by {} MiB", grown >> 20);
    }
    let victim = site.is_well();
    println!("H07: {rounds} rounds; the victim: {victim}");
}

#[test]
fn a_connection_has_no_more_requests_at_once_than_the_server_says() {
    if is_full("h07").is_none() {
        return;
    }
    let site = Site::open("streams", &Plan { app: APP, ..Plan::default() });
    let mut stream = TcpStream::connect(&site.server.address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut bytes = PREFACE.to_vec();
    (0..1_500).for_each(|n| bytes.extend(get(2 * n + 1, "/app?wait=3000")));
    stream.write_all(&bytes).unwrap();
    let mut all = Vec::new();
    let mut part = vec![0; 64 << 10];
    let refused = |bytes: &[u8]| {
        frames(bytes).iter().filter(|(kind, payload)| *kind == RST_STREAM && *payload == 7_u32.to_be_bytes()).count()
    };
    let most = loop {
        let read = stream.read(&mut part).unwrap_or_default();
        all.extend_from_slice(&part[..read]);
        let settings = frames(&all).into_iter().find(|(kind, payload)| *kind == SETTINGS && !payload.is_empty());
        let most = settings.and_then(|(_, payload)| {
            let setting = payload.chunks(6).find(|setting| setting[..2] == [0, 3])?;
            Some(u32::from_be_bytes(setting[2..6].try_into().unwrap()) as usize)
        });
        // Those beyond are refused one by one, or the connection ends with all of them.
        let is_away = frames(&all).iter().any(|(kind, _)| *kind == 7);
        match most {
            Some(most) if is_away || refused(&all) >= 1_500 - most => break most,
            _ => assert!(read > 0, "{} of {most:?} refused", refused(&all)),
        }
    };
    assert!(most <= 1_000, "{most} at once");
    println!("H07: {most} requests at once on a connection");
    site.is_well();
}

#[test]
fn h2load_gets_an_answer_for_each_request() {
    let Some(is_full) = is_full("h07") else { return };
    let test = "h2load_gets_an_answer_for_each_request";
    let names = ["nghttp2-client", "libnghttp2-14", "libev4", "libjemalloc2", "libjansson4"];
    let Some(package) = packages(test, &names) else { return };
    // All may wait as long as it takes: it is not the queue that is tried.
    let tables = "[renders]\nqueue = 10000\nqueue-time = \"60s\"\n";
    let site = Site::open("h2load", &Plan { app: APP, tables, ..Plan::default() });
    let count = if is_full { 100_000 } else { 5_000 };
    let mut command = Command::new(package.join("usr/bin/h2load"));
    command.env("LD_LIBRARY_PATH", package.join("usr/lib/x86_64-linux-gnu"));
    command.args(["-n", &count.to_string(), "-c", "20", "-m", "100", "-T", "60", "-N", "60"]);
    let output = command.arg(format!("http://{}/app", site.server.address)).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let summary: Vec<_> =
        said.lines().filter(|line| line.starts_with("requests:") || line.starts_with("status codes:")).collect();
    assert!(said.contains(&format!("{count} succeeded, 0 failed, 0 errored, 0 timeout")), "{said}");
    let victim = site.is_well();
    println!(
        "H07, h2load: {summary:?}; {} MiB in memory; the victim: {victim}",
        site.server.running().resident() >> 20
    );
}
