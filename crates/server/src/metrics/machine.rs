//! What the machine says: of the control group that the process is in, and of the process.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::time::{ClockId, clock_gettime};

/// The memory that the process shares with others of its control group: what an out-of-memory killer looks at.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct HostMemory {
    /// Bytes in use, less what the kernel can drop at once.
    pub(crate) working_set: Option<u64>,
    /// Bytes that may be in use: the least limit of the group and those around it, or else all that the machine has.
    pub(crate) limit: Option<u64>,
    /// How often what happened: `oom_kill`, `high`, ….
    pub(crate) events: Vec<(String, u64)>,
}

/// Seconds that work has waited for something.
#[derive(Debug, PartialEq)]
pub(crate) struct Pressure {
    /// `cpu`, `io` or `memory`.
    pub(crate) resource: &'static str,
    /// `some`: any of the work. `full`: all of it.
    pub(crate) kind: &'static str,
    pub(crate) seconds: f64,
}

/// Where the kernel's files are.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    root: PathBuf,
}

impl Default for Machine {
    fn default() -> Self {
        Self { root: "/".into() }
    }
}

/// Where a control group is, in the second version of their file system or in the first.
enum Group {
    Second(PathBuf),
    First(PathBuf),
    None,
}

impl Machine {
    fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        let path = path.as_ref();
        fs::read_to_string(self.root.join(path.strip_prefix("/").unwrap_or(path))).ok()
    }

    fn number(&self, path: impl AsRef<Path>) -> Option<u64> {
        self.read(path)?.trim().parse().ok()
    }

    fn exists(&self, path: &str) -> bool {
        self.root.join(path.trim_start_matches('/')).exists()
    }

    /// That of a controller: `memory` or `pids`.
    fn group(&self, controller: &str) -> Group {
        let groups = self.read("/proc/self/cgroup").unwrap_or_default();
        let below = |mount: &str, path: &str| {
            let whole = format!("{mount}/{}", path.trim_matches('/'));
            // In a container the path may be the host's, which is not there.
            if self.exists(&whole) { whole.trim_end_matches('/').to_owned() } else { mount.to_owned() }
        };
        if self.exists("/sys/fs/cgroup/cgroup.controllers") {
            let path = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
            return Group::Second(below("/sys/fs/cgroup", path).into());
        }
        let path = groups.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            controllers.split(',').any(|other| other == controller).then_some(path)
        });
        let mount = format!("/sys/fs/cgroup/{controller}");
        match path {
            Some(path) if self.exists(&mount) => Group::First(below(&mount, path).into()),
            _ => Group::None,
        }
    }

    /// The share of its limit that the memory takes of the control group, or of one around it if that is nearer to its own; none where
    /// none has less than the machine.
    pub(crate) fn memory_share(&self) -> Option<f64> {
        let machine = kib(&self.read("/proc/meminfo")?, "MemTotal")?;
        let (group, [usage, limit], inactive) = match self.group("memory") {
            Group::Second(group) => (group, ["memory.current", "memory.max"], "inactive_file"),
            Group::First(group) => (group, ["memory.usage_in_bytes", "memory.limit_in_bytes"], "total_inactive_file"),
            Group::None => return None,
        };
        let share = |group: &Path| {
            let limit = self.number(group.join(limit)).filter(|limit| *limit < machine)?;
            let droppable = field(&self.read(group.join("memory.stat"))?, inactive).unwrap_or(0);
            let used = self.number(group.join(usage))?.saturating_sub(droppable);
            Some(used as f64 / limit.max(1) as f64)
        };
        around(&group).filter_map(share).max_by(f64::total_cmp)
    }

    /// Bytes of this process that are in memory.
    pub(crate) fn resident(&self) -> Option<u64> {
        kib(&self.read("/proc/self/status")?, "VmRSS")
    }

    /// Threads and processes more that the control group may have, or one around it.
    pub(crate) fn threads_left(&self) -> Option<u64> {
        let group = match self.group("pids") {
            Group::Second(group) | Group::First(group) => group,
            Group::None => return None,
        };
        let left = |group: &Path| {
            let most = self.number(group.join("pids.max"))?;
            Some(most.saturating_sub(self.number(group.join("pids.current"))?))
        };
        around(&group).filter_map(left).min()
    }

    /// How many mappings of memory a process may have.
    pub(crate) fn most_mappings(&self) -> Option<u64> {
        self.number("/proc/sys/vm/max_map_count")
    }

    /// What there is, whether or not there are control groups.
    pub(crate) fn memory(&self) -> HostMemory {
        let meminfo = self.read("/proc/meminfo").unwrap_or_default();
        let machine = |name| kib(&meminfo, name);
        let total = machine("MemTotal");
        let least = |folder: &Path, file: &str| {
            // No limit is a word, or a number that no machine has.
            around(folder).filter_map(|group| self.number(group.join(file))).chain(total).min()
        };
        let used = |usage: Option<u64>, stat: Option<String>, name: &str| {
            Some(usage?.saturating_sub(field(&stat.unwrap_or_default(), name).unwrap_or(0)))
        };
        // The group of all processes has no such files.
        let of_all = || Some(total?.saturating_sub(machine("MemAvailable")?));
        match self.group("memory") {
            Group::Second(group) => HostMemory {
                working_set: used(
                    self.number(group.join("memory.current")),
                    self.read(group.join("memory.stat")),
                    "inactive_file",
                )
                .or_else(of_all),
                limit: least(&group, "memory.max"),
                events: fields(&self.read(group.join("memory.events")).unwrap_or_default()).collect(),
            },
            Group::First(group) => HostMemory {
                working_set: used(
                    self.number(group.join("memory.usage_in_bytes")),
                    self.read(group.join("memory.stat")),
                    "total_inactive_file",
                )
                .or_else(of_all),
                limit: least(&group, "memory.limit_in_bytes"),
                events: fields(&self.read(group.join("memory.oom_control")).unwrap_or_default())
                    .filter(|(name, _)| name == "oom_kill")
                    .chain(self.number(group.join("memory.failcnt")).map(|count| ("max".to_owned(), count)))
                    .collect(),
            },
            Group::None => HostMemory { working_set: of_all(), limit: total, events: Vec::new() },
        }
    }

    /// Of the control group, or of the whole machine where that has none; nothing where the kernel does not say it.
    pub(crate) fn pressure(&self) -> Vec<Pressure> {
        let group = match self.group("memory") {
            Group::Second(group) => Some(group),
            _ => None,
        };
        let of = |resource: &'static str| {
            let own = group.as_ref().and_then(|group| self.read(group.join(format!("{resource}.pressure"))));
            let text = own.or_else(|| self.read(format!("/proc/pressure/{resource}"))).unwrap_or_default();
            let kinds = ["some", "full"].into_iter().filter_map(move |kind| {
                let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
                let total = line.split(' ').find_map(|word| word.strip_prefix("total="))?.parse::<u64>().ok()?;
                Some(Pressure { resource, kind, seconds: total as f64 / 1e6 })
            });
            kinds.collect::<Vec<_>>()
        };
        ["cpu", "io", "memory"].into_iter().flat_map(of).collect()
    }

    /// This process, as Prometheus' clients name it; without a value is what the system does not say.
    pub(crate) fn process(&self) -> Process {
        let status = self.read("/proc/self/status").unwrap_or_default();
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Process {
            cpu: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
            resident: kib(&status, "VmRSS"),
            virtual_memory: kib(&status, "VmSize"),
            threads: status
                .lines()
                .find_map(|line| line.strip_prefix("Threads:"))
                .and_then(|threads| threads.trim().parse().ok()),
            open_files: fs::read_dir(self.root.join("proc/self/fd")).ok().map(|files| files.count() as u64),
            most_files: self.read("/proc/self/limits").and_then(|limits| {
                limits
                    .lines()
                    .find_map(|line| line.strip_prefix("Max open files"))?
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()
            }),
            started: self.started(),
        }
    }

    /// In seconds since 1970.
    fn started(&self) -> Option<f64> {
        // Ticks are hundredths of a second, whatever the kernel was built with.
        const TICKS: f64 = 100.0;
        let stat = self.read("/proc/self/stat")?;
        // The name, in brackets, may hold anything.
        let ticks: f64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
        let boot = self
            .read("/proc/stat")?
            .lines()
            .find_map(|line| line.strip_prefix("btime "))?
            .trim()
            .parse::<f64>()
            .ok()?;
        Some(boot + ticks / TICKS)
    }
}

/// A process.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Seconds.
    pub(crate) cpu: f64,
    pub(crate) resident: Option<u64>,
    pub(crate) virtual_memory: Option<u64>,
    pub(crate) threads: Option<u64>,
    pub(crate) open_files: Option<u64>,
    pub(crate) most_files: Option<u64>,
    pub(crate) started: Option<f64>,
}

/// A control group and those around it.
fn around(group: &Path) -> impl Iterator<Item = &Path> {
    group.ancestors().take_while(|group| group.starts_with("/sys/fs/cgroup"))
}

/// A line `NAME:   123 kB`, in bytes.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Lines `name 123`.
fn fields(text: &str) -> impl Iterator<Item = (String, u64)> + '_ {
    text.lines().filter_map(|line| {
        let (name, number) = line.split_once(' ')?;
        Some((name.to_owned(), number.trim().parse().ok()?))
    })
}

fn field(text: &str, name: &str) -> Option<u64> {
    fields(text).find(|(field, _)| field == name).map(|(_, number)| number)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::fs;

    use super::{HostMemory, Machine, Pressure};

    const MEMINFO: &str = "MemTotal:       1000 kB\nMemFree: 100 kB\nMemAvailable:   600 kB\n";

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files.iter().chain(&[("proc/meminfo", MEMINFO)]) {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let machine = Machine { root: root.path().into() };
        (root, machine)
    }

    #[test]
    fn memory_is_that_of_the_control_group_within_the_least_limit_around_it() {
        let (_root, machine) = machine(&[
            ("proc/self/cgroup", "0::/system.slice/dayfly.service\n"),
            ("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "500000\n"),
            ("sys/fs/cgroup/system.slice/dayfly.service/memory.max", "max\n"),
            ("sys/fs/cgroup/system.slice/dayfly.service/memory.current", "300000\n"),
            ("sys/fs/cgroup/system.slice/dayfly.service/memory.stat", "anon 1\ninactive_file 120000\nactive_file 5\n"),
            ("sys/fs/cgroup/system.slice/dayfly.service/memory.events", "low 0\nhigh 3\noom 1\noom_kill 1\n"),
            (
                "sys/fs/cgroup/system.slice/dayfly.service/memory.pressure",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=250000\n",
            ),
            ("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\n"),
        ]);
        let events =
            [("low", 0), ("high", 3), ("oom", 1), ("oom_kill", 1)].map(|(name, count)| (name.to_owned(), count));
        let expected = HostMemory { working_set: Some(180_000), limit: Some(500_000), events: events.into() };
        assert_eq!(machine.memory(), expected);
        let expected = [("cpu", "some", 2.0), ("memory", "some", 1.5), ("memory", "full", 0.25)]
            .map(|(resource, kind, seconds)| Pressure { resource, kind, seconds });
        assert_eq!(machine.pressure(), expected);
    }

    #[test]
    fn a_container_sees_its_own_group_as_the_root() {
        let (_root, machine) = machine(&[
            ("proc/self/cgroup", "0::/../../docker/abc\n"),
            ("sys/fs/cgroup/cgroup.controllers", "memory\n"),
            ("sys/fs/cgroup/memory.max", "400000\n"),
            ("sys/fs/cgroup/memory.current", "1000\n"),
        ]);
        assert_eq!(machine.memory(), HostMemory { working_set: Some(1000), limit: Some(400_000), events: vec![] });
    }

    #[test]
    fn control_groups_of_the_first_version_are_read_too() {
        let (_root, machine) = machine(&[
            ("proc/self/cgroup", "12:cpu,cpuacct:/x\n5:memory:/docker/abc\n"),
            ("sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "300000\n"),
            ("sys/fs/cgroup/memory/docker/abc/memory.stat", "inactive_file 1\ntotal_inactive_file 100000\n"),
            ("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/docker/abc/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
            ("sys/fs/cgroup/memory/docker/abc/memory.failcnt", "7\n"),
        ]);
        let events = vec![("oom_kill".to_owned(), 2), ("max".to_owned(), 7)];
        assert_eq!(machine.memory(), HostMemory { working_set: Some(200_000), limit: Some(1000 << 10), events });
    }

    #[test]
    fn without_control_groups_memory_is_the_machines() {
        let (_root, machine) = machine(&[]);
        assert_eq!(
            machine.memory(),
            HostMemory { working_set: Some(400 << 10), limit: Some(1000 << 10), events: vec![] }
        );
        assert_eq!(machine.pressure(), []);
    }

    #[test]
    fn memory_is_short_where_the_nearest_limit_is() {
        let share = |files: &[(&str, &str)]| machine(files).1.memory_share();
        let first = ("proc/self/cgroup", "5:memory:/a/b\n7:pids:/p\n");
        let of = |path, text| (path, text);
        let files = [
            first,
            of("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "300000\n"),
            of("sys/fs/cgroup/memory/a/b/memory.stat", "total_inactive_file 100000\n"),
            of("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "400000\n"),
            of("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "450000\n"),
            of("sys/fs/cgroup/memory/a/memory.stat", "total_inactive_file 0\n"),
            of("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "500000\n"),
        ];
        assert_eq!(share(&files[..4]), Some(0.5));
        assert_eq!(share(&files), Some(0.9), "the group around it is nearer to its limit");
        let unlimited = [first, files[1], files[2], of(files[3].0, "9223372036854771712\n")];
        assert_eq!((share(&unlimited), share(&[])), (None, None));
        let second = [
            ("proc/self/cgroup", "0::/a\n"),
            ("sys/fs/cgroup/cgroup.controllers", "memory\n"),
            ("sys/fs/cgroup/a/memory.current", "90000\n"),
            ("sys/fs/cgroup/a/memory.stat", "inactive_file 10000\n"),
            ("sys/fs/cgroup/a/memory.max", "100000\n"),
        ];
        assert_eq!(share(&second), Some(0.8));
    }

    #[test]
    fn threads_are_left_as_the_narrowest_group_says() {
        let (_root, machine) = machine(&[
            ("proc/self/cgroup", "7:pids:/a/b\n"),
            ("sys/fs/cgroup/pids/a/b/pids.max", "max\n"),
            ("sys/fs/cgroup/pids/a/b/pids.current", "10\n"),
            ("sys/fs/cgroup/pids/a/pids.max", "30\n"),
            ("sys/fs/cgroup/pids/a/pids.current", "12\n"),
            ("proc/sys/vm/max_map_count", "65530\n"),
        ]);
        assert_eq!((machine.threads_left(), machine.most_mappings()), (Some(18), Some(65_530)));
    }

    #[test]
    fn this_process_is_seen() {
        let process = Machine::default().process();
        assert!(
            process.cpu > 0.0 && process.resident > Some(1 << 20) && process.virtual_memory > process.resident,
            "{process:?}"
        );
        assert!(
            process.threads >= Some(1) && process.open_files >= Some(3) && process.most_files >= process.open_files,
            "{process:?}"
        );
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        // The clock may have been set since.
        assert!(process.started.is_some_and(|started| started > now - 86_400.0 && started < now + 60.0), "{process:?}");
    }
}
