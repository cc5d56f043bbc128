//! What tests install for themselves, below the target folder, and keep from one run to the next.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder in which `install` has put what `wanted` says. Others wait meanwhile.
pub(crate) fn folder(name: &str, wanted: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let stamp = folder.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == wanted) {
        return folder;
    }
    let _ = fs::remove_file(&stamp);
    install(&folder);
    fs::write(stamp, wanted).unwrap();
    folder
}

/// apt for the caller alone, until this is dropped: two that renew its lists are in each other's way.
pub(crate) fn apt() -> File {
    let lock = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("apt.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// Debian's packages of these names, unpacked; the first gives the folder its name.
///
/// # Errors
/// This system has none.
pub(crate) fn packages(names: &[&str]) -> Result<PathBuf, String> {
    let has = |program| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !has("apt-get") || !has("dpkg") {
        return Err(format!("it needs {}, which comes with a package of Debian's", names[0]));
    }
    let folder = folder(&format!("debian-{}", names[0]), &names.join(" "), |folder| {
        let _apt = apt();
        let downloaded = || Command::new("apt-get").arg("download").args(names).current_dir(folder).output().unwrap();
        if !downloaded().status.success() {
            // The lists of packages may be old.
            let _ = Command::new("apt-get").args(["update", "-q"]).output();
            let again = downloaded();
            assert!(again.status.success(), "{names:?} cannot be fetched: {again:?}");
        }
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension() == Some(OsStr::new("deb")) {
                let unpacked = Command::new("dpkg").arg("-x").arg(&file).arg(folder.join("package")).status();
                assert!(unpacked.unwrap().success(), "{} cannot be unpacked", file.display());
                fs::remove_file(file).unwrap();
            }
        }
    });
    Ok(folder.join("package"))
}
