//! A server, from its start to its end.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dayfly::{Bundles, Engine, EngineConfig};
use dayfly_bundler::Bundler;
use dayfly_fetch::Client;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::admission::Admission;
use crate::background::Background;
use crate::cache::Caches;
use crate::config::{Config, TenantName};
use crate::drain::{Drain, Drained};
use crate::ids::Ids;
use crate::logs::LogStreams;
use crate::metrics::Metrics;
use crate::observer::Observer;
use crate::public::{self, Listener};
use crate::receipt::Sent;
use crate::reload::{self, Handle, Prepared};
use crate::store::Store;
use crate::tenant::Tenants;
use crate::tls::Live;

/// Nothing can be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address cannot be listened on.
    #[error("{address} cannot be listened on: {cause}")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The folder of state cannot be used.
    #[error("the folder of state, {}, cannot be used: {cause}", .folder.display())]
    State {
        /// Which one.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A tenant's app cannot be served.
    #[error("the app of the tenant {tenant} cannot be served: {why}")]
    App {
        /// Whose.
        tenant: TenantName,
        /// Why not.
        why: String,
    },
    /// The system gives no randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// The system starts no more threads.
    #[error("threads for long renders cannot be started: {0}")]
    Threads(io::Error),
    /// What is to be written or sent of requests cannot be.
    #[error("{0}")]
    Observe(String),
    /// Calls of apps cannot be made.
    #[error("apps cannot call others: {0}")]
    Client(String),
    /// The certificate or its key cannot be used.
    #[error("HTTPS cannot be served: {0}")]
    Tls(String),
    /// A tenant has a limit of fuel, and the engine was started without counting any.
    #[error("the tenant {0} has a limit of fuel, and the engine does not count any: restart the server")]
    Fuel(TenantName),
    /// More than one thing is wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Error>),
}

impl Error {
    /// All that is wrong, if anything is.
    pub(crate) fn all(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.pop() {
            None => Ok(()),
            Some(error) if errors.is_empty() => Err(error),
            Some(error) => {
                errors.push(error);
                Err(Self::Several(errors))
            }
        }
    }
}

/// What the requests share.
pub(crate) struct Shared {
    /// A request reads of it what it needs once, and keeps to it.
    pub(crate) config: ArcSwap<Config>,
    pub(crate) engine: Engine,
    pub(crate) bundles: Bundles,
    pub(crate) admission: Admission,
    pub(crate) tenants: ArcSwap<Tenants>,
    pub(crate) ids: Ids,
    pub(crate) client: Arc<Client>,
    pub(crate) store: Store,
    /// The certificate, where HTTPS is served.
    pub(crate) certificate: Option<Arc<Live>>,
    /// One reload at a time.
    pub(crate) reloading: Mutex<()>,
    pub(crate) observer: Observer,
    pub(crate) caches: Caches,
    pub(crate) drain: Drain,
    pub(crate) background: Background,
}

/// A server that is ready: it listens, and has its tenants' apps.
pub struct Server {
    shared: Arc<Shared>,
    listeners: Vec<Listener>,
}

impl Server {
    /// The engine's configuration that fits a server's: a slot for each render, and fuel is counted where it is bounded.
    pub fn engine(config: &Config) -> EngineConfig {
        let fuel = config.tenants.values().any(|tenant| tenant.limits.fuel.is_some());
        EngineConfig { concurrency: config.renders.concurrent.max(1), fuel, ..EngineConfig::default() }
    }

    /// Listens, and makes the tenants' apps ready: those that are JavaScript are built, all are kept in the folder of state.
    ///
    /// # Errors
    /// [`Error`], before anything is served.
    pub async fn start(
        config: Config,
        engine: Engine,
        bundler: &Bundler,
        receipts: Arc<dyn Sent>,
    ) -> Result<Self, Error> {
        let certificate = match config.tls.clone() {
            Some(tls) => Some(Live::new(reload::certificates(tls).await?)),
            None => None,
        };
        let listeners = listen(&config, certificate.as_ref()).await?;
        let store = Store::open(&config.state).map_err(|cause| Error::State { folder: config.state.clone(), cause })?;
        let client = Arc::new(Client::new().map_err(|error| Error::Client(error.to_string()))?);
        let bundles = Bundles::new(&engine, config.renders.bundles, store.clone());
        let ids = Ids::new().map_err(|error| Error::Random(error.to_string()))?;
        let observer = Observer::start(&config, receipts).map_err(|error| Error::Observe(error.to_string()))?;
        let admission = Admission::new(&config.renders);
        let caches = Caches::new(config.cache);
        let tenants = ArcSwap::from_pointee(Tenants::new(&config, []));
        let shared = Shared {
            config: ArcSwap::from_pointee(config.clone()),
            engine,
            bundles,
            admission,
            tenants,
            ids,
            observer,
            client,
            store,
            certificate,
            reloading: Mutex::new(()),
            caches,
            drain: Drain::default(),
            background: Background::start().map_err(Error::Threads)?,
        };
        Prepared::new(&shared, &config, bundler).await?.take_effect(&shared, config);
        Ok(Self { shared: Arc::new(shared), listeners })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.local_address(0).unwrap_or(self.shared.config.load().listen)
    }

    /// Where it listens for HTTPS, if it does; that is [`Server::address`] where there is no plain HTTP.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.local_address(self.listeners.iter().position(|listener| listener.tls.is_some())?)
    }

    fn local_address(&self, index: usize) -> Option<SocketAddr> {
        self.listeners.get(index)?.socket.local_addr().ok()
    }

    /// What changes the server while it runs.
    pub fn handle(&self) -> Handle {
        Handle::new(self.shared.clone())
    }

    /// Its figures.
    pub fn metrics(&self) -> Metrics {
        Metrics::of(&self.shared)
    }

    /// What the tenants' apps write to their consoles.
    pub fn logs(&self) -> LogStreams {
        self.shared.observer.logs.clone()
    }

    /// Answers requests until `shutdown` is over; then takes no more, and ends when those that it took are answered, or the time
    /// for that is over ([`Config::drain`]), and what they left behind is written and sent, which has five seconds.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Drained {
        let Self { shared, listeners } = self;
        let drained = public::serve(listeners, shared.clone(), shutdown).await;
        let flush = move || shared.observer.flush(Duration::from_secs(5));
        // It cannot be joined if the runtime is at its end, and then nothing can be written either.
        let _ = tokio::task::spawn_blocking(flush).await;
        drained
    }
}

/// Plain HTTP, HTTPS or both, in this order.
async fn listen(config: &Config, certificate: Option<&Arc<Live>>) -> Result<Vec<Listener>, Error> {
    let bind = async |address, tls| {
        let socket = TcpListener::bind(address).await.map_err(|cause| Error::Listen { address, cause })?;
        Ok::<_, Error>(Listener { socket, tls })
    };
    let Some(certificate) = certificate else {
        return Ok(vec![bind(config.listen, None).await?]);
    };
    let acceptor = certificate.acceptor().map_err(|error| Error::Tls(error.to_string()))?;
    match config.tls.as_ref().and_then(|tls| tls.listen) {
        None => Ok(vec![bind(config.listen, Some(acceptor)).await?]),
        Some(address) => Ok(vec![bind(config.listen, None).await?, bind(address, Some(acceptor)).await?]),
    }
}
