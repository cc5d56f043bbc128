//! What was, in the folder of state: samples of a week, and what happened meanwhile.
//!
//! | file | what | bytes |
//! | --- | --- | --- |
//! | `history/server` | a row of the server for each of 60,480 samples: a week at 10 s | 4.4 MB |
//! | `history/tenants` | for each of [`History::tenants`](crate::History::tenants) a row for each of its last 360 samples, an hour, and for the week before one for each 30 of them | 124 KB each |
//! | `history/names.json` | which tenant has which rows there | 50 each |
//! | `history/marks.json` | the last 500 marks, of alarms 250 of them at most | at most 150 KB |
//!
//! Rows have the same size and a checksum, and their place follows from their time. So a file never grows beyond its size, nothing
//! is moved or counted, and a row that was written by half, or is a week old, is known for none. Rows are not synchronised: a
//! process that is killed has handed the kernel all but the one that it was about to write; a machine that loses its power loses
//! half a minute.

mod marks;
mod rows;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;

use self::marks::Marks;
pub(crate) use self::marks::{Mark, MarkKind};
use self::rows::Rows;
use crate::alarms::Alarm;
use crate::config::{self, TenantName};
use crate::samples::{Sample, TenantSample};
use crate::store;

/// Samples of the server: a week at 10 s.
pub(crate) const WEEK: u64 = 60_480;
/// Samples of a tenant, one by one: an hour at 10 s.
const HOUR: u64 = 360;
/// How many of them are put together for the time before that: five minutes at 10 s.
const TOGETHER: u64 = 30;
/// Rows of a tenant.
const OF_TENANT: u64 = HOUR + WEEK / TOGETHER;

/// What a listener may be behind: an alarm and a mark of hundreds of tenants come at once.
const BEHIND: usize = 1024;

/// What was. Its methods block, but for [`History::listen`] and [`History::tell`].
pub(crate) struct History {
    pub(crate) interval: Duration,
    server: Mutex<Server>,
    tenants: Mutex<Tenants>,
    marks: Mutex<Marks>,
    live: broadcast::Sender<Live>,
}

/// What happens now.
#[derive(Clone, Debug)]
pub(crate) enum Live {
    Sample(Box<Sample>),
    Alarm(Box<Alarm>),
    Mark(Mark),
}

/// The server's samples: in memory too, as alarms look at days of them.
struct Server {
    rows: Vec<[u32; Sample::FIELDS]>,
    file: Rows<{ Sample::FIELDS }>,
}

/// The tenants' samples, on the disk alone.
struct Tenants {
    file: Rows<{ TenantSample::FIELDS }>,
    names: PathBuf,
    most: u64,
    /// Who has which place.
    places: BTreeMap<TenantName, u64>,
    /// The last sample of those of whom one came since the start.
    last: HashMap<TenantName, u64>,
    /// The tick of the first ones: who is silent since then may have been asked just before.
    first: Option<u64>,
}

impl History {
    /// Opens what there is in the folder of state.
    pub(crate) fn open(state: &Path, config: &config::History) -> io::Result<Self> {
        let folder = state.join("history");
        store::open_folder(&folder)?;
        // Rows of another interval are at other places.
        let kind = |what: &str| format!("dayfly history 1: {what}, {} ms", config.interval.as_millis());
        let file = Rows::open(&folder.join("server"), &kind("server"))?;
        let server = Server { rows: file.read(0, WEEK)?, file };
        let file = Rows::open(&folder.join("tenants"), &kind("tenants"))?;
        Ok(Self {
            interval: config.interval,
            server: Mutex::new(server),
            tenants: Mutex::new(Tenants::open(file, folder.join("names.json"), config.tenants as u64)),
            marks: Mutex::new(Marks::open(folder.join("marks.json"))),
            live: broadcast::Sender::new(BEHIND),
        })
    }

    /// The tick of a time since 1970.
    pub(crate) fn tick(&self, time: Duration) -> u64 {
        let tick = time.as_millis() / self.interval.as_millis().max(1);
        u64::try_from(tick).unwrap_or(u64::MAX)
    }

    /// How many ticks a time takes, at least one.
    pub(crate) fn ticks(&self, time: Duration) -> u64 {
        self.tick(time).max(1)
    }

    /// Keeps a sample of the server. If the disk does not take it, memory still does.
    pub(crate) fn put(&self, sample: &Sample) -> io::Result<()> {
        let (row, index) = (sample.row(), sample.tick % WEEK);
        let mut server = lock(&self.server);
        server.rows[index as usize] = row;
        server.file.write(index, &row)
    }

    /// Keeps samples of tenants. `is_there` says who is served.
    pub(crate) fn put_tenants(
        &self,
        samples: &[(TenantName, TenantSample)],
        is_there: impl Fn(&TenantName) -> bool,
    ) -> io::Result<()> {
        lock(&self.tenants).put(samples, is_there)
    }

    /// The server's samples of some ticks, by their ticks; those of more than a week are none.
    pub(crate) fn server(&self, ticks: RangeInclusive<u64>) -> Vec<Option<Sample>> {
        let server = lock(&self.server);
        ticks.map(|tick| Sample::of(tick, &server.rows[(tick % WEEK) as usize])).collect()
    }

    /// The server's samples, from a tick back; with each, how many ticks it is before that one.
    pub(crate) fn back(&self, from: u64, count: u64, mut each: impl FnMut(u64, &Sample)) {
        let server = lock(&self.server);
        for age in 0..count.min(WEEK).min(from) {
            let tick = from - age;
            if let Some(sample) = Sample::of(tick, &server.rows[(tick % WEEK) as usize]) {
                each(age, &sample);
            }
        }
    }

    /// How many ticks are in one of a tenant's samples from a tick on, if all are to be of as many.
    pub(crate) fn grain(from: u64, now: u64) -> u64 {
        if from + HOUR + TOGETHER < now { TOGETHER } else { 1 }
    }

    /// A tenant's samples from a tick on, oldest first: one by one those of the last hour before `now`, and put together those before,
    /// if the [grain](History::grain) is one of them.
    pub(crate) fn tenant(&self, name: &TenantName, from: u64, now: u64) -> io::Result<Vec<TenantSample>> {
        lock(&self.tenants).get(name, from, now)
    }

    /// All tenants' samples from a tick on, oldest first, of those that are kept one by one.
    pub(crate) fn recent(&self, from: u64, now: u64) -> io::Result<HashMap<TenantName, VecDeque<TenantSample>>> {
        lock(&self.tenants).recent(from, now)
    }

    /// Keeps marks, and tells those who listen.
    pub(crate) fn mark(&self, marks: Vec<Mark>) {
        for mark in &marks {
            let _ = self.live.send(Live::Mark(mark.clone()));
        }
        if let Err(error) = lock(&self.marks).add(marks) {
            tracing::warn!("what happened cannot be kept in the folder of state: {error}");
        }
    }

    /// Marks of a time, in seconds since 1970.
    pub(crate) fn marks(&self, from: f64, to: f64, is_wanted: impl Fn(&Mark) -> bool) -> Vec<Mark> {
        lock(&self.marks).of(from, to, is_wanted)
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Live> {
        self.live.subscribe()
    }

    /// Tells those who listen, of whom there may be none.
    pub(crate) fn tell(&self, live: Live) {
        let _ = self.live.send(live);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tenants {
    /// Names that cannot be read are as if there were none.
    fn open(file: Rows<{ TenantSample::FIELDS }>, names: PathBuf, most: u64) -> Self {
        let read: BTreeMap<String, u64> = store::read_or_new(&names);
        let places = read.into_iter().filter(|(_, place)| *place < most);
        let places = places.filter_map(|(name, place)| Some((name.parse().ok()?, place))).collect();
        Self { file, names, most, places, last: HashMap::new(), first: None }
    }

    fn put(
        &mut self,
        samples: &[(TenantName, TenantSample)],
        is_there: impl Fn(&TenantName) -> bool,
    ) -> io::Result<()> {
        self.first = self.first.or_else(|| samples.iter().map(|(_, sample)| sample.tick).min());
        self.give_places(samples, is_there)?;
        for (name, sample) in samples {
            let Some(place) = self.places.get(name) else { continue };
            let first = place * OF_TENANT;
            // Before the rows of the time before are written over, what they came to is kept.
            let before = self.last.insert(name.clone(), sample.tick).map(|tick| tick / TOGETHER);
            if before != Some(sample.tick / TOGETHER) {
                self.put_together(first, sample.tick, before)?;
            }
            self.file.write(first + sample.tick % HOUR, &sample.row())?;
        }
        Ok(())
    }

    /// Puts samples before a tick together: those of one group, or, where it is not known what was put together, all.
    fn put_together(&self, first: u64, now: u64, group: Option<u64>) -> io::Result<()> {
        let groups: BTreeSet<u64> = match group {
            Some(group) => [group].into(),
            None => {
                // A row has the lower half of its tick.
                let tick =
                    |row: &[u32; TenantSample::FIELDS]| now.saturating_sub((now as u32).wrapping_sub(row[0]).into());
                self.file.read(first, HOUR)?.iter().map(|row| tick(row) / TOGETHER).collect()
            }
        };
        groups.into_iter().filter(|group| *group < now / TOGETHER).try_for_each(|group| self.put_group(first, group))
    }

    fn put_group(&self, first: u64, group: u64) -> io::Result<()> {
        let place = first + HOUR + group % (WEEK / TOGETHER);
        // Of one that is kept some may be written over already.
        if self.file.read(place, 1)?.iter().any(|kept| TenantSample::of(group, kept).is_some()) {
            return Ok(());
        }
        let start = group * TOGETHER;
        let rows = self.file.read(first + start % HOUR, TOGETHER)?;
        let samples: Vec<_> = (start..).zip(&rows).filter_map(|(tick, row)| TenantSample::of(tick, row)).collect();
        match TenantSample::together(group, &samples) {
            Some(whole) => self.file.write(place, &whole.row()),
            None => Ok(()),
        }
    }

    /// Gives places to those who have none: free ones, or those of who is not there or was silent for longest, if for an hour.
    fn give_places(
        &mut self,
        samples: &[(TenantName, TenantSample)],
        is_there: impl Fn(&TenantName) -> bool,
    ) -> io::Result<()> {
        let mut wanting: Vec<_> = samples.iter().filter(|(name, _)| !self.places.contains_key(name)).collect();
        if wanting.is_empty() {
            return Ok(());
        }
        let now = samples.iter().map(|(_, sample)| sample.tick).max().unwrap_or(0);
        self.places.retain(|name, _| is_there(name));
        self.last.retain(|name, _| is_there(name));
        let taken: std::collections::HashSet<u64> = self.places.values().copied().collect();
        let mut free: Vec<u64> = (0..self.most).filter(|place| !taken.contains(place)).take(wanting.len()).collect();
        if free.len() < wanting.len() {
            let last = |name: &TenantName| self.last.get(name).copied().or(self.first).unwrap_or(0);
            let silent = self.places.keys().filter(|name| last(name) + HOUR < now);
            let mut silent: Vec<_> = silent.cloned().collect();
            silent.sort_by_key(|name| last(name));
            silent.truncate(wanting.len() - free.len());
            free.extend(silent.iter().filter_map(|name| self.places.remove(name)));
        }
        wanting.truncate(free.len());
        if wanting.is_empty() {
            return Ok(());
        }
        for ((name, _), place) in wanting.into_iter().zip(free) {
            self.file.clear(place * OF_TENANT, OF_TENANT)?;
            self.places.insert(name.clone(), place);
        }
        let names: BTreeMap<&str, u64> = self.places.iter().map(|(name, place)| (name.as_str(), *place)).collect();
        store::write(&self.names, &serde_json::to_vec(&names).expect("it is plain text and numbers"))
    }

    fn recent(&self, from: u64, now: u64) -> io::Result<HashMap<TenantName, VecDeque<TenantSample>>> {
        let from = from.max((now + 1).saturating_sub(HOUR));
        let count = (now + 1).saturating_sub(from);
        // They may go on at the beginning.
        let before = count.min(HOUR - from % HOUR);
        let mut recent = HashMap::new();
        for (name, place) in &self.places {
            let first = place * OF_TENANT;
            let mut rows = self.file.read(first + from % HOUR, before)?;
            rows.extend(self.file.read(first, count - before)?);
            let samples = (from..).zip(&rows).filter_map(|(tick, row)| TenantSample::of(tick, row));
            let samples: VecDeque<_> = samples.collect();
            if !samples.is_empty() {
                recent.insert(name.clone(), samples);
            }
        }
        Ok(recent)
    }

    fn get(&self, name: &TenantName, from: u64, now: u64) -> io::Result<Vec<TenantSample>> {
        let Some(place) = self.places.get(name) else { return Ok(Vec::new()) };
        let rows = self.file.read(place * OF_TENANT, OF_TENANT)?;
        // As many as there surely are one by one, and whole groups before.
        let grain = History::grain(from, now);
        let fine = ((now + 1).saturating_sub(HOUR)).next_multiple_of(grain);
        let groups = match grain {
            TOGETHER => (now.saturating_sub(WEEK) / TOGETHER + 1).max(from / TOGETHER)..fine / TOGETHER,
            _ => 0..0,
        };
        let single = |ticks: std::ops::Range<u64>| {
            ticks.filter_map(|tick| TenantSample::of(tick, &rows[(tick % HOUR) as usize])).collect::<Vec<_>>()
        };
        let together = groups.filter_map(|group| {
            let kept = TenantSample::of(group, &rows[(HOUR + group % (WEEK / TOGETHER)) as usize]);
            // The last ones of who was silent since are still there one by one.
            let sample =
                kept.or_else(|| TenantSample::together(group, &single(group * TOGETHER..(group + 1) * TOGETHER)))?;
            Some(TenantSample { tick: group * TOGETHER, ..sample })
        });
        let single = single(fine.max(from)..now + 1);
        Ok(together.chain(single).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    /// Long after 1970.
    const NOW: u64 = 179_000_010;

    fn open(folder: &Path, tenants: usize) -> History {
        let config = config::History { tenants, ..config::History::default() };
        History::open(folder, &config).unwrap()
    }

    fn name(name: &str) -> TenantName {
        name.parse().unwrap()
    }

    fn put(history: &History, of: &str, tick: u64, requests: u32) {
        let sample = TenantSample { tick, requests, p99: Some(requests), ..TenantSample::default() };
        history.put_tenants(&[(name(of), sample)], |_| true).unwrap();
    }

    fn counts(history: &History, of: &str, from: u64, now: u64) -> Vec<(u64, u32)> {
        let samples = history.tenant(&name(of), from, now).unwrap();
        samples.iter().map(|sample| (sample.tick, sample.requests)).collect()
    }

    #[test]
    fn the_last_samples_of_all_tenants_are_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let history = open(folder.path(), 2);
        // The rows begin anew in between.
        let turn = NOW.next_multiple_of(HOUR);
        for tick in turn - 30..turn + 30 {
            put(&history, "often", tick, 1);
        }
        put(&history, "once", turn - 40, 2);
        put(&history, "nobody", turn, 3);
        drop(history);
        let recent = |from, now| {
            let recent = open(folder.path(), 2).recent(from, now).unwrap();
            let of = |name: &TenantName| recent[name].iter().map(|sample| sample.tick).collect::<Vec<_>>();
            recent.keys().map(|name| (name.to_string(), of(name))).collect::<BTreeMap<_, _>>()
        };
        let often = |ticks: std::ops::Range<u64>| ("often".to_owned(), ticks.collect::<Vec<_>>());
        assert_eq!(recent(turn - 20, turn + 29), BTreeMap::from([often(turn - 20..turn + 30)]));
        assert_eq!(recent(turn + 5, turn + 40), BTreeMap::from([often(turn + 5..turn + 30)]));
        // No more than there is, however far back.
        let all = [often(turn - 30..turn + 30), ("once".to_owned(), vec![turn - 40])];
        assert_eq!(recent(0, turn + 29), BTreeMap::from(all));
        assert_eq!(recent(turn + 400, turn + 420), BTreeMap::new());
    }

    #[test]
    fn samples_of_the_server_outlive_the_process_for_a_week() {
        let folder = tempfile::tempdir().unwrap();
        let history = open(folder.path(), 1);
        for tick in [NOW, NOW + 1, NOW + 3] {
            let sample = Sample { tick, memory: Some(tick << 10), p50: Some(7), live: 3, ..Sample::default() };
            history.put(&sample).unwrap();
        }
        drop(history);
        let history = open(folder.path(), 1);
        let read = history.server(NOW - 1..=NOW + 3);
        let ticks: Vec<_> = read.iter().map(|sample| sample.as_ref().map(|sample| sample.tick)).collect();
        assert_eq!(ticks, [None, Some(NOW), Some(NOW + 1), None, Some(NOW + 3)]);
        let first = read[1].as_ref().unwrap();
        assert_eq!((first.memory, first.memory_limit, first.p50, first.live), (Some(NOW << 10), None, Some(7), 3));
        // A week later the place is another's, and the file as long as it was.
        let length = || std::fs::metadata(folder.path().join("history/server")).unwrap().len();
        history.put(&Sample { tick: NOW + WEEK - 1, ..Sample::default() }).unwrap();
        let before = length();
        history.put(&Sample { tick: NOW + WEEK, ..Sample::default() }).unwrap();
        assert_eq!(history.server(NOW..=NOW), [None]);
        assert!(length() == before && before <= 64 + WEEK * 72, "{before}");
    }

    #[test]
    fn a_tenants_samples_are_put_together_after_an_hour_and_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = open(folder.path(), 1);
        let first = NOW / TOGETHER * TOGETHER;
        for tick in first..first + 1000 {
            if tick == first + 500 {
                history = open(folder.path(), 1);
            }
            put(&history, "a", tick, 2);
        }
        let now = first + 999;
        let all = counts(&history, "a", first, now);
        assert_eq!(all.iter().map(|(_, count)| count).sum::<u32>(), 2000);
        assert_eq!(all[0], (first, 60));
        assert!(all.len() < 400 && all.ends_with(&[(now - 1, 2), (now, 2)]), "{all:?}");
        // Who is silent keeps what came last, which nothing was written over.
        let later = counts(&history, "a", first, now + 2000);
        assert_eq!(later.iter().map(|(_, count)| count).sum::<u32>(), 2000, "{later:?}");
        let history = open(folder.path(), 1);
        put(&history, "a", now + 2000, 2);
        let after = counts(&history, "a", first, now + 2000);
        assert_eq!(after.iter().map(|(_, count)| count).sum::<u32>(), 2002, "{after:?}");
        assert_eq!(counts(&history, "a", first, now + WEEK + 5000), [], "a week is over");
    }

    #[test]
    fn the_tenants_with_a_history_are_bounded_and_a_place_is_not_handed_on_with_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let history = open(folder.path(), 1);
        put(&history, "a", NOW, 1);
        put(&history, "b", NOW + 1, 1);
        assert_eq!((counts(&history, "a", NOW, NOW + 1).len(), counts(&history, "b", NOW, NOW + 1)), (1, vec![]));
        put(&history, "b", NOW + HOUR + 1, 5);
        let all = ["a", "b"].map(|of| counts(&history, of, NOW, NOW + HOUR + 1));
        assert_eq!(all, [vec![], vec![(NOW + HOUR + 1, 5)]]);
        // One that is not there any more has none.
        let sample = TenantSample { tick: NOW + HOUR + 2, requests: 1, ..TenantSample::default() };
        history.put_tenants(&[(name("c"), sample)], |name| name.as_str() != "b").unwrap();
        assert_eq!(counts(&history, "b", NOW, NOW + HOUR + 2), []);
        assert_eq!(counts(&history, "c", NOW, NOW + HOUR + 2).len(), 1);
    }
}
