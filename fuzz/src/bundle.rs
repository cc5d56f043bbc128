//! The loader of bundles.

use dayfly::{Bundle, Limits};

use super::shared::{ENGINE, RUNTIME, nothing_is_left};

/// Loads the bytes, and renders with what loads.
pub fn run(bytes: &[u8]) {
    let Ok(bundle) = Bundle::load(&ENGINE, bytes) else { return };
    let limits = Limits { fuel: Some(1_000_000), memory: 8 << 20, ..Limits::default() };
    let _ = RUNTIME.block_on(ENGINE.render(&bundle, &limits, "null"));
    nothing_is_left();
}
