//! Code that is run for itself: its sources, then what they leave to do.

use std::cell::RefCell;
use std::collections::HashMap;

use javy::quickjs::promise::PromiseState;
use javy::quickjs::{Coerced, Ctx, Object, Value};

use crate::contract::loader::{Form, Source};
use crate::contract::renderer::{Bounds, Error, Failure, Thrown};
use crate::quickjs::Code;
use crate::render::{self, DEFAULT_BOUNDS};
use crate::notices::Unhandled;
use crate::{notices, runtime, tasks, web};

thread_local! {
    /// The modules that the code may import, by their names.
    static IMPORTABLE: RefCell<HashMap<String, String>> = RefCell::default();
    /// The first that nothing caught and that the code's listeners were told of.
    static UNCAUGHT: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// Runs the sources in order as if they were one, so that no microtask runs before the last of them has, but for modules,
/// which are waited for; then the microtasks and timers that they leave.
pub fn run(sources: &[Source], importable: Vec<Source>, bounds: Option<Bounds>) -> Result<(), Failure> {
    IMPORTABLE.set(importable.into_iter().map(|Source { name, text, .. }| (name, text)).collect());
    runtime::runtime().context().with(|ctx| {
        render::renew(&ctx);
        render::bound_stack(&ctx, bounds.unwrap_or(DEFAULT_BOUNDS));
        for source in sources {
            evaluate(&ctx, source)?;
        }
        run_jobs(&ctx)?;
        finish(&ctx)?;
        UNCAUGHT.take().or_else(|| exit_code(&ctx)).map_or(Ok(()), Err)
    })
}

/// The failure that code means which sets `process.exitCode`, as test runners for Node do.
fn exit_code(ctx: &Ctx<'_>) -> Option<Failure> {
    let process: Object<'_> = ctx.globals().get("process").map_err(|_| ctx.catch()).ok()?;
    let code: Coerced<f64> = process.get("exitCode").map_err(|_| ctx.catch()).ok()?;
    // Undefined reads as no number.
    let fails = code.0 != 0.0 && !code.0.is_nan();
    let message = format!("process.exitCode is {}", code.0);
    let error = Error { name: "Error".into(), message, stack: String::new() };
    fails.then_some(Failure::Threw(Thrown { error, causes: Vec::new() }))
}

/// The text of the module that code which is run for itself may import by that name.
pub fn importable(name: &str) -> Option<String> {
    IMPORTABLE.with_borrow(|importable| importable.get(name).cloned())
}

/// Evaluates one source. A module is seen through, a script is not.
pub fn evaluate(ctx: &Ctx<'_>, source: &Source) -> Result<(), Failure> {
    let Source { name, text, form } = source;
    let code = match form {
        Form::Script => Code::script(ctx, name, text),
        Form::Module => Code::module(ctx, name, text),
        Form::Detect => Code::script(ctx, name, text).or_else(|as_script| {
            // What is no module either is a script with a mistake in it.
            let mistake = ctx.catch();
            Code::module(ctx, name, text).map_err(|_| {
                ctx.catch();
                ctx.throw(mistake);
                as_script
            })
        }),
    };
    match code.and_then(|code| Ok((code.run()?, code.is_module()))) {
        Ok((result, true)) => settle(ctx, &result),
        Ok((_, false)) => Ok(()),
        Err(_) => uncaught(ctx, &ctx.catch()),
    }
}

/// Tells the code's listeners what nothing caught, as a page does, and goes on then: a test harness has its own way to report
/// it. The run fails with it all the same, at its end, unless one prevents the default. With no listener it fails at once.
fn uncaught<'js>(ctx: &Ctx<'js>, thrown: &Value<'js>) -> Result<(), Failure> {
    if !web::listens(ctx, "error") {
        return Err(render::rejected(ctx, thrown));
    }
    if !web::exception_is_handled(ctx, thrown.clone()) {
        keep(ctx, thrown);
    }
    Ok(())
}

fn keep<'js>(ctx: &Ctx<'js>, thrown: &Value<'js>) {
    UNCAUGHT.with_borrow_mut(|kept| {
        kept.get_or_insert_with(|| render::rejected(ctx, thrown));
    });
}

/// Sees a module's evaluation through, which may wait for timers.
fn settle<'js>(ctx: &Ctx<'js>, evaluation: &Value<'js>) -> Result<(), Failure> {
    let promise = evaluation.as_promise().expect("a module's evaluation is a promise");
    // Its rejection becomes the failure, and is no rejection that nothing handles.
    crate::quickjs::mark_handled(promise);
    notices::forget(ctx, evaluation);
    loop {
        run_jobs(ctx)?;
        match promise.state() {
            PromiseState::Pending => turn(ctx)?.then_some(()).ok_or(Failure::Unsettled)?,
            _ => {
                let result = promise.result::<Value<'_>>().expect("it is settled");
                return result.map(drop).or_else(|_| uncaught(ctx, &ctx.catch()));
            }
        }
    }
}

fn finish(ctx: &Ctx<'_>) -> Result<(), Failure> {
    while turn(ctx)? {
        run_jobs(ctx)?;
    }
    Ok(())
}

fn turn(ctx: &Ctx<'_>) -> Result<bool, Failure> {
    tasks::turn(ctx).or_else(|_| uncaught(ctx, &ctx.catch()).map(|()| true))
}

/// Runs the microtasks until none is left.
fn run_jobs(ctx: &Ctx<'_>) -> Result<(), Failure> {
    while tasks::run_job(ctx) {
        if ctx.has_exception() {
            uncaught(ctx, &ctx.catch())?;
        }
    }
    let rejections = notices::take_rejections(ctx);
    if rejections.is_empty() {
        return Ok(());
    }
    for Unhandled { promise, reason, .. } in rejections {
        let is_listened_to = web::listens(ctx, "unhandledrejection");
        if !web::rejection_is_handled(ctx, promise, reason.clone()) {
            if !is_listened_to {
                return Err(render::rejected(ctx, &reason));
            }
            keep(ctx, &reason);
        }
    }
    // The listeners may have left some.
    run_jobs(ctx)
}
