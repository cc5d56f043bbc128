//! Compiled code that this process runs without compiling it.
//!
//! Compiled code is as good as native code, so it comes from a cache entry that is authenticated before it is looked at
//! (see [`Cache`]), or from the compiler.
#![allow(unsafe_code, reason = "wasmtime cannot check that compiled code is its own; the cache does")]

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::{Cache, CacheKey};

/// Takes a component from the cache, or compiles it and leaves it there.
pub(crate) fn component<B: AsRef<[u8]>>(
    engine: &Engine,
    cache: &Cache,
    key: &CacheKey,
    wasm: impl FnOnce() -> wasmtime::Result<B>,
) -> wasmtime::Result<Component> {
    if let Some(compiled) = cache.load(key) {
        // SAFETY: the cache has authenticated these very bytes under this machine's key, so they are what an engine of
        // this version with these settings, both of which the entry's name is made of, gave to `Cache::store` below.
        let component = unsafe { Component::deserialize(engine, &compiled) };
        // Otherwise it is of another build of wasmtime, which it says itself, and is compiled anew.
        if let Ok(component) = component {
            return Ok(component);
        }
    }
    let component = Component::from_binary(engine, wasm()?.as_ref())?;
    // What could not be written is counted, and the next process compiles it again.
    let _ = component.serialize().map(|compiled| cache.store(key, &compiled));
    Ok(component)
}
