//! Evaluates a source once, at build time, and finds what renders.

use std::cell::RefCell;

use javy::quickjs::object::Filter;
use javy::quickjs::promise::PromiseState;
use javy::quickjs::{Ctx, Function, Object, Persistent, Value};

use crate::contract::console::Site;
use crate::contract::loader::{Form, Loaded, Refusal, Source};
use crate::contract::renderer::{Failure, Thrown};
use crate::quickjs::Code;
use crate::{notices, quickjs, render, runtime, tasks, thrown, timers, warm, web};

/// Bytes of stack for the top level: the most that the linked stack has room for.
const STACK: usize = render::MOST_JS_STACK;
/// How much the heap may grow in a render before the collector of cycles runs for the first time.
const GC_HEADROOM: i64 = 32 << 20;

/// What an app has.
pub struct App<'js> {
    pub form: Form,
    pub render: Option<Function<'js>>,
    /// The object whose `fetch` answers requests.
    pub handler: Option<Object<'js>>,
}

/// The same from one call to the next.
#[derive(Clone, Default)]
struct Kept {
    render: Option<Persistent<Function<'static>>>,
    handler: Option<Persistent<Object<'static>>>,
}

thread_local! {
    static APP: RefCell<Kept> = RefCell::default();
}

/// The app's `render`.
pub fn app<'js>(ctx: &Ctx<'js>) -> Result<Function<'js>, Failure> {
    let app = APP.with_borrow(Clone::clone);
    let render = app.render.and_then(|render| render.restore(ctx).ok());
    render.ok_or_else(|| missing(app.handler.is_some(), "the app has a fetch handler and no render: send it a request"))
}

/// The object whose `fetch` answers requests.
pub fn handler<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>, Failure> {
    let app = APP.with_borrow(Clone::clone);
    let handler = app.handler.and_then(|handler| handler.restore(ctx).ok());
    handler.ok_or_else(|| missing(app.render.is_some(), "the app has a render and no fetch handler: render it"))
}

fn missing(has_other: bool, why: &str) -> Failure {
    let none = "this engine has no app: it was not built into a bundle";
    Failure::Missing(if has_other { why } else { none }.into())
}

/// Makes the runtime.
pub fn prepare() {
    runtime::runtime().context().with(|ctx| warm::up(&ctx));
    clean();
}

/// Evaluates the top level of `source`, and keeps its `render`.
pub fn load(mut source: Source) -> Result<Loaded, Refusal> {
    let runtime = runtime::runtime();
    notices::start(runtime);
    let loaded = runtime.context().with(|ctx| {
        quickjs::set_stack_size(&ctx, STACK);
        let App { form, render, handler } = evaluate(&ctx, &source)?;
        APP.set(Kept {
            render: render.map(|render| Persistent::save(&ctx, render)),
            handler: handler.map(|handler| Persistent::save(&ctx, handler)),
        });
        // Whatever can still run the app's code does so here, and none of it is left for a render: finalizers, then the
        // getters of what is reported. What that leaves behind in turn is dropped.
        ctx.run_gc();
        render::run_jobs(&ctx);
        notices::record_promises(&ctx);
        render::run_jobs(&ctx);
        timers::drop_all();
        tasks::drop_all();
        web::loaded(&ctx);
        let (notices, notices_dropped) = notices::finish();
        Ok(Loaded { form, notices, notices_dropped })
    })?;
    runtime.context().runtime().set_promise_hook(None);
    let mut text = std::mem::take(&mut source.text).into_bytes();
    quickjs::wipe(&mut text);
    drop(text);
    clean();
    Ok(loaded)
}

/// Renders once before the snapshot is taken.
pub fn warm(props: &str) -> Result<(), Failure> {
    runtime::runtime().context().with(|ctx| {
        quickjs::set_stack_size(&ctx, STACK);
        let warmed = render::warm(&ctx, props);
        timers::drop_all();
        tasks::drop_all();
        web::loaded(&ctx);
        warmed
    })?;
    clean();
    Ok(())
}

/// Leaves in memory what renders need: the snapshot leaves out what is zero.
fn clean() {
    let runtime = runtime::runtime().context().runtime();
    runtime.run_gc();
    runtime.set_gc_threshold((runtime.memory_usage().malloc_size + GC_HEADROOM) as usize);
    quickjs::wipe_free_memory();
}

/// Evaluates the top level of `source` in this realm, and finds what renders.
pub fn evaluate<'js>(ctx: &Ctx<'js>, source: &Source) -> Result<App<'js>, Refusal> {
    let code = parse(ctx, source)?;
    // Set where a script asks for it: a module, and a script of a browser's, would be misled.
    let module = if !code.is_module() && asks_for_commonjs(&source.text) { web::commonjs(ctx) } else { None };
    let result = code.run().map_err(|_| threw(ctx))?;
    render::run_jobs(ctx);
    let exports = code.exports();
    if exports.is_some() {
        finished(ctx, &result)?;
    }
    let is_module = exports.is_some();
    let exports = exports.or_else(|| module?.get::<_, Value<'_>>("exports").ok()?.into_object());
    let render = exports.as_ref().and_then(exported_render).or_else(|| global_render(ctx));
    let handler = exports.as_ref().and_then(exported_handler);
    // To read an export, or the global, may have run a getter.
    render::run_jobs(ctx);
    if render.is_none() && handler.is_none() {
        return Err(no_render(exports.as_ref().filter(|_| is_module)));
    }
    Ok(App { form: if is_module { Form::Module } else { Form::Script }, render, handler })
}

/// Whether a script names what CommonJS has.
fn asks_for_commonjs(text: &str) -> bool {
    ["require(", "module.exports", "exports."].iter().any(|name| text.contains(name)) || text.contains("typeof exports")
}

/// Whether the promise of a module's evaluation says that it went well.
fn finished<'js>(ctx: &Ctx<'js>, evaluation: &Value<'js>) -> Result<(), Refusal> {
    let promise = evaluation.as_promise().expect("a module's evaluation is a promise");
    match promise.state() {
        PromiseState::Pending => Err(Refusal::Unsettled),
        PromiseState::Resolved | PromiseState::Rejected => {
            promise.result::<()>().expect("it is settled").map_err(|_| threw(ctx))
        }
    }
}

fn parse<'js>(ctx: &Ctx<'js>, source: &Source) -> Result<Code<'js>, Refusal> {
    let script = || Code::script(ctx, &source.name, &source.text).map_err(|_| threw_at(ctx));
    let module = || Code::module(ctx, &source.name, &source.text).map_err(|_| threw_at(ctx));
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
    // What answers requests is a handler, whatever else it has.
    let is_handler = |default: &Object<'js>| function(default, "fetch").is_some();
    let of_default = || default(exports).filter(|default| !is_handler(default)).and_then(|it| function(&it, "render"));
    // `module.exports = (props) => …` is one too.
    let itself = || exports.as_function().cloned();
    function(exports, "render").or_else(|| function(exports, "default")).or_else(of_default).or_else(itself)
}

fn default<'js>(exports: &Object<'js>) -> Option<Object<'js>> {
    exports.get::<_, Value<'_>>("default").map_err(|_| exports.ctx().catch()).ok()?.into_object()
}

/// The default export, if it is an object, or a class, with a `fetch`.
fn exported_handler<'js>(exports: &Object<'js>) -> Option<Object<'js>> {
    [default(exports), Some(exports.clone())].into_iter().flatten().find(|handler| function(handler, "fetch").is_some())
}

fn function<'js>(object: &Object<'js>, key: &str) -> Option<Function<'js>> {
    object.get::<_, Value<'_>>(key).map_err(|_| object.ctx().catch()).ok()?.into_function()
}

fn no_render(exports: Option<&Object<'_>>) -> Refusal {
    let Some(exports) = exports else {
        let why = "a classic script sets globalThis.render to a function, and this one did not (const and let at its top \
                   set no global; a module would export it)";
        return Refusal::NoRender(why.into());
    };
    let names: Vec<String> = exports.own_keys(Filter::new().string()).filter_map(Result::ok).take(20).collect();
    if names.iter().any(|name| name == "render") {
        return Refusal::NoRender("the `render` that it exports is no function".into());
    }
    let instead = if names.is_empty() { "nothing".into() } else { names.join(", ") };
    Refusal::NoRender(format!(
        "a module exports a function `render`, a default function, or a default object with a `fetch` handler or a \
         `render`; this one exports {instead}"
    ))
}
