//! One request, start to end.

use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use dayfly::{Bundle, Ended, Exchange, Failure, Line, Outcome, Usage};
use dayfly_http::{Body, Cut, Pieces, streamed, strip_connection, strip_length, whole};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_TYPE, HOST, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::request::Parts;
use http::response::Parts as Answered;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout_at;

use crate::admission::{NoPermit, Permit};
use crate::background;
use crate::cache::{Filling, Found, Hit, is_for_a_cache};
use crate::conditional::{self, Conditions, NotModified};
use crate::deploy::stack_of;
use crate::observer::Span;
use crate::pace::{Arrival, Paced};
use crate::public::Secure;
use crate::receipt::Receipt;
use crate::refusal::{Refusal, accepts_json};
use crate::server::Shared;
use crate::tenant::{Deployed, Tenant};
use crate::timing;

/// The request's own number.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Twice the longest of IANA's registry, so that what apps make up has room.
const LONGEST_METHOD: usize = 40;

/// What a request leaves behind, while it is being answered.
struct Account {
    shared: Arc<Shared>,
    started: Instant,
    time: SystemTime,
    span: Span,
    id: String,
    tenant: Option<Arc<Tenant>>,
    /// What was to answer it.
    deployed: Option<Arc<Deployed>>,
    method: Method,
    version: Version,
    scheme: &'static str,
    host: Option<Authority>,
    path: String,
    /// The whole URL, once it is known.
    uri: Option<Uri>,
    queued: Duration,
    /// Since when it may render.
    admitted: Instant,
    status: StatusCode,
    accepts_json: bool,
    /// What failed before the app was asked.
    failure: Option<String>,
    /// Where the app was when it failed.
    stack: Option<String>,
    /// What its client has already.
    conditions: Conditions,
    /// What takes the response for the cache.
    filling: Option<Filling>,
    /// What the cache had.
    cached: Option<&'static str>,
    /// What became of its body on the way.
    body: Arrival,
    is_closed: bool,
}

/// Who leaves, or is cut when the time for a drain is over, is not answered; but what was done for them is not forgotten.
impl Drop for Account {
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        let (outcome, failure) = match self.shared.drain.has_cut() {
            true => ("cut", "the time for the drain was over"),
            false => ("client-gone", "the client left before the end of the response"),
        };
        // What a render had used that was broken off is not known, but for its time.
        let wall = if self.admitted > self.started { self.admitted.elapsed() } else { Duration::ZERO };
        self.leave(outcome, Some(failure.into()), Usage { wall, ..Usage::default() }, Vec::new());
    }
}

impl Account {
    fn new(shared: Arc<Shared>, request: &Request<Incoming>) -> Self {
        let started = Instant::now();
        let span = shared.observer.span(&shared.ids, request.headers());
        Self {
            shared,
            started,
            time: SystemTime::now(),
            id: format!("{:016x}", span.trace.span),
            span,
            tenant: None,
            deployed: None,
            method: request.method().clone(),
            version: request.version(),
            scheme: "http",
            host: None,
            path: request.uri().path().to_owned(),
            uri: None,
            queued: Duration::ZERO,
            admitted: started,
            status: StatusCode::OK,
            accepts_json: accepts_json(request.headers()),
            failure: None,
            stack: None,
            conditions: Conditions::of(request),
            filling: None,
            cached: None,
            body: request.extensions().get::<Arrival>().cloned().unwrap_or_default(),
            is_closed: false,
        }
    }

    fn close(mut self: Box<Self>, outcome: &'static str, failure: Option<String>, usage: Usage, console: Vec<Line>) {
        self.leave(outcome, failure, usage, console);
    }

    /// Leaves the receipt.
    fn leave(&mut self, outcome: &'static str, failure: Option<String>, usage: Usage, console: Vec<Line>) {
        self.is_closed = true;
        // What an app answers itself is its own, but who looks for errors looks for these.
        let (outcome, failure) = if outcome == "ok" && self.status.is_server_error() {
            ("app-5xx", Some(format!("the app answered with {}", self.status)))
        } else {
            (outcome, failure)
        };
        if let Some(deployed) = self.deployed.as_ref().filter(|_| !usage.cpu.is_zero()) {
            deployed.took(usage.cpu);
        }
        let receipt = Receipt {
            id: std::mem::take(&mut self.id),
            trace: self.span.trace.clone(),
            parent: self.span.parent,
            time: self.time,
            began: self.started,
            tenant: self.tenant.as_ref().map(|tenant| tenant.name.clone()),
            bundle: self.deployed.as_ref().map(|deployed| deployed.bundle),
            outcome,
            status: self.status.as_u16(),
            method: self.method.clone(),
            scheme: self.scheme,
            host: self.host.take(),
            path: std::mem::take(&mut self.path),
            version: self.version,
            queued: self.queued,
            took: self.started.elapsed(),
            usage,
            console_lines: console.len() as u64,
            failure,
            stack: self.stack.take(),
            cache: self.cached,
        };
        self.shared.observer.receipt(self.tenant.as_deref(), receipt, console);
    }

    /// What a failure is called. An app that threw for the want of a body that its client did not send is not to blame.
    fn refusal(&self, failure: &Failure) -> Refusal {
        match (Refusal::from(failure), self.body.fault()) {
            (Refusal::Threw | Refusal::Unsettled, Some(refusal)) => refusal,
            (refusal, _) => refusal,
        }
    }

    /// What came of the app, once it is at its end.
    fn end(mut self: Box<Self>, ended: Ended) {
        let Ended { result, console, usage } = ended;
        self.stack = result.as_ref().err().and_then(stack_of);
        let outcome = result.as_ref().err().map_or("ok", |failure| self.refusal(failure).code());
        self.close(outcome, result.err().map(|failure| failure.to_string()), usage, console);
    }

    /// A response of ours in place of the app's.
    fn refuse(mut self: Box<Self>, refusal: Refusal, failed: Option<(Failure, Usage, Vec<Line>)>) -> Response<Body> {
        let mut response = match self.instead_of(refusal.status()) {
            Some(hit) => self.stored(&hit),
            None => {
                self.status = refusal.status();
                refusal.response(&self.id, self.accepts_json)
            }
        };
        self.sign(&mut response);
        self.time(&mut response, failed.as_ref().map(|(_, usage, _)| usage));
        let (failure, usage, console) = match failed {
            Some((failure, usage, console)) => {
                self.stack = stack_of(&failure);
                (Some(failure.to_string()), usage, console)
            }
            None => (self.failure.take(), Usage::default(), Vec::new()),
        };
        self.close(refusal.code(), failure, usage, console);
        response
    }

    /// Says in `Server-Timing` what the response took, if its tenant wants that said; `usage` is known of a render that has ended.
    fn time(&self, response: &mut Response<Body>, usage: Option<&Usage>) {
        if self.tenant.as_ref().is_some_and(|tenant| tenant.config.server_timing) {
            timing::write(response.headers_mut(), self.queued, self.admitted.elapsed(), usage);
        }
    }

    fn sign(&self, response: &mut Response<Body>) {
        let id = HeaderValue::from_str(&self.id).expect("it is hexadecimal");
        response.headers_mut().insert(REQUEST_ID, id);
    }

    /// The app's response, all of which is there.
    fn whole(&mut self, mut head: Answered, content: Bytes) -> Response<Body> {
        if let Some(hit) = self.instead_of(head.status) {
            return self.stored(&hit);
        }
        strip_length(&mut head.headers, &self.method, content.is_empty());
        if self.shared.config.load().http.etags
            && [Method::GET, Method::HEAD].contains(&self.method)
            && !content.is_empty()
        {
            conditional::tag(head.status, &mut head.headers, &content);
        }
        if let Some(filling) = self.filling.take() {
            filling.take(&mut head, &content);
        }
        self.forget(head.status);
        self.answered(head, whole(content))
    }

    /// The app's response, whose body comes.
    fn streamed(&mut self, mut head: Answered, body: Body) -> Response<Body> {
        if let Some(hit) = self.instead_of(head.status) {
            return self.stored(&hit);
        }
        self.filling = self.filling.take().and_then(|mut filling| filling.begin(&mut head).then_some(filling));
        self.forget(head.status);
        self.answered(head, body)
    }

    /// A stored response that may be sent in place of an error.
    fn instead_of(&self, status: StatusCode) -> Option<Hit> {
        let is_error = [500, 502, 503, 504].contains(&status.as_u16());
        self.filling.as_ref().filter(|_| is_error)?.instead_of_an_error()
    }

    /// A stored response.
    fn stored(&mut self, hit: &Hit) -> Response<Body> {
        self.cached = Some(hit.how);
        self.filling = None;
        self.answered(hit.head(), whole(hit.entry.content.clone()))
    }

    fn answered(&mut self, head: Answered, body: Body) -> Response<Body> {
        self.status = head.status;
        let mut response = Response::from_parts(head, body);
        if self.conditions.hold(response.status(), response.headers()) {
            self.status = StatusCode::NOT_MODIFIED;
            response.extensions_mut().insert(NotModified);
        }
        self.sign(&mut response);
        response
    }

    /// What is stored of a page that a request has changed is out of date.
    fn forget(&self, status: StatusCode) {
        let is_a_change = !self.method.is_safe() && (status.is_success() || status.is_redirection());
        if let (true, Some(tenant), Some(deployed), Some(uri)) = (is_a_change, &self.tenant, &self.deployed, &self.uri)
            && let Some(pages) = self.shared.caches.of(tenant)
        {
            pages.forget(deployed.bundle, uri);
        }
    }

    /// That of a request that nobody sent.
    fn again(&self, head: &mut Parts, filling: Filling) -> Self {
        let started = Instant::now();
        // Its trace stands in the head, if it is handed on.
        let span = self.shared.observer.span(&self.shared.ids, &head.headers);
        if span.is_handed_on {
            span.trace.write(&mut head.headers);
        }
        Self {
            shared: self.shared.clone(),
            started,
            time: SystemTime::now(),
            id: format!("{:016x}", span.trace.span),
            span,
            tenant: self.tenant.clone(),
            deployed: self.deployed.clone(),
            method: head.method.clone(),
            version: self.version,
            scheme: self.scheme,
            host: self.host.clone(),
            path: self.path.clone(),
            uri: self.uri.clone(),
            queued: Duration::ZERO,
            admitted: started,
            status: StatusCode::OK,
            accepts_json: false,
            failure: None,
            stack: None,
            conditions: Conditions::default(),
            filling: Some(filling),
            cached: None,
            body: Arrival::default(),
            is_closed: false,
        }
    }
}

/// Answers a request: to be run by [`Background`](crate::background::Background).
pub(crate) async fn respond(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Body> {
    let mut account = Box::new(Account::new(shared.clone(), &request));
    let (mut head, body) = request.into_parts();
    let whose = match whose(&shared, &mut account, &mut head) {
        Ok(whose) => whose,
        Err(refusal) => return account.refuse(refusal, None),
    };
    if body.is_end_stream()
        && let Some(pages) = shared.caches.of(&whose.tenant).filter(|_| is_for_a_cache(&head))
    {
        let patience = shared.config.load().renders.queue_time;
        match pages.find(&shared, &head, whose.deployed.bundle, patience).await {
            Found::Hit(hit, anew) => {
                anew.into_iter().for_each(|filling| make_anew(&account, &whose, head.clone(), filling));
                let mut response = account.stored(&hit);
                account.time(&mut response, None);
                account.close("ok", None, Usage::default(), Vec::new());
                return response;
            }
            Found::Miss(filling) => {
                account.filling = Some(filling);
                // The whole page is what the cache and then the client are to have.
                [IF_NONE_MATCH, IF_MODIFIED_SINCE].iter().for_each(|name| drop(head.headers.remove(name)));
            }
            Found::Nothing => return account.refuse(Refusal::NotCached, None),
        }
    }
    let ready = match ready(&shared, &mut account, whose).await {
        Ok(ready) => ready,
        Err(refusal) => return account.refuse(refusal, None),
    };
    let Ready { tenant, deployed, bundle, .. } = &ready;
    let (engine, limits) = (&shared.engine, &tenant.config.limits);
    let body = Paced::new(body, &shared.config.load().http, account.body.clone());
    if deployed.has_handler.get() == Some(&true) {
        let exchange = engine.exchange(bundle, limits, Request::from_parts(head, body), &tenant.env);
        return answer(exchange, ready, account, None).await;
    }
    // Who renders pages has them whole; of an app that is asked for the first time it is not known yet.
    let most = usize::try_from(limits.request).unwrap_or(usize::MAX);
    let body = match collect(body, most).await {
        Ok(body) => body,
        Err(refusal) => return account.refuse(refusal, None),
    };
    answer_whole(ready, account, head, body).await
}

/// Makes a stored page anew, while it is sent as it was. The app sees the request that was answered so.
fn make_anew(account: &Account, whose: &Whose, mut head: Parts, filling: Filling) {
    [IF_NONE_MATCH, IF_MODIFIED_SINCE].iter().for_each(|name| drop(head.headers.remove(name)));
    head.method = Method::GET;
    let (mut account, whose) = (Box::new(account.again(&mut head, filling)), whose.clone());
    let shared = account.shared.clone();
    go_on(shared.clone(), async move {
        let response = match ready(&shared, &mut account, whose).await {
            Ok(ready) => answer_whole(ready, account, head, Bytes::new()).await,
            Err(refusal) => account.refuse(refusal, None),
        };
        // What comes in pieces is stored once it has been read.
        let mut body = response.into_body();
        while let Some(Ok(_)) = body.frame().await {}
    });
}

/// Lets the app answer a request all of which is there: by its handler or by a page.
async fn answer_whole(ready: Ready, account: Box<Account>, head: Parts, body: Bytes) -> Response<Body> {
    let Ready { tenant, deployed, bundle, .. } = &ready;
    if deployed.has_handler.get() == Some(&false) {
        return render(ready, account, &head, &body).await;
    }
    let request = Request::from_parts(head.clone(), Full::new(body.clone()));
    let exchange = account.shared.engine.exchange(bundle, &tenant.config.limits, request, &tenant.env);
    answer(exchange, ready, account, Some((head, body))).await
}

/// The response of an app's handler. `asked` is the request, where it is not known whether there is a handler.
///
/// Boxed, as it is several times as large as what a page needs, and both are parts of what is awaited for either.
fn answer(
    mut exchange: Exchange,
    ready: Ready,
    account: Box<Account>,
    asked: Option<(Parts, Bytes)>,
) -> BoxFuture<'static, Response<Body>> {
    let answer = async move {
        match exchange.head().await {
            Some(answered) => {
                let _ = ready.deployed.has_handler.set(true);
                hand_on(exchange, Response::from_parts(answered, ()), ready, account).await
            }
            None => match (exchange.finish().await, asked) {
                (Ended { result: Err(Failure::Missing(_)), .. }, Some((head, body))) => {
                    let _ = ready.deployed.has_handler.set(false);
                    render(ready, account, &head, &body).await
                }
                (ended, _) => failed(ended, account),
            },
        }
    };
    answer.boxed()
}

/// The response in place of one that the app did not give, or not to its end.
fn failed(Ended { result, usage, console }: Ended, account: Box<Account>) -> Response<Body> {
    let failure = result.err().unwrap_or(Failure::Unsettled);
    let refusal = account.refusal(&failure);
    account.refuse(refusal, Some((failure, usage, console)))
}

/// Whose a request is, and what is to answer it.
#[derive(Clone)]
struct Whose {
    tenant: Arc<Tenant>,
    deployed: Arc<Deployed>,
}

/// What is needed to answer a request.
struct Ready {
    tenant: Arc<Tenant>,
    deployed: Arc<Deployed>,
    bundle: Bundle,
    permit: Permit,
}

/// Finds whose a request is.
fn whose(shared: &Shared, account: &mut Account, head: &mut Parts) -> Result<Whose, Refusal> {
    let authority = authority(head)?;
    let tenant = shared.tenants.load().find(&head.headers, authority.host(), head.uri.path()).cloned();
    let tenant = tenant.ok_or(Refusal::NoTenant)?;
    if head.method.as_str().len() > LONGEST_METHOD {
        return Err(Refusal::BadRequest);
    }
    account.tenant = Some(tenant.clone());
    account.host = Some(authority.clone());
    make_whole(head, authority)?;
    account.uri = Some(head.uri.clone());
    if head.uri.scheme() == Some(&Scheme::HTTPS) {
        account.scheme = "https";
    }
    if account.span.is_handed_on {
        account.span.trace.write(&mut head.headers);
    }
    let config = shared.config.load();
    let http = &config.http;
    if length(&head.uri) as u64 > http.url {
        return Err(Refusal::UrlTooLong);
    }
    let bytes: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > http.header_bytes as usize || head.headers.len() > http.header_count as usize {
        return Err(Refusal::Exceeded(dayfly::Limit::Headers));
    }
    if tenant.kept.is_suspended() {
        return Err(Refusal::Suspended);
    }
    let deployed = tenant.live.load_full().ok_or(Refusal::NoApp)?;
    account.deployed = Some(deployed.clone());
    tenant.check_rate().map_err(Refusal::RateLimited)?;
    Ok(Whose { tenant, deployed })
}

/// Waits for a request's turn.
async fn ready(shared: &Shared, account: &mut Account, whose: Whose) -> Result<Ready, Refusal> {
    let Whose { tenant, deployed } = whose;
    let mut permit =
        shared.admission.permit(&tenant.name, tenant.share, &deployed.hold_time).await.map_err(|why| match why {
            NoPermit::QueueFull => Refusal::QueueFull,
            NoPermit::TimedOut => {
                account.queued = shared.config.load().renders.queue_time;
                Refusal::QueueTimedOut
            }
        })?;
    account.queued = permit.waited;
    if shared.shortage.is_there() {
        return Err(Refusal::MemoryShort);
    }
    if deployed.is_long() {
        background::go_there().await;
    }
    account.admitted = Instant::now();
    let bundle = shared.bundles.get(deployed.bundle).await.map_err(|error| {
        account.failure = Some(format!("{error}; deploy the app again"));
        Refusal::Internal
    })?;
    permit.begin();
    let bundle = match &tenant.outgoing {
        Some(outgoing) if account.span.is_handed_on => {
            bundle.with_outgoing(outgoing.clone().with_trace(account.span.trace.clone()))
        }
        Some(outgoing) => bundle.with_outgoing(outgoing.clone()),
        None => bundle,
    };
    Ok(Ready { tenant, deployed, bundle, permit })
}

/// Bytes of a URL that is whole.
fn length(uri: &Uri) -> usize {
    let [scheme, authority] =
        [uri.scheme_str(), uri.authority().map(Authority::as_str)].map(|part| part.map_or(0, str::len));
    scheme + "://".len() + authority + uri.path_and_query().map_or(0, |rest| rest.as_str().len())
}

/// Whom a request is for, if that can stand in a URL: else the app would fail for what its client did.
pub(crate) fn authority(head: &Parts) -> Result<Authority, Refusal> {
    named(head).and_then(|authority| if is_in_urls(&authority) { Ok(authority) } else { Err(Refusal::BadRequest) })
}

/// Whether a URL can have it, as apps read theirs: <https://url.spec.whatwg.org>. Without a name and a password: RFC 9110, 4.2.4.
fn is_in_urls(authority: &Authority) -> bool {
    let host = authority.host();
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    // A last label that is a number makes an address of it, and one of IDNA has rules of its own.
    let is_name = host.rsplit('.').next().is_some_and(|label| label.starts_with(|c: char| c.is_ascii_alphabetic()));
    let rest = authority.as_str().strip_prefix(host);
    let is_port = rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with(':') && authority.port_u16().is_some()));
    // As it is written already where the standard would write it so.
    let is_address = host.parse::<Ipv4Addr>().is_ok();
    if is_plain && (is_name || is_address) && is_port && !host.contains("--") {
        return true;
    }
    url::Url::parse(&format!("http://{authority}/"))
        .is_ok_and(|url| url.username().is_empty() && url.password().is_none())
}

/// RFC 9112, 3.2.2 and 3.2.
fn named(head: &Parts) -> Result<Authority, Refusal> {
    if let Some(authority) = head.uri.authority() {
        return Ok(authority.clone());
    }
    let mut hosts = head.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().and_then(|host| host.parse().ok()).ok_or(Refusal::BadRequest),
        (None, None) if head.version <= Version::HTTP_10 => Ok(Authority::from_static("localhost")),
        _ => Err(Refusal::BadRequest),
    }
}

/// Gives a request its whole URL, and takes off it what is the connection's.
pub(crate) fn make_whole(head: &mut Parts, authority: Authority) -> Result<(), Refusal> {
    let path = head.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let scheme = match head.extensions.remove::<Secure>() {
        Some(Secure) => Scheme::HTTPS,
        None => head.uri.scheme().cloned().unwrap_or(Scheme::HTTP),
    };
    let mut parts = http::uri::Parts::default();
    (parts.scheme, parts.authority, parts.path_and_query) = (Some(scheme), Some(authority), Some(path));
    head.uri = Uri::from_parts(parts).map_err(|_| Refusal::BadRequest)?;
    strip_connection(&mut head.headers);
    Ok(())
}

async fn collect(body: Paced<Incoming>, most: usize) -> Result<Bytes, Refusal> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let too_large = Refusal::Exceeded(dayfly::Limit::Request);
    if body.size_hint().lower() > most as u64 {
        return Err(too_large);
    }
    let arrival = body.arrival();
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large),
        Err(_) => Err(arrival.fault().unwrap_or(Refusal::BodyIncomplete)),
    }
}

/// The page of an app without a handler.
async fn render(ready: Ready, mut account: Box<Account>, head: &Parts, body: &Bytes) -> Response<Body> {
    let Some(props) = props(head, body) else {
        return account.refuse(Refusal::MethodNotAllowed, None);
    };
    let Ready { tenant, bundle, permit, .. } = ready;
    let Outcome { page, console, usage } = account.shared.engine.render(&bundle, &tenant.config.limits, &props).await;
    drop(permit);
    let page = match page {
        Ok(page) => page.into_bytes(),
        Err(failure) => {
            return account.refuse(Refusal::from(&failure), Some((failure, usage, console)));
        }
    };
    let kind = kind_of(&page);
    let (mut answered, ()) = Response::new(()).into_parts();
    answered.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // A render knows no ranges; a handler may.
    answered.headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(said) = tenant.config.cache_control.clone().filter(|_| head.method != Method::POST) {
        answered.headers.insert(CACHE_CONTROL, said);
    }
    let mut response = account.whole(answered, page.into());
    account.time(&mut response, Some(&usage));
    account.close("ok", None, usage, console);
    response
}

/// What a page is by its first characters; an app that knows better has a `fetch` handler.
fn kind_of(page: &[u8]) -> &'static str {
    let page = page.trim_ascii_start();
    let begins = |with: &str| page.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()));
    if begins("<?xml") {
        "application/xml; charset=utf-8"
    } else if begins("<svg") {
        "image/svg+xml"
    } else if begins("<") {
        "text/html; charset=utf-8"
    } else {
        "text/plain; charset=utf-8"
    }
}

/// The argument of `render`: the body of a POST, else an object of the query's parameters; of one that is given more than once,
/// the last.
fn props(head: &Parts, body: &Bytes) -> Option<String> {
    match head.method {
        Method::GET | Method::HEAD => {
            let Some(query) = head.uri.query() else { return Some("{}".into()) };
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            let props: serde_json::Map<_, _> = pairs.map(|(name, value)| (name.into(), value.into())).collect();
            Some(serde_json::Value::Object(props).to_string())
        }
        Method::POST => String::from_utf8(body.to_vec()).ok(),
        _ => None,
    }
}

/// What comes of a body within so much time of its head is sent with it. A body that is all there then has a length and a tag
/// whether or not a tick came between its pieces.
const TOGETHER: Duration = Duration::from_millis(3);

/// Hands a handler's response on: whole if it is there at once, else as it comes.
async fn hand_on(
    mut exchange: Exchange,
    answered: Response<()>,
    ready: Ready,
    mut account: Box<Account>,
) -> Response<Body> {
    let (mut head, ()) = answered.into_parts();
    strip_connection(&mut head.headers);
    let has_body =
        ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED, StatusCode::RESET_CONTENT].contains(&head.status);
    if !has_body {
        let mut response = account.whole(head, Bytes::new());
        finish(exchange, ready.permit, account, &mut response);
        return response;
    }
    let mut there = BytesMut::new();
    let deadline = tokio::time::Instant::now() + TOGETHER;
    let is_whole = loop {
        let chunk = match at_once(&mut exchange) {
            Some(chunk) => Ok(chunk),
            None => timeout_at(deadline, exchange.chunk()).await,
        };
        match chunk {
            Ok(Some(chunk)) if there.is_empty() => there = chunk.into(),
            Ok(Some(chunk)) => there.extend_from_slice(&chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    if is_whole && exchange.is_complete() {
        let mut response = account.whole(head, there.freeze());
        finish(exchange, ready.permit, account, &mut response);
        return response;
    }
    if is_whole {
        // It failed, and nobody has seen anything of it yet.
        return failed(exchange.finish().await, account);
    }
    let (pieces, body) = streamed();
    let mut response = account.streamed(head, body);
    if account.method == Method::HEAD {
        // Nobody reads it, so the app need not make it.
        drop(pieces);
        finish(exchange, ready.permit, account, &mut response);
        return response;
    }
    account.time(&mut response, None);
    let shared = account.shared.clone();
    go_on(shared, send(exchange, there.freeze(), pieces, ready.permit, account));
    response
}

/// The next piece of a body, if it is there without waiting. It is asked for twice: what the guest gives while it is looked for is
/// there in the next moment only.
fn at_once(exchange: &mut Exchange) -> Option<Option<Bytes>> {
    let chunk = exchange.chunk().now_or_never();
    chunk.or_else(|| exchange.chunk().now_or_never())
}

/// Sends a body as it comes.
async fn send(mut exchange: Exchange, there: Bytes, mut pieces: Pieces, permit: Permit, mut account: Box<Account>) {
    let patience = account.shared.config.load().http.send_time;
    let mut next = (!there.is_empty()).then_some(there);
    loop {
        let Some(chunk) = (match next.take() {
            Some(chunk) => Some(chunk),
            None => exchange.chunk().await,
        }) else {
            break;
        };
        account.filling.iter_mut().for_each(|filling| filling.push(&chunk));
        // Of a client that has gone, or reads no more, the app learns when it writes.
        if !matches!(tokio::time::timeout(patience, pieces.send_data(chunk)).await, Ok(Ok(()))) {
            pieces.abort(Cut);
            account.end(exchange.finish().await);
            drop(permit);
            return;
        }
    }
    if exchange.is_complete() {
        account.filling.take().into_iter().for_each(Filling::finish);
        // The reader need not wait for what follows the response.
        drop(pieces);
        account.end(exchange.finish().await);
    } else {
        let ended = exchange.finish().await;
        pieces.abort(Cut);
        account.end(ended);
    }
    drop(permit);
}

/// Lets the app come to its end; in the background, if that takes time.
fn finish(exchange: Exchange, permit: Permit, account: Box<Account>, response: &mut Response<Body>) {
    let mut finish = Box::pin(exchange.finish());
    match pin!(&mut finish).now_or_never() {
        Some(ended) => {
            account.time(response, Some(&ended.usage));
            account.end(ended);
        }
        None => {
            account.time(response, None);
            let shared = account.shared.clone();
            go_on(shared, async move {
                account.end(finish.await);
                drop(permit);
            });
        }
    }
}

/// Does what goes on after a response's head.
fn go_on(shared: Arc<Shared>, work: impl Future<Output = ()> + Send + 'static) {
    shared.clone().drain.spawn(async move { shared.background.run(work.boxed()).await });
}
