//! The cache on disk: what it gives back, and all that it refuses.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use dayfly::{Cache, CacheConfig, CacheError, CacheKey, Engine, EngineConfig, Rejected};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tempfile::TempDir;

/// Bytes of an entry's file before the payload: magic, version, key, length, tag.
const BEFORE_PAYLOAD: u64 = 8 + 4 + 32 + 8 + 32;
/// Whom files are given to that shall not be ours: `nobody`.
const SOMEONE: u32 = 65534;
/// Long enough for any machine, and short enough for a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// An empty place with a path for a cache in it, which is not made yet.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    /// A folder of this mode, without a cache.
    fn with_folder(mode: u32) -> Self {
        let place = Self::new();
        fs::create_dir(place.folder()).unwrap();
        place.chmod_folder(mode);
        place
    }

    /// A cache with an entry under `key(0)`.
    fn with_entry(payload: &[u8]) -> Self {
        let place = Self::new();
        place.open().store(&key(0), payload).unwrap();
        place
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    fn outside(&self) -> PathBuf {
        self.root.path().join("outside")
    }

    fn entry(&self) -> PathBuf {
        self.file(&key(0).to_string())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn open(&self) -> Cache {
        Cache::open(&self.folder()).unwrap()
    }

    fn chmod_folder(&self, mode: u32) {
        fs::set_permissions(self.folder(), Permissions::from_mode(mode)).unwrap();
    }

    fn names(&self) -> BTreeSet<String> {
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        fs::read_dir(self.folder()).unwrap().map(|entry| name(entry.unwrap())).collect()
    }

    /// The entry is a miss for this reason and is gone; then the cache takes a new one in its place.
    #[track_caller]
    fn refuses_entry(&self, reason: Rejected) {
        self.refuses_entry_and_goes_on(reason);
        assert!(self.entry().symlink_metadata().is_err(), "{reason:?}: the entry is still there");
        let cache = self.open();
        cache.store(&key(0), b"new").unwrap();
        assert_eq!(cache.load(&key(0)).as_deref(), Some(b"new".as_slice()), "{reason:?}");
    }

    #[track_caller]
    fn refuses_entry_and_goes_on(&self, reason: Rejected) {
        let cache = self.open();
        assert_eq!(load_in_time(&cache, &key(0)), None, "{reason:?}");
        let stats = cache.stats();
        assert_eq!((stats.rejected(reason), stats.rejected_in_all()), (1, 1), "{reason:?}: {stats:?}");
        assert_eq!((stats.hits, stats.misses), (0, 1), "{reason:?}");
    }

    #[track_caller]
    fn refuses_folder(&self, expected: &str) {
        let error = Cache::open(&self.folder()).expect_err(expected);
        let text = error.to_string().replace(&*self.root.path().to_string_lossy(), "");
        assert_eq!(text, expected, "{error:?}");
    }
}

fn key(number: u8) -> CacheKey {
    CacheKey::new(&[number; 32], "a test", &"of the cache")
}

/// A load that waited for the writer of a FIFO would wait for ever.
#[track_caller]
fn load_in_time(cache: &Cache, key: &CacheKey) -> Option<Vec<u8>> {
    let started = Instant::now();
    let (over, is_over) = mpsc::channel();
    let watch = thread::spawn(move || {
        if is_over.recv_timeout(PATIENCE).is_err() {
            // The thread that loads cannot be ended otherwise.
            std::process::abort();
        }
    });
    let loaded = cache.load(key);
    over.send(()).unwrap();
    watch.join().unwrap();
    assert!(started.elapsed() < PATIENCE);
    loaded
}

/// Writes a file that only its owner may write to, whatever the umask.
fn write(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap().write_all(bytes).unwrap();
}

/// Makes a file look as if it was last used so long ago.
fn age(path: &Path, by: Duration) {
    let then = SystemTime::now() - by;
    File::open(path).unwrap().set_times(FileTimes::new().set_modified(then)).unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn what_was_stored_is_loaded_by_this_cache_and_the_next() {
    let place = Place::new();
    let cache = place.open();
    assert_eq!(cache.load(&key(0)), None);
    for payload in [b"code".as_slice(), b"", &[0xa5; 1 << 20]] {
        cache.store(&key(0), payload).unwrap();
        assert_eq!(cache.load(&key(0)).as_deref(), Some(payload));
        assert_eq!(place.open().load(&key(0)).as_deref(), Some(payload));
    }
    assert_eq!(cache.load(&key(1)), None);
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.stored, stats.write_failed), (3, 2, 3, 0), "{stats:?}");
    assert_eq!((stats.rejected_in_all(), stats.evicted, stats.keys_replaced), (0, 0, 0), "{stats:?}");
    assert_eq!(place.names(), [key(0).to_string(), "key".into()].into());
}

#[test]
fn only_the_owner_may_read_what_a_cache_makes() {
    let place = Place::new();
    let deep = place.folder().join("of/many");
    let cache = Cache::open(&deep).unwrap();
    cache.store(&key(0), b"code").unwrap();
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o7777;
    assert_eq!(mode(&deep), 0o700);
    assert_eq!(mode(&deep.join("key")), 0o600);
    assert_eq!(mode(&deep.join(key(0).to_string())), 0o600);
    assert_eq!(deep.join("key").metadata().unwrap().nlink(), 1);
}

#[test]
fn a_byte_that_was_changed_anywhere_is_noticed() {
    let place = Place::with_entry(b"the code of an engine");
    let good = fs::read(place.entry()).unwrap();
    let cache = place.open();
    for offset in 0..good.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[offset] ^= change;
            let longer = bad[44..52].iter().rev().gt(good[44..52].iter().rev());
            let reason = match offset {
                0..12 => Rejected::Version,
                12..44 => Rejected::Key,
                44..52 if longer => Rejected::Truncated,
                44..52 => Rejected::Trailing,
                _ => Rejected::Authentication,
            };
            write(&place.entry(), &bad);
            let before = cache.stats();
            assert_eq!(cache.load(&key(0)), None, "{offset} {change}");
            let after = cache.stats();
            assert_eq!(after.rejected(reason), before.rejected(reason) + 1, "{offset} {change}: {after:?}");
            assert_eq!(after.rejected_in_all(), before.rejected_in_all() + 1, "{offset} {change}: {after:?}");
            assert!(!place.entry().exists(), "{offset} {change}");
        }
    }
    write(&place.entry(), &good);
    assert_eq!(cache.load(&key(0)).unwrap(), b"the code of an engine", "unchanged it is good");
}

#[test]
fn an_entry_that_ends_early_is_refused_at_every_length() {
    let place = Place::with_entry(b"the code of an engine");
    let good = fs::read(place.entry()).unwrap();
    let cache = place.open();
    for length in 0..good.len() {
        write(&place.entry(), &good[..length]);
        assert_eq!(cache.load(&key(0)), None, "{length}");
        assert_eq!(cache.stats().rejected(Rejected::Truncated), length as u64 + 1, "{:?}", cache.stats());
        assert!(!place.entry().exists(), "{length}");
    }
}

#[test]
fn an_entry_that_goes_on_after_its_end_is_refused() {
    let place = Place::with_entry(b"code");
    let good = fs::read(place.entry()).unwrap();
    write(&place.entry(), &[good.as_slice(), b"\0"].concat());
    place.refuses_entry(Rejected::Trailing);
}

#[test]
fn an_entry_of_an_older_format_is_refused_though_it_is_authentic() {
    let place = Place::with_entry(b"code");
    let mut entry = fs::read(place.entry()).unwrap();
    assert_eq!(entry.len() as u64, BEFORE_PAYLOAD + 4);
    let secret = fs::read(place.file("key")).unwrap();
    let tag = |entry: &[u8]| {
        let mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.chain_update(&entry[..52]).chain_update(&entry[84..]).finalize().into_bytes()
    };
    assert_eq!(entry[52..84], *tag(&entry), "what a tag is made of");
    entry[8..12].copy_from_slice(&0_u32.to_le_bytes());
    let older = tag(&entry);
    entry[52..84].copy_from_slice(&older);
    write(&place.entry(), &entry);
    place.refuses_entry(Rejected::Version);
}

#[test]
fn the_entry_of_another_key_is_refused() {
    let place = Place::new();
    place.open().store(&key(1), b"code").unwrap();
    fs::copy(place.file(&key(1).to_string()), place.entry()).unwrap();
    place.refuses_entry(Rejected::Key);
    assert_eq!(place.open().load(&key(1)).unwrap(), b"code", "where it was stored it is good");
}

#[test]
fn a_symlink_is_refused_and_what_it_leads_to_stays() {
    let place = Place::with_entry(b"code");
    fs::rename(place.entry(), place.outside()).unwrap();
    symlink(place.outside(), place.entry()).unwrap();
    place.refuses_entry(Rejected::NotRegular);
    assert!(place.outside().exists());
    fs::remove_file(place.entry()).unwrap();
    symlink("nowhere", place.entry()).unwrap();
    place.refuses_entry(Rejected::NotRegular);
}

#[test]
fn a_store_replaces_a_symlink_and_not_what_it_leads_to() {
    let place = Place::new();
    let cache = place.open();
    write(&place.outside(), b"mine");
    symlink(place.outside(), place.entry()).unwrap();
    cache.store(&key(0), b"code").unwrap();
    assert_eq!(cache.load(&key(0)).unwrap(), b"code");
    assert_eq!(fs::read(place.outside()).unwrap(), b"mine");
}

#[test]
fn an_entry_with_a_second_name_is_refused() {
    let place = Place::with_entry(b"code");
    fs::hard_link(place.entry(), place.outside()).unwrap();
    place.refuses_entry(Rejected::Links);
    assert!(place.outside().exists());
}

#[test]
fn a_fifo_is_refused_without_waiting_for_a_writer() {
    let place = Place::new();
    place.open();
    assert!(Command::new("mkfifo").arg(place.entry()).status().unwrap().success());
    place.refuses_entry(Rejected::NotRegular);
}

#[test]
fn a_socket_is_refused() {
    let place = Place::new();
    place.open();
    // The path of a socket may not be long.
    let listener = UnixListener::bind(place.root.path().join("s")).unwrap();
    fs::rename(place.root.path().join("s"), place.entry()).unwrap();
    place.refuses_entry(Rejected::NotRegular);
    drop(listener);
}

#[test]
fn a_folder_in_place_of_an_entry_is_refused_and_removed_if_it_is_empty() {
    let place = Place::new();
    place.open();
    fs::create_dir(place.entry()).unwrap();
    place.refuses_entry(Rejected::NotRegular);

    fs::remove_file(place.entry()).unwrap();
    fs::create_dir(place.entry()).unwrap();
    write(&place.entry().join("mine"), b"mine");
    place.refuses_entry_and_goes_on(Rejected::NotRegular);
    assert!(place.entry().join("mine").exists());
}

#[test]
fn an_entry_that_others_may_write_to_is_refused() {
    for mode in [0o620, 0o602, 0o666] {
        let place = Place::with_entry(b"code");
        fs::set_permissions(place.entry(), Permissions::from_mode(mode)).unwrap();
        place.refuses_entry(Rejected::Mode);
    }
}

#[test]
fn an_entry_larger_than_the_bound_is_neither_loaded_nor_stored() {
    let place = Place::with_entry(b"seven b");
    let bounded = |entry| Cache::open_with(&place.folder(), &CacheConfig { entry, ..CacheConfig::default() }).unwrap();
    assert_eq!(bounded(7).load(&key(0)).unwrap(), b"seven b");
    let small = bounded(6);
    assert_eq!(small.load(&key(0)), None);
    assert_eq!(small.stats().rejected(Rejected::TooLarge), 1);
    assert!(!place.entry().exists());
    match small.store(&key(0), b"seven b") {
        Err(CacheError::TooLarge { size: 7, most: 6 }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!((small.stats().stored, small.stats().write_failed), (0, 1));
}

/// A file cannot be given away without being root. Others meet a folder that is not theirs here, and an entry that is
/// not theirs in `an_entry_of_another_user_is_refused_and_removed`, beside the code.
#[test]
fn what_belongs_to_another_user_is_refused() {
    if !is_root() {
        match Cache::open(Path::new("/")) {
            Err(CacheError::NotOurs { owner, user, .. }) => assert_ne!(owner, user),
            other => panic!("{other:?}"),
        }
        return;
    }
    let place = Place::with_entry(b"code");
    chown(place.entry(), Some(SOMEONE), None).unwrap();
    place.refuses_entry(Rejected::Owner);

    chown(place.file("key"), Some(SOMEONE), None).unwrap();
    assert_eq!(place.open().stats().keys_replaced, 1);
    place.refuses_entry(Rejected::Authentication);

    chown(place.folder(), Some(SOMEONE), None).unwrap();
    place.refuses_folder("the cache folder /cache belongs to user 65534 and this process runs as user 0: name another");
}

#[test]
fn a_folder_that_is_a_symlink_is_refused_with_a_slash_after_it_too() {
    let place = Place::new();
    fs::create_dir(place.outside()).unwrap();
    symlink(place.outside(), place.folder()).unwrap();
    place.refuses_folder("the cache folder /cache is a symlink or no folder: name the folder itself");
    for end in ["/", "//", "/.", "/./"] {
        let mut path = place.folder().into_os_string();
        path.push(end);
        assert!(matches!(Cache::open(path.as_ref()), Err(CacheError::NotAFolder(_))), "{path:?}");
    }
    assert_eq!(fs::read_dir(place.outside()).unwrap().count(), 0);
}

#[test]
fn what_is_no_folder_is_refused() {
    let place = Place::new();
    symlink("nowhere", place.folder()).unwrap();
    place.refuses_folder("the cache folder /cache is a symlink or no folder: name the folder itself");
    fs::remove_file(place.folder()).unwrap();
    write(&place.folder(), b"mine");
    place.refuses_folder("the cache folder /cache is a symlink or no folder: name the folder itself");
    assert!(matches!(Cache::open(Path::new("")), Err(CacheError::Open { .. })));
    assert!(matches!(Cache::open(&place.folder().join("below")), Err(CacheError::NotAFolder(_))));
}

#[test]
fn a_folder_that_others_may_write_to_is_refused_and_left_as_it_is() {
    for mode in [0o720, 0o702, 0o777] {
        let place = Place::with_folder(mode);
        let expected = "and others may write to it: empty it and `chmod 700` it";
        place.refuses_folder(&format!("the cache folder /cache has mode 0{mode:o}, {expected}"));
        assert_eq!(place.folder().metadata().unwrap().mode() & 0o7777, mode);
        assert_eq!(place.names(), [].into());
    }
}

#[test]
fn a_folder_of_our_own_that_others_may_read_is_closed_to_them() {
    let mode = |place: &Place| place.folder().metadata().unwrap().mode() & 0o7777;
    let place = Place::with_folder(0o755);
    place.open().store(&key(0), b"code").unwrap();
    assert_eq!(mode(&place), 0o700);
    place.chmod_folder(0o711);
    assert_eq!(place.open().load(&key(0)).unwrap(), b"code");
    assert_eq!(mode(&place), 0o700);
}

#[test]
fn a_folder_that_others_may_read_and_that_holds_other_files_is_refused_and_left_as_it_is() {
    let place = Place::with_folder(0o755);
    write(&place.file("index.html"), b"mine");
    place.refuses_folder(
        "the cache folder /cache has mode 0755 and holds other files: name a new one, or `chmod 700` it",
    );
    assert_eq!(place.folder().metadata().unwrap().mode() & 0o7777, 0o755);
    assert_eq!(place.names(), ["index.html".into()].into());
}

#[test]
fn a_key_that_is_none_is_replaced_and_the_entries_under_it_are_refused() {
    type Spoil = fn(&Place);
    let ways: [(&str, Spoil); 8] = [
        ("other bytes in a file of another mode", |place| {
            write(&place.file("key"), &[7; 32]);
            fs::set_permissions(place.file("key"), Permissions::from_mode(0o640)).unwrap();
        }),
        ("too short", |place| write(&place.file("key"), &[7; 31])),
        ("too long", |place| write(&place.file("key"), &[7; 33])),
        ("empty", |place| write(&place.file("key"), &[])),
        ("unreadable", |place| fs::set_permissions(place.file("key"), Permissions::from_mode(0o000)).unwrap()),
        ("a symlink to it", |place| {
            fs::rename(place.file("key"), place.outside()).unwrap();
            symlink(place.outside(), place.file("key")).unwrap();
        }),
        ("an empty folder", |place| {
            fs::remove_file(place.file("key")).unwrap();
            fs::create_dir(place.file("key")).unwrap();
        }),
        ("a folder with a file in it", |place| {
            fs::remove_file(place.file("key")).unwrap();
            fs::create_dir(place.file("key")).unwrap();
            write(&place.file("key").join("mine"), b"mine");
        }),
    ];
    for (way, spoil) in ways {
        let place = Place::with_entry(b"code");
        spoil(&place);
        let cache = place.open();
        assert_eq!(cache.stats().keys_replaced, 1, "{way}");
        assert_eq!(cache.load(&key(0)), None, "{way}");
        assert_eq!(cache.stats().rejected(Rejected::Authentication), 1, "{way}");
        cache.store(&key(0), b"new").unwrap();
        let next = place.open();
        assert_eq!(next.load(&key(0)).as_deref(), Some(b"new".as_slice()), "{way}");
        assert_eq!(next.stats().keys_replaced, 0, "{way}");
        let metadata = place.file("key").symlink_metadata().unwrap();
        assert!(metadata.is_file() && metadata.len() == 32 && metadata.mode() & 0o7777 == 0o600, "{way}");
    }
}

#[test]
fn engines_that_compile_otherwise_have_other_keys() {
    let key = |fuel| {
        let engine = Engine::new(&EngineConfig { fuel, concurrency: 1, ..EngineConfig::default() }).unwrap();
        CacheKey::new(&[0; 32], "", &engine.wasmtime().precompile_compatibility_hash())
    };
    assert_eq!(key(false), key(false));
    assert_eq!(key(true), key(true));
    assert_ne!(key(false), key(true));
}

#[test]
fn under_another_key_no_entry_is_good() {
    let place = Place::with_entry(b"code");
    write(&place.file("key"), &[7; 32]);
    assert_eq!(place.open().stats().keys_replaced, 0, "it is a key, though another");
    place.refuses_entry(Rejected::Authentication);
}

#[test]
fn two_folders_have_two_keys() {
    let (one, other) = (Place::with_entry(b"code"), Place::new());
    other.open();
    assert_ne!(fs::read(one.file("key")).unwrap(), fs::read(other.file("key")).unwrap());
    fs::copy(one.entry(), other.entry()).unwrap();
    other.refuses_entry(Rejected::Authentication);
}

/// Opens the folder from as many threads at once, and has each cache load what all have stored.
#[track_caller]
fn all_agree(place: &Place, threads: u8, keys_replaced: u64) {
    let barrier = Barrier::new(threads.into());
    let open = |number| {
        barrier.wait();
        let cache = Cache::open(&place.folder()).unwrap();
        cache.store(&key(number), &[number]).unwrap();
        cache
    };
    let caches: Vec<Cache> = thread::scope(|scope| {
        let opening: Vec<_> = (0..threads).map(|number| scope.spawn(move || open(number))).collect();
        opening.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for cache in &caches {
        for number in 0..threads {
            assert_eq!(cache.load(&key(number)), Some(vec![number]), "{:?}", cache.stats());
        }
    }
    assert_eq!(caches.iter().map(|cache| cache.stats().keys_replaced).sum::<u64>(), keys_replaced);
    assert_eq!(place.names().len(), usize::from(threads) + 1, "{:?}", place.names());
}

#[test]
fn all_that_open_an_empty_folder_at_once_agree_on_its_key() {
    for _ in 0..50 {
        all_agree(&Place::new(), 8, 0);
    }
}

#[test]
fn all_that_find_a_bad_key_at_once_agree_on_the_new_one() {
    for _ in 0..50 {
        let place = Place::with_folder(0o700);
        write(&place.file("key"), b"bad");
        all_agree(&place, 8, 1);
    }
}

#[test]
fn an_entry_that_is_stored_again_and_again_is_never_found_half() {
    let place = Place::with_entry(&[0; 1 << 16]);
    let cache = place.open();
    thread::scope(|scope| {
        for writer in 1..3 {
            let cache = &cache;
            scope.spawn(move || (0..50).for_each(|_| cache.store(&key(0), &[writer; 1 << 16]).unwrap()));
        }
        for _ in 0..200 {
            let payload = cache.load(&key(0)).unwrap_or_else(|| panic!("{:?}", cache.stats()));
            assert!(payload.len() == 1 << 16 && payload.iter().all(|byte| *byte == payload[0]));
        }
    });
    assert_eq!(cache.stats().rejected_in_all(), 0, "{:?}", cache.stats());
}

/// What the other tests start this binary again for. By itself it does nothing.
#[test]
#[ignore = "is started by other tests"]
fn another_process_does_what_its_environment_says() {
    let Some(folder) = std::env::var_os("DAYFLY_TEST_FOLDER") else { return };
    let task = std::env::var("DAYFLY_TEST_TASK").unwrap();
    let open = || Cache::open(folder.as_ref()).unwrap();
    match task.split_once(' ') {
        Some(("store", number)) => {
            let start = Path::new(&folder).with_file_name("outside");
            while !start.exists() {
                thread::yield_now();
            }
            open().store(&key(number.parse().unwrap()), b"code").unwrap();
        }
        Some(("fill", most)) => fills_the_disk(&open(), most.parse().unwrap()),
        None if task == "store-for-ever" => {
            let cache = open();
            loop {
                [0, 1].iter().for_each(|byte| cache.store(&key(0), &vec![*byte; 4 << 20]).unwrap());
            }
        }
        _ => panic!("{task}"),
    }
}

/// Stores an entry that there is no room for, and then one that there is room for.
fn fills_the_disk(cache: &Cache, room: usize) {
    cache.store(&key(0), b"old").unwrap();
    for failed in 1..4 {
        match cache.store(&key(0), &vec![1; 2 * room]) {
            Err(CacheError::Write(error)) => {
                assert!(matches!(error.kind(), ErrorKind::FileTooLarge | ErrorKind::StorageFull), "{error}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(cache.stats().write_failed, failed);
        assert_eq!(cache.load(&key(0)).unwrap(), b"old");
    }
    cache.store(&key(0), &vec![2; room / 2]).unwrap();
    assert_eq!(cache.load(&key(0)).unwrap(), vec![2; room / 2]);
    assert_eq!(cache.stats().stored, 2);
}

/// Starts another process on a folder, after a line of shell.
fn start(before: &str, folder: &Path, task: &str) -> Child {
    let shell = format!("{before}\nexec \"$0\" \"$@\"");
    let child = "cache::another_process_does_what_its_environment_says";
    let arguments = [OsStr::new("--exact"), child.as_ref(), "--ignored".as_ref(), "--nocapture".as_ref()];
    let mut command = Command::new("sh");
    command.arg("-c").arg(shell).arg(std::env::current_exe().unwrap()).args(arguments);
    command.env("DAYFLY_TEST_FOLDER", folder).env("DAYFLY_TEST_TASK", task);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[track_caller]
fn ends_well(child: Child) {
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn processes_that_open_an_empty_folder_at_once_agree_on_its_key() {
    let place = Place::new();
    let children: Vec<_> = (0..8).map(|number| start("", &place.folder(), &format!("store {number}"))).collect();
    thread::sleep(Duration::from_millis(100));
    write(&place.outside(), b"go");
    for child in children {
        ends_well(child);
    }
    let cache = place.open();
    for number in 0..8 {
        assert_eq!(cache.load(&key(number)).as_deref(), Some(b"code".as_slice()), "{:?}", cache.stats());
    }
}

/// Anyone may bound the size of the files that a process writes; a write beyond it ends early and the next one fails,
/// as on a full disk.
#[test]
fn a_write_that_fails_halfway_leaves_the_old_entry_and_a_cache_that_works() {
    let place = Place::new();
    ends_well(start("trap '' XFSZ; ulimit -f 64", &place.folder(), "fill 32768"));
    assert_eq!(place.names(), [key(0).to_string(), "key".into()].into());
}

#[test]
fn a_folder_that_is_gone_fails_stores_and_nothing_else() {
    let place = Place::with_entry(b"code");
    let cache = place.open();
    fs::remove_dir_all(place.folder()).unwrap();
    assert_eq!(cache.load(&key(0)), None);
    for failed in 1..3 {
        match cache.store(&key(0), b"code") {
            Err(CacheError::Write(error)) => assert_eq!(error.kind(), ErrorKind::NotFound),
            other => panic!("{other:?}"),
        }
        assert_eq!(cache.stats().write_failed, failed);
    }
    assert!(!place.folder().exists());
}

#[test]
fn a_rename_that_fails_leaves_nothing_unfinished() {
    let place = Place::new();
    let cache = place.open();
    fs::create_dir(place.entry()).unwrap();
    let error = cache.store(&key(0), b"code").unwrap_err().to_string();
    assert!(error.starts_with("the cache entry cannot be written: Is a directory"), "{error}");
    assert_eq!((cache.stats().stored, cache.stats().write_failed), (0, 1));
    assert_eq!(place.names(), [key(0).to_string(), "key".into()].into());
}

#[test]
fn a_process_that_is_killed_while_it_stores_leaves_a_whole_entry_or_none() {
    let place = Place::new();
    for round in 0..10 {
        let mut child = start("", &place.folder(), "store-for-ever");
        let started = Instant::now();
        while !place.entry().exists() {
            assert!(started.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "it does not store");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(20 + 3 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let cache = place.open();
        let payload = cache.load(&key(0)).unwrap_or_else(|| panic!("{:?}", cache.stats()));
        assert!(payload.len() == 4 << 20 && payload.iter().all(|byte| *byte == payload[0]));
        assert_eq!(cache.stats().rejected_in_all(), 0, "{:?}", cache.stats());
    }
    for name in place.names().iter().filter(|name| name.starts_with(".tmp-")) {
        age(&place.file(name), Duration::from_secs(2 * 60 * 60));
    }
    place.open();
    assert_eq!(place.names(), [key(0).to_string(), "key".into()].into());
}

#[test]
fn files_that_were_never_finished_are_swept_when_they_are_an_hour_old() {
    let place = Place::with_entry(b"code");
    for (name, minutes) in [(".tmp-old", 61), (".tmp-young", 59), (".tmp-folder", 61), ("other", 10_000)] {
        if name == ".tmp-folder" {
            fs::create_dir(place.file(name)).unwrap();
        } else {
            write(&place.file(name), b"unfinished");
        }
        age(&place.file(name), Duration::from_secs(60 * minutes));
    }
    age(&place.entry(), Duration::from_secs(60 * 60 * 24 * 365));
    let cache = place.open();
    assert_eq!(place.names(), [".tmp-young".into(), key(0).to_string(), "key".into(), "other".into()].into());
    assert_eq!(cache.load(&key(0)).unwrap(), b"code");
}

#[test]
fn a_full_folder_loses_what_was_used_longest_ago() {
    let place = Place::new();
    let config = CacheConfig { folder: 3 * (BEFORE_PAYLOAD + 100), ..CacheConfig::default() };
    let cache = Cache::open_with(&place.folder(), &config).unwrap();
    let path = |number| place.file(&key(number).to_string());
    write(&place.file("other"), &[0; 10_000]);
    for number in 0..3 {
        cache.store(&key(number), &[number; 100]).unwrap();
        age(&path(number), Duration::from_secs(1000 - u64::from(number)));
    }
    assert_eq!(cache.stats().evicted, 0, "three fit");
    assert_eq!(cache.load(&key(0)).unwrap(), [0; 100], "which is a use");
    cache.store(&key(3), &[3; 100]).unwrap();
    let left = |numbers: &[u8]| -> BTreeSet<_> {
        let entries = numbers.iter().map(|number| key(*number).to_string());
        entries.chain(["key".into(), "other".into()]).collect()
    };
    assert_eq!(place.names(), left(&[0, 2, 3]));
    assert_eq!(cache.stats().evicted, 1);

    // All that there is room for: the entry just stored stays, even if the clock has it as the oldest.
    let most = usize::try_from(config.folder - BEFORE_PAYLOAD).unwrap();
    for number in [0, 2, 3] {
        let ahead = SystemTime::now() + Duration::from_secs(1000);
        File::open(path(number)).unwrap().set_modified(ahead).unwrap();
    }
    cache.store(&key(4), &vec![4; most]).unwrap();
    assert_eq!(place.names(), left(&[4]));
    assert_eq!(cache.load(&key(4)).unwrap(), vec![4; most]);
    assert_eq!(cache.stats().evicted, 4);

    match cache.store(&key(5), &vec![5; most + 1]) {
        Err(CacheError::TooLarge { size, most: bound }) => assert_eq!((size, bound), (most as u64 + 1, most as u64)),
        other => panic!("{other:?}"),
    }
    assert_eq!(place.names(), left(&[4]), "what cannot be stored makes no room");
}
