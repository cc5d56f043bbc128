//! The protocol of admission, deploy and swap as a state machine, of which every state is looked at.
//!
//! | invariant | as the model has it |
//! | --- | --- |
//! | no request on no bundle | what a request took, what one would take that comes now, and what a restart would serve is on the disk |
//! | no permit lost | permits that are held and free are all; nobody waits who could have one; slow requests have no more than theirs |
//! | no store left | a store is a render's, and a render has its permit |
//! | no bundle left | what no record refers to is removed, or is to be |
//! | no request on what a power cut would take back | what answers is what the record on the disk says |
//!
//! `search` goes through all states within small bounds; each [`Fault`] in the protocol breaks an invariant there. `replay` does the
//! same steps with the server's own types and compares, so that model and code cannot part.

mod replay;
mod search;

use std::collections::{BTreeSet, VecDeque};

/// A bundle, by its number.
type Id = u8;

/// How large the world is.
#[derive(Clone, Debug)]
struct Bounds {
    /// Of each tenant, how many permits it may hold.
    shares: Vec<u8>,
    /// Of each request, whose it is.
    requests: Vec<usize>,
    /// Those of an app that holds its permits for long.
    slow: BTreeSet<usize>,
    permits: u8,
    /// How many of them are not for slow requests.
    reserved: u8,
    /// Requests that may wait.
    queue: usize,
    bundles: Id,
    /// Deployments of a tenant that are kept.
    deployments: usize,
    /// Deploys and rollbacks in all.
    deploys: u8,
    /// Power cuts in all.
    cuts: u8,
    /// What each tenant has had deployed at the beginning, oldest first.
    deployed: Vec<Id>,
}

/// What is done otherwise than the protocol wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A request that leaves while its permit is on its way keeps it.
    KeepsPermit,
    /// A request that leaves keeps its store.
    KeepsStore,
    /// A place in the queue is not given up.
    KeepsPlace,
    /// The next one is not told of a permit that comes free.
    TellsNobody,
    /// Who leaves a queue does not tell the one behind.
    LeavesInSilence,
    /// Slow requests have what is reserved for others.
    ReservesNothing,
    /// A bundle is swapped in before it is on the disk.
    SwapsBeforeWriting,
    /// A bundle is swapped in before the record says so.
    SwapsBeforeRecording,
    /// What is removed may be a request's.
    ForgetsRequests,
    /// Requests are thought of that have what a tenant had before, once it has told; not those that have what it has.
    ForgetsWhatAnswers,
    /// A bundle of a deploy that goes on is not pinned.
    DoesNotPin,
    /// A bundle that was refused stays.
    KeepsRefused,
}

/// All of it, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    free: u8,
    tenants: Vec<Tenant>,
    /// Whose turn it is: the tenants whose first request waits for nothing but a permit.
    ring: VecDeque<usize>,
    requests: Vec<Stage>,
    /// Of which requests there is a store.
    stores: BTreeSet<usize>,
    files: BTreeSet<Id>,
    /// What could not be removed yet.
    garbage: BTreeSet<Id>,
    /// With [`Fault::ForgetsWhatAnswers`]: what was told of.
    told: BTreeSet<Id>,
    deploys: u8,
    cuts: u8,
    /// A request found no bundle.
    is_lost: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Tenant {
    held: u8,
    queue: VecDeque<usize>,
    /// Its deployments, oldest first.
    record: Vec<Id>,
    /// Which of them is served.
    active: usize,
    live: Option<Id>,
    work: Option<Work>,
}

/// A deploy or a rollback that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Work {
    id: Id,
    /// Of a rollback, to which deployment.
    back_to: Option<usize>,
    step: Step,
    dropped: Vec<Id>,
}

/// What was done last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Begun,
    Written,
    Loaded,
    Recorded,
    Swapped,
    Refused,
}

/// What a request is at. It keeps the bundle that it took when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Away,
    Waits(Id),
    /// It has its permit, or that is on its way.
    Admitted(Id),
    Renders(Id),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// A request comes.
    Ask(usize),
    /// One that was admitted loads its bundle and renders.
    Render(usize),
    /// One is answered.
    Answer(usize),
    /// A client leaves, or is not waited for any more.
    Leave(usize),
    Deploy(usize, Id),
    Back(usize),
    /// A deploy goes on.
    Go(usize),
    /// The disk fails, the bundle is none, or the app does not answer its first request.
    Refuse(usize),
    /// The power is cut, and the server starts again.
    Cut,
}

impl Stage {
    fn has(self) -> Option<Id> {
        match self {
            Self::Away => None,
            Self::Waits(id) | Self::Admitted(id) | Self::Renders(id) => Some(id),
        }
    }

    fn has_permit(self) -> bool {
        matches!(self, Self::Admitted(_) | Self::Renders(_))
    }
}

impl World {
    fn new(bounds: &Bounds) -> Self {
        let tenant = Tenant {
            record: bounds.deployed.clone(),
            active: bounds.deployed.len() - 1,
            live: bounds.deployed.last().copied(),
            ..Tenant::default()
        };
        Self {
            free: bounds.permits,
            tenants: vec![tenant; bounds.shares.len()],
            ring: VecDeque::new(),
            requests: vec![Stage::Away; bounds.requests.len()],
            stores: BTreeSet::new(),
            files: bounds.deployed.iter().copied().collect(),
            garbage: BTreeSet::new(),
            told: BTreeSet::new(),
            deploys: bounds.deploys,
            cuts: bounds.cuts,
            is_lost: false,
        }
    }

    /// What may happen now.
    fn actions(&self, bounds: &Bounds) -> Vec<Action> {
        let mut actions = Vec::new();
        for (request, stage) in self.requests.iter().enumerate() {
            match stage {
                Stage::Away => actions.push(Action::Ask(request)),
                Stage::Waits(_) => actions.push(Action::Leave(request)),
                Stage::Admitted(_) => actions.extend([Action::Render(request), Action::Leave(request)]),
                Stage::Renders(_) => actions.extend([Action::Answer(request), Action::Leave(request)]),
            }
        }
        for (tenant, of) in self.tenants.iter().enumerate() {
            match &of.work {
                None if self.deploys > 0 => {
                    actions.extend((0..bounds.bundles).map(|id| Action::Deploy(tenant, id)));
                    actions.extend(of.previous().map(|_| Action::Back(tenant)));
                }
                None => {}
                Some(work) => {
                    actions.push(Action::Go(tenant));
                    if [Step::Begun, Step::Written, Step::Loaded].contains(&work.step) {
                        actions.push(Action::Refuse(tenant));
                    }
                }
            }
        }
        actions.extend((self.cuts > 0).then_some(Action::Cut));
        actions
    }

    /// The world after that.
    fn after(&self, action: Action, bounds: &Bounds, fault: Option<Fault>) -> Self {
        let mut world = self.clone();
        match action {
            Action::Ask(request) => world.ask(request, bounds, fault),
            Action::Render(request) => {
                let Stage::Admitted(id) = world.requests[request] else { unreachable!("it was admitted") };
                world.is_lost |= !world.files.contains(&id);
                world.requests[request] = Stage::Renders(id);
                world.stores.insert(request);
            }
            Action::Answer(request) => {
                world.requests[request] = Stage::Away;
                world.stores.remove(&request);
                world.give_back(bounds.requests[request], bounds, fault);
            }
            Action::Leave(request) => world.leave(request, bounds, fault),
            Action::Deploy(tenant, id) => {
                world.deploys -= 1;
                world.tenants[tenant].work = Some(Work { id, back_to: None, step: Step::Begun, dropped: Vec::new() });
            }
            Action::Back(tenant) => {
                world.deploys -= 1;
                let of = &mut world.tenants[tenant];
                let to = of.previous().expect("there is one to go back to");
                // Its bundle is there.
                of.work = Some(Work { id: of.record[to], back_to: Some(to), step: Step::Written, dropped: Vec::new() });
            }
            Action::Go(tenant) => world.go(tenant, bounds, fault),
            Action::Refuse(tenant) => {
                let of = &mut world.tenants[tenant];
                match of.work.as_mut().filter(|work| work.back_to.is_none()) {
                    // It is pinned no more.
                    Some(work) => work.step = Step::Refused,
                    None => of.work = None,
                }
            }
            Action::Cut => world.cut(bounds),
        }
        world
    }

    fn ask(&mut self, request: usize, bounds: &Bounds, fault: Option<Fault>) {
        let tenant = bounds.requests[request];
        let waiting: usize = self.tenants.iter().map(|tenant| tenant.queue.len()).sum();
        let may = self.may(request, bounds, fault);
        let of = &mut self.tenants[tenant];
        let Some(id) = of.live else { return };
        if of.queue.is_empty() && of.held < bounds.shares[tenant] && may {
            self.free -= 1;
            of.held += 1;
            self.requests[request] = Stage::Admitted(id);
        } else if waiting < bounds.queue && of.queue.len() < bounds.queue.div_ceil(2) {
            of.queue.push_back(request);
            self.requests[request] = Stage::Waits(id);
            self.settle(tenant, bounds);
        }
    }

    fn leave(&mut self, request: usize, bounds: &Bounds, fault: Option<Fault>) {
        let tenant = bounds.requests[request];
        match std::mem::replace(&mut self.requests[request], Stage::Away) {
            Stage::Waits(_) if fault == Some(Fault::KeepsPlace) => {}
            Stage::Waits(_) => {
                self.tenants[tenant].queue.retain(|waiting| *waiting != request);
                self.settle(tenant, bounds);
                if fault != Some(Fault::LeavesInSilence) {
                    self.hand_out(bounds, fault);
                }
            }
            Stage::Admitted(_) if fault == Some(Fault::KeepsPermit) => {}
            _ => {
                if fault != Some(Fault::KeepsStore) {
                    self.stores.remove(&request);
                }
                self.give_back(tenant, bounds, fault);
            }
        }
    }

    /// A permit comes free.
    fn give_back(&mut self, tenant: usize, bounds: &Bounds, fault: Option<Fault>) {
        self.free += 1;
        self.tenants[tenant].held -= 1;
        self.settle(tenant, bounds);
        if fault != Some(Fault::TellsNobody) {
            self.hand_out(bounds, fault);
        }
    }

    /// Permits that are free go to those whose turn it is.
    fn hand_out(&mut self, bounds: &Bounds, fault: Option<Fault>) {
        let is_next = |world: &Self, tenant: &usize| {
            world.tenants[*tenant].queue.front().is_some_and(|request| world.may(*request, bounds, fault))
        };
        while let Some(turn) = self.ring.iter().position(|tenant| is_next(self, tenant)) {
            let Some(tenant) = self.ring.remove(turn) else { return };
            let of = &mut self.tenants[tenant];
            if let Some(request) = of.queue.pop_front() {
                of.held += 1;
                self.free -= 1;
                if let Stage::Waits(id) = self.requests[request] {
                    self.requests[request] = Stage::Admitted(id);
                }
            }
            self.settle(tenant, bounds);
        }
    }

    /// Whether there is a permit for a request.
    fn may(&self, request: usize, bounds: &Bounds, fault: Option<Fault>) -> bool {
        let is_reserved = bounds.slow.contains(&request)
            && fault != Some(Fault::ReservesNothing)
            && self.held_by_slow(bounds) >= usize::from(bounds.permits - bounds.reserved);
        self.free > 0 && !is_reserved
    }

    fn held_by_slow(&self, bounds: &Bounds) -> usize {
        bounds.slow.iter().filter(|request| self.requests[**request].has_permit()).count()
    }

    /// A tenant is in the ring if its first request waits for nothing but a permit.
    fn settle(&mut self, tenant: usize, bounds: &Bounds) {
        let of = &self.tenants[tenant];
        if of.held >= bounds.shares[tenant] || of.queue.is_empty() {
            self.ring.retain(|other| *other != tenant);
        } else if !self.ring.contains(&tenant) {
            self.ring.push_back(tenant);
        }
    }

    /// A deploy's next step.
    fn go(&mut self, tenant: usize, bounds: &Bounds, fault: Option<Fault>) {
        let of = &mut self.tenants[tenant];
        let mut work = of.work.take().expect("something goes on");
        let before = work.step;
        work.step = match before {
            Step::Begun => {
                match fault {
                    Some(Fault::SwapsBeforeWriting) => of.live = Some(work.id),
                    _ => drop(self.files.insert(work.id)),
                }
                Step::Written
            }
            Step::Written => {
                if fault == Some(Fault::SwapsBeforeWriting) {
                    self.files.insert(work.id);
                }
                if fault == Some(Fault::SwapsBeforeRecording) {
                    of.live = Some(work.id);
                }
                Step::Loaded
            }
            Step::Loaded => {
                match work.back_to {
                    Some(to) => of.active = to,
                    None => work.dropped = of.deploy(work.id, bounds.deployments),
                }
                Step::Recorded
            }
            Step::Recorded => {
                of.live = Some(work.id);
                Step::Swapped
            }
            Step::Swapped => {
                let told = of.record.iter().copied().chain(work.dropped.iter().copied());
                self.told.extend(told.filter(|id| *id != work.id));
                of.work = Some(work.clone());
                self.retire(&work.dropped, fault);
                self.tenants[tenant].work = None;
                return;
            }
            Step::Refused => {
                if fault != Some(Fault::KeepsRefused) {
                    self.retire(&[work.id], fault);
                }
                return;
            }
        };
        of.work = Some(work);
    }

    /// Removes what nobody wants.
    fn retire(&mut self, dropped: &[Id], fault: Option<Fault>) {
        self.garbage.extend(dropped);
        for id in self.garbage.clone() {
            let is_referred_to = self.refers_to(id);
            if !is_referred_to && !self.is_pinned(id, fault) && !self.is_answering(id, fault) {
                self.files.remove(&id);
            }
            if is_referred_to || !self.files.contains(&id) {
                self.garbage.remove(&id);
            }
        }
    }

    fn refers_to(&self, id: Id) -> bool {
        self.tenants.iter().any(|tenant| tenant.record.contains(&id))
    }

    fn is_pinned(&self, id: Id, fault: Option<Fault>) -> bool {
        let mut going_on = self.tenants.iter().filter_map(|tenant| tenant.work.as_ref());
        fault != Some(Fault::DoesNotPin)
            && going_on.any(|work| work.id == id && work.back_to.is_none() && work.step != Step::Refused)
    }

    fn is_answering(&self, id: Id, fault: Option<Fault>) -> bool {
        let is_a_requests = self.requests.iter().any(|stage| stage.has() == Some(id));
        let is_live = self.tenants.iter().any(|tenant| tenant.live == Some(id));
        match fault {
            Some(Fault::ForgetsRequests) => is_live,
            Some(Fault::ForgetsWhatAnswers) => is_a_requests && self.told.contains(&id),
            _ => is_a_requests || is_live,
        }
    }

    /// Nothing is left but what is on the disk.
    fn cut(&mut self, bounds: &Bounds) {
        let wanted: BTreeSet<Id> = self.tenants.iter().flat_map(|tenant| tenant.record.clone()).collect();
        let tenants = self.tenants.iter().map(|tenant| Tenant {
            record: tenant.record.clone(),
            active: tenant.active,
            live: tenant.record.get(tenant.active).copied(),
            ..Tenant::default()
        });
        *self = Self {
            tenants: tenants.collect(),
            files: self.files.intersection(&wanted).copied().collect(),
            deploys: self.deploys,
            cuts: self.cuts - 1,
            is_lost: self.is_lost,
            ..Self::new(bounds)
        };
    }

    /// The invariant that does not hold, if one does not.
    fn broken(&self, bounds: &Bounds) -> Option<&'static str> {
        let held = |tenant: usize| {
            let of = self.requests.iter().zip(&bounds.requests).filter(|(_, whose)| **whose == tenant);
            of.filter(|(stage, _)| stage.has_permit()).count()
        };
        let all: u8 = self.tenants.iter().map(|tenant| tenant.held).sum();
        let tenants = || self.tenants.iter().enumerate();
        let is_there = |id: Option<&Id>| id.is_none_or(|id| self.files.contains(id));
        let is_calm = self.requests.iter().all(|stage| *stage == Stage::Away)
            && self.tenants.iter().all(|tenant| tenant.work.is_none());
        [
            ("a request found no bundle", self.is_lost),
            ("what would answer is not there", tenants().any(|(_, tenant)| !is_there(tenant.live.as_ref()))),
            (
                "what a restart would serve is not there",
                tenants().any(|(_, tenant)| !is_there(tenant.record.get(tenant.active))),
            ),
            (
                "what answers is not what is recorded",
                tenants().any(|(_, tenant)| {
                    let is_between = tenant.work.as_ref().is_some_and(|work| work.step == Step::Recorded);
                    !is_between && tenant.live.as_ref() != tenant.record.get(tenant.active)
                }),
            ),
            ("a permit is lost", all + self.free != bounds.permits),
            ("a permit is nobody's", tenants().any(|(n, tenant)| usize::from(tenant.held) != held(n))),
            (
                "somebody waits for nothing",
                tenants().any(|(n, tenant)| {
                    let first = tenant.queue.front();
                    tenant.held < bounds.shares[n] && first.is_some_and(|first| self.may(*first, bounds, None))
                }),
            ),
            (
                "slow requests have what is reserved",
                self.held_by_slow(bounds) > usize::from(bounds.permits - bounds.reserved),
            ),
            (
                "a place is nobody's",
                tenants().any(|(_, tenant)| {
                    tenant.queue.iter().any(|request| !matches!(self.requests[*request], Stage::Waits(_)))
                }),
            ),
            (
                "a store is nobody's",
                self.stores.iter().any(|request| !matches!(self.requests[*request], Stage::Renders(_))),
            ),
            (
                "a bundle is left",
                is_calm && self.files.iter().any(|id| !self.refers_to(*id) && !self.garbage.contains(id)),
            ),
        ]
        .into_iter()
        .find_map(|(invariant, is_broken)| is_broken.then_some(invariant))
    }
}

impl Tenant {
    /// As [`Record::deploy`](crate::store::Record::deploy) does it.
    fn deploy(&mut self, id: Id, kept: usize) -> Vec<Id> {
        if self.record.last() != Some(&id) {
            self.record.push(id);
        }
        let excess = self.record.len().saturating_sub(kept);
        let dropped: Vec<_> = self.record.drain(..excess).collect();
        self.active = self.record.len() - 1;
        dropped.into_iter().filter(|id| !self.record.contains(id)).collect()
    }

    fn previous(&self) -> Option<usize> {
        let active = self.record.get(self.active)?;
        (0..self.active).rev().find(|earlier| self.record[*earlier] != *active)
    }
}
