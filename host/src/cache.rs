//! The cache of compiled code on disk: no byte of an entry is used before the entry is authenticated.

mod facts;
mod folder;
mod key;
mod secret;
mod stats;

use std::cmp::Ordering as Order;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use hmac::{Hmac, Mac};
use rustix::io::Errno;
use sha2::Sha256;

use facts::Facts;
use folder::{Folder, is_no_file, touch};
pub use key::CacheKey;
use secret::secret;
pub use stats::{CacheStats, Rejected};
use stats::{Counts, count};

/// Opens an entry's file: what it begins with, and the version of all that follows.
const MAGIC: [u8; 8] = *b"dayflyCC";
const FORMAT: u32 = 1;
/// Bytes of a header: magic, format version, entry's key, length of the payload. The tag and the payload follow it.
const HEADER: usize = 8 + 4 + 32 + 8;
const TAG: usize = 32;

/// What a cache may use on disk. Plain numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Bytes of the largest payload that is stored or loaded. Default 256 MiB.
    pub entry: u64,
    /// Bytes of all entries together. Default 1 GiB. While an entry is written it comes on top; after that the entries
    /// that were used longest ago are removed until the rest fits.
    pub folder: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { entry: 256 << 20, folder: 1 << 30 }
    }
}

/// Compiled code on disk, in a folder of one's own, for the processes of one user on one machine.
///
/// # Why entries are authenticated
/// Compiled code is as good as native code: nothing in it is checked when it is loaded, so whoever chooses its bytes
/// runs as this process. Every entry therefore carries an HMAC-SHA256 over its format version, its [`CacheKey`], its
/// length and its payload. The secret of 32 random bytes is made when the folder is first opened, and lives in it in
/// the file `key`, which nobody but its owner may read. [`Cache::load`] reads an entry into memory once and verifies
/// what it read, so what is on disk afterwards no longer matters. The caller's part is to deserialise exactly the bytes
/// that `load` gave, and never the file; and to store only what it compiled itself.
///
/// # What it does not guard against
/// Whoever runs as the same user, or as root, can read the secret and write entries that are authentic. So can whoever
/// has a copy of the folder with its key, such as an image or a backup, for every machine that the folder is put on:
/// a folder that is shipped is trusted as a program that is shipped. An entry's age is not authenticated: an old entry
/// can come back in place of a newer one of the same key, which was compiled from the same input.
///
/// # What goes wrong
/// Once the cache is open, nothing that is wrong on disk is a failure of the program: an entry that cannot be used is
/// a miss, and one that cannot be written is only reported. [`Cache::stats`] counts both. A cache may be used from many
/// threads, and a folder by many processes at once. Calls block on the disk, so an async program makes them from
/// `spawn_blocking`.
pub struct Cache {
    folder: Folder,
    /// Keyed, and fed nothing yet.
    mac: Hmac<Sha256>,
    config: CacheConfig,
    counts: Counts,
}

impl Cache {
    /// Opens a cache with the default bounds: see [`Cache::open_with`].
    ///
    /// # Errors
    /// Those of [`Cache::open_with`].
    pub fn open(folder: &Path) -> Result<Self, CacheError> {
        Self::open_with(folder, &CacheConfig::default())
    }

    /// Opens the cache in `folder`, which is made with mode 0700 if it is missing, its parents with the default mode.
    ///
    /// A folder that others may read is closed to them if nothing but a cache is in it: folders made by service
    /// managers and in images usually have mode 0755, and to refuse these would only teach operators to make them by
    /// hand. A folder with other files may be meant for others, so it is refused and left as it is. A key that is not
    /// what a key is (32 bytes in a regular file of ours with mode 0600) is replaced, and with it goes every entry.
    /// Files that dead processes left unfinished are removed once they are an hour old.
    ///
    /// # Errors
    /// [`CacheError::Open`], [`CacheError::NotAFolder`], [`CacheError::NotOurs`], [`CacheError::Writable`] and
    /// [`CacheError::Shared`] if the folder cannot be made or is not to be trusted; [`CacheError::Key`] if there is no
    /// key and none can be made, as on a full disk. None of them needs to keep a program from compiling without a
    /// cache.
    pub fn open_with(folder: &Path, config: &CacheConfig) -> Result<Self, CacheError> {
        let path = folder;
        let folder = Folder::open(path)?;
        let (secret, replaced) =
            secret(&folder).map_err(|cause| CacheError::Key { folder: path.to_path_buf(), cause })?;
        folder.sweep(SystemTime::now());
        let mac = Hmac::new_from_slice(&secret).expect("HMAC takes a key of any length");
        let counts = Counts { keys_replaced: replaced.into(), ..Counts::default() };
        Ok(Self { folder, mac, config: config.clone(), counts })
    }

    /// Where this user's cache belongs by the XDG Base Directory Specification: `$XDG_CACHE_HOME/dayfly`, or
    /// `$HOME/.cache/dayfly` if that variable is unset, empty or no absolute path. `None` if `$HOME` is none either,
    /// as for many services: these name a folder.
    pub fn default_folder() -> Option<PathBuf> {
        default_folder(std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"))
    }

    /// The payload that was stored under `key`, if there is an entry and it is authentic. The entry counts as used now.
    ///
    /// An entry that is refused is counted under its [`Rejected`] reason and as a miss, and is removed if it can be,
    /// so that the next process does not read it again.
    pub fn load(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let name = key.to_string();
        match self.read(&name, key) {
            Ok(Some(payload)) => {
                count(&self.counts.hits);
                return Some(payload);
            }
            Ok(None) => {}
            Err(reason) => {
                count(&self.counts.rejected[reason as usize]);
                // Whatever keeps a file from being opened or read may pass, and may be no fault of the entry. Should a
                // good entry have taken the bad one's place by now, it is removed for nothing, and compiled again.
                if reason != Rejected::Unreadable {
                    // Nothing is lost if this fails: it will be refused again, and a store takes its place.
                    let _ = self.folder.remove(&name);
                }
            }
        }
        count(&self.counts.misses);
        None
    }

    /// Stores a payload under `key`, in place of what is there, and then removes the entries that were used longest
    /// ago for as long as all together are larger than [`CacheConfig::folder`]; never the one just stored.
    ///
    /// A process that is killed meanwhile leaves the old entry or none, and so does one that fails.
    ///
    /// # Errors
    /// [`CacheError::TooLarge`] and [`CacheError::Write`]. Both are counted in [`CacheStats::write_failed`], and the
    /// cache stays usable: a caller has what it compiled, and needs do no more than report them.
    pub fn store(&self, key: &CacheKey, payload: &[u8]) -> Result<(), CacheError> {
        let name = key.to_string();
        if let Err(error) = self.write(&name, key, payload) {
            count(&self.counts.write_failed);
            return Err(error);
        }
        count(&self.counts.stored);
        self.evict(&name);
        Ok(())
    }

    /// What has been counted since this cache was opened.
    pub fn stats(&self) -> CacheStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheStats {
            hits: read(&self.counts.hits),
            misses: read(&self.counts.misses),
            stored: read(&self.counts.stored),
            write_failed: read(&self.counts.write_failed),
            evicted: read(&self.counts.evicted),
            keys_replaced: read(&self.counts.keys_replaced),
            rejected: self.counts.rejected.each_ref().map(read),
        }
    }

    /// `Ok(None)` if there is no entry of this name.
    fn read(&self, name: &str, key: &CacheKey) -> Result<Option<Vec<u8>>, Rejected> {
        let (mut file, metadata) = match self.folder.open_file(name) {
            Ok(opened) => opened,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) if is_no_file(error) => return Err(Rejected::NotRegular),
            Err(_) => return Err(Rejected::Unreadable),
        };
        let facts = Facts::from(&metadata);
        facts.check_entry(self.folder.user, self.config.entry)?;

        let mut header = [0; HEADER];
        let mut tag = [0; TAG];
        file.read_exact(&mut header).map_err(unfinished)?;
        file.read_exact(&mut tag).map_err(unfinished)?;
        let length = check_header(&header, key)?;
        match facts.size.cmp(&file_size(length)) {
            Order::Less => return Err(Rejected::Truncated),
            Order::Greater => return Err(Rejected::Trailing),
            Order::Equal => {}
        }
        // The length is bounded, because the file's size is and they agree. One byte more shows a file that has grown.
        let mut payload = Vec::new();
        let room = usize::try_from(length + 1).map_err(|_| Rejected::TooLarge)?;
        payload.try_reserve_exact(room).map_err(|_| Rejected::Unreadable)?;
        (&file).take(length + 1).read_to_end(&mut payload).map_err(unfinished)?;
        match (payload.len() as u64).cmp(&length) {
            Order::Less => return Err(Rejected::Truncated),
            Order::Greater => return Err(Rejected::Trailing),
            Order::Equal => {}
        }
        // In constant time: a tag is not to be guessed byte by byte.
        self.mac_of(&header, &payload).verify_slice(&tag).map_err(|_| Rejected::Authentication)?;
        // An entry that cannot be touched is a hit all the same, and only seems older than it is.
        let _ = touch(&file);
        Ok(Some(payload))
    }

    fn write(&self, name: &str, key: &CacheKey, payload: &[u8]) -> Result<(), CacheError> {
        let size = payload.len() as u64;
        let most = self.config.entry.min(self.config.folder.saturating_sub(file_size(0)));
        if size > most {
            return Err(CacheError::TooLarge { size, most });
        }
        let header = header(key, size);
        let tag = self.mac_of(&header, payload).finalize().into_bytes();
        let mut temporary = self.folder.create().map_err(CacheError::Write)?;
        temporary.write(&[&header, &tag, payload]).map_err(CacheError::Write)?;
        temporary.rename(name).map_err(CacheError::Write)
    }

    fn mac_of(&self, header: &[u8; HEADER], payload: &[u8]) -> Hmac<Sha256> {
        self.mac.clone().chain_update(header).chain_update(payload)
    }

    /// Best effort: what cannot be listed or removed stays until the next store.
    fn evict(&self, spared: &str) {
        let mut entries = self.folder.entries();
        let mut total: u64 = entries.iter().map(|entry| entry.size).sum();
        // By name where the clock cannot tell, so that processes that evict at once remove the same.
        entries.sort_unstable_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
        for entry in entries.iter().filter(|entry| entry.name != spared) {
            if total <= self.config.folder {
                return;
            }
            match self.folder.remove(&entry.name) {
                Ok(()) => count(&self.counts.evicted),
                // Another process was faster.
                Err(Errno::NOENT) => {}
                Err(_) => continue,
            }
            total -= entry.size;
        }
    }
}

/// Without the secret.
impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("config", &self.config).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// A cache could not be opened, or an entry not be stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The folder cannot be made, opened or looked at.
    #[error("the cache folder {folder} cannot be opened: {cause}")]
    Open {
        /// The folder, as it was given.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// What is there is a symlink, which could be made to lead elsewhere later, or no folder.
    #[error("the cache folder {0} is a symlink or no folder: name the folder itself")]
    NotAFolder(PathBuf),
    /// The folder belongs to another user.
    #[error("the cache folder {folder} belongs to user {owner} and this process runs as user {user}: name another")]
    NotOurs {
        /// The folder, as it was given.
        folder: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// The effective user id of this process.
        user: u32,
    },
    /// Others may write to the folder, and may have done so.
    #[error("the cache folder {folder} has mode {mode:04o}, and others may write to it: empty it and `chmod 700` it")]
    Writable {
        /// The folder, as it was given.
        folder: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others may read the folder, and there is something in it that is no part of a cache.
    #[error("the cache folder {folder} has mode {mode:04o} and holds other files: name a new one, or `chmod 700` it")]
    Shared {
        /// The folder, as it was given.
        folder: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The folder has no good key, and none can be made.
    #[error("the cache folder {folder} has no key and none can be made: {cause}")]
    Key {
        /// The folder, as it was given.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The payload is larger than [`CacheConfig::entry`], or than [`CacheConfig::folder`] has room for.
    #[error("the cache entry has {size} bytes and at most {most} are kept: raise CacheConfig::entry and ::folder")]
    TooLarge {
        /// The payload's size in bytes.
        size: u64,
        /// The bound in bytes.
        most: u64,
    },
    /// The entry cannot be written.
    #[error("the cache entry cannot be written: {0}")]
    Write(io::Error),
}

fn default_folder(cache_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    let caches = cache_home.and_then(absolute).or_else(|| Some(home.and_then(absolute)?.join(".cache")))?;
    Some(caches.join("dayfly"))
}

fn header(key: &CacheKey, length: u64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    header[12..44].copy_from_slice(&key.0);
    header[44..].copy_from_slice(&length.to_le_bytes());
    header
}

/// The length of the payload that a header of this format and key announces. It is not authenticated yet.
fn check_header(found: &[u8; HEADER], key: &CacheKey) -> Result<u64, Rejected> {
    let expected = header(key, 0);
    if found[..12] != expected[..12] {
        return Err(Rejected::Version);
    }
    if found[12..44] != expected[12..44] {
        return Err(Rejected::Key);
    }
    let length = found.last_chunk().expect("a header is longer than its length");
    Ok(u64::from_le_bytes(*length))
}

/// Bytes of the file that holds a payload of this length. Saturates: the length may be what a flipped bit made of it.
const fn file_size(length: u64) -> u64 {
    ((HEADER + TAG) as u64).saturating_add(length)
}

fn unfinished(error: io::Error) -> Rejected {
    if error.kind() == io::ErrorKind::UnexpectedEof { Rejected::Truncated } else { Rejected::Unreadable }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

    use super::secret::{Secret, read_secret};
    use super::*;

    fn text(value: &str) -> Option<OsString> {
        Some(value.into())
    }

    #[test]
    fn the_default_folder_is_where_the_xdg_specification_has_it() {
        let folder = |cache_home, home| default_folder(cache_home, home).map(|path| path.display().to_string());
        assert_eq!(folder(text("/cache"), text("/home/me")).unwrap(), "/cache/dayfly");
        assert_eq!(folder(text("/cache"), None).unwrap(), "/cache/dayfly");
        for ignored in [None, text(""), text("cache"), text("./cache"), text("../cache")] {
            assert_eq!(folder(ignored.clone(), text("/home/me")).unwrap(), "/home/me/.cache/dayfly", "{ignored:?}");
            assert_eq!(folder(ignored.clone(), None), None, "{ignored:?}");
            assert_eq!(folder(ignored.clone(), text("")), None, "{ignored:?}");
            assert_eq!(folder(ignored.clone(), text("me")), None, "{ignored:?}");
        }
    }

    #[test]
    fn a_header_is_refused_for_what_is_wrong_first() {
        let key = CacheKey([3; 32]);
        assert_eq!(check_header(&header(&key, 1 << 40), &key), Ok(1 << 40));
        assert_eq!(check_header(&header(&key, 1), &CacheKey([4; 32])), Err(Rejected::Key));
        assert_eq!(check_header(&[0; HEADER], &key), Err(Rejected::Version));
        assert_eq!(file_size(u64::MAX), u64::MAX, "a length out of bounds fits no file");
    }

    /// Not everyone can give a file away, so it is the cache that takes itself for another user's.
    #[test]
    fn an_entry_of_another_user_is_refused_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("cache");
        let mut cache = Cache::open(&folder).unwrap();
        let key = CacheKey([5; 32]);
        cache.store(&key, b"code").unwrap();
        cache.folder.user += 1;
        assert_eq!(cache.load(&key), None);
        assert_eq!(cache.stats().rejected(Rejected::Owner), 1);
        assert!(!folder.join(key.to_string()).exists());
        assert!(matches!(read_secret(&cache.folder), Ok(Secret::Bad)), "nor is a key of another user one");
    }

    #[test]
    fn what_is_printed_of_a_cache_has_no_secret_in_it() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::open(&root.path().join("cache")).unwrap();
        let printed = format!("{cache:?}");
        assert!(
            printed.starts_with("Cache { config: CacheConfig { entry: 268435456, folder: 1073741824 }"),
            "{printed}"
        );
        assert!(printed.ends_with(", .. }") && !printed.contains("mac"), "{printed}");
    }
}
