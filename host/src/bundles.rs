//! The bundles of many tenants.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::bundle::{Bundle, BundleId};
use crate::engine::Engine;
use crate::error::Error;

/// What a loaded bundle takes beside its heap: what is noted of it here and there. `dayfly bench density` shows it.
const OVERHEAD: u64 = 4 << 10;

/// Where the bytes of bundles come from when they are wanted: a folder, a database, a store of objects.
pub trait BundleSource: Send + Sync {
    /// The bytes of one bundle. May block.
    ///
    /// # Errors
    /// Whatever keeps them from being read; of kind `NotFound` where there is no such bundle.
    fn read(&self, id: BundleId) -> io::Result<Vec<u8>>;
}

impl<F: Fn(BundleId) -> io::Result<Vec<u8>> + Send + Sync> BundleSource for F {
    fn read(&self, id: BundleId) -> io::Result<Vec<u8>> {
        self(id)
    }
}

/// Bundles by their digest, loaded when they are wanted and kept within a budget of memory: the one that was used
/// longest ago goes first, and is loaded again, in milliseconds, when it is wanted again. Cheap to clone.
///
/// A render holds its bundle, so one that is dropped from here is gone only when its last render is.
#[derive(Clone)]
pub struct Bundles {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    source: Box<dyn BundleSource>,
    loaded: Cache<BundleId, Bundle>,
    loads: AtomicU64,
}

/// What [`Bundles`] holds and has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundlesStats {
    /// Bundles that are loaded.
    pub loaded: u64,
    /// Bytes of memory that these take, as the budget counts them.
    pub memory: u64,
    /// How often one was loaded.
    pub loads: u64,
}

impl Bundles {
    /// None is loaded yet. `budget` is in bytes: what the loaded bundles may take between renders. A bundle that is
    /// larger than all of it is loaded for each of its renders.
    pub fn new(engine: &Engine, budget: u64, source: impl BundleSource + 'static) -> Self {
        let loaded = Cache::builder()
            .max_capacity(budget / 1024)
            // In KiB, as a weight has 32 bits.
            .weigher(|_, bundle: &Bundle| u32::try_from(weight(bundle).div_ceil(1024)).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let source = Box::new(source);
        Self { inner: Arc::new(Inner { engine: engine.clone(), source, loaded, loads: AtomicU64::new(0) }) }
    }

    /// The bundle, loaded. Who asks for the same one meanwhile waits for the same load. Loading is done on a thread
    /// for what blocks.
    ///
    /// # Errors
    /// [`Error::Source`] if it cannot be read or is another one than was asked for; what [`Bundle::load`] says.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn get(&self, id: BundleId) -> Result<Bundle, Arc<Error>> {
        if let Some(bundle) = self.inner.loaded.get(&id) {
            return Ok(bundle);
        }
        let this = self.clone();
        let loading = tokio::task::spawn_blocking(move || this.get_blocking(id));
        loading.await.unwrap_or_else(|error| Err(Arc::new(Error::Sandbox(error.to_string()))))
    }

    /// The same on this thread.
    ///
    /// # Errors
    /// As [`Bundles::get`].
    pub fn get_blocking(&self, id: BundleId) -> Result<Bundle, Arc<Error>> {
        if let Some(bundle) = self.inner.loaded.get(&id) {
            return Ok(bundle);
        }
        let bundle = self.inner.loaded.try_get_with(id, || self.inner.load(id))?;
        // What is too much goes now, and not at some later call.
        self.inner.loaded.run_pending_tasks();
        Ok(bundle)
    }

    /// What is loaded, and how often something was.
    pub fn stats(&self) -> BundlesStats {
        self.inner.loaded.run_pending_tasks();
        BundlesStats {
            loaded: self.inner.loaded.entry_count(),
            memory: self.inner.loaded.weighted_size() * 1024,
            loads: self.inner.loads.load(Ordering::Relaxed),
        }
    }
}

impl Inner {
    fn load(&self, id: BundleId) -> Result<Bundle, Error> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        let bytes = self.source.read(id).map_err(|error| Error::Source { id, error })?;
        let bundle = Bundle::load(&self.engine, &bytes)?;
        if bundle.id() == id {
            return Ok(bundle);
        }
        let error = io::Error::new(io::ErrorKind::InvalidData, format!("what was read is bundle {}", bundle.id()));
        Err(Error::Source { id, error })
    }
}

fn weight(bundle: &Bundle) -> u64 {
    bundle.memory() + OVERHEAD
}

impl fmt::Debug for Bundles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundles").field("loaded", &self.inner.loaded.entry_count()).finish_non_exhaustive()
    }
}
