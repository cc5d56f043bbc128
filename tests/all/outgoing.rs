//! Outgoing `fetch`: apps that call servers on loopback, well-behaved ones and others.

mod server;

use std::process::Command;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use dayfly::{Answer, Bundle, FetchErrorKind, Limits, Outcome, Outgoing, Transport};
use dayfly_bundler::Source;
use dayfly_fetch::Client;
use http::Request;
use http_body_util::channel::Channel;
use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

use crate::support::{artifact, build, bundler, engine, runtime, scratch};

/// An app whose render has this body, and gives what it returns as JSON.
struct App {
    bundle: Bundle,
    limits: Limits,
}

impl App {
    fn new(render: &str, allowed: &[&str]) -> Self {
        Self::over(client(), render, allowed)
    }

    fn over(transport: Arc<dyn Transport>, render: &str, allowed: &[&str]) -> Self {
        let text = format!(
            "const work = async (props) => {{ {render} }};
             const told = (error) => ({{ error: String(error), code: error?.cause?.code, cause: error?.cause?.message }});
             export const render = async (props) => JSON.stringify(await work(props).catch(told));"
        );
        let bundle = Bundle::load(engine(), &artifact("app.mjs", &text).bundle).unwrap();
        let outgoing = Outgoing::new(transport, allowed.iter().map(|entry| entry.parse().unwrap()));
        // Enough for a machine that is busy.
        let time = Duration::from_secs(60);
        let limits = Limits { cpu: time, wall: time, fetch_time: time, ..Limits::default() };
        Self { bundle: bundle.with_outgoing(outgoing), limits }
    }

    fn with(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    fn render(&self, props: &str) -> (Value, Outcome) {
        let outcome = runtime().block_on(engine().render(&self.bundle, &self.limits, props));
        let Ok(page) = &outcome.page else { panic!("no page: {outcome:#?}") };
        (serde_json::from_slice(page.as_bytes()).unwrap(), outcome)
    }

    /// What `work` returns for this URL.
    fn call(&self, url: &str) -> Value {
        self.render(&json!({ "url": url }).to_string()).0
    }

    /// How `work` fails for this URL.
    #[track_caller]
    fn fails(&self, url: &str, kind: FetchErrorKind, why: &str) {
        let (told, outcome) = self.render(&json!({ "url": url }).to_string());
        assert_eq!(told["code"], kind.code(), "{told} {:#?}", outcome.usage.calls);
        let message = told["error"].as_str().unwrap();
        assert!(message.starts_with("TypeError: fetch failed: ") && message.contains(why), "{told}");
        assert_eq!(format!("TypeError: fetch failed: {}", told["cause"].as_str().unwrap()), message);
        let last = outcome.usage.calls.last().unwrap();
        assert_eq!(last.error, Some(kind), "{outcome:#?}");
    }
}

fn client() -> Arc<Client> {
    static CLIENT: OnceLock<Arc<Client>> = OnceLock::new();
    CLIENT.get_or_init(|| Arc::new(Client::new().unwrap())).clone()
}

/// Reads the whole body.
const TEXT: &str = "return await (await fetch(props.url)).text();";

#[test]
fn a_response_is_as_the_standard_has_it() {
    let server = server::start();
    let app = App::new(
        "const response = await fetch(props.url, { headers: { 'X-Mine': 'é', Host: 'other.test', Connection: 'x' } });
         const { status, statusText, ok, url, redirected, type, bodyUsed } = response;
         const seen = await response.json();
         let isImmutable = false;
         try { response.headers.set('a', 'b'); } catch (error) { isImmutable = error instanceof TypeError; }
         return { status, statusText, ok, url, redirected, type, bodyUsed, after: response.bodyUsed, isImmutable, seen,
           two: response.headers.get('x-two'), length: fetch.length, name: fetch.name, is: response instanceof Response };",
        &[&server],
    );
    let got = app.call(&format!("{server}/echo?a=b#top"));
    let host = server.trim_start_matches("http://");
    let headers = json!({ "accept": "*/*", "accept-language": "*", "host": host, "x-mine": "é",
        "user-agent": concat!("Dayfly/", env!("CARGO_PKG_VERSION")) });
    let expected = json!({ "status": 200, "statusText": "OK", "ok": true, "url": format!("{server}/echo?a=b"),
        "redirected": false, "type": "basic", "bodyUsed": false, "after": true, "isImmutable": true, "two": "a, b",
        "length": 1, "name": "fetch", "is": true,
        "seen": { "method": "GET", "query": "a=b", "body": "", "headers": headers } });
    assert_eq!(got, expected);
    let got = app.call(&format!("{server}/none"));
    assert!(got["error"].as_str().unwrap().contains("SyntaxError"), "{got}");
}

#[test]
fn bodies_of_every_kind_are_sent() {
    let server = server::start();
    let app = App::new(
        "const stream = () => new ReadableStream({ async start(c) { c.enqueue(new Uint8Array([104]));
           await new Promise((done) => setTimeout(done, 5)); c.enqueue(new Uint8Array([105])); c.close(); } });
         const form = new FormData(); form.append('name', 'Ada');
         const bodies = { text: 'hi', bytes: new Uint8Array([104, 105]), blob: new Blob(['h', 'i'], { type: 'text/x' }),
           form: new URLSearchParams({ a: 'b c' }), stream: stream(), empty: '', multipart: form };
         const sent = {};
         for (const [kind, body] of Object.entries(bodies)) {
           const response = await fetch(props.url, { method: 'POST', body, duplex: 'half' });
           const { method, body: got, headers } = await response.json();
           sent[kind] = [method, kind === 'multipart' ? got.includes('name=\"name\"\\r\\n\\r\\nAda') : got,
             headers['content-length'] ?? null, (headers['content-type'] ?? '').split(';')[0]];
         }
         delete sent.multipart.splice(2, 1)[0];
         const request = new Request(props.url, { method: 'PUT', body: 'of a request', headers: { 'x-a': '1' } });
         const seen = await (await fetch(request)).json();
         sent.request = [seen.method, seen.body, seen.headers['x-a'], request.bodyUsed];
         const again = await fetch(request).catch(String);
         sent.used = [again];
         return sent;",
        &[&server],
    );
    assert_eq!(
        app.call(&format!("{server}/echo")),
        json!({
            "text": ["POST", "hi", "2", "text/plain"],
            "bytes": ["POST", "hi", "2", ""],
            "blob": ["POST", "hi", "2", "text/x"],
            "form": ["POST", "a=b+c", "5", "application/x-www-form-urlencoded"],
            "stream": ["POST", "hi", "2", ""],
            "empty": ["POST", "", "0", "text/plain"],
            "multipart": ["POST", true, "multipart/form-data"],
            "request": ["PUT", "of a request", "1", true],
            "used": ["TypeError: Input request's body is unusable"],
        })
    );
}

#[test]
fn redirects_are_followed_refused_or_given() {
    let (server, other) = (server::start(), server::start());
    let app = App::new(
        "const { url, method = 'GET', body, redirect } = props;
         const headers = { Authorization: 'secret', Cookie: 'a=1', 'Content-Type': 'text/x', 'X-Kept': 'yes' };
         const response = await fetch(url, { method, body, redirect, headers });
         const { status, redirected, type } = response;
         const seen = { status, redirected, type, url: response.url, location: response.headers.get('location') };
         if (status === 200) seen.sent = await response.json();
         return seen;",
        &[&server, &other],
    );
    let render = |props: Value| app.render(&props.to_string());
    let to = |status: u16, location: &str| format!("{server}/redirect?{status},{location}");

    let (got, outcome) = render(json!({ "url": to(302, "/echo?x") }));
    assert_eq!((&got["redirected"], &got["url"]), (&json!(true), &json!(format!("{server}/echo?x"))), "{got}");
    assert_eq!((&got["type"], &got["sent"]["headers"]["authorization"]), (&json!("basic"), &json!("secret")), "{got}");
    let statuses: Vec<_> = outcome.usage.calls.iter().map(|call| (call.status, call.error)).collect();
    assert_eq!(statuses, [(Some(302), None), (Some(200), None)], "each is a call of its own");

    // What belongs to a user stays with the origin.
    let (got, _) = render(json!({ "url": to(307, &format!("{other}/echo")) }));
    let headers = &got["sent"]["headers"];
    assert_eq!((headers.get("authorization"), headers.get("cookie")), (None, None), "{got}");
    assert_eq!(headers["x-kept"], "yes", "{got}");

    for (status, method, sent) in [
        (301, "POST", json!(["GET", "", null])),
        (302, "POST", json!(["GET", "", null])),
        (303, "PUT", json!(["GET", "", null])),
        (301, "PUT", json!(["PUT", "hi", "text/x"])),
        (307, "POST", json!(["POST", "hi", "text/x"])),
        (308, "POST", json!(["POST", "hi", "text/x"])),
    ] {
        let (got, _) = render(json!({ "url": to(status, "/echo"), "method": method, "body": "hi" }));
        let kind = got["sent"]["headers"].get("content-type").unwrap_or(&Value::Null);
        assert_eq!(json!([got["sent"]["method"], got["sent"]["body"], kind]), sent, "{status} {method}: {got}");
    }

    let (got, _) = render(json!({ "url": to(302, "/echo"), "redirect": "error" }));
    assert_eq!(got["code"], "redirect", "{got}");
    let (got, outcome) = render(json!({ "url": to(302, "/echo"), "redirect": "manual" }));
    assert_eq!((&got["status"], &got["location"], &got["redirected"]), (&json!(302), &json!("/echo"), &json!(false)));
    assert_eq!(outcome.usage.calls.len(), 1);
    let (got, _) = render(json!({ "url": to(302, "ftp://a.test/") }));
    assert!(got["error"].as_str().unwrap().contains("redirects to ftp:"), "{got}");
    let (got, _) = render(json!({ "url": to(302, "http://") }));
    assert!(got["error"].as_str().unwrap().contains("redirects to what is no URL"), "{got}");
}

#[test]
fn redirects_without_end_are_twenty() {
    let server = server::raw(|mut stream| {
        use std::io::Write;
        let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n");
    });
    let app = App::new(TEXT, &[&server]);
    let (got, outcome) = app.render(&json!({ "url": server }).to_string());
    assert_eq!((&got["code"], outcome.usage.calls.len()), (&json!("redirect"), 21), "{got}");
    app.with(|limits| limits.fetches = 5).fails(&server, FetchErrorKind::TooMany, "at most 5 calls");
}

#[test]
fn a_redirect_leads_to_what_is_allowed_and_nowhere_else() {
    let (server, other) = (server::start(), server::start());
    let app = App::new(TEXT, &[&server]);
    app.fails(&format!("{server}/redirect?302,{other}/echo"), FetchErrorKind::NotAllowed, &format!("--allow {other}"));
    let metadata = "http://169.254.169.254/latest/meta-data";
    app.fails(
        &format!("{server}/redirect?302,{metadata}"),
        FetchErrorKind::NotAllowed,
        "--allow http://169.254.169.254",
    );
}

#[test]
fn nothing_is_called_that_the_list_does_not_name() {
    let server = server::start();
    let app = App::new(TEXT, &[]);
    let origin =
        format!("{server} is not on the list of what this app may call: allow it there, on the command line by");
    app.fails(&format!("{server}/echo"), FetchErrorKind::NotAllowed, &origin);
    // The same server by another name is another origin.
    let by_name = server.replace("127.0.0.1", "localhost");
    App::new(TEXT, &[&server]).fails(&by_name, FetchErrorKind::NotAllowed, &format!("--allow {by_name}"));
    // One that is named is this machine's, whatever the resolver says.
    let got = App::new(TEXT, &[&by_name]).call(&format!("{by_name}/echo"));
    assert!(got.as_str().unwrap().contains("\"method\":\"GET\""), "{got}");
}

#[test]
fn a_name_that_leads_to_a_private_address_is_not_called() {
    let server = server::start();
    let port = server.rsplit_once(':').unwrap().1;
    let origin = format!("http://private.test:{port}");
    // What a resolver may say that an attacker has a hand in.
    let app = |allowed: &[&str]| App::over(Arc::new(Rebound(client())), TEXT, allowed);
    app(&[&origin]).fails(
        &format!("{origin}/echo"),
        FetchErrorKind::NotAllowed,
        "leads to 127.0.0.1, a loopback address",
    );
    let got = app(&[&origin, "127.0.0.0/8"]).call(&format!("{origin}/echo"));
    assert!(got.as_str().unwrap().contains(&format!("\"host\":\"private.test:{port}\"")), "{got}");
}

/// A client whose names all lead to this machine.
#[derive(Debug)]
struct Rebound(Arc<Client>);

impl Transport for Rebound {
    fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> dayfly::Pending<'a, Vec<std::net::SocketAddr>> {
        self.0.resolve("127.0.0.1", port)
    }

    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        addresses: &'a [std::net::SocketAddr],
    ) -> dayfly::Pending<'a, http::Response<Box<dyn dayfly::Body>>> {
        self.0.send(request, addresses)
    }
}

#[test]
fn a_bundle_is_built_without_calls() {
    let refusal =
        build("app.mjs", "const a = await fetch('https://a.test/'); export const render = () => '';").artifact;
    let message = refusal.unwrap_err().to_string();
    assert!(
        message.contains("TypeError: fetch failed: a bundle is built without calls: call fetch in render"),
        "{message}"
    );
    let built = build("app.mjs", "fetch('https://a.test/').catch(() => {}); export const render = () => 'page';");
    assert!(built.artifact.unwrap().notices.is_empty());
}

#[test]
fn a_server_that_does_wrong_gives_an_error_that_says_what() {
    let short = |limits: &mut Limits| limits.fetch_time = Duration::from_millis(300);
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    for (server, kind, why) in [
        (server::nobody(), FetchErrorKind::Connect, "no connection to 127.0.0.1"),
        (server::that_writes(""), FetchErrorKind::Protocol, "the server left before its response had ended"),
        (server::that_writes("SSH-2.0-OpenSSH\r\n"), FetchErrorKind::Protocol, "none of HTTP's"),
        // It says 100 bytes, and gives four.
        (
            server::that_writes("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
            FetchErrorKind::Protocol,
            "the server left before its response had ended",
        ),
        (
            server::that_writes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
            FetchErrorKind::Protocol,
            "the server left before its response had ended",
        ),
        (
            server::that_writes("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"),
            FetchErrorKind::Protocol,
            "none of HTTP's",
        ),
        (server::that_writes("HTTP/1.1 101 Switching Protocols\r\n\r\n"), FetchErrorKind::Protocol, "another protocol"),
        (server::that_hangs_after(""), FetchErrorKind::Timeout, "longer than the 300ms that it may"),
        (server::that_hangs_after("HTTP/1.1 200 OK\r\n"), FetchErrorKind::Timeout, "longer than the 300ms"),
        (server::that_hangs_after(head), FetchErrorKind::Timeout, "longer than the 300ms"),
    ] {
        App::new(TEXT, &[&server]).with(short).fails(&server, kind, why);
    }
    // It says four bytes, and gives more: no more are read.
    let server = server::that_writes("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhalf and more");
    assert_eq!(App::new(TEXT, &[&server]).call(&server), "half");
    for (server, why) in [
        (server::that_never_ends("HTTP/1.1 200 OK\r\n\r\n", "a body without an end"), "responses of the render"),
        (server::that_never_ends("HTTP/1.1 200 OK\r\nx-long: ", "a header without an end"), "are too long"),
        (server::that_never_ends("HTTP/1.1 200 OK\r\n", "x-many: a\r\n"), "are too long"),
    ] {
        App::new(TEXT, &[&server]).fails(&server, FetchErrorKind::TooLarge, why);
    }
}

#[test]
fn calls_and_bytes_are_bounded_and_the_render_goes_on() {
    let server = server::start();
    let app = App::new(
        "const results = [];
         for (let n = 0; n < 4; n++) results.push(await fetch(props.url).then((r) => r.text()).then((t) => t.length, (e) => e.cause.code));
         return results;",
        &[&server],
    )
    .with(|limits| (limits.fetches, limits.fetch_response) = (3, 250_000));
    let url = format!("{server}/large?100000");
    assert_eq!(app.call(&url), json!([100_000, 100_000, "too-large", "too-many"]));
    let app = App::new(
        "return await fetch(props.url, { method: 'POST', body: 'x'.repeat(8e6) }).catch((e) => e.cause.code);",
        &[&server],
    );
    assert_eq!(app.call(&format!("{server}/echo")), "too-large");
}

/// A few bytes become many: they are made as they are read, and count.
#[test]
fn a_body_counts_by_what_is_decoded() {
    let server = server::start();
    let app = App::new(
        "let left = props.mebibytes;
         const zeros = new ReadableStream({ pull(c) { left-- > 0 ? c.enqueue(new Uint8Array(1 << 20)) : c.close(); } });
         const body = await new Response(zeros.pipeThrough(new CompressionStream('gzip'))).bytes();
         const response = await fetch(props.url, { method: 'POST', body });
         if (props.whole) return response.text().then((text) => text.length);
         let [read, largest, code] = [0, 0, null];
         try {
           for await (const { length } of response.body) [read, largest] = [read + length, Math.max(largest, length)];
         } catch (error) {
           code = error instanceof TypeError && error.cause.code;
         }
         return { read, largest, code };",
        &[&server],
    )
    .with(|limits| limits.memory = 64 << 20);
    let read = |mebibytes: u64, whole: bool| {
        app.render(&json!({ "url": format!("{server}/unpack"), "mebibytes": mebibytes, "whole": whole }).to_string())
    };
    let (told, outcome) = read(7, false);
    assert_eq!(told, json!({ "read": 7 << 20, "largest": 64 << 10, "code": null }));
    // What came last may have been nothing but the end.
    assert!((7 << 20..8 << 20).contains(&outcome.usage.calls[0].response_bytes), "{outcome:#?}");
    assert_eq!(read(7, true).0, 7 << 20);
    let (told, outcome) = read(200, false);
    assert_eq!((&told["code"], &told["largest"]), (&json!("too-large"), &json!(64 << 10)), "{told}");
    assert!((7 << 20..=8 << 20).contains(&told["read"].as_u64().unwrap()), "{told}");
    assert_eq!(outcome.usage.calls[0].error, Some(FetchErrorKind::TooLarge), "{outcome:#?}");
    assert_eq!(read(20, true).0["code"], "too-large");
}

#[test]
fn calls_go_on_at_once_and_timers_meanwhile() {
    let server = server::start();
    // Each is answered once the other has come.
    let app = App::new(
        "const get = async (n) => (await fetch(`${props.url}?${n}`)).text();
         return await Promise.all([get(1), get(2)]);",
        &[&server],
    );
    assert_eq!(app.call(&format!("{server}/both")), json!(["1", "2"]));
    // The second call is begun by a timer, while the first one waits.
    let app = App::new(
        "const get = async (n) => (await fetch(`${props.url}?${n}`)).text();
         const first = get(1);
         await new Promise((done) => setTimeout(done, 20));
         let turns = 0;
         const second = get(2).then((text) => { turns = -turns; return text; });
         (function turn() { if (turns >= 0) { turns += 1; setImmediate(turn); } })();
         return [await first, await second, turns < 0];",
        &[&server],
    );
    assert_eq!(app.call(&format!("{server}/both")), json!(["1", "2", true]));
}

#[test]
fn a_body_is_read_while_it_is_sent() {
    // The second half is sent once the client has said that it has the first.
    let (has_first, go) = mpsc::channel::<()>();
    let go = Mutex::new(go);
    let streaming = server::raw(move |mut stream| {
        use std::io::Write;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nfirst");
        if go.lock().unwrap().recv_timeout(Duration::from_secs(60)).is_ok() {
            let _ = stream.write_all(b"second");
        }
    });
    let telling = server::raw(move |mut stream| {
        use std::io::Write;
        has_first.send(()).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
    });
    let app = App::new(
        "const response = await fetch(props.url);
         const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
         const first = await reader.read();
         const { status, body } = await fetch(props.telling);
         const second = await reader.read();
         return [first.value, status, body, second.value, (await reader.read()).done];",
        &[&streaming, &telling],
    );
    let (got, _) = app.render(&json!({ "url": streaming, "telling": telling }).to_string());
    assert_eq!(got, json!(["first", 204, null, "second", true]));
}

#[test]
fn a_handler_hands_a_response_on() {
    let server = server::start();
    let text = "export default { fetch: (request, env) => fetch(env.URL, request) };";
    let bundle = Bundle::load(engine(), &artifact("app.mjs", text).bundle).unwrap();
    let bundle = bundle.with_outgoing(Outgoing::new(client(), [server.parse().unwrap()]));
    for (path, body) in [("echo", "\"body\":\"sent\""), ("gzip", "hello")] {
        let request = Request::post("http://shop.test/").body(String::from("sent")).unwrap();
        let env = json!({ "URL": format!("{server}/{path}") }).to_string();
        let Answer { response, usage, .. } =
            runtime().block_on(engine().fetch(&bundle, &Limits::default(), request, &env));
        let response = response.unwrap();
        assert!(std::str::from_utf8(response.body()).unwrap().contains(body), "{response:?}");
        // What it says of its encoding is true of what was decoded.
        assert_eq!(response.headers().get("content-encoding"), None, "{response:?}");
        assert_eq!((usage.calls.len(), usage.calls[0].status), (1, Some(200)), "{usage:?}");
    }
}

#[test]
fn a_handler_hands_a_request_on_whose_body_is_still_to_come() {
    let server = server::start();
    for call in [
        "fetch(env.URL, request)",
        "fetch(env.URL, { method: 'POST', body: request.body, duplex: 'half' })",
        "fetch(new Request(env.URL, request))",
        "fetch(new Request(env.URL, { method: 'POST', body: request.clone().body, duplex: 'half' }))",
    ] {
        let text = format!("export default {{ fetch: (request, env) => {call} }};");
        let bundle = Bundle::load(engine(), &artifact("app.mjs", &text).bundle).unwrap();
        let bundle = bundle.with_outgoing(Outgoing::new(client(), [server.parse().unwrap()]));
        let (mut sender, body) = Channel::<Bytes>::new(1);
        let request = Request::post("http://shop.test/").body(body).unwrap();
        let env = json!({ "URL": format!("{server}/echo") }).to_string();
        let (answer, ()) = runtime().block_on(async {
            let limits = Limits { cpu: Duration::from_secs(60), wall: Duration::from_secs(60), ..Limits::default() };
            tokio::join!(engine().fetch(&bundle, &limits, request, &env), async move {
                for piece in ["first ", "later"] {
                    sender.send_data(Bytes::from(piece)).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        });
        let response = answer.response.unwrap();
        assert!(std::str::from_utf8(response.body()).unwrap().contains("\"body\":\"first later\""), "{response:?}");
        // Each has a number of its own.
        assert_eq!((answer.usage.calls.len(), answer.usage.request_bytes), (1, 17 + 11), "{call}");
    }
}

#[test]
fn a_signal_ends_a_call() {
    let (closed, is_closed) = mpsc::channel();
    let hanging = server::raw(move |mut stream| {
        use std::io::Write;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
        server::wait_until_closed(&mut stream);
        closed.send(()).unwrap();
    });
    let silent = server::that_hangs_after("");
    let app = App::new(
        "const told = (error) => [error.name, error.message, error === props.reason];
         const before = await fetch(props.silent, { signal: AbortSignal.abort() }).catch(told);
         const controller = new AbortController();
         const reason = props.reason = new Error('enough');
         setTimeout(() => controller.abort(reason), 10);
         const during = await fetch(props.silent, { signal: controller.signal }).catch(told);
         const timed = await fetch(new Request(props.silent, { signal: AbortSignal.timeout(10) })).catch(told);
         const reading = new AbortController();
         const response = await fetch(props.url, { signal: reading.signal });
         const reader = response.body.getReader();
         await reader.read();
         setTimeout(() => reading.abort(), 10);
         const body = await reader.read().catch(told);
         await new Promise((done) => setTimeout(done, 1000));
         return { before, during, timed, body };",
        &[&hanging, &silent],
    );
    let (got, outcome) = app.render(&json!({ "url": hanging, "silent": silent }).to_string());
    assert_eq!(
        got,
        json!({
            "before": ["AbortError", "The signal has been aborted", false],
            "during": ["Error", "enough", true],
            "timed": ["TimeoutError", "The operation was aborted due to timeout", false],
            "body": ["AbortError", "The signal has been aborted", false],
        })
    );
    let errors: Vec<_> = outcome.usage.calls.iter().map(|call| call.error).collect();
    assert_eq!(errors, [Some(FetchErrorKind::Cancelled), Some(FetchErrorKind::Cancelled), None], "{outcome:#?}");
    // When it was given up, and not when the render ended.
    assert!(outcome.usage.calls.iter().all(|call| call.time < Duration::from_secs(1)), "{outcome:#?}");
    is_closed.recv_timeout(Duration::from_secs(60)).unwrap();
}

#[test]
fn a_render_that_ends_or_is_dropped_closes_its_connections() {
    let (opened, is_open) = mpsc::channel();
    let (closed, is_closed) = mpsc::channel();
    let server = server::raw(move |mut stream| {
        opened.send(()).unwrap();
        server::wait_until_closed(&mut stream);
        closed.send(()).unwrap();
    });
    let wait = |what: &mpsc::Receiver<()>| what.recv_timeout(Duration::from_secs(60)).unwrap();
    let app = App::new("const call = fetch(props.url); if (props.waits) await call; return 'left';", &[&server]);
    // It does not wait for what it has begun.
    let (got, outcome) = app.render(&json!({ "url": server }).to_string());
    assert_eq!((got, outcome.usage.calls[0].error), (json!("left"), Some(FetchErrorKind::Cancelled)));
    let props = json!({ "url": server, "waits": true }).to_string();
    runtime().block_on(async {
        let mut render = Box::pin(engine().render(&app.bundle, &app.limits, &props));
        loop {
            let waited = tokio::time::timeout(Duration::from_millis(20), &mut render).await;
            assert!(waited.is_err(), "{waited:?}");
            if is_open.try_recv().is_ok() {
                break;
            }
        }
        drop(render);
    });
    wait(&is_closed);
}

#[test]
fn urls_that_hold_their_data_are_read() {
    let app = App::new(
        "const read = async (url, init) => {
           const response = await fetch(url, init);
           return [response.status, response.type, response.headers.get('content-type'), await response.text()];
         };
         const blob = URL.createObjectURL(new Blob(['of a blob'], { type: 'text/x' }));
         const told = (error) => error.cause.message;
         return [await read('data:,a%20b'), await read('data:text/html;base64,aGk='), await read(blob),
           await read(blob, { method: 'POST' }).catch(told), await read('data:no comma').catch(told),
           await read('ftp://a.test/').catch(told), await read('http://a.test:25/').catch(told),
           await fetch().catch(String), await fetch('/relative').catch((error) => error.name)];",
        &[],
    );
    assert_eq!(
        app.render("{}").0,
        json!([
            [200, "basic", "text/plain;charset=US-ASCII", "a b"],
            [200, "basic", "text/html", "hi"],
            [200, "basic", "text/x", "of a blob"],
            "a blob is fetched with GET",
            "the data: URL cannot be read",
            "fetch knows no ftp: URLs",
            "the port 25 is none for HTTP",
            "TypeError: Failed to execute 'fetch': 1 argument required, but only 0 present",
            "TypeError",
        ])
    );
}

#[test]
fn responses_without_a_body_have_none() {
    let server = server::start();
    let app = App::new(
        "const head = await fetch(`${props.url}/large?100`, { method: 'HEAD' });
         const none = await fetch(`${props.url}/status?204`);
         const teapot = await fetch(`${props.url}/status?418`);
         return [head.body, head.headers.get('content-length'), none.body, none.status, teapot.ok, teapot.statusText, await teapot.text()];",
        &[&server],
    );
    assert_eq!(app.call(&server), json!([null, "100", null, 204, false, "I'm a teapot", ""]));
}

#[test]
fn a_connection_is_as_safe_as_its_certificate() {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let server = server::start_tls(TlsAcceptor::from(Arc::new(config)));
    let by_name = server.replace("127.0.0.1", "localhost");
    let trusting = Arc::new(Client::with_roots([cert.der().clone()]).unwrap());
    for origin in [&server, &by_name] {
        let got = App::over(trusting.clone(), TEXT, &[origin]).call(&format!("{origin}/echo"));
        assert!(got.as_str().is_some_and(|text| text.contains("\"method\":\"GET\"")), "{got}");
        App::new(TEXT, &[origin]).fails(origin, FetchErrorKind::Tls, "is not safe: invalid peer certificate");
    }
    let plain = server::start().replace("http:", "https:");
    App::new(TEXT, &[&plain]).fails(&plain, FetchErrorKind::Tls, "is not safe");
}

#[test]
fn what_is_run_for_itself_may_call_too() {
    let server = server::start();
    let text = format!("console.log((await (await fetch('{server}/echo')).json()).method)");
    let sources = [Source::new("test.mjs", text)];
    let run =
        |outgoing| runtime().block_on(bundler().run_with(&sources, &[], &dayfly_bundler::Bundler::limits(), outgoing));
    let allowed = run(Some(Outgoing::new(client(), [server.parse().unwrap()])));
    assert_eq!(allowed.console[0].text, "GET", "{allowed:?}");
    assert!(run(None).result.unwrap_err().to_string().contains("is not on the list"), "nothing by default");
}

#[test]
fn the_command_line_allows_what_it_names() {
    let server = server::start();
    let file = scratch("outgoing").join("app.mjs");
    std::fs::write(&file, format!("export const render = async () => (await fetch('{server}/large?3?token')).text();"))
        .unwrap();
    let dayfly = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dayfly"));
        command
            .arg("render")
            .arg(&file)
            .args(arguments)
            .env("XDG_CACHE_HOME", scratch("outgoing-cache"))
            .output()
            .unwrap()
    };
    let out = dayfly(&["--json"]);
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1), "{report}");
    let message = report["failure"]["message"].as_str().unwrap();
    assert!(message.contains(&format!("--allow {server}")), "{message}");
    assert_eq!(report["usage"]["calls"][0]["error"], "not-allowed", "{report}");

    let file_text = std::fs::read_to_string(&file).unwrap().replace("?3?token", "?3");
    std::fs::write(&file, file_text).unwrap();
    let out = dayfly(&["--json", "--allow", &server]);
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), &report["page"]), (Some(0), &json!("xxx")), "{report}");
    let call = &report["usage"]["calls"][0];
    assert_eq!(call["url"], format!("{server}/large"), "{call}");
    assert_eq!(json!([call["method"], call["status"], call["response_bytes"]]), json!(["GET", 200, 3]), "{call}");
    assert!(call["time_us"].as_u64() > Some(0) && call.get("error").is_none(), "{call}");

    let out = dayfly(&["--usage", "--allow", &server]);
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(said.contains(&format!("GET {server}/large 200, 3 B in ")), "{said}");
    for (origin, why) in [
        ("api.example.com", "as in https://api.example.com"),
        ("https://*.example.com", "https://*.example.com is a pattern, and a list has none: write each host"),
    ] {
        let out = dayfly(&["--allow", origin]);
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(out.status.code() == Some(2) && said.contains(why), "{said}");
    }
}
