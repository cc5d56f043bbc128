//! What the tenants' apps write to their consoles: the last lines of each in memory, who reads along, and files.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use dayfly::{Level, Line, Site};
use tokio::sync::broadcast;

use crate::config::{LogFiles, Logs, TenantName};
use crate::events::open;
use crate::outbox::{Outbox, Pace};

/// One call of an app's console.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// Whose app.
    pub tenant: TenantName,
    /// The request's number: the response's `x-request-id`.
    pub request: Arc<str>,
    /// When the request had come. An app's clock stands still while it computes, so this is what the app takes the time to be.
    pub time: SystemTime,
    /// How severe it is.
    pub level: Level,
    /// How many groups were open.
    pub depth: u32,
    /// The text. It is the app's: it may hold line breaks and control characters.
    pub text: String,
    /// Where in the source the call stands.
    pub at: Option<Site>,
}

impl LogLine {
    /// One line of JSON, without a line break: `time` (RFC 3339, UTC), `tenant`, `request_id`, `level`, `depth`, `at`
    /// (`file:line:column`; not there if unknown) and `text`.
    pub fn to_json(&self) -> String {
        let line = LogLineView {
            time: humantime::format_rfc3339_micros(self.time).to_string(),
            tenant: self.tenant.as_str(),
            request_id: &self.request,
            level: self.level.as_str(),
            depth: self.depth,
            text: &self.text,
            at: self.at.as_ref().map(ToString::to_string),
        };
        serde_json::to_string(&line).expect("its names are texts, and its values too")
    }

    /// Bytes of memory, roughly.
    fn bytes(&self) -> usize {
        size_of::<Self>() + 64 + self.text.len() + self.at.as_ref().map_or(0, |at| at.file.len())
    }
}

/// A line of a tenant's console.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct LogLineView<'a> {
    /// When the request had come: RFC 3339, UTC.
    time: String,
    tenant: &'a str,
    /// The response's `x-request-id`.
    request_id: &'a str,
    level: &'a str,
    /// How many groups were open.
    depth: u32,
    text: &'a str,
    /// `file:line:column`; not there if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

/// The streams of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct LogStreams {
    inner: Arc<Inner>,
}

struct Inner {
    config: Logs,
    /// Bytes of all lines in memory.
    bytes: AtomicUsize,
    /// Made with a tenant's first line, or with its first reader.
    streams: Mutex<HashMap<TenantName, LogStream>>,
    is_trimming: AtomicBool,
    /// When things were, in microseconds since this.
    epoch: Instant,
    files: Option<Files>,
}

struct Files {
    outbox: Outbox<Arc<LogLine>>,
    unwritten: Arc<AtomicU64>,
    reopen: Arc<AtomicBool>,
}

impl LogStreams {
    /// # Errors
    /// If there is no folder for the files, and none can be made.
    pub(crate) fn start(config: &Logs) -> io::Result<Self> {
        let inner = Inner {
            config: config.clone(),
            bytes: AtomicUsize::new(0),
            streams: Mutex::default(),
            is_trimming: AtomicBool::new(false),
            epoch: Instant::now(),
            files: config.files.as_ref().map(Files::start).transpose()?,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The stream of one tenant, whether or not there is a tenant of that name.
    pub fn of(&self, tenant: &TenantName) -> LogStream {
        self.inner.streams().entry(tenant.clone()).or_insert_with(|| LogStream::new(&self.inner)).clone()
    }

    /// Forgets the lines of all tenants but these.
    pub(crate) fn retain(&self, is_there: impl Fn(&TenantName) -> bool) {
        let mut streams = self.inner.streams();
        streams.retain(|tenant, stream| {
            let stays = is_there(tenant) || stream.stream.is_read();
            if !stays {
                stream.stream.clear();
            }
            stays
        });
    }

    /// Bytes of memory that all lines take.
    pub(crate) fn bytes(&self) -> usize {
        self.inner.bytes.load(Ordering::Relaxed)
    }

    /// Lines that are in no file, though they were to be: the queue was full, or the file could not be written.
    pub(crate) fn dropped(&self) -> u64 {
        self.inner.files.as_ref().map_or(0, |files| files.outbox.lost() + files.unwritten.load(Ordering::Relaxed))
    }

    /// Opens the files anew before the next line.
    pub(crate) fn reopen(&self) {
        if let Some(files) = &self.inner.files {
            files.reopen.store(true, Ordering::Relaxed);
        }
    }

    /// Waits until all lines are in their files, or `patience` is over. Blocks.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        self.inner.files.as_ref().is_none_or(|files| files.outbox.flush(patience))
    }
}

impl Inner {
    fn streams(&self) -> MutexGuard<'_, HashMap<TenantName, LogStream>> {
        // Nothing in here can panic half-way.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the lines of those whose last one is oldest, until a quarter of the budget is free.
    fn trim(&self) {
        if self.is_trimming.swap(true, Ordering::Acquire) {
            return;
        }
        let streams: Vec<LogStream> = self.streams().values().cloned().collect();
        let mut by_age: Vec<_> =
            streams.iter().map(|stream| (stream.stream.used.load(Ordering::Relaxed), stream)).collect();
        by_age.sort_by_key(|(used, _)| *used);
        for (_, stream) in by_age {
            if self.bytes.load(Ordering::Relaxed) <= self.config.all / 4 * 3 {
                break;
            }
            stream.stream.clear();
        }
        self.is_trimming.store(false, Ordering::Release);
    }
}

/// What one tenant's app writes to its console. Cheap to clone.
#[derive(Clone)]
pub struct LogStream {
    stream: Arc<Stream>,
}

struct Stream {
    all: Weak<Inner>,
    ring: Mutex<Ring>,
    /// When the last line came.
    used: AtomicU64,
    /// Made with the first reader.
    reader: OnceLock<broadcast::Sender<Arc<LogLine>>>,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<Arc<LogLine>>,
    bytes: usize,
}

impl LogStream {
    fn new(all: &Arc<Inner>) -> Self {
        let (ring, used, reader) = (Mutex::default(), AtomicU64::new(0), OnceLock::new());
        Self { stream: Arc::new(Stream { all: Arc::downgrade(all), ring, used, reader }) }
    }

    /// The last lines that are kept, `most` of them or fewer, oldest first.
    pub fn tail(&self, most: usize) -> Vec<Arc<LogLine>> {
        last(&self.stream.ring(), most)
    }

    /// Reads along from now on.
    pub fn subscribe(&self) -> LogReader {
        self.follow(0).1
    }

    /// The last lines that are kept, and all that come after them.
    pub fn follow(&self, most: usize) -> (Vec<Arc<LogLine>>, LogReader) {
        let room = || self.stream.all.upgrade().map_or(1, |all| all.config.lines.max(1)).min(1024);
        let sender = self.stream.reader.get_or_init(|| broadcast::channel(room()).0);
        // While the ring is locked no line comes.
        let ring = self.stream.ring();
        let reader = LogReader { lines: sender.subscribe() };
        (last(&ring, most), reader)
    }

    /// Takes what a render wrote.
    pub(crate) fn write(&self, tenant: &TenantName, request: &str, time: SystemTime, lines: Vec<Line>) {
        let Some(all) = self.stream.all.upgrade() else { return };
        let request: Arc<str> = request.into();
        let line = |Line { level, text, depth, at }: Line| {
            Arc::new(LogLine { tenant: tenant.clone(), request: request.clone(), time, level, depth, text, at })
        };
        let lines: Vec<_> = lines.into_iter().map(line).collect();
        if let Some(files) = &all.files {
            lines.iter().for_each(|line| files.outbox.put(line.clone()));
        }
        self.stream.used.store(all.epoch.elapsed().as_micros() as u64, Ordering::Relaxed);
        let mut ring = self.stream.ring();
        let before = ring.bytes;
        for line in lines {
            if let Some(reader) = self.stream.reader.get() {
                // Fails if nobody reads.
                let _ = reader.send(line.clone());
            }
            ring.bytes += line.bytes();
            ring.lines.push_back(line);
            while ring.lines.len() > all.config.lines || ring.bytes > all.config.bytes {
                let Some(oldest) = ring.lines.pop_front() else { break };
                ring.bytes -= oldest.bytes();
            }
        }
        // Under the lock, so that what is added is never taken away before.
        let after = ring.bytes;
        let total = all.bytes.fetch_add(after, Ordering::Relaxed) + after - before;
        all.bytes.fetch_sub(before, Ordering::Relaxed);
        drop(ring);
        if total > all.config.all {
            all.trim();
        }
    }
}

impl Stream {
    fn clear(&self) {
        let mut ring = self.ring();
        if let Some(all) = self.all.upgrade() {
            all.bytes.fetch_sub(ring.bytes, Ordering::Relaxed);
        }
        *ring = Ring::default();
    }

    fn is_read(&self) -> bool {
        self.reader.get().is_some_and(|reader| reader.receiver_count() > 0)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Nothing in here can panic half-way.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.clear();
    }
}

fn last(ring: &Ring, most: usize) -> Vec<Arc<LogLine>> {
    ring.lines.range(ring.lines.len().saturating_sub(most)..).cloned().collect()
}

/// Reads along with a tenant's stream.
pub struct LogReader {
    lines: broadcast::Receiver<Arc<LogLine>>,
}

/// What comes to who reads along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// The next line.
    Line(Arc<LogLine>),
    /// So many lines came faster than they were read, and are not read any more. What follows goes on behind them.
    Missed(u64),
}

impl LogReader {
    /// What comes next; `None` once there is nothing to read along with any more. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<LogEvent> {
        match self.lines.recv().await {
            Ok(line) => Some(LogEvent::Line(line)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(LogEvent::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl Files {
    fn start(config: &LogFiles) -> io::Result<Self> {
        fs::create_dir_all(&config.folder)?;
        let reopen = Arc::<AtomicBool>::default();
        let unwritten = Arc::<AtomicU64>::default();
        let (is_to_reopen, failed) = (reopen.clone(), unwritten.clone());
        let mut writers = Writers { config: config.clone(), open: HashMap::new() };
        let write = move |lines: &mut Vec<Arc<LogLine>>| {
            if is_to_reopen.swap(false, Ordering::Relaxed) {
                writers.open.clear();
            }
            failed.fetch_add(writers.write(lines), Ordering::Relaxed);
        };
        let pace = Pace { most: 1024, patience: Duration::from_millis(5) };
        Ok(Self { outbox: Outbox::start("dayfly-logs", 8192, pace, write)?, unwritten, reopen })
    }
}

/// How many files are open at once.
const MOST_OPEN: usize = 64;

/// The files of the tenants.
struct Writers {
    config: LogFiles,
    /// With its size.
    open: HashMap<TenantName, (File, u64)>,
}

impl Writers {
    /// Gives how many could not be written.
    fn write(&mut self, lines: &[Arc<LogLine>]) -> u64 {
        let mut of: HashMap<&TenantName, Vec<&LogLine>> = HashMap::new();
        lines.iter().for_each(|line| of.entry(&line.tenant).or_default().push(line));
        let mut failed = 0;
        for (tenant, lines) in of {
            for (number, line) in lines.iter().enumerate() {
                if let Err(error) = self.append(tenant, &(line.to_json() + "\n")) {
                    let path = self.path(tenant, 0);
                    tracing::warn!("the log of {tenant} cannot be written to {}: {error}", path.display());
                    self.open.remove(tenant);
                    failed += (lines.len() - number) as u64;
                    break;
                }
            }
        }
        failed
    }

    fn append(&mut self, tenant: &TenantName, line: &str) -> io::Result<()> {
        if !self.open.contains_key(tenant) {
            if self.open.len() >= MOST_OPEN {
                self.open.clear();
            }
            let file = open(&self.path(tenant, 0))?;
            let size = file.metadata()?.len();
            self.open.insert(tenant.clone(), (file, size));
        }
        let is_full = |size: u64| size > 0 && size + line.len() as u64 > self.config.size;
        if self.open.get(tenant).is_some_and(|(_, size)| is_full(*size)) {
            self.open.remove(tenant);
            self.rotate(tenant)?;
            self.open.insert(tenant.clone(), (open(&self.path(tenant, 0))?, 0));
        }
        let Some((file, size)) = self.open.get_mut(tenant) else { return Ok(()) };
        file.write_all(line.as_bytes())?;
        *size += line.len() as u64;
        Ok(())
    }

    /// `NAME.log` becomes `NAME.log.1`, that `NAME.log.2`, and the last one goes.
    fn rotate(&self, tenant: &TenantName) -> io::Result<()> {
        let keep = self.config.keep;
        if keep == 0 {
            return fs::remove_file(self.path(tenant, 0));
        }
        for number in (0..keep).rev() {
            match fs::rename(self.path(tenant, number), self.path(tenant, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn path(&self, tenant: &TenantName, number: u32) -> PathBuf {
        let name = if number == 0 { format!("{tenant}.log") } else { format!("{tenant}.log.{number}") };
        Path::join(&self.config.folder, name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::time::{Duration, SystemTime};

    use dayfly::{Level, Line};

    use super::{LogEvent, LogStreams};
    use crate::config::{LogFiles, Logs, TenantName};

    fn name(name: &str) -> TenantName {
        name.parse().unwrap()
    }

    fn lines(texts: &[&str]) -> Vec<Line> {
        texts.iter().map(|text| Line { level: Level::Log, text: (*text).into(), depth: 0, at: None }).collect()
    }

    fn write(streams: &LogStreams, tenant: &str, texts: &[&str]) {
        streams.of(&name(tenant)).write(&name(tenant), "1", SystemTime::UNIX_EPOCH, lines(texts));
    }

    fn texts(streams: &LogStreams, tenant: &str) -> Vec<String> {
        streams.of(&name(tenant)).tail(usize::MAX).iter().map(|line| line.text.clone()).collect()
    }

    #[test]
    fn a_stream_keeps_the_last_lines_in_number_and_bytes() {
        let streams = LogStreams::start(&Logs { lines: 3, bytes: 2000, ..Logs::default() }).unwrap();
        write(&streams, "a", &["1", "2", "3", "4"]);
        write(&streams, "b", &["5"]);
        assert_eq!(
            (texts(&streams, "a"), texts(&streams, "b")),
            (vec!["2".into(), "3".into(), "4".into()], vec!["5".into()])
        );
        let tail = streams.of(&name("a")).tail(2);
        assert_eq!(tail.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["3", "4"]);
        let long = "x".repeat(1500);
        write(&streams, "a", &[&long]);
        assert_eq!(texts(&streams, "a").last(), Some(&long));
        let bytes: usize =
            streams.of(&name("a")).tail(9).iter().chain(&streams.of(&name("b")).tail(9)).map(|line| line.bytes()).sum();
        assert!(streams.bytes() == bytes && bytes < 4000, "{} of {bytes}", streams.bytes());
        // One that is too long by itself is not kept.
        write(&streams, "a", &[&"x".repeat(2000)]);
        assert!(texts(&streams, "a").is_empty());
        streams.retain(|tenant| tenant.as_str() == "a");
        assert_eq!((streams.bytes(), texts(&streams, "b").len()), (0, 0));
    }

    #[test]
    fn all_streams_together_stay_within_their_budget_and_the_ones_that_are_silent_go_first() {
        let all = 64 << 10;
        let streams = LogStreams::start(&Logs { bytes: 8 << 10, all, ..Logs::default() }).unwrap();
        let long = "x".repeat(1000);
        for number in 0..2_000 {
            write(&streams, &format!("t{}", number % 500), &[&long, &long]);
            write(&streams, "loud", &[&number.to_string()]);
            assert!(streams.bytes() <= all, "{} after {number}", streams.bytes());
        }
        let loud = texts(&streams, "loud");
        assert_eq!(loud.last(), Some(&"1999".into()));
        assert!(loud.len() > 10, "who goes on writing keeps its lines: {loud:?}");
        assert!(texts(&streams, "t499").len() == 2 && texts(&streams, "t0").is_empty());
    }

    #[tokio::test]
    async fn who_reads_along_gets_each_line_or_is_told_how_many_were_missed() {
        let streams = LogStreams::start(&Logs { lines: 4, ..Logs::default() }).unwrap();
        write(&streams, "a", &["1"]);
        let (tail, mut reader) = streams.of(&name("a")).follow(5);
        write(&streams, "b", &["other"]);
        write(&streams, "a", &["2", "3"]);
        let mut read = vec![tail[0].text.clone()];
        while read.len() < 3 {
            let Some(LogEvent::Line(line)) = reader.next().await else { panic!("{read:?}") };
            read.push(line.text.clone());
        }
        assert_eq!(read, ["1", "2", "3"]);
        write(&streams, "a", &["4", "5", "6", "7", "8", "9"]);
        assert_eq!(reader.next().await, Some(LogEvent::Missed(2)));
        let Some(LogEvent::Line(line)) = reader.next().await else { panic!() };
        assert_eq!(line.text, "6");
    }

    #[test]
    fn files_are_bounded_and_rotated() {
        let folder = tempfile::tempdir().unwrap();
        let files = LogFiles { folder: folder.path().join("logs"), size: 1000, keep: 2 };
        let streams = LogStreams::start(&Logs { files: Some(files), ..Logs::default() }).unwrap();
        for number in 0..100 {
            write(&streams, "a", &[&format!("line {number}\n\u{1b}[31m")]);
        }
        write(&streams, "b", &["other"]);
        assert!(streams.flush(Duration::from_secs(60)));
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path().join("logs")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.log", "a.log.1", "a.log.2", "b.log"]);
        let read = |name: &str| std::fs::read_to_string(folder.path().join("logs").join(name)).unwrap();
        let numbers: Vec<_> = ["a.log.2", "a.log.1", "a.log"]
            .iter()
            .flat_map(|name| {
                let text = read(name);
                assert!(text.len() <= 1000, "{name}");
                text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect::<Vec<_>>()
            })
            .map(|line| line["text"].as_str().unwrap().to_owned())
            .collect();
        let first = 100 - numbers.len();
        let expected: Vec<_> = (first..100).map(|number| format!("line {number}\n\u{1b}[31m")).collect();
        assert_eq!(numbers, expected);
        assert!(numbers.len() > 10 && streams.dropped() == 0);
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let files = LogFiles { folder: folder.path().join("logs"), size: 1000, keep: 2 };
        let streams = LogStreams::start(&Logs { files: Some(files), ..Logs::default() }).unwrap();
        std::fs::create_dir(folder.path().join("logs/a.log")).unwrap();
        write(&streams, "a", &["1", "2"]);
        write(&streams, "b", &["3"]);
        assert!(streams.flush(Duration::from_secs(60)));
        assert_eq!(streams.dropped(), 2);
    }
}
