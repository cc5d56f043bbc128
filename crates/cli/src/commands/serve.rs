//! `dayfly serve`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use dayfly::Line;
use dayfly_bundler::Bundler;
use dayfly_server::{Config, Receipt, Server, supervisor};

use super::process::{Ends, ProcessArgs};
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

    #[command(flatten)]
    process: ProcessArgs,
}

impl Serve {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let config = self.config()?;
        if self.process.begin(&config, &[], cache.folder())? {
            return Ok(Exit::Done);
        }
        let bundler = progress::during("compiling the engine", || cache.bundler(&Bundler::config()))?;
        let engine = cache.engine(&Server::engine(&config))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let exit = runtime.block_on(async {
            let names: Vec<_> = config.tenants.keys().cloned().collect();
            let ends = Ends::listen()?;
            let server = Server::start(config, engine, &bundler, Arc::new(print))
                .await
                .map_err(|error| Mistake(error.to_string()))?;
            for name in names {
                tracing::info!(tenant = name.as_str(), "serving http://{}/{name}", server.address());
            }
            supervisor::ready();
            let first = async {
                ends.clone().come(1).await;
                supervisor::stopping();
            };
            tokio::select! {
                _ = server.run(first) => Ok(Exit::Done),
                () = ends.clone().come(2) => {
                    tracing::warn!("told to end at once: what is in flight is cut");
                    Ok(Exit::Failed)
                }
            }
        });
        // What is cut is not waited for.
        runtime.shutdown_background();
        exit
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
        Ok(config)
    }
}

/// As the XDG base directory specification has it.
fn default_state() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("dayfly/examples"))
}

fn print(receipt: &Receipt, _console: &[Line]) {
    let Receipt { id, tenant, outcome, status, method, path, took, .. } = receipt;
    let tenant = tenant.as_ref().map_or("-", |tenant| tenant.as_str());
    print_note(&format!("{id} {tenant} {method} {path} {status} {outcome} in {}", show_time(*took)));
}
