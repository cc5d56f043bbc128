//! A tenant while it is served.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use dayfly::{BundleId, Outgoing};
use dayfly_fetch::Client;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::HeaderMap;

use crate::admission::HoldTime;
use crate::background::BRIEF;
use crate::config::{Config, TenantConfig, TenantName};
use crate::kept::Kept;
use crate::logs::LogStream;
use crate::metrics::Counted;
use crate::routes::Routes;

/// A tenant while it is served.
pub(crate) struct Tenant {
    pub(crate) name: TenantName,
    pub(crate) config: TenantConfig,
    /// `config.env` as JSON.
    pub(crate) env: String,
    /// Renders at once.
    pub(crate) share: u32,
    pub(crate) outgoing: Option<Outgoing>,
    rate: Option<Arc<DefaultDirectRateLimiter>>,
    /// What answers its requests now. A request takes it once, and keeps to it.
    pub(crate) live: Arc<ArcSwapOption<Deployed>>,
    /// What is kept of it beyond the configuration: its deployments, and whether it is suspended.
    pub(crate) kept: Arc<Kept>,
    /// Where it is counted; known with its first request.
    pub(crate) counted: OnceLock<Arc<Counted>>,
    /// Where its console goes; known with its first line.
    pub(crate) log: OnceLock<LogStream>,
}

/// A bundle that answers requests.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) bundle: BundleId,
    /// Whether the app has a `fetch` handler, or is rendered; learned by its first request.
    pub(crate) has_handler: OnceLock<bool>,
    /// Whether its last request took longer than a thread that serves connections is to be kept.
    is_long: AtomicBool,
    /// How long its requests keep their permits.
    pub(crate) hold_time: Arc<HoldTime>,
}

impl Deployed {
    pub(crate) fn new(bundle: BundleId) -> Self {
        Self { bundle, has_handler: OnceLock::new(), is_long: AtomicBool::new(false), hold_time: Arc::default() }
    }

    /// Notes what a request took of a processor.
    pub(crate) fn took(&self, cpu: Duration) {
        self.is_long.store(cpu >= BRIEF, Ordering::Relaxed);
    }

    /// Whether the next one is expected to be long.
    pub(crate) fn is_long(&self) -> bool {
        self.is_long.load(Ordering::Relaxed)
    }
}

impl Tenant {
    /// A tenant; its rate is that of the one that it was before, if that has the same.
    pub(crate) fn new(
        kept: Arc<Kept>,
        config: TenantConfig,
        most: u32,
        client: &Arc<Client>,
        before: Option<&Self>,
    ) -> Self {
        let env = serde_json::Value::Object(config.env.clone()).to_string();
        let share = config.concurrent.unwrap_or(most.div_ceil(2)).clamp(1, most.max(1));
        let outgoing = (!config.allow.is_empty()).then(|| Outgoing::new(client.clone(), config.allow.iter().cloned()));
        let rate = match before.filter(|before| before.config.rate == config.rate) {
            Some(before) => before.rate.clone(),
            None => {
                let rate = config.rate.and_then(NonZeroU32::new);
                rate.map(|rate| Arc::new(RateLimiter::direct(Quota::per_second(rate))))
            }
        };
        let (name, live) = (kept.tenant.clone(), kept.live.clone());
        Self { name, config, env, share, outgoing, rate, live, kept, counted: OnceLock::new(), log: OnceLock::new() }
    }

    /// Whether a request more may come now; if not, after what time.
    pub(crate) fn check_rate(&self) -> Result<(), Duration> {
        let Some(rate) = &self.rate else { return Ok(()) };
        rate.check().map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
    }
}

/// All tenants, and which requests are whose.
pub(crate) struct Tenants {
    pub(crate) by_name: HashMap<TenantName, Arc<Tenant>>,
    routes: Routes<Arc<Tenant>>,
    header: Option<http::HeaderName>,
}

impl Tenants {
    pub(crate) fn new(config: &Config, tenants: impl IntoIterator<Item = Arc<Tenant>>) -> Self {
        let by_name: HashMap<_, _> = tenants.into_iter().map(|tenant| (tenant.name.clone(), tenant)).collect();
        let routes = by_name
            .values()
            .flat_map(|tenant| tenant.config.routes.iter().map(|route| (route.clone(), tenant.clone())));
        let routes = Routes::new(routes);
        Self { by_name, routes, header: config.tenant_header.clone() }
    }

    /// Whose request it is: by the header, if there is to be one and there is, else by its host and path.
    pub(crate) fn find(&self, headers: &HeaderMap, host: &str, path: &str) -> Option<&Arc<Tenant>> {
        if let Some(named) = self.header.as_ref().and_then(|header| headers.get(header)) {
            let name: TenantName = named.to_str().ok()?.parse().ok()?;
            return self.by_name.get(&name);
        }
        self.routes.find(host, path)
    }
}
