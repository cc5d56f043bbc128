//! One process for each group of tenants, and in front of them one that runs no tenant's code.
//!
//! | part | module |
//! | --- | --- |
//! | a group's process: an ordinary server that listens on sockets in a folder, started anew when it ends | `worker` |
//! | who asks for pages gets them from the group whose tenant it is | `pages` |
//! | who asks the admin API is answered by the tenant's group, or by all | `api`, `figures` |
//!
//! The front has listeners, HTTPS and routes. Tokens are checked by the group's process, which writes the audit log, receipts and
//! logs too.

mod api;
mod figures;
mod pages;
mod worker;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use dayfly::BundleId;
use http::HeaderMap;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::admin::{self, Note};
use crate::config::{Behind, Config, GroupName, TenantName};
use crate::drain::{Drain, Drained};
use crate::ids::Ids;
use crate::public::{self, Listener};
use crate::reload::certificates;
use crate::routes::{Route, Routes};
use crate::server::{Error, listen, lock};
use crate::store::Lock;
use crate::tls::Live;
use crate::tokens::Tokens;
use worker::Worker;

/// Writes down what a group's process is to serve, and gives the command that starts it: it serves by [`Config::of_group`], says on
/// `NOTIFY_SOCKET` that it is ready, reads what was written down again at a line on its standard input, and ends at the end of that.
pub type Start = dyn Fn(&Config, &GroupName, &Behind) -> io::Result<Command> + Send + Sync;

/// What the requests share.
struct Shared {
    config: ArcSwap<Config>,
    drain: Drain,
    ids: Ids,
    tokens: Tokens,
    /// The token that all groups know.
    secret: String,
    start: Arc<Start>,
    sockets: tempfile::TempDir,
    workers: Mutex<BTreeMap<GroupName, Arc<Worker>>>,
    table: ArcSwap<Table>,
    certificate: Option<Arc<Live>>,
    /// Held while it changes who is served.
    changing: tokio::sync::Mutex<()>,
    started: Instant,
}

/// Which requests are whose: as the groups have said.
#[derive(Default)]
struct Table {
    tenants: HashMap<TenantName, (GroupName, Vec<Route>)>,
    routes: Option<Routes<GroupName>>,
    header: Option<http::HeaderName>,
}

impl Table {
    fn new(tenants: HashMap<TenantName, (GroupName, Vec<Route>)>, config: &Config) -> Self {
        let routes = tenants.values().flat_map(|(group, routes)| {
            let group = group.clone();
            routes.iter().map(move |route| (route.clone(), group.clone()))
        });
        let routes = Some(Routes::new(routes));
        Self { tenants, routes, header: config.tenant_header.clone() }
    }

    /// The group of a request.
    fn find(&self, headers: &HeaderMap, host: &str, path: &str) -> Option<&GroupName> {
        if let Some(named) = self.header.as_ref().and_then(|header| headers.get(header)) {
            return self.group(named.to_str().ok()?);
        }
        self.routes.as_ref()?.find(host, path)
    }

    /// The tenants of a group.
    fn of(&self, group: &GroupName) -> Vec<(TenantName, Vec<Route>)> {
        let all = self.tenants.iter().filter(|(_, (of, _))| of == group);
        all.map(|(name, (_, routes))| (name.clone(), routes.clone())).collect()
    }

    /// The group of a tenant.
    fn group(&self, tenant: &str) -> Option<&GroupName> {
        Some(&self.tenants.get(&tenant.parse().ok()?)?.0)
    }
}

/// A front that is ready: it listens, and its groups serve.
pub struct Front {
    shared: Arc<Shared>,
    listeners: Vec<Listener>,
    admin: Option<SocketAddr>,
    api: Option<(watch::Sender<bool>, AbortOnDropHandle<()>)>,
    note: Option<Note>,
    lock: Lock,
}

impl Front {
    /// Listens, starts the groups' processes, and waits until they serve.
    ///
    /// # Errors
    /// [`Error`], before anything is served.
    pub async fn start(config: Config, start: Arc<Start>) -> Result<Self, Error> {
        let unusable = |cause| Error::State { folder: config.state.clone(), cause };
        let certificate = match config.tls.clone() {
            Some(tls) => Some(Live::new(certificates(tls).await?)),
            None => None,
        };
        let lock = lock(&config)?;
        let listeners = listen(&config, certificate.as_ref()).await?;
        let socket = match config.admin {
            Some(address) => Some(admin::bind(address).await?),
            None => None,
        };
        let (tokens, secret) = Tokens::open(config.tokens.clone()).map_err(Error::Tokens)?;
        let address = socket.as_ref().and_then(|socket| socket.address());
        let note = address.map(|address| Note::leave(&config, address, &secret)).transpose()?;
        let shared = Arc::new(Shared {
            drain: Drain::default(),
            ids: Ids::new().map_err(|error| Error::Random(error.to_string()))?,
            tokens,
            secret,
            start,
            sockets: tempfile::Builder::new().prefix("dayfly-").tempdir().map_err(unusable)?,
            workers: Mutex::default(),
            table: ArcSwap::default(),
            certificate,
            changing: tokio::sync::Mutex::default(),
            started: Instant::now(),
            config: ArcSwap::from_pointee(config.clone()),
        });
        let (end, mut ended) = watch::channel(false);
        let api = socket.map(|socket| {
            let ended = async move { drop(ended.wait_for(|ended| *ended).await) };
            let serving =
                tokio::spawn(admin::serve(socket, api::router(shared.clone()), config.admin_hosts.clone(), ended));
            (end, AbortOnDropHandle::new(serving))
        });
        for group in config.groups() {
            shared.begin(&group)?;
        }
        for worker in shared.workers() {
            if let Err(why) = worker.is_up().await {
                shared.kill();
                return Err(Error::Group { group: worker.group.clone(), why });
            }
        }
        shared.refresh().await;
        Ok(Self { shared, listeners, admin: address, api, note, lock })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        let scheme = |listener: &Listener| if listener.tls.is_some() { "https" } else { "http" };
        self.listeners.iter().filter_map(|listener| Some((scheme(listener), listener.socket.address()?))).collect()
    }

    /// Where the admin API is, if there is one.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// What changes it while it runs.
    pub fn handle(&self) -> Handle {
        Handle { shared: self.shared.clone() }
    }

    /// Answers requests until `shutdown` is over; then takes no more, and ends when those that it took are answered, or the time for
    /// that is over. The groups' processes end after that.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Drained {
        let Self { shared, listeners, api, note, lock, .. } = self;
        let drained = public::serve(listeners, shared.clone(), shutdown).await;
        if let Some((end, serving)) = api {
            end.send_replace(true);
            let _ = serving.await;
        }
        drop(note);
        let workers = shared.workers();
        let drain = shared.config.load().drain;
        futures_util::future::join_all(workers.iter().map(|worker| worker.end(drain))).await;
        drop(lock);
        drained
    }
}

/// What changes a front while it runs. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    /// Has the groups read their configuration again, of which this is the whole; starts those that are new, and ends those that
    /// are gone. A group of which the configuration cannot be served keeps the one that it had.
    ///
    /// # Errors
    /// What is wrong with the certificate; nothing has changed then.
    pub async fn reload(&self, config: Config) -> Result<(), Error> {
        let shared = &self.shared;
        let _alone = shared.changing.lock().await;
        let old = shared.config.load_full();
        let needs_restart = old.needs_restart(&config);
        let config = config.without_restart(&old);
        if let (Some(live), Some(tls)) = (&shared.certificate, config.tls.clone()) {
            live.set(certificates(tls).await?);
        }
        if !needs_restart.is_empty() {
            tracing::warn!("these keys hold from the next start on: {}", needs_restart.join(", "));
        }
        let groups = config.groups();
        shared.config.store(Arc::new(config));
        let before = shared.workers();
        // Those that are new first: a tenant that goes to one is answered by the one before until then.
        for group in &groups {
            shared.begin(group)?;
        }
        for worker in shared.workers() {
            if let Err(why) = worker.is_up().await {
                tracing::error!(group = worker.group.as_str(), "{why}");
            }
        }
        shared.refresh().await;
        futures_util::future::join_all(before.iter().map(|worker| worker.reload())).await;
        shared.lock().retain(|group, _| groups.contains(group));
        shared.refresh().await;
        let gone = before.iter().filter(|worker| !groups.contains(&worker.group));
        futures_util::future::join_all(gone.map(|worker| worker.end(old.drain))).await;
        Ok(())
    }

    /// Ends the groups' processes at once.
    pub fn kill(&self) {
        self.shared.kill();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<GroupName, Arc<Worker>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn workers(&self) -> Vec<Arc<Worker>> {
        self.lock().values().cloned().collect()
    }

    fn worker(&self, group: &GroupName) -> Option<Arc<Worker>> {
        self.lock().get(group).cloned()
    }

    /// Starts a group's process, unless there is one.
    fn begin(self: &Arc<Self>, group: &GroupName) -> Result<(), Error> {
        let mut workers = self.lock();
        if workers.contains_key(group) {
            return Ok(());
        }
        let folder = tempfile::Builder::new().prefix("g").tempdir_in(self.sockets.path());
        let worker = folder.map_err(|cause| self.unusable(cause)).and_then(|folder| {
            // It goes with the folder that it is in.
            let folder = folder.keep();
            let behind = Behind { folder, token: BundleId::of(self.secret.as_bytes()) };
            let (of, shared, at) = (group.clone(), Arc::downgrade(self), behind.clone());
            let command = move || {
                let shared = shared.upgrade().ok_or_else(|| io::Error::other("the front has ended"))?;
                (shared.start)(&shared.config.load(), &of, &at)
            };
            Worker::start(group.clone(), behind, Box::new(command))
        })?;
        workers.insert(group.clone(), worker);
        Ok(())
    }

    fn unusable(&self, cause: io::Error) -> Error {
        Error::State { folder: self.sockets.path().to_owned(), cause }
    }

    fn kill(&self) {
        self.workers().iter().for_each(|worker| worker.kill());
    }

    /// Asks the groups whom they serve, and routes requests by that. Of a group that does not say so, what it said last holds; where two
    /// have a tenant, the one that the configuration says.
    async fn refresh(&self) {
        let workers = self.workers();
        let asked =
            workers.iter().map(|worker| async move { (worker.group.clone(), worker.tenants(&self.secret).await) });
        let (before, config) = (self.table.load_full(), self.config.load_full());
        let mut tenants = HashMap::new();
        for (group, said) in futures_util::future::join_all(asked).await {
            let said = said.unwrap_or_else(|| before.of(&group));
            for (name, routes) in said {
                if config.is_of(name.as_str(), &group) || !tenants.contains_key(&name) {
                    tenants.insert(name, (group.clone(), routes));
                }
            }
        }
        self.table.store(Arc::new(Table::new(tenants, &config)));
    }
}

/// A socket's path.
fn socket(behind: &Behind, name: &str) -> std::path::PathBuf {
    Path::join(&behind.folder, name)
}
