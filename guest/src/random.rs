//! Randomness: one seed from the host at the start of a render, for `Math.random` and for QuickJS's hash tables.

use std::cell::RefCell;

use fastrand::Rng;
use javy::quickjs::{Ctx, Object, Result};

use crate::contract::loader::NoticeKind;
use crate::contract::random;
use crate::runtime::define;
use crate::{notices, quickjs};

thread_local! {
    static RNG: RefCell<Rng> = RefCell::new(Rng::with_seed(0));
}

/// Seeds everything anew.
pub fn renew(ctx: &Ctx<'_>) {
    let mut rng = Rng::with_seed(random::seed());
    quickjs::set_hash_seed(ctx, rng.u32(..));
    RNG.set(rng);
}

/// Fills bytes with the host's randomness, which is fit for keys.
pub fn fill(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&random::seed().to_le_bytes()[..chunk.len()]);
    }
}

/// Replaces `Math.random`. QuickJS's own has its state in the context, where a snapshot would freeze it.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    let math: Object<'_> = ctx.globals().get("Math")?;
    define(&math, "random", math_random)
}

fn math_random() -> f64 {
    notices::record(NoticeKind::Random, || "Math.random()".into());
    RNG.with_borrow_mut(Rng::f64)
}
