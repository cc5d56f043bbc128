//! Whose turn it is: a request renders with a permit, and waits for one fairly.
//!
//! There are so many permits, and each tenant may hold its share of them. A permit that comes free goes to the tenants in turns,
//! whatever the number of their requests that wait: a storm of one makes its own queue long, and no other's.
//!
//! Apps whose requests keep theirs for long do not get those that are [reserved](Renders::reserved): else ten that run into their
//! limits would hold every permit together, and each page of anybody else would wait for one of them to get there.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::config::{Renders, TenantName};

/// Hands out the permits. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    queue: usize,
    queue_time: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: u32,
    /// How many more permits may be for requests that are slow.
    free_of_slow: u32,
    waiting: usize,
    last_id: u64,
    tenants: HashMap<TenantName, Turns>,
    /// Whose turn it is, in order: the tenants whose first request waits for nothing but a permit, brief ones and slow ones apart.
    rings: [BTreeMap<u64, TenantName>; 2],
}

/// One tenant's.
#[derive(Debug, Default)]
struct Turns {
    share: u32,
    held: u32,
    /// In the order in which they came, so by their numbers too.
    queue: VecDeque<Waiter>,
    /// In which ring it is, and where.
    place: Option<(bool, u64)>,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    hold_time: Arc<HoldTime>,
    is_slow: bool,
    sender: oneshot::Sender<Permit>,
}

/// How long the requests of an app keep their permits, on average of late.
#[derive(Debug)]
pub(crate) struct HoldTime {
    /// Microseconds.
    mean: AtomicU64,
}

/// Who keeps a permit for so long is slow. A page takes some milliseconds, and up to ten times that on processors that are busy.
const SLOW: Duration = Duration::from_millis(50);

/// Of how many requests the average is, about: an app that always ran into the limit of 500 ms is slow for 18 brief ones more.
const OF_LATE: u64 = 8;

/// The right to render. Dropped, it goes to the next.
#[derive(Debug)]
pub(crate) struct Permit {
    /// None of one that never came to anybody.
    of: Option<Held>,
    /// How long it was waited for.
    pub(crate) waited: Duration,
}

#[derive(Debug)]
struct Held {
    inner: Arc<Inner>,
    tenant: TenantName,
    is_slow: bool,
    hold_time: Arc<HoldTime>,
    /// Since when the app has it.
    since: Option<Instant>,
}

/// Why there is no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPermit {
    /// As many wait as may, of all tenants or of this one.
    QueueFull,
    /// It was waited for, and the time ran out.
    TimedOut,
}

/// What is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Permits that are held: renders that go on.
    pub(crate) held: u32,
    /// Requests that wait for one.
    pub(crate) waiting: usize,
}

impl Default for HoldTime {
    /// Of an app of which nothing is known: one that takes its time at once has no more permits than one that always does.
    fn default() -> Self {
        Self { mean: AtomicU64::new(SLOW.as_micros() as u64) }
    }
}

impl HoldTime {
    /// Of an app whose requests are slow, or brief.
    #[cfg(test)]
    pub(crate) fn of(is_slow: bool) -> Arc<Self> {
        let hold_time = Self::default();
        if !is_slow {
            hold_time.note(Duration::ZERO);
        }
        Arc::new(hold_time)
    }

    fn is_slow(&self) -> bool {
        self.mean.load(Ordering::Relaxed) >= SLOW.as_micros() as u64
    }

    /// Two at once may lose one of the two: it is an estimate.
    fn note(&self, held: Duration) {
        let mean = self.mean.load(Ordering::Relaxed);
        let held = u64::try_from(held.as_micros()).unwrap_or(u64::MAX);
        self.mean.store(mean - mean / OF_LATE + held / OF_LATE, Ordering::Relaxed);
    }
}

impl Admission {
    pub(crate) fn new(renders: &Renders) -> Self {
        let state = State {
            free: renders.concurrent,
            free_of_slow: renders.of_slow(),
            waiting: 0,
            last_id: 0,
            tenants: HashMap::new(),
            rings: Default::default(),
        };
        let (queue, queue_time) = (renders.queue as usize, renders.queue_time);
        Self { inner: Arc::new(Inner { queue, queue_time, state: Mutex::new(state) }) }
    }

    /// A permit for a request of `tenant`, which may hold `share` at once: now, or in its turn. Of all that may wait half may
    /// be of one tenant. How long the app has it is noted in `hold_time`.
    ///
    /// Dropping the future gives the place in the queue up.
    pub(crate) async fn permit(
        &self,
        tenant: &TenantName,
        share: u32,
        hold_time: &Arc<HoldTime>,
    ) -> Result<Permit, NoPermit> {
        let is_slow = hold_time.is_slow();
        let mut waiting = {
            let state = &mut *self.inner.lock();
            let may = state.may(is_slow);
            let turns = state.tenants.entry(tenant.clone()).or_default();
            turns.share = share.max(1);
            if turns.queue.is_empty() && turns.held < turns.share && may {
                turns.held += 1;
                state.take(is_slow);
                return Ok(Permit::new(&self.inner, tenant, is_slow, hold_time.clone()));
            }
            if state.waiting >= self.inner.queue || turns.queue.len() >= self.inner.queue.div_ceil(2) {
                return Err(NoPermit::QueueFull);
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting += 1;
            state.last_id += 1;
            let id = state.last_id;
            turns.queue.push_back(Waiter { id, hold_time: hold_time.clone(), is_slow, sender });
            state.settle(tenant);
            // Its share may have been raised.
            self.inner.hand_out(state);
            Waiting { inner: &self.inner, tenant, id, receiver }
        };
        let began = Instant::now();
        match tokio::time::timeout(self.inner.queue_time, &mut waiting.receiver).await {
            Ok(Ok(mut permit)) => {
                permit.waited = began.elapsed();
                Ok(permit)
            }
            Ok(Err(_)) | Err(_) => Err(NoPermit::TimedOut),
        }
    }

    /// What is going on.
    pub(crate) fn load(&self) -> Load {
        let state = self.inner.lock();
        Load { held: state.tenants.values().map(|turns| turns.held).sum(), waiting: state.waiting }
    }

    /// The same of one tenant.
    pub(crate) fn load_of(&self, tenant: &TenantName) -> Load {
        let state = self.inner.lock();
        let turns = state.tenants.get(tenant);
        turns.map_or_else(Load::default, |turns| Load { held: turns.held, waiting: turns.queue.len() })
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands permits that are free to those whose turn it is.
    fn hand_out(self: &Arc<Self>, state: &mut State) {
        while let Some(tenant) = state.next() {
            let Some(turns) = state.tenants.get_mut(&tenant) else { continue };
            if let Some(Waiter { hold_time, is_slow, sender, .. }) = turns.queue.pop_front() {
                match sender.send(Permit::new(self, &tenant, is_slow, hold_time)) {
                    Ok(()) => {
                        turns.held += 1;
                        state.take(is_slow);
                    }
                    // To drop it as it is would hand it out again, from within.
                    Err(mut permit) => permit.of = None,
                }
                state.waiting -= 1;
            }
            state.settle(&tenant);
        }
    }
}

impl State {
    /// Whether there is a permit for a request.
    fn may(&self, is_slow: bool) -> bool {
        self.free > 0 && (!is_slow || self.free_of_slow > 0)
    }

    fn take(&mut self, is_slow: bool) {
        self.free -= 1;
        self.free_of_slow -= u32::from(is_slow);
    }

    /// Takes whose turn it is out of its ring, if there is a permit for its first request.
    fn next(&mut self) -> Option<TenantName> {
        let first =
            |is_slow: bool| self.rings[usize::from(is_slow)].keys().next().copied().filter(|_| self.may(is_slow));
        let is_slow = match (first(false), first(true)) {
            (None, None) => return None,
            (Some(brief), Some(slow)) => slow < brief,
            (brief, _) => brief.is_none(),
        };
        let (_, tenant) = self.rings[usize::from(is_slow)].pop_first()?;
        if let Some(turns) = self.tenants.get_mut(&tenant) {
            turns.place = None;
        }
        Some(tenant)
    }

    /// Puts a tenant into the ring of its first request, if nothing but a permit is lacking, and else into none. In another ring it
    /// keeps its turn.
    fn settle(&mut self, tenant: &TenantName) {
        let Some(turns) = self.tenants.get_mut(tenant) else { return };
        let wanted = turns.queue.front().filter(|_| turns.held < turns.share).map(|first| first.is_slow);
        if turns.place.map(|(is_slow, _)| is_slow) == wanted {
            return;
        }
        let before = turns.place.take();
        if let Some((is_slow, turn)) = before {
            self.rings[usize::from(is_slow)].remove(&turn);
        }
        if let Some(is_slow) = wanted {
            let turn = before.map_or_else(
                || {
                    self.last_id += 1;
                    self.last_id
                },
                |(_, turn)| turn,
            );
            self.rings[usize::from(is_slow)].insert(turn, tenant.clone());
            turns.place = Some((is_slow, turn));
        }
    }
}

impl Permit {
    /// The app has it from now on. What went before, such as loading its bundle, says nothing of it.
    pub(crate) fn begin(&mut self) {
        if let Some(held) = &mut self.of {
            held.since = Some(Instant::now());
        }
    }

    fn new(inner: &Arc<Inner>, tenant: &TenantName, is_slow: bool, hold_time: Arc<HoldTime>) -> Self {
        let (inner, tenant) = (inner.clone(), tenant.clone());
        Self { of: Some(Held { inner, tenant, is_slow, hold_time, since: None }), waited: Duration::ZERO }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(Held { inner, tenant, is_slow, hold_time, since }) = self.of.take() else { return };
        if let Some(since) = since {
            hold_time.note(since.elapsed());
        }
        let state = &mut *inner.lock();
        state.free += 1;
        state.free_of_slow += u32::from(is_slow);
        if let Some(turns) = state.tenants.get_mut(&tenant) {
            turns.held -= 1;
        }
        state.settle(&tenant);
        inner.hand_out(state);
    }
}

/// A place in a queue, given up when it is dropped.
struct Waiting<'a> {
    inner: &'a Arc<Inner>,
    tenant: &'a TenantName,
    id: u64,
    /// A permit that comes in the moment in which nobody waits any more is dropped with it, and so goes to the next.
    receiver: oneshot::Receiver<Permit>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let state = &mut *self.inner.lock();
        if let Some(turns) = state.tenants.get_mut(self.tenant)
            && let Ok(place) = turns.queue.binary_search_by_key(&self.id, |waiter| waiter.id)
        {
            turns.queue.remove(place);
            state.waiting -= 1;
            // The next of the same tenant may be brief, and there may be a permit for it.
            state.settle(self.tenant);
            self.inner.hand_out(state);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Admission, HoldTime, Load, NoPermit, Permit, SLOW};
    use crate::config::{Renders, TenantName};

    fn admission(concurrent: u32, queue: u32) -> Admission {
        with_patience(concurrent, queue, Duration::from_secs(60))
    }

    fn with_patience(concurrent: u32, queue: u32, queue_time: Duration) -> Admission {
        Admission::new(&Renders { concurrent, queue, queue_time, ..Renders::default() })
    }

    fn name(name: &str) -> TenantName {
        name.parse().unwrap()
    }

    /// Asks so often, and notes who had a permit when.
    fn ask(admission: &Admission, tenant: &str, times: usize, order: &std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
        for _ in 0..times {
            let (admission, tenant, order) = (admission.clone(), name(tenant), order.clone());
            tokio::spawn(async move {
                let _permit = admission.permit(&tenant, 4, &HoldTime::of(false)).await.unwrap();
                order.lock().unwrap().push(tenant.to_string());
                tokio::task::yield_now().await;
            });
        }
    }

    #[tokio::test]
    async fn tenants_take_turns_however_many_of_one_wait() {
        let admission = admission(1, 1000);
        let first = admission.permit(&name("other"), 1, &HoldTime::of(false)).await.unwrap();
        let order = std::sync::Arc::default();
        ask(&admission, "storm", 50, &order);
        tokio::task::yield_now().await;
        ask(&admission, "calm", 3, &order);
        tokio::task::yield_now().await;
        assert_eq!(admission.load(), Load { held: 1, waiting: 53 });
        drop(first);
        while admission.load().waiting > 0 || admission.load().held > 0 {
            tokio::task::yield_now().await;
        }
        let order = order.lock().unwrap();
        assert_eq!(order.len(), 53);
        assert_eq!(order[..6], ["storm", "calm", "storm", "calm", "storm", "calm"]);
    }

    #[tokio::test]
    async fn a_tenant_holds_its_share_and_leaves_the_rest() {
        let admission = admission(4, 10);
        let storm = [
            admission.permit(&name("storm"), 2, &HoldTime::of(false)).await.unwrap(),
            admission.permit(&name("storm"), 2, &HoldTime::of(false)).await.unwrap(),
        ];
        let waiting = tokio::spawn({
            let admission = admission.clone();
            async move { admission.permit(&name("storm"), 2, &HoldTime::of(false)).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert_eq!(admission.load_of(&name("storm")), Load { held: 2, waiting: 1 });
        let calm: [Permit; 2] = [
            admission.permit(&name("calm"), 2, &HoldTime::of(false)).await.unwrap(),
            admission.permit(&name("calm"), 2, &HoldTime::of(false)).await.unwrap(),
        ];
        drop(calm);
        tokio::task::yield_now().await;
        assert_eq!(admission.load_of(&name("storm")), Load { held: 2, waiting: 1 }, "what others leave is not its own");
        drop(storm);
        waiting.await.unwrap().unwrap();
        assert_eq!(admission.load(), Load::default());
    }

    #[tokio::test]
    async fn who_waits_too_long_or_gives_up_leaves_its_place() {
        let admission = with_patience(1, 4, Duration::from_millis(20));
        let held = admission.permit(&name("a"), 1, &HoldTime::of(false)).await.unwrap();
        assert_eq!(admission.permit(&name("b"), 1, &HoldTime::of(false)).await.unwrap_err(), NoPermit::TimedOut);
        assert_eq!(admission.load(), Load { held: 1, waiting: 0 });
        let gone = tokio::spawn({
            let admission = admission.clone();
            async move { admission.permit(&name("b"), 1, &HoldTime::of(false)).await.map(drop) }
        });
        tokio::task::yield_now().await;
        gone.abort();
        let _ = gone.await;
        assert_eq!(admission.load(), Load { held: 1, waiting: 0 });
        drop(held);
        assert!(admission.permit(&name("c"), 1, &HoldTime::of(false)).await.is_ok());
    }

    #[tokio::test]
    async fn the_queue_is_bounded_for_all_and_for_one() {
        let admission = admission(1, 4);
        let held = admission.permit(&name("a"), 1, &HoldTime::of(false)).await.unwrap();
        let order = std::sync::Arc::default();
        ask(&admission, "b", 2, &order);
        tokio::task::yield_now().await;
        assert_eq!(admission.permit(&name("b"), 1, &HoldTime::of(false)).await.unwrap_err(), NoPermit::QueueFull);
        ask(&admission, "c", 2, &order);
        tokio::task::yield_now().await;
        assert_eq!(admission.permit(&name("d"), 1, &HoldTime::of(false)).await.unwrap_err(), NoPermit::QueueFull);
        drop(held);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_permit_is_lost_whoever_gives_up_when() {
        let admission = admission(3, 200);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..2_000_u64 {
            let admission = admission.clone();
            tasks.spawn(async move {
                let tenant = name(&format!("t{}", n % 7));
                let patience = Duration::from_micros(n * 7919 % 700);
                let permit = tokio::time::timeout(patience, admission.permit(&tenant, 2, &HoldTime::of(false))).await;
                if let Ok(Ok(_permit)) = permit {
                    tokio::time::sleep(Duration::from_micros(n % 50)).await;
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(admission.load(), Load::default());
        let all: Vec<_> = futures_util::future::join_all((0..3).map(|_| {
            let admission = admission.clone();
            async move { admission.permit(&name("last"), 3, &HoldTime::of(false)).await.unwrap() }
        }))
        .await;
        assert_eq!(admission.load().held, 3);
        drop(all);
    }

    #[tokio::test]
    async fn who_holds_permits_for_long_leaves_a_quarter_to_others() {
        let admission = admission(4, 10);
        let slow = HoldTime::of(true);
        let mut held = Vec::new();
        for tenant in ["a", "b", "c"] {
            held.push(admission.permit(&name(tenant), 2, &slow).await.unwrap());
        }
        let order = Arc::<std::sync::Mutex<Vec<_>>>::default();
        let fourth = tokio::spawn({
            let (admission, slow, order) = (admission.clone(), slow.clone(), order.clone());
            async move {
                let permit = admission.permit(&name("d"), 2, &slow).await.unwrap();
                order.lock().unwrap().push("slow");
                permit
            }
        });
        tokio::task::yield_now().await;
        assert_eq!(admission.load(), Load { held: 3, waiting: 1 }, "the last is not for it");
        let calm = admission.permit(&name("calm"), 2, &HoldTime::of(false)).await.unwrap();
        assert_eq!(calm.waited, Duration::ZERO);
        let next = tokio::spawn({
            let (admission, order) = (admission.clone(), order.clone());
            async move {
                drop(admission.permit(&name("calm"), 2, &HoldTime::of(false)).await.unwrap());
                order.lock().unwrap().push("brief");
            }
        });
        tokio::task::yield_now().await;
        assert_eq!(admission.load(), Load { held: 4, waiting: 2 });
        drop(calm);
        next.await.unwrap();
        assert_eq!(*order.lock().unwrap(), ["brief"], "though the slow one waits for longer");
        drop(held.pop());
        let fourth = fourth.await.unwrap();
        drop((fourth, held));
        assert_eq!(admission.load(), Load::default());
    }

    #[tokio::test]
    async fn a_brief_one_does_not_wait_behind_a_slow_one_of_its_tenant_that_has_left() {
        let admission = Admission::new(&Renders { concurrent: 2, reserved: Some(1), ..Renders::default() });
        let slow = HoldTime::of(true);
        let _held = admission.permit(&name("a"), 2, &slow).await.unwrap();
        let ask = |hold_time: Arc<HoldTime>| {
            let admission = admission.clone();
            tokio::spawn(async move { admission.permit(&name("b"), 2, &hold_time).await.map(drop) })
        };
        let first = ask(slow);
        tokio::task::yield_now().await;
        let second = ask(HoldTime::of(false));
        tokio::task::yield_now().await;
        assert_eq!(admission.load(), Load { held: 1, waiting: 2 });
        first.abort();
        second.await.unwrap().unwrap();
        assert_eq!(admission.load(), Load { held: 1, waiting: 0 });
    }

    #[tokio::test]
    async fn what_the_app_never_had_says_nothing_of_it() {
        let admission = admission(4, 10);
        let hold_time = HoldTime::of(true);
        drop(admission.permit(&name("a"), 2, &hold_time).await.unwrap());
        assert!(hold_time.is_slow(), "it was refused, and is no brief one");
        let mut permit = admission.permit(&name("a"), 2, &hold_time).await.unwrap();
        permit.begin();
        drop(permit);
        assert!(!hold_time.is_slow());
    }

    #[test]
    fn one_that_takes_all_its_time_is_remembered_for_a_while() {
        let hold_time = HoldTime::default();
        assert!(hold_time.is_slow(), "nothing is known");
        hold_time.note(Duration::from_millis(1));
        assert!(!hold_time.is_slow());
        hold_time.note(10 * SLOW);
        let brief = (0..).take_while(|_| {
            hold_time.note(Duration::from_millis(1));
            hold_time.is_slow()
        });
        assert_eq!(brief.count(), 5);
    }
}
