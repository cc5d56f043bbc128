//! Compiled code that this process maps and runs without compiling it: the only unsafe code of this crate.
//!
//! Compiled code is as good as native code, so it comes from two places only: from the compiler in this process, and
//! from a cache entry that is authenticated before it is looked at (see [`Cache`]).
#![allow(unsafe_code, reason = "wasmtime cannot check that compiled code is its own; each function says who does")]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::cache::{Cache, CacheKey};

/// What the kernel shares and maps: the zero pages of an image take no memory.
const PAGE: usize = 4096;

/// Compiles a heap image and maps it from a sealed file in memory, which its renders map copy-on-write.
///
/// Compiled the usual way there would be two copies of each heap, one with the module and one to map from.
///
/// # Errors
/// The inner error is the kernel's, which has no room for another file or mapping; the outer one the compiler's.
pub(crate) fn heap_image(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<io::Result<(Module, u64)>> {
    let compiled = engine.precompile_module(wasm)?;
    let (file, resident) = match sealed(&compiled) {
        Ok(sealed) => sealed,
        Err(error) => return Ok(Err(error)),
    };
    // SAFETY: these are the bytes that this engine's compiler has just made, unchanged: the file has no name, was never
    // handed out, and is sealed against writing.
    let module = unsafe { Module::deserialize_open_file(engine, file)? };
    Ok(Ok((module, resident)))
}

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

/// A file in memory with these bytes that nobody can change any more, and how many bytes of memory it takes.
fn sealed(bytes: &[u8]) -> io::Result<(File, u64)> {
    let file = File::from(memfd_create("dayfly-heap", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    ftruncate(&file, bytes.len() as u64)?;
    let mut resident = 0;
    for (number, page) in bytes.chunks(PAGE).enumerate() {
        // A page that was never written is zero, and takes no memory.
        if page.iter().any(|byte| *byte != 0) {
            file.write_all_at(page, (number * PAGE) as u64)?;
            resident += PAGE as u64;
        }
    }
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok((file, resident))
}
