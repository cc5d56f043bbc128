//! What outlives the process, in a folder: bundles by their digest.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dayfly::{BundleId, BundleSource};

/// A folder of bundles, each in a file that its SHA-256 names. A file is there whole or not at all, whenever the process or the
/// machine ends.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    bundles: PathBuf,
}

impl Store {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let bundles = folder.join("bundles");
        fs::create_dir_all(&bundles)?;
        Ok(Self { bundles })
    }

    fn path(&self, id: BundleId) -> PathBuf {
        self.bundles.join(format!("{id}.wasm"))
    }

    /// Keeps a bundle; it is on the disk when this returns. Blocks.
    pub(crate) fn put(&self, bundle: &[u8]) -> io::Result<BundleId> {
        let id = BundleId::of(bundle);
        let path = self.path(id);
        if path.try_exists()? {
            return Ok(id);
        }
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.bundles)?;
        file.write_all(bundle)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        File::open(&self.bundles)?.sync_all()?;
        Ok(id)
    }
}

impl BundleSource for Store {
    fn read(&self, id: BundleId) -> io::Result<Vec<u8>> {
        fs::read(self.path(id))
    }
}
