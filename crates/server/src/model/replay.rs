//! The model's steps, made with what the server is made of: what comes of them is what the model says.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use dayfly::{BundleId, Engine, EngineConfig, Line};
use dayfly_bundler::{Bundler, Source};

use super::search::{Reached, requests, slow_requests};
use super::{Action, Bounds, Id, Stage, World};
use crate::admission::{Admission, HoldTime, Load, NoPermit, Permit};
use crate::config::{Config, Renders, TenantConfig, TenantName};
use crate::deploy::{Done, NotDeployed, Order, Upload};
use crate::receipt::Receipt;
use crate::server::{Server, Shared};
use crate::tenant::Deployed;

type Future<T> = Pin<Box<dyn std::future::Future<Output = T>>>;

fn name(tenant: usize) -> TenantName {
    format!("t{tenant}").parse().unwrap()
}

/// Requests for permits, each polled when the model says that it goes on, and not before.
struct Turns {
    admission: Admission,
    asked: Vec<Option<Future<Result<Permit, NoPermit>>>>,
    permits: Vec<Option<Permit>>,
}

impl Turns {
    fn new(bounds: &Bounds) -> Self {
        let renders = Renders {
            concurrent: bounds.permits.into(),
            reserved: Some(bounds.reserved.into()),
            queue: u32::try_from(bounds.queue).unwrap(),
            queue_time: Duration::from_secs(600),
            ..Renders::default()
        };
        let requests = 0..bounds.requests.len();
        Self {
            admission: Admission::new(&renders),
            asked: requests.clone().map(|_| None).collect(),
            permits: requests.map(|_| None).collect(),
        }
    }

    fn make(&mut self, action: Action, bounds: &Bounds) {
        match action {
            Action::Ask(request) => {
                let (admission, tenant) = (self.admission.clone(), bounds.requests[request]);
                let share = bounds.shares[tenant].into();
                let hold_time = HoldTime::of(bounds.slow.contains(&request));
                let asked = async move { admission.permit(&name(tenant), share, &hold_time).await };
                self.asked[request] = Some(Box::pin(asked));
                self.poll(request);
            }
            Action::Render(request) => self.poll(request),
            Action::Answer(request) | Action::Leave(request) => {
                self.asked[request] = None;
                self.permits[request] = None;
            }
            _ => unreachable!("nothing is deployed"),
        }
    }

    fn poll(&mut self, request: usize) {
        let Some(asked) = &mut self.asked[request] else { return };
        match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => {}
            Poll::Ready(permit) => {
                self.asked[request] = None;
                self.permits[request] = permit.ok();
            }
        }
    }

    #[track_caller]
    fn is(&mut self, world: &World, path: &dyn Fn() -> Vec<Action>) {
        let held = |load: Load| (u8::try_from(load.held).unwrap(), load.waiting);
        for (n, tenant) in world.tenants.iter().enumerate() {
            let load = held(self.admission.load_of(&name(n)));
            assert_eq!(load, (tenant.held, tenant.queue.len()), "tenant {n} after {:?}", path());
        }
        let all: u8 = world.tenants.iter().map(|tenant| tenant.held).sum();
        assert_eq!(held(self.admission.load()).0, all, "{:?}", path());
        for (request, stage) in world.requests.iter().enumerate() {
            self.poll(request);
            let (waits, has) = (self.asked[request].is_some(), self.permits[request].is_some());
            let expected = (matches!(stage, Stage::Waits(_)), stage.has_permit());
            assert_eq!((waits, has), expected, "request {request} after {:?}", path());
        }
    }
}

#[test]
fn permits_go_where_the_model_says_in_every_state_by_every_step() {
    // No task polls what is asked for, so that tokio does not bound how often that may be done.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _within = runtime.enter();
    for bounds in [requests(), slow_requests()] {
        let reached = Reached::from(&bounds, None).unwrap();
        for (number, state) in reached.states.iter().enumerate() {
            let path = reached.path(number);
            for action in state.world.actions(&bounds) {
                let path: Vec<_> = path.iter().copied().chain([action]).collect();
                let mut turns = Turns::new(&bounds);
                path.iter().for_each(|action| turns.make(*action, &bounds));
                turns.is(&state.world.after(action, &bounds, None), &|| path.clone());
            }
        }
    }
}

/// Says whether what is waited for has come.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// A deploy or a rollback, polled once for each of its steps.
struct Going {
    future: Future<Result<Done, NotDeployed>>,
    woken: Arc<Woken>,
}

/// A server of two tenants, whose deploys go on step by step, and the states in which the model may be meanwhile.
struct Replay {
    bounds: Bounds,
    shared: Arc<Shared>,
    bundles: Vec<Vec<u8>>,
    ids: BTreeMap<String, Id>,
    going: Vec<Option<Going>>,
    requests: Vec<Option<Arc<Deployed>>>,
    may_be: HashSet<World>,
    made: Vec<Action>,
}

/// What can be seen of a server: for each tenant its deployments on the disk, which of them is served, and what answers; the files.
type Seen = (Vec<(Vec<Id>, Option<usize>, Option<Id>)>, Vec<Id>);

/// As many as are kept of a tenant, and some more.
const GOOD: Id = 12;
/// Beside these, what is no bundle.
const ALL: Id = 14;

impl Replay {
    async fn new(
        state: &std::path::Path,
        bundler: &Arc<Bundler>,
        engine: &Engine,
        bundles: &[Vec<u8>],
    ) -> (Self, Server) {
        let mut config = Config::new(state);
        config.listen = (Ipv4Addr::LOCALHOST, 0).into();
        config.admin = None;
        config.tenants = (0..2).map(|n| (name(n), TenantConfig::new([format!("/t{n}").parse().unwrap()]))).collect();
        let receipts = Arc::new(|_: &Receipt, _: &[Line]| {});
        let server = Server::start(config, engine.clone(), bundler.clone(), receipts).await.unwrap();
        let deployed: Vec<Id> = (0..10).collect();
        let bounds = Bounds {
            shares: vec![4, 4],
            requests: vec![0, 0, 1, 1],
            slow: BTreeSet::new(),
            permits: 4,
            reserved: 1,
            queue: 4,
            bundles: ALL,
            deployments: deployed.len(),
            deploys: u8::MAX,
            cuts: 0,
            deployed,
        };
        let ids = bundles.iter().zip(0..).map(|(bundle, id)| (BundleId::of(bundle).to_string(), id)).collect();
        let mut replay = Self {
            shared: server.shared.clone(),
            bundles: bundles.to_vec(),
            ids,
            going: (0..2).map(|_| None).collect(),
            requests: vec![None; bounds.requests.len()],
            may_be: HashSet::from([World::new(&bounds)]),
            made: Vec::new(),
            bounds,
        };
        for tenant in 0..2 {
            for id in replay.bounds.deployed.clone() {
                replay.deploy(tenant, id).await.unwrap();
            }
        }
        replay.look();
        (replay, server)
    }

    fn deploy(&self, tenant: usize, id: Id) -> Future<Result<Done, NotDeployed>> {
        let (shared, bundle) = (self.shared.clone(), self.bundles[usize::from(id)].clone());
        let order = Order { by: "model".into(), source: None, smoke: None };
        Box::pin(async move {
            let mut file = shared.store.incoming().unwrap();
            file.write_all(&bundle).unwrap();
            let (digest, bytes) = (BundleId::of(&bundle), bundle.len() as u64);
            shared.deploy(&name(tenant), Upload::Bundle { file, digest, bytes }, order).await
        })
    }

    /// What may be done now.
    fn actions(&self, turn: u8) -> Vec<Action> {
        let world = self.may_be.iter().next().unwrap();
        let mut actions: Vec<_> = world.actions(&self.bounds);
        actions.retain(|action| {
            matches!(action, Action::Ask(_) | Action::Render(_) | Action::Answer(_) | Action::Leave(_))
        });
        for (tenant, going) in self.going.iter().enumerate() {
            match going {
                // The more often, the more is dropped.
                None => {
                    actions.extend([turn % ALL, turn % 3].map(|id| Action::Deploy(tenant, id)));
                    actions.extend(world.tenants[tenant].previous().map(|_| Action::Back(tenant)));
                }
                Some(_) => actions.extend([Action::Go(tenant); 4]),
            }
        }
        actions
    }

    async fn make(&mut self, action: Action) {
        self.made.push(action);
        match action {
            Action::Ask(request) => {
                let tenant = self.shared.tenants.load().by_name[&name(self.bounds.requests[request])].clone();
                self.requests[request] = tenant.live.load_full();
            }
            Action::Render(request) => {
                let bundle = self.requests[request].as_ref().unwrap().bundle;
                let read = dayfly::BundleSource::read(&self.shared.store, bundle);
                assert!(read.is_ok(), "a request on no bundle after {:?}: {read:?}", self.made);
            }
            Action::Answer(request) | Action::Leave(request) => self.requests[request] = None,
            Action::Deploy(tenant, id) => self.begin(tenant, self.deploy(tenant, id)),
            Action::Back(tenant) => {
                let shared = self.shared.clone();
                self.begin(tenant, Box::pin(async move { shared.activate(&name(tenant), None, None).await }));
            }
            Action::Go(tenant) => return self.go(tenant).await,
            Action::Refuse(_) | Action::Cut => unreachable!("that is not asked for"),
        }
        let Self { bounds, may_be, .. } = self;
        *may_be = may_be.iter().map(|world| world.after(action, bounds, None)).collect();
        self.look();
    }

    fn begin(&mut self, tenant: usize, future: Future<Result<Done, NotDeployed>>) {
        self.going[tenant] = Some(Going { future, woken: Arc::default() });
    }

    /// One step of a deploy, and what it has asked others to do.
    async fn go(&mut self, tenant: usize) {
        // How often a task may poll what is ready is bounded, from one turn to the next.
        tokio::task::yield_now().await;
        let Going { future, woken } = self.going[tenant].as_mut().unwrap();
        let waker = Waker::from(woken.clone());
        woken.0.store(false, Ordering::Release);
        let done = match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => {
                while !woken.0.load(Ordering::Acquire) {
                    tokio::time::sleep(Duration::from_micros(50)).await;
                }
                None
            }
            Poll::Ready(done) => Some(done),
        };
        if let Some(done) = done {
            self.going[tenant] = None;
            let wanted = self.made.iter().rev().find_map(|made| match made {
                Action::Deploy(of, id) if *of == tenant => Some(*id < GOOD),
                Action::Back(of) if *of == tenant => Some(true),
                _ => None,
            });
            assert_eq!(Some(done.is_ok()), wanted, "after {:?}: {done:?}", self.made);
        }
        self.may_be = self.reached();
        let is_over = self.going[tenant].is_none();
        self.may_be.retain(|world| !is_over || world.tenants[tenant].work.is_none());
        self.look();
    }

    /// The states that deploys which go on may have led to.
    fn reached(&self) -> HashSet<World> {
        let (mut all, mut next) = (self.may_be.clone(), self.may_be.iter().cloned().collect::<Vec<_>>());
        while let Some(world) = next.pop() {
            let steps = world.actions(&self.bounds).into_iter();
            for step in steps.filter(|action| matches!(action, Action::Go(_) | Action::Refuse(_))) {
                let after = world.after(step, &self.bounds, None);
                if all.insert(after.clone()) {
                    next.push(after);
                }
            }
        }
        all
    }

    /// Leaves of the states those that look as the server does. There has to be one.
    #[track_caller]
    fn look(&mut self) {
        let seen = self.seen();
        let before = self.may_be.len();
        self.may_be.retain(|world| Self::looks(world) == seen && world.broken(&self.bounds).is_none());
        assert!(!self.may_be.is_empty(), "none of {before} states looks like {seen:?} after {:?}", self.made);
    }

    fn looks(world: &World) -> Seen {
        let tenants = world.tenants.iter().map(|tenant| (tenant.record.clone(), Some(tenant.active), tenant.live));
        (tenants.collect(), world.files.iter().copied().collect())
    }

    fn seen(&self) -> Seen {
        let id = |id: BundleId| self.ids[&id.to_string()];
        let records: BTreeMap<_, _> = self.shared.store.records().unwrap().into_iter().collect();
        let tenants = (0..2).map(|n| {
            let record = &records[&name(n)];
            let active = record.deployments.iter().position(|one| Some(one.number) == record.active);
            let live = self.shared.tenants.load().by_name[&name(n)].live.load_full();
            (record.deployments.iter().map(|one| id(one.digest)).collect(), active, live.map(|live| id(live.bundle)))
        });
        let mut files: Vec<_> = self
            .ids
            .iter()
            .filter(|(digest, _)| self.shared.store.has(digest.parse().unwrap()))
            .map(|(_, id)| *id)
            .collect();
        files.sort_unstable();
        (tenants.collect(), files)
    }

    /// Goes where few walks come: both tenants give up a bundle that a request has.
    async fn give_up_what_a_request_has(&mut self) {
        while self.may_be.iter().all(|world| world.tenants[0].active > 0) {
            self.make_whole(Action::Back(0), 0).await;
        }
        self.make(Action::Ask(0)).await;
        for tenant in [1, 0] {
            self.make_whole(Action::Deploy(tenant, GOOD - 1), tenant).await;
        }
        self.make(Action::Render(0)).await;
        self.make(Action::Answer(0)).await;
    }

    /// A deploy or a rollback to its end.
    async fn make_whole(&mut self, action: Action, tenant: usize) {
        self.make(action).await;
        while self.going[tenant].is_some() {
            self.make(Action::Go(tenant)).await;
        }
    }

    /// Lets all end, and removes what nobody has any more.
    async fn end(mut self) {
        for request in 0..self.requests.len() {
            if self.requests[request].is_some() {
                self.make(Action::Leave(request)).await;
            }
        }
        for tenant in 0..2 {
            while self.going[tenant].is_some() {
                self.make(Action::Go(tenant)).await;
            }
        }
        self.shared.retire(Vec::new()).await;
        let (tenants, files) = self.seen();
        let mut wanted: Vec<_> = tenants.into_iter().flat_map(|(record, ..)| record).collect();
        wanted.sort_unstable();
        wanted.dedup();
        assert_eq!(files, wanted, "after {:?}", self.made);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deploys_and_what_answers_are_in_a_state_of_the_model_after_every_step() {
    let bundler = Arc::new(Bundler::new().unwrap());
    let engine = Engine::new(&EngineConfig::default()).unwrap();
    let mut bundles = Vec::new();
    for n in 0..ALL {
        let source = Source::new("app.js", format!("globalThis.render = () => '{n}'"));
        let limits = Bundler::limits();
        let built = bundler.build(&source, &limits);
        bundles.push(if n < GOOD { built.await.artifact.unwrap().bundle } else { vec![n] });
    }
    for walk in 0..3_u32 {
        let state = tempfile::tempdir().unwrap();
        let (mut replay, server) = Replay::new(state.path(), &bundler, &engine, &bundles).await;
        replay.give_up_what_a_request_has().await;
        let mut random = walk;
        for turn in 0..200_u8 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let actions = replay.actions(turn / 5 + 10);
            replay.make(actions[(random >> 16) as usize % actions.len()]).await;
        }
        replay.end().await;
        server.run(std::future::ready(())).await;
    }
}
