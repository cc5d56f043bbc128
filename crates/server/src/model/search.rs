//! All states that can be reached, the nearest first. With a hundred thousand of them that is all that a model checker would do here;
//! the one that we know (stateright) brings an HTTP server along.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::{Action, Bounds, Fault, World};

/// The states, each with how it is reached.
pub(super) struct Reached {
    pub(super) states: Vec<State>,
}

pub(super) struct State {
    pub(super) world: Rc<World>,
    /// The state before, and what happened there.
    from: Option<(usize, Action)>,
}

/// An invariant that does not hold, and the shortest way to there.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) invariant: &'static str,
    pub(super) path: Vec<Action>,
}

impl Reached {
    /// All states, if the invariants hold in all of them.
    pub(super) fn from(bounds: &Bounds, fault: Option<Fault>) -> Result<Self, Broken> {
        let first = Rc::new(World::new(bounds));
        let mut known = HashMap::from([(first.clone(), 0)]);
        let mut reached = Self { states: vec![State { world: first, from: None }] };
        let mut next = 0;
        while let Some(State { world, .. }) = reached.states.get(next) {
            let world = world.clone();
            if let Some(invariant) = world.broken(bounds) {
                return Err(Broken { invariant, path: reached.path(next) });
            }
            for action in world.actions(bounds) {
                let after = Rc::new(world.after(action, bounds, fault));
                let number = reached.states.len();
                if *known.entry(after.clone()).or_insert(number) == number {
                    reached.states.push(State { world: after, from: Some((next, action)) });
                }
            }
            next += 1;
        }
        Ok(reached)
    }

    /// How a state is reached.
    pub(super) fn path(&self, mut state: usize) -> Vec<Action> {
        let mut path = Vec::new();
        while let Some((before, action)) = self.states[state].from {
            path.push(action);
            state = before;
        }
        path.reverse();
        path
    }
}

/// Requests of three tenants for two permits, of which two may have but one, and nothing that is deployed.
pub(super) fn requests() -> Bounds {
    Bounds {
        shares: vec![1, 2, 1],
        requests: vec![0, 0, 1, 1, 1, 2],
        slow: BTreeSet::new(),
        permits: 2,
        reserved: 1,
        queue: 4,
        bundles: 1,
        deployments: 1,
        deploys: 0,
        cuts: 0,
        deployed: vec![0],
    }
}

/// Requests of three tenants for three permits, of which one is reserved: those of one tenant are slow, of another they are now and then.
pub(super) fn slow_requests() -> Bounds {
    Bounds {
        shares: vec![2, 2, 1],
        requests: vec![0, 0, 0, 1, 1, 2],
        slow: BTreeSet::from([0, 1, 2, 3]),
        permits: 3,
        reserved: 1,
        ..requests()
    }
}

/// Deploys of two tenants that have the same bundles, a request of each, and a power cut.
fn deploys(kept: usize) -> Bounds {
    Bounds {
        shares: vec![1, 1],
        requests: vec![0, 1],
        slow: BTreeSet::new(),
        permits: 1,
        reserved: 0,
        queue: 2,
        bundles: 2,
        deployments: kept,
        deploys: 3,
        cuts: 1,
        deployed: vec![0],
    }
}

#[test]
fn no_request_is_on_no_bundle_no_permit_is_lost_and_no_store_left_in_any_state() {
    let all = [
        ("requests", requests()),
        ("slow requests", slow_requests()),
        ("deploys, one kept", deploys(1)),
        ("deploys, two kept", deploys(2)),
    ];
    for (what, bounds) in all {
        let reached = Reached::from(&bounds, None).unwrap_or_else(|broken| panic!("{what}: {broken:#?}"));
        #[expect(clippy::print_stdout, reason = "the figure of SPECIFICATION.md")]
        {
            println!("{what}: {} states", reached.states.len());
        }
        assert!(reached.states.len() > 1_000, "{what}: {}", reached.states.len());
    }
}

#[test]
fn whatever_the_protocol_forgets_breaks_an_invariant() {
    for (fault, bounds, invariant) in [
        (Fault::KeepsPermit, requests(), "a permit is nobody's"),
        (Fault::KeepsStore, requests(), "a store is nobody's"),
        (Fault::KeepsPlace, requests(), "a place is nobody's"),
        (Fault::TellsNobody, requests(), "somebody waits for nothing"),
        (Fault::LeavesInSilence, slow_requests(), "somebody waits for nothing"),
        (Fault::ReservesNothing, slow_requests(), "slow requests have what is reserved"),
        (Fault::SwapsBeforeWriting, deploys(1), "what would answer is not there"),
        (Fault::SwapsBeforeRecording, deploys(1), "what answers is not what is recorded"),
        (Fault::ForgetsRequests, deploys(1), "a request found no bundle"),
        (Fault::ForgetsWhatAnswers, deploys(1), "what would answer is not there"),
        (Fault::DoesNotPin, deploys(1), "what a restart would serve is not there"),
        (Fault::KeepsRefused, deploys(1), "a bundle is left"),
    ] {
        let broken = Reached::from(&bounds, Some(fault)).err().unwrap_or_else(|| panic!("{fault:?} breaks nothing"));
        assert_eq!(broken.invariant, invariant, "{fault:?}: {:?}", broken.path);
    }
}
