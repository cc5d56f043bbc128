//! What is kept on disk between two runs.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::{Dayfly, HELLO, Said};

/// A folder with an app, and a folder for the cache that nobody has used.
struct Home {
    folder: Dayfly,
    cache: PathBuf,
}

impl Home {
    fn new(test: &str) -> Self {
        let folder = Dayfly::new(test).file("app.js", HELLO);
        let cache = folder.folder.join("cache-home");
        let _ = std::fs::remove_dir_all(&cache);
        Self { folder, cache }
    }

    fn render(&self, more: &[&str]) -> Said {
        let arguments = [&["render", "app.js"], more].concat();
        let said = self.folder.run_under(&[("XDG_CACHE_HOME", self.cache.to_str().unwrap())], &arguments, "");
        assert_eq!((said.code, said.out.as_str()), (0, "hello you"), "{said:#?}");
        said
    }

    /// What is in the cache, but for the key.
    fn entries(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.cache.join("dayfly")) else { return Vec::new() };
        let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| !is_key(path)).collect();
        entries.sort();
        entries
    }
}

fn is_key(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "key")
}

#[test]
fn a_compiled_engine_is_kept_for_its_owner_and_changes_nothing() {
    let home = Home::new("cache_is_kept");
    let first = home.render(&[]);
    let entries = home.entries();
    // One of the engine that builds, one of the engine that renders.
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(mode(&home.cache.join("dayfly")), 0o700);
    let written: Vec<_> = entries.iter().map(|entry| std::fs::read(entry).unwrap()).collect();
    let second = home.render(&[]);
    assert_eq!((first.out, first.err), (second.out, second.err));
    assert_eq!(home.entries(), entries);
    let read: Vec<_> = entries.iter().map(|entry| std::fs::read(entry).unwrap()).collect();
    assert_eq!(written, read, "it was compiled again");
}

#[test]
fn without_a_cache_nothing_is_left_on_disk() {
    let home = Home::new("cache_is_off");
    home.render(&["--no-cache"]);
    assert!(!home.cache.exists());
}

#[test]
fn an_entry_that_was_changed_is_compiled_anew() {
    let home = Home::new("cache_is_changed");
    home.render(&[]);
    for entry in home.entries() {
        let mut bytes = std::fs::read(&entry).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&entry, &bytes).unwrap();
        home.render(&[]);
        assert_ne!(std::fs::read(&entry).unwrap(), bytes, "it is still there");
    }
}

#[test]
fn a_cache_that_cannot_be_opened_is_said_and_not_needed() {
    let home = Home::new("cache_is_elsewhere");
    std::fs::create_dir_all(&home.cache).unwrap();
    let elsewhere = home.folder.folder.join("elsewhere");
    std::fs::create_dir_all(&elsewhere).unwrap();
    symlink(&elsewhere, home.cache.join("dayfly")).unwrap();
    let said = home.render(&[]);
    assert!(said.err.contains("warning: nothing is cached: "), "{said:#?}");
    assert_eq!(std::fs::read_dir(elsewhere).unwrap().count(), 0);
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
