//! `dayfly leak soak`.

mod target;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use dayfly::{Bundle, EngineConfig, Failure};
use dayfly_bundler::Visit;
use dayfly_lab::{Doubt, REST, Round, Soak as Judgement, SoakVerdict, cgroup, resident};
use http::Uri;
use serde::Serialize;
use tokio::task::JoinSet;

use self::target::{App, NoPage, Target};
use crate::cache::CacheArgs;
use crate::commands::request::ROOT_URL;
use crate::commands::{build, runtime};
use crate::exit::{Exit, Mistake};
use crate::input;
use crate::report::{place, print_bytes, print_failure, print_json, print_note, printable};
use crate::units::{show_count, show_size};

/// How many times the requests that are asked for are sent at most; and how many times where so many will tell, as the slope has it.
const MOST_TIMES: [u64; 2] = [4, 16];

/// Fire many requests, in rounds with rests between, and say whether what is held at rest grows
///
/// At an app in fresh sandboxes of this process, or at any HTTP server: `--against` gives its URL, and `--pid` whose memory is
/// looked at. The memory at rest is what could not be let go of; the slope through it, by requests, has an uncertainty, and the
/// verdict is growing if zero is not within, and if the rise is no collector's delay and no allocator's doing. Exit codes: 0 flat; 1 growing; 2 a mistake in the
/// arguments, a server that does not answer, or more than a tenth of the requests failed; 3 unclear.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// An app, as `dayfly render` takes it
    #[arg(value_name = "APP.js|ENTRY|APP.wasm", required_unless_present = "against", conflicts_with = "against")]
    app: Option<PathBuf>,

    /// The URL of a server that is asked instead, such as http://127.0.0.1:3000/
    #[arg(long, value_name = "URL", requires = "pid")]
    against: Option<Uri>,

    /// The process of that server, on this machine
    #[arg(long, value_name = "PID", requires = "against")]
    pid: Option<u32>,

    /// Look at the memory of the process's control group in place of the process alone
    #[arg(long, requires = "pid")]
    cgroup: bool,

    /// Props of the renders: a file of JSON, or - for standard input [default: {}]
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    props: Option<PathBuf>,

    /// The URL that an app with a fetch handler is asked for [default: http://localhost/, for an app without render]
    #[arg(long, value_name = "URL", conflicts_with_all = ["against", "props"], value_parser = crate::commands::request::whole_url)]
    url: Option<Uri>,

    /// How many requests in all; where they leave it unclear whether it grows, up to four times as many, and up to 16 times where the
    /// slope says that those will tell
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,

    /// How many of them at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    concurrency: u64,

    /// In how many rounds those are sent
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    rounds: u64,

    /// How long the server rests after each round, such as 500ms [default: 500ms]
    #[arg(long, value_name = "TIME", value_parser = crate::units::time)]
    rest: Option<Duration>,

    /// Write a page with the chart
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,

    /// Write the chart
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    judgement: &'a Judgement,
    /// Requests that failed.
    failed: u64,
    /// Why one of them did.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
}

impl Soak {
    pub(crate) fn prints_json(&self) -> bool {
        self.json
    }

    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let mut target = match self.target(cache)? {
            Ok(target) => target,
            Err(exit) => return Ok(exit),
        };
        let runtime = runtime()?;
        if let Err(no_page) = runtime.block_on(self.first(&mut target)) {
            return self.no_page(&target, no_page);
        }
        let (judgement, failure) = runtime.block_on(self.judge(&target))?;
        let failed = judgement.rounds.iter().map(|round| round.failed).sum();
        self.write(&judgement)?;
        if self.json {
            print_json(&Report { judgement: &judgement, failed, failure: failure.as_deref() })?;
        } else {
            print_bytes(text(&judgement, failed, failure.as_deref()).as_bytes(), b"")?;
        }
        Ok(match judgement.verdict {
            // What is mostly errors says nothing of the pages.
            _ if failed > sent(&judgement) / 10 => Exit::Usage,
            SoakVerdict::Flat => Exit::Done,
            SoakVerdict::Growing => Exit::GROWING,
            SoakVerdict::Unclear => Exit::BOUNDED,
        })
    }

    fn target(&self, cache: &CacheArgs) -> Result<Result<Target, Exit>> {
        if let Some(url) = &self.against {
            if url.scheme_str() != Some("http") {
                return Err(Mistake(format!("{url} is no URL that begins with http://")).into());
            }
            return Ok(Ok(Target::server(url.clone())));
        }
        let app = self.app.as_deref().expect("clap asks for it where there is no URL");
        let built = match build::built(input::app(app)?, app, None, self.json, cache)? {
            Ok(built) => built,
            Err(exit) => return Ok(Err(exit)),
        };
        let engine = cache.engine(&EngineConfig::default())?;
        let bundle = Bundle::load(&engine, &built.bundle)?;
        let visit = match &self.url {
            Some(url) => Visit::Fetch(url.to_string()),
            None => Visit::Render(input::props(self.props.as_deref())?),
        };
        Ok(Ok(Target::App(Arc::new(App { engine, bundle, places: built.places, visit }))))
    }

    /// Asks for the first time, and so finds out whether an app has a handler and no render.
    async fn first(&self, target: &mut Target) -> std::result::Result<(), NoPage> {
        let answered = target.first().await;
        let is_missing = matches!(&answered, Err(NoPage::Failed(failure)) if matches!(**failure, Failure::Missing(_)));
        if is_missing && self.url.is_none() && self.props.is_none() && target.visits(Visit::Fetch(ROOT_URL.into())) {
            return target.first().await;
        }
        answered
    }

    /// Says why nothing can be said: not even the first request gave a page.
    fn no_page(&self, target: &Target, no_page: NoPage) -> Result<Exit> {
        match (target, no_page) {
            (Target::App(app), NoPage::Failed(mut failure)) if !self.json => {
                let frame = place(&app.places, &mut [], Some(&mut failure));
                print_failure(&failure, frame.as_deref());
                Ok(Exit::Usage)
            }
            (Target::App(app), why) => {
                let asked = match &app.visit {
                    Visit::Render(_) => String::new(),
                    Visit::Fetch(url) => format!(" for {url}, and another one may be given with --url"),
                };
                Err(Mistake(format!("the app gives no page{asked}: {why}")).into())
            }
            (Target::Server { url, .. }, why) => {
                Err(Mistake(format!("{url} does not answer with success: {why}")).into())
            }
        }
    }

    /// What all rounds say, and why a request failed, if one did.
    async fn judge(&self, target: &Target) -> Result<(Judgement, Option<String>)> {
        let started = Instant::now();
        let (mut rounds, mut failure) = (Vec::new(), None);
        let mut wanted = self.rounds;
        loop {
            failure = failure.or(self.go_on(target, started, &mut rounds, wanted).await?);
            let judgement = Judgement::judge(rounds);
            // What more rounds of the same size can make clear.
            let may_be_clear = judgement.doubt.is_some_and(|doubt| doubt != Doubt::TooFew);
            let will_tell = judgement.needed.filter(|needed| *needed <= self.requests * MOST_TIMES[1]);
            let most = self.rounds * MOST_TIMES[usize::from(will_tell.is_some())];
            if !may_be_clear || wanted >= most {
                return Ok((judgement, failure));
            }
            // No more than will tell, with some to spare.
            let telling = will_tell.map_or(most, |needed| (needed * self.rounds).div_ceil(self.requests) * 9 / 8 + 1);
            let next = (wanted * 2).min(most).min(telling.max(wanted + self.rounds.div_ceil(2)));
            if !self.json {
                let more = self.requests * (next - wanted) / self.rounds;
                let sent = show_count(sent(&judgement));
                print_note(&format!("{sent} requests leave it unclear: {} more", show_count(more)));
            }
            (rounds, wanted) = (judgement.rounds, next);
        }
    }

    /// Makes rounds until there are as many as are wanted; says why a request failed, if one did.
    async fn go_on(
        &self,
        target: &Target,
        started: Instant,
        rounds: &mut Vec<Round>,
        wanted: u64,
    ) -> Result<Option<String>> {
        let rest = self.rest.unwrap_or(REST[0]);
        let mut failure = None;
        let mut done = rounds.last().map_or(0, |round| round.requests);
        for round in rounds.len() as u64 + 1..=wanted {
            let until = self.requests * round / self.rounds;
            let watcher = Watcher::start(self.memory());
            let (failed, why) = self.round(target, until - done).await;
            failure = failure.or(why);
            let peak = watcher.finish();
            done = until;
            let mut trough = self.memory()()?;
            let rested = Instant::now();
            while rested.elapsed() < rest {
                tokio::time::sleep(REST[1]).await;
                trough = trough.min(self.memory()()?);
            }
            rounds.push(Round {
                requests: done,
                seconds: started.elapsed().as_secs_f64(),
                peak: peak.max(trough),
                trough,
                failed,
            });
            if !self.json {
                print_note(&format!("{} requests: {} at rest", show_count(done), show_size(trough)));
            }
        }
        Ok(failure)
    }

    /// Sends that many requests; gives how many failed, and why one did.
    async fn round(&self, target: &Target, requests: u64) -> (u64, Option<String>) {
        let mut tasks = JoinSet::new();
        let workers = self.concurrency.min(requests);
        for worker in 0..workers {
            let target = target.clone();
            let share = requests / workers + u64::from(worker < requests % workers);
            tasks.spawn(async move {
                let mut failures = (0, None);
                for _ in 0..share {
                    if let Err(why) = target.ask().await {
                        failures.0 += 1;
                        failures.1.get_or_insert_with(|| why.to_string());
                    }
                }
                failures
            });
        }
        let failures = tasks.join_all().await;
        (failures.iter().map(|(failed, _)| failed).sum(), failures.into_iter().find_map(|(_, why)| why))
    }

    /// What says how much memory is held.
    fn memory(&self) -> impl Fn() -> Result<u64> + Send + use<> {
        let pid = self.pid.unwrap_or_else(std::process::id);
        let by_group = self.cgroup;
        move || {
            if by_group {
                return Ok(
                    cgroup(pid).ok_or_else(|| Mistake(format!("the process {pid} has no control group of its own")))?
                );
            }
            let wrong = |error| Mistake(format!("cannot look at the memory of the process {pid}: {error}"));
            Ok(resident(pid).map_err(wrong)?)
        }
    }

    fn write(&self, judgement: &Judgement) -> Result<()> {
        let subject = match (&self.against, &self.app) {
            (Some(url), _) => url.to_string(),
            (None, app) => app.as_deref().unwrap_or(Path::new("")).display().to_string(),
        };
        let files = [
            (&self.html, judgement.html(&format!("{} requests at {subject}", sent(judgement)))),
            (&self.svg, judgement.svg()),
        ];
        for (file, text) in files {
            if let Some(file) = file {
                build::write(file, text.as_bytes())?;
            }
        }
        Ok(())
    }
}

/// How many requests were sent in all.
fn sent(judgement: &Judgement) -> u64 {
    judgement.rounds.last().map_or(0, |round| round.requests)
}

/// Looks at a memory while a round goes on.
struct Watcher {
    most: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Watcher {
    fn start(memory: impl Fn() -> Result<u64> + Send + 'static) -> Self {
        let (most, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (highest, over) = (most.clone(), is_over.clone());
        let thread = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                if let Ok(bytes) = memory() {
                    highest.fetch_max(bytes, Ordering::Relaxed);
                }
                std::thread::sleep(REST[1]);
            }
        });
        Self { most, is_over, thread }
    }

    fn finish(self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        // It reads a file and sleeps; nothing there panics.
        let _ = self.thread.join();
        self.most.load(Ordering::Relaxed)
    }
}

fn text(judgement: &Judgement, failed: u64, failure: Option<&str>) -> String {
    let troughs = || judgement.rounds.iter().map(|round| round.trough);
    let mut text = format!("{}\n", judgement.summary());
    text += &format!(
        "{}  {} to {} at rest\n",
        judgement.sparkline(),
        show_size(troughs().min().unwrap_or(0)),
        show_size(troughs().max().unwrap_or(0))
    );
    if let Some(failure) = failure {
        text += &format!("{} requests failed: {}\n", show_count(failed), printable(failure));
    }
    text
}
