//! The public listener.

use super::server::{SERVING, check, exchange, is_well};
use super::shared::nothing_is_left;

/// Sends the bytes.
pub fn run(bytes: &[u8]) {
    let serving = &*SERVING;
    check(&exchange(serving.public, bytes));
    is_well(serving.public, "well.example", "/well");
    nothing_is_left();
}
