//! What the lab said of bundles, in the folder of state: `leaks/DIGEST.json`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use dayfly::BundleId;

use crate::store;

/// The folder.
pub(crate) struct Leaks {
    folder: PathBuf,
}

impl Leaks {
    pub(crate) fn open(state: &Path) -> io::Result<Self> {
        let folder = state.join("leaks");
        store::open_folder(&folder)?;
        Ok(Self { folder })
    }

    /// Keeps what was said of a bundle, in place of what was before. Blocks.
    pub(crate) fn put(&self, id: BundleId, report: &[u8]) -> io::Result<()> {
        store::write(&self.path(id), report)
    }

    /// None if nothing was said. Blocks.
    pub(crate) fn get(&self, id: BundleId) -> Option<Vec<u8>> {
        fs::read(self.path(id)).ok()
    }

    /// Removes what was said of others. Blocks.
    pub(crate) fn sweep(&self, wanted: &HashSet<BundleId>) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json")?.parse::<BundleId>().ok());
            if id.is_none_or(|id| !wanted.contains(&id)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn path(&self, id: BundleId) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}
