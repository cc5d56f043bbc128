//! An app run again and again in one heap, each time in a realm of its own that shares objects of the first one: what other
//! servers do, and what the leak lab looks at. What is shared, and how the accesses to it are noted, is up to the lab's
//! script; here a realm is made, the app is run in it, and all that the guest itself keeps of the run is dropped.

use std::cell::RefCell;

use javy::quickjs::{Context, Ctx, Function, Object, Persistent, Value};

use crate::contract::lab::{Problem, Size, Visit, Visited};
use crate::contract::loader::Source;
use crate::contract::renderer::{Bounds, Failure, Page};
use crate::load::{self, App};
use crate::quickjs::Code;
use crate::render::{self, DEFAULT_BOUNDS, MOST_JS_STACK};
use crate::{handle, notices, quickjs, run, runtime, tasks, timers, web};

thread_local! {
    /// What the lab's script gave.
    static SCRIPT: RefCell<Option<Persistent<Object<'static>>>> = const { RefCell::new(None) };
    static MARK: RefCell<Option<Persistent<Object<'static>>>> = const { RefCell::new(None) };
}

/// Evaluates the lab's script.
pub fn open(script: &str, options: &str) -> Result<(), Failure> {
    let runtime = runtime::runtime();
    runtime.context().with(|ctx| {
        render::renew(&ctx);
        quickjs::set_stack_size(&ctx, MOST_JS_STACK);
        let lab = evaluate(&ctx, script, options).map_err(|_| render::threw(&ctx))?;
        SCRIPT.set(Some(Persistent::save(&ctx, lab)));
        Ok(())
    })?;
    runtime.context().runtime().set_gc_threshold(usize::MAX);
    Ok(())
}

fn evaluate<'js>(ctx: &Ctx<'js>, script: &str, options: &str) -> javy::quickjs::Result<Object<'js>> {
    let script: Function<'js> = Code::script(ctx, web::NAME, script)?.run()?.get()?;
    let options = ctx.json_parse(options)?;
    script.call((web::all_hooks(ctx), options))
}

/// Evaluates what the runs have in common.
pub fn host(source: &Source) -> Result<(), Failure> {
    runtime::runtime().context().with(|ctx| {
        render::renew(&ctx);
        quickjs::set_stack_size(&ctx, MOST_JS_STACK);
        run::evaluate(&ctx, source)?;
        render::run_jobs(&ctx);
        Ok(())
    })
}

/// One run.
pub fn run(app: &Source, visit: Visit, bounds: Option<Bounds>) -> Result<Visited, Problem> {
    let bounds = bounds.unwrap_or(DEFAULT_BOUNDS);
    let runtime = runtime::runtime();
    let mark = runtime.context().with(|ctx| {
        let mark = Object::new(ctx.clone()).map_err(|_| Problem::Failed(render::threw(&ctx)))?;
        let address = quickjs::address(&mark);
        MARK.set(Some(Persistent::save(&ctx, mark)));
        Ok::<_, Problem>(address as u32)
    })?;
    let realm = Context::full(runtime.context().runtime()).expect("a realm fits, or the instance ends");
    let page = realm.with(|ctx| {
        let page = visit_realm(&ctx, app, visit, bounds);
        leave(&ctx);
        page
    })?;
    let bytes = page.len() as u64;
    Ok(Visited { mark, bytes, digest: digest(&page) })
}

fn visit_realm(ctx: &Ctx<'_>, app: &Source, visit: Visit, bounds: Bounds) -> Result<Vec<u8>, Problem> {
    render::renew(ctx);
    quickjs::set_stack_size(ctx, MOST_JS_STACK);
    let threw = |_| Problem::Failed(render::threw(ctx));
    // Threads share memory by it, and there are none.
    ctx.globals().remove("SharedArrayBuffer").map_err(threw)?;
    call::<()>(ctx, "enter", (ctx.globals(),)).map_err(threw)?;
    let App { render, handler, .. } = load::evaluate(ctx, app).map_err(Problem::Refused)?;
    match visit {
        Visit::Render(props) => {
            let missing = "the app has a fetch handler and no render: give it a URL";
            let render = render.ok_or_else(|| Problem::Failed(Failure::Missing(missing.into())))?;
            let props = render::parse(ctx, &props).map_err(Problem::Failed)?;
            render::bound_stack(ctx, bounds);
            let result = render::call(ctx, &render, (props,), render::wait);
            let page = result.and_then(|result| render::page(ctx, result, bounds.page)).map_err(Problem::Failed)?;
            Ok(match page {
                Page::Text(text) => text.into_bytes(),
                Page::Bytes(bytes) => bytes,
            })
        }
        Visit::Fetch(request) => {
            let missing = "the app has a render and no fetch handler: give it props and no URL";
            let handler = handler.ok_or_else(|| Problem::Failed(Failure::Missing(missing.into())))?;
            handle::answer_unsent(ctx, handler, request, bounds).map_err(Problem::Failed)
        }
    }
}

/// Drops what the guest keeps of a run: timers, tasks, rejections, and what the platform has for code that is gone.
fn leave(ctx: &Ctx<'_>) {
    quickjs::set_stack_size(ctx, MOST_JS_STACK);
    render::run_jobs(ctx);
    timers::drop_all();
    tasks::drop_all();
    drop(notices::take_rejections(ctx));
    let left = web::hook(ctx, "left").expect("the globals are set").call::<_, ()>(());
    if left.and_then(|()| call::<()>(ctx, "leave", ())).is_err() {
        ctx.catch();
    }
    render::run_jobs(ctx);
    quickjs::set_async_context(ctx, &Value::new_undefined(ctx.clone()));
}

fn call<'js, T: javy::quickjs::FromJs<'js>>(
    ctx: &Ctx<'js>,
    name: &str,
    arguments: impl javy::quickjs::function::IntoArgs<'js>,
) -> javy::quickjs::Result<T> {
    let script = SCRIPT.with_borrow(Clone::clone).expect("the lab is open");
    script.restore(ctx)?.get::<_, Function<'js>>(name)?.call(arguments)
}

/// Collects what cannot be reached.
pub fn collect() -> Size {
    MARK.set(None);
    let runtime = runtime::runtime();
    runtime.context().runtime().run_gc();
    // Finalizers are microtasks.
    runtime.context().with(|ctx| render::run_jobs(&ctx));
    runtime.context().runtime().run_gc();
    let (bytes, blocks) = runtime.context().with(|ctx| quickjs::heap_size(&ctx));
    Size { bytes: bytes as u64, blocks: blocks as u64 }
}

/// What the lab's script has to say.
pub fn report() -> String {
    runtime::runtime().context().with(|ctx| {
        call::<String>(&ctx, "report", ()).unwrap_or_else(|_| {
            ctx.catch();
            String::new()
        })
    })
}

/// FNV-1a, which is enough to tell pages apart that nobody makes alike on purpose.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
