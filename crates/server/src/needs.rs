//! What the system has to let the process have, looked at before it starts: where it is not given, it would be missed in the middle of
//! something else, and the process would end there.

use dayfly::EngineConfig;
use dayfly_bundler::Bundler;
use rustix::process::{Resource, getrlimit};

use crate::config::Config;
use crate::metrics::Machine;
use crate::server::Server;

/// Address space for all but slots: code, heaps, threads' stacks.
const REST: u64 = 4 << 30;

/// Mappings of a slot: what is open and closed of its memory, with a heap's file below it, and a stack with its guard.
const OF_A_SLOT: u64 = 8;

/// Mappings for all but slots.
const OTHERS: u64 = 4096;

/// What is lacking for a server of this configuration, each with what would help.
pub fn lacking(config: &Config) -> Vec<String> {
    let engines = [Server::engine(config), Bundler::config()];
    [address_space(&engines), threads(config), mappings(&engines)].into_iter().flatten().collect()
}

fn address_space(engines: &[EngineConfig]) -> Option<String> {
    let needed = engines.iter().map(EngineConfig::address_space).sum::<u64>() + REST;
    let limit = getrlimit(Resource::As).current.filter(|limit| *limit < needed)?;
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    Some(format!(
        "the process may have {:.1} GiB of address space, and needs {:.1} GiB, most of which it never touches: raise RLIMIT_AS \
         (`ulimit -v unlimited`, LimitAS=infinity of systemd), or lower renders.concurrent",
        gib(limit),
        gib(needed)
    ))
}

fn threads(config: &Config) -> Option<String> {
    let processors = std::thread::available_parallelism().map_or(1, |processors| processors.get() as u64);
    // Those that serve connections, those of long renders and the compiler's; beside them some that write, watch or wait.
    let needed = processors * 2 + u64::from(config.renders.long_threads) + 16;
    let of_the_user = getrlimit(Resource::Nproc).current.filter(|_| !rustix::process::geteuid().is_root());
    let left = Machine::default().threads_left().into_iter().chain(of_the_user).min()?;
    (left < needed).then(|| {
        format!(
            "the process may start {left} threads, and needs {needed}: raise the limit of its control group (pids.max, TasksMax= of \
             systemd, --pids-limit of a container) or RLIMIT_NPROC (`ulimit -u`)"
        )
    })
}

fn mappings(engines: &[EngineConfig]) -> Option<String> {
    let slots: u64 = engines.iter().map(|engine| u64::from(engine.concurrency)).sum();
    let needed = slots * OF_A_SLOT + OTHERS;
    let limit = Machine::default().most_mappings().filter(|limit| *limit < needed)?;
    Some(format!(
        "a process may have {limit} mappings of memory, and so many renders at once may need {needed}: raise vm.max_map_count \
         (`sysctl -w vm.max_map_count={needed}`), or lower renders.concurrent"
    ))
}
