//! `dayfly dev`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use dayfly::EngineConfig;
use dayfly_bundler::Bundler;
use dayfly_dev::{Dev as Served, Event, Problem};
use tokio::sync::mpsc;

use super::limits::LimitArgs;
use super::outgoing::OutgoingArgs;
use crate::cache::CacheArgs;
use crate::exit::{Exit, Mistake};
use crate::progress;
use crate::report::{print_console, print_note, print_notices, print_problem, print_warnings};
use crate::units::show_time;

/// Serve an app on this machine while you write it
///
/// Builds the app, answers each request in a fresh sandbox, and builds it anew when a file changes that it was built from. Pages
/// in a browser are reloaded, and show over themselves what is wrong: with the sources, while the last good build goes on, or
/// with a request. Console lines go to standard error. Ctrl-C ends it.
///
/// Only this machine is served, by its own names: localhost, 127.0.0.1, [::1]. An app without a `fetch` handler renders its page
/// at every path. `process.env.NODE_ENV` is `development` in sources that are bundled.
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// JavaScript, or the entry of an app's sources: `dayfly build --help` says what is one
    #[arg(value_name = "APP.js|ENTRY")]
    entry: PathBuf,

    /// The port; 0 for a free one
    #[arg(long, value_name = "N", default_value_t = 3000)]
    port: u16,

    /// The argument of the app's `render`: a file of JSON. With it, the app is rendered even if it has a handler
    #[arg(long, value_name = "FILE")]
    props: Option<PathBuf>,

    /// What the app's `fetch` handler gets as `env`: a file with a JSON object
    #[arg(long, value_name = "FILE", conflicts_with = "props")]
    env: Option<PathBuf>,

    #[command(flatten)]
    outgoing: OutgoingArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

impl Dev {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        if self.entry.extension().is_some_and(|extension| extension == "wasm") {
            let entry = self.entry.display();
            return Err(Mistake(format!("{entry} is Wasm already: give the JavaScript that it is built from")).into());
        }
        dayfly_sources::check(&self.entry)?;
        let bundler = progress::during("compiling the engine", || cache.bundler(&Bundler::config()))?;
        let engine = cache.engine(&EngineConfig { concurrency: 16, ..self.limits.engine_of_given() })?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(self.serve(bundler, engine));
        // A bundler that is running may go on: nobody waits for it.
        runtime.shutdown_background();
        served.map(|()| Exit::Done)
    }

    async fn serve(self, bundler: Bundler, engine: dayfly::Engine) -> Result<()> {
        let (port, listeners) = dayfly_dev::listen(self.port)
            .await
            .map_err(|error| Mistake(format!("{error}; --port 3001 takes another one")))?;
        print_note(&format!("serving http://localhost:{port}/ (Ctrl-C ends it)"));
        let (events, mut news) = mpsc::channel(64);
        let (limits, outgoing) = (self.limits.limits(), self.outgoing.outgoing()?);
        let dev = Served { entry: self.entry, props: self.props, env: self.env, limits, outgoing };
        let interrupted = async {
            // Without a handler for it, the signal ends the process all the same.
            let _ = tokio::signal::ctrl_c().await;
        };
        let serve = dayfly_dev::serve(listeners, dev, bundler, engine, events, interrupted);
        tokio::pin!(serve);
        loop {
            tokio::select! {
                () = &mut serve => return Ok(()),
                Some(event) = news.recv() => print(event),
            }
        }
    }
}

fn print(event: Event) {
    match event {
        Event::Built { took, warnings, notices: (notices, dropped), console } => {
            print_warnings(&warnings);
            print_console(&console);
            print_notices(&notices, dropped);
            print_note(&format!("built in {}", show_time(took)));
        }
        Event::Broken { problem, console } => {
            print_console(&console);
            show(&problem);
        }
        Event::Answered { method, path, status, took, console, problem } => {
            print_console(&console);
            problem.iter().for_each(show);
            print_note(&format!("{method} {path} {status} in {}", show_time(took)));
        }
        Event::Unwatched { why } => print_note(&format!("changes of some files are not seen: {why}")),
        _ => {}
    }
}

fn show(Problem { title, frame, detail }: &Problem) {
    print_problem(title, [frame.as_deref(), detail.as_deref()]);
}
