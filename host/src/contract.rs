//! The contract of `wit/` as Rust types. Generated; nothing else in this crate names its items by their WIT names.
#![allow(missing_docs, unreachable_pub, reason = "generated; the documentation is in wit/")]
#![allow(clippy::pedantic, reason = "generated")]

wasmtime::component::bindgen!({
    world: "app",
    path: "../wit",
    imports: { "dayfly:sandbox/clock.sleep": async | trappable, "dayfly:sandbox/response.write": async | trappable, "dayfly:sandbox/response.finish": async | trappable, "dayfly:sandbox/outgoing.wait": async | trappable, default: trappable },
    exports: { default: async },
});

pub(crate) use self::dayfly::sandbox::{clock, console, outgoing, random, response};
pub(crate) use self::exports::dayfly::sandbox::{handler, renderer};

/// What a bundle imports, and all that it may import.
pub(crate) const IMPORTS: [&str; 5] = [
    "dayfly:sandbox/console@0.1.0",
    "dayfly:sandbox/clock@0.1.0",
    "dayfly:sandbox/random@0.1.0",
    "dayfly:sandbox/response@0.1.0",
    "dayfly:sandbox/outgoing@0.1.0",
];

/// What a bundle exports.
pub(crate) const RENDERER: &str = "dayfly:sandbox/renderer@0.1.0";
pub(crate) const HANDLER: &str = "dayfly:sandbox/handler@0.1.0";
