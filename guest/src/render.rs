//! One render: renew what must not be frozen, call the app, wait for its promise, take its page.

use std::mem;

use javy::quickjs::promise::PromiseState;
use javy::quickjs::function::IntoArgs;
use javy::quickjs::{Ctx, Error, Exception, Function, Promise, Value};

use crate::contract::renderer::{Bounds, Failure, Page};
use crate::{clock, console, inspect, load, notices, quickjs, random, runtime, tasks, thrown};

/// What `bounds.js-stack` may be at most: the linked stack is 896 KiB, and the engine needs some of it below JavaScript.
pub const MOST_JS_STACK: usize = 768 << 10;

/// What it is at least: with less the engine cannot even say that there is not enough.
const LEAST_JS_STACK: usize = 16 << 10;

/// What holds where the caller gives no bounds.
pub const DEFAULT_BOUNDS: Bounds = Bounds { js_stack: 256 << 10, page: u64::MAX };

/// Renders one page.
pub fn render(props: &str, bounds: Option<Bounds>) -> Result<Page, Failure> {
    let bounds = bounds.unwrap_or(DEFAULT_BOUNDS);
    runtime::runtime().context().with(|ctx| {
        renew(&ctx);
        let render = load::app(&ctx)?;
        let props = parse(&ctx, props)?;
        // Never to be freed: to take the props apart is work for memory that is dropped as a whole.
        mem::forget(props.clone());
        bound_stack(&ctx, bounds);
        let page = call(&ctx, &render, (props,), wait).and_then(|result| page(&ctx, result, bounds.page));
        console::report_rejections(&ctx);
        page
    })
}

/// Renews what must not be frozen.
pub fn renew(ctx: &Ctx<'_>) {
    clock::renew();
    random::renew(ctx);
    quickjs::set_async_context(ctx, &Value::new_undefined(ctx.clone()));
    quickjs::set_stack_size(ctx, DEFAULT_BOUNDS.js_stack as usize);
}

/// Bounds the stack of the app's calls.
pub fn bound_stack(ctx: &Ctx<'_>, bounds: Bounds) {
    quickjs::set_stack_size(ctx, (bounds.js_stack as usize).clamp(LEAST_JS_STACK, MOST_JS_STACK));
}

/// Renders once before the snapshot is taken, and drops the page.
pub fn warm(ctx: &Ctx<'_>, props: &str) -> Result<(), Failure> {
    let render = load::app(ctx)?;
    let props = parse(ctx, props)?;
    let warmed = call(ctx, &render, (props,), wait_for_tasks);
    let warmed = warmed.and_then(|result| page(ctx, result, DEFAULT_BOUNDS.page));
    console::report_rejections(ctx);
    warmed.map(drop)
}

/// Reads JSON that the caller gave.
pub fn parse<'js>(ctx: &Ctx<'js>, props: &str) -> Result<Value<'js>, Failure> {
    ctx.json_parse(props).map_err(|_| {
        let error = ctx.catch();
        let is_deep = quickjs::is_stack_overflow(&error);
        Failure::InvalidProps(if is_deep { "they are nested too deep".into() } else { thrown::headline(&error) })
    })
}

/// Calls the app and sees its promise through; `wait` is called when only a timer can settle it.
pub fn call<'js>(
    ctx: &Ctx<'js>,
    function: &Function<'js>,
    arguments: impl IntoArgs<'js>,
    wait: impl Fn(&Ctx<'js>) -> Result<(), Failure>,
) -> Result<Value<'js>, Failure> {
    let result: Value<'js> = function.call(arguments).map_err(|_| threw(ctx))?;
    let Some(promise) = as_promise(ctx, &result).map_err(|_| threw(ctx))? else {
        run_jobs(ctx);
        return Ok(result);
    };
    // Its rejection becomes the failure, and is no rejection that nothing handles.
    quickjs::mark_handled(&promise);
    notices::forget(ctx, promise.as_value());
    loop {
        run_jobs(ctx);
        match promise.state() {
            PromiseState::Resolved | PromiseState::Rejected => {
                return promise.result().expect("it is settled").map_err(|_: Error| threw(ctx));
            }
            PromiseState::Pending => wait(ctx)?,
        }
    }
}

/// The promise that `value` is, or one that follows it if it is another kind of thenable.
fn as_promise<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Option<Promise<'js>>, Error> {
    if let Some(promise) = value.as_promise() {
        return Ok(Some(promise.clone()));
    }
    let Some(object) = value.as_object() else { return Ok(None) };
    if !object.get::<_, Value<'_>>("then")?.is_function() {
        return Ok(None);
    }
    let (promise, resolve, _) = ctx.promise()?;
    resolve.call::<_, ()>((value.clone(),))?;
    Ok(Some(promise))
}

/// Runs the microtasks until none is left. What one throws (`queueMicrotask`'s callback may) is reported.
pub fn run_jobs(ctx: &Ctx<'_>) {
    while tasks::run_job(ctx) {
        if ctx.has_exception() {
            console::report_exception(ctx);
        }
    }
}

/// Runs what is next, and waits for it if need be; a failure if there is nothing to wait for.
pub fn wait(ctx: &Ctx<'_>) -> Result<(), Failure> {
    match tasks::turn(ctx) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Unsettled),
        Err(_) => {
            console::report_exception(ctx);
            Ok(())
        }
    }
}

/// The same while a bundle is built: time stands still then, so no timer is ever due.
fn wait_for_tasks(ctx: &Ctx<'_>) -> Result<(), Failure> {
    match tasks::run_next(ctx) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Unsettled),
        Err(_) => {
            console::report_exception(ctx);
            Ok(())
        }
    }
}

/// The pending exception as a failure.
pub fn threw(ctx: &Ctx<'_>) -> Failure {
    rejected(ctx, &ctx.catch())
}

/// A thrown value, or the reason of a rejection, as a failure.
pub fn rejected(ctx: &Ctx<'_>, value: &Value<'_>) -> Failure {
    // The error's own getters need some stack to say what they are.
    quickjs::set_stack_size(ctx, MOST_JS_STACK);
    let thrown = thrown::from_value(value);
    if quickjs::is_stack_overflow(value) { Failure::StackExhausted(thrown) } else { Failure::Threw(thrown) }
}

/// What `render` gave, as a page.
pub fn page<'js>(ctx: &Ctx<'js>, result: Value<'js>, most: u64) -> Result<Page, Failure> {
    if let Some(text) = result.as_string() {
        // A character of UTF-16 has at least one byte of UTF-8, so this much is known before there is a copy.
        if quickjs::string_length(&result) as u64 > most {
            return Err(Failure::PageTooLarge);
        }
        let text = inspect::string(text);
        return if text.len() as u64 > most { Err(Failure::PageTooLarge) } else { Ok(Page::Text(text)) };
    }
    let bytes = quickjs::with_uint8_array(&result, |bytes| (bytes.len() as u64 <= most).then(|| bytes.to_vec()));
    if let Some(bytes) = bytes {
        return bytes.map(Page::Bytes).ok_or(Failure::PageTooLarge);
    }
    let message = format!(
        "render gave {}, and a page is a string, a Uint8Array or a promise of one",
        inspect::cut(describe(&result), 200)
    );
    Exception::throw_type(ctx, &message);
    Err(threw(ctx))
}

/// A value in a few words.
pub fn describe(value: &Value<'_>) -> String {
    match inspect::type_name(value) {
        name @ ("undefined" | "null") => name.into(),
        name => format!("a value of type {name} ({})", inspect::value(value, 100)),
    }
}
