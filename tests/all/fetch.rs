//! Apps that answer requests: `export default { fetch(request, env, ctx) }`.

mod body;

use std::time::{Duration, Instant};

use bytes::Bytes;
use dayfly::{Answer, Bundle, Ended, Exchange, Failure, Limit, Limits};
use http::Request;
use http_body_util::Full;

use crate::support::{artifact, build, engine, runtime};

/// An app with the handler of this body.
fn app(fetch: &str) -> Bundle {
    module(&format!("export default {{ async fetch(request, env, ctx) {{ {fetch} }} }}"))
}

fn module(text: &str) -> Bundle {
    Bundle::load(engine(), &artifact("app.mjs", text).bundle).unwrap()
}

fn get() -> Request<Full<Bytes>> {
    Request::get("http://shop.test/").body(Full::default()).unwrap()
}

fn fetch(app: &Bundle, request: Request<Full<Bytes>>) -> Answer {
    fetch_with(app, request, "{}", &Limits::default())
}

fn fetch_with(app: &Bundle, request: Request<Full<Bytes>>, env: &str, limits: &Limits) -> Answer {
    runtime().block_on(engine().fetch(app, limits, request, env))
}

#[track_caller]
fn text(answer: &Answer) -> &str {
    match &answer.response {
        Ok(response) => std::str::from_utf8(response.body()).unwrap(),
        Err(_) => panic!("no response: {answer:#?}"),
    }
}

#[track_caller]
fn threw(answer: &Answer) -> String {
    match &answer.response {
        Err(Failure::Threw(thrown)) => thrown.to_string(),
        _ => panic!("the handler did not throw: {answer:#?}"),
    }
}

#[test]
fn a_handler_sees_the_request_and_gives_a_response() {
    let app = app(
        "const url = new URL(request.url);
         const seen = { method: request.method, path: url.pathname, page: url.searchParams.get('page'),
           type: request.headers.get('Content-Type'), both: request.headers.get('x-two'), body: await request.json(), env };
         return Response.json(seen, { status: 201, headers: { 'X-Powered-By': 'café', 'Set-Cookie': 'a=1' } });",
    );
    let request = Request::post("https://shop.test:8443/cart?page=2#top")
        .header("content-type", "application/json")
        .header("x-two", "one")
        .header("x-two", "two")
        .body(Full::from(r#"{"id":7}"#))
        .unwrap();
    let answer = fetch_with(&app, request, r#"{"KEY":"value"}"#, &Limits::default());
    assert_eq!(
        text(&answer),
        r#"{"method":"POST","path":"/cart","page":"2","type":"application/json","both":"one, two","body":{"id":7},"env":{"KEY":"value"}}"#
    );
    let response = answer.response.unwrap();
    assert_eq!(response.status(), 201);
    // A character for each byte, as `Headers` has it.
    assert_eq!(response.headers()["x-powered-by"].as_bytes(), b"caf\xe9");
    assert_eq!(response.headers()["set-cookie"], "a=1");
    assert_eq!(response.headers()["content-type"], "application/json");
}

/// Fuel is exact, and what answering costs beside the app's own code is not to creep up.
#[test]
fn an_answer_of_a_line_costs_little() {
    let app =
        module("export default { fetch: () => new Response('hello', { headers: { 'content-type': 'text/plain' } }) }");
    let answer = fetch(&app, get());
    assert_eq!(text(&answer), "hello");
    assert!(answer.usage.fuel.unwrap() < 220_000, "{:?}", answer.usage);
}

#[test]
fn bodies_of_every_kind_are_sent() {
    let app = app(
        "const bodies = { text: 'é', bytes: new Uint8Array([104, 105]), buffer: new Uint8Array([104, 105]).buffer,
           view: new DataView(new Uint8Array([0, 104, 105]).buffer, 1), blob: new Blob(['h', 'i']), none: null,
           form: new URLSearchParams({ a: 'b c' }),
           stream: new Blob(['h']).stream().pipeThrough(new TransformStream({ flush: (c) => c.enqueue(new Uint8Array([105])) })),
           encoded: new ReadableStream({ start(c) { c.enqueue('h'); c.enqueue('i'); c.close(); } }).pipeThrough(new TextEncoderStream()) };
         return new Response(bodies[new URL(request.url).pathname.slice(1)]);",
    );
    for (kind, body) in [
        ("text", "é"),
        ("bytes", "hi"),
        ("buffer", "hi"),
        ("view", "hi"),
        ("blob", "hi"),
        ("none", ""),
        ("form", "a=b+c"),
        ("stream", "hi"),
        ("encoded", "hi"),
    ] {
        let request = Request::get(format!("http://shop.test/{kind}")).body(Full::default()).unwrap();
        assert_eq!(text(&fetch(&app, request)), body, "{kind}");
    }
}

#[test]
fn a_form_with_a_file_is_read() {
    let app = app("const form = await request.formData(); const file = form.get('file');
         return new Response(`${form.get('name')} ${file.name} ${file.type} ${await file.text()}`);");
    let body = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAda\r\n--x\r\nContent-Disposition: form-data; \
                name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--\r\n";
    let request = Request::post("http://shop.test/").header("content-type", "multipart/form-data; boundary=x");
    assert_eq!(text(&fetch(&app, request.body(Full::from(body)).unwrap())), "Ada a.txt text/plain hello");
}

#[test]
fn the_first_byte_is_there_before_the_last_await_has_settled() {
    let app = app("const encoder = new TextEncoder();
         return new Response(new ReadableStream({
           async start(controller) {
             controller.enqueue(encoder.encode('first'));
             await new Promise((done) => setTimeout(done, 200));
             console.log('settled');
             controller.enqueue(encoder.encode('second'));
             controller.close();
           },
         }));");
    runtime().block_on(async {
        let mut exchange: Exchange = engine().exchange(&app, &Limits::default(), get(), "{}");
        assert_eq!(exchange.head().await.unwrap().status, 200);
        assert_eq!(exchange.chunk().await.unwrap(), "first");
        let waited = Instant::now();
        assert_eq!(exchange.chunk().await.unwrap(), "second");
        // The timer stood between the two.
        assert!(waited.elapsed() > Duration::from_millis(100), "{:?}", waited.elapsed());
        assert_eq!(exchange.chunk().await, None);
        let Ended { result, console, .. } = exchange.finish().await;
        assert!(result.is_ok() && console[0].text == "settled", "{result:?} {console:?}");
    });
}

#[test]
fn a_reader_that_leaves_cancels_the_stream() {
    let app = app("let made = 0;
         return new Response(new ReadableStream({
           pull(controller) { made += 1; controller.enqueue(new Uint8Array(1000)); },
           cancel(reason) { console.log(made < 10, reason.message); },
         }));");
    runtime().block_on(async {
        let mut exchange = engine().exchange(&app, &Limits::default(), get(), "{}");
        exchange.head().await.unwrap();
        exchange.chunk().await.unwrap();
        let ended = exchange.finish().await;
        assert!(ended.result.is_ok(), "{ended:?}");
        assert_eq!(ended.console[0].text, "true the response is read no further");
    });
}

#[test]
fn what_is_waited_for_runs_after_the_response_and_within_the_limits() {
    let waits =
        app("ctx.waitUntil((async () => { await new Promise((done) => setTimeout(done, 20)); console.log('saved');
           ctx.waitUntil(Promise.reject(new Error('lost'))); })());
         return new Response('sent');");
    let answer = fetch(&waits, get());
    assert_eq!(text(&answer), "sent");
    let console: Vec<&str> = answer.console.iter().map(|line| line.text.lines().next().unwrap()).collect();
    assert_eq!(console, ["saved", "Uncaught Error: lost"]);

    let never = app("ctx.waitUntil(new Promise((done) => setTimeout(done, 60_000))); return new Response('sent');");
    runtime().block_on(async {
        let limits = Limits { wall: Duration::from_millis(50), ..Limits::default() };
        let mut exchange = engine().exchange(&never, &limits, get(), "{}");
        exchange.head().await.unwrap();
        assert_eq!(exchange.chunk().await.unwrap(), "sent");
        assert_eq!(exchange.chunk().await, None);
        assert!(exchange.is_complete());
        let ended = exchange.finish().await;
        assert!(matches!(ended.result, Err(Failure::Exceeded { limit: Limit::Wall, .. })), "{ended:?}");
    });
}

#[test]
fn what_is_no_response_is_named() {
    for (gives, why) in [
        ("return 'text'", "TypeError: fetch gave a value of type string (text)"),
        ("", "TypeError: fetch gave undefined"),
        ("return Response.error()", "TypeError: fetch gave Response.error()"),
        ("const r = new Response('x'); await r.text(); return r", "whose body has been read already"),
        ("throw new RangeError('mine')", "RangeError: mine"),
        ("return new Response(new ReadableStream({ start(c) { c.enqueue('text'); } }))", "is not a Uint8Array"),
        (
            "return new Response(new ReadableStream({ pull() { throw new Error('in the stream'); } }))",
            "Error: in the stream",
        ),
    ] {
        let answer = fetch(&app(gives), get());
        assert!(threw(&answer).contains(why), "{gives}: {answer:#?}");
    }
    let answer = fetch(&app("return new Promise(() => {})"), get());
    assert!(matches!(answer.response, Err(Failure::Unsettled)), "{answer:#?}");
}

#[test]
fn a_body_is_held_to_the_page_limit() {
    let app = app(
        "return new Response(new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(1000)); } }));",
    );
    let answer = fetch_with(&app, get(), "{}", &Limits { page: 4_500, ..Limits::default() });
    assert!(matches!(answer.response, Err(Failure::Exceeded { limit: Limit::Page, .. })), "{answer:#?}");
    assert_eq!(answer.usage.page_bytes, 4_000);
}

#[test]
fn a_body_that_is_cut_is_not_complete() {
    for body in ["'x'.repeat(5000)", "new ReadableStream({ start(c) { c.enqueue(new Uint8Array(5000)); c.close(); } })"]
    {
        let app = app(&format!("ctx.waitUntil(Promise.resolve()); return new Response({body})"));
        runtime().block_on(async {
            let limits = Limits { page: 4_000, ..Limits::default() };
            let mut exchange = engine().exchange(&app, &limits, get(), "{}");
            exchange.head().await.unwrap();
            while exchange.chunk().await.is_some() {}
            assert!(!exchange.is_complete(), "{body}");
            let ended = exchange.finish().await;
            assert!(matches!(ended.result, Err(Failure::Exceeded { limit: Limit::Page, .. })), "{ended:?}");
        });
    }
}

#[test]
fn an_environment_that_is_no_object_is_the_callers_mistake() {
    let app = app("globalThis.process = undefined; return new Response('ok')");
    for env in ["null", "[]", "\"text\"", "{"] {
        let answer = fetch_with(&app, get(), env, &Limits::default());
        assert!(matches!(answer.response, Err(Failure::Host(dayfly::Error::InvalidProps(_)))), "{env}: {answer:?}");
    }
    assert_eq!(text(&fetch_with(&app, get(), r#"{"A":"b"}"#, &Limits::default())), "ok");
}

#[test]
fn a_handler_may_be_a_class_and_live_beside_a_render() {
    let app = module(
        "class App { #greeting = 'hello'; fetch(request) { return new Response(this.#greeting); } }
         export default new App(); export const render = () => 'page';",
    );
    assert_eq!(text(&fetch(&app, get())), "hello");
    let outcome = runtime().block_on(engine().render(&app, &Limits::default(), "{}"));
    assert_eq!(outcome.page.unwrap().as_bytes(), b"page");
}

#[test]
fn an_app_without_either_is_refused_with_what_it_exports() {
    let refusal = build("app.mjs", "export default { get() {} }; export const other = 1;").artifact.unwrap_err();
    let message = refusal.to_string();
    assert!(message.contains("`fetch` handler or a `render`; this one exports default, other"), "{message}");
}

#[test]
fn requests_do_not_see_each_other() {
    let app = app("globalThis.seen = (globalThis.seen ?? 0) + 1; return new Response(String(globalThis.seen));");
    for _ in 0..3 {
        assert_eq!(text(&fetch(&app, get())), "1");
    }
}
