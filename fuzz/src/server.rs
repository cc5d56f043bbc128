//! A server in this process, and what is sent to it over a connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use dayfly_bundler::Bundler;
use dayfly_server::{App, Config, Server, TenantConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::shared::{ENGINE, RUNTIME};

/// Answers with what it was asked, so that all of a request is read.
const APP: &str = "export default { async fetch(request) {
    const lines = [request.method, request.url, ...[...request.headers].map(String)];
    return new Response(lines.join('\\n') + '\\n' + await request.text(), { headers: { 'cache-control': 'max-age=1' } });
} };";

/// How long an answer, or the next piece of it, is waited for.
const MOMENT: Duration = Duration::from_millis(10);

/// Where a server listens.
pub(crate) struct Serving {
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// The admin API's.
    pub(crate) token: String,
    _state: tempfile::TempDir,
}

pub(crate) static SERVING: LazyLock<Serving> = LazyLock::new(|| {
    let state = tempfile::tempdir().expect("there is a folder for temporary files");
    let (public, admin) = RUNTIME.block_on(start(state.path()));
    let note = std::fs::read(state.path().join("admin.json")).expect("the server writes it");
    let note: serde_json::Value = serde_json::from_slice(&note).expect("it is JSON");
    let token = note["token"].as_str().expect("it has a token").to_owned();
    Serving { public, admin, token, _state: state }
});

async fn start(state: &Path) -> (SocketAddr, SocketAddr) {
    let mut config = Config::new(state);
    config.listen = (Ipv4Addr::LOCALHOST, 0).into();
    config.admin = Some((Ipv4Addr::LOCALHOST, 0).into());
    let mut tenant = TenantConfig::new(["/".parse().expect("it is a route")]);
    tenant.app = Some(App::Source { name: "app.mjs".into(), text: APP.into() });
    config.tenants.insert("shop".parse().expect("it is a name"), tenant);
    let bundler = Arc::new(Bundler::new().expect("the committed engine compiles"));
    let server = Server::start(config, ENGINE.clone(), bundler, Arc::new(|_: &_, _: &_| {})).await;
    let server = server.unwrap_or_else(|error| panic!("{error}"));
    let addresses = (server.address(), server.admin().expect("it was asked for"));
    tokio::spawn(server.run(std::future::pending()));
    addresses
}

/// What comes back over a connection on which this is sent, and nothing more, until a moment passes in which nothing comes.
///
/// # Panics
/// If the server keeps the connection for a minute after that.
pub(crate) fn exchange(address: SocketAddr, sent: &[u8]) -> Vec<u8> {
    RUNTIME.block_on(async {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        // It may have answered, and be gone, before it has read all.
        let _ = stream.write_all(sent).await;
        let mut answer = Vec::new();
        while let Ok(Ok(1..)) = timeout(MOMENT, stream.read_buf(&mut answer)).await {
            if answer.len() > 16 << 20 {
                break;
            }
        }
        // Who sends no more has left, as the server sees it.
        let _ = stream.shutdown().await;
        let mut rest = [0; 4096];
        let end = async { while let Ok(1..) = stream.read(&mut rest).await {} };
        let has_ended = timeout(Duration::from_secs(60), end).await.is_ok();
        assert!(has_ended, "no end of it after a minute: {:?}", String::from_utf8_lossy(sent));
        answer
    })
}

/// The server is there, and well, after whatever was sent. It is asked by a name that it has.
pub(crate) fn is_well(address: SocketAddr, host: &str, path: &str) {
    let asked = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let answer = RUNTIME.block_on(async {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(asked.as_bytes()).await.expect("it reads");
        let mut answer = Vec::new();
        let read = timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
        read.map(|read| read.map(|_| answer))
    });
    let Ok(Ok(answer)) = answer else { panic!("the server does not answer: {answer:?}") };
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&answer));
}

/// What an answer in HTTP/1 must never be, whatever was asked.
pub(crate) fn check(answer: &[u8]) {
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    if line.starts_with("HTTP/1") {
        assert!(!line.contains(" 500 "), "{:?}", String::from_utf8_lossy(answer));
    }
}
