//! Bytes on a connection, as a client that keeps to nothing sends them.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// So long that whoever waits for it waits for nothing.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A connection.
pub(crate) struct Wire(pub(crate) TcpStream);

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends bytes; false if nobody takes them any more.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// All that comes until the connection ends, as it has to.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // That it is reset is an end too.
        let _ = tokio::time::timeout(LONG, self.0.read_to_end(&mut bytes)).await.expect("the connection ends");
        bytes
    }

    /// The first bytes that come, or none if the connection ends.
    pub(crate) async fn rest_or_response(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 4096];
        let read = tokio::time::timeout(LONG, self.0.read(&mut bytes)).await.expect("something comes").unwrap_or(0);
        bytes.truncate(read);
        bytes
    }

    /// The next response's head and as much of its body as its `content-length` says.
    pub(crate) async fn response(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut end = None;
        while end.is_none_or(|end| bytes.len() < end) {
            let mut byte = [0];
            let read = tokio::time::timeout(LONG, self.0.read(&mut byte)).await.expect("a response comes").unwrap();
            assert_eq!(read, 1, "the connection ended after {:?}", String::from_utf8_lossy(&bytes));
            bytes.push(byte[0]);
            if end.is_none() && bytes.ends_with(b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
                end = Some(bytes.len() + length.unwrap_or_default());
            }
        }
        String::from_utf8(bytes).unwrap()
    }
}

/// How a client of HTTP/2 begins.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// One frame of HTTP/2: RFC 9113, 4.1.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The frames of HTTP/2 in some bytes, by type and payload.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while bytes.len() >= 9 {
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
        let kind = bytes[3];
        let payload = bytes.get(9..9 + length).unwrap_or(&bytes[9..]);
        frames.push((kind, payload));
        bytes = bytes.get(9 + length..).unwrap_or_default();
    }
    frames
}

/// The head of a GET, in HPACK: of the static table, and the authority as it is.
pub(crate) fn get_block(path: &str, authority: &str) -> Vec<u8> {
    let literal = |index: u8, value: &str| [&[index, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    [vec![0x82, 0x86], literal(0x04, path), literal(0x01, authority)].concat()
}
