//! A server, from its start to its end.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use dayfly::{Bundles, Engine, EngineConfig};
use dayfly_bundler::Bundler;
use dayfly_fetch::Client;
use futures_util::FutureExt;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::{Mutex, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use crate::admin::Admin;
use crate::admission::Admission;
use crate::audit::Audit;
use crate::background::Background;
use crate::cache::Caches;
use crate::compress;
use crate::config::{Behind, Config, GroupName, TenantName};
use crate::connection::Answers;
use crate::drain::{Drain, Drained};
use crate::history::{Mark, MarkKind};
use crate::ids::Ids;
use crate::kept::AllKept;
use crate::leaks::Leaks;
use crate::logs::LogStreams;
use crate::metrics::Metrics;
use crate::observer::Observer;
use crate::public::{self, Listener};
use crate::receipt::Sent;
use crate::reload::{self, Handle, Prepared};
use crate::respond::respond;
use crate::routes::Route;
use crate::shortage::Shortage;
use crate::socket::Socket;
use crate::store::{Lock, NotLocked, Store};
use crate::tenant::{Tenant, Tenants};
use crate::tls::Live;
use crate::watch::{self, Watch};

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
    /// A socket in the file system cannot be listened on.
    #[error("{} cannot be listened on: {cause}", .path.display())]
    Socket {
        /// Which one.
        path: PathBuf,
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
    /// Another server uses the folder of state.
    #[error(
        "the folder of state, {}, is in use by {}: end that one, or give this one another folder", .folder.display(),
        .pid.map_or("another process".into(), |pid| format!("the process {pid}"))
    )]
    Locked {
        /// Which one.
        folder: PathBuf,
        /// Who uses it, as far as it is known.
        pid: Option<u32>,
    },
    /// The tokens of the admin API cannot be used.
    #[error("{0}")]
    Tokens(String),
    /// A tenant of the configuration and one that the admin API made have the same route.
    #[error(
        "the route {route} of the tenant {tenant} is also that of {made}, which the admin API made: name another one, or delete {made} \
         (tenants/{made}.json in the folder of state, while no server runs)"
    )]
    Route {
        /// Which one.
        route: Route,
        /// The tenant of the configuration.
        tenant: TenantName,
        /// The other one.
        made: TenantName,
    },
    /// A tenant's app cannot be served.
    #[error("the app of the tenant {tenant} cannot be served: {why}")]
    App {
        /// Whose.
        tenant: TenantName,
        /// Why not.
        why: String,
    },
    /// The process of a group does not serve.
    #[error("the group {group} cannot be served: {why}; what its process said before says more")]
    Group {
        /// Which one.
        group: GroupName,
        /// What became of it.
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
    pub(crate) shortage: Shortage,
    pub(crate) tenants: ArcSwap<Tenants>,
    pub(crate) ids: Ids,
    pub(crate) client: Arc<Client>,
    pub(crate) store: Store,
    pub(crate) kept: Arc<AllKept>,
    pub(crate) bundler: Arc<Bundler>,
    pub(crate) audit: Audit,
    /// Smoke renders at once: their slots are the requests' otherwise.
    pub(crate) smokes: Semaphore,
    /// The certificate, where HTTPS is served.
    pub(crate) certificate: Option<Arc<Live>>,
    /// Held while it changes who is served: by a reload, and while a tenant is made or deleted.
    pub(crate) changing: Mutex<()>,
    pub(crate) observer: Observer,
    pub(crate) caches: Caches,
    pub(crate) drain: Drain,
    pub(crate) background: Background,
    pub(crate) watch: Arc<Watch>,
    pub(crate) leaks: Leaks,
    /// Held while the tenants are put together anew.
    roster: std::sync::Mutex<()>,
}

impl Answers for Shared {
    type Body = compress::Sent;

    fn config(&self) -> &ArcSwap<Config> {
        &self.config
    }

    fn drain(&self) -> &Drain {
        &self.drain
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<compress::Sent> {
        let asked = compress::Asked::of(&request);
        // Boxed at once: it is large, and would be moved several times.
        let response = self.background.run(respond(self.clone(), request).boxed()).await;
        compress::finish(response, asked, self.config.load().http.compress)
    }
}

impl Shared {
    /// Puts the tenants together anew, after one was made, deleted or given other limits.
    pub(crate) fn refresh(&self) {
        self.serve(None);
    }

    /// Serves by a configuration, or by the one that there is, with what is kept.
    pub(crate) fn serve(&self, config: Option<Config>) {
        let _roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        let config = config.map_or_else(|| self.config.load_full(), Arc::new);
        let before = self.tenants.load();
        let tenants = self.kept.tenants(&config).into_iter().map(|(kept, tenant)| {
            let before = before.by_name.get(&kept.tenant).map(|tenant| &**tenant);
            Arc::new(Tenant::new(kept, tenant, config.renders.concurrent, &self.client, before))
        });
        self.tenants.store(Arc::new(Tenants::new(&config, tenants)));
        self.config.store(config);
    }

    /// The disk of the folder of state failed.
    pub(crate) fn unusable(&self, cause: io::Error) -> Error {
        Error::State { folder: self.config.load().state.clone(), cause }
    }
}

/// A server that is ready: it listens, and has its tenants' apps.
pub struct Server {
    pub(crate) shared: Arc<Shared>,
    listeners: Vec<Listener>,
    admin: Option<Admin>,
    watching: AbortOnDropHandle<()>,
    lock: Lock,
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
        bundler: Arc<Bundler>,
        receipts: Arc<dyn Sent>,
    ) -> Result<Self, Error> {
        let unusable = |cause| Error::State { folder: config.state.clone(), cause };
        let certificate = match config.tls.clone() {
            Some(tls) => Some(Live::new(reload::certificates(tls).await?)),
            None => None,
        };
        let lock = lock(&config)?;
        let listeners = listen(&config, certificate.as_ref()).await?;
        let store = Store::open(&config.state, Bundler::engine_bytes()).map_err(unusable)?;
        let kept = Arc::new(AllKept::new(store.records().map_err(unusable)?));
        let admin = Admin::start(&config).await?;
        let audit = Audit::open(&config.state.join("audit.jsonl")).map_err(unusable)?;
        let client = Arc::new(Client::new().map_err(|error| Error::Client(error.to_string()))?);
        let bundles = Bundles::new(&engine, config.renders.bundles, store.clone());
        let ids = Ids::new().map_err(|error| Error::Random(error.to_string()))?;
        let observer = Observer::start(&config, receipts).map_err(|error| Error::Observe(error.to_string()))?;
        let admission = Admission::new(&config.renders);
        let shortage = Shortage::new(config.renders.memory_share, observer.machine.clone());
        let caches = Caches::new(config.cache);
        let tenants = ArcSwap::from_pointee(Tenants::new(&config, []));
        let watch = Watch::open(&config, admin.as_ref().and_then(Admin::url), &client).map_err(unusable)?;
        let shared = Arc::new(Shared {
            config: ArcSwap::from_pointee(config.clone()),
            engine,
            bundles,
            admission,
            shortage,
            tenants,
            ids,
            client,
            store,
            kept,
            bundler,
            audit,
            smokes: Semaphore::new(2),
            certificate,
            changing: Mutex::new(()),
            observer,
            caches,
            drain: Drain::default(),
            background: Background::start(config.renders.long_threads).map_err(Error::Threads)?,
            watch: Arc::new(watch),
            leaks: Leaks::open(&config.state).map_err(unusable)?,
            roster: std::sync::Mutex::default(),
        });
        shared.kept.go_live();
        Prepared::new(&shared, &config).await?.take_effect(&shared, config.clone()).await?;
        shared.store.sweep(&shared.kept.bundles().collect()).map_err(unusable)?;
        shared.leaks.sweep(&shared.kept.bundles().collect());
        if let Some(admin) = &admin {
            admin.ready(&shared);
        }
        let version = format!("dayfly {} was started", env!("CARGO_PKG_VERSION"));
        shared.watch.mark(Mark::now(MarkKind::Start, None, version)).await;
        let watching = watch::start(&shared);
        Ok(Self { shared, listeners, admin, watching, lock })
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
        self.listeners.get(index)?.socket.address()
    }

    /// Where the admin API is, if there is one.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin.as_ref()?.address
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
    /// for that is over ([`Config::drain`]), and what they left behind is written and sent, which has five seconds. The admin API is
    /// there until all requests are answered.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Drained {
        let Self { shared, listeners, admin, watching, lock } = self;
        let drained = public::serve(listeners, shared.clone(), shutdown).await;
        if let Some(admin) = admin {
            admin.end().await;
        }
        drop(watching);
        tracing::debug!(stored = shared.caches.size(), "the stored pages go");
        let flush = move || shared.observer.flush(Duration::from_secs(5));
        // It cannot be joined if the runtime is at its end, and then nothing can be written either.
        let _ = tokio::task::spawn_blocking(flush).await;
        drop(lock);
        drained
    }
}

/// Takes the folder of state.
pub(crate) fn lock(config: &Config) -> Result<Lock, Error> {
    Lock::take(&config.state).map_err(|why| match why {
        NotLocked::Taken(pid) => Error::Locked { folder: config.state.clone(), pid },
        NotLocked::Io(cause) => Error::State { folder: config.state.clone(), cause },
    })
}

/// Plain HTTP, HTTPS or both, in this order.
pub(crate) async fn listen(config: &Config, certificate: Option<&Arc<Live>>) -> Result<Vec<Listener>, Error> {
    let bind = async |address, tls| {
        let socket = Socket::bind(address).await.map_err(|cause| Error::Listen { address, cause })?;
        Ok::<_, Error>(Listener { socket, tls })
    };
    if let Some(behind) = &config.behind {
        let socket = behind.listen(Behind::PAGES)?;
        return Ok(vec![Listener { socket, tls: None }]);
    }
    let Some(certificate) = certificate else {
        return Ok(vec![bind(config.listen, None).await?]);
    };
    let acceptor = certificate.acceptor().map_err(|error| Error::Tls(error.to_string()))?;
    match config.tls.as_ref().and_then(|tls| tls.listen) {
        None => Ok(vec![bind(config.listen, Some(acceptor)).await?]),
        Some(address) => Ok(vec![bind(config.listen, None).await?, bind(address, Some(acceptor)).await?]),
    }
}
