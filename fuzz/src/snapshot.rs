//! The comparison of two heap snapshots in V8's format.

use dayfly_lab::diff;

/// Compares what is before the first zero byte with what is behind it; without one, the bytes with themselves.
pub fn run(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let before = parts.next().unwrap_or_default();
    let after = parts.next().unwrap_or(before);
    if let Ok(difference) = diff(before, after) {
        for change in difference.constructors.iter().chain(&difference.paths) {
            assert!(
                change.delta() <= change.new as i64 && change.delta_bytes() <= change.new_bytes as i64,
                "{change:?}"
            );
        }
    }
}
