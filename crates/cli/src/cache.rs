//! Where compiled engines are kept between two runs.

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use dayfly::{Cache, Engine, EngineConfig};
use dayfly_bundler::Bundler;

/// Whether compiled engines are kept.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// Compile the engine anew, and leave nothing on disk
    ///
    /// It is kept otherwise, under $XDG_CACHE_HOME/dayfly or ~/.cache/dayfly, readable for its owner only, and what
    /// this machine did not write there itself is never loaded.
    #[arg(long, global = true)]
    no_cache: bool,
}

impl CacheArgs {
    /// Where compiled engines are kept, if they are to be.
    pub(crate) fn folder(&self) -> Option<std::path::PathBuf> {
        Cache::default_folder().filter(|_| !self.no_cache)
    }

    /// The cache, if there is to be one and there can be. One that cannot be opened is said and not needed.
    fn open(&self) -> Option<Arc<Cache>> {
        let folder = self.folder()?;
        match Cache::open(&folder) {
            Ok(cache) => Some(Arc::new(cache)),
            Err(error) => {
                anstream::eprintln!("warning: nothing is cached: {error}; --no-cache says that this is well");
                None
            }
        }
    }

    pub(crate) fn engine(&self, config: &EngineConfig) -> Result<Engine> {
        Ok(match self.open() {
            Some(cache) => Engine::with_cache(config, cache)?,
            None => Engine::new(config)?,
        })
    }

    pub(crate) fn bundler(&self, config: &EngineConfig) -> Result<Bundler> {
        Ok(Bundler::start(config, self.open())?)
    }
}
