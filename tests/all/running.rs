//! What the system says of a process.

use std::fs;
use std::time::Duration;

/// A process that runs, by its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running(pub(crate) u32);

impl Running {
    /// Bytes of it that are in memory.
    pub(crate) fn resident(self) -> u64 {
        let pages = self.read("statm");
        pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    }

    /// Files, sockets and whatever else it has open.
    pub(crate) fn descriptors(self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.0)).unwrap().count()
    }

    /// Its threads.
    pub(crate) fn threads(self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.0)).unwrap().count()
    }

    /// Time that it has had a processor for.
    pub(crate) fn cpu(self) -> Duration {
        let stat = self.read("stat");
        // The name, in brackets, may hold anything. A tick is a hundredth of a second.
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<u64>().unwrap();
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    fn read(self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.0)).unwrap()
    }
}
