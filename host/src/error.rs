//! What keeps the host from doing its work.

/// The host could not do its work. What an app does wrong is no error: see [`Failure`](crate::Failure).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine could not be set up as configured.
    #[error("the engine cannot start: {0}")]
    Engine(String),
    /// The bytes are not a bundle.
    #[error("not a bundle: {0}")]
    NotABundle(String),
    /// The bundle is larger than [`EngineConfig::bundle`](crate::EngineConfig::bundle).
    #[error("the bundle has {size} bytes and the engine takes at most {most}: raise EngineConfig::bundle")]
    BundleTooLarge {
        /// The bundle's size in bytes.
        size: u64,
        /// The engine's bound in bytes.
        most: u64,
    },
    /// The machine has no room for another bundle.
    #[error("no room for the bundle: {0}; raise the limit of open files (ulimit -n) or drop bundles")]
    NoRoom(std::io::Error),
    /// A bundle could not be read from where [`Bundles`](crate::Bundles) has them.
    #[error("bundle {id} cannot be read: {error}")]
    Source {
        /// The bundle that was asked for.
        id: crate::BundleId,
        /// Why.
        error: std::io::Error,
    },
    /// Every slot of the engine is taken, and the caller did not want to wait for one.
    #[error("all {renders} renders that may run at once are running: wait, or raise EngineConfig::concurrency")]
    Busy {
        /// How many slots there are: [`EngineConfig::concurrency`](crate::EngineConfig::concurrency).
        renders: u32,
    },
    /// A limit in fuel was asked of an engine that does not count it.
    #[error("the limits have fuel and the engine does not count it: set EngineConfig::fuel")]
    FuelNotCounted,
    /// The props, or a handler's environment, are not JSON.
    #[error("the props are not JSON: {0}")]
    InvalidProps(String),
    /// A store could not be made for the render.
    #[error("no sandbox could be made: {0}")]
    Sandbox(String),
}
