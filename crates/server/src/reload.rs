//! The change of a configuration while requests are answered.
//!
//! All that can fail comes first; then everything takes effect at once. A request has read what it needs when it came, so
//! those in flight end as they began.
//!
//! What the admin API did stays: suspended tenants, the limits that it set, the tenants that it made, and what was deployed, unless
//! the configuration has another app for the tenant than it had before.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::iter;

use crate::config::{Config, TenantName, Tls};
use crate::deploy::{Configured, NotConfigured, configured};
use crate::history::{Mark, MarkKind};
use crate::kept::NotKept;
use crate::server::{Error, Shared};
use crate::tasks::joined;
use crate::tls::Certificates;

/// What changes a server while it runs. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// What a reload has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reloaded {
    /// Tenants that are new.
    pub added: Vec<TenantName>,
    /// Tenants of which a key is another than before.
    pub changed: Vec<TenantName>,
    /// Tenants that are served no more.
    pub removed: Vec<TenantName>,
    /// Tenants whose app is new or has other content than the configuration had before.
    pub deployed: Vec<TenantName>,
    /// Keys that are others than before, and hold from the next start only: until then those before do.
    pub needs_restart: Vec<&'static str>,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Serves by another configuration from now on. Requests that have come are answered as they would have been.
    ///
    /// A tenant keeps the app that it has, deployed by the admin API or not, unless the configuration gives another one, or one of
    /// other content, than it gave before. Tenants that the API made stay, and so do the limits and suspensions that it set.
    /// Certificates are read again. It goes on to its end if the future is dropped.
    ///
    /// # Errors
    /// What is wrong, all of it; nothing has changed then.
    pub async fn reload(&self, config: Config) -> Result<Reloaded, Error> {
        let shared = self.shared.clone();
        let reloading = tokio::spawn(async move {
            let reloaded = reload(&shared, config).await;
            shared.observer.reloads.note(reloaded.is_ok());
            let text = match &reloaded {
                Ok(_) => "the configuration was read again",
                Err(_) => "the configuration was read again, and cannot be served",
            };
            shared.watch.mark(Mark::now(MarkKind::Reload, None, text)).await;
            reloaded
        });
        joined(reloading).await
    }

    /// Notes that the configuration was to be read again and has mistakes, so that there is nothing to reload: for the figures.
    pub fn refused(&self) {
        self.shared.observer.reloads.note(false);
        let text = "the configuration was read again, and has mistakes";
        self.shared.watch.history.mark(vec![Mark::now(MarkKind::Reload, None, text)]);
    }

    /// Opens the files of events and of the tenants' logs anew, as what rotates logs has renamed them. What comes before that is
    /// written to the old ones.
    pub fn reopen(&self) {
        self.shared.observer.reopen();
    }
}

async fn reload(shared: &Shared, config: Config) -> Result<Reloaded, Error> {
    let _alone = shared.changing.lock().await;
    let old = shared.config.load_full();
    let needs_restart = old.needs_restart(&config);
    let config = config.without_restart(&old);
    let prepared = Prepared::new(shared, &config).await?;
    let differ = |one: &BTreeMap<TenantName, _>, other: &BTreeMap<TenantName, _>| {
        one.keys().filter(|name| !other.contains_key(*name)).cloned().collect()
    };
    let is_other = |(name, tenant): &(&TenantName, _)| old.tenants.get(*name).is_some_and(|before| before != *tenant);
    let reloaded = Reloaded {
        added: differ(&config.tenants, &old.tenants),
        changed: config.tenants.iter().filter(is_other).map(|(name, _)| name.clone()).collect(),
        removed: differ(&old.tenants, &config.tenants),
        deployed: prepared.apps.iter().map(|app| app.kept.tenant.clone()).collect(),
        needs_restart,
    };
    prepared.take_effect(shared, config).await?;
    Ok(reloaded)
}

/// What a configuration asks for, ready to be served.
pub(crate) struct Prepared {
    /// Those that are new.
    apps: Vec<Configured>,
    certificates: Option<Certificates>,
}

impl Prepared {
    pub(crate) async fn new(shared: &Shared, config: &Config) -> Result<Self, Error> {
        let mut errors = clashes(shared, config);
        let certificates = match config.tls.clone() {
            Some(tls) => certificates(tls).await.map_err(|error| errors.push(error)).ok(),
            None => None,
        };
        if !shared.engine.config().fuel {
            let fuelled = config.tenants.iter().filter(|(_, tenant)| tenant.limits.fuel.is_some());
            errors.extend(fuelled.map(|(name, _)| Error::Fuel(name.clone())));
        }
        // Apps are built as many at once as there are processors.
        let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let with_app = config.tenants.iter().filter_map(|(name, tenant)| Some((name, tenant.app.as_ref()?)));
        let builds: Vec<_> =
            with_app.map(|(name, app)| async move { (name, configured(shared, name, app).await) }).collect();
        let mut builds = iter(builds).buffered(at_once);
        let mut apps = Vec::new();
        while let Some((name, built)) = builds.next().await {
            match built {
                Ok(app) => apps.extend(app),
                Err(NotConfigured::Disk(cause)) => errors.push(shared.unusable(cause)),
                Err(NotConfigured::Why(why)) => errors.push(Error::App { tenant: name.clone(), why }),
            }
        }
        let prepared = Self { apps, certificates };
        match Error::all(errors) {
            Ok(()) => Ok(prepared),
            Err(error) => {
                prepared.give_up(shared).await;
                Err(error)
            }
        }
    }

    /// Takes effect at once; if the disk fails, not at all.
    pub(crate) async fn take_effect(self, shared: &Shared, config: Config) -> Result<(), Error> {
        let mut turns = Vec::new();
        for app in &self.apps {
            turns.push(app.kept.turn.lock().await);
        }
        let mut kept = Vec::new();
        for app in &self.apps {
            let before = app.kept.record();
            match app.keep(&shared.store).await {
                Ok(dropped) => kept.push((app, before, dropped)),
                Err(why) => {
                    for (app, before, _) in kept {
                        let undone = app.kept.change(&shared.store, |record| record.take_deployments_of(&before)).await;
                        if let Err(why) = undone {
                            tracing::error!(tenant = %app.kept.tenant, ?why, "what is served and what is kept differ");
                        }
                    }
                    drop(turns);
                    self.give_up(shared).await;
                    return Err(match why {
                        NotKept::Disk(cause) => shared.unusable(cause),
                        NotKept::Deleted => unreachable!("tenants are deleted one change at a time"),
                    });
                }
            }
        }
        if let (Some(live), Some(certificates)) = (&shared.certificate, self.certificates) {
            live.set(certificates);
        }
        let mut retired = Vec::new();
        for (app, _, dropped) in kept {
            shared.kept.answer(&app.kept, Some(app.deployed()));
            retired.extend(dropped);
        }
        shared.serve(Some(config));
        drop(turns);
        drop(self.apps);
        shared.retire(retired).await;
        Ok(())
    }

    /// Nobody refers to what was built.
    async fn give_up(self, shared: &Shared) {
        let built = self.apps.iter().map(Configured::bundle).collect();
        drop(self.apps);
        shared.retire(built).await;
    }
}

/// Routes of the configuration that a tenant has which the admin API made.
fn clashes(shared: &Shared, config: &Config) -> Vec<Error> {
    let configured =
        config.tenants.iter().flat_map(|(name, tenant)| tenant.routes.iter().map(move |route| (route, name)));
    let configured: HashMap<_, _> = configured.collect();
    let made = shared.kept.made(config).into_iter();
    let clashes = made.flat_map(|(made, routes)| {
        routes.into_iter().filter_map({
            let configured = &configured;
            move |route| Some(Error::Route { tenant: (*configured.get(&route)?).clone(), made: made.clone(), route })
        })
    });
    clashes.collect()
}

/// Reads a certificate and its key.
pub(crate) async fn certificates(tls: Tls) -> Result<Certificates, Error> {
    let read = tokio::task::spawn_blocking(move || Certificates::read(&tls)).await;
    let read = read.map_err(|error| Error::Tls(error.to_string()))?;
    read.map_err(|wrong| {
        let wrong: Vec<_> = wrong.into_iter().map(|wrong| format!("{}; {}", wrong.message, wrong.remedy)).collect();
        Error::Tls(wrong.join("; "))
    })
}
