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
