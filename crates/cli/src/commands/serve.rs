//! `dayfly serve`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use clap::{Args, ValueEnum};
use dayfly::{BundleId, EngineConfig};
use dayfly_bundler::Bundler;
use dayfly_server::front::{self, Front};
use dayfly_server::{
    Behind, Config, EventsTo, GroupName, Handle, Loaded, Otlp, Override, Problems, Reloaded, Server, TenantName, needs,
    supervisor,
};
use tokio::sync::{mpsc, oneshot};

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
    /// what their strings read
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

    /// Serve the tenants of each group in a process of their own, which is started anew when it ends
    ///
    /// A group is a class of trust: the key `group` of a tenant. Another process, which runs no tenant's code, has the listeners, and
    /// hands requests on.
    #[arg(long, value_name = "BY", requires = "config")]
    isolate: Option<Isolate>,

    #[command(flatten)]
    part: Part,

    #[command(flatten)]
    process: ProcessArgs,
}

/// What tenants have in common that share a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Isolate {
    TenantGroup,
}

/// Which part of a server that is several processes this one is: set by the one in front of them.
#[derive(Clone, Debug, Args)]
struct Part {
    #[arg(long, hide = true, requires_all = ["behind", "front_token"])]
    group: Option<GroupName>,
    #[arg(long, hide = true)]
    behind: Option<PathBuf>,
    #[arg(long, hide = true)]
    front_token: Option<BundleId>,
}

impl Part {
    fn of_group(self) -> Option<(GroupName, Behind)> {
        Some((self.group?, Behind { folder: self.behind?, token: self.front_token? }))
    }
}

impl Serve {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let Loaded { config, text, warnings } = match self.load() {
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
        if self.isolate.is_some() && self.part.group.is_none() {
            return self.front(config, text);
        }
        let lacking = needs::lacking(&config);
        if !lacking.is_empty() {
            return Err(Mistake(lacking.join("\n")).into());
        }
        let sockets = self.part.behind.clone();
        let keep_heaps = self.keep_heaps.clone().map(|folder| match &self.part.group {
            Some(group) => folder.join(group.as_str()),
            None => folder,
        });
        let written = cache.folder().into_iter().chain(keep_heaps.clone()).chain(sockets.clone());
        let part = sockets.as_deref().map(Behind::part);
        if self.process.begin(&config, part.as_deref().or(self.config.as_deref()), written)? {
            return Ok(Exit::Done);
        }
        let bundler = progress::during("compiling the engine", || cache.bundler(&Bundler::config()))?;
        let autopsy = keep_heaps.map(heaps::in_folder).transpose()?;
        let engine = cache.engine(&EngineConfig { autopsy, ..Server::engine(&config) })?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let exit = runtime.block_on(async {
            // Before anybody can send one, which would end the process.
            let (ends, hangups) = (Ends::listen()?, Hangups::new()?);
            let told = config.behind.as_ref().map(|_| Told::listen()).transpose()?;
            let is_behind = told.is_some();
            let names: Vec<_> = config.tenants.keys().cloned().collect();
            let note = config.state.join("admin.json");
            let (printer, printed) = Printer::start()?;
            let server = Server::start(config, engine, Arc::new(bundler), printer)
                .await
                .map_err(|error| Mistake(error.to_string()))?;
            for (scheme, address) in [("http", plain_address(&server)), ("https", server.tls_address())] {
                let Some(address) = address.filter(|_| !is_behind) else { continue };
                note_served(&names, scheme, address);
            }
            note_admin(server.admin(), &note);
            supervisor::ready();
            let handle = server.handle();
            let first = ends.clone().come(1);
            let (has_to_end, reloads) = Told::parts(told);
            let mut serving = tokio::spawn(server.run(async move {
                // What ends all processes of a service at once leaves it to the front to end this one when nobody needs it.
                tokio::select! {
                    () = first, if !is_behind => {}
                    () = has_to_end => {}
                }
                supervisor::stopping();
            }));
            tokio::select! {
                served = &mut serving => {
                    served?;
                    printed.wait();
                    Ok(Exit::Done)
                }
                () = self.reload_when_told(hangups, reloads, &handle) => Ok(Exit::Done),
                () = ends.come(2), if !is_behind => {
                    cut_short(serving).await;
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
        let text = self.part.behind.as_deref().map(Behind::part);
        let mut loaded = Config::load_part(self.config.as_deref(), text.as_deref(), &overrides, state)?;
        loaded.config.otlp = loaded.config.otlp.or_else(Otlp::from_env);
        if self.config.is_none() {
            loaded.config = loaded.config.with_examples();
        }
        if let Some((group, behind)) = self.part.clone().of_group() {
            loaded.config = loaded.config.of_group(&group, behind);
            // The front has said them.
            loaded.warnings.clear();
        }
        Ok(loaded)
    }

    /// Starts a process for each group, and serves in front of them. It keeps the right to start them.
    fn front(self, config: Config, text: String) -> Result<Exit> {
        self.process.begin_log();
        let program = std::env::current_exe()?;
        // What is written down for a process that is started again is what the groups read last.
        let text = Arc::new(Mutex::new(text));
        let read = text.clone();
        let start = move |config: &Config, group: &GroupName, behind: &Behind| {
            let text = read.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let part = config.text_of_group(&text, group).map_err(std::io::Error::other)?;
            behind.write_part(&part)?;
            let of_group = config.clone().of_group(group, behind.clone());
            if let EventsTo::File(events) = &of_group.events.to {
                events.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            }
            let mut command = Command::new(&program);
            // As this one was started, but for what is another group's.
            let is_anothers = |set: &Override| set.tenant().is_some_and(|tenant| !config.is_of(tenant, group));
            command.args(without(std::env::args_os().skip(1), &is_anothers));
            for variable in std::env::vars_os() {
                let name = variable.0.clone();
                if Override::variables([variable]).is_ok_and(|set| set.iter().any(is_anothers)) {
                    command.env_remove(name);
                }
            }
            // What is compiled by one is not run by another.
            command.env("XDG_CACHE_HOME", std::path::absolute(of_group.state.join("cache"))?);
            command.arg("--group").arg(group.as_str());
            command.arg("--behind").arg(&behind.folder).arg("--front-token").arg(behind.token.to_string());
            Ok(command)
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let exit = runtime.block_on(async {
            let (ends, hangups) = (Ends::listen()?, Hangups::new()?);
            let names: Vec<_> = config.tenants.keys().cloned().collect();
            let note = config.state.join("admin.json");
            let front = Front::start(config, Arc::new(start)).await.map_err(|error| Mistake(error.to_string()))?;
            front.addresses().into_iter().for_each(|(scheme, address)| note_served(&names, scheme, address));
            note_admin(front.admin(), &note);
            supervisor::ready();
            let handle = front.handle();
            let first = ends.clone().come(1);
            let mut serving = tokio::spawn(front.run(async {
                first.await;
                supervisor::stopping();
            }));
            let groups = Groups { handle: handle.clone(), text };
            tokio::select! {
                served = &mut serving => {
                    served?;
                    Ok(Exit::Done)
                }
                () = self.reload_when_told(hangups, Lines(None), &groups) => Ok(Exit::Done),
                () = ends.come(2) => {
                    cut_short(serving).await;
                    handle.kill();
                    Ok(Exit::Failed)
                }
            }
        });
        runtime.shutdown_background();
        exit
    }

    /// Reads the configuration again at each SIGHUP, and when the front says so, for ever.
    async fn reload_when_told(&self, mut hangups: Hangups, mut told: Lines, serving: &impl Reloads) {
        loop {
            tokio::select! {
                () = hangups.next() => {}
                () = told.next() => {}
            }
            supervisor::reloading();
            // What has renamed log files says so by this signal too.
            serving.reopen();
            if let Err(mistakes) = self.reload(serving).await {
                mistakes.iter().for_each(|mistake| tracing::error!("{mistake}"));
                tracing::warn!("what was served before goes on");
            }
            supervisor::ready();
        }
    }

    /// Reads the configuration again, and has it served. Otherwise it says what is wrong.
    async fn reload(&self, serving: &impl Reloads) -> Result<(), Vec<String>> {
        let loaded = tokio::task::block_in_place(|| self.load()).map_err(|Problems(mistakes)| {
            serving.refused();
            mistakes.iter().map(ToString::to_string).collect::<Vec<_>>()
        })?;
        loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let reloaded = serving.reload(loaded).await;
        reloaded.map_err(|error| error.lines().map(str::to_owned).collect())
    }
}

/// What a configuration that was read again is given to.
trait Reloads {
    /// Opens log files anew.
    fn reopen(&self) {}

    /// Notes that it had mistakes.
    fn refused(&self) {}

    /// Has it served, or says why not.
    async fn reload(&self, loaded: Loaded) -> Result<(), String>;
}

impl Reloads for Handle {
    fn reopen(&self) {
        self.reopen();
    }

    fn refused(&self) {
        self.refused();
    }

    async fn reload(&self, loaded: Loaded) -> Result<(), String> {
        note_reloaded(&self.reload(loaded.config).await.map_err(|error| error.to_string())?);
        Ok(())
    }
}

/// The groups behind a front, and what they read.
struct Groups {
    handle: front::Handle,
    text: Arc<Mutex<String>>,
}

impl Groups {
    /// Has the groups read another text from now on; gives the one before.
    fn give(&self, text: String) -> String {
        std::mem::replace(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner), text)
    }
}

impl Reloads for Groups {
    async fn reload(&self, loaded: Loaded) -> Result<(), String> {
        let before = self.give(loaded.text);
        if let Err(error) = self.handle.reload(loaded.config).await {
            self.give(before);
            return Err(error.to_string());
        }
        tracing::info!("the groups have read their configuration again");
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

/// What the front of a process of a group says on its standard input: a line has it read its configuration again, and the end is its
/// end.
struct Told {
    reloads: mpsc::UnboundedReceiver<()>,
    is_over: oneshot::Receiver<()>,
}

/// The lines, as they come.
struct Lines(Option<mpsc::UnboundedReceiver<()>>);

impl Lines {
    async fn next(&mut self) {
        if let Some(lines) = &mut self.0
            && lines.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

impl Told {
    fn listen() -> std::io::Result<Self> {
        let ((line, reloads), (over, is_over)) = (mpsc::unbounded_channel(), oneshot::channel());
        // Reading blocks, and cannot be broken off.
        std::thread::Builder::new().name("dayfly-told".into()).spawn(move || {
            let mut lines = std::io::stdin().lines().map_while(Result::ok);
            while lines.next().is_some() && line.send(()).is_ok() {}
            drop(over);
        })?;
        Ok(Self { reloads, is_over })
    }

    /// The end, and the lines; of one that is behind no front, never, and none.
    fn parts(told: Option<Self>) -> (impl Future<Output = ()>, Lines) {
        let (is_over, reloads) = told.map_or((None, None), |told| (Some(told.is_over), Some(told.reloads)));
        let is_over = async move {
            match is_over {
                Some(is_over) => drop(is_over.await),
                None => std::future::pending().await,
            }
        };
        (is_over, Lines(reloads))
    }
}

/// Where plain HTTP is served, if it is.
fn plain_address(server: &Server) -> Option<SocketAddr> {
    Some(server.address()).filter(|address| server.tls_address() != Some(*address))
}

/// The folders of state by default, with a configuration and without one: as the XDG base directory specification has it.
pub(crate) fn default_states() -> [Option<PathBuf>; 2] {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    ["server", "examples"].map(|name| Some(state.as_ref()?.join("dayfly").join(name)))
}

/// Arguments without the keys that are set and `is_anothers`.
fn without(
    arguments: impl Iterator<Item = OsString>,
    is_anothers: &impl Fn(&Override) -> bool,
) -> impl Iterator<Item = OsString> {
    let is_anothers = |set: &str| Override::set(set).is_ok_and(|set| is_anothers(&set));
    let mut kept: Vec<OsString> = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        if kept.last().is_some_and(|before| before == "--set") && is_anothers(&text) {
            kept.pop();
        } else if !text.strip_prefix("--set=").is_some_and(is_anothers) {
            kept.push(argument);
        }
    }
    kept.into_iter()
}

/// Breaks off what is served. It is over before the runtime is, or the drain would see its connections end with it, and
/// say that all were answered.
async fn cut_short<T>(serving: tokio::task::JoinHandle<T>) {
    tracing::warn!("told to end at once: what is in flight is cut");
    serving.abort();
    let _ = serving.await;
}

/// Where tenants are, in the log.
fn note_served(tenants: &[TenantName], scheme: &str, address: SocketAddr) {
    for name in tenants {
        tracing::info!(tenant = name.as_str(), "serving {scheme}://{address}/{name}");
    }
}

/// Where the admin API is, in the log.
fn note_admin(admin: Option<SocketAddr>, note: &Path) {
    if let Some(admin) = admin {
        tracing::info!("the admin API is at http://{admin}, and its token in {}", note.display());
    }
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
