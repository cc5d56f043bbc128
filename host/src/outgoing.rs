//! Calls that an app makes: what is allowed, what is bounded, and what is noted of them. All of it is here, between the
//! guest's import and the transport, so that neither can pass it over.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use url::{Host, Url};

use crate::allowed::{Allowed, allows_address, allows_origin, has_credentials, is_http};
use crate::contract::outgoing::{Event, Head, Progress, Request as GuestRequest};
use crate::feed::{Feed, Feeds};
use crate::limits::{Exceeded, Limit, Limits};
use crate::locked::locked;
use crate::response::header_bytes;
use crate::sandbox;
use crate::trace::Trace;
use crate::transport::{Body, FetchError, FetchErrorKind, Transport};

/// How many calls are noted, whatever the limits are.
const MOST_NOTED: usize = 256;
/// How many bytes of a URL, and of a method, are noted.
const MOST_URL: usize = 512;
const MOST_METHOD: usize = 32;

/// What an app may call, and by what: [`Bundle::with_outgoing`](crate::Bundle::with_outgoing) gives it to an app. An app
/// that is given none may call nothing. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outgoing {
    transport: Arc<dyn Transport>,
    allowed: Arc<[Allowed]>,
    trace: Option<Arc<Trace>>,
}

impl Outgoing {
    /// Calls to what the list has, and to nothing else.
    pub fn new(transport: Arc<dyn Transport>, allowed: impl IntoIterator<Item = Allowed>) -> Self {
        Self { transport, allowed: allowed.into_iter().collect(), trace: None }
    }

    /// The same, and each call is a span of a trace, a child of `trace`: it says so in its headers `traceparent` and `tracestate`,
    /// unless the app has put a `traceparent` there itself.
    pub fn with_trace(self, trace: Trace) -> Self {
        Self { trace: Some(Arc::new(trace)), ..self }
    }
}

/// One call of an app's, as it is noted in the receipt. Each redirect that was followed is a call of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// As the app gave it, cut to 32 bytes.
    pub method: String,
    /// Origin and path, cut to 512 bytes. What comes after the path may be a secret, and is left out.
    pub url: String,
    /// The response's status, if there was a response.
    pub status: Option<u16>,
    /// Why it failed, before or after the head of the response.
    pub error: Option<FetchErrorKind>,
    /// Bytes of the request: URL, headers and body.
    pub request_bytes: u64,
    /// Bytes of the response's body that the app got, once its content coding was taken off.
    pub response_bytes: u64,
    /// When it began.
    pub began: Instant,
    /// From the start of the call to the last that came of it.
    pub time: Duration,
    /// Which span of its trace it is, if there is a trace ([`Outgoing::with_trace`]).
    pub span: Option<NonZeroU64>,
}

impl Call {
    /// Notes that nothing came of it, if nothing has until now.
    fn end(&mut self) {
        if self.status.is_none() && self.error.is_none() {
            (self.error, self.time) = (Some(FetchErrorKind::Cancelled), self.began.elapsed());
        }
    }
}

/// The calls of one render, and the body of the request that it answers: the guest reads that as it reads theirs.
pub(crate) struct Calls {
    outgoing: Option<Outgoing>,
    bounds: Bounds,
    /// Made with the first call, or with a body that comes.
    live: Option<Box<Live>>,
}

#[derive(Clone, Copy)]
struct Bounds {
    calls: u64,
    time: Duration,
    request: u64,
    response: u64,
    headers: u64,
}

struct Live {
    started: u64,
    /// Bytes of requests that are left.
    room: u64,
    feeds: Feeds,
    /// Where each call is noted.
    noted: HashMap<u32, usize>,
    /// The body of the request that is answered, if it comes piece by piece.
    answered: Option<Answered>,
    notes: Arc<Notes>,
}

/// How much the guest has read of the body of the request that it answers, and may read.
struct Answered {
    id: u32,
    read: u64,
    most: u64,
}

/// What all calls of a render share with the tasks that make them.
#[derive(Default)]
struct Notes {
    calls: Mutex<Noted>,
    /// Bytes of responses that are left.
    room: AtomicU64,
}

#[derive(Default)]
struct Noted {
    calls: Vec<Call>,
    dropped: u64,
}

impl Calls {
    pub(crate) fn new(limits: &Limits) -> Self {
        let bounds = Bounds {
            calls: limits.fetches,
            time: limits.fetch_time,
            request: limits.fetch_request,
            response: limits.fetch_response,
            headers: limits.headers,
        };
        Self { outgoing: None, bounds, live: None }
    }

    /// Says what may be called.
    pub(crate) fn allow(&mut self, outgoing: Option<Outgoing>) {
        self.outgoing = outgoing;
    }

    /// Hands on a body that comes: that of the request which is answered, of which the guest may read that many bytes. Gives
    /// its number.
    pub(crate) fn answer(&mut self, mut body: Box<dyn Body>, most: u64) -> u32 {
        let live = self.live();
        let id = live.feeds.open(false, |mut feed| async move {
            let handed_on = feed.hand_on(&mut *body, |_| Ok(())).await;
            feed.say(handed_on.map_or_else(|error| Progress::Failed(error.into()), |()| Progress::End));
        });
        live.answered = Some(Answered { id, read: 0, most });
        id
    }

    /// How many bytes of that body the guest has read.
    pub(crate) fn answered_bytes(&self) -> u64 {
        self.live.as_ref().and_then(|live| live.answered.as_ref()).map_or(0, |answered| answered.read)
    }

    fn live(&mut self) -> &mut Live {
        self.live.get_or_insert_with(|| Box::new(Live::new(self.bounds)))
    }

    /// How many bytes of requests are left.
    pub(crate) fn room(&self) -> u64 {
        self.live.as_ref().map_or(self.bounds.request, |live| live.room)
    }

    /// Begins a call; gives its number.
    pub(crate) fn start(&mut self, request: GuestRequest) -> Result<u32, FetchError> {
        let (bounds, outgoing) = (self.bounds, self.outgoing.clone());
        let live = self.live();
        let trace = outgoing.as_ref().and_then(|outgoing| outgoing.trace.as_deref()).and_then(span_of);
        let note = live.notes.begin(&request, trace.as_ref().map(|trace| trace.span));
        live.started += 1;
        let checked = live.check(request, bounds, outgoing);
        let (mut checked, outgoing) = checked.inspect_err(|error| note.fail(error.kind))?;
        if let Some(trace) = trace {
            trace.write_for_app(checked.request.headers_mut());
        }
        let index = note.index;
        let exchange = |feed| Exchange { feed, note, headers: bounds.headers }.run(checked, outgoing, bounds.time);
        let id = live.feeds.open(true, exchange);
        live.noted.extend(index.map(|index| (id, index)));
        Ok(id)
    }

    /// Asks for the next piece of a body.
    pub(crate) fn read(&mut self, id: u32) {
        if let Some(live) = &mut self.live {
            live.feeds.read(id);
        }
    }

    /// Counts what a body has grown by as the guest decoded it.
    pub(crate) fn decoded(&mut self, id: u32, bytes: u64) -> Result<(), FetchError> {
        let live = self.live();
        let note = Note { notes: live.notes.clone(), index: live.noted.get(&id).copied() };
        note.receive(bytes).inspect_err(|error| note.fail(error.kind))
    }

    /// Ends a call, or the body that is read.
    pub(crate) fn cancel(&mut self, id: u32) {
        if let Some(live) = &mut self.live {
            live.feeds.close(id);
        }
    }

    /// What came of one of the calls, or of the body; nothing if that much time passes before, or there is nothing to wait
    /// for.
    ///
    /// # Errors
    /// [`Limit::Request`], if the body is larger than it may be.
    pub(crate) async fn wait(&mut self, timeout: Option<Duration>) -> Result<Option<Event>, Exceeded> {
        let next = async {
            match &mut self.live {
                Some(live) if live.feeds.is_asked() => live.feeds.next().await,
                _ if timeout.is_some() => std::future::pending().await,
                _ => None,
            }
        };
        let event = match timeout {
            Some(timeout) => tokio::time::timeout(timeout, next).await.ok().flatten(),
            None => next.await,
        };
        if let (Some(live), Some(event)) = (&mut self.live, &event) {
            live.count(event)?;
        }
        Ok(event)
    }

    /// Ends what is open; gives what was noted, and of how many calls nothing was.
    pub(crate) fn finish(self) -> (Vec<Call>, u64) {
        let Some(live) = self.live else { return (Vec::new(), 0) };
        let notes = live.notes.clone();
        drop(live);
        notes.take()
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").field("outgoing", &self.outgoing).finish_non_exhaustive()
    }
}

impl Live {
    fn new(bounds: Bounds) -> Self {
        let notes = Arc::new(Notes { room: AtomicU64::new(bounds.response), ..Notes::default() });
        Self { started: 0, room: bounds.request, feeds: Feeds::new(), noted: HashMap::new(), answered: None, notes }
    }

    /// Counts what the guest gets of the body of the request that it answers.
    fn count(&mut self, event: &Event) -> Result<(), Exceeded> {
        let answered = self.answered.as_mut().filter(|answered| answered.id == event.call);
        let (Some(answered), Progress::Chunk(chunk)) = (answered, &event.progress) else { return Ok(()) };
        answered.read += chunk.len() as u64;
        if answered.read > answered.most { Err(Exceeded(Limit::Request)) } else { Ok(()) }
    }

    /// What can be said of a request before anything is sent.
    fn check(
        &mut self,
        request: GuestRequest,
        bounds: Bounds,
        outgoing: Option<Outgoing>,
    ) -> Result<(Checked, Outgoing), FetchError> {
        if self.started > bounds.calls {
            let why = format!("a render makes at most {} calls: redirects that are followed count", bounds.calls);
            return Err(FetchError::new(FetchErrorKind::TooMany, why));
        }
        let bytes = request_bytes(&request);
        if bytes > self.room {
            let why = format!("the requests of a render have at most {} bytes together", bounds.request);
            return Err(FetchError::new(FetchErrorKind::TooLarge, why));
        }
        self.room -= bytes;
        let url = target(&request.url)?;
        let origin = url.origin().ascii_serialization();
        let Some(outgoing) = outgoing.filter(|outgoing| allows_origin(&outgoing.allowed, &url)) else {
            let why = format!(
                "{origin} is not on the list of what this app may call: allow it there, on the command line by --allow \
                 {origin}"
            );
            return Err(FetchError::new(FetchErrorKind::NotAllowed, why));
        };
        Ok((Checked::new(url, request, bounds)?, outgoing))
    }
}

/// A new span of a trace. Without randomness, which no machine is without, a call is none.
fn span_of(trace: &Trace) -> Option<Trace> {
    let span = sandbox::random().ok().and_then(NonZeroU64::new)?;
    Some(trace.child(span))
}

/// The URL that a request is for.
fn target(text: &str) -> Result<Url, FetchError> {
    let url = Url::parse(text).map_err(|error| invalid(format!("{} is no URL: {error}", cut(text))))?;
    if !is_http(&url) || url.host().is_none() {
        return Err(invalid(format!("{} is no URL of HTTP", cut(text))));
    }
    if has_credentials(&url) {
        return Err(invalid("a URL with a name or a password in it is not called: give them in a header".into()));
    }
    Ok(url)
}

fn invalid(message: String) -> FetchError {
    FetchError::new(FetchErrorKind::Invalid, message)
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_URL)]
}

fn request_bytes(request: &GuestRequest) -> u64 {
    let headers = request.headers.iter().map(|(name, value)| (name.len(), value.len()));
    (request.url.len() + request.body.as_ref().map_or(0, Vec::len)) as u64 + header_bytes(headers)
}

/// A request that may be sent, to whoever its name leads to.
struct Checked {
    url: Url,
    request: Request<Bytes>,
}

impl Checked {
    fn new(mut url: Url, request: GuestRequest, bounds: Bounds) -> Result<Self, FetchError> {
        url.set_fragment(None);
        let GuestRequest { method, headers, body, .. } = request;
        let method = method_of(&method)?;
        let headers = headers_of(headers, bounds.headers)?;
        let mut request = Request::new(Bytes::from(body.unwrap_or_default()));
        *request.uri_mut() =
            url.as_str().parse::<Uri>().map_err(|error| invalid(format!("the URL cannot be sent: {error}")))?;
        (*request.method_mut(), *request.headers_mut()) = (method, headers);
        Ok(Self { url, request })
    }
}

fn method_of(text: &str) -> Result<Method, FetchError> {
    let method = Method::from_bytes(text.as_bytes()).ok();
    // As the Fetch Standard has it: these say something to a proxy.
    let is_forbidden = ["CONNECT", "TRACE", "TRACK"].iter().any(|forbidden| text.eq_ignore_ascii_case(forbidden));
    method.filter(|_| !is_forbidden).ok_or_else(|| invalid(format!("the method {} is not sent", cut(text))))
}

/// What a connection's two ends say to each other (RFC 9110, 7.6.1). It is no affair of the app's, of either side's.
fn is_of_the_connection(name: &HeaderName) -> bool {
    let standard = [header::CONNECTION, header::TE, header::TRAILER, header::TRANSFER_ENCODING, header::UPGRADE];
    standard.contains(name) || ["keep-alive", "proxy-connection"].contains(&name.as_str())
}

/// What the host says itself: with another `host`, an origin that is allowed would be one that is not.
const SAID_BY_THE_HOST: [HeaderName; 4] =
    [header::CONTENT_LENGTH, header::EXPECT, header::HOST, header::PROXY_AUTHORIZATION];

fn headers_of(headers: Vec<(String, String)>, most: u64) -> Result<HeaderMap, FetchError> {
    let too_large =
        || FetchError::new(FetchErrorKind::TooLarge, format!("a request's headers have at most {most} bytes"));
    if header_bytes(headers.iter().map(|(name, value)| (name.len(), value.len()))) > most {
        return Err(too_large());
    }
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let wrong = || invalid(format!("the header {} cannot be sent", cut(&name)));
        let bytes: Option<Vec<u8>> = value.chars().map(|character| u8::try_from(character).ok()).collect();
        let value = bytes.and_then(|bytes| HeaderValue::try_from(bytes).ok()).ok_or_else(wrong)?;
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let is_the_apps = !SAID_BY_THE_HOST.contains(&key) && !is_of_the_connection(&key);
        if is_the_apps && map.try_append(key, value).is_err() {
            return Err(too_large());
        }
    }
    let agent = HeaderValue::from_static(concat!("Dayfly/", env!("CARGO_PKG_VERSION")));
    map.entry(header::USER_AGENT).or_insert(agent);
    Ok(map)
}

/// A call that is being made, in a task of its own: the guest may compute meanwhile, or wait for others.
struct Exchange {
    // Dropped after the exchange itself, which notes what it then says.
    feed: Feed,
    note: Note,
    headers: u64,
}

impl Exchange {
    async fn run(mut self, checked: Checked, outgoing: Outgoing, time: Duration) {
        let done = tokio::time::timeout(time, self.exchange(checked, &outgoing)).await;
        let done = done.unwrap_or_else(|_| {
            let why = format!("the call took longer than the {time:?} that it may");
            Err(FetchError::new(FetchErrorKind::Timeout, why))
        });
        match done {
            Ok(()) => self.say(Progress::End),
            Err(error) => {
                self.note.fail(error.kind);
                // The connection is closed, and the guest learns it when it asks for more.
                if self.feed.is_asked() || self.feed.is_asked_for_more().await {
                    self.say(Progress::Failed(error.into()));
                }
            }
        }
    }

    /// Makes the call, and hands the body on as it is asked for.
    async fn exchange(&mut self, checked: Checked, outgoing: &Outgoing) -> Result<(), FetchError> {
        let Checked { url, request } = checked;
        let addresses = addresses(&url, outgoing).await?;
        let (head, mut body) = outgoing.transport.send(request, &addresses).await?.into_parts();
        if head.status.is_informational() {
            let why = format!("the server answered with {}, and would speak another protocol", head.status);
            return Err(FetchError::new(FetchErrorKind::Protocol, why));
        }
        let bytes = header_bytes(head.headers.iter().map(|(name, value)| (name.as_str().len(), value.len())));
        if bytes > self.headers {
            let why = format!("the response's headers have {bytes} bytes, and may have {}", self.headers);
            return Err(FetchError::new(FetchErrorKind::TooLarge, why));
        }
        self.note.change(|call| call.status = Some(head.status.as_u16()));
        self.say(Progress::Head(guest_head(&head)));
        let Self { feed, note, .. } = self;
        feed.hand_on(&mut *body, |bytes| note.receive(bytes)).await
    }

    fn say(&mut self, progress: Progress) {
        self.note.change(|_| {});
        self.feed.say(progress);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.note.end();
        // The feed tells the guest of it.
        if std::thread::panicking() && self.feed.is_asked() {
            self.note.fail(FetchErrorKind::Protocol);
        }
    }
}

fn guest_head(head: &http::response::Parts) -> Head {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), value.as_bytes().iter().copied().map(char::from).collect())
    };
    Head {
        status: head.status.as_u16(),
        status_text: head.status.canonical_reason().unwrap_or_default().into(),
        headers: head.headers.iter().filter(|(name, _)| !is_of_the_connection(name)).map(header).collect(),
    }
}

/// The addresses that a call to `url` may connect to: of those that its name leads to, the ones that are allowed. The answer
/// that is checked is the one that is used.
async fn addresses(url: &Url, outgoing: &Outgoing) -> Result<Vec<SocketAddr>, FetchError> {
    let host = url.host().expect("checked with the request");
    let port = url.port_or_known_default().expect("HTTP has ports");
    let found = match host {
        Host::Ipv4(address) => vec![SocketAddr::new(IpAddr::from(address), port)],
        Host::Ipv6(address) => vec![SocketAddr::new(IpAddr::from(address), port)],
        Host::Domain(name) => outgoing.transport.resolve(name, port).await?,
    };
    let (mut allowed, mut refused) = (Vec::new(), None);
    for address in found {
        match allows_address(&outgoing.allowed, &host, address.ip()) {
            Ok(()) => allowed.push(SocketAddr::new(address.ip(), port)),
            Err(kind) => refused = Some((address.ip(), kind)),
        }
    }
    match refused {
        Some((address, kind)) if allowed.is_empty() => {
            let why = format!(
                "{host} leads to {address}, {kind}, and none but public ones are called that the app's list does not name: \
                 allow it there, on the command line by --allow {address}"
            );
            Err(FetchError::new(FetchErrorKind::NotAllowed, why))
        }
        None if allowed.is_empty() => {
            Err(FetchError::new(FetchErrorKind::Dns, format!("the name {host} has no address")))
        }
        _ => Ok(allowed),
    }
}

impl Notes {
    /// Notes a call that begins, if there is room for one more.
    fn begin(self: &Arc<Self>, request: &GuestRequest, span: Option<NonZeroU64>) -> Note {
        let url = Url::parse(&request.url).map_or_else(
            |_| request.url.clone(),
            |mut url| {
                url.set_query(None);
                url.set_fragment(None);
                let _ = (url.set_username(""), url.set_password(None));
                url.into()
            },
        );
        let mut method = request.method.clone();
        method.truncate(method.floor_char_boundary(MOST_METHOD));
        let call = Call {
            method,
            url: cut(&url).into(),
            status: None,
            error: None,
            request_bytes: request_bytes(request),
            response_bytes: 0,
            began: Instant::now(),
            time: Duration::ZERO,
            span,
        };
        let mut noted = locked(&self.calls);
        let index = (noted.calls.len() < MOST_NOTED).then_some(noted.calls.len());
        match index {
            Some(_) => noted.calls.push(call),
            None => noted.dropped += 1,
        }
        drop(noted);
        Note { notes: self.clone(), index }
    }

    fn take(&self) -> (Vec<Call>, u64) {
        let Noted { mut calls, dropped } = std::mem::take(&mut *locked(&self.calls));
        calls.iter_mut().for_each(Call::end);
        (calls, dropped)
    }
}

/// What is noted of one call.
struct Note {
    notes: Arc<Notes>,
    /// Nothing if there was no room for it.
    index: Option<usize>,
}

impl Note {
    fn with(&self, change: impl FnOnce(&mut Call)) {
        let mut noted = locked(&self.notes.calls);
        // They are gone once the render has ended.
        if let Some(call) = self.index.and_then(|index| noted.calls.get_mut(index)) {
            change(call);
        }
    }

    fn change(&self, change: impl FnOnce(&mut Call)) {
        self.with(|call| {
            call.time = call.began.elapsed();
            change(call);
        });
    }

    fn fail(&self, kind: FetchErrorKind) {
        self.change(|call| call.error = Some(kind));
    }

    /// Notes a call that is given up before anything came of it.
    fn end(&self) {
        self.with(Call::end);
    }

    /// Takes that much of what all responses of the render may have.
    fn receive(&self, bytes: u64) -> Result<(), FetchError> {
        let room = &self.notes.room;
        let took = room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(bytes));
        took.map_err(|_| {
            FetchError::new(FetchErrorKind::TooLarge, "the responses of the render are larger than they may be")
        })?;
        self.change(|call| call.response_bytes += bytes);
        Ok(())
    }
}
