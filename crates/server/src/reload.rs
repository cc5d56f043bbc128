//! The change of a configuration while requests are answered.
//!
//! All that can fail comes first; then everything takes effect at once. A request has read what it needs when it came, so
//! those in flight end as they began.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayfly_bundler::{Bundler, Source};
use sha2::{Digest as _, Sha256};

use crate::config::{App, Config, TenantName, Tls};
use crate::server::{Error, Shared};
use crate::tenant::{Deployed, Digest, Tenant, Tenants};
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
    /// Tenants whose app is new or has other content than before.
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
    /// A tenant keeps the app that it has, unless the configuration gives another one, or one of other content, than it gave
    /// before. Certificates are read again.
    ///
    /// # Errors
    /// What is wrong, all of it; nothing has changed then.
    pub async fn reload(&self, config: Config, bundler: &Bundler) -> Result<Reloaded, Error> {
        let reloaded = self.try_reload(config, bundler).await;
        self.shared.observer.reloads.note(reloaded.is_ok());
        reloaded
    }

    /// Notes that the configuration was to be read again and has mistakes, so that there is nothing to reload: for the figures.
    pub fn refused(&self) {
        self.shared.observer.reloads.note(false);
    }

    /// Opens the files of events and of the tenants' logs anew, as what rotates logs has renamed them. What comes before that is
    /// written to the old ones.
    pub fn reopen(&self) {
        self.shared.observer.reopen();
    }

    async fn try_reload(&self, config: Config, bundler: &Bundler) -> Result<Reloaded, Error> {
        let _alone = self.shared.reloading.lock().await;
        let old = self.shared.config.load_full();
        let needs_restart = old.needs_restart(&config);
        let config = config.without_restart(&old);
        let prepared = Prepared::new(&self.shared, &config, bundler).await?;
        let differ = |one: &BTreeMap<TenantName, _>, other: &BTreeMap<TenantName, _>| {
            one.keys().filter(|name| !other.contains_key(*name)).cloned().collect()
        };
        let is_other =
            |(name, tenant): &(&TenantName, _)| old.tenants.get(*name).is_some_and(|before| before != *tenant);
        let reloaded = Reloaded {
            added: differ(&config.tenants, &old.tenants),
            changed: config.tenants.iter().filter(is_other).map(|(name, _)| name.clone()).collect(),
            removed: differ(&old.tenants, &config.tenants),
            deployed: prepared.deploys.iter().map(|(tenant, _)| tenant.name.clone()).collect(),
            needs_restart,
        };
        prepared.take_effect(&self.shared, config);
        Ok(reloaded)
    }
}

/// What a configuration asks for, ready to be served.
pub(crate) struct Prepared {
    tenants: Vec<Arc<Tenant>>,
    /// Those that get an app.
    deploys: Vec<(Arc<Tenant>, Deployed)>,
    certificates: Option<Certificates>,
}

impl Prepared {
    pub(crate) async fn new(shared: &Shared, config: &Config, bundler: &Bundler) -> Result<Self, Error> {
        let mut errors = Vec::new();
        let certificates = match config.tls.clone() {
            Some(tls) => certificates(tls).await.map_err(|error| errors.push(error)).ok(),
            None => None,
        };
        let served = shared.tenants.load_full();
        let (mut tenants, mut deploys) = (Vec::new(), Vec::new());
        for (name, tenant) in &config.tenants {
            if tenant.limits.fuel.is_some() && !shared.engine.config().fuel {
                errors.push(Error::Fuel(name.clone()));
            }
            let before = served.by_name.get(name).map(|tenant| &**tenant);
            let mut tenant =
                Tenant::new(name.clone(), tenant.clone(), config.renders.concurrent, &shared.client, before);
            match new_app(shared, &tenant, bundler).await {
                Ok(None) => tenants.push(Arc::new(tenant)),
                Ok(Some((digest, deployed))) => {
                    tenant.given = Some(digest);
                    let tenant = Arc::new(tenant);
                    deploys.push((tenant.clone(), deployed));
                    tenants.push(tenant);
                }
                Err(error) => errors.push(error),
            }
        }
        Error::all(errors)?;
        Ok(Self { tenants, deploys, certificates })
    }

    pub(crate) fn take_effect(self, shared: &Shared, config: Config) {
        if let (Some(live), Some(certificates)) = (&shared.certificate, self.certificates) {
            live.set(certificates);
        }
        for (tenant, deployed) in self.deploys {
            tenant.live.store(Some(Arc::new(deployed)));
        }
        shared.tenants.store(Arc::new(Tenants::new(&config, self.tenants)));
        shared.config.store(Arc::new(config));
    }
}

/// The app of a tenant's configuration, if it is another than the one that it had.
async fn new_app(shared: &Shared, tenant: &Tenant, bundler: &Bundler) -> Result<Option<(Digest, Deployed)>, Error> {
    let Some(app) = &tenant.config.app else { return Ok(None) };
    let wrong = |why: String| Error::App { tenant: tenant.name.clone(), why };
    let content = read(app).await.map_err(wrong)?;
    let digest = content.digest();
    if tenant.given == Some(digest) && tenant.live.load().is_some() {
        return Ok(None);
    }
    let bundle = content.bundle(bundler).await.map_err(wrong)?;
    let store = shared.store.clone();
    let put = tokio::task::spawn_blocking(move || store.put(&bundle)).await.unwrap_or_else(|error| Err(error.into()));
    let id = put.map_err(|cause| Error::State { folder: shared.config.load().state.clone(), cause })?;
    Ok(Some((digest, Deployed::new(id))))
}

/// An app as it was read.
enum Content {
    Bundle(Vec<u8>),
    Source { name: String, text: String },
}

impl Content {
    fn digest(&self) -> Digest {
        let mut hasher = Sha256::new();
        match self {
            Self::Bundle(bundle) => hasher.update(bundle),
            // A file's ending says what it is.
            Self::Source { name, text } => {
                hasher.update(name);
                hasher.update([0]);
                hasher.update(text);
            }
        }
        hasher.finalize().into()
    }

    /// The bytes of the bundle; built, if it is JavaScript.
    async fn bundle(self, bundler: &Bundler) -> Result<Vec<u8>, String> {
        match self {
            Self::Bundle(bundle) => Ok(bundle),
            Self::Source { name, text } => {
                let build = bundler.build(&Source::new(name, text), &Bundler::limits()).await;
                build.artifact.map(|artifact| artifact.bundle).map_err(|refusal| refusal.to_string())
            }
        }
    }
}

async fn read(app: &App) -> Result<Content, String> {
    Ok(match app {
        App::File(path) if path.extension().is_some_and(|extension| extension == "wasm") => {
            Content::Bundle(tokio::fs::read(path).await.map_err(|error| format!("{}: {error}", path.display()))?)
        }
        App::File(path) => {
            let text = tokio::fs::read_to_string(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
            let name = path.file_name().map_or_else(|| "app.js".into(), |name| name.to_string_lossy().into_owned());
            Content::Source { name, text }
        }
        App::Source { name, text } => Content::Source { name: name.clone(), text: text.clone() },
    })
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
