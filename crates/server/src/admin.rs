//! The API for whoever runs the server, on a listener of its own.
//!
//! | route | scope | module |
//! | --- | --- | --- |
//! | `GET /`, `GET /dashboard/FILE` | none | `dashboard` |
//! | `GET /livez`, `GET /readyz`, `GET /openapi.json` | none | `status`, `routes` |
//! | `GET /metrics` | read, for all tenants | `status` |
//! | `GET /v1/status` | read | `status` |
//! | `GET /v1/events` | read | `events` |
//! | `GET /v1/live` | read | `live` |
//! | `GET /v1/history`, `GET /v1/tenants/T/history` | read, the first for all tenants | `history` |
//! | `GET /v1/alarms` | read | `alarms` |
//! | `GET /v1/tenants-usage` | read | `usage` |
//! | `GET /v1/tenants/T/leak`, `PUT …` | read, deploy | `leak` |
//! | `GET /v1/tenants/T/logs` | read | `logs` |
//! | `GET /v1/tenants`, `GET /v1/tenants/T` | read | `tenants` |
//! | `POST /v1/tenants`, `DELETE /v1/tenants/T`, `POST /v1/tenants/T/suspend`, `…/resume` | admin | `tenants` |
//! | `GET /v1/tenants/T/limits`, `PATCH …` | read, admin | `tenants` |
//! | `GET /v1/tenants/T/deployments`, `POST …` | read, deploy | `deployments` |
//! | `POST /v1/tenants/T/deployments/D/activate`, `POST /v1/tenants/T/rollback` | deploy | `deployments` |
//!
//! A token is always needed, on loopback too: every user of the machine can reach that.

mod alarms;
mod caller;
mod dashboard;
mod deployments;
mod door;
mod events;
mod history;
mod leak;
mod live;
mod logs;
mod problem;
mod routes;
mod status;
mod tenants;
mod upload;
mod usage;

pub(crate) use caller::bearer;
pub(crate) use problem::Problem;
pub(crate) use tenants::page_size;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio_util::task::AbortOnDropHandle;

use self::door::{Door, gives_token};
use crate::config::{Behind, Config};
use crate::public::pause;
use crate::server::{Error, Shared};
use crate::socket::Socket;
use crate::store;
use crate::tokens::Tokens;

/// Connections at once.
const CONNECTIONS: usize = 256;

/// How long the end waits for requests that go on.
const PATIENCE: Duration = Duration::from_secs(5);

/// The API while it is served: it is there before the tenants' apps are, and says so.
pub(crate) struct Admin {
    /// None behind a front.
    pub(crate) address: Option<SocketAddr>,
    note: Option<Note>,
    api: Api,
    serving: AbortOnDropHandle<()>,
}

/// What it left for clients on this machine: where it is, and a token. Removed with it, as who finds it looks for a server there.
pub(crate) struct Note(PathBuf);

impl Note {
    pub(crate) fn leave(config: &Config, address: SocketAddr, token: &str) -> Result<Self, Error> {
        let path = config.state.join("admin.json");
        let note = json!({ "url": format!("http://{}", reachable(address)), "token": token });
        store::write(&path, format!("{note}\n").as_bytes())
            .map_err(|cause| Error::State { folder: config.state.clone(), cause })?;
        Ok(Self(path))
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What the routes share. Cheap to clone.
#[derive(Clone)]
struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    phase: watch::Sender<Phase>,
    shared: OnceLock<Arc<Shared>>,
    tokens: Tokens,
    started: Instant,
}

/// Where a server is between its start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    /// It takes no more requests, and answers those that it has.
    Draining,
    Ended,
}

impl Api {
    fn phase(&self) -> Phase {
        let phase = *self.inner.phase.borrow();
        let is_draining = || self.inner.shared.get().is_some_and(|shared| !shared.drain.is_ready());
        if phase == Phase::Ready && is_draining() { Phase::Draining } else { phase }
    }
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Ended => "ended",
        }
    }
}

impl Admin {
    /// Listens, and says in the folder of state where, with a token for who can read that.
    pub(crate) async fn start(config: &Config) -> Result<Option<Self>, Error> {
        let Some(asked) = config.admin else { return Ok(None) };
        let (socket, tokens, note) = match &config.behind {
            Some(behind) => {
                let tokens = Tokens::with(config.tokens.clone(), behind.token.to_bytes()).map_err(Error::Tokens)?;
                (behind.listen(Behind::ADMIN)?, tokens, None)
            }
            None => {
                let socket = bind(asked).await?;
                let (tokens, secret) = Tokens::open(config.tokens.clone()).map_err(Error::Tokens)?;
                let note = socket.address().map(|address| Note::leave(config, address, &secret)).transpose()?;
                (socket, tokens, note)
            }
        };
        let address = socket.address();
        let phase = watch::Sender::new(Phase::Starting);
        let shared = OnceLock::new();
        let api = Api { inner: Arc::new(Inner { phase, shared, tokens, started: Instant::now() }) };
        let mut phases = api.inner.phase.subscribe();
        let ended = async move { drop(phases.wait_for(|phase| *phase == Phase::Ended).await) };
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(
            socket,
            routes::router(api.clone()),
            config.admin_hosts.clone(),
            ended,
        )));
        Ok(Some(Self { address, note, api, serving }))
    }

    /// Where clients of this machine find it, unless it is behind a front.
    pub(crate) fn url(&self) -> Option<String> {
        self.address.map(|address| format!("http://{}", reachable(address)))
    }

    /// The tenants' apps are there.
    pub(crate) fn ready(&self, shared: &Arc<Shared>) {
        let _ = self.api.inner.shared.set(shared.clone());
        self.api.inner.phase.send_replace(Phase::Ready);
    }

    /// Ends, when the requests to it that go on have, or some seconds have passed.
    pub(crate) async fn end(self) {
        self.api.inner.phase.send_replace(Phase::Ended);
        let _ = self.serving.await;
        drop(self.note);
    }
}

/// An address at which a client on this machine reaches what listens on another.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        address => address,
    }
}

/// Where the API is to be; a free port where the default is taken.
pub(crate) async fn bind(asked: SocketAddr) -> Result<Socket, Error> {
    let listening = match Socket::bind(asked).await {
        // Clients find it all the same, and a second server of the same machine need not be told of this one.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && asked == Config::ADMIN => {
            Socket::bind((Ipv4Addr::LOCALHOST, 0).into()).await
        }
        listening => listening,
    };
    listening.map_err(|cause| Error::Listen { address: asked, cause })
}

/// Answers until `ended` is over, and then for some seconds what was asked before.
pub(crate) async fn serve(socket: Socket, router: Router, hosts: Vec<String>, ended: impl Future<Output = ()>) {
    let mut ended = pin!(ended);
    let door = Arc::new(Door::new(socket.address(), &hosts));
    let router = TowerToHyperService::new(router);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(15));
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(100);
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = async {
            let permit = connections.clone().acquire_owned().await.expect("the semaphore is never closed");
            (permit, socket.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = &mut ended => break,
            accepted = accepted => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause(&error).await;
                continue;
            }
        };
        let (door, router) = (door.clone(), router.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (door, router) = (door.clone(), router.clone());
            async move {
                if let Some(refused) = door.refuses(&request) {
                    return Ok(refused);
                }
                let gave_token = gives_token(&request);
                router.call(request).await.map(|response| door.judge(peer, gave_token, response))
            }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(socket);
    let _ = tokio::time::timeout(PATIENCE, graceful.shutdown()).await;
}
