//! An app run again and again in one heap, each time in a realm of its own: what other servers do, and what the leak lab
//! looks at. It happens in one sandbox, under the limits of a build.

use std::fmt;

use dayfly::sandbox::{Sandbox, State, Time};
use dayfly::{Failure, Limits, Line, Usage};
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::contract::examining::exports::dayfly::sandbox::{handler, lab, renderer};
use crate::contract::examining::{Examining, ExaminingIndices};
use crate::evaluate::Bundler;
use crate::refusal::Refusal;
use crate::source::Source;

/// What came of a rehearsal. Console and usage are there whether or not it went well.
#[derive(Debug)]
#[must_use]
pub struct Rehearsal<T> {
    /// What the work gave, or what ended the sandbox.
    pub result: Result<T, Failure>,
    /// What the runs wrote to the console.
    pub console: Vec<Line>,
    /// What they used, all together.
    pub usage: Usage,
}

/// A heap in which an app is run, for as long as its sandbox is there.
pub struct Realms<'a> {
    store: &'a mut Store<State>,
    exports: Examining,
    bounds: renderer::Bounds,
}

/// The sandbox has ended. To be handed on: [`Rehearsal::result`] says why.
#[derive(Debug)]
pub struct Stopped(wasmtime::Error);

/// What a run does once its top level has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visit {
    /// Calls `render` with these props, which are JSON.
    Render(String),
    /// Calls the `fetch` handler with a GET of this URL. What it answers is dropped.
    Fetch(String),
}

/// A run that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visited {
    /// The address of an object that was made before the run: what comes after it in the engine's list of objects, until
    /// the next collection, was born in the run.
    pub mark: u32,
    /// Bytes of the page, or of the response's body.
    pub bytes: u64,
    /// Stands for those bytes.
    pub digest: u64,
}

/// Why a run did not go well.
#[derive(Debug)]
pub enum Problem {
    /// The app's top level cannot be evaluated.
    Refused(Refusal),
    /// The app's render, or its handler, failed.
    Failed(Failure),
}

/// What the JavaScript heap has of the allocator, to the byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapSize {
    /// Bytes, with what the allocator adds to each block.
    pub bytes: u64,
    /// Blocks.
    pub blocks: u64,
}

impl Bundler {
    /// Makes a fresh sandbox under `limits` and has `work` run an app in it, in as many realms as it likes. Time and
    /// randomness are the same in each rehearsal ([`Time::Scripted`]), and cycles are collected by [`Realms::collect`]
    /// alone, so that the same work gives the same numbers.
    ///
    /// `script` is evaluated first, in the first realm; it sees to what of that realm the others get. It gives a function
    /// of the engine's hooks and `options`, which is JSON: see the interface `lab` of `wit/`.
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without timers (`enable_time`).
    pub async fn rehearse<T>(
        &self,
        script: &str,
        options: &str,
        limits: &Limits,
        work: impl AsyncFnOnce(&mut Realms<'_>) -> Result<T, Stopped>,
    ) -> Rehearsal<T> {
        // The memory comes out of the sandbox in one piece.
        let limits = Limits { page: u64::MAX, ..limits.clone() };
        let (engine, guest) = self.engine();
        let mut sandbox = match Sandbox::new(engine, &limits, Time::Scripted).await {
            Ok(sandbox) => sandbox,
            Err(error) => return Rehearsal { result: Err(error.into()), console: Vec::new(), usage: Usage::default() },
        };
        sandbox.holds(guest);
        let rehearsed = sandbox.run(async |store| {
            let indices = ExaminingIndices::new(guest.instances())?;
            let instance: Instance = guest.instances().instantiate_async(&mut *store).await?;
            let exports = indices.load(&mut *store, &instance)?;
            let opened = exports.dayfly_sandbox_lab().call_open(&mut *store, script, options).await?;
            if let Err(failure) = opened {
                return Ok(Err(failure.into()));
            }
            let bounds = renderer::Bounds { js_stack: limits.js_stack, page: u64::MAX };
            let mut realms = Realms { store, exports, bounds };
            work(&mut realms).await.map(Ok).map_err(|Stopped(error)| error)
        });
        let mut rehearsed = rehearsed.await;
        let (console, usage) = sandbox.finish_with(&mut rehearsed, engine, guest).await;
        Rehearsal { result: rehearsed.and_then(|result| result), console, usage }
    }
}

impl Realms<'_> {
    /// Evaluates a source in the first realm, as code of the server's that all runs have in common. To be called before
    /// the first run.
    ///
    /// # Errors
    /// [`Stopped`]; inside it the source's own failure.
    pub async fn host(&mut self, source: &Source) -> Result<Result<(), Failure>, Stopped> {
        let done = self.exports.dayfly_sandbox_lab().call_host(&mut *self.store, &source.into()).await;
        Ok(done.map_err(Stopped)?.map_err(Into::into))
    }

    /// One run: a fresh realm, the app's top level in it, the visit, and what it left to do; then the realm is let go.
    ///
    /// # Errors
    /// [`Stopped`]; inside it what is wrong with the app.
    pub async fn run(&mut self, app: &Source, visit: &Visit) -> Result<Result<Visited, Problem>, Stopped> {
        let visit = match visit {
            Visit::Render(props) => lab::Visit::Render(props.clone()),
            Visit::Fetch(url) => lab::Visit::Fetch(handler::Request {
                method: "GET".into(),
                url: url.clone(),
                headers: Vec::new(),
                body: None,
                env: "{}".into(),
            }),
        };
        let lab = self.exports.dayfly_sandbox_lab();
        let run = lab.call_run(&mut *self.store, &app.into(), &visit, Some(self.bounds)).await.map_err(Stopped)?;
        Ok(run.map(|lab::Visited { mark, bytes, digest }| Visited { mark, bytes, digest }).map_err(Problem::from))
    }

    /// Collects what cannot be reached, and says what is left.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn collect(&mut self) -> Result<HeapSize, Stopped> {
        let size = self.exports.dayfly_sandbox_lab().call_collect(&mut *self.store).await.map_err(Stopped)?;
        Ok(HeapSize { bytes: size.bytes, blocks: size.blocks })
    }

    /// A copy of the whole linear memory.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn memory(&mut self) -> Result<Vec<u8>, Stopped> {
        self.exports.dayfly_sandbox_heap().call_memory(&mut *self.store).await.map_err(Stopped)
    }

    /// What the script has to say: the text that its `report` gives.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn report(&mut self) -> Result<String, Stopped> {
        self.exports.dayfly_sandbox_lab().call_report(&mut *self.store).await.map_err(Stopped)
    }
}

impl fmt::Debug for Realms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realms").finish_non_exhaustive()
    }
}

impl From<lab::Problem> for Problem {
    fn from(problem: lab::Problem) -> Self {
        match problem {
            lab::Problem::Refused(refusal) => Self::Refused(refusal.into()),
            lab::Problem::Failed(failure) => Self::Failed(failure.into()),
        }
    }
}
