//! The globals that are written in JavaScript (`js/`), what they ask of the guest, and what the guest asks of them.

mod compression;
mod crypto;
mod encoding;
mod headers;
mod intl;
mod url;

use std::cell::RefCell;
use std::ffi::CString;

use javy::quickjs::promise::PromiseState;
use javy::quickjs::{Array, Ctx, Exception, Function, Object, Persistent, Result, String as JsString, Value};

use crate::contract::console::Level;
use crate::contract::loader::NoticeKind;
use crate::quickjs::{self, Code, Wiped};
use crate::runtime::define;
use crate::{clock, console, handle, inspect, notices, outgoing, random, tasks, thrown};

/// `js/`, bundled by build.sh: scripts, with a zero byte between two.
static SCRIPTS: Wiped<{ include_bytes!("../target/web.js").len() }> = Wiped::new(*include_bytes!("../target/web.js"));
/// What stacks would call it, if it were in any.
pub const NAME: &str = "dayfly:web";

thread_local! {
    static HOOKS: RefCell<Option<Persistent<Object<'static>>>> = const { RefCell::new(None) };
}

/// Evaluates the script. Timers are set already.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    let native = Object::new(ctx.clone())?;
    url::install(&native)?;
    encoding::install(&native)?;
    headers::install(&native)?;
    compression::install(&native)?;
    crypto::install(&native)?;
    intl::install(&native)?;
    handle::install(&native)?;
    outgoing::install(&native)?;
    define(&native, "classOf", class_of)?;
    define(&native, "isProxy", |value: Value<'_>| value.is_proxy())?;
    define(&native, "proxyDetails", proxy_details)?;
    define(&native, "promiseDetails", promise_details)?;
    define(&native, "previewEntries", preview_entries)?;
    define(&native, "headline", |value: Value<'_>| thrown::headline(&value))?;
    define(&native, "stack", stack)?;
    define(&native, "write", write)?;
    define(&native, "reportException", report_exception)?;
    define(&native, "hooks", hooks)?;
    define(&native, "sinceOrigin", || clock::since_origin() as f64)?;
    define(&native, "origin", || clock::origin() as f64)?;
    define(&native, "clockIsRead", |what: String| notices::record(NoticeKind::Clock, || what))?;
    define(&native, "fillRandom", fill_random)?;
    define(&native, "randomUuid", random_uuid)?;
    define(&native, "asyncContext", async_context)?;
    define(&native, "setAsyncContext", set_async_context)?;
    define(&native, "queueTask", queue_task)?;
    define(&native, "queueTicks", tasks::queue_ticks)?;
    define(&native, "setImmediate", tasks::set_immediate)?;
    define(&native, "clearImmediate", tasks::clear_immediate)?;
    for timer in ["setTimeout", "clearTimeout"] {
        native.set(timer, ctx.globals().get::<_, Value<'_>>(timer)?)?;
    }
    native.set("userAgent", concat!("Dayfly/", env!("CARGO_PKG_VERSION")))?;
    let bootstrap = Object::new(ctx.clone())?;
    bootstrap.set("native", native)?;
    bootstrap.set("scripts", Object::new(ctx.clone())?)?;
    ctx.globals().set("__bootstrap", bootstrap)?;

    quickjs::set_own_filename(ctx, &CString::new(NAME).expect("it has no zero byte"));
    quickjs::set_modules(ctx, module);
    let scripts = String::from_utf8(SCRIPTS.take()).expect("esbuild writes UTF-8");
    for script in scripts.split('\0') {
        Code::script(ctx, NAME, script)?.run()?;
    }
    quickjs::wipe(&mut scripts.into_bytes());
    Ok(())
}

/// A string as UTF-8: a lone surrogate becomes U+FFFD.
fn text(string: &JsString<'_>) -> String {
    inspect::string(string)
}

/// The bytes of a `Uint8Array`.
fn bytes(value: &Value<'_>) -> Result<Vec<u8>> {
    quickjs::with_uint8_array(value, <[u8]>::to_vec)
        .ok_or_else(|| Exception::throw_type(value.ctx(), "not a Uint8Array"))
}

fn class_of(value: Value<'_>) -> Option<String> {
    if value.is_proxy() {
        return Some("Proxy".into());
    }
    quickjs::class_name(&value)
}

/// As Node's binding of that name: target and handler, or the target alone.
fn proxy_details<'js>(ctx: Ctx<'js>, value: Value<'js>, both: javy::quickjs::prelude::Opt<bool>) -> Result<Value<'js>> {
    let Some([target, handler]) = quickjs::proxy_parts(&value) else { return Ok(Value::new_undefined(ctx)) };
    if !both.0.unwrap_or(true) {
        return Ok(target);
    }
    let details = Array::new(ctx)?;
    details.set(0, target)?;
    details.set(1, handler)?;
    Ok(details.into_value())
}

/// As Node's binding of that name: the state (0 pending, 1 fulfilled, 2 rejected), and the result if there is one.
fn promise_details<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<Array<'js>> {
    let details = Array::new(ctx.clone())?;
    let Some(promise) = value.as_promise() else { return Ok(details) };
    let state = match promise.state() {
        PromiseState::Pending => 0,
        PromiseState::Resolved => 1,
        PromiseState::Rejected => 2,
    };
    details.set(0, state)?;
    let result = match promise.result::<Value<'_>>() {
        Some(Ok(result)) => result,
        Some(Err(_)) => ctx.catch(),
        None => Value::new_undefined(ctx),
    };
    details.set(1, result)?;
    Ok(details)
}

/// As Node's binding of that name, for iterators of maps and sets: what they have still to give, and whether that is pairs.
fn preview_entries<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<Array<'js>> {
    /// More than a console line shows.
    const MOST: usize = 20_000;
    let (left, is_pairs) = quickjs::left_to_iterate(&value, MOST).unwrap_or_default();
    let entries = Array::new(ctx.clone())?;
    for (index, entry) in left.into_iter().enumerate() {
        entries.set(index, entry)?;
    }
    let result = Array::new(ctx)?;
    result.set(0, entries)?;
    result.set(1, is_pairs)?;
    Ok(result)
}

/// Where the app is now, one call a line.
fn stack(ctx: Ctx<'_>) -> String {
    // An error has its stack from where it is thrown. A function of ours is no frame of it.
    Exception::throw_message(&ctx, "");
    let stack = ctx.catch().into_exception().and_then(|here| here.stack()).unwrap_or_default();
    let frames = stack.lines().filter(|line| line.starts_with("    at ") && !line.ends_with("(native)"));
    frames.fold(String::new(), |stack, frame| stack + frame + "\n")
}

fn write(ctx: Ctx<'_>, level: String, line: JsString<'_>, depth: u32) {
    let level = match level.as_str() {
        "debug" => Level::Debug,
        "info" => Level::Info,
        "warn" => Level::Warn,
        "error" => Level::Error,
        _ => Level::Log,
    };
    console::report_in(level, &text(&line), depth, quickjs::call_site(&ctx).as_ref());
}

fn async_context(ctx: Ctx<'_>) -> Value<'_> {
    quickjs::async_context(&ctx)
}

fn set_async_context<'js>(ctx: Ctx<'js>, context: Value<'js>) {
    quickjs::set_async_context(&ctx, &context);
}

fn queue_task<'js>(ctx: Ctx<'js>, task: Function<'js>) -> Result<()> {
    tasks::queue(&ctx, task, Vec::new()).map(drop)
}

fn report_exception(value: Value<'_>) {
    console::report_uncaught(&value);
}

/// `what` was called for them.
fn fill_random(ctx: Ctx<'_>, array: Value<'_>, what: String) -> Result<()> {
    notices::record(NoticeKind::Random, || what);
    quickjs::with_uint8_array_mut(&array, random::fill).ok_or_else(|| Exception::throw_type(&ctx, "not a Uint8Array"))
}

/// A version 4 UUID (RFC 9562).
fn random_uuid() -> String {
    notices::record(NoticeKind::Random, || "crypto.randomUUID()".into());
    let mut bytes = [0; 16];
    random::fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Keeps what the guest calls.
fn hooks<'js>(ctx: Ctx<'js>, hooks: Object<'js>) {
    HOOKS.set(Some(Persistent::save(&ctx, hooks)));
}

/// All that the guest calls, as an object; none before the globals are set.
pub fn all_hooks<'js>(ctx: &Ctx<'js>) -> Option<Object<'js>> {
    HOOKS.with_borrow(Clone::clone)?.restore(ctx).ok()
}

/// What the guest calls by that name; none before the globals are set.
pub fn hook<'js>(ctx: &Ctx<'js>, name: &str) -> Option<Function<'js>> {
    all_hooks(ctx)?.get(name).ok()
}

/// Node's module of that name, if there is one, as an object of what it exports.
pub fn module<'js>(ctx: &Ctx<'js>, name: &str) -> Option<Object<'js>> {
    hook(ctx, "importable")?.call::<_, Value<'_>>((name,)).map_err(|_| ctx.catch()).ok()?.into_object()
}

/// Gives a classic script what CommonJS has; the object whose `exports` it sets.
pub fn commonjs<'js>(ctx: &Ctx<'js>) -> Option<Object<'js>> {
    hook(ctx, "commonjs")?.call((ctx.globals(),)).map_err(|_| ctx.catch()).ok()
}

/// Says that the top level has run: what it left open is no render's.
pub fn loaded(ctx: &Ctx<'_>) {
    if let Some(loaded) = hook(ctx, "loaded") {
        loaded.call::<_, ()>(()).expect("it only sets what is its own");
    }
}

/// Tells the app's listeners of what nothing caught, and writes it to the console if none says that it has seen to it.
pub fn report<'js>(ctx: &Ctx<'js>, thrown: Value<'js>) {
    match hook(ctx, "reportException") {
        Some(report) if report.call::<_, ()>((thrown.clone(),)).is_ok() => {}
        _ => {
            ctx.catch();
            console::report_uncaught(&thrown);
        }
    }
}

/// Whether somebody listens on the global object for events of that type.
pub fn listens(ctx: &Ctx<'_>, event: &str) -> bool {
    hook(ctx, "listens").is_some_and(|listens| listens.call((event,)).is_ok_and(|listens| listens))
}

/// Tells the app's listeners of what nothing caught; whether one has seen to it.
pub fn exception_is_handled<'js>(ctx: &Ctx<'js>, thrown: Value<'js>) -> bool {
    let Some(is_handled) = hook(ctx, "exceptionIsHandled") else { return false };
    is_handled.call((thrown,)).unwrap_or_else(|_| {
        ctx.catch();
        false
    })
}

/// Tells the app's listeners of a rejection that nothing handles; whether one has seen to it.
pub fn rejection_is_handled<'js>(ctx: &Ctx<'js>, promise: Value<'js>, reason: Value<'js>) -> bool {
    let Some(is_handled) = hook(ctx, "rejectionIsHandled") else { return false };
    is_handled.call((promise, reason)).unwrap_or_else(|_| {
        ctx.catch();
        false
    })
}
