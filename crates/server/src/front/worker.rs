//! A group's process: started, told of changes, started anew when it ends.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::{UnixDatagram, UnixStream};
use tokio::process::Child;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::socket;
use crate::config::{Behind, GroupName, TenantName};
use crate::routes::Route;
use crate::server::Error;

/// How long is waited until a process that ended is started again: at first, and at most, twice as long each time.
const PAUSE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];

/// How long it may take to end, after the time that its requests may have: what is flushed.
const PATIENCE: Duration = Duration::from_secs(15);

/// A process that ran for so long has started well.
const WELL: Duration = Duration::from_secs(60);

/// A group's process. It is started anew whenever it ends, until it is told to.
pub(super) struct Worker {
    pub(super) group: GroupName,
    behind: Behind,
    is: watch::Sender<Is>,
    /// Its standard input: the end of it is the process's.
    told: Mutex<Option<ChildStdin>>,
    pid: watch::Sender<Option<u32>>,
    pub(super) restarts: AtomicU64,
    /// Requests that were refused, as it was not there.
    pub(super) refused: AtomicU64,
    is_ending: AtomicBool,
    command: Box<MakeCommand>,
}

/// Writes down what it is to serve, and gives the command that starts it.
type MakeCommand = dyn Fn() -> io::Result<Command> + Send + Sync;

/// What it is at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Is {
    Starting,
    /// So many times it has said so.
    Ready(u64),
    /// Why.
    Down(String),
}

impl Worker {
    pub(super) fn start(group: GroupName, behind: Behind, command: Box<MakeCommand>) -> Result<Arc<Self>, Error> {
        let path = socket(&behind, "notify");
        let notes = UnixDatagram::bind(&path).map_err(|cause| Error::Socket { path, cause })?;
        let worker = Arc::new(Self {
            group,
            behind,
            is: watch::Sender::new(Is::Starting),
            told: Mutex::default(),
            pid: watch::Sender::new(None),
            restarts: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            is_ending: AtomicBool::new(false),
            command,
        });
        tokio::spawn(worker.clone().keep(notes));
        Ok(worker)
    }

    /// Starts it, and again whenever it has ended.
    async fn keep(self: Arc<Self>, notes: UnixDatagram) {
        let mut pause = PAUSE[0];
        loop {
            let began = Instant::now();
            let why = match self.spawn() {
                Ok(process) => format!("its process has ended: {}", self.watch(process, &notes).await),
                Err(error) => format!("its process cannot be started: {error}"),
            };
            self.is.send_replace(Is::Down(why.clone()));
            self.pid.send_replace(None);
            if self.is_ending.load(Ordering::Acquire) {
                return;
            }
            if began.elapsed() > WELL {
                pause = PAUSE[0];
            }
            tracing::error!(group = self.group.as_str(), "{why}; it is started again in {pause:?}");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE[1]);
            if self.is_ending.load(Ordering::Acquire) {
                return;
            }
            self.restarts.fetch_add(1, Ordering::Relaxed);
            self.is.send_replace(Is::Starting);
        }
    }

    fn spawn(&self) -> io::Result<Child> {
        let mut command = (self.command)()?;
        command.env("NOTIFY_SOCKET", socket(&self.behind, "notify")).stdin(Stdio::piped());
        // What a terminal sends is for the front.
        command.process_group(0);
        // Who ends it takes away what it is told by: before there is any, or with the process to go by.
        let mut told = self.told();
        if self.is_ending.load(Ordering::Acquire) {
            return Err(io::Error::other("it is to end"));
        }
        let mut process = tokio::process::Command::from(command).spawn()?;
        let stdin = process.stdin.take().map(tokio::process::ChildStdin::into_owned_fd).transpose()?;
        *told = stdin.map(ChildStdin::from);
        self.pid.send_replace(process.id());
        Ok(process)
    }

    /// Until it has ended. Meanwhile it says what it is at.
    async fn watch(&self, mut process: Child, notes: &UnixDatagram) -> String {
        let mut note = [0; 256];
        loop {
            tokio::select! {
                length = notes.recv(&mut note) => {
                    let said = length.map(|length| String::from_utf8_lossy(&note[..length]).into_owned());
                    self.says(&said.unwrap_or_default());
                }
                ended = process.wait() => {
                    // What it said is not said by the next one.
                    while notes.try_recv(&mut note).is_ok() {}
                    return ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                }
            }
        }
    }

    fn says(&self, note: &str) {
        if note.lines().any(|line| line == "READY=1") {
            self.is.send_modify(|is| {
                let times = if let Is::Ready(times) = is { *times + 1 } else { 1 };
                *is = Is::Ready(times);
            });
        } else if note.lines().any(|line| line == "STOPPING=1") {
            self.is.send_replace(Is::Down("its process ends".into()));
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(*self.is.borrow(), Is::Ready(_))
    }

    /// Until it is ready, or has failed to become so.
    pub(super) async fn is_up(&self) -> Result<(), String> {
        let mut is = self.is.subscribe();
        let is = is.wait_for(|is| *is != Is::Starting).await;
        match is.as_deref() {
            Ok(Is::Down(why)) => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// Has it read its configuration again, and waits until it has.
    pub(super) async fn reload(&self) {
        let mut is = self.is.subscribe();
        let before = is.borrow_and_update().clone();
        if let Err(error) = (self.command)() {
            tracing::error!(group = self.group.as_str(), "what it is to serve cannot be written down: {error}");
            return;
        }
        let told = self.told().as_mut().is_some_and(|told| told.write_all(b"reload\n").is_ok());
        if let (Is::Ready(before), true) = (before, told) {
            let _ = is.wait_for(|is| !matches!(is, Is::Ready(times) if *times == before)).await;
        }
    }

    /// Has it end, and waits until it has: for as long as its requests may take, and a little longer.
    pub(super) async fn end(&self, drain: Duration) {
        self.is_ending.store(true, Ordering::Release);
        drop(self.told().take());
        if *self.is.borrow() == Is::Starting {
            // It has nothing to end yet.
            self.kill();
        }
        let mut pid = self.pid.subscribe();
        let has_ended = pid.wait_for(Option::is_none);
        if tokio::time::timeout(drain + PATIENCE, has_ended).await.is_err() {
            tracing::warn!(group = self.group.as_str(), "its process does not end, and is killed");
            self.kill();
        }
    }

    /// Ends it at once, for good.
    pub(super) fn kill(&self) {
        self.is_ending.store(true, Ordering::Release);
        if let Some(pid) = self.pid().and_then(|pid| Pid::from_raw(pid.cast_signed())) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// The process's id, while there is one.
    pub(super) fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Option<ChildStdin>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request to one of its sockets, on a connection of its own: who leaves closes it, and the process learns of that.
    pub(super) async fn send<B>(&self, name: &str, request: Request<B>) -> Result<Response<Passed>, NotSent>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        if !self.is_ready() {
            return Err(NotSent::NotThere);
        }
        let stream = UnixStream::connect(socket(&self.behind, name)).await.map_err(|_| NotSent::NotThere)?;
        let mut client = http1::Builder::new();
        client.max_headers(1024).max_buf_size(256 << 10);
        let (mut sender, connection) = client.handshake(TokioIo::new(stream)).await.map_err(NotSent::Broken)?;
        let carried = AbortOnDropHandle::new(tokio::spawn(async move { drop(connection.await) }));
        let response = sender.send_request(request).await.map_err(NotSent::Broken)?;
        Ok(response.map(|body| Passed { body, _carried: carried }))
    }

    /// Whom it serves, with their routes; none if it does not say so.
    pub(super) async fn tenants(&self, token: &str) -> Option<Vec<(TenantName, Vec<Route>)>> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let request = Request::get(format!("/v1/tenants?limit=10000{after}"));
            let request = request.header("host", "localhost").header("authorization", format!("Bearer {token}"));
            let response = self.send(Behind::ADMIN, request.body(Empty::<Bytes>::new()).ok()?).await.ok()?;
            let page = response.into_body().collect().await.ok()?.to_bytes();
            let page: serde_json::Value = serde_json::from_slice(&page).ok()?;
            for tenant in page["tenants"].as_array()? {
                let routes = tenant["routes"].as_array()?.iter().filter_map(|route| route.as_str()?.parse().ok());
                all.push((tenant["name"].as_str()?.parse().ok()?, routes.collect()));
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Some(all),
            }
        }
    }
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    #[error("the group's process is not there")]
    NotThere,
    #[error("the group's process did not answer: {0}")]
    Broken(hyper::Error),
}

pin_project_lite::pin_project! {
    /// The body of a process's response, and the connection that it comes on.
    pub(super) struct Passed {
        #[pin]
        body: Incoming,
        _carried: AbortOnDropHandle<()>,
    }
}

impl Body for Passed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, hyper::Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}
