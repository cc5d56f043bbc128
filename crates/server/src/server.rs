//! A server, from its start to its end.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use dayfly::{Bundles, Engine, EngineConfig};
use dayfly_bundler::Bundler;
use dayfly_fetch::Client;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::admin::Admin;
use crate::admission::Admission;
use crate::audit::Audit;
use crate::config::{Config, TenantName};
use crate::deploy::{NotConfigured, deploy_configured};
use crate::events::Events;
use crate::ids::Ids;
use crate::kept::AllKept;
use crate::public;
use crate::receipt::Sent;
use crate::store::{Lock, NotLocked, Store};
use crate::tenant::{Tenant, Tenants};

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
    /// Calls of apps cannot be made.
    #[error("apps cannot call others: {0}")]
    Client(String),
}

/// What the requests share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) engine: Engine,
    pub(crate) bundles: Bundles,
    pub(crate) admission: Admission,
    pub(crate) tenants: ArcSwap<Tenants>,
    pub(crate) receipts: Arc<Events>,
    pub(crate) ids: Ids,
    pub(crate) store: Store,
    pub(crate) kept: Arc<AllKept>,
    pub(crate) bundler: Arc<Bundler>,
    pub(crate) audit: Audit,
    /// Smoke renders at once: their slots are the requests' otherwise.
    pub(crate) smokes: Semaphore,
    client: Arc<Client>,
    /// Held while the tenants are put together anew.
    roster: Mutex<()>,
}

impl Shared {
    /// Puts the tenants together anew, after one was made, deleted or given other limits.
    pub(crate) fn refresh(&self) {
        let _roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        self.tenants.store(Arc::new(tenants(&self.config, &self.kept, &self.client)));
    }
}

fn tenants(config: &Config, kept: &AllKept, client: &Arc<Client>) -> Tenants {
    let most = config.renders.concurrent;
    let all = kept.tenants(config).into_iter();
    Tenants::new(config, all.map(|(kept, tenant)| Arc::new(Tenant::new(kept, tenant, most, client))))
}

/// A server that is ready: it listens, and has its tenants' apps.
pub struct Server {
    shared: Arc<Shared>,
    listener: TcpListener,
    admin: Option<Admin>,
    lock: Lock,
}

impl Server {
    /// The engine's configuration that fits a server's: a slot for each render.
    pub fn engine(config: &Config) -> EngineConfig {
        EngineConfig { concurrency: config.renders.concurrent.max(1), ..EngineConfig::default() }
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
        let lock = Lock::take(&config.state).map_err(|why| match why {
            NotLocked::Taken(pid) => Error::Locked { folder: config.state.clone(), pid },
            NotLocked::Io(cause) => unusable(cause),
        })?;
        let address = config.listen;
        let listener = TcpListener::bind(address).await.map_err(|cause| Error::Listen { address, cause })?;
        let store = Store::open(&config.state).map_err(unusable)?;
        let admin = Admin::start(&config).await?;
        let audit = Audit::open(&config.state.join("audit.jsonl")).map_err(unusable)?;
        let client = Arc::new(Client::new().map_err(|error| Error::Client(error.to_string()))?);
        let kept = Arc::new(AllKept::new(store.records().map_err(unusable)?));
        for (name, tenant) in &config.tenants {
            if let Some(app) = &tenant.app {
                let deployed = deploy_configured(&bundler, &store, &kept, name, app).await;
                deployed.map_err(|why| match why {
                    NotConfigured::Disk(cause) => unusable(cause),
                    NotConfigured::Why(why) => Error::App { tenant: name.clone(), why },
                })?;
            }
        }
        kept.go_live();
        store.sweep(&kept.bundles().collect()).map_err(unusable)?;
        let bundles = Bundles::new(&engine, config.renders.bundles, store.clone());
        let admission = Admission::new(&config.renders);
        let tenants = ArcSwap::from_pointee(tenants(&config, &kept, &client));
        let shared = Arc::new(Shared {
            config,
            engine,
            bundles,
            admission,
            tenants,
            receipts: Arc::new(Events::new(receipts)),
            ids: Ids::new().map_err(|error| Error::Random(error.to_string()))?,
            store,
            kept,
            bundler,
            audit,
            smokes: Semaphore::new(2),
            client,
            roster: Mutex::default(),
        });
        if let Some(admin) = &admin {
            admin.ready(&shared);
        }
        Ok(Self { shared, listener, admin, lock })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.shared.config.listen)
    }

    /// Where the admin API is, if there is one.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|admin| admin.address)
    }

    /// Answers requests until `shutdown` is over; then takes no more, and ends when those that it took are answered.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { shared, listener, admin, lock } = self;
        let shutdown = async {
            shutdown.await;
            if let Some(admin) = &admin {
                admin.drain();
            }
        };
        public::serve(listener, shared, shutdown).await;
        if let Some(admin) = admin {
            admin.end().await;
        }
        drop(lock);
    }
}
