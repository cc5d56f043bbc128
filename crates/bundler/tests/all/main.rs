//! The bundler as its users call it. What a bundle does is tested in the workspace's `tests/all`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;

use dayfly_bundler::{Bundler, Source};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn builds_beyond_the_slots_wait_and_succeed() {
    let bundler = Arc::new(Bundler::new().unwrap());
    let mut builds = JoinSet::new();
    for _ in 0..8 {
        let bundler = bundler.clone();
        builds.spawn(async move {
            let source = Source::new("app.js", "globalThis.render = () => 'hello'");
            bundler.build(&source, &Bundler::limits()).await
        });
    }
    for build in builds.join_all().await {
        assert!(build.artifact.is_ok(), "{build:#?}");
    }
}
