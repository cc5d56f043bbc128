//! What is fuzzed, on the inputs that are committed, without libFuzzer: so that no target rots, and what was once found stays mended.

use std::fs;
use std::sync::{Mutex, PoisonError};

use crate::support::{has, left_out, root};

// The fuzzers' own sources: they are a workspace of their own, which is built with instrumentation.
#[path = "../../fuzz/src/lib.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "it is the library of another workspace")]
mod targets;

#[track_caller]
fn replay(name: &str, run: fn(&[u8])) {
    let folder = root().join("fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no inputs", folder.display());
    // One at a time: each looks whether a render is left.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let done = std::panic::catch_unwind(|| run(&bytes));
        assert!(done.is_ok(), "{}: see above", file.display());
    }
}

#[test]
fn the_admin_api_stands_what_is_sent() {
    replay("admin", targets::admin::run);
}

#[test]
fn bundles_load_or_say_why_not() {
    replay("bundle", targets::bundle::run);
}

#[test]
fn configurations_are_read_or_said_to_be_wrong() {
    replay("config", targets::config::run);
}

#[test]
fn programs_do_the_same_in_dayfly_and_in_node() {
    if !has("node", &["--version"]) {
        return left_out("programs_do_the_same_in_dayfly_and_in_node", "it needs node, which is not here");
    }
    replay("differential", targets::differential::run);
}

#[test]
fn heaps_in_any_state_are_read_or_said_to_be_damaged() {
    replay("heap", targets::heap::run);
}

#[test]
fn the_public_listener_stands_what_is_sent() {
    replay("request", targets::request::run);
}

#[test]
fn snapshots_are_compared_or_said_to_be_none() {
    replay("snapshot", targets::snapshot::run);
}

#[test]
fn source_maps_are_read_or_said_to_be_none() {
    replay("source_map", targets::source_map::run);
}

#[test]
fn values_of_a_guest_that_keeps_to_nothing_are_stood() {
    replay("values", targets::values::run);
}
