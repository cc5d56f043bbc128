//! Makes the JavaScript runtime and its globals.

use std::cell::OnceCell;
use std::ptr::NonNull;

use javy::quickjs::function::IntoJsFunc;
use javy::quickjs::{Ctx, Function, Object, qjs};
use javy::{Config, Runtime};

use crate::contract::console::Level;
use crate::{console, notices, quickjs, random, render, thrown, timers, web};

thread_local! {
    static RUNTIME: OnceCell<&'static Runtime> = const { OnceCell::new() };
}

/// The instance's one runtime, made when it is first asked for; it is never dropped, as the memory that it lives in is.
pub fn runtime() -> &'static Runtime {
    RUNTIME.with(|runtime| *runtime.get_or_init(|| Box::leak(Box::new(make()))))
}

/// The context of the runtime, if it has been made.
pub fn context_pointer() -> Option<NonNull<qjs::JSContext>> {
    RUNTIME.with(|runtime| runtime.get().map(|runtime| runtime.context().as_raw()))
}

fn make() -> Runtime {
    let mut config = Config::default();
    // On top of javy's defaults: what server bundles use.
    config.weak_ref(true);
    // javy never collects cycles by default; a large top level would leave its garbage in the snapshot.
    config.gc_threshold(32 << 20);
    let runtime = Runtime::new(config).expect("an empty runtime fits in any memory that holds the engine");
    runtime.context().with(|ctx| {
        quickjs::set_stack_size(&ctx, render::MOST_JS_STACK);
        quickjs::show_heap(&ctx);
        if install(&ctx).is_err() {
            // A defect of ours, found by whoever builds the engine.
            console::report_in(Level::Error, &thrown::with_stack(&ctx.catch()), 0, None);
            panic!("the globals are not set");
        }
    });
    notices::watch_rejections(&runtime);
    runtime
}

fn install(ctx: &Ctx<'_>) -> javy::quickjs::Result<()> {
    // There are no threads to share memory with, and a counter in shared memory is a clock.
    ctx.globals().remove("SharedArrayBuffer")?;
    random::install(ctx)?;
    timers::install(ctx)?;
    web::install(ctx)
}

/// Sets a function of ours, which reads as native code, under its name.
pub fn define<'js, P>(
    object: &Object<'js>,
    name: &str,
    function: impl IntoJsFunc<'js, P> + 'js,
) -> javy::quickjs::Result<()> {
    object.set(name, Function::new(object.ctx().clone(), function)?.with_name(name)?)
}
