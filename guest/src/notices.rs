//! What top-level code did that a snapshot cannot keep, and rejections that nothing handles.

use std::cell::{Cell, RefCell};

use javy::Runtime;
use javy::quickjs::promise::{PromiseHookType, PromiseState};
use javy::quickjs::{Ctx, Persistent, Value};

use crate::contract::console::Site;
use crate::contract::loader::{Notice, NoticeKind};
use crate::{quickjs, thrown};

/// How many notices are kept; a bundle with more has one cause for most of them.
const MOST_NOTICES: usize = 256;
/// How many promises are watched: beyond it none is, as a watched promise cannot be freed.
const MOST_PROMISES: usize = 100_000;
/// How many rejections are kept.
const MOST_REJECTIONS: usize = 64;

thread_local! {
    static LOADING: Cell<bool> = const { Cell::new(false) };
    static NOTICES: RefCell<(Vec<Notice>, u32)> = const { RefCell::new((Vec::new(), 0)) };
    static PROMISES: RefCell<Vec<(Kept, Option<Site>)>> = const { RefCell::new(Vec::new()) };
    static REJECTIONS: RefCell<Vec<Rejection>> = const { RefCell::new(Vec::new()) };
}

type Kept = Persistent<Value<'static>>;

/// A promise that was rejected before anything handled it.
struct Rejection {
    promise: Kept,
    reason: Kept,
    at: Option<Site>,
}

/// Begins to record, for as long as the top level runs.
pub fn start(runtime: &Runtime) {
    LOADING.set(true);
    runtime.context().runtime().set_promise_hook(Some(Box::new(|ctx, kind, promise, _parent| {
        if kind == PromiseHookType::Init {
            watch(&ctx, promise);
        }
    })));
}

/// Records the promises that are pending and the rejections that nothing handled. To name a reason runs the app's code.
pub fn record_promises(ctx: &Ctx<'_>) {
    for (promise, at) in PROMISES.take() {
        let promise = promise.restore(ctx).ok().and_then(Value::into_promise);
        if promise.is_some_and(|promise| promise.state() == PromiseState::Pending) {
            record_at(NoticeKind::Promise, || "a promise".into(), at);
        }
    }
    for Unhandled { reason, at, .. } in take_rejections(ctx) {
        record_at(NoticeKind::Rejection, || thrown::headline(&reason), at);
    }
}

/// Ends the recording and gives what was recorded, and how many more there were.
pub fn finish() -> (Vec<Notice>, u32) {
    LOADING.set(false);
    // What was left by the naming of what was left.
    PROMISES.take();
    REJECTIONS.take();
    NOTICES.take()
}

/// Records what the JavaScript that is running now did, if the top level is running; `what` says it in a few words.
pub fn record(kind: NoticeKind, what: impl FnOnce() -> String) {
    if LOADING.get() {
        record_at(kind, what, quickjs::running_site());
    }
}

/// As [`record`], for what was done elsewhere.
pub fn record_at(kind: NoticeKind, what: impl FnOnce() -> String, at: Option<Site>) {
    if !LOADING.get() {
        return;
    }
    // Before the borrow: it may run the app's code, which may be recorded in turn.
    let what = what();
    NOTICES.with_borrow_mut(|(notices, dropped)| {
        if notices.len() < MOST_NOTICES {
            notices.push(Notice { kind, what, at });
        } else {
            *dropped += 1;
        }
    });
}

fn watch<'js>(ctx: &Ctx<'js>, promise: Value<'js>) {
    // What our own code leaves pending, such as a port that waits for messages, is not the app's doing.
    if quickjs::is_own_code_running(ctx) {
        return;
    }
    PROMISES.with_borrow_mut(|promises| {
        if promises.len() < MOST_PROMISES {
            promises.push((Persistent::save(ctx, promise), quickjs::call_site(ctx)));
        }
    });
}

/// Keeps track of rejected promises from now on, in every render too.
pub fn watch_rejections(runtime: &Runtime) {
    runtime.context().runtime().set_host_promise_rejection_tracker(Some(Box::new(|ctx, promise, reason, handled| {
        if handled {
            return forget(&ctx, &promise);
        }
        REJECTIONS.with_borrow_mut(|rejections| {
            if rejections.len() < MOST_REJECTIONS {
                let at = quickjs::call_site(&ctx);
                let (promise, reason) = (Persistent::save(&ctx, promise), Persistent::save(&ctx, reason));
                rejections.push(Rejection { promise, reason, at });
            }
        });
    })));
}

/// Forgets a rejection: somebody sees to it.
pub fn forget<'js>(ctx: &Ctx<'js>, promise: &Value<'js>) {
    let promise = Persistent::save(ctx, promise.clone());
    REJECTIONS.with_borrow_mut(|rejections| rejections.retain(|rejection| rejection.promise != promise));
}

/// A promise that was rejected and never handled.
pub struct Unhandled<'js> {
    pub promise: Value<'js>,
    pub reason: Value<'js>,
    /// Where it was rejected.
    pub at: Option<Site>,
}

/// The promises that were rejected and never handled, in order.
pub fn take_rejections<'js>(ctx: &Ctx<'js>) -> Vec<Unhandled<'js>> {
    let restore = |Rejection { promise, reason, at }| {
        Some(Unhandled { promise: promise.restore(ctx).ok()?, reason: reason.restore(ctx).ok()?, at })
    };
    REJECTIONS.take().into_iter().filter_map(restore).collect()
}

/// Where the app's code stands, if what it does is being recorded.
pub fn place(ctx: &Ctx<'_>) -> Option<Site> {
    if LOADING.get() { quickjs::call_site(ctx) } else { None }
}
