//! The admin API.

use super::server::{SERVING, check, exchange, is_well};

/// Sends the bytes, in which `TOKEN` stands for a token that may do everything.
pub fn run(bytes: &[u8]) {
    let serving = &*SERVING;
    let mut sent = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(5).position(|window| window == b"TOKEN") {
        sent.extend_from_slice(&rest[..at]);
        sent.extend_from_slice(serving.token.as_bytes());
        rest = &rest[at + 5..];
    }
    sent.extend_from_slice(rest);
    // What goes on until its reader leaves would take the patience of who waits for its end.
    if String::from_utf8_lossy(&sent).contains("/events") || sent.windows(6).any(|window| window == b"follow") {
        return;
    }
    check(&exchange(serving.admin, &sent));
    is_well(serving.admin, "localhost", "/livez");
}
