//! H06: heads of requests that are none, or too much.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Plan, Site, is_full};
use crate::serve::LONG;

const APP: &str = r#"export default { async fetch(request) {
    return new Response(`${request.url.length} ${(await request.text()).length}`);
} };"#;

/// What is behind each head: it must not be read as a request where the head's own end is in doubt.
const SECOND: &str = "GET /app/second HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// All that comes back for some bytes, and how long the first of it took.
fn answers(site: &Site, bytes: &[u8]) -> (String, Duration) {
    let mut stream = TcpStream::connect(&site.server.address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let began = Instant::now();
    // Who does not want to read on may have closed it.
    let _ = stream.write_all(bytes);
    let mut all = vec![0; 1];
    let mut length = stream.read(&mut all).unwrap_or_default();
    let first = began.elapsed();
    all.truncate(length);
    let mut part = [0; 4096];
    while let Ok(more @ 1..) = stream.read(&mut part) {
        length += more;
        all.extend_from_slice(&part[..more]);
        assert!(length < 1 << 20, "it does not end");
    }
    (String::from_utf8_lossy(&all).into_owned(), first)
}

/// The statuses in what came back.
fn statuses(answers: &str) -> Vec<&str> {
    let heads = answers.match_indices("HTTP/1.").filter(|(at, _)| *at == 0 || !answers[..*at].ends_with(' '));
    heads.filter_map(|(at, _)| answers.get(at + 9..at + 12)).collect()
}

/// Heads, and the statuses that are right for what they begin with.
fn bombs() -> Vec<(&'static str, String, &'static [&'static str])> {
    let get = |rest: &str| format!("GET /app HTTP/1.1\r\nhost: a\r\n{rest}\r\n");
    let post = |rest: &str, body: &str| format!("POST /app HTTP/1.1\r\nhost: a\r\n{rest}\r\n{body}");
    let long = |count: usize| "x".repeat(count);
    vec![
        ("102 headers", get(&format!("connection: close\r\n{}", "x-a: 1\r\n".repeat(100))), &["431"]),
        ("2,000 headers", get(&"x-a: 1\r\n".repeat(2000)), &["431"]),
        ("a value of 64 KiB", get(&format!("x-a: {}\r\n", long(64 << 10))), &["431"]),
        ("a name of 64 KiB", get(&format!("{}: 1\r\n", long(64 << 10))), &["400", "431"]),
        ("lines of 8 KiB", get(&format!("x-a: {}\r\n", long(8 << 10)).repeat(8)), &["431"]),
        ("lines of 8 KiB, 100 of them", get(&format!("x-a: {}\r\n", long(8 << 10)).repeat(100)), &["431"]),
        (
            "a method of 64 KiB",
            format!("{} /app HTTP/1.1\r\nhost: a\r\n\r\n", "M".repeat(64 << 10)),
            &["400", "405", "414", "431"],
        ),
        ("two lengths", post("content-length: 1\r\ncontent-length: 2\r\n", "ab"), &["400"]),
        ("a list of lengths", post("content-length: 1, 2\r\n", "ab"), &["400"]),
        ("a length with a sign", post("content-length: +1\r\n", "a"), &["400"]),
        ("a length below zero", post("content-length: -1\r\n", "a"), &["400"]),
        ("a length in hexadecimal", post("content-length: 0x1\r\n", "a"), &["400"]),
        ("a length that no number holds", post(&format!("content-length: {}\r\n", "9".repeat(40)), "a"), &["400"]),
        (
            "chunked, and something else after it",
            post("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"),
            &["400"],
        ),
        ("an encoding that nobody knows", post("transfer-encoding: xchunked\r\n", "0\r\n\r\n"), &["400"]),
        ("a chunk that no number holds", post("transfer-encoding: chunked\r\n", "fffffffffffffffff\r\nx"), &["400"]),
        ("a chunk of no size", post("transfer-encoding: chunked\r\n", "z\r\nx"), &["400"]),
        (
            "an extension of a chunk without end",
            post("transfer-encoding: chunked\r\n", &format!("1;{}", long(128 << 10))),
            &["400"],
        ),
        (
            "trailers without end",
            post("transfer-encoding: chunked\r\n", &format!("0\r\n{}", "x-a: 1\r\n".repeat(20_000))),
            &["400"],
        ),
        (
            "chunked in HTTP/1.0",
            "POST /app HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".into(),
            &["400"],
        ),
        ("a folded line", get("x-a: 1\r\n 2\r\n"), &["400"]),
        ("a folded line at the beginning", "GET /app HTTP/1.1\r\n x: 1\r\nhost: a\r\n\r\n".into(), &["400"]),
        ("a blank before the colon", get("x-a : 1\r\n"), &["400"]),
        ("no colon", get("x-a\r\n"), &["400"]),
        ("no name", get(": 1\r\n"), &["400"]),
        ("NUL in a value", get("x-a: \0\r\n"), &["400"]),
        ("CR in a value", get("x-a: 1\r2\r\n"), &["400"]),
        ("a name that is not ASCII", get("x-ä: 1\r\n"), &["400"]),
        ("no Host", "GET /app HTTP/1.1\r\n\r\n".into(), &["400"]),
        ("two Hosts", get("host: b\r\n"), &["400"]),
        ("a port that is none", "GET /app HTTP/1.1\r\nhost: a:99999\r\n\r\n".into(), &["400"]),
        ("a port in letters", "GET /app HTTP/1.1\r\nhost: a:b\r\n\r\n".into(), &["400"]),
        ("an address that is none", "GET /app HTTP/1.1\r\nhost: 256.1.1.1\r\n\r\n".into(), &["400"]),
        ("a name of IDNA that is none", "GET /app HTTP/1.1\r\nhost: xn--a\r\n\r\n".into(), &["400"]),
        ("a name and a password", "GET /app HTTP/1.1\r\nhost: user:word@a\r\n\r\n".into(), &["400"]),
        ("a Host that is none", "GET /app HTTP/1.1\r\nhost: a b/c\r\n\r\n".into(), &["400"]),
        ("a Host of 60 KiB", format!("GET /app HTTP/1.1\r\nhost: {}\r\n\r\n", long(60 << 10)), &["400", "414", "431"]),
        ("HTTP/0.9", "GET /app\r\n".into(), &["400"]),
        ("HTTP/3.0 in words", "GET /app HTTP/3.0\r\nhost: a\r\n\r\n".into(), &["400"]),
        ("no path", "GET  HTTP/1.1\r\nhost: a\r\n\r\n".into(), &["400"]),
        ("a path of controls", "GET /app\u{1}\u{7f} HTTP/1.1\r\nhost: a\r\n\r\n".into(), &["400"]),
        ("a URL that breaks off in its port", "GET http://a:99999/app HTTP/1.1\r\nhost: a\r\n\r\n".into(), &["400"]),
        ("a tunnel", "CONNECT a:443 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".into(), &["400", "404", "405"]),
        (
            "all of the server",
            "OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".into(),
            &["400", "404", "405"],
        ),
        ("a blank line 10,000 times", format!("{}GET /app HTTP/9\r\n\r\n", "\r\n".repeat(10_000)), &["400", "431"]),
        ("TLS where there is none", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".into(), &["400"]),
        ("noise", "\u{0}\u{1}\u{2}\u{ff}\u{fe}\r\n\r\n".into(), &["400"]),
    ]
}

#[test]
fn a_head_that_is_none_or_too_much_is_refused_and_nothing_behind_it_is_read() {
    let Some(is_full) = is_full("h06") else { return };
    let site = Site::open("heads", &Plan { app: APP, ..Plan::default() });
    let mut times = Vec::new();
    for _ in 0..if is_full { 100 } else { 1 } {
        for (name, head, right) in bombs() {
            let (answers, took) = answers(&site, (head + SECOND).as_bytes());
            let statuses = statuses(&answers);
            assert!(
                statuses.len() == 1 && right.contains(&statuses[0]),
                "{name}: {statuses:?}, and not {right:?}: {answers}"
            );
            times.push((took, name));
        }
    }
    times.sort();
    let victim = site.is_well();
    println!("H06: {} heads, the longest {:?}; the victim: {victim}", times.len(), times.last().unwrap());
}

/// Those that can be read in one way only, and are to be read in that.
#[test]
fn a_head_that_is_odd_is_read_in_the_one_way_that_the_standard_has() {
    if is_full("h06").is_none() {
        return;
    }
    let site = Site::open("odd-heads", &Plan { app: APP, ..Plan::default() });
    // RFC 9112, 6.3: the encoding holds, and the connection ends, whichever stands first.
    for lengths in
        ["content-length: 60\r\ntransfer-encoding: chunked\r\n", "transfer-encoding: chunked\r\ncontent-length: 60\r\n"]
    {
        let head = format!("POST /app HTTP/1.1\r\nhost: a\r\n{lengths}\r\n3\r\nabc\r\n0\r\n\r\n{SECOND}");
        let (answers, _) = answers(&site, head.as_bytes());
        assert_eq!(statuses(&answers), ["200"], "{lengths}: {answers}");
        assert!(answers.contains("connection: close") && answers.ends_with("12 3"), "{lengths}: {answers}");
    }
    for (name, head, end) in [
        // RFC 9110, 8.6: the same length twice is that length.
        (
            "a length twice",
            "POST /app HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc",
            "12 3",
        ),
        ("HTTP/1.0 without Host", "GET /app HTTP/1.0\r\n\r\n", " 0"),
        ("a URL with another host than Host", "GET http://a/app HTTP/1.0\r\nhost: bbb\r\n\r\n", "12 0"),
    ] {
        let (answers, _) = answers(&site, head.as_bytes());
        assert!(statuses(&answers) == ["200"] && answers.ends_with(end), "{name}: {answers}");
    }
    site.is_well();
}

#[test]
fn a_path_of_nearly_64_kib_is_refused_or_answered() {
    let Some(is_full) = is_full("h06") else { return };
    for (url, is_answered) in [("", false), ("[http]\nurl = \"64KiB\"\n", true)] {
        let site = Site::open("paths", &Plan { app: APP, tables: url, ..Plan::default() });
        let lengths = (65_000..=65_535).step_by(if is_full { 1 } else { 67 }).chain(65_525..=65_540);
        let mut came = [0, 0];
        for length in lengths {
            let path = format!("/app/{}", "x".repeat(length - 5));
            let (answers, _) =
                answers(&site, format!("GET {path}?x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes());
            let statuses = statuses(&answers);
            let is_refused = ["414", "431", "413"].contains(&statuses[0]);
            assert!(statuses.len() == 1 && (is_refused || statuses[0] == "200"), "{length}: {answers}");
            came[usize::from(is_refused)] += 1;
        }
        println!("H06: of paths of 65,000 bytes and more {} were answered and {} refused", came[0], came[1]);
        assert!(came[1] > 0 && (came[0] > 0) == is_answered, "{url} {came:?}");
        site.is_well();
    }
}
