//! HTTPS, as its clients see it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dayfly_server::{Config, Server, Tls};
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{bundler, engine, pem, serve, tenant};

const WHERE: &str = "export default { fetch: (request) => new Response(request.url) };";

/// A folder with a certificate and its key.
struct Certificate {
    folder: tempfile::TempDir,
    der: CertificateDer<'static>,
}

impl Certificate {
    fn new() -> Self {
        let mut this = Self { folder: tempfile::tempdir().unwrap(), der: Vec::new().into() };
        this.renew();
        this
    }

    fn renew(&mut self) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        std::fs::write(self.path("chain.pem"), pem("CERTIFICATE", made.cert.der())).unwrap();
        std::fs::write(self.path("key.pem"), pem("PRIVATE KEY", &made.signing_key.serialize_der())).unwrap();
        self.der = made.cert.der().clone();
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// HTTPS in place of plain HTTP.
    fn tls(&self) -> Tls {
        Tls::new(self.path("chain.pem"), self.path("key.pem"))
    }

    /// HTTPS beside plain HTTP.
    fn tls_beside(&self) -> Tls {
        Tls { listen: Some(([127, 0, 0, 1], 0).into()), ..self.tls() }
    }

    /// Agrees on keys, as one who trusts this certificate.
    async fn connect(
        &self,
        address: SocketAddr,
        alpn: &[&str],
        versions: &[&'static SupportedProtocolVersion],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    async fn get_1(&self, address: SocketAddr, path: &str) -> Response<String> {
        let stream = self.connect(address, &["http/1.1"], rustls::DEFAULT_VERSIONS).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol().unwrap(), b"http/1.1");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        ask(&mut sender, path).await
    }
}

/// Asks on a connection of HTTP/1.1.
async fn ask(sender: &mut http1::SendRequest<Full<Bytes>>, path: &str) -> Response<String> {
    let request = Request::get(path).header("host", "localhost").body(Full::default()).unwrap();
    sender.ready().await.unwrap();
    text(sender.send_request(request).await.unwrap()).await
}

async fn text(response: Response<hyper::body::Incoming>) -> Response<String> {
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(head, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_is_served_over_http_2_and_1_1_and_the_app_sees_it() {
    let certificate = Certificate::new();
    let server = serve([tenant("at", "at.mjs", WHERE)], |config| config.tls = Some(certificate.tls())).await;
    assert_eq!(server.tls_address, Some(server.address), "in place of plain HTTP");
    assert_eq!(certificate.get_1(server.address, "/at?a=1").await.body(), "https://localhost/at?a=1");

    let stream = certificate.connect(server.address, &["h2", "http/1.1"], rustls::DEFAULT_VERSIONS).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol().unwrap(), b"h2");
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://localhost/at/2").body(Full::<Bytes>::default()).unwrap();
    let response = text(sender.send_request(request).await.unwrap()).await;
    assert_eq!((response.version(), response.body().as_str()), (Version::HTTP_2, "https://localhost/at/2"));

    let old = certificate.connect(server.address, &[], &[&rustls::version::TLS12]).await.unwrap();
    assert_eq!(old.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));

    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(b"GET /at HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"), "{answer:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_is_served_beside_http() {
    let certificate = Certificate::new();
    let server = serve([tenant("at", "at.mjs", WHERE)], |config| config.tls = Some(certificate.tls_beside())).await;
    let address = server.tls_address.unwrap();
    assert_ne!(address, server.address);
    assert_eq!(server.get("/at").await.body(), &format!("http://{}/at", server.address));
    assert_eq!(certificate.get_1(address, "/at").await.body(), "https://localhost/at");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_and_the_connections_that_are_open_stay() {
    let mut certificate = Certificate::new();
    let server = serve([tenant("at", "at.mjs", WHERE)], |config| config.tls = Some(certificate.tls())).await;
    let stream = certificate.connect(server.address, &["http/1.1"], rustls::DEFAULT_VERSIONS).await.unwrap();
    let (mut open, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(ask(&mut open, "/at").await.body(), "https://localhost/at");

    certificate.renew();
    assert!(certificate.connect(server.address, &[], rustls::DEFAULT_VERSIONS).await.is_err(), "the old one is served");
    let reloaded = server.handle.reload(server.config.clone()).await.unwrap();
    assert!(reloaded.needs_restart.is_empty());
    let stream = certificate.connect(server.address, &[], rustls::DEFAULT_VERSIONS).await.unwrap();
    assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0], certificate.der);
    assert_eq!(ask(&mut open, "/at").await.body(), "https://localhost/at", "the same connection");

    // One that cannot be used leaves all as it is.
    let good = std::fs::read(certificate.path("key.pem")).unwrap();
    std::fs::write(
        certificate.path("key.pem"),
        pem("PRIVATE KEY", &rcgen::KeyPair::generate().unwrap().serialize_der()),
    )
    .unwrap();
    let error = server.handle.reload(server.config.clone()).await.unwrap_err().to_string();
    assert!(error.contains("key.pem is not the key of the certificate in"), "{error}");
    std::fs::write(certificate.path("key.pem"), good).unwrap();
    assert_eq!(certificate.get_1(server.address, "/at").await.body(), "https://localhost/at");

    let without = Config { tls: None, ..server.config.clone() };
    let reloaded = server.handle.reload(without).await.unwrap();
    assert_eq!(reloaded.needs_restart, ["server.tls.listen"]);
    assert_eq!(certificate.get_1(server.address, "/at").await.body(), "https://localhost/at", "until then");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_hangs_is_given_up_and_holds_nobody_up() {
    let certificate = Certificate::new();
    let server = serve([tenant("at", "at.mjs", WHERE)], |config| {
        // For the hour of the test.
        config.tls = Some(Tls { handshake_time: Duration::from_secs(3600), ..certificate.tls() });
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    assert_eq!(certificate.get_1(server.address, "/at").await.body(), "https://localhost/at", "the others wait still");

    // Of those that come from now on.
    let mut config = server.config.clone();
    config.tls.as_mut().unwrap().handshake_time = Duration::from_millis(50);
    server.handle.reload(config).await.unwrap();
    let mut given_up = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(given_up.read(&mut [0]).await.unwrap_or(0), 0, "it is closed");
    let mut waiting = [0];
    let still = silent[0].try_read(&mut waiting);
    assert_eq!(still.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    drop(silent);
    server.end().await;
}

#[tokio::test]
async fn a_server_without_its_certificate_does_not_start() {
    let certificate = Certificate::new();
    std::fs::remove_file(certificate.path("key.pem")).unwrap();
    let mut config = Config::new(certificate.path("state"));
    config.listen.set_port(0);
    config.tls = Some(certificate.tls());
    let receipts = Arc::new(|_: &dayfly_server::Receipt, _: &[dayfly::Line]| {});
    let error = Server::start(config, engine(), bundler(), receipts).await.err().unwrap().to_string();
    assert!(error.contains("key.pem cannot be read") && error.contains("name a private key's file"), "{error}");
}
