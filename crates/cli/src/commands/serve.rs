//! `dayfly serve`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use dayfly::Line;
use dayfly_bundler::Bundler;
use dayfly_server::{Config, Receipt, Server};

use crate::cache::CacheArgs;
use crate::exit::{Exit, Mistake};
use crate::progress;
use crate::report::print_note;
use crate::units::show_time;

/// Serve the apps of many tenants over HTTP
///
/// Each request is answered in a fresh sandbox, within its tenant's limits and in its tenant's turn. Without arguments the built-in
/// examples are served.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 is a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<std::net::SocketAddr>,

    /// The folder of what outlives the process [default: $XDG_STATE_HOME/dayfly/examples or ~/.local/state/dayfly/examples]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,

    /// Where the admin API listens, or off [default: 127.0.0.1:9090, or a free port there if that one is taken]
    ///
    /// `dayfly tenant`, `deploy`, `rollback`, `logs` and `top` find it by themselves if they are given the same --state.
    #[arg(long, value_name = "ADDRESS:PORT|off", value_parser = admin)]
    admin: Option<AdminAddress>,

    /// A file of tokens of the admin API, as `dayfly tenant token` writes it; read again when it changes
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
}

/// Where the admin API listens, if anywhere.
#[derive(Clone, Copy, Debug)]
struct AdminAddress(Option<std::net::SocketAddr>);

fn admin(text: &str) -> Result<AdminAddress, String> {
    if text == "off" {
        return Ok(AdminAddress(None));
    }
    text.parse()
        .map(|address| AdminAddress(Some(address)))
        .map_err(|_| "write an address and a port, such as 127.0.0.1:9090, or off".into())
}

impl Serve {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let config = self.config()?;
        let bundler = progress::during("compiling the engine", || cache.bundler(&Bundler::config()))?;
        let engine = cache.engine(&Server::engine(&config))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let names: Vec<_> = config.tenants.keys().cloned().collect();
            let note = config.state.join("admin.json");
            let server = Server::start(config, engine, Arc::new(bundler), Arc::new(print))
                .await
                .map_err(|error| Mistake(error.to_string()))?;
            for name in names {
                print_note(&format!("serving http://{}/{name}", server.address()));
            }
            if let Some(admin) = server.admin() {
                print_note(&format!("the admin API is at http://{admin}, and its token in {}", note.display()));
            }
            server.run(interrupted()).await;
            Ok(Exit::Done)
        })
    }

    fn config(&self) -> Result<Config> {
        let state = match &self.state {
            Some(state) => state.clone(),
            None => default_state()
                .ok_or_else(|| Mistake("there is no home folder: --state FOLDER names a folder of state".into()))?,
        };
        let mut config = Config::new(state).with_examples();
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let Some(AdminAddress(admin)) = self.admin {
            config.admin = admin;
        }
        config.tokens = self.tokens.clone();
        Ok(config)
    }
}

/// As the XDG base directory specification has it.
pub(crate) fn default_state() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("dayfly/examples"))
}

/// Over with Ctrl-C or SIGTERM.
async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = interrupt.await;
}

fn print(receipt: &Receipt, _console: &[Line]) {
    let Receipt { id, tenant, outcome, status, method, path, took, .. } = receipt;
    let tenant = tenant.as_ref().map_or("-", |tenant| tenant.as_str());
    print_note(&format!("{id} {tenant} {method} {path} {status} {outcome} in {}", show_time(*took)));
}
