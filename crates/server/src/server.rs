//! A server, from its start to its end.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use dayfly::{Bundles, Engine, EngineConfig};
use dayfly_bundler::{Bundler, Source};
use dayfly_fetch::Client;
use tokio::net::TcpListener;

use crate::admission::Admission;
use crate::cache::Caches;
use crate::config::{App, Config, TenantName};
use crate::drain::{Drain, Drained};
use crate::ids::Ids;
use crate::public;
use crate::receipt::Sent;
use crate::store::Store;
use crate::tenant::{Deployed, Tenant, Tenants};

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
    pub(crate) receipts: Arc<dyn Sent>,
    pub(crate) ids: Ids,
    pub(crate) caches: Caches,
    pub(crate) drain: Drain,
}

/// A server that is ready: it listens, and has its tenants' apps.
pub struct Server {
    shared: Arc<Shared>,
    listener: TcpListener,
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
        bundler: &Bundler,
        receipts: Arc<dyn Sent>,
    ) -> Result<Self, Error> {
        let address = config.listen;
        let listener = TcpListener::bind(address).await.map_err(|cause| Error::Listen { address, cause })?;
        let store = Store::open(&config.state).map_err(|cause| Error::State { folder: config.state.clone(), cause })?;
        let client = Arc::new(Client::new().map_err(|error| Error::Client(error.to_string()))?);
        let mut tenants = Vec::new();
        for (name, tenant) in &config.tenants {
            let tenant = Tenant::new(name.clone(), tenant.clone(), config.renders.concurrent, &client);
            if let Some(app) = &tenant.config.app {
                let wrong = |why: String| Error::App { tenant: name.clone(), why };
                let bundle = bundle(bundler, app).await.map_err(wrong)?;
                let id = store.put(&bundle).map_err(|cause| Error::State { folder: config.state.clone(), cause })?;
                tenant.live.store(Some(Arc::new(Deployed::new(id))));
            }
            tenants.push(Arc::new(tenant));
        }
        let bundles = Bundles::new(&engine, config.renders.bundles, store);
        let ids = Ids::new().map_err(|error| Error::Random(error.to_string()))?;
        let admission = Admission::new(&config.renders);
        let caches = Caches::new(config.cache);
        let tenants = ArcSwap::from_pointee(Tenants::new(&config, tenants));
        let shared = Arc::new(Shared {
            config,
            engine,
            bundles,
            admission,
            tenants,
            receipts,
            ids,
            caches,
            drain: Drain::default(),
        });
        Ok(Self { shared, listener })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.shared.config.listen)
    }

    /// Answers requests until `shutdown` is over; then takes no more, and ends when those that it took are answered, or the time
    /// for that is over ([`Config::drain`]).
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Drained {
        public::serve(self.listener, self.shared, shutdown).await
    }
}

/// The bytes of an app's bundle; built, if it is JavaScript.
async fn bundle(bundler: &Bundler, app: &App) -> Result<Vec<u8>, String> {
    let source = match app {
        App::File(path) if path.extension().is_some_and(|extension| extension == "wasm") => {
            return tokio::fs::read(path).await.map_err(|error| format!("{}: {error}", path.display()));
        }
        App::File(path) => {
            let text = tokio::fs::read_to_string(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
            let name = path.file_name().map_or_else(|| "app.js".into(), |name| name.to_string_lossy().into_owned());
            Source::new(name, text)
        }
        App::Source { name, text } => Source::new(name.clone(), text.clone()),
    };
    let build = bundler.build(&source, &Bundler::limits()).await;
    build.artifact.map(|artifact| artifact.bundle).map_err(|refusal| refusal.to_string())
}
