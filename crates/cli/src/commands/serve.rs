//! `dayfly serve`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use dayfly::EngineConfig;
use dayfly_bundler::Bundler;
use dayfly_server::{Config, Handle, Loaded, Otlp, Override, Problems, Reloaded, Server, needs, supervisor};

use super::process::{Ends, ProcessArgs};
use crate::cache::CacheArgs;
use crate::exit::{Exit, Mistake};
use crate::mistakes::{print_doubt, print_mistakes};
use crate::printer::Printer;
use crate::report::print_bytes;
use crate::{heaps, progress};

/// Serve the apps of many tenants over HTTP
///
/// Each request is answered in a fresh sandbox, within its tenant's limits and in its tenant's turn. Without a configuration the
/// built-in examples are served.
///
/// What the flags set holds over the environment, which holds over the file: DAYFLY_SERVER__LISTEN sets server.listen, and
/// DAYFLY_TENANT__SHOP__LIMITS__JS_STACK sets tenant.shop.limits.js-stack. CONFIGURATION.md describes every key. SIGHUP reads the
/// configuration again; one with mistakes changes nothing.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration, a file of TOML
    #[arg(value_name = "CONFIG.toml")]
    config: Option<PathBuf>,

    /// Check the configuration, and serve nothing
    #[arg(long)]
    check: bool,

    /// Where to listen; port 0 is a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,

    /// The folder of what outlives the process [default: below $XDG_STATE_HOME/dayfly or ~/.local/state/dayfly]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,

    /// Keep the heaps of renders that a limit ended in this folder: the latest eight, as DevTools and memlab read them, without
    /// the contents of their strings
    #[arg(long, value_name = "FOLDER")]
    keep_heaps: Option<PathBuf>,

    /// Where the admin API listens, or off [default: 127.0.0.1:9090, or a free port there if that one is taken]
    ///
    /// `dayfly tenant`, `deploy`, `rollback`, `logs` and `top` find it by themselves.
    #[arg(long, value_name = "ADDRESS:PORT|off")]
    admin: Option<String>,

    /// A file of tokens of the admin API, as `dayfly tenant token` writes it; read again when it changes
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,

    /// Set a key of the configuration, such as tenant.shop.limits.memory=64MiB
    #[arg(long, value_name = "KEY=VALUE", value_parser = Override::set)]
    set: Vec<Override>,

    #[command(flatten)]
    process: ProcessArgs,
}

impl Serve {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let Loaded { config, warnings } = match self.load() {
            Ok(loaded) => loaded,
            Err(Problems(mistakes)) => {
                print_mistakes(&mistakes);
                return Ok(Exit::Usage);
            }
        };
        warnings.iter().for_each(print_doubt);
        if self.check {
            print_bytes(b"ok", b"\n")?;
            return Ok(Exit::Done);
        }
        let lacking = needs::lacking(&config);
        if !lacking.is_empty() {
            return Err(Mistake(lacking.join("\n")).into());
        }
        let written = cache.folder().into_iter().chain(self.keep_heaps.clone());
        if self.process.begin(&config, self.config.as_deref(), written)? {
            return Ok(Exit::Done);
        }
        let bundler = progress::during("compiling the engine", || cache.bundler(&Bundler::config()))?;
        let autopsy = self.keep_heaps.clone().map(heaps::in_folder).transpose()?;
        let engine = cache.engine(&EngineConfig { autopsy, ..Server::engine(&config) })?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let exit = runtime.block_on(async {
            // Before anybody can send one, which would end the process.
            let (ends, hangups) = (Ends::listen()?, Hangups::new()?);
            let names: Vec<_> = config.tenants.keys().cloned().collect();
            let note = config.state.join("admin.json");
            let (printer, printed) = Printer::start()?;
            let server = Server::start(config, engine, Arc::new(bundler), printer)
                .await
                .map_err(|error| Mistake(error.to_string()))?;
            for (scheme, address) in [("http", plain_address(&server)), ("https", server.tls_address())] {
                let Some(address) = address else { continue };
                for name in &names {
                    tracing::info!(tenant = name.as_str(), "serving {scheme}://{address}/{name}");
                }
            }
            if let Some(admin) = server.admin() {
                tracing::info!("the admin API is at http://{admin}, and its token in {}", note.display());
            }
            supervisor::ready();
            let handle = server.handle();
            let first = ends.clone().come(1);
            let serving = tokio::spawn(server.run(async {
                first.await;
                supervisor::stopping();
            }));
            tokio::select! {
                served = serving => {
                    served?;
                    printed.wait();
                    Ok(Exit::Done)
                }
                () = self.reload_when_told(hangups, &handle) => Ok(Exit::Done),
                () = ends.come(2) => {
                    tracing::warn!("told to end at once: what is in flight is cut");
                    Ok(Exit::Failed)
                }
            }
        });
        // What is cut is not waited for.
        runtime.shutdown_background();
        exit
    }

    fn load(&self) -> Result<Loaded, Problems> {
        let mut overrides = Override::variables(std::env::vars_os())?;
        let flag = |flag, key, value: String| Override::flag(flag, key, &value);
        overrides.extend(self.listen.clone().map(|listen| flag("--listen", "server.listen", listen)));
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        overrides.extend(self.state.as_ref().map(path).map(|state| flag("--state", "server.state", state)));
        overrides.extend(self.admin.clone().map(|admin| flag("--admin", "admin.listen", admin)));
        overrides.extend(self.tokens.as_ref().map(path).map(|tokens| flag("--tokens", "admin.tokens", tokens)));
        overrides.extend(self.set.iter().cloned());
        let [server, examples] = default_states();
        let state = if self.config.is_some() { server } else { examples };
        let mut loaded = Config::load(self.config.as_deref(), &overrides, state)?;
        loaded.config.otlp = loaded.config.otlp.or_else(Otlp::from_env);
        if self.config.is_none() {
            loaded.config = loaded.config.with_examples();
        }
        Ok(loaded)
    }

    /// Reads the configuration again at each SIGHUP, for ever.
    async fn reload_when_told(&self, mut hangups: Hangups, handle: &Handle) {
        loop {
            hangups.next().await;
            supervisor::reloading();
            // What has renamed log files says so by this signal too.
            handle.reopen();
            if let Err(mistakes) = self.reload(handle).await {
                mistakes.iter().for_each(|mistake| tracing::error!("{mistake}"));
                tracing::warn!("what was served before goes on");
            }
            supervisor::ready();
        }
    }

    /// Reads the configuration again, and has it served. Otherwise it says what is wrong.
    async fn reload(&self, handle: &Handle) -> Result<(), Vec<String>> {
        let loaded = tokio::task::block_in_place(|| self.load()).map_err(|Problems(mistakes)| {
            handle.refused();
            mistakes.iter().map(ToString::to_string).collect::<Vec<_>>()
        })?;
        loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let reloaded = handle.reload(loaded.config).await;
        let reloaded = reloaded.map_err(|error| error.to_string().lines().map(str::to_owned).collect::<Vec<_>>())?;
        note_reloaded(&reloaded);
        Ok(())
    }
}

/// SIGHUPs as they come; never, where there are none.
struct Hangups {
    #[cfg(unix)]
    signals: tokio::signal::unix::Signal,
}

impl Hangups {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if self.signals.recv().await.is_some() {
            return;
        }
        std::future::pending().await
    }
}

/// Where plain HTTP is served, if it is.
fn plain_address(server: &Server) -> Option<std::net::SocketAddr> {
    Some(server.address()).filter(|address| server.tls_address() != Some(*address))
}

/// The folders of state by default, with a configuration and without one: as the XDG base directory specification has it.
pub(crate) fn default_states() -> [Option<PathBuf>; 2] {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    ["server", "examples"].map(|name| Some(state.as_ref()?.join("dayfly").join(name)))
}

/// What was changed, in the log.
fn note_reloaded(reloaded: &Reloaded) {
    let Reloaded { added, changed, removed, deployed, needs_restart, .. } = reloaded;
    let mut parts = Vec::new();
    for (what, names) in [("added", added), ("changed", changed), ("removed", removed), ("deployed", deployed)] {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| name.as_str()).collect();
            parts.push(format!("{what} {}", names.join(", ")));
        }
    }
    let parts = if parts.is_empty() { "no tenant has changed".into() } else { parts.join("; ") };
    tracing::info!("the configuration was read again: {parts}");
    if !needs_restart.is_empty() {
        tracing::warn!("these keys hold from the next start on: {}", needs_restart.join(", "));
    }
}
