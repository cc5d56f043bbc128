//! Tasks that are not tied to a time: `setImmediate`, and messages of a `MessageChannel`. Each is run before the next
//! timer, with its microtasks after it. And the order of microtasks and of what `process.nextTick` was given.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use javy::quickjs::prelude::{Opt, Rest};
use javy::quickjs::{Coerced, Ctx, Exception, Function, Persistent, Result, Value};

use crate::contract::console::Site;
use crate::contract::loader::NoticeKind;
use crate::{clock, notices, outgoing, quickjs, timers};

/// How many tasks may wait at once.
const MOST_TASKS: usize = 10_000;

struct Task {
    id: u32,
    callback: Persistent<Function<'static>>,
    arguments: Vec<Persistent<Value<'static>>>,
    context: Persistent<Value<'static>>,
    made_at: Option<Site>,
}

#[derive(Default)]
struct Tasks {
    last_id: u32,
    waiting: VecDeque<Task>,
}

thread_local! {
    static TASKS: RefCell<Tasks> = RefCell::default();
    /// How many tasks are left of those that waited when this turn of them began.
    static BATCH: Cell<usize> = const { Cell::new(0) };
    /// Whether a turn has ended, and the timers are to be looked at.
    static TIMERS_NEXT: Cell<bool> = const { Cell::new(false) };
    /// What calls all that `process.nextTick` was given, if it was given something.
    static TICKS: RefCell<Option<Persistent<Function<'static>>>> = const { RefCell::new(None) };
    /// Whether microtasks are being run, all of which go before what they give to `process.nextTick`.
    static IS_AMONG_JOBS: Cell<bool> = const { Cell::new(false) };
}

/// Has `run_job` call a function once.
pub fn queue_ticks<'js>(ctx: Ctx<'js>, ticks: Function<'js>) {
    TICKS.set(Some(Persistent::save(&ctx, ticks)));
}

/// Runs a microtask, or what `process.nextTick` was given; false if there is neither. As in Node the latter goes before the
/// microtasks that wait, but after all of them if it was given by one. What was thrown is the pending exception.
pub fn run_job(ctx: &Ctx<'_>) -> bool {
    if IS_AMONG_JOBS.get() || TICKS.with_borrow(Option::is_none) {
        let has_run = ctx.execute_pending_job();
        IS_AMONG_JOBS.set(has_run);
        if has_run {
            return true;
        }
    }
    let Some(ticks) = TICKS.take() else { return false };
    // An error is pending then, and the caller sees it.
    let _ = ticks.restore(ctx).and_then(|ticks| ticks.call::<_, ()>(()));
    true
}

/// Queues a task; gives its number.
pub fn queue<'js>(ctx: &Ctx<'js>, callback: Function<'js>, arguments: Vec<Value<'js>>) -> Result<u32> {
    let made_at = notices::place(ctx);
    let callback = Persistent::save(ctx, callback);
    let arguments = arguments.into_iter().map(|argument| Persistent::save(ctx, argument)).collect();
    let context = Persistent::save(ctx, quickjs::async_context(ctx));
    let id = TASKS.with_borrow_mut(|tasks| {
        if tasks.waiting.len() >= MOST_TASKS {
            return None;
        }
        tasks.last_id = tasks.last_id.wrapping_add(1);
        let id = tasks.last_id;
        tasks.waiting.push_back(Task { id, callback, arguments, context, made_at });
        Some(id)
    });
    // After the borrow: to make an error may run the app's code.
    id.ok_or_else(|| Exception::throw_range(ctx, &format!("{MOST_TASKS} tasks wait already")))
}

/// `setImmediate`, as Node has it.
pub fn set_immediate<'js>(ctx: Ctx<'js>, callback: Value<'js>, arguments: Rest<Value<'js>>) -> Result<u32> {
    match callback.into_function() {
        Some(callback) => queue(&ctx, callback, arguments.0),
        None => Err(Exception::throw_type(&ctx, "setImmediate(): the callback is not a function")),
    }
}

/// `clearImmediate`.
pub fn clear_immediate(id: Opt<Value<'_>>) {
    let id = id.0.filter(|id| id.is_number() || id.is_string()).and_then(|id| id.get::<Coerced<f64>>().ok());
    if let Some(id) = id {
        TASKS.with_borrow_mut(|tasks| tasks.waiting.retain(|task| f64::from(task.id) != id.0));
    }
}

/// Runs what is next, a task, a timer's function or what came of a call, and waits for it if need be; false if none waits. What it throws
/// comes back.
///
/// Tasks that tasks queue wait for the next turn, and between two turns the timers that are due are called, and calls are
/// looked at.
pub fn turn(ctx: &Ctx<'_>) -> Result<bool> {
    let waiting = TASKS.with_borrow(|tasks| tasks.waiting.len());
    if BATCH.get() == 0 && waiting > 0 && !TIMERS_NEXT.get() {
        BATCH.set(waiting);
    }
    if BATCH.get() > 0 && waiting > 0 {
        BATCH.set(BATCH.get() - 1);
        TIMERS_NEXT.set(BATCH.get() == 0);
        return run_next(ctx);
    }
    BATCH.set(0);
    TIMERS_NEXT.set(false);
    let due = timers::next_due();
    // If tasks wait: for the clock to go on, and no longer.
    let until = if waiting > 0 { Some(clock::now()) } else { due };
    if outgoing::is_waiting() {
        if outgoing::turn(ctx, until)? {
            return Ok(true);
        }
    } else {
        let Some(due) = due else { return Ok(waiting > 0) };
        if waiting > 0 || due > clock::now() {
            clock::sleep_until(until.unwrap_or(due));
        }
    }
    timers::fire_next(ctx)?;
    Ok(true)
}

/// Runs the next task, if one waits; says whether one did. What it throws comes back.
pub fn run_next(ctx: &Ctx<'_>) -> Result<bool> {
    let Some(task) = TASKS.with_borrow_mut(|tasks| tasks.waiting.pop_front()) else { return Ok(false) };
    let arguments: Vec<Value<'_>> =
        task.arguments.into_iter().map(|argument| argument.restore(ctx)).collect::<Result<_>>()?;
    quickjs::set_async_context(ctx, &task.context.restore(ctx)?);
    task.callback.restore(ctx)?.call::<_, ()>((Rest(arguments),))?;
    Ok(true)
}

/// Drops every task that the top level queued, and records it.
pub fn drop_all() {
    // Not the last number: what the app has kept of one must not name another's task.
    for task in TASKS.with_borrow_mut(|tasks| std::mem::take(&mut tasks.waiting)) {
        notices::record_at(NoticeKind::Timer, || "a task".into(), task.made_at);
    }
}
