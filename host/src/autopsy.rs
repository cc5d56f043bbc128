//! What a render has left that a limit ended, for who wants to look at it.

use std::fmt;
use std::sync::Arc;

use crate::limits::Limit;

/// Looks at the linear memory of a render that a limit has ended: see [`EngineConfig::autopsy`](crate::EngineConfig::autopsy).
///
/// The guest is gone, and does no work for it. The memory is as it was left, in the middle of whatever happened; `dayfly-lab` reads
/// the JavaScript heap out of it.
#[derive(Clone)]
pub struct Autopsy(Arc<Look>);

type Look = dyn Fn(Limit, &[u8]) + Send + Sync;

impl Autopsy {
    /// `look` gets the limit, and the memory from address 0. It is called on the thread on which the render ran, before the
    /// outcome is given: what takes long had better copy the memory and be done elsewhere.
    pub fn new(look: impl Fn(Limit, &[u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(look))
    }

    pub(crate) fn look(&self, limit: Limit, memory: &[u8]) {
        (self.0)(limit, memory);
    }
}

impl fmt::Debug for Autopsy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Autopsy").finish_non_exhaustive()
    }
}

/// Two are the same if one is a clone of the other.
impl PartialEq for Autopsy {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Autopsy {}
