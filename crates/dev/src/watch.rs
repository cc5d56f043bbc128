//! Sees that a file has changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// How long nothing may change before what has changed counts: an editor writes a file in several steps, and a formatter or a
/// checkout writes many.
const QUIET: Duration = Duration::from_millis(50);

/// Watches the folders of the files that a build was made from.
pub(crate) struct Watcher {
    watcher: RecommendedWatcher,
    folders: HashSet<PathBuf>,
    watched: Arc<Mutex<Watched>>,
    changed: Arc<Notify>,
}

/// Which changes count.
#[derive(Default)]
struct Watched {
    /// Files, and folders of which every file counts that comes or goes.
    files: HashSet<PathBuf>,
    /// Whether a file that comes, or goes, may mend the build: one that an import names and that was not there.
    is_broken: bool,
}

impl Watched {
    fn concerns(&self, event: &Event) -> bool {
        let comes_or_goes =
            matches!(event.kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        let is_in_folder = |path: &Path| path.parent().is_some_and(|folder| self.files.contains(folder));
        match event.kind {
            EventKind::Access(_) => false,
            _ if comes_or_goes && (self.is_broken || event.paths.iter().any(|path| is_in_folder(path))) => true,
            _ => event.paths.iter().any(|path| self.files.contains(path)),
        }
    }
}

impl Watcher {
    pub(crate) fn new() -> notify::Result<Self> {
        let (watched, changed) = (Arc::new(Mutex::new(Watched::default())), Arc::new(Notify::new()));
        let (seen, wake) = (watched.clone(), changed.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| match event {
            Ok(event) if !lock(&seen).concerns(&event) && !event.need_rescan() => {}
            // What was missed may have been of concern.
            _ => wake.notify_one(),
        })?;
        Ok(Self { watcher, folders: HashSet::new(), watched, changed })
    }

    /// Watches these files, which were read no earlier than `since`, in place of those before. Gives why a folder cannot be
    /// watched.
    ///
    /// The folders are watched and not the files: an editor may put another file in the place of one.
    pub(crate) fn watch(&mut self, files: Vec<PathBuf>, is_broken: bool, since: SystemTime) -> Option<notify::Error> {
        let files: HashSet<PathBuf> = files.into_iter().map(|file| resolved(&file)).collect();
        let folder = |file: &PathBuf| if file.is_dir() { Some(file.clone()) } else { Some(file.parent()?.to_owned()) };
        let folders: HashSet<PathBuf> = files.iter().filter_map(folder).collect();
        for folder in self.folders.difference(&folders) {
            // One that is gone is watched no more already.
            let _ = self.watcher.unwatch(folder);
        }
        let mut watched = HashSet::new();
        let mut failed = None;
        for folder in folders {
            let is_watched = self.folders.contains(&folder) && folder.exists();
            match if is_watched { Ok(()) } else { self.watcher.watch(&folder, RecursiveMode::NonRecursive) } {
                Ok(()) => drop(watched.insert(folder)),
                Err(error) => failed = Some(error),
            }
        }
        let is_stale = files.iter().any(|file| has_changed(file, since));
        self.folders = watched;
        *lock(&self.watched) = Watched { files, is_broken };
        if is_stale {
            self.changed.notify_one();
        }
        failed
    }

    /// Returns once a change has been seen since the last call, and nothing has changed for a moment.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
        while tokio::time::timeout(QUIET, self.changed.notified()).await.is_ok() {}
    }
}

/// A file as the system names it in what it reports: without symbolic links, and also if it is not there yet.
fn resolved(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let named = || Some(folder.canonicalize().ok()?.join(file.file_name()?));
    file.canonicalize().ok().or_else(named).unwrap_or_else(|| file.to_path_buf())
}

/// Whether a file was written while its build was made: its folder may not have been watched yet.
fn has_changed(file: &Path, since: SystemTime) -> bool {
    std::fs::metadata(file).and_then(|metadata| metadata.modified()).is_ok_and(|modified| modified > since)
}

fn lock(watched: &Mutex<Watched>) -> std::sync::MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}
