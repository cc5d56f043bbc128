//! Calls that an app makes: what is allowed and what is bounded, whatever the transport and the guest are.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dayfly::{Body, Call, FetchError, FetchErrorKind, Limits, Outcome, Outgoing, Page, Pending, Trace, Transport};
use http::{Request, Response};

use crate::app::{App, Expect, generous};

/// A transport without a network: names lead where a table says, and paths say what the server does.
#[derive(Debug, Default)]
struct Fake {
    /// Where each request was to be sent.
    sent: Mutex<Vec<(Request<Bytes>, Vec<SocketAddr>)>>,
    /// How many bodies, and calls without one, are open.
    open: Arc<AtomicUsize>,
}

/// Counts for as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for Fake {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Pending<'a, Vec<SocketAddr>> {
        let addresses: &[&str] = match host {
            "public.test" => &["192.88.98.1", "2600::1"],
            "private.test" | "localhost" => &["10.0.0.1", "::1"],
            "mixed.test" => &["127.0.0.1", "192.88.98.1", "::ffff:10.0.0.1"],
            _ => &[],
        };
        let addresses = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), port)).collect();
        Box::pin(async { Ok(addresses) })
    }

    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        addresses: &'a [SocketAddr],
    ) -> Pending<'a, Response<Box<dyn Body>>> {
        let counted = Counted::new(&self.open);
        let path = request.uri().path().to_owned();
        self.sent.lock().unwrap().push((request, addresses.to_vec()));
        Box::pin(async move {
            let respond = |chunks: Vec<&'static [u8]>, ends| {
                let body = Chunks { chunks, ends, _counted: counted };
                let mut response = Response::new(Box::new(body) as Box<dyn Body>);
                if path == "/headers" {
                    response.headers_mut().insert("x-long", "x".repeat(40_000).parse().unwrap());
                }
                response
            };
            match path.as_str() {
                "/page" | "/headers" => Ok(respond(vec![b"page", b"", b"first "], Ends::Well)),
                "/endless" => Ok(respond(vec![&[b'x'; 100_000]], Ends::Never)),
                "/stalls" => Ok(respond(vec![b"half"], Ends::Stalls)),
                "/lies" => Ok(respond(vec![b"half"], Ends::Badly)),
                "/refuses" => Err(FetchError::new(FetchErrorKind::Connect, "no connection")),
                "/panics" => panic!("a defect of the transport's"),
                _ => std::future::pending().await,
            }
        })
    }
}

struct Chunks {
    /// The last one first.
    chunks: Vec<&'static [u8]>,
    ends: Ends,
    _counted: Counted,
}

#[derive(Clone, Copy)]
enum Ends {
    Well,
    Badly,
    Stalls,
    Never,
}

impl Body for Chunks {
    fn chunk(&mut self) -> Pending<'_, Option<Bytes>> {
        Box::pin(async {
            match (self.chunks.pop(), self.ends) {
                (Some(chunk), Ends::Never) => {
                    self.chunks.push(chunk);
                    Ok(Some(Bytes::from_static(chunk)))
                }
                (Some(chunk), _) => Ok(Some(Bytes::from_static(chunk))),
                (None, Ends::Badly) => Err(FetchError::new(FetchErrorKind::Protocol, "left early")),
                (None, Ends::Stalls) => std::future::pending().await,
                (None, _) => Ok(None),
            }
        })
    }
}

/// A guest that may call the origins of this list.
fn allowed(guest: &str, list: &[&str]) -> (App, Arc<Fake>) {
    let transport = Arc::new(Fake::default());
    let outgoing = Outgoing::new(transport.clone(), list.iter().map(|entry| entry.parse().unwrap()));
    (App::new(guest).may_call(outgoing), transport)
}

const LIST: [&str; 3] = ["https://public.test", "https://mixed.test", "http://private.test"];

/// What the guest `caller` gives for a URL of a list, and what was sent.
async fn call(url: &str, limits: Limits) -> (Outcome, Vec<(Request<Bytes>, Vec<SocketAddr>)>) {
    let (app, transport) = allowed("caller", &LIST);
    let outcome = app.limits(limits).render(url).await;
    let sent = std::mem::take(&mut *transport.sent.lock().unwrap());
    (outcome, sent)
}

#[track_caller]
fn fails(outcome: &Outcome, kind: FetchErrorKind, why: &str) {
    let Ok(Page::Text(text)) = &outcome.page else { panic!("{outcome:#?}") };
    assert!(text.contains(why), "not {why:?}: {outcome:#?}");
    assert_eq!(outcome.usage.calls[0].error, Some(kind), "{outcome:#?}");
}

#[tokio::test]
async fn nothing_is_called_by_default() {
    let outcome = App::new("caller").render("https://public.test/page").await;
    fails(&outcome, FetchErrorKind::NotAllowed, "https://public.test is not on the list of what this app may call");
    fails(&outcome, FetchErrorKind::NotAllowed, "--allow https://public.test");
}

#[tokio::test]
async fn what_the_list_names_is_called_and_noted() {
    let (outcome, sent) = call("https://public.test/page?secret=1#top", generous()).await;
    outcome.gives_text("first page");
    let [(request, addresses)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(request.uri(), "https://public.test/page?secret=1");
    assert_eq!(request.headers()["user-agent"], concat!("Dayfly/", env!("CARGO_PKG_VERSION")));
    assert_eq!(addresses, &["192.88.98.1:443".parse().unwrap(), "[2600::1]:443".parse().unwrap()]);
    let [Call { method, url, status, error, request_bytes, response_bytes, time, span, .. }] = &outcome.usage.calls[..]
    else {
        panic!("{outcome:#?}")
    };
    assert_eq!((method.as_str(), url.as_str()), ("GET", "https://public.test/page"));
    assert_eq!((*status, *error, *request_bytes, *response_bytes), (Some(200), None, 37, 10));
    assert!(*time <= outcome.usage.wall && span.is_none(), "{outcome:#?}");
    assert!(!request.headers().contains_key("traceparent"), "{request:?}");
}

#[tokio::test]
async fn a_call_is_a_child_of_the_span_that_it_is_made_in() {
    let transport = Arc::new(Fake::default());
    let list = LIST.iter().map(|entry| entry.parse().unwrap());
    let trace = Trace {
        id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736.try_into().unwrap(),
        span: 0x00f0_67aa_0ba9_02b7.try_into().unwrap(),
        flags: 1,
        state: Some("vendor=1".into()),
    };
    let app = App::new("caller").may_call(Outgoing::new(transport.clone(), list).with_trace(trace.clone()));
    let outcome = app.render("https://public.test/page").await;
    let span = outcome.usage.calls[0].span.unwrap();
    assert_ne!(span, trace.span);
    let sent = transport.sent.lock().unwrap();
    let headers = sent[0].0.headers();
    assert_eq!(headers["traceparent"], format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{span:016x}-01"));
    assert_eq!(headers["tracestate"], "vendor=1");
}

#[tokio::test]
async fn other_origins_are_not_called() {
    for url in [
        "http://public.test/page",
        "https://public.test:8443/page",
        "https://sub.public.test/page",
        "https://10.0.0.1/page",
        "http://localhost/page",
    ] {
        let (outcome, sent) = call(url, generous()).await;
        fails(&outcome, FetchErrorKind::NotAllowed, "is not on the list of what this app may call");
        assert!(sent.is_empty(), "{sent:?}");
    }
    for (url, why) in [
        ("ftp://public.test/page", "is no URL of HTTP"),
        ("public.test/page", "is no URL"),
        ("https://user:word@public.test/page", "a name or a password in it"),
    ] {
        let (outcome, sent) = call(url, generous()).await;
        fails(&outcome, FetchErrorKind::Invalid, why);
        assert!(sent.is_empty() && !format!("{:?}", outcome.usage.calls).contains("word"), "{outcome:#?}");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_private_addresses_is_not_called() {
    let (outcome, sent) = call("http://private.test/page", generous()).await;
    fails(&outcome, FetchErrorKind::NotAllowed, "private.test leads to ::1, a loopback address");
    assert!(sent.is_empty(), "{sent:?}");
    let (outcome, sent) = call("https://mixed.test/page", generous()).await;
    outcome.gives_text("first page");
    assert_eq!(sent[0].1, ["192.88.98.1:443".parse().unwrap()]);

    let (app, transport) = allowed("caller", &["http://private.test", "10.0.0.0/8"]);
    app.render("http://private.test/page").await.gives_text("first page");
    assert_eq!(transport.sent.lock().unwrap()[0].1, ["10.0.0.1:80".parse().unwrap()]);

    let (app, transport) = allowed("caller", &["http://localhost:81"]);
    app.render("http://localhost:81/page").await.gives_text("first page");
    assert_eq!(transport.sent.lock().unwrap()[0].1, ["[::1]:81".parse().unwrap()]);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_said() {
    let (app, _) = allowed("caller", &["http://nowhere.test"]);
    let outcome = app.render("http://nowhere.test/").await;
    fails(&outcome, FetchErrorKind::Dns, "the name nowhere.test has no address");
}

#[tokio::test]
async fn what_the_other_side_does_wrong_is_said() {
    for (path, kind, why) in [
        ("refuses", FetchErrorKind::Connect, "no connection"),
        ("lies", FetchErrorKind::Protocol, "left early"),
        ("panics", FetchErrorKind::Protocol, "the transport broke off"),
        ("headers", FetchErrorKind::TooLarge, "the response's headers have 400"),
    ] {
        let (outcome, _) = call(&format!("https://public.test/{path}"), generous()).await;
        fails(&outcome, kind, why);
    }
}

#[tokio::test]
async fn a_call_that_hangs_ends_at_its_time_and_costs_no_cpu() {
    let time = Duration::from_millis(100);
    for path in ["hangs", "stalls"] {
        let url = format!("https://public.test/{path}");
        let (outcome, _) = call(&url, Limits { fetch_time: time, ..generous() }).await;
        fails(&outcome, FetchErrorKind::Timeout, "longer than the 100ms that it may");
        assert!(outcome.usage.wall >= time && outcome.usage.cpu < time / 2, "{outcome:#?}");
    }
    let (outcome, _) = call("https://public.test/hangs", Limits { wall: time, ..generous() }).await;
    outcome.exceeds(dayfly::Limit::Wall);
    assert_eq!(outcome.usage.calls[0].error, Some(FetchErrorKind::Cancelled), "{outcome:#?}");
}

#[tokio::test]
async fn requests_and_responses_end_at_their_limits() {
    // "first page" to the byte.
    let (outcome, _) = call("https://public.test/page", Limits { fetch_response: 10, ..generous() }).await;
    outcome.gives_text("first page");
    let (outcome, _) = call("https://public.test/page", Limits { fetch_response: 9, ..generous() }).await;
    fails(&outcome, FetchErrorKind::TooLarge, "responses of the render");
    let (outcome, _) = call("https://public.test/endless", Limits { fetch_response: 250_000, ..generous() }).await;
    fails(&outcome, FetchErrorKind::TooLarge, "responses of the render");
    assert_eq!(outcome.usage.calls[0].response_bytes, 65_536 + 34_464 + 65_536 + 34_464, "{outcome:#?}");

    // Ten bytes more, as the guest says.
    let decoded = async |most| {
        let limits = Limits { fetch_response: most, ..generous() };
        allowed("decoder", &LIST).0.limits(limits).render("https://public.test/page").await
    };
    let outcome = decoded(10).await;
    outcome.gives_text("counted");
    assert_eq!(outcome.usage.calls[0].response_bytes, 10, "{outcome:#?}");
    fails(&decoded(9).await, FetchErrorKind::TooLarge, "responses of the render");

    let url = "https://public.test/page";
    let (outcome, _) = call(url, Limits { fetch_request: url.len() as u64, ..generous() }).await;
    outcome.gives_text("first page");
    let (outcome, sent) = call(url, Limits { fetch_request: url.len() as u64 - 1, ..generous() }).await;
    fails(&outcome, FetchErrorKind::TooLarge, "the requests of a render have at most 23 bytes together");
    assert!(sent.is_empty(), "{sent:?}");
    let (outcome, _) = call(url, Limits { fetches: 0, ..generous() }).await;
    fails(&outcome, FetchErrorKind::TooMany, "at most 0 calls");
}

#[tokio::test]
async fn calls_without_end_are_bounded_and_so_is_what_is_noted_of_them() {
    let (app, transport) = allowed("calls_without_end", &LIST);
    let outcome = app.clone().limits(Limits { fetches: 3, ..generous() }).render("https://public.test/hangs").await;
    outcome.gives_text("a render makes at most 3 calls: redirects that are followed count");
    let calls = &outcome.usage.calls;
    assert_eq!((calls.len(), outcome.usage.calls_dropped), (256, 744));
    let kinds = [FetchErrorKind::Cancelled, FetchErrorKind::TooMany];
    assert_eq!((calls[2].error, calls[3].error), (Some(kinds[0]), Some(kinds[1])), "{:?}", &calls[..4]);
    settle(&transport).await;
}

/// Until nothing is open any more.
async fn settle(transport: &Fake) {
    for _ in 0..10_000 {
        if transport.open.load(Ordering::SeqCst) == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{} calls are still open", transport.open.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_render_that_is_dropped_ends_its_calls() {
    for path in ["hangs", "stalls"] {
        let (app, transport) = allowed("caller", &LIST);
        let url = format!("https://public.test/{path}");
        let mut render = Box::pin(app.render(&url));
        let running = tokio::time::timeout(Duration::from_millis(50), &mut render).await;
        assert!(running.is_err(), "{running:?}");
        assert_eq!(transport.open.load(Ordering::SeqCst), 1);
        drop(render);
        settle(&transport).await;
    }
}

#[tokio::test]
async fn a_guest_that_does_not_keep_to_the_contract_harms_nobody() {
    let (app, transport) = allowed("rude_caller", &LIST);
    app.render("https://public.test/endless").await.gives_text("done");
    settle(&transport).await;
}

#[tokio::test]
async fn a_guest_waits_for_a_call_no_longer_than_it_says() {
    let (app, _) = allowed("napping_caller", &LIST);
    let limits = Limits { fetch_time: Duration::from_millis(100), ..generous() };
    let outcome = app.limits(limits).render("https://public.test/hangs").await;
    let Ok(Page::Bytes(bytes)) = &outcome.page else { panic!("{outcome:#?}") };
    let naps = u32::from_le_bytes(bytes[..].try_into().unwrap());
    assert!((1..=5).contains(&naps), "{naps}");
    assert!(outcome.usage.cpu < Duration::from_millis(50), "{outcome:#?}");
}
