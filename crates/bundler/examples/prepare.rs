//! Prepares an engine that has just been linked: `cargo run --example prepare -- LINKED.wasm ENGINE.wasm`.
//!
//! `guest/build.sh` calls it. The runtime and its globals are made here, once, and what they leave in memory becomes the
//! engine's, so that no build and no run makes them again.

use std::error::Error;
use std::fs;

use wasmtime::{Caller, Config, Engine, Extern, Linker, Module, Store};
use wasmtime_wizer::Wizer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [linked, prepared] = &arguments[..] else { return Err("usage: prepare LINKED.wasm ENGINE.wasm".into()) };
    let wasm = fs::read(linked)?;
    let engine = Engine::new(&Config::new())?;
    let mut store = Store::new(&engine, ());
    let wizer = Wizer::new();
    let snapshot = wizer.run(&mut store, &wasm, async |store, module: &Module| {
        let mut linker = Linker::new(store.engine());
        // The globals are made without the host: what asks it for anything is a defect, and ends the build.
        linker.define_unknown_imports_as_traps(module)?;
        linker.allow_shadowing(true).func_wrap("dayfly:sandbox/console@0.1.0", "write", write)?;
        linker.instantiate_async(store, module).await
    });
    fs::write(prepared, snapshot.await?)?;
    Ok(())
}

/// Prints a line of the console's, which says what is wrong with the globals.
#[expect(clippy::too_many_arguments, reason = "the flat parameters of the contract's function")]
#[expect(clippy::print_stderr, reason = "a program for people at a terminal")]
fn write(mut caller: Caller<'_, ()>, _: i32, text: i32, length: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32) {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let start = text as u32 as usize;
    let bytes =
        memory.and_then(|memory| memory.data(&caller).get(start..start + length as u32 as usize).map(<[u8]>::to_vec));
    eprintln!("{}", String::from_utf8_lossy(&bytes.unwrap_or_default()));
}
