//! When somebody is to be told: conditions that hold for a while, from the samples of `history`.
//!
//! | step | module |
//! | --- | --- |
//! | the conditions that there are, with their texts | `rules` |
//! | which of them hold now | `facts`, `leak` |
//! | for how long they have, and what was said of it | here |
//! | the same conditions for Prometheus | `prometheus` |

mod facts;
mod leak;
pub(crate) mod prometheus;
mod rules;
mod runbooks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use self::facts::{Facts, Reading, TENANT, TROUGH, can_burn_fast};
pub(crate) use self::leak::troughs;
pub(crate) use self::rules::{Rule, Severity, Unit};
pub(crate) use self::runbooks::runbook;
use crate::store;

/// How many alarms that are over are kept.
const PAST: usize = 256;

/// A condition that holds, or did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Alarm {
    pub(crate) name: String,
    pub(crate) severity: Severity,
    /// Whose; null where it is the server's.
    pub(crate) tenant: Option<String>,
    pub(crate) state: State,
    /// Seconds since 1970: since when the condition holds, …
    pub(crate) since: f64,
    /// … when it had for long enough, …
    pub(crate) fired_at: Option<f64>,
    /// … and when it held no more.
    pub(crate) resolved_at: Option<f64>,
    pub(crate) value: f64,
    pub(crate) threshold: f64,
    pub(crate) unit: Unit,
    /// What is so, in a sentence.
    pub(crate) summary: String,
}

/// How far an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// The condition holds, and not for long enough yet.
    Pending,
    /// It does: somebody is told.
    Firing,
    /// It does not any more. One that never fired has no `fired_at`, and nobody was told of it.
    Resolved,
}

/// All alarms, with their file.
pub(crate) struct Alarms {
    path: PathBuf,
    kept: Kept,
    /// Whether processes were counted that the file does not have.
    has_counted: bool,
}

/// What outlives the process.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    active: Vec<Alarm>,
    /// Newest first.
    past: VecDeque<Alarm>,
    /// How many processes the kernel had killed when that was last looked at.
    oom_kills: Option<u64>,
    /// The webhooks that were told of what is active, with the mark of each; none where that was not noted yet.
    webhooks: Option<BTreeMap<String, String>>,
}

impl Alarms {
    /// A file that is none is as if there was nothing.
    pub(crate) fn open(state: &Path) -> Self {
        let path = state.join("alarms.json");
        let kept = store::read_or_new(&path);
        Self { path, kept, has_counted: false }
    }

    /// Takes in which conditions hold; gives the alarms that are not as they were before. `scale` is that of
    /// [`Alarms::scale`](crate::Alarms::scale).
    pub(crate) fn step(&mut self, now: f64, scale: f64, readings: Vec<Reading>) -> Vec<Alarm> {
        let mut before: BTreeMap<_, _> =
            self.kept.active.drain(..).map(|alarm| ((alarm.name.clone(), alarm.tenant.clone()), alarm)).collect();
        let mut changed = Vec::new();
        for reading in readings {
            let Reading { rule, tenant, value, threshold, summary } = reading;
            let key = (rule.name.to_owned(), tenant.as_ref().map(ToString::to_string));
            let known = before.remove(&key);
            let is_new = known.is_none();
            let mut alarm = known.unwrap_or_else(|| Alarm {
                name: key.0,
                severity: rule.severity,
                tenant: key.1,
                state: State::Pending,
                since: now,
                fired_at: None,
                resolved_at: None,
                value,
                threshold,
                unit: rule.unit,
                summary: String::new(),
            });
            (alarm.value, alarm.threshold, alarm.summary) = (value, threshold, summary);
            let is_due = alarm.state == State::Pending && now - alarm.since >= rule.hold.as_secs_f64() * scale;
            if is_due {
                (alarm.state, alarm.fired_at) = (State::Firing, Some(now));
            }
            if is_new || is_due {
                changed.push(alarm.clone());
            }
            self.kept.active.push(alarm);
        }
        for mut alarm in before.into_values() {
            (alarm.state, alarm.resolved_at) = (State::Resolved, Some(now));
            if alarm.fired_at.is_some() {
                self.kept.past.push_front(alarm.clone());
            }
            changed.push(alarm);
        }
        self.kept.past.truncate(PAST);
        changed
    }

    /// How many processes were killed since this was asked last, in this process or one before.
    pub(crate) fn killed(&mut self, count: Option<u64>) -> u64 {
        let Some(count) = count else { return 0 };
        self.has_counted |= self.kept.oom_kills != Some(count);
        match self.kept.oom_kills.replace(count) {
            None => 0,
            // Of another control group.
            Some(before) if before > count => count,
            Some(before) => count - before,
        }
    }

    /// Takes in which webhooks there are, each with a mark that is another one where it is told elsewhere; gives the names of those that
    /// there were not before, who know of no alarm.
    pub(crate) fn told(&mut self, webhooks: BTreeMap<String, String>) -> BTreeSet<String> {
        let Some(before) = self.kept.webhooks.replace(webhooks.clone()) else { return BTreeSet::new() };
        webhooks.into_iter().filter(|(name, mark)| before.get(name) != Some(mark)).map(|(name, _)| name).collect()
    }

    /// It is on the disk when this returns. Blocks.
    pub(crate) fn save(&mut self) -> io::Result<()> {
        store::write(&self.path, &serde_json::to_vec(&self.kept).expect("it is plain text and numbers"))?;
        self.has_counted = false;
        Ok(())
    }

    /// The same where processes were counted, which the next process is not to count again. Blocks.
    pub(crate) fn save_count(&mut self) -> io::Result<()> {
        if self.has_counted { self.save() } else { Ok(()) }
    }

    pub(crate) fn active(&self) -> &[Alarm] {
        &self.kept.active
    }

    /// Newest first.
    pub(crate) fn past(&self) -> &VecDeque<Alarm> {
        &self.kept.past
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn reading(name: &str, value: f64) -> Reading {
        let rule = Rule::named(name).unwrap();
        Reading { rule, tenant: None, value, threshold: 0.8, summary: format!("it is {value}") }
    }

    #[test]
    fn an_alarm_is_pending_then_fires_and_is_resolved_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let mut alarms = Alarms::open(folder.path());
        let high = |value| vec![reading("DayflyMemoryHigh", value)];
        let states = |changed: Vec<Alarm>| changed.iter().map(|alarm| alarm.state).collect::<Vec<_>>();
        assert_eq!(states(alarms.step(1000.0, 1.0, high(0.85))), [State::Pending]);
        assert_eq!(states(alarms.step(1299.0, 1.0, high(0.86))), []);
        alarms.save().unwrap();
        let mut alarms = Alarms::open(folder.path());
        let fired = alarms.step(1300.0, 1.0, high(0.87));
        assert_eq!((fired[0].state, fired[0].since, fired[0].fired_at), (State::Firing, 1000.0, Some(1300.0)));
        assert_eq!(states(alarms.step(1310.0, 1.0, high(0.9))), [], "it is said once");
        alarms.save().unwrap();
        let mut alarms = Alarms::open(folder.path());
        assert_eq!((alarms.active()[0].value, alarms.active()[0].summary.as_str()), (0.9, "it is 0.9"));
        let resolved = alarms.step(1320.0, 1.0, vec![]);
        assert_eq!((resolved[0].state, resolved[0].resolved_at), (State::Resolved, Some(1320.0)));
        assert_eq!((alarms.active().len(), alarms.past().len()), (0, 1));
        // What was short is no alarm that anybody was told of.
        alarms.step(1400.0, 1.0, high(0.9));
        assert_eq!(alarms.step(1410.0, 1.0, vec![])[0].fired_at, None);
        assert_eq!(alarms.past().len(), 1);
        // With a scale it comes sooner, and without a time at once.
        alarms.step(1500.0, 0.01, high(0.9));
        assert_eq!(states(alarms.step(1503.0, 0.01, high(0.9))), [State::Firing]);
        let killed = alarms.step(1504.0, 1.0, vec![reading("DayflyOOMKilled", 1.0)]);
        assert!(killed.iter().any(|alarm| alarm.name == "DayflyOOMKilled" && alarm.state == State::Firing));
    }

    #[test]
    fn a_webhook_is_new_by_its_name_or_by_its_mark_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let told = |webhooks: &[(&str, &str)]| {
            let mut alarms = Alarms::open(folder.path());
            let webhooks = webhooks.iter().map(|(name, mark)| ((*name).to_owned(), (*mark).to_owned())).collect();
            let new = alarms.told(webhooks);
            alarms.save().unwrap();
            new.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(told(&[("a", "1")]), [""; 0], "nothing was noted before");
        assert_eq!(told(&[("a", "1"), ("b", "1")]), ["b"]);
        assert_eq!(told(&[("a", "1"), ("b", "2")]), ["b"]);
        assert_eq!(told(&[("a", "2")]), ["a"]);
        assert_eq!(told(&[("a", "2"), ("b", "2")]), ["b"], "it was not there meanwhile");
        assert_eq!(told(&[("a", "2"), ("b", "2")]), [""; 0]);
    }

    #[test]
    fn the_alarms_that_are_kept_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut alarms = Alarms::open(folder.path());
        for round in 0..PAST + 10 {
            alarms.step(round as f64 * 20.0, 1.0, vec![reading("DayflyConfigStale", 1.0)]);
            alarms.step(round as f64 * 20.0 + 10.0, 1.0, vec![]);
        }
        assert_eq!(alarms.past().len(), PAST);
        assert_eq!(alarms.past()[0].since, (PAST + 9) as f64 * 20.0);
    }

    #[test]
    fn processes_that_were_killed_are_counted_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut alarms = Alarms::open(folder.path());
        assert_eq!([Some(3), Some(3), None, Some(5)].map(|count| alarms.killed(count)), [0, 0, 0, 2]);
        alarms.save().unwrap();
        let mut alarms = Alarms::open(folder.path());
        assert_eq!([Some(6), Some(1)].map(|count| alarms.killed(count)), [1, 1]);
        // Without an alarm too.
        alarms.save_count().unwrap();
        let mut alarms = Alarms::open(folder.path());
        assert_eq!(alarms.killed(Some(2)), 1);
    }
}
