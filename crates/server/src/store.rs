//! What outlives the process, in a folder:
//!
//! | path | what |
//! | --- | --- |
//! | `lock` | held by the server that uses the folder; has its process id |
//! | `bundles/DIGEST` | bundles, each named by its SHA-256, without what the engine has in common with it |
//! | `engines/DIGEST.wasm` | the engines that they were packed with |
//! | `tenants/NAME.json` | what is kept of a tenant: a [`Record`] |
//! | `audit.jsonl` | who changed what |
//! | `history/` | samples and marks: `history` |
//! | `alarms.json`, `webhooks/NAME/` | alarms, and messages about them that wait: `alarms`, `webhooks` |
//! | `alarms.json.damaged` and the like | what could not be read of such a file, set aside |
//! | `leaks/DIGEST.json` | what the lab said of a bundle |
//! | `admin.json` | where the admin API is, with a token for clients of the same user |
//!
//! A file is there whole or not at all, whenever the process or the machine ends.

mod lock;
mod packed;
mod record;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dayfly::{BundleId, BundleSource};
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

pub(crate) use lock::{Lock, NotLocked};
pub(crate) use record::{Created, Deployment, How, Record};

use crate::config::TenantName;
use packed::Common;

/// What begins the name of a file that is not whole yet.
const NEW: &str = ".new-";

/// The folder. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    /// What bundles are packed with.
    engine: Common<'static>,
    /// The bundles of deploys that go on: nothing refers to them yet, and they are not to be removed.
    pins: Mutex<HashMap<BundleId, u32>>,
}

/// Keeps a bundle from being removed until it is dropped.
#[derive(Debug)]
pub(crate) struct Pin {
    store: Store,
    id: BundleId,
}

impl Store {
    /// Opens the folder, makes it if there is none, and removes what a process that was killed did not finish. Bundles are packed
    /// with `engine`. The caller holds the [`Lock`].
    pub(crate) fn open(folder: &Path, engine: &'static [u8]) -> io::Result<Self> {
        for part in ["bundles", "engines", "tenants"] {
            open_folder(&folder.join(part))?;
        }
        open_folder(folder)?;
        let (folder, engine) = (folder.to_owned(), Common::new(engine));
        Ok(Self { inner: Arc::new(Inner { folder, engine, pins: Mutex::default() }) })
    }

    fn bundle(&self, id: BundleId) -> PathBuf {
        self.inner.folder.join("bundles").join(id.to_string())
    }

    fn engine(&self, id: BundleId) -> PathBuf {
        self.inner.folder.join("engines").join(format!("{id}.wasm"))
    }

    /// A file for a bundle that comes: in the same folder, so that it only has to be given its name.
    pub(crate) fn incoming(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix(NEW).tempfile_in(self.inner.folder.join("bundles"))
    }

    /// Keeps a bundle from being removed.
    pub(crate) fn pin(&self, id: BundleId) -> Pin {
        *self.pins().entry(id).or_default() += 1;
        Pin { store: self.clone(), id }
    }

    /// Keeps a bundle, whose digest `id` is; it is on the disk when this returns. Blocks.
    pub(crate) fn put(&self, id: BundleId, bundle: &[u8]) -> io::Result<()> {
        // One that was damaged on the disk is replaced.
        if !self.has_whole(id)? {
            // The engine first: a bundle without it would be none.
            let engine = &self.inner.engine;
            let kept = self.engine(engine.id);
            if !kept.exists() {
                write(&kept, &engine.bytes)?;
            }
            write(&self.bundle(id), &engine.pack(bundle)?)?;
        }
        Ok(())
    }

    /// The same of one that has come as a file, of which the digest is `id`.
    pub(crate) fn put_file(&self, file: &NamedTempFile, id: BundleId) -> io::Result<()> {
        let bundle = fs::read(file.path())?;
        if BundleId::of(&bundle) != id {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file was changed while the bundle came"));
        }
        self.put(id, &bundle)
    }

    /// Whether there is a file of that name.
    pub(crate) fn has(&self, id: BundleId) -> bool {
        self.bundle(id).exists()
    }

    /// Whether the bundle is there and is what its name says.
    pub(crate) fn has_whole(&self, id: BundleId) -> io::Result<bool> {
        Ok(self.size_if_whole(id)?.is_some())
    }

    /// The size of a bundle that is there and is what its name says. Blocks.
    pub(crate) fn size_if_whole(&self, id: BundleId) -> io::Result<Option<u64>> {
        match self.read(id) {
            Ok(bytes) => Ok((BundleId::of(&bytes) == id).then_some(bytes.len() as u64)),
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::InvalidData].contains(&error.kind()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a bundle, unless it is pinned or `is_wanted`. Says whether it is gone.
    pub(crate) fn remove(&self, id: BundleId, is_wanted: impl FnOnce() -> bool) -> bool {
        // Held meanwhile: whoever pins it from now on finds that it is not there, and writes it again.
        let pins = self.pins();
        !pins.contains_key(&id) && !is_wanted() && fs::remove_file(self.bundle(id)).is_ok()
    }

    /// Removes the bundles that are not `wanted`, and the engines that no bundle is packed with. For the start.
    pub(crate) fn sweep(&self, wanted: &HashSet<BundleId>) -> io::Result<()> {
        let mut engines = HashSet::from([self.inner.engine.id]);
        for name in names(&self.inner.folder.join("bundles"))? {
            let Ok(id) = name.parse() else { continue };
            if wanted.contains(&id) {
                engines.extend(packed::packed_with(&self.bundle(id)).ok());
            } else {
                fs::remove_file(self.bundle(id))?;
            }
        }
        for name in names(&self.inner.folder.join("engines"))? {
            let id = name.strip_suffix(".wasm").and_then(|id| id.parse().ok());
            if let Some(id) = id
                && !engines.contains(&id)
            {
                fs::remove_file(self.engine(id))?;
            }
        }
        Ok(())
    }

    /// What is kept of all tenants.
    ///
    /// # Errors
    /// A record that cannot be read, with its path: to go on without it would lose its tenant.
    pub(crate) fn records(&self) -> io::Result<Vec<(TenantName, Record)>> {
        let folder = self.inner.folder.join("tenants");
        let mut records = Vec::new();
        for name in names(&folder)? {
            let Some(tenant) = name.strip_suffix(".json").and_then(|name| name.parse().ok()) else { continue };
            let path = folder.join(&name);
            let record = fs::read(&path).and_then(|bytes| Record::parse(&bytes).map_err(io::Error::other));
            let record = record.map_err(|error| {
                let remedy = "put it back from a backup, or remove it, which forgets the tenant's deployments";
                io::Error::new(error.kind(), format!("{}: {error}; {remedy}", path.display()))
            })?;
            records.push((tenant, record));
        }
        Ok(records)
    }

    /// Keeps a record in place of the one before. Blocks.
    pub(crate) fn put_record(&self, tenant: &TenantName, record: &Record) -> io::Result<()> {
        write(&self.record(tenant), &record.to_bytes())
    }

    /// Forgets a tenant. Blocks.
    pub(crate) fn remove_record(&self, tenant: &TenantName) -> io::Result<()> {
        match fs::remove_file(self.record(tenant)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        File::open(self.inner.folder.join("tenants"))?.sync_all()
    }

    fn record(&self, tenant: &TenantName) -> PathBuf {
        self.inner.folder.join("tenants").join(format!("{tenant}.json"))
    }

    fn pins(&self) -> MutexGuard<'_, HashMap<BundleId, u32>> {
        self.inner.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BundleSource for Store {
    fn read(&self, id: BundleId) -> io::Result<Vec<u8>> {
        let packed = fs::read(self.bundle(id))?;
        let engine = packed::engine_of(&packed)?;
        if engine == self.inner.engine.id {
            return self.inner.engine.unpack(&packed);
        }
        let bytes = fs::read(self.engine(engine)).map_err(|error| {
            let why = format!("the engine that it was packed with, {engine}, cannot be read: {error}");
            io::Error::new(io::ErrorKind::InvalidData, why)
        })?;
        Common { id: engine, bytes: bytes.into() }.unpack(&packed)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = self.store.pins();
        if let Some(count) = pins.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&self.id);
            }
        }
    }
}

/// Whether there was no room on the disk, for this user or at all.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Makes a folder if there is none, and removes from it what a process that was killed did not finish.
pub(crate) fn open_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for name in names(folder)?.into_iter().filter(|name| name.starts_with(NEW)) {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

/// Writes a file whole or not at all, readable for its owner alone; it is on the disk when this returns.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(NEW).tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    keep(file, path)
}

/// What a file of JSON holds that [`write`] has written; nothing where there is none. One that cannot be read is set aside, as the next
/// write would be the end of what it holds.
pub(crate) fn read_or_new<T: DeserializeOwned + Default>(path: &Path) -> T {
    let read = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return T::default(),
        read => read.and_then(|bytes| Ok(serde_json::from_slice(&bytes)?)),
    };
    read.unwrap_or_else(|error| {
        let aside = path.with_extension("json.damaged");
        let kept = match fs::rename(path, &aside) {
            Ok(()) => format!("what it held is in {}", aside.display()),
            Err(error) => format!("what it held is lost with the next write, as it cannot be renamed: {error}"),
        };
        tracing::warn!("{} cannot be read, and begins anew: {error}; {kept}", path.display());
        T::default()
    })
}

fn keep(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn put(store: &Store, bundle: &[u8]) -> BundleId {
        let id = BundleId::of(bundle);
        store.put(id, bundle).unwrap();
        id
    }

    #[test]
    fn a_file_that_cannot_be_read_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let [path, aside] = ["names.json", "names.json.damaged"].map(|name| folder.path().join(name));
        let read = || read_or_new::<HashMap<String, u64>>(&path);
        assert!(read().is_empty() && !aside.exists());
        write(&path, br#"{"shop":1}"#).unwrap();
        assert_eq!(read(), HashMap::from([("shop".to_owned(), 1)]));
        for bad in ["", "[1]", r#"{"shop":1}}"#] {
            fs::write(&path, bad).unwrap();
            assert!(read().is_empty(), "{bad}");
            assert_eq!((fs::read_to_string(&aside).unwrap().as_str(), path.exists()), (bad, false));
        }
    }

    #[test]
    fn what_a_killed_process_left_is_gone_and_what_is_wanted_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), b"engine").unwrap();
        let wanted = put(&store, b"wanted");
        put(&store, b"other");
        for part in ["bundles", "tenants", "."] {
            fs::write(folder.path().join(part).join(".new-x"), "half").unwrap();
        }
        let store = Store::open(folder.path(), b"engine").unwrap();
        store.sweep(&HashSet::from([wanted])).unwrap();
        assert_eq!(names(&folder.path().join("bundles")).unwrap(), [wanted.to_string()]);
        for part in ["bundles", "tenants", "."] {
            assert!(!folder.path().join(part).join(".new-x").exists(), "{part}");
        }
    }

    #[test]
    fn a_bundle_that_was_damaged_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), b"engine").unwrap();
        let id = put(&store, b"bundle");
        let mut packed = fs::read(store.bundle(id)).unwrap();
        *packed.last_mut().unwrap() ^= 1;
        fs::write(store.bundle(id), packed).unwrap();
        assert!(store.has(id) && !store.has_whole(id).unwrap());
        put(&store, b"bundle");
        assert!(store.has_whole(id).unwrap());
    }

    /// A new version of the server has another engine.
    #[test]
    fn bundles_outlive_the_engine_that_they_were_packed_with() {
        let folder = tempfile::tempdir().unwrap();
        let old = Store::open(folder.path(), b"the old engine").unwrap();
        let [kept, dropped] = [&b"the old engine, and an app"[..], b"other"].map(|bundle| put(&old, bundle));
        let new = Store::open(folder.path(), b"the new engine").unwrap();
        put(&new, b"the new engine, and an app");
        assert_eq!(new.read(kept).unwrap(), b"the old engine, and an app");
        new.sweep(&HashSet::from([kept])).unwrap();
        assert!(new.has_whole(kept).unwrap() && !new.has(dropped));
        new.sweep(&HashSet::new()).unwrap();
        let engine = BundleId::of(b"the new engine");
        assert_eq!(names(&folder.path().join("engines")).unwrap(), [format!("{engine}.wasm")]);
    }

    #[test]
    fn a_bundle_takes_what_the_engine_does_not_have() {
        let folder = tempfile::tempdir().unwrap();
        let engine: Vec<u8> =
            (0..1_u32 << 18).flat_map(|number| (number.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        let store = Store::open(folder.path(), engine.clone().leak()).unwrap();
        let mut bundle = engine;
        bundle[500_000..500_100].fill(7);
        let id = put(&store, &bundle);
        assert!(fs::metadata(store.bundle(id)).unwrap().len() < 1_000);
        assert_eq!(store.read(id).unwrap(), bundle);
    }

    #[test]
    fn what_is_pinned_or_wanted_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), b"engine").unwrap();
        let id = put(&store, b"bundle");
        let (first, second) = (store.pin(id), store.pin(id));
        drop(first);
        assert!(!store.remove(id, || false));
        drop(second);
        assert!(!store.remove(id, || true) && store.has(id));
        assert!(store.remove(id, || false) && !store.has(id));
    }

    #[test]
    fn a_record_that_is_none_is_named_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), b"engine").unwrap();
        let shop: TenantName = "shop".parse().unwrap();
        store.put_record(&shop, &Record::default()).unwrap();
        assert_eq!(store.records().unwrap(), [(shop.clone(), Record::default())]);
        for (content, part) in [("{", "EOF"), (r#"{"version":99}"#, "newer"), ("", "EOF")] {
            fs::write(store.record(&shop), content).unwrap();
            let error = store.records().unwrap_err().to_string();
            assert!(error.contains("shop.json") && error.contains(part) && error.contains("backup"), "{error}");
        }
        store.remove_record(&shop).unwrap();
        store.remove_record(&shop).unwrap();
        assert_eq!(store.records().unwrap(), []);
    }
}
