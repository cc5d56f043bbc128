//! Heaps of renders that a limit ended, kept as snapshots.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use dayfly::Autopsy;
use dayfly_lab::{Heap, SnapshotOptions, write_snapshot};

use crate::exit::Mistake;
use crate::report::print_note;

/// How many snapshots a folder keeps: the latest ones.
const MOST_KEPT: usize = 8;

/// Keeps the heap of a render that fails in this file.
pub(crate) fn in_file(file: PathBuf) -> Autopsy {
    Autopsy::new(move |limit, memory| match write(&file, memory) {
        Ok(()) => print_note(&format!("the heap as the limit of {limit} found it is in {}", file.display())),
        Err(error) => print_note(&format!("the heap is not kept in {}: {error}", file.display())),
    })
}

/// Keeps the heaps of renders that fail in this folder: one at a time is written, and the latest ones are kept.
pub(crate) fn in_folder(folder: PathBuf) -> Result<Autopsy> {
    let wrong = |error| Mistake(format!("cannot keep heaps in {}: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(wrong)?;
    let is_busy = Arc::new(AtomicBool::new(false));
    Ok(Autopsy::new(move |limit, memory| {
        // A storm of failures is written by one at a time, and costs no one else's render a copy.
        if is_busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let (memory, folder, is_busy) = (memory.to_vec(), folder.clone(), is_busy.clone());
        std::thread::spawn(move || {
            let kept = keep(&folder, limit.code(), &memory);
            is_busy.store(false, Ordering::Release);
            match kept {
                Ok(file) => tracing::info!("the heap as the limit of {limit} found it is in {}", file.display()),
                Err(error) => tracing::warn!("a heap is not kept: {error}"),
            }
        });
    }))
}

fn keep(folder: &Path, limit: &str, memory: &[u8]) -> Result<PathBuf, io::Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis());
    let file = folder.join(format!("{now}-{limit}.heapsnapshot"));
    write(&file, memory)?;
    let is_ours = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "heapsnapshot");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).filter(is_ours).collect();
    files.sort();
    for old in files.iter().rev().skip(MOST_KEPT) {
        fs::remove_file(old)?;
    }
    Ok(file)
}

/// Writes a heap, without what its strings read, for its owner alone.
fn write(file: &Path, memory: &[u8]) -> Result<(), io::Error> {
    let heap = Heap::read(memory).map_err(io::Error::other)?;
    write_snapshot(&heap, SnapshotOptions::default(), create(file)?)
}

/// Makes a file that its owner alone can read: a heap may hold secrets.
pub(crate) fn create(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}
