//! The top level, run once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dayfly::sandbox::{self, Sandbox, State, Time};
use dayfly::{Cache, Engine, EngineConfig, Failure, Limit, Limits, Line, Site, Thrown, Usage};
use sha2::{Digest, Sha256};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, Linker};
use wasmtime_wizer::{ComponentContext, WasmtimeWizerComponent, Wizer};

use crate::artifact::{self, Artifact, Notice, NoticeKind};
use crate::refusal::Refusal;
use crate::source::{Form, Source};

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "generated; the documentation is in wit/")]
    wasmtime::component::bindgen!({ world: "loading", path: "../../wit", exports: { default: async } });

    pub(crate) use exports::dayfly::sandbox::{loader, renderer};
}
use contract::dayfly::sandbox::console;
use contract::{LoadingIndices, loader, renderer};

/// What came of one build. Console and usage are there whether or not there is a bundle.
#[derive(Debug)]
#[must_use]
pub struct Build {
    /// The bundle, or why there is none.
    pub artifact: Result<Artifact, Refusal>,
    /// What the top level wrote to the console.
    pub console: Vec<Line>,
    /// What the top level, and taking the snapshot, used.
    pub usage: Usage,
}

/// Builds bundles. The engine is compiled once, when the bundler is made; each build runs in a fresh sandbox.
pub struct Bundler {
    engine: Engine,
    app: InstancePre<State>,
    exports: LoadingIndices,
    wizer: Wizer,
    snapshot: ComponentContext<'static>,
}

impl Bundler {
    /// Compiles the engine: about a second of processor time.
    ///
    /// # Errors
    /// [`Refusal::Bundler`] if the engine cannot start on this machine.
    pub fn new() -> Result<Self, Refusal> {
        Self::of_component(artifact::engine_component().map_err(Refusal::Bundler)?, None)
    }

    /// The same, with a place on disk for the compiled engine: from the second process on it takes milliseconds.
    ///
    /// # Errors
    /// As [`Bundler::new`].
    pub fn with_cache(cache: Arc<Cache>) -> Result<Self, Refusal> {
        Self::of_component(artifact::engine_component().map_err(Refusal::Bundler)?, Some(cache))
    }

    /// Compiles another build of `guest/` than the one that [`Bundler::new`] has: to compare two, for instance. `engine`
    /// is what `guest/build.sh` writes, `engine.wasm`. It is kept until the process ends.
    ///
    /// # Errors
    /// [`Refusal::Bundler`] if `engine` is no build of `guest/`, or cannot start on this machine.
    pub fn with_engine(engine: &[u8]) -> Result<Self, Refusal> {
        // A context of wizer's borrows the component that it is of.
        Self::of_component(Vec::leak(artifact::component_of(engine).map_err(Refusal::Bundler)?), None)
    }

    fn of_component(component: &'static [u8], cache: Option<Arc<Cache>>) -> Result<Self, Refusal> {
        // An evaluation may take a processor and a gigabyte for a minute: a few at once, and the next ones wait.
        let config = EngineConfig { concurrency: 4, ..EngineConfig::default() };
        let engine = match cache {
            Some(cache) => Engine::with_cache(&config, cache),
            None => Engine::new(&config),
        };
        let engine = engine.map_err(bundler)?;
        let wizer = Wizer::new();
        let (snapshot, instrumented) = wizer.instrument_component(component).map_err(wasm)?;
        let id = Sha256::digest(&instrumented).into();
        let component = engine.compile(&id, || Ok(&instrumented)).map_err(wasm)?;
        let mut linker = Linker::new(engine.wasmtime());
        sandbox::add_to_linker(&mut linker).map_err(wasm)?;
        let app = linker.instantiate_pre(&component).map_err(wasm)?;
        let exports = LoadingIndices::new(&app).map_err(wasm)?;
        Ok(Self { engine, app, exports, wizer, snapshot })
    }

    /// The limits of a build by default: a top level may take its time, and a large bundle its memory. 60 s of CPU,
    /// 120 s on the clock, 1 GiB, 1,000 console lines, 1 MiB of console text.
    pub fn limits() -> Limits {
        Limits {
            cpu: Duration::from_secs(60),
            wall: Duration::from_secs(120),
            memory: 1 << 30,
            console_lines: 1_000,
            console_bytes: 1 << 20,
            ..Limits::default()
        }
    }

    /// Evaluates the top level of `source` under `limits` and snapshots the heap that it leaves. Four builds run at
    /// once; one beyond waits, and the wait is not counted against its limits.
    ///
    /// The clock stands at 1970 and randomness is the same for every build, so that the same source gives the same
    /// bytes; code that drew either is named in [`Artifact::notices`].
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without timers (`enable_time`).
    pub async fn build(&self, source: &Source, limits: &Limits) -> Build {
        // The snapshot comes out of the sandbox in one piece.
        let limits = Limits { page: u64::MAX, ..limits.clone() };
        let mut sandbox = match Sandbox::new(&self.engine, &limits, Time::Still).await {
            Ok(sandbox) => sandbox,
            Err(error) => return Build { artifact: Err(bundler(error)), console: Vec::new(), usage: Usage::default() },
        };
        let evaluated = sandbox.run(async |store| {
            let instance = self.app.instantiate_async(&mut *store).await?;
            let app = self.exports.load(&mut *store, &instance)?;
            let loaded = app.dayfly_sandbox_loader().call_load(&mut *store, &source.into()).await?;
            let loaded = match loaded {
                Ok(loaded) => loaded,
                Err(refusal) => return Ok(Err(Refusal::from(refusal))),
            };
            if let Some(props) = &source.warm
                && let Err(failure) = warm(&mut *store, &instance, props).await?
            {
                return Ok(Err(Refusal::WarmUp(warm_up(failure))));
            }
            let mut instance = WasmtimeWizerComponent { store, instance };
            Ok(Ok((loaded, self.wizer.snapshot_component(&self.snapshot, &mut instance).await?)))
        });
        let evaluated = evaluated.await;
        let (console, usage) = sandbox.finish();
        let artifact = match evaluated {
            Ok(Ok((loaded, snapshot))) => artifact(loaded, &snapshot),
            Ok(Err(refusal)) => Err(refusal),
            Err(failure) => Err(Refusal::Evaluation(failure)),
        };
        Build { artifact, console, usage }
    }
}

/// Calls what a build of `guest/` that is older than it does not export.
async fn warm(
    store: &mut Store<State>,
    instance: &Instance,
    props: &str,
) -> wasmtime::Result<Result<(), renderer::Failure>> {
    let warmer = instance.get_export_index(&mut *store, None, "dayfly:sandbox/warmer@0.1.0");
    let warm = warmer.and_then(|warmer| instance.get_export_index(&mut *store, Some(&warmer), "warm"));
    let warm = warm.ok_or_else(|| wasmtime::Error::msg("this build of guest/ cannot warm up"))?;
    let warm = instance.get_typed_func::<(&str,), (Result<(), renderer::Failure>,)>(&mut *store, &warm)?;
    let (warmed,) = warm.call_async(&mut *store, (props,)).await?;
    Ok(warmed)
}

impl fmt::Debug for Bundler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundler").finish_non_exhaustive()
    }
}

fn artifact(loaded: loader::Loaded, snapshot: &[u8]) -> Result<Artifact, Refusal> {
    Ok(Artifact {
        bundle: artifact::bundle(snapshot).map_err(Refusal::Bundler)?,
        form: loaded.form.into(),
        notices: loaded.notices.into_iter().map(Notice::from).collect(),
        notices_dropped: loaded.notices_dropped,
    })
}

fn bundler(error: dayfly::Error) -> Refusal {
    Refusal::Bundler(error.to_string())
}

fn wasm(error: wasmtime::Error) -> Refusal {
    Refusal::Bundler(format!("{error:#}"))
}

impl From<&Source> for loader::Source {
    fn from(source: &Source) -> Self {
        let form = match source.form {
            Form::Detect => loader::Form::Detect,
            Form::Script => loader::Form::Script,
            Form::Module => loader::Form::Module,
        };
        Self { name: source.name.clone(), text: source.text.clone(), form }
    }
}

impl From<loader::Form> for Form {
    fn from(form: loader::Form) -> Self {
        match form {
            loader::Form::Detect => Self::Detect,
            loader::Form::Script => Self::Script,
            loader::Form::Module => Self::Module,
        }
    }
}

impl From<loader::Notice> for Notice {
    fn from(notice: loader::Notice) -> Self {
        let kind = match notice.kind {
            loader::NoticeKind::Clock => NoticeKind::Clock,
            loader::NoticeKind::Random => NoticeKind::Random,
            loader::NoticeKind::Timer => NoticeKind::Timer,
            loader::NoticeKind::Promise => NoticeKind::Promise,
            loader::NoticeKind::Rejection => NoticeKind::Rejection,
        };
        Self { kind, what: notice.what, at: notice.at.map(site) }
    }
}

impl From<loader::Refusal> for Refusal {
    fn from(refusal: loader::Refusal) -> Self {
        match refusal {
            loader::Refusal::Syntax((message, at)) => Self::Syntax { message, at: at.map(site) },
            loader::Refusal::Imports(what) => Self::Imports(what),
            loader::Refusal::Threw(error) => Self::Threw(thrown(error)),
            loader::Refusal::Unsettled => Self::Unsettled,
            loader::Refusal::NoRender(why) => Self::NoRender(why),
        }
    }
}

fn warm_up(failure: renderer::Failure) -> Failure {
    match failure {
        renderer::Failure::Threw(error) => Failure::Threw(thrown(error)),
        renderer::Failure::Unsettled => Failure::Unsettled,
        renderer::Failure::StackExhausted(error) => {
            Failure::Exceeded { limit: Limit::JsStack, stack: Some(error.error.stack) }
        }
        renderer::Failure::PageTooLarge => Failure::Exceeded { limit: Limit::Page, stack: None },
        renderer::Failure::InvalidProps(why) => Failure::Host(dayfly::Error::InvalidProps(why)),
    }
}

fn site(site: console::Site) -> Site {
    Site { file: site.file, line: site.line, column: site.column }
}

fn thrown(thrown: renderer::Thrown) -> Thrown {
    let one = |error: renderer::Error, cause| {
        let renderer::Error { name, message, stack } = error;
        Thrown { name, message, stack, cause }
    };
    let cause = thrown.causes.into_iter().rev().fold(None, |cause, error| Some(Box::new(one(error, cause))));
    one(thrown.error, cause)
}
