//! Pages that are sent again without a render: a shared cache as RFC 9111 has it, for the tenants that ask for one.
//!
//! What may be stored and for how long is the response's own `Cache-Control`, `Expires` and `Vary` (`entry`). A stale one is sent
//! while it is made anew, or in place of an error, where it says so (RFC 5861); with `s-maxage` too, as other shared caches do,
//! but never with `must-revalidate` or `proxy-revalidate`. Each tenant has a cache of its own, whose keys have the bundle in them:
//! a deploy begins with an empty one. Of requests for one page that is not there, one renders and the others wait for it.
//! `Cache-Status` (RFC 9211) says in each response what was done.

mod directives;
mod entry;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use dayfly::BundleId;
use http::header::AGE;
use http::request::Parts as Asked;
use http::response::Parts as Answered;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::watch;

pub(crate) use self::directives::Directives;
pub(crate) use self::entry::{Entry, is_for_a_cache};
use self::entry::{Times, Use, varies_by};
use crate::config::TenantName;
use crate::server::Shared;
use crate::tenant::Tenant;

/// What was done with the cache: RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// For so long requests for a page that could not be stored do not wait for one another.
const PASSED: Duration = Duration::from_secs(30);

/// The caches of all tenants.
#[derive(Debug)]
pub(crate) struct Caches {
    most: u64,
    /// Bytes that were stored since the bound of all was looked at.
    unchecked: AtomicU64,
    of: Mutex<HashMap<TenantName, (Setting, Arc<Pages>)>>,
}

/// What a tenant's pages depend on beside the request and the bundle: where it changes, what was stored is out of date.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    most: u64,
    env: String,
    cache_control: Option<HeaderValue>,
}

impl Caches {
    /// Of so many bytes in all.
    pub(crate) fn new(most: u64) -> Self {
        Self { most, unchecked: AtomicU64::new(0), of: Mutex::default() }
    }

    /// The one of a tenant, if it is to have one.
    pub(crate) fn of(&self, tenant: &Tenant) -> Option<Arc<Pages>> {
        let most = tenant.config.cache.filter(|most| *most > 0)?.min(self.most);
        let mut of = lock(&self.of);
        if let Some((Setting { most: had, env, cache_control }, pages)) = of.get(&tenant.name)
            && *had == most
            && *env == tenant.env
            && *cache_control == tenant.config.cache_control
        {
            return Some(pages.clone());
        }
        // Of tenants that are gone all is, after its time.
        of.retain(|_, (_, pages)| pages.size() > 0);
        let setting = Setting { most, env: tenant.env.clone(), cache_control: tenant.config.cache_control.clone() };
        let pages = Arc::new(Pages::new(most));
        of.insert(tenant.name.clone(), (setting, pages.clone()));
        Some(pages)
    }

    /// Forgets the pages of a tenant that was deleted.
    pub(crate) fn forget(&self, tenant: &TenantName) {
        lock(&self.of).remove(tenant);
    }

    /// Bytes that are stored, of all tenants.
    pub(crate) fn size(&self) -> u64 {
        lock(&self.of).values().map(|(_, pages)| pages.size()).sum()
    }

    /// Keeps to the bound of all, now that so many bytes more are stored: the tenant that has most gives up. It looks at all
    /// tenants, so it does that seldom, and a sixty-fourth more may be stored.
    fn shrink(&self, stored: u64) {
        if self.unchecked.fetch_add(stored, Ordering::Relaxed) + stored < self.most / 64 {
            return;
        }
        self.unchecked.store(0, Ordering::Relaxed);
        let all: Vec<_> = lock(&self.of).values().map(|(_, pages)| pages.clone()).collect();
        let mut over = all.iter().map(|pages| pages.size()).sum::<u64>().saturating_sub(self.most);
        while over > 0 {
            let Some(largest) = all.iter().max_by_key(|pages| pages.size()).filter(|pages| pages.size() > 0) else {
                return;
            };
            over = over.saturating_sub(largest.give_up(over));
        }
    }
}

/// The stored pages of one tenant.
#[derive(Debug)]
pub(crate) struct Pages {
    most: u64,
    stored: Cache<Key, Stored>,
    /// The pages that are being made, each with what is dropped when it is done.
    flights: Mutex<HashMap<Page, watch::Receiver<()>>>,
}

/// Which page: of which bundle, at which URL.
type Page = (BundleId, Uri);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    page: Page,
    /// The values of the headers that it varies by; of what says which these are, none.
    variant: Option<Vec<Vec<u8>>>,
}

#[derive(Clone, Debug)]
enum Stored {
    /// What a page varies by.
    VariesBy(Arc<Vec<HeaderName>>),
    /// A page, as it is sent.
    Entry(Arc<Entry>),
    /// It could not be stored.
    Passed,
}

struct Expires;

impl Expiry<Key, Stored> for Expires {
    fn expire_after_create(&self, _: &Key, stored: &Stored, now: Instant) -> Option<Duration> {
        match stored {
            Stored::VariesBy(_) => None,
            Stored::Entry(entry) => Some(entry.times.kept(now)),
            Stored::Passed => Some(PASSED),
        }
    }

    fn expire_after_update(&self, key: &Key, stored: &Stored, now: Instant, _: Option<Duration>) -> Option<Duration> {
        self.expire_after_create(key, stored, now)
    }
}

/// What the cache has for a request.
#[derive(Debug)]
pub(crate) enum Found {
    /// A response, and if it is stale, what makes it anew meanwhile, unless that is done already.
    Hit(Hit, Option<Filling>),
    /// Nothing: the app is to be asked, and what it says to be handed to this.
    Miss(Filling),
    /// Nothing, and the request wants nothing else.
    Nothing,
}

/// A stored response that is sent.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) entry: Arc<Entry>,
    /// For `Cache-Status`.
    status: String,
    /// For the receipt.
    pub(crate) how: &'static str,
}

impl Hit {
    fn new(entry: Arc<Entry>, how: &'static str, more: &str) -> Self {
        let status = format!("dayfly; hit; ttl={}{more}", entry.times.ttl(Instant::now()));
        Self { entry, status, how }
    }

    /// The head of its response, of this moment.
    pub(crate) fn head(&self) -> Answered {
        let mut response = http::Response::new(());
        *response.status_mut() = self.entry.status;
        *response.headers_mut() = self.entry.headers.clone();
        let age = self.entry.times.age(Instant::now()).as_secs();
        response.headers_mut().insert(AGE, age.into());
        say(response.headers_mut(), &self.status);
        response.into_parts().0
    }
}

impl Pages {
    fn new(most: u64) -> Self {
        let weigh = |key: &Key, stored: &Stored| {
            let variant: usize = key.variant.iter().flatten().map(|value| value.len() + 32).sum();
            let url = key.page.1.path_and_query().map_or(0, |path| path.as_str().len());
            let entry = if let Stored::Entry(entry) = stored { entry.size() } else { 0 };
            u32::try_from(entry + (variant + url + 256) as u64).unwrap_or(u32::MAX)
        };
        let stored = Cache::builder()
            .max_capacity(most)
            .weigher(weigh)
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Expires)
            .build();
        Self { most, stored, flights: Mutex::default() }
    }

    pub(crate) fn size(&self) -> u64 {
        self.stored.run_pending_tasks();
        self.stored.weighted_size()
    }

    /// Gives up so many bytes or somewhat more, if it has them, and says how many.
    fn give_up(&self, bytes: u64) -> u64 {
        let before = self.size();
        let mut given = 0;
        for (key, stored) in &self.stored {
            if given >= bytes {
                break;
            }
            // A page's two entries go together: the one without the other is of no use.
            if let Stored::Entry(entry) = &stored {
                given += entry.size();
                self.stored.invalidate(&*key);
                self.stored.invalidate(&Key { page: key.page.clone(), variant: None });
            }
        }
        if given == 0 {
            self.stored.invalidate_all();
        }
        before.saturating_sub(self.size()).max(1)
    }

    /// What is there for a request, and otherwise makes it the one that asks the app, once nobody else does: the others wait for
    /// `patience`, and then ask for themselves.
    pub(crate) async fn find(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        asked: &Asked,
        bundle: BundleId,
        patience: Duration,
    ) -> Found {
        let page: Page = (bundle, asked.uri.clone());
        let request = Directives::of(asked.headers.get_all(http::header::CACHE_CONTROL));
        let mut waited = false;
        loop {
            let now = Instant::now();
            let entry = self.entry(&page, asked);
            let usable = entry.as_ref().map_or(Use::Never, |entry| entry.times.allow(asked, now));
            let more = if waited { "; collapsed" } else { "" };
            match (entry, usable) {
                (Some(entry), Use::Fresh) => return Found::Hit(Hit::new(entry, "hit", more), None),
                (Some(entry), Use::WhileRevalidated) => {
                    let flight = self.take_off(&page).ok();
                    let anew = flight.map(|flight| self.filling(shared, &page, asked, "stale", None, Some(flight)));
                    return Found::Hit(Hit::new(entry, "stale", more), anew);
                }
                _ if request.only_if_cached => return Found::Nothing,
                (entry, _) => {
                    let why = match &entry {
                        _ if asked.method != Method::GET => "method",
                        None => "miss",
                        Some(entry) if entry.times.ttl(now) > 0 => "request",
                        Some(_) => "stale",
                    };
                    let is_alone = asked.method != Method::GET || waited || self.is_passed(&page);
                    let flight = if is_alone { None } else { Some(self.take_off(&page)) };
                    match flight {
                        Some(Err(mut other)) => {
                            waited = true;
                            // That it changes or is dropped is the same: it is done.
                            let _ = tokio::time::timeout(patience, other.changed()).await;
                        }
                        flight => {
                            let flight = flight.and_then(Result::ok);
                            return Found::Miss(self.filling(shared, &page, asked, why, entry, flight));
                        }
                    }
                }
            }
        }
    }

    /// Forgets a page, as a request that changed it was answered: RFC 9111, 4.4.
    pub(crate) fn forget(&self, bundle: BundleId, uri: &Uri) {
        self.stored.invalidate(&Key { page: (bundle, uri.clone()), variant: None });
    }

    fn entry(&self, page: &Page, asked: &Asked) -> Option<Arc<Entry>> {
        let Some(Stored::VariesBy(names)) = self.stored.get(&Key { page: page.clone(), variant: None }) else {
            return None;
        };
        match self.stored.get(&Key { page: page.clone(), variant: Some(variant(&names, &asked.headers)) }) {
            Some(Stored::Entry(entry)) => Some(entry),
            _ => None,
        }
    }

    fn is_passed(&self, page: &Page) -> bool {
        matches!(self.stored.get(&Key { page: page.clone(), variant: None }), Some(Stored::Passed))
    }

    /// Makes a page this request's to make, or gives what tells when the one that makes it is done.
    fn take_off(self: &Arc<Self>, page: &Page) -> Result<Flight, watch::Receiver<()>> {
        let mut flights = lock(&self.flights);
        if let Some(other) = flights.get(page) {
            return Err(other.clone());
        }
        let (landed, receiver) = watch::channel(());
        flights.insert(page.clone(), receiver);
        Ok(Flight { pages: self.clone(), page: page.clone(), _landed: landed })
    }

    fn filling(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        page: &Page,
        asked: &Asked,
        why: &'static str,
        stale: Option<Arc<Entry>>,
        flight: Option<Flight>,
    ) -> Filling {
        Filling {
            shared: shared.clone(),
            pages: self.clone(),
            page: page.clone(),
            asked: asked.clone(),
            why,
            stale,
            flight,
            recorded: None,
        }
    }
}

/// The right to make a page for all who wait for it.
#[derive(Debug)]
struct Flight {
    pages: Arc<Pages>,
    page: Page,
    /// Dropped with it, after the page is no longer listed.
    _landed: watch::Sender<()>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        lock(&self.pages.flights).remove(&self.page);
    }
}

/// Takes the app's response to a request that the cache had nothing for. Dropped before the response is whole, it stores
/// nothing.
pub(crate) struct Filling {
    shared: Arc<Shared>,
    pages: Arc<Pages>,
    page: Page,
    asked: Asked,
    /// As RFC 9211 names it.
    why: &'static str,
    stale: Option<Arc<Entry>>,
    flight: Option<Flight>,
    recorded: Option<(Answered, Times, BytesMut)>,
}

impl std::fmt::Debug for Filling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filling").field("page", &self.page).field("why", &self.why).finish_non_exhaustive()
    }
}

impl Filling {
    /// The stored response that may be sent in place of an error: RFC 5861, 4.
    pub(crate) fn instead_of_an_error(&self) -> Option<Hit> {
        let stale = self.stale.clone().filter(|entry| entry.helps(Instant::now()))?;
        Some(Hit::new(stale, "stale", "; fwd=stale"))
    }

    /// Takes a whole response, and notes in its head what was done with it.
    pub(crate) fn take(mut self, head: &mut Answered, content: &Bytes) {
        if self.begin(head) {
            let Some((recorded, times, _)) = self.recorded.take() else { return };
            self.store(recorded, times, content.clone());
        }
    }

    /// Begins to take a response that comes in pieces, and notes in its head what is done with it. False if it is not stored.
    pub(crate) fn begin(&mut self, head: &mut Answered) -> bool {
        let times = Times::of(&self.asked, head, Instant::now());
        let stored = if times.is_some() { "; stored" } else { "" };
        if let Some(times) = times {
            self.recorded = Some((head.clone(), times, BytesMut::new()));
        } else {
            // Those who wait need not wait longer, nor the next ones; but what is stored for others stays.
            let key = Key { page: self.page.clone(), variant: None };
            let is_passed = self.flight.take().is_some() && !head.status.is_server_error();
            if is_passed && self.pages.stored.get(&key).is_none() {
                self.pages.stored.insert(key, Stored::Passed);
            }
        }
        say(&mut head.headers, &format!("dayfly; fwd={}{stored}", self.why));
        times.is_some()
    }

    /// The next piece of what was begun.
    pub(crate) fn push(&mut self, piece: &Bytes) {
        let most = self.pages.most_of_one();
        if let Some((_, _, content)) = &mut self.recorded {
            content.extend_from_slice(piece);
            if content.len() as u64 > most {
                self.recorded = None;
                self.flight = None;
            }
        }
    }

    /// What was begun is whole.
    pub(crate) fn finish(mut self) {
        if let Some((mut head, times, content)) = self.recorded.take() {
            let content = content.freeze();
            if self.shared.config.load().http.etags {
                crate::conditional::tag(head.status, &mut head.headers, &content);
            }
            self.store(head, times, content);
        }
    }

    fn store(&self, head: Answered, times: Times, content: Bytes) {
        let Some(names) = varies_by(&head.headers) else { return };
        let entry = Entry::new(head, content, times);
        let size = entry.size();
        if size > self.pages.most_of_one() {
            return;
        }
        let variant = variant(&names, &self.asked.headers);
        let stored = &self.pages.stored;
        stored.insert(Key { page: self.page.clone(), variant: Some(variant) }, Stored::Entry(Arc::new(entry)));
        stored.insert(Key { page: self.page.clone(), variant: None }, Stored::VariesBy(Arc::new(names)));
        // Otherwise the tenant's bound would hold a little later only.
        stored.run_pending_tasks();
        self.shared.caches.shrink(size);
    }
}

impl Pages {
    /// So that one page does not take the place of all others.
    fn most_of_one(&self) -> u64 {
        self.most / 4
    }
}

fn variant(names: &[HeaderName], headers: &HeaderMap) -> Vec<Vec<u8>> {
    let value = |name: &HeaderName| {
        let values: Vec<_> = headers.get_all(name).iter().map(|value| value.as_bytes().trim_ascii()).collect();
        // One that is not there is not one that is empty.
        if values.is_empty() { vec![0] } else { values.join(&b", "[..]) }
    };
    names.iter().map(value).collect()
}

fn say(headers: &mut HeaderMap, status: &str) {
    let status = HeaderValue::from_str(status).expect("it is of ASCII");
    headers.append(CACHE_STATUS, status);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here can panic half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
