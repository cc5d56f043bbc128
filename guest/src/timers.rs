//! `setTimeout`, `setInterval` and what clears them, as the HTML Standard has them
//! (<https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html>), with Node's bounds of a delay.

use std::cell::RefCell;
use std::collections::BTreeMap;

use javy::quickjs::prelude::{Opt, Rest};
use javy::quickjs::{Coerced, Ctx, Exception, Function, Persistent, Result, Value};

use crate::contract::console::Site;
use crate::contract::loader::NoticeKind;
use crate::quickjs::Code;
use crate::runtime::define;
use crate::{clock, notices, quickjs};

/// How many timers may wait at once.
const MOST_TIMERS: usize = 1_000;
/// As in Node: a delay below 1 ms, or above what 31 bits hold, is 1 ms.
const LONGEST_DELAY_MS: f64 = 2_147_483_647.0;

struct Timer {
    callback: Persistent<Function<'static>>,
    arguments: Vec<Persistent<Value<'static>>>,
    context: Persistent<Value<'static>>,
    /// Nanoseconds between two calls of an interval.
    every: Option<u64>,
    made_at: Option<Site>,
    made_by: &'static str,
}

#[derive(Default)]
struct Timers {
    last_id: u32,
    /// By when they are due (nanoseconds since 1970), then by age.
    waiting: BTreeMap<(u64, u32), Timer>,
}

thread_local! {
    static TIMERS: RefCell<Timers> = RefCell::default();
}

/// Sets the four functions.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    let globals = ctx.globals();
    define(&globals, "setTimeout", set_timeout)?;
    define(&globals, "setInterval", set_interval)?;
    define(&globals, "clearTimeout", clear)?;
    define(&globals, "clearInterval", clear)
}

/// When the next timer is due, in nanoseconds since 1970; none if none waits.
pub fn next_due() -> Option<u64> {
    TIMERS.with_borrow(|timers| timers.waiting.keys().next().map(|(due, _)| *due))
}

/// What the next timer was set by, and where, if one waits and that is known. Changes nothing, whatever state the timers
/// are in.
pub fn with_next<T>(read: impl FnOnce(&'static str, &Site) -> T) -> Option<T> {
    TIMERS.with(|timers| {
        let timers = timers.try_borrow().ok()?;
        let timer = timers.waiting.values().next()?;
        timer.made_at.as_ref().map(|at| read(timer.made_by, at))
    })
}

/// Calls the next timer's function if it is due. What the function throws comes back.
pub fn fire_next(ctx: &Ctx<'_>) -> Result<()> {
    let Some((id, timer)) = take_due() else { return Ok(()) };
    let callback = timer.callback.clone().restore(ctx)?;
    let arguments: Vec<Value<'_>> =
        timer.arguments.iter().cloned().map(|argument| argument.restore(ctx)).collect::<Result<_>>()?;
    quickjs::set_async_context(ctx, &timer.context.clone().restore(ctx)?);
    if let Some(every) = timer.every {
        TIMERS.with_borrow_mut(|timers| timers.waiting.insert((clock::now() + every, id), timer));
    }
    callback.call((Rest(arguments),))
}

fn take_due() -> Option<(u32, Timer)> {
    TIMERS.with_borrow_mut(|timers| {
        let first = timers.waiting.first_entry()?;
        let (due, id) = *first.key();
        (due <= clock::now()).then(|| (id, first.remove()))
    })
}

/// Drops every timer that the top level started, and records it.
pub fn drop_all() {
    // Not the last number: what the app has kept of one must not name another's timer.
    for timer in TIMERS.with_borrow_mut(|timers| std::mem::take(&mut timers.waiting)).into_values() {
        notices::record_at(NoticeKind::Timer, || timer.made_by.into(), timer.made_at);
    }
}

type Delay<'js> = Opt<Value<'js>>;

fn set_timeout<'js>(
    ctx: Ctx<'js>,
    callback: Value<'js>,
    delay: Delay<'js>,
    arguments: Rest<Value<'js>>,
) -> Result<u32> {
    start(&ctx, "setTimeout()", false, callback, delay, arguments.0)
}

fn set_interval<'js>(
    ctx: Ctx<'js>,
    callback: Value<'js>,
    delay: Delay<'js>,
    arguments: Rest<Value<'js>>,
) -> Result<u32> {
    start(&ctx, "setInterval()", true, callback, delay, arguments.0)
}

fn start<'js>(
    ctx: &Ctx<'js>,
    made_by: &'static str,
    repeats: bool,
    callback: Value<'js>,
    delay: Delay<'js>,
    arguments: Vec<Value<'js>>,
) -> Result<u32> {
    let callback = match callback.as_function() {
        Some(function) => function.clone(),
        None if callback.is_string() || callback.is_object() => script(ctx, callback.get::<Coerced<String>>()?.0)?,
        // As in Node: the standard would run `undefined` as a script.
        None => return Err(Exception::throw_type(ctx, &format!("{made_by}: the callback is not a function"))),
    };
    let delay = match delay.0 {
        Some(delay) => delay.get::<Coerced<f64>>()?.0,
        None => 0.0,
    };
    let delay = if (1.0..=LONGEST_DELAY_MS).contains(&delay) { delay } else { 1.0 };
    let nanoseconds = (delay * 1e6) as u64;
    let timer = Timer {
        callback: Persistent::save(ctx, callback),
        arguments: arguments.into_iter().map(|argument| Persistent::save(ctx, argument)).collect(),
        context: Persistent::save(ctx, quickjs::async_context(ctx)),
        every: repeats.then_some(nanoseconds),
        made_at: quickjs::call_site(ctx),
        made_by,
    };
    let id = TIMERS.with_borrow_mut(|timers| {
        if timers.waiting.len() >= MOST_TIMERS {
            return None;
        }
        timers.last_id += 1;
        timers.waiting.insert((clock::now() + nanoseconds, timers.last_id), timer);
        Some(timers.last_id)
    });
    // After the borrow: to make an error may run the app's code, which may start a timer.
    id.ok_or_else(|| Exception::throw_range(ctx, &format!("{made_by}: {MOST_TIMERS} timers wait already")))
}

/// A function that runs a text as a script: what a timer does with one, as eval does.
fn script<'js>(ctx: &Ctx<'js>, text: String) -> Result<Function<'js>> {
    Function::new(ctx.clone(), move |ctx: Ctx<'js>| Code::script(&ctx, "timer", &text)?.run().map(drop))
}

fn clear(id: Opt<Value<'_>>) {
    // As numbers go, so that a timer that was kept as text is cleared too; what is no number clears nothing.
    let Some(id) = id.0.filter(|id| id.is_number() || id.is_string()).and_then(|id| id.get::<Coerced<f64>>().ok())
    else {
        return;
    };
    TIMERS.with_borrow_mut(|timers| timers.waiting.retain(|(_, waiting), _| f64::from(*waiting) != id.0));
}
