//! Looks at the server once in an interval: takes a sample, and looks which conditions hold.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use dayfly_fetch::Client;
use tokio_util::task::AbortOnDropHandle;

use crate::alarms::{self, Alarm, Alarms, Facts, State};
use crate::config::{Config, TenantName};
use crate::history::{History, Live, Mark, MarkKind};
use crate::samples::{Sample, Since, TenantSample, now};
use crate::server::Shared;
use crate::tasks::blocking;
use crate::webhooks::{self, Server, Webhooks};

/// What is kept from one look to the next.
pub(crate) struct Watch {
    pub(crate) history: History,
    pub(crate) webhooks: Webhooks,
    alarms: Mutex<Alarms>,
    /// The tenants' last samples, oldest first.
    recent: Mutex<HashMap<TenantName, VecDeque<TenantSample>>>,
    started: Instant,
    /// Whether the disk failed the last time: it is said once.
    is_failing: AtomicBool,
}

/// The machine's name, or the container's.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "localhost".into() } else { name.trim().into() }
}

impl Watch {
    /// Opens what there is in the folder of state, and begins to tell what waits there. `admin` is where the API is. To be called in
    /// a runtime.
    pub(crate) fn open(config: &Config, admin: Option<String>, client: &Arc<Client>) -> io::Result<Self> {
        let mut alarms = Alarms::open(&config.state);
        let url = config.alarms.url.clone().or(admin).unwrap_or_else(|| format!("http://{}", config.listen));
        let server = Server { url, instance: format!("{}:{}", host_name(), config.listen.port()) };
        let history = History::open(&config.state, &config.history)?;
        // What has just been is looked at as if there had been no restart: else what fires would be said to be over.
        let now = history.tick(now());
        let recent = history.recent((now + 1).saturating_sub(tenant_ticks(&history, config.alarms.scale)), now)?;
        let webhooks = Webhooks::start(&config.state, &config.alarms.webhooks, server, client)?;
        let marks = config.alarms.webhooks.iter().map(|webhook| (webhook.name.clone(), webhooks::mark(webhook)));
        let new = alarms.told(marks.collect());
        webhooks.put_to(&new, alarms.active())?;
        // A folder that cannot be written to is known from the start.
        alarms.save()?;
        Ok(Self {
            history,
            webhooks,
            alarms: Mutex::new(alarms),
            recent: Mutex::new(recent),
            started: Instant::now(),
            is_failing: AtomicBool::new(false),
        })
    }

    /// The alarms as they are.
    pub(crate) fn alarms(&self) -> MutexGuard<'_, Alarms> {
        lock(&self.alarms)
    }

    /// Keeps a mark, and tells those who listen.
    pub(crate) async fn mark(self: &Arc<Self>, mark: Mark) {
        let watch = self.clone();
        blocking(move || watch.history.mark(vec![mark])).await;
    }

    /// How many ticks the least of memory is looked for in.
    pub(crate) fn trough_ticks(&self) -> u64 {
        self.history.ticks(Duration::from_secs(alarms::TROUGH))
    }

    /// The least memory of the last while up to a tick.
    pub(crate) fn trough(&self, tick: u64) -> Option<u64> {
        let mut least = None;
        self.history.back(tick, self.trough_ticks(), |_, sample| {
            least = least.into_iter().chain(sample.memory).min();
        });
        least
    }

    /// Takes in the alarms that changed. A message is kept before the alarm is: what is killed in between says it twice, and else
    /// would never.
    fn announce(&self, alarms: &mut Alarms, changed: &[Alarm]) -> io::Result<()> {
        let queued = self.webhooks.put(changed, alarms.active());
        let saved = alarms.save();
        let mut marks = Vec::new();
        for alarm in changed {
            self.history.tell(Live::Alarm(Box::new(alarm.clone())));
            if alarm.fired_at.is_some() {
                say(alarm);
                let kind = if alarm.state == State::Firing { MarkKind::Alarm } else { MarkKind::Resolved };
                let tenant = alarm.tenant.as_ref().and_then(|tenant| tenant.parse().ok());
                let text = format!("{}: {}", alarm.name, alarm.summary);
                marks.push(Mark::now(kind, tenant.as_ref(), text));
            }
        }
        if !marks.is_empty() {
            self.history.mark(marks);
        }
        queued.and(saved)
    }

    /// Says once that the disk fails, and once that it does no more.
    fn note(&self, kept: io::Result<()>) {
        let was_failing = self.is_failing.swap(kept.is_err(), Ordering::Relaxed);
        match kept {
            Err(error) if !was_failing => {
                tracing::error!("samples and alarms cannot be kept in the folder of state: {error}")
            }
            Ok(()) if was_failing => tracing::info!("samples and alarms are kept again"),
            _ => {}
        }
    }
}

/// For how many ticks a tenant's samples are looked at.
fn tenant_ticks(history: &History, scale: f64) -> u64 {
    history.ticks(alarms::TENANT.mul_f64(scale))
}

fn say(alarm: &Alarm) {
    let (name, tenant, value) = (alarm.name.as_str(), alarm.tenant.as_deref(), alarm.value);
    match (alarm.state, alarm.severity) {
        (State::Resolved, _) => tracing::info!(alarm = name, tenant, value, "resolved: {}", alarm.summary),
        (_, alarms::Severity::Critical) => tracing::error!(alarm = name, tenant, value, "{}", alarm.summary),
        _ => tracing::warn!(alarm = name, tenant, value, "{}", alarm.summary),
    }
}

/// Looks at a server until it is gone.
pub(crate) fn start(shared: &Arc<Shared>) -> AbortOnDropHandle<()> {
    let weak = Arc::downgrade(shared);
    AbortOnDropHandle::new(tokio::spawn(look_on(weak, shared.watch.history.interval)))
}

async fn look_on(shared: Weak<Shared>, interval: Duration) {
    loop {
        // At whole intervals since 1970, so that the samples of several servers are of the same moments.
        let past = Duration::from_millis(now().as_millis() as u64 % interval.as_millis().max(1) as u64);
        tokio::time::sleep(interval - past).await;
        let Some(shared) = shared.upgrade() else { return };
        blocking(move || look(&shared)).await;
    }
}

/// Takes a sample, and looks which conditions hold. Blocks.
fn look(shared: &Shared) {
    let watch = &shared.watch;
    let tick = watch.history.tick(now());
    let mut alarms = watch.alarms();
    let (total, tenants) = since(shared, tick);
    let sample = sample(shared, tick, &total, &mut alarms);
    let kept = watch.history.put(&sample);
    let served = shared.tenants.load();
    let kept = kept.and(watch.history.put_tenants(&tenants, |name| served.by_name.contains_key(name)));
    let config = shared.config.load();
    let mut recent = lock(&watch.recent);
    let ten = tenant_ticks(&watch.history, config.alarms.scale);
    for (name, sample) in tenants {
        recent.entry(name).or_default().push_back(sample);
    }
    recent.retain(|name, samples| {
        while samples.front().is_some_and(|sample| sample.tick + ten <= tick) {
            samples.pop_front();
        }
        !samples.is_empty() && served.by_name.contains_key(name)
    });
    let facts = Facts {
        config: &config.alarms,
        history: &watch.history,
        sample: &sample,
        uptime: watch.started.elapsed(),
        queue: config.renders.queue,
        is_configured: shared.observer.reloads.last().0,
        undelivered: watch.webhooks.counts().map(|counts| counts.waiting).sum(),
        tenants: &recent,
    };
    let readings = facts.readings();
    let changed = alarms.step(now().as_secs_f64(), config.alarms.scale, readings);
    watch.history.tell(Live::Sample(Box::new(sample)));
    let announced = if changed.is_empty() { alarms.save_count() } else { watch.announce(&mut alarms, &changed) };
    watch.webhooks.again(alarms.active());
    watch.note(kept.and(announced));
}

/// What came of the requests since the last look: of all, and of each tenant that had any.
fn since(shared: &Shared, tick: u64) -> (Since, Vec<(TenantName, TenantSample)>) {
    let mut total = Since::new();
    let mut tenants = Vec::new();
    for tenant in shared.tenants.load().by_name.values() {
        let Some(since) = tenant.kept.tally().take() else { continue };
        total.merge(&since);
        tenants.push((tenant.name.clone(), TenantSample::new(tick, &since, tenant.config.limits.memory)));
    }
    (total, tenants)
}

fn sample(shared: &Shared, tick: u64, since: &Since, alarms: &mut Alarms) -> Sample {
    let machine = &shared.observer.machine;
    let (memory, load) = (machine.memory(), shared.admission.load());
    let kills = memory.events.iter().find(|(event, _)| event == "oom_kill").map(|(_, count)| *count);
    Sample {
        tick,
        memory: memory.working_set,
        memory_limit: memory.limit,
        resident: machine.resident(),
        requests: since.requests,
        renders: since.renders,
        failures: since.failures,
        errors: since.errors,
        limit_hits: since.limit_hits,
        refused: since.refused,
        slow: since.slow,
        oom_kills: u32::try_from(alarms.killed(kills)).unwrap_or(u32::MAX),
        p50: since.percentile(0.5),
        p90: since.percentile(0.9),
        p99: since.percentile(0.99),
        live: load.held,
        waiting: u32::try_from(load.waiting).unwrap_or(u32::MAX),
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
