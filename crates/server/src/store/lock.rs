//! One server a folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// The right to use a folder of state, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Why a folder cannot be used.
#[derive(Debug)]
pub(crate) enum NotLocked {
    /// Another server uses it: its process id, as far as it is known.
    Taken(Option<u32>),
    Io(io::Error),
}

impl Lock {
    /// Takes a folder, and makes it if there is none.
    pub(crate) fn take(folder: &Path) -> Result<Self, NotLocked> {
        fs::create_dir_all(folder).map_err(NotLocked::Io)?;
        let path = folder.join("lock");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(NotLocked::Io)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let pid = fs::read_to_string(&path).ok().and_then(|pid| pid.trim().parse().ok());
                return Err(NotLocked::Taken(pid));
            }
            Err(error) => return Err(NotLocked::Io(error.into())),
        }
        // For people: that a disk is full does not show here.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::{Lock, NotLocked};

    #[test]
    fn a_folder_is_one_servers_and_says_whose() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        let taken = Lock::take(folder.path()).unwrap_err();
        assert!(matches!(taken, NotLocked::Taken(Some(pid)) if pid == std::process::id()), "{taken:?}");
        drop(lock);
        Lock::take(folder.path()).unwrap();
    }
}
