//! Evaluates a source once, at build time, and finds what renders.

use std::cell::RefCell;

use javy::quickjs::object::Filter;
use javy::quickjs::promise::PromiseState;
use javy::quickjs::{Ctx, Error, Function, Module, Object, Persistent, Value};

use crate::contract::console::Site;
use crate::contract::loader::{Form, Loaded, Refusal, Source};
use crate::contract::renderer::{self, Thrown};
use crate::quickjs::Script;
use crate::{notices, quickjs, render, runtime, thrown, timers};

/// Bytes of stack for the top level: the most that the linked stack has room for.
const STACK: usize = render::MOST_JS_STACK;
/// How much the heap may grow in a render before the collector of cycles runs for the first time.
const GC_HEADROOM: i64 = 32 << 20;

thread_local! {
    static RENDER: RefCell<Option<Persistent<Function<'static>>>> = const { RefCell::new(None) };
}

/// The app's `render`; none before [`load`] has succeeded.
pub fn app<'js>(ctx: &Ctx<'js>) -> Option<Function<'js>> {
    RENDER.with_borrow(|render| render.clone()?.restore(ctx).ok())
}

/// Evaluates the top level of `source`, and keeps its `render`.
pub fn load(source: Source) -> Result<Loaded, Refusal> {
    let runtime = runtime::runtime();
    notices::start(runtime);
    let loaded = runtime.context().with(|ctx| {
        quickjs::set_stack_size(&ctx, STACK);
        let form = evaluate(&ctx, &source)?;
        timers::drop_all();
        let (notices, notices_dropped) = notices::finish(&ctx);
        Ok(Loaded { form, notices, notices_dropped })
    })?;
    // What the top level left for the collector need not be in every render's memory.
    let quickjs = runtime.context().runtime();
    quickjs.set_promise_hook(None);
    quickjs.run_gc();
    quickjs.set_gc_threshold((quickjs.memory_usage().malloc_size + GC_HEADROOM) as usize);
    Ok(loaded)
}

/// A source that has been read one way or the other.
enum Parsed<'js> {
    Script(Script<'js>),
    Module(Module<'js>),
}

fn evaluate(ctx: &Ctx<'_>, source: &Source) -> Result<Form, Refusal> {
    let (form, render) = match parse(ctx, source)? {
        Parsed::Script(script) => {
            script.run().map_err(|_| threw(ctx))?;
            render::run_jobs(ctx);
            (Form::Script, global_render(ctx).ok_or_else(no_global_render)?)
        }
        Parsed::Module(module) => {
            let (module, promise) = module.eval().map_err(|_| threw(ctx))?;
            render::run_jobs(ctx);
            match promise.state() {
                PromiseState::Resolved | PromiseState::Rejected => {
                    promise.result::<()>().expect("it is settled").map_err(|_| threw(ctx))?;
                }
                PromiseState::Pending => return Err(Refusal::Unsettled),
            }
            let exports = module.namespace().map_err(|_| threw(ctx))?;
            let render = exported_render(&exports).or_else(|| global_render(ctx));
            (Form::Module, render.ok_or_else(|| no_exported_render(&exports))?)
        }
    };
    // The microtasks have run: what was rejected stays so, and is a notice. What is left of the module is its exports.
    RENDER.set(Some(Persistent::save(ctx, render)));
    Ok(form)
}

fn parse<'js>(ctx: &Ctx<'js>, source: &Source) -> Result<Parsed<'js>, Refusal> {
    let script = || Script::compile(ctx, &source.name, &source.text).map(Parsed::Script).map_err(|_| threw_at(ctx));
    let module = || {
        let module = Module::declare(ctx.clone(), source.name.as_str(), source.text.as_str());
        module.map(Parsed::Module).map_err(|error| match error {
            Error::Exception => threw_at(ctx),
            // A source with a zero byte in it never reaches the parser.
            error => (syntax_error(&error.to_string()), None),
        })
    };
    let parsed = match source.form {
        Form::Script => script(),
        Form::Module => module(),
        Form::Detect => {
            script().or_else(|as_script| module().map_err(|as_module| what_was_meant(as_script, as_module)))
        }
    };
    parsed.map_err(|(thrown, at)| match (is_syntax_error(&thrown), source.form) {
        (true, _) => Refusal::Syntax((thrown.error.message, at)),
        // What a module throws before it runs is that an import of its leads nowhere.
        (false, Form::Detect | Form::Module) => Refusal::Imports(thrown.error.message),
        (false, Form::Script) => Refusal::Threw(thrown),
    })
}

type ParseError = (Thrown, Option<Site>);

/// Of two ways to fail, the one that got further before it failed.
fn what_was_meant(as_script: ParseError, as_module: ParseError) -> ParseError {
    let parsed_as_module = !is_syntax_error(&as_module.0);
    if parsed_as_module || place(&as_module) >= place(&as_script) { as_module } else { as_script }
}

fn is_syntax_error(thrown: &Thrown) -> bool {
    thrown.error.name == "SyntaxError"
}

fn place((_, at): &ParseError) -> (u32, u32) {
    at.as_ref().map_or((0, 0), |at| (at.line, at.column))
}

fn threw(ctx: &Ctx<'_>) -> Refusal {
    Refusal::Threw(thrown::catch(ctx))
}

fn syntax_error(message: &str) -> Thrown {
    let error = renderer::Error { name: "SyntaxError".into(), message: message.into(), stack: String::new() };
    Thrown { error, causes: Vec::new() }
}

/// The pending exception with the place that its stack begins with: that of the source text that did not parse.
fn threw_at(ctx: &Ctx<'_>) -> (Thrown, Option<Site>) {
    let thrown = thrown::catch(ctx);
    let at = thrown.error.stack.lines().next().and_then(site);
    (thrown, at)
}

/// Reads `    at file:line:column`.
fn site(frame: &str) -> Option<Site> {
    let (rest, column) = frame.trim().strip_prefix("at ")?.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Site { file: file.into(), line: line.parse().ok()?, column: column.parse().ok()? })
}

fn global_render<'js>(ctx: &Ctx<'js>) -> Option<Function<'js>> {
    function(&ctx.globals(), "render")
}

fn exported_render<'js>(exports: &Object<'js>) -> Option<Function<'js>> {
    function(exports, "render").or_else(|| function(exports, "default"))
}

fn function<'js>(object: &Object<'js>, key: &str) -> Option<Function<'js>> {
    object.get::<_, Value<'_>>(key).map_err(|_| object.ctx().catch()).ok()?.into_function()
}

fn no_global_render() -> Refusal {
    Refusal::NoRender("a classic script sets globalThis.render to a function, and this one did not".into())
}

fn no_exported_render(exports: &Object<'_>) -> Refusal {
    let names: Vec<String> = exports.own_keys(Filter::new().string()).filter_map(Result::ok).take(20).collect();
    let instead = if names.is_empty() { "nothing".into() } else { names.join(", ") };
    Refusal::NoRender(format!(
        "a module exports a function `render`, or a default function; this one exports {instead}"
    ))
}
