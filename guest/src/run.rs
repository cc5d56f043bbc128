//! Code that is run for itself: its sources, then what they leave to do.

use javy::quickjs::promise::PromiseState;
use javy::quickjs::{Ctx, Value};

use crate::contract::loader::{Form, Source};
use crate::contract::renderer::{Bounds, Failure};
use crate::quickjs::Code;
use crate::render::{self, DEFAULT_BOUNDS};
use crate::notices::Unhandled;
use crate::{notices, runtime, tasks, web};

/// Runs the sources in order, then the microtasks and timers that they leave.
pub fn run(sources: &[Source], bounds: Option<Bounds>) -> Result<(), Failure> {
    runtime::runtime().context().with(|ctx| {
        render::renew(&ctx);
        render::bound_stack(&ctx, bounds.unwrap_or(DEFAULT_BOUNDS));
        for source in sources {
            evaluate(&ctx, source)?;
        }
        finish(&ctx)
    })
}

fn evaluate(ctx: &Ctx<'_>, source: &Source) -> Result<(), Failure> {
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
    let result = code.and_then(|code| Ok((code.run()?, code.is_module())));
    let (result, is_module) = result.map_err(|_| render::threw(ctx))?;
    if is_module { settle(ctx, &result) } else { run_jobs(ctx) }
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
            _ => return promise.result::<Value<'_>>().expect("it is settled").map(drop).map_err(|_| render::threw(ctx)),
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
    tasks::turn(ctx).map_err(|_| render::threw(ctx))
}

/// Runs the microtasks until none is left.
fn run_jobs(ctx: &Ctx<'_>) -> Result<(), Failure> {
    while ctx.execute_pending_job() {
        if ctx.has_exception() {
            return Err(render::threw(ctx));
        }
    }
    for Unhandled { promise, reason, .. } in notices::take_rejections(ctx) {
        if !web::rejection_is_handled(ctx, promise, reason.clone()) {
            return Err(render::rejected(ctx, &reason));
        }
    }
    Ok(())
}
