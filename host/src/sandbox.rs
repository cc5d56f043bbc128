//! A fresh store under limits: what [`Engine::render`](crate::Engine::render) makes for every render, and what the
//! bundler evaluates an app's top level in.
//!
//! Most programs have no use for this module: it is how the crates of this workspace share one way to run guest code.

use std::cell::RefCell;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::rngs::{StdRng, SysError, SysRng};
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use wasmtime::component::{HasSelf, InstancePre, Linker};
use wasmtime::{Module, Store, Trap, UpdateDeadline, WasmBacktrace};

use crate::console::{Console, Line};
use crate::contract::{self, clock, console, outgoing, random, response};
use crate::engine::Engine;
use crate::error::Error;
use crate::limits::{Exceeded, Limit, Limits, Meter};
use crate::outcome::{Failure, Usage};
use crate::outgoing::{Calls, Outgoing};
use crate::postmortem;
use crate::response::{Outlet, Piece};
use crate::slots::{self, Bases, Contents, Heap, Image, Remains, Watch};
use crate::split::{HEAP, Split};
use crate::transport::{Body, FetchError, FetchErrorKind};

/// How many bytes a guest may hand over beside a page or a console line: names, messages, stacks.
const TRANSFER_SLACK: u64 = 512 << 10;

/// How many memories a guest has: the engine has as many as stores may live at once.
pub(crate) const MOST_MEMORIES: u32 = 1;

/// How many instances of modules a guest has, and how many tables. What the host keeps for them is in no limit of a
/// render. A bundle is a component of a main module and, as wit-component builds them, two small ones that tie its imports;
/// the module of the memory is one more when code is shared.
pub(crate) const MOST_PARTS: u32 = 4;

/// What a guest of the bundler's has beside those: a module that reads all memory and globals for the snapshot.
const MOST_PARTS_OF_OURS: u32 = MOST_PARTS + 1;

/// What a fresh store carries: the state behind the guest's imports.
#[derive(Debug)]
pub struct State {
    meter: Meter,
    console: Console,
    response: Outlet,
    calls: Calls,
    time: Time,
    /// What the guest's clock says until it next sleeps.
    now: Option<u64>,
    /// What it said first, and when.
    first: Option<(u64, Instant)>,
    /// How many seeds it was given.
    seeds: u64,
}

/// What the guest's clock and randomness are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// The machine's: what a render gets.
    Real,
    /// None: the clock stands at 1970 and the seed is 0, so that the same source gives the same snapshot.
    Still,
    /// The same in every sandbox, so that the same source does the same again: the clock starts at the beginning of 2026 and
    /// goes a millisecond on whenever it is asked, what is slept is over at once, and the seeds are those of one sequence.
    Scripted,
    /// None, and nobody waits: what a guest gets that is only asked where it was.
    Over,
}

/// When scripted time begins: 2026-01-01T00:00:00Z, in nanoseconds since 1970.
const SCRIPTED_START: u64 = 1_767_225_600_000_000_000;

/// By how much scripted time goes on each time that it is asked for.
const SCRIPTED_STEP: u64 = 1_000_000;

impl Time {
    /// Nanoseconds since 1970.
    fn now(self) -> u64 {
        match self {
            // Before 1970 and after 2554 there is nothing to render.
            Self::Real => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64),
            Self::Scripted => SCRIPTED_START,
            Self::Still | Self::Over => 0,
        }
    }
}

/// A guest, compiled and linked, that need not be a bundle: what the bundler evaluates an app's top level in.
pub struct Guest {
    app: InstancePre<State>,
    /// What its memory holds to begin with; none if it writes that itself.
    heap: Option<Heap>,
}

impl Guest {
    /// Compiles and links a component that has the exports of a bundle, and others. `id` is a digest that stands for it.
    ///
    /// # Errors
    /// What the compiler or the linker says of it.
    pub fn compile(engine: &Engine, id: &[u8; 32], component: &[u8]) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine.wasmtime());
        add_to_linker(&mut linker)?;
        let split = Split::new(component).ok().filter(|_| engine.config().share_code);
        let parts = split.and_then(|split| split.exact_shell().ok().map(|shell| (split, shell)));
        let Some((split, shell)) = parts else {
            let component = engine.compile(id, || Ok(component))?;
            return Ok(Self { app: linker.instantiate_pre(&component)?, heap: None });
        };
        // Not the component's own digest, by which the whole of it may be in the cache.
        let id = Sha256::new().chain_update(id).chain_update("without its heap").finalize().into();
        let component = engine.compile(&id, || Ok(shell))?;
        linker.root().module(HEAP, &Module::from_binary(engine.wasmtime(), &split.heap.memory.module())?)?;
        let image = Image::new(split.heap.data.iter().copied(), &Bases::default())?;
        Ok(Self { app: linker.instantiate_pre(&component)?, heap: Some(Heap::new(image, engine.slots())) })
    }

    /// What makes its instances, in sandboxes that are [for it](Sandbox::holds).
    pub fn instances(&self) -> &InstancePre<State> {
        &self.app
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest").finish_non_exhaustive()
    }
}

/// A store with its limits and its slot of the engine, until it is taken apart or dropped.
#[derive(Debug)]
pub struct Sandbox {
    store: Store<State>,
    limits: Limits,
    started: Instant,
    /// What the memory that the guest gets is to hold, until it has one.
    contents: Option<Contents>,
    faults: Watch,
    // Last, for fields are dropped in order: a slot is free only once what the store had of the pool is given back.
    slot: OwnedSemaphorePermit,
}

/// What is left of a sandbox whose store is gone, until it is dropped or asked where the guest was.
#[derive(Debug)]
pub(crate) struct Remainder {
    memory: Remains,
    faults: Watch,
    memory_limit: u64,
    most_instances: u32,
    // Last, as above.
    slot: OwnedSemaphorePermit,
}

impl Sandbox {
    /// Makes a fresh store, as soon as one of the engine's slots is free
    /// ([`EngineConfig::concurrency`](crate::EngineConfig::concurrency)). The wait is not counted against the limits.
    ///
    /// # Errors
    /// [`Error::FuelNotCounted`] if the limits have fuel and the engine does not count it.
    pub async fn new(engine: &Engine, limits: &Limits, time: Time) -> Result<Self, Error> {
        check(engine, limits)?;
        Self::in_slot(engine, engine.slot().await, limits, time)
    }

    /// The same, if a slot is free now.
    ///
    /// # Errors
    /// [`Error::Busy`] if none is; [`Error::FuelNotCounted`].
    pub fn try_new(engine: &Engine, limits: &Limits, time: Time) -> Result<Self, Error> {
        check(engine, limits)?;
        Self::in_slot(engine, engine.try_slot()?, limits, time)
    }

    fn in_slot(engine: &Engine, slot: OwnedSemaphorePermit, limits: &Limits, time: Time) -> Result<Self, Error> {
        let started = Instant::now();
        let (meter, console, response) = (Meter::new(limits), Console::new(limits), Outlet::new(limits));
        let calls = Calls::new(limits);
        let state = State { meter, console, response, calls, time, now: None, first: None, seeds: 0 };
        let mut store = Store::new(engine.wasmtime(), state);
        store.limiter(|state| &mut state.meter);
        if engine.config().fuel {
            store.set_fuel(limits.fuel.unwrap_or(u64::MAX)).map_err(|error| Error::Sandbox(error.to_string()))?;
        }
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            store.data().meter.check_cpu()?;
            Ok(UpdateDeadline::Yield(1))
        });
        let transfer = limits.page.max(limits.console_bytes).max(limits.headers).max(limits.fetch_request);
        let transfer = transfer.saturating_add(TRANSFER_SLACK);
        store.set_hostcall_fuel(usize::try_from(transfer).unwrap_or(usize::MAX));
        // The contract has no resources. A guest could define some for itself, whose handles are the host's memory and
        // in no limit of ours.
        store.set_max_component_handles(0);
        Ok(Self { store, limits: limits.clone(), started, contents: None, faults: Watch::default(), slot })
    }

    /// A store over what another one's guest has left, in the slot that this had.
    pub(crate) fn over(engine: &Engine, remainder: Remainder, limits: &Limits) -> Result<Self, Error> {
        let Remainder { memory, faults, memory_limit, most_instances, slot } = remainder;
        let limits = Limits { memory: memory_limit, ..limits.clone() };
        let contents = Some(Contents::Remains(memory));
        let mut sandbox = Self { contents, faults, ..Self::in_slot(engine, slot, &limits, Time::Over)? };
        sandbox.set_most_instances(most_instances);
        Ok(sandbox)
    }

    /// Says that the sandbox is for an instance of `guest`. To be called before there is one.
    pub fn holds(&mut self, guest: &Guest) {
        self.set_most_instances(MOST_PARTS_OF_OURS);
        self.set_heap(guest.heap.as_ref().map(|heap| heap.image().clone()));
    }

    fn set_most_instances(&mut self, most: u32) {
        self.store.data_mut().meter.most_instances = most;
        // wasmtime asks the limiter how many there may be when it is set, and not again.
        self.store.limiter(|state| &mut state.meter);
    }

    /// Sets what the first memory that is made in the store holds to begin with.
    pub(crate) fn set_heap(&mut self, heap: Option<Arc<Image>>) {
        self.contents = heap.map(Contents::Heap);
    }

    /// Says what the guest may call. Without it, nothing.
    pub fn allow(&mut self, outgoing: Option<Outgoing>) {
        self.store.data_mut().calls.allow(outgoing);
    }

    /// Hands on the body of the request that is answered, as the guest reads it and up to that many bytes. Gives the number
    /// by which it is read.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn answer(&mut self, body: Box<dyn Body>, most: u64) -> u32 {
        self.store.data_mut().calls.answer(body, most)
    }

    /// Says where the guest's response goes.
    pub(crate) fn answer_to(&mut self, pieces: mpsc::Sender<Piece>) {
        self.store.data_mut().response.open(pieces);
    }

    /// Whether the guest, which says that it has answered, has.
    pub(crate) fn has_answered(&self) -> Result<(), Failure> {
        let has_answered = self.store.data().response.is_finished();
        has_answered.then_some(()).ok_or_else(|| Failure::Trapped("the guest ended without a response".into()))
    }

    /// Runs `work`, which calls into the guest, to its end or to the first limit that it meets. Dropping the future
    /// ends the guest at once.
    ///
    /// # Errors
    /// [`Failure::Exceeded`] or [`Failure::Trapped`].
    pub async fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        let cpu = self.store.data().meter.cpu.clone();
        let wall = self.limits.wall.saturating_sub(self.started.elapsed());
        let answers = self.store.data().response.is_open();
        let Self { store, contents, faults, .. } = self;
        // It stays so if `work` is dropped before it ends: then the guest's fiber ends unwatched, on its own stack.
        let mut watch = std::mem::replace(faults, Watch::unknown());
        let mut work = pin!(work(store));
        let metered = std::future::poll_fn(|context| {
            let polled = cpu.measure(|| slots::with_next(contents, || work.as_mut().poll(context)));
            watch.poll_has_ended();
            if polled.is_ready() {
                *faults = watch;
            }
            polled
        });
        match tokio::time::timeout(wall, metered).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(failure(&error, answers)),
            Err(_) => Err(Failure::exceeded(Limit::Wall)),
        }
    }

    /// Takes the store apart: what was written and what was used. The guest and its memory are gone afterwards.
    pub fn finish(self) -> (Vec<Line>, Usage) {
        let (console, usage, _) = self.take_apart(false);
        (console, usage)
    }

    /// The same after [`Sandbox::run`], whatever came of it. If a limit ended the guest, the failure gets to know where it was:
    /// another instance of `guest` is asked, if that is one which says it. What was used stays what it was when the guest
    /// was ended. See [`EngineConfig::postmortem`](crate::EngineConfig::postmortem).
    pub(crate) async fn finish_after<T>(
        self,
        result: &mut Result<T, Failure>,
        engine: &Engine,
        guest: Option<&InstancePre<State>>,
    ) -> (Vec<Line>, Usage) {
        match result {
            Ok(_) => self.finish(),
            // Boxed, as it is seldom: what is awaited is a part of this future, and of each that awaits it.
            Err(failure) => Box::pin(self.examine(failure, engine, guest)).await,
        }
    }

    /// The same of an instance of `guest`.
    pub async fn finish_with<T>(
        self,
        result: &mut Result<T, Failure>,
        engine: &Engine,
        guest: &Guest,
    ) -> (Vec<Line>, Usage) {
        self.finish_after(result, engine, guest.heap.as_ref().map(|_| &guest.app)).await
    }

    async fn examine(
        self,
        failure: &mut Failure,
        engine: &Engine,
        guest: Option<&InstancePre<State>>,
    ) -> (Vec<Line>, Usage) {
        let guest = guest.filter(|_| engine.config().postmortem);
        let autopsy = engine.config().autopsy.as_ref();
        let Failure::Exceeded { limit, stack } = failure else { return self.finish() };
        if guest.is_none() && autopsy.is_none() {
            return self.finish();
        }
        let (console, usage, remainder) = self.take_apart(true);
        if let Some(mut remainder) = remainder {
            if let Some(autopsy) = autopsy {
                autopsy.look(*limit, remainder.memory.bytes());
            }
            if let Some(guest) = guest {
                *stack = postmortem::stack(engine, remainder, guest).await;
            }
        }
        (console, usage)
    }

    /// What was written, what was used and, if it is to be kept, what the guest has left.
    fn take_apart(self, keeps: bool) -> (Vec<Line>, Usage, Option<Remainder>) {
        let Self { store, limits, started, contents, faults, slot } = self;
        // If the guest did not get to have a memory.
        drop(contents);
        let fuel = store.get_fuel().ok().map(|left| limits.fuel.unwrap_or(u64::MAX).saturating_sub(left));
        let cpu = store.data().meter.cpu.clone();
        // To drop the guest's memory is most of the work of a small render, and is the render's.
        let drop_store = || cpu.measure(|| faults.taking_apart(|| store.into_data()));
        let take = || if keeps { slots::keeping_memory(drop_store) } else { (drop_store(), None) };
        let ((state, memory), pages) = slots::changed_pages(take);
        let request_bytes = state.calls.answered_bytes();
        let (calls, calls_dropped) = state.calls.finish();
        let usage = Usage {
            wall: started.elapsed(),
            cpu: cpu.finished(),
            fuel,
            peak_memory: state.meter.peak_memory(),
            pages,
            request_bytes,
            page_bytes: state.response.sent(),
            console_bytes: state.console.bytes(),
            calls,
            calls_dropped,
        };
        let (memory_limit, most_instances) = (limits.memory, state.meter.most_instances);
        let remainder = memory.map(|memory| Remainder { memory, faults, memory_limit, most_instances, slot });
        (state.console.into_lines(), usage, remainder)
    }
}

fn check(engine: &Engine, limits: &Limits) -> Result<(), Error> {
    if limits.fuel.is_some() && !engine.config().fuel { Err(Error::FuelNotCounted) } else { Ok(()) }
}

/// Gives a guest its imports: the whole contract, and nothing else.
///
/// # Errors
/// None but a name that is defined twice in `linker`.
pub fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    contract::App::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
}

/// Tells what ended the guest, which `answers` a request or does not. Here a limit is told apart from a trap, once.
fn failure(error: &wasmtime::Error, answers: bool) -> Failure {
    if let Some(Exceeded(limit)) = error.downcast_ref() {
        return Failure::exceeded(*limit);
    }
    match error.downcast_ref() {
        Some(Trap::OutOfFuel) => return Failure::exceeded(Limit::Fuel),
        Some(Trap::StackOverflow) => return Failure::exceeded(Limit::WasmStack),
        _ => {}
    }
    // A page or a line larger than what the store lets through. wasmtime keeps the error's type to itself; the test
    // `a_page_that_the_guest_does_not_bound_is_refused_before_it_is_copied` holds the text.
    if error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted") {
        // With Wasm on the stack it was a call of the console's, or a piece of a response; without it the page.
        let in_call = error.downcast_ref::<WasmBacktrace>().is_some() && !answers;
        return Failure::exceeded(if in_call { Limit::ConsoleBytes } else { Limit::Page });
    }
    Failure::Trapped(error.root_cause().to_string())
}

impl console::Host for State {
    fn write(
        &mut self,
        level: console::Level,
        text: String,
        depth: u32,
        at: Option<console::Site>,
    ) -> wasmtime::Result<()> {
        let line = Line { level: level.into(), text, depth, at: at.map(Into::into) };
        Ok(self.console.write(line)?)
    }
}

impl response::Host for State {
    fn start(&mut self, status: u16, headers: Vec<response::Header>) -> wasmtime::Result<()> {
        self.response.start(status, headers)
    }

    async fn write(&mut self, chunk: Vec<u8>) -> wasmtime::Result<bool> {
        self.response.write(chunk).await
    }

    async fn finish(&mut self) -> wasmtime::Result<()> {
        self.response.finish().await
    }
}

impl State {
    /// A guest that is asked where it was has nothing to wait for.
    fn may_wait(&self) -> wasmtime::Result<()> {
        if self.time == Time::Over {
            Err(wasmtime::Error::msg("there is nothing to wait for any more"))
        } else {
            Ok(())
        }
    }

    /// What the machine's clock says at first; after that it goes on by the clock that nobody can set, so that a timer neither
    /// waits for a day that comes twice nor fires for one that is left out.
    fn read_clock(&mut self) -> u64 {
        let (first, at) = *self.first.get_or_insert_with(|| (self.time.now(), Instant::now()));
        if self.time == Time::Real { first.saturating_add(at.elapsed().as_nanos() as u64) } else { first }
    }
}

impl clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        // The clock stands still between sleeps whatever the guest is: one that moves measures what others do.
        let mut now = self.now.unwrap_or_else(|| self.read_clock());
        if self.time == Time::Scripted {
            now += SCRIPTED_STEP;
        }
        self.now = Some(now);
        Ok(now)
    }

    async fn sleep(&mut self, nanoseconds: u64) -> wasmtime::Result<()> {
        self.may_wait()?;
        if self.time == Time::Scripted {
            self.now = Some(self.now.unwrap_or(SCRIPTED_START).saturating_add(nanoseconds));
            return Ok(());
        }
        tokio::time::sleep(Duration::from_nanos(nanoseconds)).await;
        self.now = Some(self.read_clock());
        Ok(())
    }
}

impl outgoing::Host for State {
    fn room(&mut self) -> wasmtime::Result<u64> {
        Ok(self.calls.room())
    }

    fn start(&mut self, request: outgoing::Request) -> wasmtime::Result<Result<u32, outgoing::Error>> {
        if self.time == Time::Still {
            let why = "a bundle is built without calls: call fetch in render or in a handler, not at the top level";
            return Ok(Err(FetchError::new(FetchErrorKind::NotAllowed, why).into()));
        }
        Ok(self.calls.start(request).map_err(Into::into))
    }

    fn read(&mut self, call: u32) -> wasmtime::Result<()> {
        self.calls.read(call);
        Ok(())
    }

    fn decoded(&mut self, call: u32, bytes: u64) -> wasmtime::Result<Result<(), outgoing::Error>> {
        Ok(self.calls.decoded(call, bytes).map_err(Into::into))
    }

    fn cancel(&mut self, call: u32) -> wasmtime::Result<()> {
        self.calls.cancel(call);
        Ok(())
    }

    async fn wait(&mut self, nanoseconds: Option<u64>) -> wasmtime::Result<Option<outgoing::Event>> {
        self.may_wait()?;
        let event = self.calls.wait(nanoseconds.map(Duration::from_nanos)).await;
        if self.time != Time::Scripted {
            self.now = Some(self.read_clock());
        }
        Ok(event?)
    }
}

impl random::Host for State {
    fn seed(&mut self) -> wasmtime::Result<u64> {
        match self.time {
            Time::Real => random().map_err(|error| wasmtime::Error::msg(format!("no randomness: {error}"))),
            Time::Scripted => {
                self.seeds += 1;
                Ok(scripted_seed(self.seeds))
            }
            Time::Still | Time::Over => Ok(0),
        }
    }
}

/// The seed of that number: SplitMix64 (Steele, Lea and Flood, 2014).
fn scripted_seed(number: u64) -> u64 {
    let mut seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ (seed >> 31)
}

/// Of a generator for each thread that the system seeds: to ask the system each time takes longer.
pub(crate) fn random() -> Result<u64, SysError> {
    /// So that processes which began as copies of one another do not go on as such.
    const DRAWS: u32 = 1024;
    thread_local! {
        static GENERATOR: RefCell<Option<(StdRng, u32)>> = const { RefCell::new(None) };
    }
    GENERATOR.with_borrow_mut(|generator| {
        let (generator, left) = match generator {
            Some(seeded) if seeded.1 > 0 => seeded,
            _ => generator.insert((StdRng::try_from_rng(&mut SysRng)?, DRAWS)),
        };
        *left -= 1;
        Ok(generator.next_u64())
    })
}
