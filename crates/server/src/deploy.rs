//! From bytes that somebody sent to the app that answers a tenant's requests, without a request lost.
//!
//! | step | if it fails |
//! | --- | --- |
//! | the bundle is built, if it is JavaScript | the deployment before stays |
//! | it is kept on disk, by its digest | the same |
//! | it is loaded, so that no request waits for that | the same |
//! | it answers a request (the smoke render), unless that is not wanted | the same |
//! | the tenant's record says that it is the one | the same |
//! | requests that come from now on are its | this cannot fail |

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dayfly::{Bundle, BundleId, Ended, Failure, Line, Thrown};
use dayfly_bundler::{Bundler, Refusal as NotBuilt, Source};
use http::Request;
use http_body_util::Empty;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::audit::now;
use crate::config::{App, TenantName};
use crate::history::{Mark, MarkKind};
use crate::kept::{AllKept, Kept, NotKept};
use crate::refusal::Refusal;
use crate::server::Shared;
use crate::store::{Deployment, How, Pin, Record, Store};
use crate::tasks::blocking;
use crate::tenant::{Deployed, Tenant};

/// What is to be deployed.
pub(crate) enum Upload {
    /// A bundle that lies in the store's folder already, without its name.
    Bundle { file: NamedTempFile, digest: BundleId, bytes: u64 },
    /// JavaScript, to be built.
    Source(Source),
}

/// How to deploy.
pub(crate) struct Order {
    /// Who says so.
    pub(crate) by: String,
    /// The name of what it was made of.
    pub(crate) source: Option<String>,
    /// The path of the request that the app has to answer first.
    pub(crate) smoke: Option<String>,
}

/// What a deploy did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) deployment: Deployment,
    pub(crate) smoke: Option<Smoke>,
    /// What the build has to say.
    pub(crate) notices: Vec<String>,
}

/// The response of an app to its first request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Smoke {
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) took: Duration,
}

/// Why what was there before stays.
#[derive(Debug)]
pub(crate) enum NotDeployed {
    /// There is no such tenant.
    NoTenant,
    /// The tenant has no such deployment.
    NoDeployment,
    /// There is no deployment before.
    NothingBefore,
    /// The disk.
    Disk(io::Error),
    /// The JavaScript cannot be built.
    NotBuilt { refusal: NotBuilt, report: String },
    /// The bytes are no bundle, or not the ones of that digest.
    NotABundle(Arc<dayfly::Error>),
    /// The app did not answer its first request.
    Failed { failure: Failure, console: Vec<Line> },
    /// It answered that it cannot.
    Unwell { status: u16, console: Vec<Line> },
}

impl From<io::Error> for NotDeployed {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<NotKept> for NotDeployed {
    fn from(why: NotKept) -> Self {
        match why {
            NotKept::Deleted => Self::NoTenant,
            NotKept::Disk(error) => Self::Disk(error),
        }
    }
}

impl Shared {
    /// Deploys. To be run to its end: one that is dropped half-way has deployed or not.
    pub(crate) async fn deploy(&self, tenant: &TenantName, upload: Upload, order: Order) -> Result<Done, NotDeployed> {
        let kept = self.tenant(tenant)?.kept.clone();
        let _turn = kept.turn.lock().await;
        let tenant = self.tenant(tenant)?;
        let in_store = match upload {
            Upload::Bundle { file, digest, bytes } => {
                let (pin, store) = (self.store.pin(digest), self.store.clone());
                blocking(move || store.put_file(&file, digest)).await?;
                InStore { id: digest, bytes, built_of: None, pin, notices: Vec::new() }
            }
            Upload::Source(source) => build(&self.bundler, &self.store, &self.kept, source).await?,
        };
        let InStore { id, bytes, built_of, pin, notices } = in_store;
        let (by, source, at) = (order.by, order.source, now());
        let deployment = Deployment { number: 0, digest: id, at, by, how: How::Api, source, bytes, built_of };
        let put = |record: &mut Record| {
            let dropped = record.deploy(deployment);
            record.active().cloned().map(|active| (active, dropped))
        };
        let done = self.put_in_place(&tenant, id, order.smoke.as_deref(), put).await;
        drop(pin);
        if done.is_err() {
            // Nobody refers to what was refused, and nobody would ever remove it.
            self.retire(vec![id]).await;
        }
        let done = done.map(|done| Done { notices, ..done })?;
        self.mark(MarkKind::Deploy, &tenant, &done).await;
        Ok(done)
    }

    /// Marks a change on the curves.
    async fn mark(&self, kind: MarkKind, tenant: &Tenant, done: &Done) {
        let Deployment { number, digest, .. } = &done.deployment;
        let text = format!("{}: deployment {number}, {}…, in service", tenant.name, &digest.to_string()[..8]);
        self.watch.mark(Mark::now(kind, Some(&tenant.name), text)).await;
    }

    /// Makes an earlier deployment the one that is served: that of a digest, or the one before. To be run to its end.
    pub(crate) async fn activate(
        &self,
        tenant: &TenantName,
        digest: Option<&str>,
        smoke: Option<&str>,
    ) -> Result<Done, NotDeployed> {
        let kept = self.tenant(tenant)?.kept.clone();
        let _turn = kept.turn.lock().await;
        let tenant = self.tenant(tenant)?;
        let record = kept.record();
        let deployment = match digest {
            Some(digest) => record.find(digest).ok_or(NotDeployed::NoDeployment)?,
            None => record.previous().ok_or(NotDeployed::NothingBefore)?,
        };
        let put = |record: &mut Record| {
            record.active = Some(deployment.number);
            record.active().cloned().map(|active| (active, Vec::new()))
        };
        let done = self.put_in_place(&tenant, deployment.digest, smoke, put).await?;
        self.mark(MarkKind::Rollback, &tenant, &done).await;
        Ok(done)
    }

    /// Loads a bundle, lets it answer a request, and makes it what answers all: `put` says so in the record. The bundle is in the
    /// store, and the caller has the tenant's turn.
    async fn put_in_place(
        &self,
        tenant: &Tenant,
        id: BundleId,
        smoke: Option<&str>,
        put: impl FnOnce(&mut Record) -> Option<(Deployment, Vec<BundleId>)>,
    ) -> Result<Done, NotDeployed> {
        let deployed = Deployed::new(id);
        let bundle = self.bundles.get(id).await.map_err(NotDeployed::NotABundle)?;
        let smoke = match smoke {
            Some(path) => Some(self.smoke(tenant, bundle, path, &deployed).await?),
            None => None,
        };
        let kept = &tenant.kept;
        let (deployment, dropped) = kept.change(&self.store, put).await?.ok_or(NotDeployed::NoDeployment)?;
        self.kept.answer(kept, Some(deployed));
        self.retire(dropped).await;
        Ok(Done { deployment, smoke, notices: Vec::new() })
    }

    /// Removes bundles that are wanted no more.
    pub(crate) async fn retire(&self, dropped: Vec<BundleId>) {
        let (all, store) = (self.kept.clone(), self.store.clone());
        blocking(move || all.retire(&store, dropped)).await;
    }

    fn tenant(&self, name: &TenantName) -> Result<Arc<Tenant>, NotDeployed> {
        self.tenants.load().by_name.get(name).cloned().ok_or(NotDeployed::NoTenant)
    }

    /// One request, as the tenant's are, which no client sees.
    async fn smoke(
        &self,
        tenant: &Tenant,
        bundle: Bundle,
        path: &str,
        deployed: &Deployed,
    ) -> Result<Smoke, NotDeployed> {
        let _one_of_few = self.smokes.acquire().await;
        let started = Instant::now();
        let bundle = match &tenant.outgoing {
            Some(outgoing) => bundle.with_outgoing(outgoing.clone()),
            None => bundle,
        };
        let url = match tenant.config.routes.first() {
            Some(route) => format!("http://{}{}{path}", route.host(&tenant.name), route.path()),
            None => format!("http://{}.localhost{path}", tenant.name),
        };
        let host = url.split('/').nth(2).unwrap_or_default();
        let request = Request::get(&url).header(http::header::HOST, host).header("user-agent", "dayfly-smoke/1");
        // The path was checked when it was asked for.
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| io::Error::other(error.to_string()))?;
        let limits = &tenant.config.limits;
        let mut exchange = self.engine.exchange(&bundle, limits, request, &tenant.env);
        let head = exchange.head().await;
        let mut bytes = 0;
        while let Some(chunk) = exchange.chunk().await {
            bytes += chunk.len() as u64;
        }
        let took = |bytes, status| Smoke { status, bytes, took: started.elapsed() };
        match (exchange.finish().await, head) {
            (Ended { result: Ok(()), console, .. }, Some(head)) => {
                let _ = deployed.has_handler.set(true);
                if head.status.is_server_error() {
                    return Err(NotDeployed::Unwell { status: head.status.as_u16(), console });
                }
                Ok(took(bytes, head.status.as_u16()))
            }
            (Ended { result: Err(Failure::Missing(_)), .. }, None) => {
                let outcome = self.engine.render(&bundle, limits, "{}").await;
                let page = outcome.page.map_err(|failure| NotDeployed::Failed { failure, console: outcome.console })?;
                let _ = deployed.has_handler.set(false);
                Ok(took(page.as_bytes().len() as u64, 200))
            }
            (Ended { result, console, .. }, _) => {
                let failure = result.err().unwrap_or(Failure::Unsettled);
                Err(NotDeployed::Failed { failure, console })
            }
        }
    }
}

/// A bundle that is in the store.
struct InStore {
    id: BundleId,
    bytes: u64,
    built_of: Option<String>,
    pin: Pin,
    notices: Vec<String>,
}

/// Builds JavaScript, unless the same text was built before by the same engine and is a deployment's still.
async fn build(bundler: &Arc<Bundler>, store: &Store, kept: &AllKept, source: Source) -> Result<InStore, NotDeployed> {
    let key = key(bundler, &source);
    if let Some(id) = kept.built(&key) {
        let (pin, store) = (store.pin(id), store.clone());
        if let Some(bytes) = blocking(move || store.size_if_whole(id)).await? {
            return Ok(InStore { id, bytes, built_of: Some(key), pin, notices: Vec::new() });
        }
    }
    let (bundler, runtime) = (bundler.clone(), tokio::runtime::Handle::current());
    // A snapshot is taken in one go, which may be long: not on a thread that answers requests.
    let (source, build) = blocking(move || {
        let build = runtime.block_on(bundler.build(&source, &Bundler::limits()));
        (source, build)
    })
    .await;
    let artifact = build.artifact.map_err(|refusal| {
        let report = refusal.describe(&source);
        NotDeployed::NotBuilt { refusal, report }
    })?;
    let notices = artifact.notices.iter().map(|notice| {
        let at = notice.at.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
        format!("{at}{} {}", notice.what, notice.kind.consequence())
    });
    let notices = notices.collect();
    let (id, bundle) = (BundleId::of(&artifact.bundle), artifact.bundle);
    let (pin, store, bytes) = (store.pin(id), store.clone(), bundle.len() as u64);
    blocking(move || store.put(id, &bundle)).await?;
    Ok(InStore { id, bytes, built_of: Some(key), pin, notices })
}

/// What decides about the bytes of a bundle.
fn key(bundler: &Bundler, source: &Source) -> String {
    let mut digest = Sha256::new();
    digest.update(bundler.digest());
    for part in [&source.name, source.form.as_str(), &source.text, source.warm.as_deref().unwrap_or_default()] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    BundleId::from_bytes(digest.finalize().into()).to_string()
}

/// An app of the configuration that is another than before: it is in the store and can be loaded.
pub(crate) struct Configured {
    pub(crate) kept: Arc<Kept>,
    deployment: Deployment,
    /// The digest of what the configuration has.
    digest: String,
    _pin: Pin,
}

impl Configured {
    pub(crate) fn deployed(&self) -> Deployed {
        Deployed::new(self.bundle())
    }

    pub(crate) fn bundle(&self) -> BundleId {
        self.deployment.digest
    }

    /// Puts it into its tenant's record; the caller has the tenant's turn. Gives the bundles that are no deployment's any more.
    pub(crate) async fn keep(&self, store: &Store) -> Result<Vec<BundleId>, NotKept> {
        let (deployment, digest) = (self.deployment.clone(), self.digest.clone());
        let put = |record: &mut Record| {
            record.configured = Some(digest);
            record.deploy(deployment)
        };
        self.kept.change(store, put).await
    }
}

/// Makes the app of the configuration ready, if it is another than the configuration brought last; else what was deployed since
/// stays.
pub(crate) async fn configured(
    shared: &Shared,
    tenant: &TenantName,
    app: &App,
) -> Result<Option<Configured>, NotConfigured> {
    let Shared { bundler, store, kept: all, .. } = shared;
    let kept = all.of(tenant);
    let (name, content) = read(app).await?;
    let digest = BundleId::of(&[name.as_bytes(), b"\0", &content].concat()).to_string();
    let content =
        match name.ends_with(".wasm") {
            true => Content::Bundle(content),
            false => Content::Source(String::from_utf8(content).map(|text| Source::new(name.clone(), text)).map_err(
                |error| format!("{name} is not UTF-8 text: look at byte {}", error.utf8_error().valid_up_to()),
            )?),
        };
    let record = kept.record();
    if record.configured.as_ref() == Some(&digest) && !is_lost(store, record.active(), &content, bundler) {
        return Ok(None);
    }
    let InStore { id, bytes, built_of, pin, .. } = match content {
        Content::Bundle(content) => {
            let (id, bytes) = (BundleId::of(&content), content.len() as u64);
            let (pin, store) = (store.pin(id), store.clone());
            blocking(move || store.put(id, &content)).await?;
            InStore { id, bytes, built_of: None, pin, notices: Vec::new() }
        }
        Content::Source(source) => build(bundler, store, all, source).await.map_err(|why| match why {
            NotDeployed::NotBuilt { report, .. } => NotConfigured::Why(report),
            NotDeployed::Disk(error) => NotConfigured::Disk(error),
            other => NotConfigured::Why(format!("{other:?}")),
        })?,
    };
    let (by, how, source) = ("configuration".into(), How::Configuration, Some(name));
    let deployment = Deployment { number: 0, digest: id, at: now(), by, how, source, bytes, built_of };
    if let Err(error) = shared.bundles.get(id).await {
        drop(pin);
        shared.retire(vec![id]).await;
        return Err(NotConfigured::Why(error.to_string()));
    }
    Ok(Some(Configured { kept, deployment, digest, _pin: pin }))
}

/// An app as the configuration has it.
enum Content {
    Bundle(Vec<u8>),
    Source(Source),
}

/// Whether what the configuration brought is what is served, and cannot be: its bundle is gone, or another engine built it, as
/// before an update.
fn is_lost(store: &Store, active: Option<&Deployment>, content: &Content, bundler: &Bundler) -> bool {
    let Some(active) = active else { return true };
    let is_stale = || match (content, &active.built_of) {
        (Content::Source(source), Some(built_of)) => *built_of != key(bundler, source),
        _ => false,
    };
    active.how == How::Configuration && (!store.has(active.digest) || is_stale())
}

/// Why an app of the configuration is not served.
pub(crate) enum NotConfigured {
    Disk(io::Error),
    Why(String),
}

impl From<io::Error> for NotConfigured {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<String> for NotConfigured {
    fn from(why: String) -> Self {
        Self::Why(why)
    }
}

/// The name and the bytes of an app; a name that ends in `.wasm` is a bundle's.
async fn read(app: &App) -> Result<(String, Vec<u8>), NotConfigured> {
    match app {
        App::File(path) => {
            let content = tokio::fs::read(path).await;
            let content = content.map_err(|error| NotConfigured::Why(format!("{}: {error}", path.display())))?;
            let name = path.file_name().map_or_else(|| "app.js".into(), |name| name.to_string_lossy().into_owned());
            Ok((name, content))
        }
        App::Source { name, text } => Ok((name.clone(), text.clone().into_bytes())),
    }
}

impl NotDeployed {
    /// A stable name for machines.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoTenant => "tenant-unknown",
            Self::NoDeployment => "deployment-unknown",
            Self::NothingBefore => "nothing-before",
            Self::Disk(error) if crate::store::is_full(error) => "disk-full",
            Self::Disk(_) => "disk-failed",
            Self::NotBuilt { refusal: NotBuilt::Imports(_), .. } => "source-imports",
            Self::NotBuilt { refusal: NotBuilt::Syntax { .. }, .. } => "source-syntax",
            Self::NotBuilt { refusal: NotBuilt::Bundler(_), .. } => "internal",
            Self::NotBuilt { .. } => "source-refused",
            Self::NotABundle(error) => match &**error {
                dayfly::Error::NotABundle(_) => "not-a-bundle",
                dayfly::Error::BundleTooLarge { .. } => "too-large",
                dayfly::Error::Source { .. } => "bundle-damaged",
                _ => "internal",
            },
            Self::Failed { failure, .. } => match Refusal::from(failure) {
                Refusal::Internal => "smoke-failed",
                refusal => refusal.code(),
            },
            Self::Unwell { .. } => "smoke-status",
        }
    }
}

/// The stack of a failure, with those of its causes.
pub(crate) fn stack_of(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Threw(thrown) => {
            let causes = std::iter::successors(Some(thrown), |thrown: &&Thrown| thrown.cause.as_deref());
            let stacks = causes.enumerate().map(|(depth, thrown)| match depth {
                0 => thrown.stack.clone(),
                _ => format!("caused by {thrown}\n{}", thrown.stack),
            });
            Some(stacks.collect::<Vec<_>>().join("\n"))
        }
        Failure::Exceeded { stack, .. } => stack.clone(),
        _ => None,
    }
}
