//! What is kept of the tenants, beyond the configuration and the process.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::{ArcSwap, ArcSwapOption};
use dayfly::BundleId;

use crate::activity::Tally;
use crate::config::{Config, TenantConfig, TenantName};
use crate::routes::Route;
use crate::store::{Record, Store};
use crate::tasks::blocking;
use crate::tenant::Deployed;

/// What is kept of one tenant. It outlives the configuration's tenants of that name.
pub(crate) struct Kept {
    pub(crate) tenant: TenantName,
    /// What answers its requests now.
    pub(crate) live: Arc<ArcSwapOption<Deployed>>,
    record: ArcSwap<Record>,
    tally: Mutex<Tally>,
    /// Held through a deploy: those of one tenant go on one after the other.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// Held while the record is changed, which is short: nobody is suspended later because a deploy goes on. Whether it is still
    /// there to be changed.
    is_there: tokio::sync::Mutex<bool>,
}

/// Why a record is what it was.
#[derive(Debug)]
pub(crate) enum NotKept {
    /// The tenant was deleted meanwhile.
    Deleted,
    Disk(io::Error),
}

impl Kept {
    fn new(tenant: TenantName, record: Record) -> Self {
        Self {
            tenant,
            live: Arc::default(),
            record: ArcSwap::from_pointee(record),
            tally: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            is_there: tokio::sync::Mutex::new(true),
        }
    }

    pub(crate) fn record(&self) -> Arc<Record> {
        self.record.load_full()
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.record.load().suspended
    }

    /// What its requests came to.
    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the record: the new one is on the disk when this returns, or the one before is and holds.
    pub(crate) async fn change<T>(&self, store: &Store, change: impl FnOnce(&mut Record) -> T) -> Result<T, NotKept> {
        let is_there = self.is_there.lock().await;
        if !*is_there {
            return Err(NotKept::Deleted);
        }
        let mut record = (*self.record()).clone();
        let changed = change(&mut record);
        let (store, tenant) = (store.clone(), self.tenant.clone());
        let kept = blocking(move || store.put_record(&tenant, &record).map(|()| record)).await;
        self.record.store(Arc::new(kept.map_err(NotKept::Disk)?));
        Ok(changed)
    }

    /// Forgets all; a deploy that goes on finds nothing to change. Gives what there was.
    pub(crate) async fn forget(&self, store: &Store) -> Result<Arc<Record>, NotKept> {
        let mut is_there = self.is_there.lock().await;
        if !*is_there {
            return Err(NotKept::Deleted);
        }
        let (store, tenant) = (store.clone(), self.tenant.clone());
        blocking(move || store.remove_record(&tenant)).await.map_err(NotKept::Disk)?;
        *is_there = false;
        Ok(self.record.swap(Arc::default()))
    }
}

/// What is kept of all tenants.
pub(crate) struct AllKept {
    by_name: Mutex<HashMap<TenantName, Arc<Kept>>>,
    /// What answers requests, of all tenants, and what did, as long as one has it.
    answering: Mutex<Vec<Weak<Deployed>>>,
    /// Bundles that are no deployment's any more, and could not be removed yet.
    garbage: Mutex<HashSet<BundleId>>,
}

impl AllKept {
    pub(crate) fn new(records: impl IntoIterator<Item = (TenantName, Record)>) -> Self {
        let kept = records.into_iter().map(|(name, record)| (name.clone(), Arc::new(Kept::new(name, record))));
        Self { by_name: Mutex::new(kept.collect()), answering: Mutex::default(), garbage: Mutex::default() }
    }

    /// What is kept of a tenant; a new one, if nothing is.
    pub(crate) fn of(&self, name: &TenantName) -> Arc<Kept> {
        let fresh = || Arc::new(Kept::new(name.clone(), Record::default()));
        self.lock().entry(name.clone()).or_insert_with(fresh).clone()
    }

    pub(crate) fn remove(&self, name: &TenantName) {
        self.lock().remove(name);
    }

    /// The tenants that are served: those of the configuration, and those that the API made, with the limits that it set.
    pub(crate) fn tenants(&self, config: &Config) -> Vec<(Arc<Kept>, TenantConfig)> {
        let mut tenants: Vec<_> = config.tenants.iter().map(|(name, tenant)| (self.of(name), tenant.clone())).collect();
        for (name, routes) in self.made(config) {
            tenants.push((self.of(&name), TenantConfig { routes, ..config.defaults.clone() }));
        }
        for (kept, tenant) in &mut tenants {
            kept.record().limits.apply(tenant);
        }
        tenants
    }

    /// The tenants that the API made and the configuration does not have, with their routes.
    pub(crate) fn made(&self, config: &Config) -> Vec<(TenantName, Vec<Route>)> {
        let all = self.lock();
        let others = all.values().filter(|kept| !config.tenants.contains_key(&kept.tenant));
        let made = others.filter_map(|kept| {
            let record = kept.record();
            // They were routes when they were kept.
            let routes = record.created.as_ref()?.routes.iter().filter_map(|route| route.parse().ok());
            Some((kept.tenant.clone(), routes.collect()))
        });
        made.collect()
    }

    /// Lets each tenant's record say what answers its requests. For the start.
    pub(crate) fn go_live(&self) {
        for kept in self.lock().values() {
            self.answer(kept, kept.record().active().map(|active| Deployed::new(active.digest)));
        }
    }

    /// Lets something else answer a tenant's requests from now on, or nothing. Requests that were taken before keep to what they
    /// have.
    pub(crate) fn answer(&self, kept: &Kept, deployed: Option<Deployed>) {
        let deployed = deployed.map(Arc::new);
        // It is known before a request can have it.
        self.answering().extend(deployed.as_ref().map(Arc::downgrade));
        kept.live.store(deployed);
    }

    /// The bundle that was built of this before: see [`Deployment::built_of`](crate::store::Deployment::built_of).
    pub(crate) fn built(&self, of: &str) -> Option<BundleId> {
        let is_of = |built: &crate::store::Deployment| built.built_of.as_deref() == Some(of);
        let all = self.lock();
        all.values().find_map(|kept| kept.record.load().deployments.iter().find(|one| is_of(one)).map(|one| one.digest))
    }

    /// Every bundle of a deployment.
    pub(crate) fn bundles(&self) -> impl Iterator<Item = BundleId> + use<> {
        let all: Vec<_> = self.lock().values().map(|kept| kept.record()).collect();
        all.into_iter().flat_map(|record| record.deployments.iter().map(|one| one.digest).collect::<Vec<_>>())
    }

    /// Removes the bundles that were `dropped` from a record, now or once nothing that answers requests has them: those that were
    /// taken before may still have to load theirs. Blocks.
    pub(crate) fn retire(&self, store: &Store, dropped: Vec<BundleId>) {
        let mut garbage = self.garbage.lock().unwrap_or_else(PoisonError::into_inner);
        garbage.extend(dropped);
        garbage.retain(|id| {
            // The records first: what begins to answer is some tenant's deployment then, or pinned.
            let is_gone = store.remove(*id, || self.refers_to(*id) || self.is_answering(*id));
            !is_gone && store.has(*id) && !self.refers_to(*id)
        });
    }

    fn refers_to(&self, id: BundleId) -> bool {
        self.lock().values().any(|kept| kept.record.load().refers_to(id))
    }

    /// Whether a request has the bundle, or one that comes now would get it.
    fn is_answering(&self, id: BundleId) -> bool {
        let mut is_answering = false;
        self.answering()
            .retain(|deployed| deployed.upgrade().inspect(|deployed| is_answering |= deployed.bundle == id).is_some());
        is_answering
    }

    fn answering(&self) -> MutexGuard<'_, Vec<Weak<Deployed>>> {
        self.answering.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantName, Arc<Kept>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
