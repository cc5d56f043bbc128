//! One request, start to end: the app answers it in a fresh sandbox.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use dayfly::{Ended, Exchange, Failure, Limit, Line, Outcome, Page};
use dayfly_http::{Body, Cut, Pieces, streamed, strip_connection, strip_length, whole};
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use tokio::sync::mpsc;

use crate::body::{response, text};
use crate::build::Build;
use crate::event::Event;
use crate::overlay;
use crate::problem::Problem;
use crate::server::Shared;

/// What is told of a request once it is over.
struct Account {
    method: Method,
    path: String,
    started: Instant,
    /// Whether who asks would show a page.
    wants_page: bool,
    events: mpsc::Sender<Event>,
}

impl Account {
    fn new(request: &Request<Incoming>, events: mpsc::Sender<Event>) -> Self {
        let path = request.uri().path_and_query().map_or_else(|| "/".into(), ToString::to_string);
        let accepts = request
            .headers()
            .get_all(ACCEPT)
            .iter()
            .any(|accept| accept.as_bytes().windows(9).any(|part| part == b"text/html"));
        Self { method: request.method().clone(), path, started: Instant::now(), wants_page: accepts, events }
    }

    async fn close(self, status: StatusCode, console: Vec<Line>, problem: Option<Problem>) {
        let Self { method, path, started, events, .. } = self;
        let (took, status) = (started.elapsed(), status.as_u16());
        // Without a reader nothing is to be told.
        let _ = events.send(Event::Answered { method, path, status, took, console, problem }).await;
    }

    /// The response in place of one that the app has not given.
    fn instead(&self, build: &str, status: StatusCode, problem: &Problem) -> Response<Body> {
        if self.wants_page {
            response(status, "text/html; charset=utf-8", whole(overlay::page(build, problem)))
        } else {
            text(status, format!("error: {}\n", problem.text()))
        }
    }
}

/// Answers a request that is for the app.
pub(crate) async fn respond(shared: Arc<Shared>, mut request: Request<Incoming>) -> Response<Body> {
    let account = Account::new(&request, shared.events.clone());
    let live = match shared.live.subscribe().wait_for(|live| live.is_settled()).await {
        Ok(live) => live.clone(),
        Err(_) => return text(StatusCode::SERVICE_UNAVAILABLE, "dayfly dev is ending\n"),
    };
    let Some(build) = live.build else {
        let problem = live.problem.map_or_else(Problem::default, |problem| (*problem).clone());
        return account.instead("", StatusCode::INTERNAL_SERVER_ERROR, &problem);
    };
    if build.props.is_some() || build.has_handler.get() == Some(&false) {
        return render(&shared, &build, account).await;
    }
    make_whole(&mut request);
    let mut exchange = shared.engine.exchange(&build.bundle, &shared.dev.limits, request, &build.env);
    match exchange.head().await {
        Some(head) => {
            let _ = build.has_handler.set(true);
            hand_on(exchange, Response::from_parts(head, ()), build, account).await
        }
        None => match exchange.finish().await {
            Ended { result: Err(Failure::Missing(_)), .. } if build.has_handler.get().is_none() => {
                let _ = build.has_handler.set(false);
                render(&shared, &build, account).await
            }
            ended => fail(ended, &build, account).await,
        },
    }
}

/// Gives a request the whole URL, and takes off it what is the connection's.
fn make_whole(request: &mut Request<Incoming>) {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    let path = request.uri().path_and_query().cloned();
    let uri = Uri::builder()
        .scheme("http")
        .authority(host)
        .path_and_query(path.unwrap_or_else(|| "/".try_into().expect("it is a path")));
    if let Ok(uri) = uri.build() {
        *request.uri_mut() = uri;
    }
    strip_connection(request.headers_mut());
}

/// The page of an app without a handler.
async fn render(shared: &Shared, build: &Build, account: Account) -> Response<Body> {
    if account.method != Method::GET && account.method != Method::HEAD {
        let mut response =
            text(StatusCode::METHOD_NOT_ALLOWED, "the app renders pages, which are asked for with GET\n");
        response.headers_mut().insert(http::header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    // A browser asks for it by itself, and its page would be a render more in the log.
    if account.path == "/favicon.ico" {
        return text(StatusCode::NOT_FOUND, "the app renders pages\n");
    }
    let props = build.props.as_deref().unwrap_or("{}");
    let Outcome { page, mut console, .. } = shared.engine.render(&build.bundle, &shared.dev.limits, props).await;
    console.iter_mut().for_each(|line| build.places.line(line));
    match page {
        Ok(page) => {
            account.close(StatusCode::OK, console, None).await;
            show(page, build)
        }
        Err(mut failure) => {
            let problem = Problem::of_failure(&mut failure, &build.places);
            let response = account.instead(&build.name, StatusCode::INTERNAL_SERVER_ERROR, &problem);
            account.close(response.status(), console, Some(problem)).await;
            response
        }
    }
}

fn show(page: Page, build: &Build) -> Response<Body> {
    let mut bytes = page.into_bytes();
    let is_html = bytes.trim_ascii_start().starts_with(b"<");
    if is_html {
        bytes.extend_from_slice(overlay::script(&build.name).as_bytes());
    }
    let kind = if is_html { "text/html; charset=utf-8" } else { "text/plain; charset=utf-8" };
    response(StatusCode::OK, kind, whole(bytes))
}

/// Says why a handler has given no response.
async fn fail(ended: Ended, build: &Build, account: Account) -> Response<Body> {
    let Ended { result, mut console, .. } = ended;
    console.iter_mut().for_each(|line| build.places.line(line));
    let mut failure = result.err().unwrap_or(Failure::Unsettled);
    let status = match failure {
        Failure::Exceeded { limit: Limit::Request, .. } => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let problem = Problem::of_failure(&mut failure, &build.places);
    let response = account.instead(&build.name, status, &problem);
    account.close(status, console, Some(problem)).await;
    response
}

/// Hands a handler's response on as it comes.
async fn hand_on(exchange: Exchange, head: Response<()>, build: Arc<Build>, account: Account) -> Response<Body> {
    let (mut head, ()) = head.into_parts();
    strip_connection(&mut head.headers);
    strip_length(&mut head.headers, &account.method, true);
    let status = head.status;
    let has_body = account.method != Method::HEAD
        && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED, StatusCode::RESET_CONTENT].contains(&status);
    if !has_body {
        let ended = exchange.finish().await;
        close(ended, &build, account, status).await;
        return Response::from_parts(head, whole(Bytes::new()));
    }
    let is_page = is_page(&head.headers);
    let (pieces, body) = streamed();
    tokio::spawn(send(exchange, pieces, is_page, build, account, status));
    Response::from_parts(head, body)
}

/// Whether a script may follow a body.
fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html") && !headers.contains_key(CONTENT_ENCODING)
}

/// Sends a body as it comes, and a page's script behind it.
async fn send(
    mut exchange: Exchange,
    mut pieces: Pieces,
    is_page: bool,
    build: Arc<Build>,
    account: Account,
    status: StatusCode,
) {
    while let Some(chunk) = exchange.chunk().await {
        if pieces.send_data(chunk).await.is_err() {
            // Nobody reads it any more; the app is told so.
            close(exchange.finish().await, &build, account, status).await;
            return;
        }
    }
    if exchange.is_complete() {
        if is_page {
            let _ = pieces.send_data(overlay::script(&build.name).into()).await;
        }
        // The reader need not wait for what follows the response.
        drop(pieces);
        close(exchange.finish().await, &build, account, status).await;
        return;
    }
    let problem = close(exchange.finish().await, &build, account, status).await;
    match problem {
        Some(problem) if is_page => drop(pieces.send_data(overlay::cut(&build.name, &problem).into()).await),
        _ => pieces.abort(Cut),
    }
}

/// Tells what came of a request; what went wrong, if something did.
async fn close(ended: Ended, build: &Build, account: Account, status: StatusCode) -> Option<Problem> {
    let Ended { result, mut console, .. } = ended;
    console.iter_mut().for_each(|line| build.places.line(line));
    let problem = result.err().map(|mut failure| Problem::of_failure(&mut failure, &build.places));
    account.close(status, console, problem.clone()).await;
    problem
}
