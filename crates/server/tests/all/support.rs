//! A server on a free port of loopback, and what asks it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use dayfly::{Engine, EngineConfig, Line};
use dayfly_bundler::{Bundler, Source};
use dayfly_server::{
    App, Config, Drained, Error, Handle, LogStreams, Metrics, Receipt, Route, Server, TenantConfig, TenantName,
};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Compiled once for all tests.
pub(crate) fn bundler() -> Arc<Bundler> {
    static BUNDLER: LazyLock<Arc<Bundler>> = LazyLock::new(|| Arc::new(Bundler::new().unwrap()));
    BUNDLER.clone()
}

/// The bundle of some JavaScript.
pub(crate) async fn bundle(name: &str, text: &str) -> Vec<u8> {
    let build = bundler().build(&Source::new(name, text), &Bundler::limits()).await;
    build.artifact.unwrap().bundle
}

pub(crate) fn engine() -> Engine {
    static ENGINE: LazyLock<Engine> =
        LazyLock::new(|| Engine::new(&EngineConfig { concurrency: 64, ..EngineConfig::default() }).unwrap());
    ENGINE.clone()
}

/// What requests have left.
pub(crate) type Left = Vec<(Receipt, Vec<Line>)>;

/// A server, ended with it.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) tls_address: Option<SocketAddr>,
    pub(crate) handle: Handle,
    /// What it was started with.
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    pub(crate) logs: LogStreams,
    receipts: Arc<Mutex<Left>>,
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<Drained>,
    client: Client<HttpConnector, Full<Bytes>>,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) token: String,
    _state: Option<tempfile::TempDir>,
}

/// A tenant with one app, below `/NAME` and at NAME.test.
pub(crate) fn tenant(name: &str, file: &str, text: &str) -> (TenantName, TenantConfig) {
    let routes = [format!("/{name}"), format!("{name}.test")].map(|route| route.parse::<Route>().unwrap());
    let mut tenant = TenantConfig::new(routes);
    tenant.app = Some(App::Source { name: file.into(), text: text.into() });
    (name.parse().unwrap(), tenant)
}

/// A server of some tenants; `change` has the last word on its configuration.
pub(crate) async fn serve(
    tenants: impl IntoIterator<Item = (TenantName, TenantConfig)>,
    change: impl FnOnce(&mut Config),
) -> Running {
    let state = tempfile::tempdir().unwrap();
    let server = serve_in(state.path(), tenants, change).await.unwrap();
    Running { _state: Some(state), ..server }
}

/// The same with a folder of state that outlives it.
pub(crate) async fn serve_in(
    state: &Path,
    tenants: impl IntoIterator<Item = (TenantName, TenantConfig)>,
    change: impl FnOnce(&mut Config),
) -> Result<Running, Error> {
    let mut config = Config::new(state);
    config.listen = (Ipv4Addr::LOCALHOST, 0).into();
    config.admin = Some((Ipv4Addr::LOCALHOST, 0).into());
    config.tenants = BTreeMap::from_iter(tenants);
    change(&mut config);
    let receipts = Arc::new(Mutex::new(Vec::new()));
    let sent = receipts.clone();
    let sent =
        move |receipt: &Receipt, console: &[Line]| sent.lock().unwrap().push((receipt.clone(), console.to_vec()));
    let server = Server::start(config.clone(), engine(), bundler(), Arc::new(sent)).await?;
    let (address, tls_address, handle) = (server.address(), server.tls_address(), server.handle());
    let (metrics, logs, admin) = (server.metrics(), server.logs(), server.admin());
    let token = std::fs::read(state.join("admin.json")).map_or(String::new(), |note| {
        serde_json::from_slice::<serde_json::Value>(&note).unwrap()["token"].as_str().unwrap().to_owned()
    });
    let (end, ended) = oneshot::channel();
    let task = tokio::spawn(server.run(async {
        let _ = ended.await;
    }));
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (end, _state) = (Some(end), None);
    Ok(Running {
        address,
        tls_address,
        handle,
        config,
        metrics,
        logs,
        receipts,
        end,
        task,
        client,
        admin,
        token,
        _state,
    })
}

impl Running {
    /// The answer of the admin API to a request of which the URL is a path; with its token, unless it has an authorization.
    pub(crate) async fn api(&self, mut request: Request<Full<Bytes>>) -> Response<serde_json::Value> {
        let token = format!("Bearer {}", self.token).parse().unwrap();
        request.headers_mut().entry("authorization").or_insert(token);
        *request.uri_mut() = format!("http://{}{}", self.admin.unwrap(), request.uri()).parse().unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = || serde_json::Value::String(String::from_utf8(body.to_vec()).unwrap());
        Response::from_parts(head, serde_json::from_slice(&body).unwrap_or_else(|_| text()))
    }

    /// The answer of the admin API as it comes.
    pub(crate) async fn stream(&self, mut request: Request<Full<Bytes>>) -> Response<Incoming> {
        *request.uri_mut() = format!("http://{}{}", self.admin.unwrap(), request.uri()).parse().unwrap();
        self.client.request(request).await.unwrap()
    }

    /// The same of a method, a path, a type and a body.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: impl Into<Bytes>,
    ) -> Response<serde_json::Value> {
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        self.api(request.body(Full::new(body.into())).unwrap()).await
    }

    /// What deploying JavaScript to a tenant gives.
    pub(crate) async fn deploy(&self, tenant: &str, query: &str, text: &str) -> Response<serde_json::Value> {
        let path = format!("/v1/tenants/{tenant}/deployments{query}");
        self.call("POST", &path, "text/javascript", text.to_owned()).await
    }

    /// The response to a GET of a path, its body as text.
    pub(crate) async fn get(&self, path: &str) -> Response<String> {
        self.ask(Request::get(path).body(Full::default()).unwrap()).await
    }

    /// The response to a request of which the URL is a path.
    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> Response<String> {
        let (head, body) = self.bytes(request).await.into_parts();
        Response::from_parts(head, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The same, and its body as it comes over the wire.
    pub(crate) async fn bytes(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        let (head, body) = self.begin(request).await.into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    }

    /// The response to a GET of a path, its body as it comes.
    pub(crate) async fn open(&self, path: &str) -> Response<Incoming> {
        self.begin(Request::get(path).body(Full::default()).unwrap()).await
    }

    /// The same to a request of which the URL is a path.
    pub(crate) async fn begin(&self, mut request: Request<Full<Bytes>>) -> Response<Incoming> {
        *request.uri_mut() = format!("http://{}{}", self.address, request.uri()).parse().unwrap();
        self.client.request(request).await.unwrap()
    }

    /// The response to a GET with some headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response<String> {
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        self.ask(request.body(Full::default()).unwrap()).await
    }

    /// The receipt of a request and the console's lines, once it is there.
    pub(crate) async fn receipt(&self, id: &str) -> (Receipt, Vec<Line>) {
        loop {
            let found = self.receipts.lock().unwrap().iter().find(|(receipt, _)| receipt.id == id).cloned();
            match found {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    }

    /// What requests have left, for who looks at it when the server has ended.
    pub(crate) fn left(&self) -> Arc<Mutex<Left>> {
        self.receipts.clone()
    }

    /// Tells it to end, and waits until it has.
    pub(crate) async fn end(mut self) -> Drained {
        drop(self.end.take());
        // What is idle would be kept for a moment, as a request may be on its way.
        self.client = Client::builder(TokioExecutor::new()).build_http();
        self.task.await.unwrap()
    }
}

/// The number that a response says its request has.
pub(crate) fn id_of<B>(response: &Response<B>) -> String {
    response.headers()["x-request-id"].to_str().unwrap().to_owned()
}

/// A file of PEM with one thing in it: `CERTIFICATE`, `PRIVATE KEY`, ….
pub(crate) fn pem(what: &str, der: &[u8]) -> String {
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}
