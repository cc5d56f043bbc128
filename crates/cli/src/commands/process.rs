//! The process of a server: its log, its privileges, and the signals that end it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use dayfly_server::log::{self, Format};
use dayfly_server::privilege::{Dropped, Privilege, attempts};
use dayfly_server::{App, Config, EventsTo};
use tokio::sync::watch;

use crate::report::print_note;

/// How the process of a server behaves.
#[derive(Debug, Args)]
pub(crate) struct ProcessArgs {
    /// How the log is written to standard error; text on a terminal and JSON elsewhere, if it is not said
    ///
    /// `DAYFLY_LOG=debug` makes it say more, and `DAYFLY_LOG=warn` less.
    #[arg(long, value_name = "FORMAT")]
    log: Option<LogFormat>,

    /// Keep the process's rights to all files and system calls
    ///
    /// Without it the server opens nothing but its state, its configuration with the files that it names, and the cache, and cannot
    /// start programs: by Landlock and seccomp, where the kernel has them. The key is server.process-sandbox.
    #[arg(long)]
    no_process_sandbox: bool,

    /// Drop the process's rights as for serving, say what it cannot do then, and end
    #[arg(long, hide = true)]
    check_process_sandbox: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl ProcessArgs {
    /// Begins the log.
    pub(crate) fn begin_log(&self) {
        log::begin(match self.log {
            Some(LogFormat::Text) => Format::Text,
            Some(LogFormat::Json) => Format::Json,
            None => Format::of_standard_error(),
        });
    }

    /// Begins the log, and gives up what serving does not need: of folders to write in, it keeps `written` beside those of the
    /// configuration. To be called before there are threads.
    ///
    /// True if that is all that is wanted.
    pub(crate) fn begin(
        &self,
        config: &Config,
        file: Option<&Path>,
        written: impl Iterator<Item = PathBuf>,
    ) -> Result<bool> {
        self.begin_log();
        if self.no_process_sandbox || !config.process_sandbox {
            tracing::warn!("the process keeps all its rights, as it was told to");
        } else {
            give_up(config, file, written)?;
        }
        if self.check_process_sandbox {
            for attempt in attempts() {
                print_note(&format!("{}: {}", attempt.what, attempt.error.as_deref().unwrap_or("done")));
            }
        }
        Ok(self.check_process_sandbox)
    }
}

fn give_up(config: &Config, file: Option<&Path>, written: impl Iterator<Item = PathBuf>) -> Result<()> {
    // What is to be written in has to be there, to be named to the kernel.
    let logs = config.logs.files.as_ref().map(|files| files.folder.clone());
    let mut write: Vec<_> = [config.state.clone()].into_iter().chain(written).chain(logs).collect();
    for folder in &write {
        std::fs::create_dir_all(folder)
            .map_err(|error| crate::exit::Mistake(format!("{} cannot be made: {error}", folder.display())))?;
    }
    if let EventsTo::File(events) = &config.events.to {
        // If it cannot be, the server says so when it opens it.
        let _ = std::fs::OpenOptions::new().create(true).append(true).open(events);
        write.push(folder_of(events));
    }
    let read = read_by(config, file).iter().map(|path| folder_of(path)).collect();
    let Dropped { files, calls } = Privilege { read, write }.drop();
    if let Err(why) = &files {
        tracing::warn!("files are not restricted: {why}");
    }
    if let Err(why) = &calls {
        tracing::warn!("system calls are not restricted: {why}");
    }
    tracing::info!(files = files.is_ok(), calls = calls.is_ok(), "dropped what serving does not need");
    Ok(())
}

/// The files that a configuration names, which a reload reads again.
fn read_by(config: &Config, file: Option<&Path>) -> Vec<PathBuf> {
    let apps = config.tenants.values().filter_map(|tenant| match &tenant.app {
        Some(App::File(path)) => Some(path.clone()),
        _ => None,
    });
    let tls = config.tls.iter().flat_map(|tls| [tls.certificate.clone(), tls.key.clone()]);
    let secrets = config.alarms.webhooks.iter().filter_map(|webhook| webhook.secret.clone());
    let roots = config.otlp.iter().filter_map(|otlp| otlp.roots_file.clone());
    apps.chain(tls).chain(roots).chain(secrets).chain(config.tokens.clone()).chain(file.map(Path::to_owned)).collect()
}

/// Editors and deploys put a new file in the place of an old one, so it is the folder that is kept; but no folder that holds the
/// system, as of an app in `/` or a configuration in `/etc`.
fn folder_of(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match path.parent() {
        Some(folder) if folder.components().count() > 2 => folder.to_owned(),
        _ => path,
    }
}

/// The signals that end a server: the first lets it answer what it took, the second does not.
#[derive(Clone, Debug)]
pub(crate) struct Ends(watch::Receiver<u32>);

impl Ends {
    /// Listens to SIGTERM and SIGINT (Ctrl-C) from now on.
    pub(crate) fn listen() -> Result<Self> {
        let (sender, receiver) = watch::channel(0);
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                    sender.send_modify(|count| *count += 1);
                }
            });
        }
        #[cfg(not(unix))]
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(receiver))
    }

    /// Over once so many have come.
    pub(crate) async fn come(mut self, count: u32) {
        // They are listened to for as long as the process lives.
        if self.0.wait_for(|come| *come >= count).await.is_err() {
            std::future::pending().await
        }
    }
}
