//! Randomness: one seed from the host at the start of a render, for `Math.random` and for QuickJS's hash tables.

use std::cell::RefCell;
use std::convert::Infallible;

use fastrand::Rng;
use javy::quickjs::{Ctx, Object, Result as JsResult};
use rand_core::{TryCryptoRng, TryRng};

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
        chunk.copy_from_slice(&draw().to_le_bytes()[..chunk.len()]);
    }
}

/// 64 bits of the host's, and with them those of the generator, which take nothing from them: a host may answer the same
/// each time, as the one that builds does, and whoever draws until a number fits would draw for ever.
fn draw() -> u64 {
    random::seed() ^ RNG.with_borrow_mut(|rng| rng.u64(..))
}

/// The host's randomness, for what makes keys of it.
pub struct HostRandom;

impl TryRng for HostRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(draw() as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(draw())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for HostRandom {}

/// Replaces `Math.random`. QuickJS's own has its state in the context, where a snapshot would freeze it.
pub fn install(ctx: &Ctx<'_>) -> JsResult<()> {
    let math: Object<'_> = ctx.globals().get("Math")?;
    define(&math, "random", math_random)
}

fn math_random() -> f64 {
    notices::record(NoticeKind::Random, || "Math.random()".into());
    RNG.with_borrow_mut(Rng::f64)
}
