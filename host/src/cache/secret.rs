//! The secret of a folder, under which its entries are authentic.

use std::io::{self, Read};

use rustix::io::Errno;

use super::facts::Facts;
use super::folder::{Folder, is_no_file, random};

/// The file that holds the secret.
pub(super) const SECRET: &str = "key";

/// What is under the name of the secret.
pub(super) enum Secret {
    Good([u8; 32]),
    Bad,
    Missing,
}

/// The folder's secret, and how many bad ones were replaced for it. Processes that come at once get the same.
pub(super) fn secret(folder: &Folder) -> io::Result<([u8; 32], u64)> {
    let mut replaced = 0;
    // A second turn is usual for the first process, a third where one was bad; further ones mean that others interfere.
    for _ in 0..100 {
        match read_secret(folder)? {
            Secret::Good(secret) => return Ok((secret, replaced)),
            Secret::Missing => make_secret(folder)?,
            Secret::Bad => replaced += u64::from(remove_secret(folder)?),
        }
    }
    Err(io::Error::other("another process keeps replacing it"))
}

pub(super) fn read_secret(folder: &Folder) -> io::Result<Secret> {
    let (mut file, metadata) = match folder.open_file(SECRET) {
        Ok(opened) => opened,
        Err(Errno::NOENT) => return Ok(Secret::Missing),
        // It has lost its mode.
        Err(Errno::ACCESS) => return Ok(Secret::Bad),
        Err(error) if is_no_file(error) => return Ok(Secret::Bad),
        Err(error) => return Err(error.into()),
    };
    if !Facts::from(&metadata).is_secret(folder.user) {
        return Ok(Secret::Bad);
    }
    let mut secret = [0; 32];
    match file.read_exact(&mut secret) {
        Ok(()) => Ok(Secret::Good(secret)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Secret::Bad),
        Err(error) => Err(error),
    }
}

/// Makes a secret unless there is one. It gets its name when it is complete, by a link and not by a rename: of two
/// processes the second fails, and then reads what the first has made.
fn make_secret(folder: &Folder) -> io::Result<()> {
    let mut secret = [0; 32];
    random(&mut secret)?;
    let mut temporary = folder.create()?;
    temporary.write(&[&secret])?;
    temporary.link(SECRET)
}

/// Removes a bad secret; says whether it was this process that did.
fn remove_secret(folder: &Folder) -> io::Result<bool> {
    // Otherwise, of two processes that found it bad, the second could remove the new one of the first.
    let _lock = folder.lock();
    if !matches!(read_secret(folder)?, Secret::Bad) {
        return Ok(false);
    }
    folder.discard(SECRET)?;
    Ok(true)
}
