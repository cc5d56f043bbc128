//! The end of a server under load: whatever it took is answered.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{LONG, Server, administered};

/// What the clients of one drain have seen.
#[derive(Debug, Default)]
struct Seen {
    answered: HashSet<String>,
    /// Requests that were sent on a connection that should have answered them.
    lost: Vec<String>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        self.lost.extend(other.lost);
    }
}

/// Asks again and again on connections that are kept, until there is no server any more.
fn keep_asking(address: SocketAddr, client: usize, count: &AtomicUsize) -> Seen {
    let mut seen = Seen::default();
    'connections: while let Ok(stream) = TcpStream::connect(address) {
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut stream = BufReader::new(stream);
        loop {
            let n = count.fetch_add(1, Ordering::Relaxed);
            let path = format!("/hello/r-{client}-{n}-");
            match exchange(&mut stream, &path) {
                Ok(is_last) => {
                    seen.answered.insert(path);
                    if is_last {
                        continue 'connections;
                    }
                }
                Err(error) => {
                    seen.lost.push(format!("{path}: {error}"));
                    continue 'connections;
                }
            }
        }
    }
    seen
}

/// One request of HTTP/1.1, and whether the connection ends with its response.
fn exchange(stream: &mut BufReader<TcpStream>, path: &str) -> std::io::Result<bool> {
    stream.get_mut().write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
    let (mut length, mut is_chunked, mut is_last) = (0, false, false);
    let mut body = Vec::new();
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.clone();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let header = line.trim_end().to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        is_chunked |= header == "transfer-encoding: chunked";
        is_last |= header == "connection: close";
    }
    loop {
        if is_chunked {
            line.clear();
            stream.read_line(&mut line)?;
            length = usize::from_str_radix(line.trim_end(), 16).map_err(|_| ErrorKind::UnexpectedEof)? + 2;
        }
        let start = body.len();
        body.resize(start + length, 0);
        stream.read_exact(&mut body[start..])?;
        if !is_chunked || length == 2 {
            break;
        }
    }
    if is_an_answer(status.split(' ').nth(1).unwrap_or_default(), &body) {
        Ok(is_last)
    } else {
        Err(std::io::Error::new(ErrorKind::InvalidData, format!("{status}{}", String::from_utf8_lossy(&body))))
    }
}

/// On a slow machine some wait too long for their turn: that is an answer too. No other refusal is.
fn is_an_answer(status: &str, body: &[u8]) -> bool {
    status == "200" || (status == "503" && body.starts_with(b"queue-timed-out: "))
}

/// The same with HTTP/2, several at once on each connection.
async fn keep_asking_h2(address: SocketAddr, client: usize, count: Arc<AtomicUsize>) -> Seen {
    let mut seen = Seen::default();
    while let Ok(stream) = tokio::net::TcpStream::connect(address).await {
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let Ok((sender, connection)) = handshake else { continue };
        let connection = tokio::spawn(connection);
        let mut streams = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (mut sender, count) = (sender.clone(), count.clone());
            streams.spawn(async move {
                let mut seen = Seen::default();
                while sender.ready().await.is_ok() {
                    let n = count.fetch_add(1, Ordering::Relaxed);
                    let path = format!("/hello/r-{client}-{n}-");
                    let request =
                        Request::get(format!("http://localhost{path}")).body(Full::<Bytes>::default()).unwrap();
                    let whole = async {
                        let response = sender.send_request(request).await?;
                        let status = response.status();
                        let body = response.into_body().collect().await?.to_bytes();
                        Ok::<_, hyper::Error>(is_an_answer(status.as_str(), &body))
                    };
                    match whole.await {
                        Ok(true) => drop(seen.answered.insert(path)),
                        Ok(false) => seen.lost.push(format!("{path}: refused")),
                        // Not sent, or beyond the last that the server said that it answers: the client may send it again.
                        Err(error) if error.is_canceled() || is_beyond_the_last(&error) => break,
                        Err(error) => {
                            seen.lost.push(format!("{path}: {error:?}"));
                            break;
                        }
                    }
                }
                seen
            });
        }
        drop(sender);
        streams.join_all().await.into_iter().for_each(|other| seen.add(other));
        let _ = connection.await;
    }
    seen
}

/// GOAWAY without an error, or REFUSED_STREAM: RFC 9113, 6.8 and 8.7.
fn is_beyond_the_last(error: &hyper::Error) -> bool {
    let text = format!("{error:?}");
    (text.contains("GoAway") && text.contains("NO_ERROR")) || text.contains("REFUSED_STREAM")
}

/// As many as `DAYFLY_DRAINS` says: 100 for the figure of SPECIFICATION.md.
#[test]
fn no_request_that_was_taken_is_lost_in_a_drain() {
    let drains = std::env::var("DAYFLY_DRAINS").ok().map_or(3, |drains| drains.parse::<usize>().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut total = 0;
    for drain in 0..drains {
        let server = Server::start("drain", &["--log", "json"]);
        let address = server.address;
        let count = Arc::new(AtomicUsize::new(0));
        let mut seen = Seen::default();
        let lines = std::thread::scope(|scope| {
            let h1: Vec<_> = (0..4)
                .map(|client| {
                    scope.spawn({
                        let count = count.clone();
                        move || keep_asking(address, client, &count)
                    })
                })
                .collect();
            let h2: Vec<_> =
                (4..6).map(|client| runtime.spawn(keep_asking_h2(address, client, count.clone()))).collect();
            // Each at another moment of the load.
            while count.load(Ordering::Relaxed) < 100 + 7 * drain {
                std::thread::sleep(Duration::from_millis(1));
            }
            server.signal("TERM");
            let (status, lines) = server.ended();
            assert!(status.success(), "{status} {lines:#?}");
            h1.into_iter().for_each(|client| seen.add(client.join().unwrap()));
            h2.into_iter().for_each(|client| seen.add(runtime.block_on(client).unwrap()));
            lines
        });
        assert!(seen.lost.is_empty(), "drain {drain}: {:#?}", seen.lost);
        let taken: HashSet<String> = lines.iter().filter_map(|line| path_in(line)).collect();
        let unseen: Vec<_> = taken.difference(&seen.answered).collect();
        assert!(taken.len() >= 100 && unseen.is_empty(), "drain {drain}: {unseen:?} of {}", taken.len());
        assert!(lines.iter().any(|line| line.contains("drained")), "{lines:#?}");
        total += taken.len();
    }
    println!("{drains} drains, {total} requests that were taken, none lost");
}

/// The path of a request in its receipt.
fn path_in(line: &str) -> Option<String> {
    let start = line.find("/hello/r-")?;
    let end =
        line[start..].find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '/').unwrap_or(line.len() - start);
    Some(line[start..start + end].to_owned())
}

#[test]
fn a_request_that_is_on_its_way_to_an_idle_connection_is_answered() {
    let mut server = Server::start("idle", &["--log", "json"]);
    let mut stream = BufReader::new(TcpStream::connect(server.address).unwrap());
    stream.get_ref().set_read_timeout(Some(LONG)).unwrap();
    assert!(!exchange(&mut stream, "/hello/first").unwrap());
    let mut new = BufReader::new(TcpStream::connect(server.address).unwrap());
    server.signal("TERM");
    server.says("draining");
    assert!(exchange(&mut stream, "/hello/second").unwrap(), "the response says that it is the last");
    assert!(exchange(&mut new, "/hello/third").unwrap());
    assert!(TcpStream::connect(server.address).is_err(), "no connection is taken any more");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    assert!(server.ended().0.success());
}

#[test]
fn an_idle_connection_does_not_hold_the_end_up() {
    let mut server = Server::start("held", &["--log", "json"]);
    let silent = TcpStream::connect(server.address).unwrap();
    let mut kept = BufReader::new(TcpStream::connect(server.address).unwrap());
    exchange(&mut kept, "/hello/first").unwrap();
    server.signal("TERM");
    server.says("drained");
    assert!(server.ended().0.success());
    drop(silent);
}

#[test]
fn the_second_signal_ends_at_once() {
    let mut server = Server::start("second", &["--log", "json"]);
    // A head that does not come keeps its connection for as long as the drain waits for those that were about to ask.
    let mut stuck = TcpStream::connect(server.address).unwrap();
    stuck.write_all(b"POST /hello HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    server.says("draining");
    server.signal("TERM");
    let (status, lines) = server.ended();
    assert_eq!(status.code(), Some(4));
    assert!(lines.iter().any(|line| line.contains("what is in flight is cut")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("\"drained\"")), "{lines:#?}");
}

#[test]
fn a_server_that_is_told_to_end_is_not_ready_before_it_turns_anybody_away() {
    let state = administered::state("notice");
    let mut server = administered::Server::run(&state, &["--set", "server.notice=2s"], drop);
    let ready = |server: &administered::Server| {
        administered::exchange(&server.admin, "GET /readyz HTTP/1.0\r\n\r\n").map(|(head, _)| head[9..12].to_owned())
    };
    assert_eq!(ready(&server).as_deref(), Some("200"));
    let id = rustix::process::Pid::from_child(&server.process);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let began = Instant::now();
    while ready(&server).as_deref() != Some("503") {
        assert!(began.elapsed() < Duration::from_millis(1500), "it says that it is ready");
    }
    let said = began.elapsed();
    let mut pages = 0;
    // New connections are taken for as long as the notice lasts.
    while began.elapsed() < Duration::from_millis(1800) {
        assert!(server.get("/hello/x").0.starts_with("HTTP/1.1 200"), "after {:?}", began.elapsed());
        pages += 1;
    }
    assert!(server.process.wait().unwrap().success());
    println!("H10: not ready after {said:.1?}, {pages} pages after that, ended after {:.1?}", began.elapsed());
    assert!(pages > 0 && began.elapsed() < Duration::from_secs(30));
}
