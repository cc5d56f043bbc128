//! A client that costs little: it knows what it asks, and reads just where a response ends.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// A connection of HTTP/1.1 that is kept alive.
pub(crate) struct Connection {
    stream: TcpStream,
    read: BytesMut,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, read: BytesMut::with_capacity(64 << 10) }
    }

    /// The status of the response, which is read whole.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> u16 {
        self.stream.write_all(request).await.unwrap();
        loop {
            if let Some(end) = self.read.windows(4).position(|part| part == b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.read[..end]).unwrap();
                let status = head[9..12].parse().unwrap();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let Some(length) = length else {
                    // In pieces, the last of which is empty: there is no other `0` on a line of its own.
                    while !self.read.ends_with(b"\r\n0\r\n\r\n") {
                        self.fill().await;
                    }
                    self.read.clear();
                    return status;
                };
                let whole = end + 4 + length.parse::<usize>().unwrap();
                while self.read.len() < whole {
                    self.fill().await;
                }
                self.read.clear();
                return status;
            }
            self.fill().await;
        }
    }

    async fn fill(&mut self) {
        assert!(self.stream.read_buf(&mut self.read).await.unwrap() > 0, "the connection was closed");
    }
}

/// What came of many requests.
#[derive(Default)]
pub(crate) struct Counted {
    /// Nanoseconds of each response with status 200.
    pub(crate) latencies: Vec<f64>,
    /// Responses with another status.
    pub(crate) others: u64,
}

/// As many requests as are answered in that time, each connection asking again as soon as it has its response.
pub(crate) fn load(address: SocketAddr, request: &Bytes, connections: usize, time: Duration) -> Counted {
    let requests = std::slice::from_ref(request);
    paced(address, requests, u32::try_from(connections).unwrap(), Duration::ZERO, time)
}

/// The same, each connection asking for one after the other of `requests`, once a `pause` or as soon as it can. The time of
/// a response counts from when it should have been asked for, if the one before came too late for that: who is kept waiting asks
/// later, and would count fewer waits. That the client's own timer is late by up to a millisecond does not count.
pub(crate) fn paced(
    address: SocketAddr,
    requests: &[Bytes],
    connections: u32,
    pause: Duration,
    time: Duration,
) -> Counted {
    let counted = Arc::new(Mutex::new(Counted::default()));
    let requests: Arc<[Bytes]> = requests.into();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut opened = Vec::new();
        for _ in 0..connections {
            opened.push(Connection::open(address).await);
        }
        let began = Instant::now();
        let tasks = opened.into_iter().enumerate().map(|(n, mut connection)| {
            let (requests, counted) = (requests.clone(), counted.clone());
            tokio::spawn(async move {
                let mut own = Counted::default();
                let mut next = began + pause.mul_f64(n as f64 / f64::from(connections));
                let mut turns = requests.iter().cycle().skip(n).step_by(connections as usize);
                while began.elapsed() < time {
                    let mut asked = Instant::now();
                    if !pause.is_zero() {
                        if asked < next {
                            tokio::time::sleep_until(next.into()).await;
                            asked = Instant::now();
                        } else {
                            asked = next;
                        }
                        next += pause;
                    }
                    match connection.ask(turns.next().unwrap()).await {
                        200 => own.latencies.push(asked.elapsed().as_nanos() as f64),
                        _ => own.others += 1,
                    }
                }
                let mut all = counted.lock().unwrap();
                all.latencies.extend(own.latencies);
                all.others += own.others;
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    Arc::into_inner(counted).unwrap().into_inner().unwrap()
}
