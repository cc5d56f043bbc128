//! What the machine has, as far as sizes follow from it.

use std::fs;

/// Processors that this process may use.
pub(crate) fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |processors| u32::try_from(processors.get()).unwrap_or(u32::MAX))
}

/// Bytes of memory that this process may use: the machine's, or its control group's if that is less.
pub(crate) fn memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    // The second version's file; "max" is no number, and no bound.
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    machine.into_iter().chain(group).min()
}

/// The line `MemTotal: 24000000 kB`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_machines_memory_is_read_in_bytes() {
        assert_eq!(super::total("MemTotal:       24000000 kB\nMemFree: 1 kB\n"), Some(24_576_000_000));
        assert_eq!(super::total("MemFree: 1 kB\n"), None);
        assert!(super::memory().is_some_and(|bytes| bytes > 64 << 20), "{:?}", super::memory());
    }
}
