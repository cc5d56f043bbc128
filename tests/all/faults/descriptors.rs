//! H12: a process that may have no more files.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Plan, Site, is_full};
use crate::serve::LONG;

/// What a server may take of a processor that has nothing to do but to wait.
const IDLE: f64 = 0.05;

/// How long it may go on waiting once there are files again.
const PROMPT: Duration = Duration::from_secs(1);

/// A page, on a connection that is kept.
fn page(stream: &mut TcpStream) -> bool {
    let request = b"GET /victim?name=Ada HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut seen = Vec::new();
    let mut part = [0; 1024];
    stream.write_all(request).is_ok()
        && loop {
            match stream.read(&mut part) {
                Ok(length @ 1..) => seen.extend_from_slice(&part[..length]),
                _ => break false,
            }
            if seen.ends_with(b"<p>hello Ada</p>") {
                break seen.starts_with(b"HTTP/1.1 200 ");
            }
        }
}

#[test]
fn a_server_without_files_left_serves_who_is_connected_waits_without_work_and_takes_connections_again() {
    let Some(is_full) = is_full("h12") else { return };
    let site = Site::open("descriptors", &Plan { by: &["prlimit", "--nofile=64"], ..Plan::default() });
    for round in 0..if is_full { 10 } else { 1 } {
        let mut kept = TcpStream::connect(&site.server.address).unwrap();
        kept.set_read_timeout(Some(LONG)).unwrap();
        assert!(page(&mut kept));
        let crowd: Vec<_> = (0..100).map(|_| TcpStream::connect(&site.server.address).unwrap()).collect();
        let refused = |log: &[String]| log.iter().filter(|line| line.contains("no connection can be taken")).count();
        let before = refused(&site.log.lock().unwrap());
        let deadline = Instant::now() + LONG;
        while refused(&site.log.lock().unwrap()) == before {
            assert!(Instant::now() < deadline, "it takes all of them");
            std::thread::sleep(Duration::from_millis(10));
        }
        let (began, cpu) = (Instant::now(), site.server.running().cpu());
        std::thread::sleep(Duration::from_secs(2));
        let share = (site.server.running().cpu() - cpu).as_secs_f64() / began.elapsed().as_secs_f64();
        assert!(share < IDLE, "it took {:.1} % of a processor", share * 100.0);
        let (began, watched) = (Instant::now(), Duration::from_secs(3));
        while began.elapsed() < watched {
            assert!(page(&mut kept), "who is connected gets its pages");
            std::thread::sleep(Duration::from_millis(200));
        }
        drop(crowd);
        let began = Instant::now();
        assert!(page(&mut TcpStream::connect(&site.server.address).unwrap()));
        assert!(began.elapsed() < PROMPT, "it took {:?} to take a connection", began.elapsed());
        println!("H12, round {round}: {:.1} % of a processor; served again after {:?}", share * 100.0, began.elapsed());
    }
    site.is_whole();
}
