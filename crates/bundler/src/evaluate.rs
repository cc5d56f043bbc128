//! The top level, run once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dayfly::sandbox::{Guest, Sandbox, State, Time};
use dayfly::{Cache, Engine, EngineConfig, Failure, Limits, Line, Outgoing, Usage};
use sha2::{Digest, Sha256};
use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Instance, Lift, Lower};
use wasmtime_wizer::{ComponentContext, WasmtimeWizerComponent, Wizer};

use crate::artifact::{self, Artifact, Notice};
use crate::contract::{LoadingIndices, loader, renderer};
use crate::refusal::Refusal;
use crate::source::Source;

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

/// What came of running code for itself. Console and usage are there whether or not it went well.
#[derive(Debug)]
#[must_use]
pub struct Run {
    /// Whether it came to its end, or what ended it.
    pub result: Result<(), Failure>,
    /// What it wrote to the console.
    pub console: Vec<Line>,
    /// What it used.
    pub usage: Usage,
}

/// Builds bundles. The engine is compiled once, when the bundler is made; each build runs in a fresh sandbox.
pub struct Bundler {
    engine: Engine,
    digest: [u8; 32],
    guest: Guest,
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
        Self::start(&Self::config(), None)
    }

    /// The same, with a place on disk for the compiled engine: from the second process on it takes milliseconds.
    ///
    /// # Errors
    /// As [`Bundler::new`].
    pub fn with_cache(cache: Arc<Cache>) -> Result<Self, Refusal> {
        Self::start(&Self::config(), Some(cache))
    }

    /// The same with an engine of the caller's configuration, where [`Bundler::config`] is not what is wanted: one that
    /// counts fuel, for instance.
    ///
    /// # Errors
    /// As [`Bundler::new`].
    pub fn start(config: &EngineConfig, cache: Option<Arc<Cache>>) -> Result<Self, Refusal> {
        Self::of_component(artifact::engine_component().map_err(Refusal::Bundler)?, config, cache)
    }

    /// Compiles another build of `guest/` than the one that [`Bundler::new`] has: to compare two, for instance. `engine`
    /// is what `guest/build.sh` writes, `engine.wasm`. It is kept until the process ends.
    ///
    /// # Errors
    /// [`Refusal::Bundler`] if `engine` is no build of `guest/`, or cannot start on this machine.
    pub fn with_engine(engine: &[u8]) -> Result<Self, Refusal> {
        // A context of wizer's borrows the component that it is of.
        let component = Vec::leak(artifact::component_of(engine).map_err(Refusal::Bundler)?);
        Self::of_component(component, &Self::config(), None)
    }

    /// What a bundler's engine is by default. An evaluation may take a processor and a gigabyte for a minute: four go on
    /// at once, and the next ones wait.
    pub fn config() -> EngineConfig {
        EngineConfig { concurrency: 4, ..EngineConfig::default() }
    }

    /// The engine that bundles have in them, as Wasm: most of what two of them have in common.
    pub fn engine_bytes() -> &'static [u8] {
        artifact::ENGINE
    }

    fn of_component(
        component: &'static [u8],
        config: &EngineConfig,
        cache: Option<Arc<Cache>>,
    ) -> Result<Self, Refusal> {
        let engine = match cache {
            Some(cache) => Engine::with_cache(config, cache),
            None => Engine::new(config),
        };
        let engine = engine.map_err(bundler)?;
        let wizer = Wizer::new();
        let (snapshot, instrumented) = wizer.instrument_component(component).map_err(wasm)?;
        let digest = Sha256::digest(&instrumented).into();
        let guest = Guest::compile(&engine, &digest, &instrumented).map_err(wasm)?;
        let exports = LoadingIndices::new(guest.instances()).map_err(wasm)?;
        Ok(Self { engine, digest, guest, exports, wizer, snapshot })
    }

    /// Says which JavaScript engine it has: bundles of one source by bundlers of one digest have the same bytes.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
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

    /// Where code runs, and the engine's component.
    pub(crate) fn engine(&self) -> (&Engine, &Guest) {
        (&self.engine, &self.guest)
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
        sandbox.holds(&self.guest);
        let evaluated = sandbox.run(async |store| {
            let instance = self.guest.instances().instantiate_async(&mut *store).await?;
            let app = self.exports.load(&mut *store, &instance)?;
            let loaded = app.dayfly_sandbox_loader().call_load(&mut *store, &source.into()).await?;
            let loaded = match loaded {
                Ok(loaded) => loaded,
                Err(refusal) => return Ok(Err(Refusal::from(refusal))),
            };
            if let Some(props) = &source.warm
                && let (Err(failure),) =
                    call::<_, (Done,)>(&mut *store, &instance, ["warmer", "warm"], (&**props,)).await?
            {
                return Ok(Err(Refusal::WarmUp(failure.into())));
            }
            let mut instance = WasmtimeWizerComponent { store, instance };
            Ok(Ok((loaded, self.wizer.snapshot_component(&self.snapshot, &mut instance).await?)))
        });
        let mut evaluated = evaluated.await;
        let (console, usage) = sandbox.finish_with(&mut evaluated, &self.engine, &self.guest).await;
        let artifact = match evaluated {
            Ok(Ok((loaded, snapshot))) => artifact(loaded, &snapshot, &source.name),
            Ok(Err(refusal)) => Err(refusal),
            Err(failure) => Err(Refusal::Evaluation(failure)),
        };
        Build { artifact, console, usage }
    }
}

impl Bundler {
    /// Runs `sources` one after the other in one realm of a fresh sandbox, then the microtasks and timers that they
    /// leave, until none is left: code for itself, with no app and no page, as a test of the engine is.
    ///
    /// They may import the modules of `importable`, by names relative to the folder of the module that imports: what
    /// [`importable`](crate::importable) finds.
    ///
    /// Nothing is frozen: the clock and randomness are the machine's. What nothing catches ends the run, and so does a
    /// rejection that nothing handles; code that listens for them on its global object goes on, and fails at its end. Four
    /// builds and runs go on at once; one beyond waits, and the wait is not counted against its limits.
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without timers (`enable_time`).
    pub async fn run(&self, sources: &[Source], importable: &[Source], limits: &Limits) -> Run {
        self.run_with(sources, importable, limits, None).await
    }

    /// The same, and the code may call what `outgoing` allows.
    ///
    /// # Panics
    /// As [`Bundler::run`].
    pub async fn run_with(
        &self,
        sources: &[Source],
        importable: &[Source],
        limits: &Limits,
        outgoing: Option<Outgoing>,
    ) -> Run {
        let mut sandbox = match Sandbox::new(&self.engine, limits, Time::Real).await {
            Ok(sandbox) => sandbox,
            Err(error) => return Run { result: Err(error.into()), console: Vec::new(), usage: Usage::default() },
        };
        sandbox.allow(outgoing);
        let [sources, importable] =
            [sources, importable].map(|sources| sources.iter().map(Into::into).collect::<Vec<loader::Source>>());
        let bounds = renderer::Bounds { js_stack: limits.js_stack, page: 0 };
        sandbox.holds(&self.guest);
        let ran = sandbox.run(async |store| {
            let instance = self.guest.instances().instantiate_async(&mut *store).await?;
            call::<_, (Done,)>(store, &instance, ["runner", "run"], (&*sources, &*importable, Some(bounds))).await
        });
        let mut ran = ran.await;
        let (console, usage) = sandbox.finish_with(&mut ran, &self.engine, &self.guest).await;
        let result = ran.and_then(|(done,)| Ok(done?));
        Run { result, console, usage }
    }
}

/// What a call gives that is made for what it does.
type Done = Result<(), renderer::Failure>;

/// Calls what a build of `guest/` that is older than it does not export.
async fn call<P, R>(store: &mut Store<State>, instance: &Instance, path: [&str; 2], params: P) -> wasmtime::Result<R>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift + 'static,
{
    let [interface, function] = path;
    let export = instance.get_export_index(&mut *store, None, &format!("dayfly:sandbox/{interface}@0.1.0"));
    let export = export.and_then(|interface| instance.get_export_index(&mut *store, Some(&interface), function));
    let export = export.ok_or_else(|| wasmtime::Error::msg(format!("this build of guest/ has no {interface}")))?;
    let function = instance.get_typed_func::<P, R>(&mut *store, &export)?;
    function.call_async(&mut *store, params).await
}

impl fmt::Debug for Bundler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundler").finish_non_exhaustive()
    }
}

fn artifact(loaded: loader::Loaded, snapshot: &[u8], name: &str) -> Result<Artifact, Refusal> {
    Ok(Artifact {
        bundle: artifact::bundle(snapshot, name).map_err(Refusal::Bundler)?,
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
