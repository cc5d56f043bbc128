//! A folder of ours, and the files in it.

use std::ffi::CStr;
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags, Timespec, Timestamps, UTIME_NOW};
use rustix::io::Errno;

use super::CacheError;
use super::key::CacheKey;
use super::secret::SECRET;

/// What the name of a file that is not finished begins with.
const TEMPORARY: &str = ".tmp-";
/// No write takes as long, so what is older was left by a process that died.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// How long the lock is waited for. Whoever has it makes a few system calls.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// An open folder of ours. Everything below it is reached by its descriptor and one name: a path could lead elsewhere
/// by the time it is used.
pub(super) struct Folder {
    descriptor: File,
    /// Who has to own what is in it.
    pub(super) user: u32,
}

/// An entry, as eviction sees it.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) used: SystemTime,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, CacheError> {
        let failed = |cause: io::Error| CacheError::Open { folder: path.to_path_buf(), cause };
        // A slash at the end would have a symlink followed.
        let plain: PathBuf = path.components().collect();
        let descriptor = match open_folder(&plain) {
            Err(Errno::NOENT) => {
                make_folder(&plain).map_err(failed)?;
                open_folder(&plain)
            }
            opened => opened,
        };
        let descriptor = descriptor.map_err(|error| match error {
            Errno::LOOP | Errno::MLINK | Errno::NOTDIR => CacheError::NotAFolder(path.to_path_buf()),
            error => failed(error.into()),
        })?;
        let metadata = descriptor.metadata().map_err(failed)?;
        let folder = Self { descriptor, user: rustix::process::geteuid().as_raw() };
        folder.make_private(path, &metadata)?;
        Ok(folder)
    }

    /// Makes sure that nobody but this user gets in.
    fn make_private(&self, path: &Path, metadata: &Metadata) -> Result<(), CacheError> {
        let folder = || path.to_path_buf();
        let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
        if owner != self.user {
            return Err(CacheError::NotOurs { folder: folder(), owner, user: self.user });
        }
        if mode & 0o022 != 0 {
            return Err(CacheError::Writable { folder: folder(), mode });
        }
        if mode & 0o077 == 0 {
            return Ok(());
        }
        let failed = |cause: Errno| CacheError::Open { folder: folder(), cause: cause.into() };
        if !self.names().map_err(failed)?.iter().all(|name| is_ours(name)) {
            return Err(CacheError::Shared { folder: folder(), mode });
        }
        rustix::fs::fchmod(&self.descriptor, Mode::from_raw_mode((mode & 0o7700) as _)).map_err(failed)
    }

    /// Opens a file to read, whatever it is: a FIFO does not make this wait, and a symlink is not followed.
    pub(super) fn open_file(&self, name: &str) -> Result<(File, Metadata), Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.descriptor, name, flags, Mode::empty())?);
        let metadata = file.metadata().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok((file, metadata))
    }

    /// A new file under a name of its own.
    pub(super) fn create(&self) -> io::Result<Temporary<'_>> {
        let name = temporary_name()?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.descriptor, &name, flags, Mode::RUSR | Mode::WUSR)?);
        let temporary = Temporary { folder: self, name, file };
        // A strange umask could have taken more away.
        rustix::fs::fchmod(&temporary.file, Mode::RUSR | Mode::WUSR)?;
        Ok(temporary)
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), Errno> {
        match rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty()) {
            // What Linux says of a folder, and what POSIX does.
            Err(Errno::ISDIR | Errno::PERM) => rustix::fs::unlinkat(&self.descriptor, name, AtFlags::REMOVEDIR),
            removed => removed,
        }
    }

    /// Puts a file in place of what has its new name.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        rustix::fs::renameat(&self.descriptor, from, &self.descriptor, to)
    }

    /// Moves what has this name out of the way and removes it, if it can be: a folder with something in it only moves.
    pub(super) fn discard(&self, name: &str) -> io::Result<()> {
        let aside = temporary_name()?;
        self.rename(name, &aside)?;
        let _ = self.remove(&aside);
        Ok(())
    }

    /// The names of all that is in the folder; one that is no text is given as something that is not ours.
    fn names(&self) -> Result<Vec<String>, Errno> {
        let text = |name: &CStr| name.to_string_lossy().into_owned();
        let entries = Dir::read_from(&self.descriptor)?.map(|entry| entry.map(|entry| text(entry.file_name())));
        let names: Result<Vec<_>, _> = entries.collect();
        Ok(names?.into_iter().filter(|name| name != "." && name != "..").collect())
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        let names = self.names().unwrap_or_default().into_iter().filter(|name| CacheKey::is_name(name));
        names.filter_map(|name| self.entry(name)).collect()
    }

    /// `None` for what is gone by now, or takes no room because it is no regular file.
    fn entry(&self, name: String) -> Option<Entry> {
        let (_, metadata) = self.open_file(&name).ok()?;
        metadata.is_file().then_some(())?;
        Some(Entry { name, size: metadata.size(), used: metadata.modified().ok()? })
    }

    /// Removes what processes that died before `now` have left.
    pub(super) fn sweep(&self, now: SystemTime) {
        for name in self.names().unwrap_or_default().iter().filter(|name| name.starts_with(TEMPORARY)) {
            let modified = self.open_file(name).and_then(|(_, metadata)| {
                metadata.modified().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
            });
            if modified.is_ok_and(|modified| is_abandoned(modified, now)) {
                let _ = self.remove(name);
            }
        }
    }

    /// Best effort, and never for long: a process that was stopped while it held the lock must not stop the others, and
    /// there are file systems without locks. Then two processes may end up with two keys, which costs the
    /// entries of one of them.
    pub(super) fn lock(&self) -> Lock<'_> {
        let started = Instant::now();
        while rustix::fs::flock(&self.descriptor, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK)
            && started.elapsed() < LOCK_PATIENCE
        {
            std::thread::sleep(Duration::from_millis(2));
        }
        Lock(self)
    }
}

pub(super) struct Lock<'a>(&'a Folder);

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.0.descriptor, FlockOperation::NonBlockingUnlock);
    }
}

/// A file that is not finished, and is removed unless it gets a name that is meant to stay.
pub(super) struct Temporary<'a> {
    folder: &'a Folder,
    name: String,
    file: File,
}

impl Temporary<'_> {
    /// Writes the parts and waits for the disk: were the file renamed before that, a crash of the machine could leave an
    /// entry without its bytes. The folder is not waited for; a crash may take back the rename as a whole.
    pub(super) fn write(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        parts.iter().try_for_each(|part| self.file.write_all(part))?;
        self.file.sync_all()
    }

    /// Gives the file its name, in place of what has it.
    pub(super) fn rename(self, name: &str) -> io::Result<()> {
        // Where it succeeds, dropping finds nothing more under the temporary name.
        Ok(self.folder.rename(&self.name, name)?)
    }

    /// Gives the file its name unless something has it already.
    pub(super) fn link(self, name: &str) -> io::Result<()> {
        let folder = &self.folder.descriptor;
        match rustix::fs::linkat(folder, &self.name, folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        let _ = self.folder.remove(&self.name);
    }
}

fn open_folder(path: &Path) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).map(File::from)
}

fn make_folder(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // Another process was faster; what it made is checked like any other.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Notes that the file is used now.
pub(super) fn touch(file: &File) -> io::Result<()> {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    Ok(rustix::fs::futimens(file, &Timestamps { last_access: now, last_modification: now })?)
}

/// What opening a symlink (Linux, FreeBSD), and a socket (Linux, others), ends in.
pub(super) fn is_no_file(error: Errno) -> bool {
    matches!(error, Errno::LOOP | Errno::MLINK | Errno::NXIO | Errno::OPNOTSUPP)
}

fn temporary_name() -> io::Result<String> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    Ok(format!("{TEMPORARY}{:032x}", u128::from_le_bytes(bytes)))
}

pub(super) fn random(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(|error| io::Error::other(format!("no random bytes: {error}")))
}

/// A time too far ahead says that the clock was wrong then, and tells nothing; nobody else would ever remove it.
fn is_abandoned(modified: SystemTime, now: SystemTime) -> bool {
    let age = now.duration_since(modified).unwrap_or_else(|ahead| ahead.duration());
    age > ABANDONED
}

/// Whether a cache gives files such names.
fn is_ours(name: &str) -> bool {
    name == SECRET || name.starts_with(TEMPORARY) || CacheKey::is_name(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

    use super::*;

    #[test]
    fn a_file_is_abandoned_after_an_hour_by_either_direction_of_the_clock() {
        let now = SystemTime::now();
        let minute = Duration::from_secs(60);
        for (modified, abandoned) in
            [(now, false), (now - 59 * minute, false), (now - 61 * minute, true), (now + 59 * minute, false)]
        {
            assert_eq!(is_abandoned(modified, now), abandoned);
        }
        assert!(is_abandoned(now + 61 * minute, now));
    }

    /// Not everyone can give a folder away, so it is made for one user and looked at by another.
    #[test]
    fn a_folder_of_another_user_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("cache");
        let mut folder = Folder::open(&path).unwrap();
        let metadata = folder.descriptor.metadata().unwrap();
        folder.user += 1;
        match folder.make_private(&path, &metadata) {
            Err(CacheError::NotOurs { owner, user, .. }) => assert_eq!(owner + 1, user),
            other => panic!("{other:?}"),
        }
    }
}
