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
/// How many of them are of tenants' alarms, and of the server's: hundreds may come at once, and are to push nothing else out.
const OF_TENANTS: usize = 150;
const OF_SERVER: usize = 100;
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
        let all = store::read_or_new(&path);
        Self { path, all }
    }

    /// They are on the disk when this returns. Blocks.
    pub(super) fn add(&mut self, marks: Vec<Mark>) -> io::Result<()> {
        self.all.extend(marks);
        let is_alarm = |mark: &Mark| matches!(mark.kind, MarkKind::Alarm | MarkKind::Resolved);
        self.keep_last(OF_TENANTS, |mark| is_alarm(mark) && mark.tenant.is_some());
        self.keep_last(OF_SERVER, |mark| is_alarm(mark) && mark.tenant.is_none());
        self.keep_last(MOST, |_| true);
        store::write(&self.path, &serde_json::to_vec(&self.all).expect("it is plain text and numbers"))
    }

    /// Drops the oldest of some, until there are so many.
    fn keep_last(&mut self, most: usize, is_one: impl Fn(&Mark) -> bool) {
        let mut over = self.all.iter().filter(|mark| is_one(mark)).count().saturating_sub(most);
        self.all.retain(|mark| {
            let goes = over > 0 && is_one(mark);
            over -= usize::from(goes);
            !goes
        });
    }

    /// Those of a time, in seconds, that somebody wants to see.
    pub(super) fn of(&self, from: f64, to: f64, is_wanted: impl Fn(&Mark) -> bool) -> Vec<Mark> {
        let is_of = |mark: &&Mark| (from..=to).contains(&mark.at) && is_wanted(mark);
        self.all.iter().filter(is_of).cloned().collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn many_alarms_at_once_leave_the_marks_of_all_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut marks = Marks::open(folder.path().join("marks.json"));
        let shop = "shop".parse().unwrap();
        let one = |kind, tenant, text: String| Mark::now(kind, tenant, text);
        marks.add(vec![one(MarkKind::Start, None, "start".into())]).unwrap();
        marks.add((0..120).map(|number| one(MarkKind::Deploy, Some(&shop), format!("{number}"))).collect()).unwrap();
        marks.add(vec![one(MarkKind::Alarm, None, "memory".into())]).unwrap();
        for kind in [MarkKind::Alarm, MarkKind::Resolved] {
            marks.add((0..300).map(|number| one(kind, Some(&shop), format!("{number}"))).collect()).unwrap();
        }
        let count = |marks: &Marks, kind| marks.of(0.0, f64::MAX, |mark| mark.kind == kind).len();
        let counts = |marks: &Marks| {
            [MarkKind::Start, MarkKind::Deploy, MarkKind::Alarm, MarkKind::Resolved].map(|kind| count(marks, kind))
        };
        assert_eq!(counts(&marks), [1, 120, 1, OF_TENANTS], "the last ones of tenants stay, and the server's own");
        assert_eq!(counts(&Marks::open(folder.path().join("marks.json"))), [1, 120, 1, OF_TENANTS]);
        marks.add((0..600).map(|number| one(MarkKind::Deploy, Some(&shop), format!("{number}"))).collect()).unwrap();
        assert_eq!((marks.all.len(), marks.all.back().unwrap().text.as_str()), (MOST, "599"));
        marks.add((0..300).map(|number| one(MarkKind::Alarm, None, format!("{number}"))).collect()).unwrap();
        assert_eq!(counts(&marks), [0, MOST - OF_SERVER, OF_SERVER, 0]);
    }
}
