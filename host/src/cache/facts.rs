//! What is asked of a file before a byte of it is read.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use super::file_size;
use super::stats::Rejected;

/// What is asked of a file that is to be trusted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) regular: bool,
    pub(super) owner: u32,
    pub(super) mode: u32,
    pub(super) links: u64,
    pub(super) size: u64,
}

impl From<&Metadata> for Facts {
    fn from(metadata: &Metadata) -> Self {
        Self {
            regular: metadata.is_file(),
            owner: metadata.uid(),
            mode: metadata.mode() & 0o7777,
            links: metadata.nlink(),
            size: metadata.size(),
        }
    }
}

impl Facts {
    pub(super) fn check_entry(self, user: u32, most: u64) -> Result<(), Rejected> {
        Err(if !self.regular {
            Rejected::NotRegular
        } else if self.owner != user {
            Rejected::Owner
        } else if self.mode & 0o022 != 0 {
            Rejected::Mode
        } else if self.links > 1 {
            // None is fine: a store has replaced the file since it was opened.
            Rejected::Links
        } else if self.size > file_size(most) {
            Rejected::TooLarge
        } else if self.size < file_size(0) {
            Rejected::Truncated
        } else {
            return Ok(());
        })
    }

    /// The number of links is not looked at: a key has two while the process that makes it drops its temporary name.
    pub(super) fn is_secret(self, user: u32) -> bool {
        self.regular && self.owner == user && self.mode == 0o600 && self.size == 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Facts = Facts { regular: true, owner: 7, mode: 0o600, links: 1, size: file_size(10) };

    #[test]
    fn an_entry_is_a_file_of_ours_with_one_name_and_a_size_in_bounds() {
        let check = |facts: Facts| facts.check_entry(7, 10).err();
        assert_eq!(check(ENTRY), None);
        assert_eq!(check(Facts { mode: 0o644, ..ENTRY }), None, "others may read it");
        assert_eq!(check(Facts { size: file_size(0), ..ENTRY }), None, "the payload may be empty");
        assert_eq!(check(Facts { regular: false, ..ENTRY }), Some(Rejected::NotRegular));
        assert_eq!(check(Facts { owner: 8, ..ENTRY }), Some(Rejected::Owner));
        assert_eq!(check(Facts { owner: 0, ..ENTRY }), Some(Rejected::Owner));
        assert_eq!(check(Facts { mode: 0o620, ..ENTRY }), Some(Rejected::Mode));
        assert_eq!(check(Facts { mode: 0o602, ..ENTRY }), Some(Rejected::Mode));
        assert_eq!(check(Facts { links: 2, ..ENTRY }), Some(Rejected::Links));
        assert_eq!(check(Facts { links: 0, ..ENTRY }), None, "it was replaced meanwhile");
        assert_eq!(check(Facts { size: file_size(11), ..ENTRY }), Some(Rejected::TooLarge));
        assert_eq!(check(Facts { size: file_size(0) - 1, ..ENTRY }), Some(Rejected::Truncated));
    }

    #[test]
    fn a_secret_is_a_file_of_ours_that_nobody_else_may_touch() {
        let secret = Facts { size: 32, ..ENTRY };
        assert!(secret.is_secret(7));
        assert!(Facts { links: 2, ..secret }.is_secret(7), "while it is made");
        for wrong in [
            Facts { regular: false, ..secret },
            Facts { owner: 8, ..secret },
            Facts { mode: 0o640, ..secret },
            Facts { mode: 0o604, ..secret },
            Facts { mode: 0o400, ..secret },
            Facts { size: 31, ..secret },
            Facts { size: 33, ..secret },
        ] {
            assert!(!wrong.is_secret(7), "{wrong:?}");
        }
    }
}
