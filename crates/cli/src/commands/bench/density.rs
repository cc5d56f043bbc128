//! `dayfly bench density`.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use dayfly::{Bundle, BundleId, Bundles, Engine, EngineConfig, Limits, Page};
use dayfly_bundler::Source;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use tokio::runtime::Runtime;

use super::super::{build, runtime};
use crate::bench::statistics::{median, microseconds, quantile, sorted};
use crate::cache::CacheArgs;
use crate::exit::Exit;
use crate::report::{print_bytes, print_json};
use crate::{progress, units};

/// The app of every tenant: W1 of the benchmarks, with a text of the tenant's own in it.
const APP: &str = r#"(() => {
  const native = console.error;
  console.error = (...a) => native(...a);
  globalThis.render = (p) => "hello " + p.name + ", this is tenant 0000000000";
})();
"#;
/// What stands for the tenant's number in it.
const PLACE: &[u8] = b"tenant 0000000000";
const PROPS: &str = r#"{"name":"world"}"#;

/// Load many tenants, each with a bundle of its own, and render them all in turn
///
/// Each tenant's bundle is the app W1 of the benchmarks with a text of its own, and each page is compared with what
/// that tenant's has to be. RSS and the bytes a tenant are this process's, as the kernel counts them in
/// /proc/self/smaps_rollup; a heap's file in memory counts only where it is mapped, and is named beside.
#[derive(Debug, Args)]
pub(crate) struct Density {
    /// How many tenants
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tenants: u32,

    /// Memory for loaded bundles; beyond it the one used longest ago is dropped, and loaded again on demand
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = units::size)]
    budget: u64,

    /// How often all tenants are rendered
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

impl Density {
    pub(crate) fn exec(&self, cache: &CacheArgs) -> Result<Exit> {
        let files = raise_open_files();
        let template = self.template(cache)?;
        let engine = cache.engine(&EngineConfig::default())?;
        let runtime = runtime()?;
        // The code is compiled before the clock starts, as it is for any tenant but a machine's first.
        let only = Bundle::load(&engine, &template.of(0))?;
        let one = Tenant { engine: &engine, runtime: &runtime };
        let calm = one.renders(&only, 0, self.tenants.max(1_000))?;

        let before = Memory::now()?;
        let ids: Vec<_> = (0..self.tenants).map(|number| BundleId::of(&template.of(number))).collect();
        let numbers: std::collections::HashMap<_, _> = ids.iter().copied().zip(0..).collect();
        let bundles = Bundles::new(&engine, self.budget, move |id: BundleId| match numbers.get(&id) {
            Some(number) => Ok(template.of(*number)),
            None => Err(io::ErrorKind::NotFound.into()),
        });
        let load = progress::during("loading", || self.load(&bundles, &ids))?;
        let loaded = Memory::now()?;
        let all = progress::during("rendering", || self.render(&one, &bundles, &ids))?;
        let rendered = Memory::now()?;
        let stats = bundles.stats();
        let report = Report {
            tenants: self.tenants,
            reset: engine.reset().to_string(),
            load_total_us: microseconds(load.iter().sum()),
            load_p50_us: microseconds(median(load.iter().copied())),
            loaded: stats.loaded,
            loads: stats.loads,
            budget_bytes: self.budget,
            heap_bytes: stats.memory,
            rss_bytes: rendered.rss,
            shared_bytes_a_tenant: per(rendered.shared.saturating_sub(before.shared), stats.loaded),
            private_bytes_a_tenant: per(rendered.private.saturating_sub(before.private), stats.loaded),
            rss_bytes_loaded: loaded.rss,
            open_files: count("/proc/self/fd")?,
            open_files_limit: files,
            mappings: std::fs::read_to_string("/proc/self/maps")?.lines().count() as u64,
            one: Percentiles::of(calm),
            all: Percentiles::of(all),
        };
        match self.json {
            true => print_json(&report)?,
            false => print_bytes(report.to_string().as_bytes(), b"")?,
        }
        Ok(Exit::Done)
    }

    fn template(&self, cache: &CacheArgs) -> Result<Template> {
        let build = build::build(&build::bundler(cache)?, &Source::new("tenant.js", APP))?;
        let bundle = build.artifact.context("the tenants' app")?.bundle;
        let places: Vec<_> = bundle.windows(PLACE.len()).enumerate().filter(|(_, at)| *at == PLACE).collect();
        let places: Vec<_> = places.into_iter().map(|(place, _)| place).collect();
        if places.is_empty() {
            bail!("the tenant's text is not in the bundle's heap as it was written");
        }
        Ok(Template { bundle, places })
    }

    /// Loads all once; nanoseconds of each.
    fn load(&self, bundles: &Bundles, ids: &[BundleId]) -> Result<Vec<f64>> {
        ids.iter().map(|id| time(|| bundles.get_blocking(*id).map(drop).map_err(anyhow::Error::new))).collect()
    }

    /// Renders all in turn, as often as there are rounds; nanoseconds of each render, loading what was dropped included.
    fn render(&self, one: &Tenant<'_>, bundles: &Bundles, ids: &[BundleId]) -> Result<Vec<f64>> {
        let mut all = Vec::with_capacity(ids.len() * self.rounds as usize);
        for _ in 0..self.rounds {
            for (number, id) in ids.iter().enumerate() {
                all.push(time(|| one.render(&bundles.get_blocking(*id).map_err(anyhow::Error::new)?, number as u32))?);
            }
        }
        Ok(all)
    }
}

/// The bundle of any tenant.
struct Template {
    bundle: Vec<u8>,
    places: Vec<usize>,
}

impl Template {
    fn of(&self, number: u32) -> Vec<u8> {
        let mut bundle = self.bundle.clone();
        for place in &self.places {
            bundle[*place..place + PLACE.len()].copy_from_slice(text(number).as_bytes());
        }
        bundle
    }
}

fn text(number: u32) -> String {
    format!("tenant {number:010}")
}

struct Tenant<'a> {
    engine: &'a Engine,
    runtime: &'a Runtime,
}

impl Tenant<'_> {
    fn renders(&self, bundle: &Bundle, number: u32, count: u32) -> Result<Vec<f64>> {
        (0..count).map(|_| time(|| self.render(bundle, number))).collect()
    }

    fn render(&self, bundle: &Bundle, number: u32) -> Result<()> {
        let outcome = self.runtime.block_on(self.engine.render(bundle, &Limits::default(), PROPS));
        let expected = format!("hello world, this is {}", text(number));
        match outcome.page {
            Ok(Page::Text(page)) if page == expected => Ok(()),
            Ok(page) => bail!("tenant {number} got {page:?} and not {expected:?}"),
            Err(failure) => Err(failure).with_context(|| format!("tenant {number}")),
        }
    }
}

/// What the kernel says of this process, in bytes.
struct Memory {
    rss: u64,
    shared: u64,
    private: u64,
}

impl Memory {
    fn now() -> Result<Self> {
        let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").context("/proc/self/smaps_rollup")?;
        let sum = |names: &[&str]| -> u64 {
            let of = |name: &&str| {
                let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
                line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
            };
            names.iter().filter_map(of).sum::<u64>() * 1024
        };
        Ok(Self {
            rss: sum(&["Rss:"]),
            shared: sum(&["Shared_Clean:", "Shared_Dirty:"]),
            private: sum(&["Private_Clean:", "Private_Dirty:"]),
        })
    }
}

/// All that one run says: times in microseconds, sizes in bytes.
#[derive(Serialize)]
struct Report {
    tenants: u32,
    reset: String,
    load_total_us: f64,
    load_p50_us: f64,
    /// How many are loaded at the end, and how often one was.
    loaded: u64,
    loads: u64,
    budget_bytes: u64,
    /// What the loaded bundles take by the budget's count: their heaps' files in memory, mapped or not.
    heap_bytes: u64,
    rss_bytes: u64,
    rss_bytes_loaded: u64,
    shared_bytes_a_tenant: u64,
    private_bytes_a_tenant: u64,
    open_files: u64,
    open_files_limit: u64,
    mappings: u64,
    /// One tenant, again and again.
    one: Percentiles,
    /// All tenants in turn.
    all: Percentiles,
}

#[derive(Serialize)]
struct Percentiles {
    p50_us: f64,
    p99_us: f64,
}

impl Percentiles {
    fn of(nanoseconds: Vec<f64>) -> Self {
        let all = sorted(nanoseconds.into_iter());
        Self { p50_us: microseconds(quantile(&all, 0.5)), p99_us: microseconds(quantile(&all, 0.99)) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = |us: f64| units::show_time(Duration::from_nanos((us * 1e3) as u64));
        let size = units::show_size;
        let (one, all) = (&self.one, &self.all);
        writeln!(f, "{} tenants; {}", units::show_count(u64::from(self.tenants)), self.reset)?;
        let mut row = |name: &str, value: String| writeln!(f, "{name:<24}{value}");
        row("load, all", format!("{} (p50 {})", us(self.load_total_us), us(self.load_p50_us)))?;
        row(
            "loaded",
            format!("{} within {}, loaded {} times in all", self.loaded, size(self.budget_bytes), self.loads),
        )?;
        row("RSS", format!("{} ({} before the renders)", size(self.rss_bytes), size(self.rss_bytes_loaded)))?;
        row("heaps in memory", format!("{}, mapped or not", size(self.heap_bytes)))?;
        row("a tenant, shared", size(self.shared_bytes_a_tenant))?;
        row("a tenant, private", size(self.private_bytes_a_tenant))?;
        row("render, one tenant", format!("p50 {}, p99 {}", us(one.p50_us), us(one.p99_us)))?;
        row("render, all in turn", format!("p50 {}, p99 {}", us(all.p50_us), us(all.p99_us)))?;
        row("all / one", format!("p50 {:.2}, p99 {:.2}", all.p50_us / one.p50_us, all.p99_us / one.p99_us))?;
        row("open files", format!("{} of {}", self.open_files, self.open_files_limit))?;
        row("mappings", self.mappings.to_string())
    }
}

/// Each loaded bundle holds a file in memory open. The limit is often 1,024 where the most is far higher.
fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // If it cannot be raised, the limit shows in the error of the bundle for which there is no file any more.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

fn count(folder: &str) -> Result<u64> {
    Ok(std::fs::read_dir(folder).with_context(|| folder.to_owned())?.count() as u64)
}

fn per(bytes: u64, tenants: u64) -> u64 {
    bytes / tenants.max(1)
}

fn time(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_nanos() as f64)
}
