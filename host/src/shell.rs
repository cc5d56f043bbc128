//! The code that bundles share: compiled once.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, Weak};

use wasmtime::Module;
use wasmtime::component::{Component, Linker};

use crate::bundle::{Linked, check_size};
use crate::engine::Engine;
use crate::locked::locked;
use crate::sandbox::{self, State};
use crate::slots::Bases;
use crate::split::{Code, CodeId, HEAP, MemorySize, Split};

/// A bundle without its heap, compiled.
pub(crate) struct Shell {
    /// What the next bundle's code is compared with.
    code: Code<'static>,
    pub(crate) component: Component,
    linker: Linker<State>,
    pub(crate) bases: Bases,
    /// The app with memories of the sizes that were asked for last, the last one last.
    apps: Mutex<VecDeque<(MemorySize, Linked)>>,
}

impl Shell {
    fn compile(engine: &Engine, id: &CodeId, split: &Split<'_>) -> wasmtime::Result<Self> {
        check_size(split.component())?;
        let component = engine.compile(id, || Ok(split.shell()?))?;
        let mut linker = Linker::new(engine.wasmtime());
        sandbox::add_to_linker(&mut linker)?;
        Ok(Self { code: split.code.to_owned(), component, linker, bases: Bases::default(), apps: Mutex::default() })
    }

    /// The app that the shell is with a memory of that size.
    pub(crate) fn with_memory(&self, engine: &Engine, size: MemorySize) -> wasmtime::Result<Linked> {
        let mut apps = locked(&self.apps);
        if let Some((_, app)) = apps.iter().find(|(known, _)| *known == size) {
            return Ok(app.clone());
        }
        let memory = Module::from_binary(engine.wasmtime(), &size.module())?;
        let mut linker = self.linker.clone();
        linker.root().module(HEAP, &memory)?;
        let app = linker.instantiate_pre(&self.component).and_then(Linked::new)?;
        if apps.len() == SIZES_KEPT {
            apps.pop_front();
        }
        apps.push_back((size, app.clone()));
        Ok(app)
    }
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").finish_non_exhaustive()
    }
}

/// How many sizes of memory a shell remembers: small apps have one of a few.
const SIZES_KEPT: usize = 32;

/// How many shells are kept though no bundle may use them just now: deploys bring a new engine beside the old one.
const KEPT: usize = 4;

/// The shells that are in use, and those that were last.
#[derive(Debug, Default)]
pub(crate) struct Shells {
    by_code: Mutex<HashMap<CodeId, Arc<Mutex<Weak<Shell>>>>>,
    /// The ones that were asked for last, the last one last.
    recent: Mutex<VecDeque<Arc<Shell>>>,
}

impl Shells {
    /// The shell of `split`, compiled if no bundle that is loaded, or was lately, has the same code.
    pub(crate) fn of(&self, engine: &Engine, split: &Split<'_>) -> wasmtime::Result<Arc<Shell>> {
        if let Some(shell) = self.known(split) {
            self.keep(&shell);
            return Ok(shell);
        }
        let id = split.code.id();
        // Who loads the same code meanwhile waits here, and does not compile it too.
        let entry = self.entry(id);
        let mut entry = locked(&entry);
        let shell = match entry.upgrade() {
            Some(shell) => shell,
            None => Arc::new(Shell::compile(engine, &id, split)?),
        };
        *entry = Arc::downgrade(&shell);
        self.keep(&shell);
        Ok(shell)
    }

    fn known(&self, split: &Split<'_>) -> Option<Arc<Shell>> {
        let recent = locked(&self.recent).clone();
        recent.into_iter().rev().find(|shell| shell.code == split.code)
    }

    fn entry(&self, code: CodeId) -> Arc<Mutex<Weak<Shell>>> {
        let mut by_code = locked(&self.by_code);
        // A shell that nobody has any more is gone, and so is what is noted of it; one that is being compiled is held.
        by_code.retain(|_, entry| {
            Arc::strong_count(entry) > 1 || entry.try_lock().map_or(true, |shell| shell.strong_count() > 0)
        });
        by_code.entry(code).or_default().clone()
    }

    fn keep(&self, shell: &Arc<Shell>) {
        let mut recent = locked(&self.recent);
        recent.retain(|kept| !Arc::ptr_eq(kept, shell));
        recent.push_back(shell.clone());
        if recent.len() > KEPT {
            recent.pop_front();
        }
    }
}
