//! A control group of a test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::serve::LONG;

/// Removed with it, once what was in it has ended.
pub(crate) struct Group {
    folder: PathBuf,
    is_second: bool,
    enter: String,
    enter_for_the_killer: String,
}

impl Group {
    /// One of a controller: `memory` or `pids`.
    ///
    /// # Errors
    /// Why there can be none here.
    pub(crate) fn new(controller: &str, name: &str) -> Result<Self, String> {
        let mount = Path::new("/sys/fs/cgroup");
        let is_second = mount.join("cgroup.controllers").exists();
        let mount = if is_second { mount.to_owned() } else { mount.join(controller) };
        if is_second {
            let _ = fs::write(mount.join("cgroup.subtree_control"), format!("+{controller}"));
        }
        let folder = mount.join(format!("dayfly-test-{name}-{}", std::process::id()));
        let made = fs::create_dir(&folder).map_err(|error| format!("it needs a control group: {error}"));
        let enter = format!("echo $$ > {}/cgroup.procs && exec \"$0\" \"$@\"", folder.display());
        let enter_for_the_killer = format!("echo 1000 > /proc/self/oom_score_adj; {enter}");
        let group = made.map(|()| Self { folder, is_second, enter, enter_for_the_killer })?;
        let probe = if controller == "pids" { "pids.max" } else { group.limit_file() };
        if !group.folder.join(probe).exists() {
            return Err(format!("it needs control groups with the controller {controller}, which are not here"));
        }
        Ok(group)
    }

    fn limit_file(&self) -> &'static str {
        if self.is_second { "memory.max" } else { "memory.limit_in_bytes" }
    }

    /// Sets the memory that it may have, without swap.
    pub(crate) fn limit_memory(&self, bytes: u64) {
        self.write(self.limit_file(), bytes);
        // In the first version the limit is that of both together, and is set after the other one.
        let (swap, most) = if self.is_second { ("memory.swap.max", 0) } else { ("memory.memsw.limit_in_bytes", bytes) };
        if self.folder.join(swap).exists() {
            self.write(swap, most);
        }
    }

    /// Sets how many threads it may have.
    pub(super) fn limit_threads(&self, count: u64) {
        self.write("pids.max", count);
    }

    fn write(&self, file: &str, value: u64) {
        fs::write(self.folder.join(file), value.to_string()).unwrap();
    }

    /// How many processes of it the kernel has ended for want of memory.
    pub(super) fn killed(&self) -> u64 {
        let file = if self.is_second { "memory.events" } else { "memory.oom_control" };
        let text = fs::read_to_string(self.folder.join(file)).unwrap();
        text.lines().find_map(|line| line.strip_prefix("oom_kill ")).map_or(0, |count| count.parse().unwrap())
    }

    /// Bytes that it has.
    pub(super) fn memory(&self) -> u64 {
        let file = if self.is_second { "memory.current" } else { "memory.usage_in_bytes" };
        fs::read_to_string(self.folder.join(file)).unwrap().trim().parse().unwrap()
    }

    /// Those of them that the kernel cannot drop at once.
    pub(crate) fn working_set(&self) -> u64 {
        let name = if self.is_second { "inactive_file " } else { "total_inactive_file " };
        let text = fs::read_to_string(self.folder.join("memory.stat")).unwrap();
        let droppable = text.lines().find_map(|line| line.strip_prefix(name)).map_or(0, |bytes| bytes.parse().unwrap());
        self.memory().saturating_sub(droppable)
    }

    /// What goes into the group and becomes another command, which is to follow.
    pub(crate) fn by(&self) -> [&str; 3] {
        ["sh", "-c", &self.enter]
    }

    /// The same, and it is the first that the kernel ends where memory is out.
    pub(super) fn by_for_the_killer(&self) -> [&str; 3] {
        ["sh", "-c", &self.enter_for_the_killer]
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let deadline = Instant::now() + LONG;
        // What has ended is in it for a moment still.
        while fs::remove_dir(&self.folder).is_err() && self.folder.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
