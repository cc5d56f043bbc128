//! `console`: an ordinary object of the app's, whose functions end in the import.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use javy::quickjs::prelude::{Opt, Rest};
use javy::quickjs::{Coerced, Ctx, Exception, Object, Result, Value};

use crate::contract::console::{self, Level};
use crate::contract::loader::NoticeKind;
use crate::runtime::define;
use crate::{clock, inspect, notices, quickjs, thrown};

/// How many labels `count` and `time` remember.
const MOST_LABELS: usize = 1_000;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static COUNTS: RefCell<HashMap<String, u64>> = RefCell::default();
    static STARTS: RefCell<HashMap<String, u64>> = RefCell::default();
}

/// Starts a render's console: no group is open, and no timer runs that the build's clock started.
pub fn renew() {
    DEPTH.set(0);
    STARTS.take();
}

/// Sets `console`.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    let console = Object::new(ctx.clone())?;
    for (name, level) in [
        ("debug", Level::Debug),
        ("log", Level::Log),
        ("info", Level::Info),
        ("warn", Level::Warn),
        ("error", Level::Error),
        ("dirxml", Level::Log),
        ("table", Level::Log),
    ] {
        define(&console, name, logger(level))?;
    }
    define(&console, "dir", dir)?;
    define(&console, "trace", trace)?;
    define(&console, "assert", assert)?;
    define(&console, "group", group)?;
    define(&console, "groupCollapsed", group)?;
    define(&console, "groupEnd", group_end)?;
    define(&console, "count", count)?;
    define(&console, "countReset", count_reset)?;
    define(&console, "time", time)?;
    define(&console, "timeLog", time_log)?;
    define(&console, "timeEnd", time_end)?;
    ctx.globals().set("console", console)
}

/// Writes a line that no console call of the app's made.
pub fn report(level: Level, text: &str, at: Option<&console::Site>) {
    console::write(level, text, DEPTH.get(), at);
}

fn write(ctx: &Ctx<'_>, level: Level, text: &str) {
    report(level, text, quickjs::call_site(ctx).as_ref());
}

fn logger(level: Level) -> impl for<'js> Fn(Ctx<'js>, Rest<Value<'js>>) {
    move |ctx, arguments| write(&ctx, level, &inspect::line(&arguments))
}

/// Shows its first argument; the second has options, of which a line of text has no use.
fn dir<'js>(ctx: Ctx<'js>, value: Opt<Value<'js>>, _options: Rest<Value<'js>>) {
    write(&ctx, Level::Log, &inspect::line(value.0.as_slice()));
}

fn trace<'js>(ctx: Ctx<'js>, arguments: Rest<Value<'js>>) -> Result<()> {
    let text = inspect::line(&arguments);
    let head = if text.is_empty() { "Trace".into() } else { format!("Trace: {text}") };
    // An error has its stack from where it is thrown. A function of ours is no frame of it.
    Exception::throw_message(&ctx, "");
    let stack = ctx.catch().into_exception().and_then(|here| here.stack()).unwrap_or_default();
    write(&ctx, Level::Log, format!("{head}\n{stack}").trim_end());
    Ok(())
}

fn assert<'js>(ctx: Ctx<'js>, condition: Opt<Value<'js>>, arguments: Rest<Value<'js>>) -> Result<()> {
    let holds = match condition.0 {
        Some(condition) => condition.get::<Coerced<bool>>()?.0,
        None => false,
    };
    if !holds {
        let text = inspect::line(&arguments);
        let text = if text.is_empty() { "Assertion failed".into() } else { format!("Assertion failed: {text}") };
        write(&ctx, Level::Error, &text);
    }
    Ok(())
}

fn group<'js>(ctx: Ctx<'js>, arguments: Rest<Value<'js>>) {
    if !arguments.is_empty() {
        write(&ctx, Level::Log, &inspect::line(&arguments));
    }
    DEPTH.set(DEPTH.get().saturating_add(1));
}

fn group_end() {
    DEPTH.set(DEPTH.get().saturating_sub(1));
}

/// The label of a count or a timer: a string, "default" if there is none.
fn label(label: Opt<Value<'_>>) -> Result<String> {
    match label.0 {
        Some(label) if !label.is_undefined() => Ok(inspect::cut(label.get::<Coerced<String>>()?.0, 256)),
        _ => Ok("default".into()),
    }
}

fn count<'js>(ctx: Ctx<'js>, of: Opt<Value<'js>>) -> Result<()> {
    let label = label(of)?;
    let count = COUNTS.with_borrow_mut(|counts| {
        if counts.len() >= MOST_LABELS && !counts.contains_key(&label) {
            counts.clear();
        }
        let count = counts.entry(label.clone()).or_default();
        *count += 1;
        *count
    });
    write(&ctx, Level::Info, &format!("{label}: {count}"));
    Ok(())
}

fn count_reset<'js>(ctx: Ctx<'js>, of: Opt<Value<'js>>) -> Result<()> {
    let label = label(of)?;
    if COUNTS.with_borrow_mut(|counts| counts.remove(&label)).is_none() {
        write(&ctx, Level::Warn, &format!("Count for '{label}' does not exist"));
    }
    Ok(())
}

fn time<'js>(ctx: Ctx<'js>, of: Opt<Value<'js>>) -> Result<()> {
    let label = label(of)?;
    notices::record(NoticeKind::Clock, || "console.time()".into());
    STARTS.with_borrow_mut(|starts| {
        if starts.contains_key(&label) {
            write(&ctx, Level::Warn, &format!("Timer '{label}' already exists"));
            return;
        }
        if starts.len() >= MOST_LABELS {
            starts.clear();
        }
        starts.insert(label, clock::now());
    });
    Ok(())
}

fn time_log<'js>(ctx: Ctx<'js>, of: Opt<Value<'js>>, arguments: Rest<Value<'js>>) -> Result<()> {
    let label = label(of)?;
    let start = STARTS.with_borrow(|starts| starts.get(&label).copied());
    elapsed(&ctx, &label, start, &arguments);
    Ok(())
}

fn time_end<'js>(ctx: Ctx<'js>, of: Opt<Value<'js>>) -> Result<()> {
    let label = label(of)?;
    let start = STARTS.with_borrow_mut(|starts| starts.remove(&label));
    elapsed(&ctx, &label, start, &[]);
    Ok(())
}

fn elapsed(ctx: &Ctx<'_>, label: &str, start: Option<u64>, arguments: &[Value<'_>]) {
    let Some(start) = start else {
        return write(ctx, Level::Warn, &format!("Timer '{label}' does not exist"));
    };
    let milliseconds = clock::now().saturating_sub(start) as f64 / 1e6;
    let rest = inspect::line(arguments);
    write(ctx, Level::Info, format!("{label}: {milliseconds}ms {rest}").trim_end());
}

/// Writes the rejections that nothing handled, as browsers and Node do.
pub fn report_rejections(ctx: &Ctx<'_>) {
    for (reason, at) in notices::take_rejections(ctx) {
        report(Level::Error, &format!("Uncaught (in promise) {}", thrown::with_stack(&reason)), at.as_ref());
    }
}

/// Writes what a microtask or a timer threw, as browsers do, and lets the render go on.
pub fn report_exception(ctx: &Ctx<'_>) {
    let thrown = ctx.catch();
    report(Level::Error, &format!("Uncaught {}", thrown::with_stack(&thrown)), None);
}
