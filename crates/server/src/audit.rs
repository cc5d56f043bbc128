//! Who changed what: a file that only grows, a line of JSON for each step of a change.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;

/// The file. A line is on the disk when [`Audit::write`] returns. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    file: Arc<Mutex<File>>,
}

/// One step of a change: it has begun, or what came of it. Both have the same id.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) time: String,
    pub(crate) id: String,
    /// The name of the token.
    pub(crate) token: String,
    pub(crate) action: &'static str,
    pub(crate) tenant: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    /// `started`, `ok`, or the code of what went wrong.
    pub(crate) outcome: &'static str,
}

impl Audit {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        // A process that was killed may have left half a line: the next one begins anew.
        if file.seek(SeekFrom::End(0))? > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(Self { file: Arc::new(Mutex::new(file)) })
    }

    /// Writes a line, whole or not at all. Blocks.
    pub(crate) fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry).expect("it is plain text");
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let before = file.metadata()?.len();
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        if written.is_err() {
            let _ = file.set_len(before);
        }
        written
    }
}

/// The time as RFC 3339 has it.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_and_half_a_line_stays_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let entry = Entry {
            time: now(),
            id: "1".into(),
            token: "ci".into(),
            action: "deploy",
            tenant: "shop".into(),
            digest: None,
            outcome: "started",
        };
        Audit::open(&path).unwrap().write(&entry).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(br#"{"time":"#).unwrap();
        Audit::open(&path).unwrap().write(&Entry { outcome: "ok", ..entry }).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        for (line, outcome) in [(lines[0], "started"), (lines[2], "ok")] {
            assert_eq!(serde_json::from_str::<serde_json::Value>(line).unwrap()["outcome"], outcome);
        }
    }
}
