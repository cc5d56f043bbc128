//! The code that bundles share: compiled once, for as long as a bundle uses it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wasmtime::Module;
use wasmtime::component::{Component, Linker};

use crate::contract::AppPre;
use crate::engine::Engine;
use crate::sandbox::{self, State};
use crate::split::{CodeId, HEAP, Split};

/// A bundle without its heap, compiled.
pub(crate) struct Shell {
    pub(crate) component: Component,
    linker: Linker<State>,
}

impl Shell {
    fn compile(engine: &Engine, split: &Split<'_>) -> wasmtime::Result<Self> {
        let component = engine.compile(&split.code, || Ok(split.shell()?))?;
        let mut linker = Linker::new(engine.wasmtime());
        sandbox::add_to_linker(&mut linker)?;
        Ok(Self { component, linker })
    }

    /// The app that the shell is with `heap`.
    pub(crate) fn with_heap(&self, heap: &Module) -> wasmtime::Result<AppPre<State>> {
        let mut linker = self.linker.clone();
        linker.root().module(HEAP, heap)?;
        linker.instantiate_pre(&self.component).and_then(AppPre::new)
    }
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").finish_non_exhaustive()
    }
}

/// The shells that are in use.
#[derive(Debug, Default)]
pub(crate) struct Shells {
    by_code: Mutex<HashMap<CodeId, Arc<Mutex<Weak<Shell>>>>>,
}

impl Shells {
    /// The shell of `split`, compiled if no bundle that is loaded has the same code.
    pub(crate) fn of(&self, engine: &Engine, split: &Split<'_>) -> wasmtime::Result<Arc<Shell>> {
        let entry = {
            let mut by_code = self.by_code.lock().unwrap_or_else(PoisonError::into_inner);
            // A shell that no bundle uses any more is gone, and so is what is kept of it.
            by_code.retain(|_, shell| Arc::strong_count(shell) > 1 || shell.lock().is_ok_and(|s| s.strong_count() > 0));
            by_code.entry(split.code).or_default().clone()
        };
        // Who loads the same code meanwhile waits here, and does not compile it too.
        let mut shell = entry.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shell) = shell.upgrade() {
            return Ok(shell);
        }
        let compiled = Arc::new(Shell::compile(engine, split)?);
        *shell = Arc::downgrade(&compiled);
        Ok(compiled)
    }
}
