//! Locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What `mutex` guards. A thread that ended while it held the lock left that whole: what is behind a lock in this crate is
/// a list or a pointer, changed in one step.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
