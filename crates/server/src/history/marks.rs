//! What happened, and when: what the eye looks for on a curve.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::TenantName;
use crate::store;

/// How many are kept, and how long their texts may be.
const MOST: usize = 500;
const LONGEST: usize = 200;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Mark {
    /// Seconds since 1970.
    pub(crate) at: f64,
    pub(crate) kind: MarkKind,
    /// Whose; null where it is the server's.
    pub(crate) tenant: Option<String>,
    pub(crate) text: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MarkKind {
    /// The server was started.
    Start,
    /// A tenant has another app.
    Deploy,
    /// A tenant has an app again that it had before.
    Rollback,
    /// The configuration was read again.
    Reload,
    /// An alarm fires.
    Alarm,
    /// It does not any more.
    Resolved,
}

impl Mark {
    pub(crate) fn now(kind: MarkKind, tenant: Option<&TenantName>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
        }
        Self { at: crate::samples::now().as_secs_f64(), kind, tenant: tenant.map(ToString::to_string), text }
    }
}

/// The last ones, oldest first, with their file.
pub(super) struct Marks {
    path: PathBuf,
    all: VecDeque<Mark>,
}

impl Marks {
    /// A file that is none is as if there was nothing: it is of a newer version, or somebody's work.
    pub(super) fn open(path: PathBuf) -> Self {
        let all = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { path, all: all.unwrap_or_default() }
    }

    /// It is on the disk when this returns. Blocks.
    pub(super) fn add(&mut self, mark: Mark) -> io::Result<()> {
        self.all.push_back(mark);
        while self.all.len() > MOST {
            self.all.pop_front();
        }
        store::write(&self.path, &serde_json::to_vec(&self.all).expect("it is plain text and numbers"))
    }

    /// Those of a time, in seconds, that somebody wants to see.
    pub(super) fn of(&self, from: f64, to: f64, is_wanted: impl Fn(&Mark) -> bool) -> Vec<Mark> {
        let is_of = |mark: &&Mark| (from..=to).contains(&mark.at) && is_wanted(mark);
        self.all.iter().filter(is_of).cloned().collect()
    }
}
