//! Whose turn it is: a request renders with a permit, and waits for one fairly.
//!
//! There are so many permits, and each tenant may hold its share of them. A permit that comes free goes to the tenants in turns,
//! whatever the number of their requests that wait: a storm of one makes its own queue long, and no other's.

use std::collections::{HashMap, VecDeque};
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
    waiting: usize,
    last_id: u64,
    tenants: HashMap<TenantName, Turns>,
    /// The tenants whose turn it may be, in order: those with [`Turns::is_in_ring`]. None while a permit is free.
    ring: VecDeque<TenantName>,
}

/// One tenant's.
#[derive(Debug, Default)]
struct Turns {
    share: u32,
    held: u32,
    /// In the order in which they came, so by their numbers too.
    queue: VecDeque<(u64, oneshot::Sender<Permit>)>,
    /// Always if requests wait and the share has a permit left; possibly after they have given up.
    is_in_ring: bool,
}

/// The right to render. Dropped, it goes to the next.
#[derive(Debug)]
pub(crate) struct Permit {
    /// None of one that never came to anybody.
    of: Option<(Arc<Inner>, TenantName)>,
    /// How long it was waited for.
    pub(crate) waited: Duration,
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

impl Admission {
    pub(crate) fn new(renders: &Renders) -> Self {
        let state =
            State { free: renders.concurrent, waiting: 0, last_id: 0, tenants: HashMap::new(), ring: VecDeque::new() };
        let (queue, queue_time) = (renders.queue as usize, renders.queue_time);
        Self { inner: Arc::new(Inner { queue, queue_time, state: Mutex::new(state) }) }
    }

    /// A permit for a request of `tenant`, which may hold `share` at once: now, or in its turn. Of all that may wait half may
    /// be of one tenant.
    ///
    /// Dropping the future gives the place in the queue up.
    pub(crate) async fn permit(&self, tenant: &TenantName, share: u32) -> Result<Permit, NoPermit> {
        let mut waiting = {
            let state = &mut *self.inner.lock();
            let turns = state.tenants.entry(tenant.clone()).or_default();
            turns.share = share.max(1);
            if turns.queue.is_empty() && turns.held < turns.share && state.free > 0 {
                state.free -= 1;
                turns.held += 1;
                return Ok(Permit { of: Some((self.inner.clone(), tenant.clone())), waited: Duration::ZERO });
            }
            if state.waiting >= self.inner.queue || turns.queue.len() >= self.inner.queue.div_ceil(2) {
                return Err(NoPermit::QueueFull);
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting += 1;
            state.last_id += 1;
            turns.queue.push_back((state.last_id, sender));
            turns.enter(&mut state.ring, tenant);
            Waiting { inner: &self.inner, tenant, id: state.last_id, receiver }
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
        while state.free > 0
            && let Some(tenant) = state.ring.pop_front()
        {
            let Some(turns) = state.tenants.get_mut(&tenant) else { continue };
            turns.is_in_ring = false;
            if turns.held < turns.share
                && let Some((_, waiter)) = turns.queue.pop_front()
            {
                state.waiting -= 1;
                let permit = Permit { of: Some((self.clone(), tenant.clone())), waited: Duration::ZERO };
                match waiter.send(permit) {
                    Ok(()) => {
                        state.free -= 1;
                        turns.held += 1;
                    }
                    // To drop it as it is would hand it out again, from within.
                    Err(mut permit) => permit.of = None,
                }
            }
            turns.enter(&mut state.ring, &tenant);
        }
    }
}

impl Turns {
    /// Takes its place in the ring, if it has anything to do there.
    fn enter(&mut self, ring: &mut VecDeque<TenantName>, tenant: &TenantName) {
        if !self.is_in_ring && self.held < self.share && !self.queue.is_empty() {
            self.is_in_ring = true;
            ring.push_back(tenant.clone());
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some((inner, tenant)) = self.of.take() else { return };
        let state = &mut *inner.lock();
        state.free += 1;
        if let Some(turns) = state.tenants.get_mut(&tenant) {
            turns.held -= 1;
            turns.enter(&mut state.ring, &tenant);
        }
        inner.hand_out(state);
    }
}

/// A place in a queue, given up when it is dropped.
struct Waiting<'a> {
    inner: &'a Inner,
    tenant: &'a TenantName,
    id: u64,
    /// A permit that comes in the moment in which nobody waits any more is dropped with it, and so goes to the next.
    receiver: oneshot::Receiver<Permit>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let state = &mut *self.inner.lock();
        if let Some(turns) = state.tenants.get_mut(self.tenant)
            && let Ok(place) = turns.queue.binary_search_by_key(&self.id, |(id, _)| *id)
        {
            turns.queue.remove(place);
            state.waiting -= 1;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::time::Duration;

    use super::{Admission, Load, NoPermit, Permit};
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
                let _permit = admission.permit(&tenant, 4).await.unwrap();
                order.lock().unwrap().push(tenant.to_string());
                tokio::task::yield_now().await;
            });
        }
    }

    #[tokio::test]
    async fn tenants_take_turns_however_many_of_one_wait() {
        let admission = admission(1, 1000);
        let first = admission.permit(&name("other"), 1).await.unwrap();
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
        let storm =
            [admission.permit(&name("storm"), 2).await.unwrap(), admission.permit(&name("storm"), 2).await.unwrap()];
        let waiting = tokio::spawn({
            let admission = admission.clone();
            async move { admission.permit(&name("storm"), 2).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert_eq!(admission.load_of(&name("storm")), Load { held: 2, waiting: 1 });
        let calm: [Permit; 2] =
            [admission.permit(&name("calm"), 2).await.unwrap(), admission.permit(&name("calm"), 2).await.unwrap()];
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
        let held = admission.permit(&name("a"), 1).await.unwrap();
        assert_eq!(admission.permit(&name("b"), 1).await.unwrap_err(), NoPermit::TimedOut);
        assert_eq!(admission.load(), Load { held: 1, waiting: 0 });
        let gone = tokio::spawn({
            let admission = admission.clone();
            async move { admission.permit(&name("b"), 1).await.map(drop) }
        });
        tokio::task::yield_now().await;
        gone.abort();
        let _ = gone.await;
        assert_eq!(admission.load(), Load { held: 1, waiting: 0 });
        drop(held);
        assert!(admission.permit(&name("c"), 1).await.is_ok());
    }

    #[tokio::test]
    async fn the_queue_is_bounded_for_all_and_for_one() {
        let admission = admission(1, 4);
        let held = admission.permit(&name("a"), 1).await.unwrap();
        let order = std::sync::Arc::default();
        ask(&admission, "b", 2, &order);
        tokio::task::yield_now().await;
        assert_eq!(admission.permit(&name("b"), 1).await.unwrap_err(), NoPermit::QueueFull);
        ask(&admission, "c", 2, &order);
        tokio::task::yield_now().await;
        assert_eq!(admission.permit(&name("d"), 1).await.unwrap_err(), NoPermit::QueueFull);
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
                let permit = tokio::time::timeout(patience, admission.permit(&tenant, 2)).await;
                if let Ok(Ok(_permit)) = permit {
                    tokio::time::sleep(Duration::from_micros(n % 50)).await;
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(admission.load(), Load::default());
        let all: Vec<_> = futures_util::future::join_all((0..3).map(|_| {
            let admission = admission.clone();
            async move { admission.permit(&name("last"), 3).await.unwrap() }
        }))
        .await;
        assert_eq!(admission.load().held, 3);
        drop(all);
    }
}
