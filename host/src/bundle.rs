//! An app that is ready to render.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use sha2::{Digest, Sha256};
use wasmparser::{Instance, Parser, Payload};
use wasmtime::Store;
use wasmtime::component::types::{self, ComponentItem};
use wasmtime::component::{Component, ComponentNamedList, Instance as AppInstance, InstancePre, Lift, Linker, Lower};

use crate::contract::handler::Request;
use crate::contract::renderer::{Bounds, Failure, Page};
use crate::contract::{HANDLER, IMPORTS, RENDERER, handler, renderer};
use crate::engine::Engine;
use crate::error::Error;
use crate::outgoing::Outgoing;
use crate::sandbox::{self, State};
use crate::shell::Shell;
use crate::slots::{Heap, Image};
use crate::split::{HEAP, Split};

/// One app: checked, compiled and linked once, instantiated for every render. Cheap to clone.
#[derive(Clone)]
pub struct Bundle {
    id: BundleId,
    app: Linked,
    /// What is left of it if it could be taken apart.
    parts: Option<Parts>,
    /// Whether it runs code of its own when it is instantiated.
    starts: bool,
    memory: u64,
    outgoing: Option<Outgoing>,
}

/// An app whose imports are tied.
#[derive(Clone)]
pub(crate) struct Linked {
    instances: InstancePre<State>,
    /// Where its exports are. Of an instance only those are looked up that are called, as the types are compared each time.
    renderer: renderer::GuestIndices,
    handler: handler::GuestIndices,
}

impl Linked {
    pub(crate) fn new(instances: InstancePre<State>) -> wasmtime::Result<Self> {
        let (renderer, handler) = (renderer::GuestIndices::new(&instances)?, handler::GuestIndices::new(&instances)?);
        Ok(Self { instances, renderer, handler })
    }
}

#[derive(Clone)]
struct Parts {
    heap: Arc<Heap>,
    /// The code that it shares with others. Kept, so that the next bundle finds it.
    _shell: Arc<Shell>,
}

impl Bundle {
    /// Checks, compiles and links a bundle: a Wasm component in binary form.
    ///
    /// The first bundle of a JavaScript engine takes about a second of processor time, in which its code is compiled;
    /// the next ones, which share it, take a millisecond or two. So an async program calls it from `spawn_blocking`. The bytes
    /// are validated and never trusted; text, precompiled code and bytecode are refused.
    ///
    /// # Errors
    /// [`Error::BundleTooLarge`]; [`Error::NotABundle`] if the bytes are no valid component, import anything that
    /// `wit/` does not name, or do not export a renderer and a handler; [`Error::NoRoom`].
    pub fn load(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        let (size, most) = (bytes.len() as u64, engine.config().bundle);
        if size > most {
            return Err(Error::BundleTooLarge { size, most });
        }
        check_kind(bytes)?;
        thread::scope(|scope| {
            // Half of what a bundle of 11 MiB takes, once its code is known: so it is done beside the rest.
            let digest = thread::Builder::new().spawn_scoped(scope, || BundleId::of(bytes));
            let id = || match digest {
                Ok(digest) => digest.join().expect("a digest does not panic"),
                Err(_) => BundleId::of(bytes),
            };
            if engine.config().share_code
                && let Ok(split) = Split::new(bytes)
                && let Ok(shell) = engine.shells().of(engine, &split)
            {
                return Self::share(engine, id, shell, &split);
            }
            let id = id();
            let app = load_whole(engine, id, bytes)?;
            Ok(Self { id, app, parts: None, starts: starts(bytes), memory: bytes.len() as u64, outgoing: None })
        })
    }

    /// The shell of its code, with its heap.
    fn share(
        engine: &Engine,
        id: impl FnOnce() -> BundleId,
        shell: Arc<Shell>,
        split: &Split<'_>,
    ) -> Result<Self, Error> {
        check_contract(engine, &shell.component, Some(HEAP))?;
        let app = shell.with_memory(engine, split.heap.memory).map_err(not_a_bundle)?;
        let image = Image::new(split.heap.data.iter().copied(), &shell.bases).map_err(Error::NoRoom)?;
        let memory = image.memory();
        let heap = Heap::new(image, engine.slots());
        Ok(Self {
            id: id(),
            app,
            parts: Some(Parts { heap: Arc::new(heap), _shell: shell }),
            starts: false,
            memory,
            outgoing: None,
        })
    }

    /// The same app, which may call what `outgoing` allows. By default an app may call nothing.
    pub fn with_outgoing(self, outgoing: Outgoing) -> Self {
        Self { outgoing: Some(outgoing), ..self }
    }

    pub(crate) fn outgoing(&self) -> Option<Outgoing> {
        self.outgoing.clone()
    }

    /// Bytes of memory that the bundle takes while it is loaded and no render runs. What it shares with bundles that were
    /// loaded before it, machine code and parts of the heap, is not in it.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Whether it shares its machine code with other bundles. One that does not was built by another tool, or
    /// [`EngineConfig::share_code`](crate::EngineConfig::share_code) is off.
    pub fn shares_code(&self) -> bool {
        self.parts.is_some()
    }

    /// What the memory of its renders is to hold; one that is left whole writes that itself.
    pub(crate) fn heap(&self) -> Option<Arc<Image>> {
        self.parts.as_ref().map(|parts| parts.heap.image().clone())
    }

    /// What says where the app was when a limit ended it: a bundle whose instances write no data to their memory when
    /// they are made.
    pub(crate) fn postmortem(&self) -> Option<&InstancePre<State>> {
        self.parts.as_ref().map(|_| &self.app.instances)
    }

    /// The app in a fresh store, to render a page.
    pub(crate) async fn renderer(&self, store: &mut Store<State>) -> wasmtime::Result<renderer::Guest> {
        let instance = self.instantiate(&mut *store).await?;
        self.app.renderer.load(store, &instance)
    }

    /// The app in a fresh store, to answer a request.
    pub(crate) async fn handler(&self, store: &mut Store<State>) -> wasmtime::Result<handler::Guest> {
        let instance = self.instantiate(&mut *store).await?;
        self.app.handler.load(store, &instance)
    }

    async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<AppInstance> {
        // Without code of its own that runs here, what this takes in fuel is the writing of data, which depends on how the
        // bundle was loaded: so it is free.
        let fuel = store.get_fuel().ok().filter(|_| !self.starts);
        if fuel.is_some() {
            store.set_fuel(u64::MAX)?;
        }
        let instance = self.app.instances.instantiate_async(&mut *store).await;
        if let Some(fuel) = fuel {
            store.set_fuel(fuel)?;
        }
        instance
    }

    /// The digest of the bundle's bytes.
    pub fn id(&self) -> BundleId {
        self.id
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Which bundle it is: the SHA-256 of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId([u8; 32]);

impl BundleId {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest that has these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

/// In hexadecimal, 64 digits.
impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A text that is no digest of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no bundle's digest, which has 64 digits of hexadecimal")]
pub struct NotABundleId(String);

impl FromStr for BundleId {
    type Err = NotABundleId;

    fn from_str(text: &str) -> Result<Self, NotABundleId> {
        let wrong = || NotABundleId(text.chars().take(80).collect());
        let mut id = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(id))
    }
}

impl fmt::Debug for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BundleId({self})")
    }
}

/// The first eight bytes tell the kinds of Wasm apart; a clear word beats the validator's for what is likely.
fn check_kind(bytes: &[u8]) -> Result<(), Error> {
    let why = match bytes.get(..8) {
        Some(b"\0asm\x0d\0\x01\0") => return Ok(()),
        Some(b"\0asm\x01\0\0\0") => "it is a core Wasm module, and a bundle is a component",
        Some([b'\x7f', b'E', b'L', b'F', ..]) => "it is native or precompiled code, which is never loaded",
        _ if bytes.is_empty() => "it is empty",
        _ => "it is no Wasm component; JavaScript is built into one with `dayfly build`",
    };
    Err(Error::NotABundle(why.into()))
}

/// Compiles the bundle as it stands.
fn load_whole(engine: &Engine, id: BundleId, bytes: &[u8]) -> Result<Linked, Error> {
    check_size(bytes)?;
    let component = engine.compile(&id.0, || Ok(bytes)).map_err(not_a_bundle)?;
    if let Some(resources) = component.resources_required() {
        let (memories, tables) = (resources.num_memories, resources.num_tables);
        if memories > sandbox::MOST_MEMORIES {
            return Err(Error::NotABundle(format!("it has {memories} memories, and a bundle has one")));
        }
        if tables > sandbox::MOST_PARTS {
            let most = sandbox::MOST_PARTS;
            return Err(Error::NotABundle(format!("it has {tables} tables, and a bundle has at most {most}")));
        }
    }
    check_contract(engine, &component, None)?;
    let mut linker = Linker::new(engine.wasmtime());
    sandbox::add_to_linker(&mut linker).map_err(not_a_bundle)?;
    linker.instantiate_pre(&component).and_then(Linked::new).map_err(not_a_bundle)
}

/// Bounds what the host keeps for each instance of the bundle's modules, which is in no limit of a render: some 32 bytes
/// for each of these.
pub(crate) fn check_size(bytes: &[u8]) -> Result<(), Error> {
    const MOST: u32 = 32_768;
    let (mut parts, mut instances) = (0_u32, 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        // What is no component the compiler says better.
        let Ok(payload) = payload else { return Ok(()) };
        parts = parts.saturating_add(match payload {
            Payload::FunctionSection(section) => section.count(),
            Payload::GlobalSection(section) => section.count(),
            Payload::ImportSection(section) => section.count(),
            Payload::ElementSection(section) => section.count(),
            Payload::TagSection(section) => section.count(),
            Payload::InstanceSection(section) => {
                let of_modules = |instance: &_| matches!(instance, Ok(Instance::Instantiate { .. }));
                instances = instances.saturating_add(section.into_iter().filter(of_modules).count() as u32);
                0
            }
            _ => 0,
        });
    }
    let most = sandbox::MOST_PARTS;
    if instances > most {
        return Err(Error::NotABundle(format!(
            "it has {instances} instances of modules, and a bundle has at most {most}"
        )));
    }
    if parts > MOST {
        return Err(Error::NotABundle(format!(
            "its modules have {parts} functions, globals, imports and the like, and a bundle has at most {MOST}"
        )));
    }
    Ok(())
}

fn starts(bytes: &[u8]) -> bool {
    let is_start =
        |payload| matches!(payload, Ok(Payload::StartSection { .. } | Payload::ComponentStartSection { .. }));
    Parser::new(0).parse_all(bytes).any(is_start)
}

/// `heap` is what a shell imports beside the contract, and a bundle may not.
fn check_contract(engine: &Engine, component: &Component, heap: Option<&str>) -> Result<(), Error> {
    let ty = component.component_type();
    for (name, _) in ty.imports(engine.wasmtime()) {
        if !IMPORTS.contains(&name) && Some(name) != heap {
            let allowed = IMPORTS.join(", ");
            return Err(Error::NotABundle(format!("it imports {name}, and a bundle imports nothing but {allowed}")));
        }
    }
    check_export::<(&str, Option<Bounds>), (Result<Page, Failure>,)>(engine, &ty, RENDERER, "render")?;
    check_export::<(Request, Option<Bounds>), (Result<(), Failure>,)>(engine, &ty, HANDLER, "handle")
}

/// Checks a function's type. Otherwise it would show at the first call. wasmtime keeps `typecheck` out of its
/// documentation, and has no other way to compare types before there is an instance.
fn check_export<P, R>(engine: &Engine, ty: &types::Component, interface: &str, name: &str) -> Result<(), Error>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    let Some(export) = ty.get_export(engine.wasmtime(), interface) else {
        return Err(Error::NotABundle(format!("it does not export {interface}")));
    };
    let ComponentItem::ComponentInstance(instance) = export.ty else {
        return Err(Error::NotABundle(format!("its {interface} is no interface")));
    };
    match instance.get_export(engine.wasmtime(), name).map(|function| function.ty) {
        Some(ComponentItem::ComponentFunc(function)) => function
            .typecheck::<P, R>(&ty.instance_type())
            .map_err(|error| Error::NotABundle(format!("its {interface} has another type of {name}: {error:#}"))),
        _ => Err(Error::NotABundle(format!("its {interface} has no function {name}"))),
    }
}

fn not_a_bundle(error: wasmtime::Error) -> Error {
    Error::NotABundle(format!("{error:#}"))
}
