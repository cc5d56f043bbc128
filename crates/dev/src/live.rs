//! What is served now, and what is wrong with the newest sources.

use std::sync::Arc;
use std::time::SystemTime;

use dayfly::Engine;
use dayfly_bundler::Bundler;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::build::{Attempt, Build, Dev, attempt};
use crate::event::Event;
use crate::problem::Problem;
use crate::watch::Watcher;

/// What is served.
#[derive(Clone, Default)]
pub(crate) struct Live {
    /// The last good build.
    pub(crate) build: Option<Arc<Build>>,
    /// Why there is no newer one.
    pub(crate) problem: Option<Arc<Problem>>,
}

impl Live {
    /// Whether there is something to answer with.
    pub(crate) fn is_settled(&self) -> bool {
        self.build.is_some() || self.problem.is_some()
    }

    /// What pages that are open are told.
    pub(crate) fn message(&self) -> String {
        json!({ "build": self.build_name(), "problem": self.problem.as_deref() }).to_string()
    }

    pub(crate) fn build_name(&self) -> &str {
        self.build.as_ref().map_or("", |build| &build.name)
    }
}

/// Builds, and builds anew after each change, for as long as it is polled.
pub(crate) async fn keep_building(
    dev: Arc<Dev>,
    bundler: Bundler,
    engine: Engine,
    live: watch::Sender<Live>,
    events: mpsc::Sender<Event>,
) {
    let mut watcher = Watcher::new();
    if let Err(error) = &watcher {
        let _ = events.send(Event::Unwatched { why: error.to_string() }).await;
    }
    // Of another process, a build has another name.
    let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    for number in 1_u64.. {
        let since = SystemTime::now();
        let Attempt { build, read, event } = attempt(&dev, &bundler, &engine, format!("{started:x}-{number}")).await;
        let is_broken = build.is_err();
        // Before pages are told: who sees the message may change a file at once.
        let unwatched = watcher.as_mut().ok().and_then(|watcher| watcher.watch(read, is_broken, since));
        if settle(&live, build) {
            let _ = events.send(event).await;
        }
        if let Some(error) = unwatched {
            let _ = events.send(Event::Unwatched { why: error.to_string() }).await;
        }
        match &watcher {
            Ok(watcher) => watcher.changed().await,
            Err(_) => return std::future::pending().await,
        }
    }
}

/// Takes what came of an attempt; whether that is news.
fn settle(live: &watch::Sender<Live>, build: Result<Build, Problem>) -> bool {
    live.send_if_modified(|live| {
        let was_broken = live.problem.is_some();
        match build {
            Ok(build) => {
                let is_new = !live.build.as_ref().is_some_and(|served| served.is_like(&build));
                if is_new {
                    live.build = Some(Arc::new(build));
                }
                live.problem = None;
                is_new || was_broken
            }
            Err(problem) => {
                let is_new = live.problem.as_deref() != Some(&problem);
                live.problem = Some(Arc::new(problem));
                is_new
            }
        }
    })
}
