//! What runs inside the sandbox: QuickJS by way of the `javy` crate, behind the contract of `wit/`.
//!
//! An engine lives twice. At build time the bundler calls [`load`] once: the app's top level runs, and the heap that it
//! leaves is snapshotted. From then on every render starts from that snapshot: [`render`] renews what must not be
//! frozen, calls the app, and gives its page. Nothing is cleaned up afterwards, as the whole memory is dropped.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`load`] | evaluates a source once and finds its `render` |
//! | [`render`] | one render: renew, call, wait, convert |
//! | [`handle`] | one request: call the app's `fetch` handler, hand on its response as it comes |
//! | [`run`] | code that is run for itself |
//! | [`lab`] | an app run again and again in one heap, each time in a realm of its own |
//! | [`runtime`] | makes the JavaScript runtime and its globals |
//! | [`outgoing`] | the calls that `fetch` makes |
//! | [`console`], [`clock`], [`random`], [`timers`] | the globals that lead to an import, or to none |
//! | [`inspect`] | how a value reads in a console line |
//! | [`thrown`] | an exception as the contract's record |
//! | [`postmortem`] | where the app was when a limit ended it |
//! | [`notices`] | what top-level code did that a snapshot cannot keep |
//! | [`quickjs`] | the calls into QuickJS that rquickjs does not wrap: all of the guest's `unsafe` |

mod clock;
mod console;
mod handle;
mod inspect;
mod lab;
mod load;
mod notices;
mod outgoing;
mod postmortem;
mod quickjs;
mod random;
mod render;
mod run;
mod runtime;
mod tasks;
mod thrown;
mod timers;
mod warm;
mod web;

mod contract {
    #![allow(missing_docs, reason = "generated; the documentation is in wit/")]
    wit_bindgen::generate!({ world: "engine", path: "../wit" });

    pub use dayfly::sandbox::{clock, console, outgoing, random, response};
    pub use exports::dayfly::sandbox::{handler, lab, loader, renderer, runner, warmer};
    export!(Engine);

    /// Makes the runtime and its globals, once and for all: build.sh calls it, and `engine.wasm` is what it leaves.
    #[unsafe(export_name = "wizer-initialize")]
    extern "C" fn initialize() {
        crate::load::prepare();
    }

    /// The export of the interface `postmortem`, which the world above leaves out: what is generated for an export
    /// allocates, and has its frame where those of the dead are.
    #[unsafe(export_name = "dayfly:sandbox/postmortem@0.1.0#stack")]
    extern "C" fn stack() -> *const [usize; 2] {
        crate::postmortem::stack()
    }

    /// The export of the interface `heap`: what is generated would copy the memory into itself.
    #[unsafe(export_name = "dayfly:sandbox/heap@0.1.0#memory")]
    extern "C" fn memory() -> *const [usize; 2] {
        crate::quickjs::memory()
    }

    /// The component's exports.
    struct Engine;

    impl lab::Guest for Engine {
        fn open(script: String, options: String) -> Result<(), renderer::Failure> {
            crate::lab::open(&script, &options)
        }

        fn host(source: loader::Source) -> Result<(), renderer::Failure> {
            crate::lab::host(&source)
        }

        fn run(
            app: loader::Source,
            visit: lab::Visit,
            bounds: Option<renderer::Bounds>,
        ) -> Result<lab::Visited, lab::Problem> {
            crate::lab::run(&app, visit, bounds)
        }

        fn collect() -> lab::Size {
            crate::lab::collect()
        }

        fn report() -> String {
            crate::lab::report()
        }
    }

    impl loader::Guest for Engine {
        fn load(source: loader::Source) -> Result<loader::Loaded, loader::Refusal> {
            crate::load::load(source)
        }
    }

    impl warmer::Guest for Engine {
        fn warm(props: String) -> Result<(), renderer::Failure> {
            crate::load::warm(&props)
        }
    }

    impl handler::Guest for Engine {
        fn handle(request: handler::Request, bounds: Option<renderer::Bounds>) -> Result<(), renderer::Failure> {
            crate::handle::handle(request, bounds)
        }
    }

    impl runner::Guest for Engine {
        fn run(
            sources: Vec<loader::Source>,
            importable: Vec<loader::Source>,
            bounds: Option<renderer::Bounds>,
        ) -> Result<(), renderer::Failure> {
            crate::run::run(&sources, importable, bounds)
        }
    }

    impl renderer::Guest for Engine {
        fn render(props: String, bounds: Option<renderer::Bounds>) -> Result<renderer::Page, renderer::Failure> {
            crate::render::render(&props, bounds)
        }
    }
}
