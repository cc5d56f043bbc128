//! `dayfly dev`: an app that is served while it is written.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use super::Dayfly;
use super::sources::project;
use crate::support::scratch;

/// So long that whoever waits for it waits for nothing.
const LONG: Duration = Duration::from_secs(120);

/// `dayfly dev`, until it is dropped.
struct Server {
    process: Child,
    port: u16,
    /// What it writes to standard error.
    lines: Receiver<String>,
}

impl Server {
    fn start(dayfly: &Dayfly, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_dayfly"))
            .args(["dev", "--port", "0"])
            .args(arguments)
            .current_dir(&dayfly.folder)
            .env("XDG_CACHE_HOME", scratch("cli-cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let err = BufReader::new(process.stderr.take().unwrap());
        std::thread::spawn(move || err.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut server = Self { process, port: 0, lines };
        let line = server.says("serving http://localhost:");
        let port = line.split(':').nth(2).unwrap();
        server.port = port[..port.find('/').unwrap()].parse().unwrap();
        server
    }

    /// Waits for a line that has this in it.
    #[track_caller]
    fn says(&self, part: &str) -> String {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(LONG) {
                Ok(line) if line.contains(part) => return line,
                Ok(line) => before.push(line),
                Err(error) => panic!("no {part:?} ({error}) in {before:#?}"),
            }
        }
    }

    fn send(&self, request: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    }

    /// A whole response, as it goes over the wire.
    fn exchange(&self, request: &str) -> String {
        let mut response = String::new();
        // One that is cut off is looked at too.
        let _ = self.send(request).read_to_string(&mut response);
        response
    }

    /// What a browser gets.
    fn get(&self, path: &str) -> String {
        self.exchange(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        ))
    }

    fn news(&self) -> News {
        News(self.send("GET /__dayfly/events HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What an open page is told.
struct News(BufReader<TcpStream>);

impl News {
    #[track_caller]
    fn next(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the events have ended");
            if let Some(data) = line.strip_prefix("data: ") {
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}

#[track_caller]
fn has(response: &str, parts: &[&str]) {
    for part in parts {
        assert!(response.contains(part), "no {part:?} in {response}");
    }
}

#[test]
fn an_edit_shows_in_open_pages_and_so_does_what_is_wrong_until_it_is_mended() {
    let Some(folder) = project("cli::dev::edits", "esbuild") else { return };
    let dayfly = Dayfly { folder }
        .file("package.json", r#"{ "type": "module" }"#)
        .file("tsconfig.json", r#"{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "preact" } }"#)
        .file("src/title.ts", "export const title: string = 'One';")
        .file("src/entry.tsx", "import { render as html } from 'preact-render-to-string';\nimport { title } from './title';\nexport default { fetch: () => new Response(html(<h1>{title} {process.env.NODE_ENV}</h1>), { headers: { 'content-type': 'text/html' } }) };\n");
    let server = Server::start(&dayfly, &["src/entry.tsx"]);
    has(&server.get("/"), &["<h1>One development</h1>", "<script src=\"/__dayfly/client.js\" data-build="]);

    let mut news = server.news();
    let first = news.next();
    assert!(first["problem"].is_null(), "{first}");
    let dayfly = dayfly.file("src/title.ts", "export const title: string = 'Two';");
    let second = news.next();
    assert!(second["problem"].is_null() && second["build"] != first["build"], "{first} {second}");
    has(&server.get("/"), &["<h1>Two development</h1>", second["build"].as_str().unwrap()]);

    // The last good build goes on, and what is wrong is shown over it.
    let dayfly = dayfly.file("src/title.ts", "\nexport const title: string == 'Three';");
    let broken = news.next();
    assert_eq!(broken["build"], second["build"]);
    has(broken["problem"]["title"].as_str().unwrap(), &["(src/title.ts:2:"]);
    has(broken["problem"]["frame"].as_str().unwrap(), &["2 | export const title: string == 'Three';"]);
    has(&server.get("/"), &["<h1>Two development</h1>"]);
    server.says("error: ");

    // What is missing may come.
    let dayfly = dayfly.file("src/title.ts", "export { title } from './later';");
    has(news.next()["problem"]["title"].as_str().unwrap(), &["./later"]);
    let dayfly = dayfly.file("src/later.ts", "export const title = 'Four';");
    let mended = news.next();
    assert!(mended["problem"].is_null() && mended["build"] != second["build"], "{mended}");
    has(&server.get("/"), &["<h1>Four development</h1>"]);

    // Back to what is served: nothing to reload.
    let dayfly = dayfly.file("src/title.ts", "export const");
    assert!(!news.next()["problem"].is_null());
    dayfly.file("src/title.ts", "export { title } from './later';");
    assert_eq!(news.next(), mended);
}

#[test]
fn sources_that_never_built_show_why_and_then_the_page() {
    let dayfly = Dayfly::new("dev-broken").file("app.mjs", "export const render = () => '<b>' +;");
    let server = Server::start(&dayfly, &["app.mjs"]);
    let mut news = server.news();
    assert_eq!(news.next()["build"], "");
    has(&server.get("/"), &["HTTP/1.1 500", "syntax error", "&#39;&lt;b&gt;&#39; +;", "/__dayfly/client.js"]);
    dayfly.file("app.mjs", "export const render = () => '<b>bold</b>';");
    assert!(news.next()["problem"].is_null());
    has(&server.get("/"), &["HTTP/1.1 200", "<b>bold</b>"]);
}

#[test]
fn a_thrown_error_and_a_limit_are_shown_with_their_place_and_cannot_inject_html() {
    let Some(folder) = project("cli::dev::throws", "esbuild") else { return };
    let dayfly = Dayfly { folder }.file("package.json", "{}").file(
        "src/entry.ts",
        "interface Env { a: 1 }\nexport default {\n  fetch(request: Request, env: Env) {\n    console.warn('asked');\n    if (request.url.endsWith('/spin')) for (;;);\n    throw new Error('<script>alert(1)</script>', { cause: new TypeError('deep') });\n  },\n};\n",
    );
    let server = Server::start(&dayfly, &["src/entry.ts", "--time", "50ms"]);
    let page = server.get("/x");
    has(
        &page,
        &[
            "HTTP/1.1 500",
            "text/html",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "(src/entry.ts:6:",
            "6 |     throw new Error(",
        ],
    );
    has(&page, &["caused by TypeError: deep"]);
    assert!(!page.contains("<script>alert"), "{page}");
    has(&server.says("warn: "), &["asked (src/entry.ts:4:"]);
    server.says("error: the app threw Error: <script>");
    server.says("GET /x 500 in ");
    // Who asks for no page gets text.
    let text = server.exchange("GET /spin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    has(&text, &["HTTP/1.1 500", "text/plain", "error: the render used more CPU time than its limit allows"]);
}

#[test]
fn a_handler_gets_the_request_and_its_response_comes_back_as_it_is() {
    let dayfly = Dayfly::new("dev-request").file("env.json", r#"{ "NAME": "kept" }"#).file(
        "app.mjs",
        "export default { async fetch(request, env) {
           const { method, url, headers } = request;
           const text = JSON.stringify([method, url, headers.get('x-mine'), await request.text(), env.NAME]);
           return new Response(text, { status: 201, headers: [['x-theirs', 'a'], ['content-length', '999'], ['set-cookie', 'b=1'], ['set-cookie', 'c=2']] });
         } };",
    );
    let server = Server::start(&dayfly, &["app.mjs", "--env", "env.json"]);
    let body = "POST /path?q=1 HTTP/1.1\r\nHost: localhost:1234\r\nX-Mine: yes\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody";
    let response = server.exchange(body);
    has(&response, &["HTTP/1.1 201 Created\r\n", "x-theirs: a\r\n", "set-cookie: b=1\r\n", "set-cookie: c=2\r\n"]);
    assert!(!response.contains("999"), "a length that is not the body's is not sent: {response}");
    has(&response, &[r#"["POST","http://localhost:1234/path?q=1","yes","body","kept"]"#]);
    assert!(!response.contains("__dayfly"), "what is no page stays as it is: {response}");

    let mut news = server.news();
    news.next();
    let dayfly = dayfly.file("env.json", r#"{ "NAME": "changed" }"#);
    news.next();
    has(&server.exchange(body), &["changed"]);
    dayfly.file("env.json", "[]");
    has(news.next()["problem"]["title"].as_str().unwrap(), &["env.json is not a JSON object"]);

    let large =
        format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", 2 << 20);
    has(&server.exchange(&large), &["HTTP/1.1 413"]);
}

#[test]
fn a_request_is_handed_on_as_it_comes() {
    let dayfly = Dayfly::new("dev-upload").file(
        "app.mjs",
        "export default { async fetch(request) {
           if (request.url.endsWith('/echo')) return new Response(request.body);
           return new Response(await request.text().catch((error) => { console.log(`caught ${error}`); }));
         } };",
    );
    let server = Server::start(&dayfly, &["app.mjs"]);
    let head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let mut response = server.send(head);
    let mut seen = String::new();
    for piece in ["first", "later"] {
        write!(response.get_mut(), "5\r\n{piece}\r\n").unwrap();
        while !seen.contains(piece) {
            assert_ne!(response.read_line(&mut seen).unwrap(), 0, "{seen}");
        }
    }
    response.get_mut().write_all(b"0\r\n\r\n").unwrap();
    response.read_to_string(&mut seen).unwrap();
    has(&seen, &["HTTP/1.1 200", "\r\n0\r\n"]);

    // A client that leaves in the middle.
    let leaving = server.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    leaving.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    server.says("caught TypeError: the request's body broke off: ");

    // More than a request may have, of which nothing was said before.
    let mut large = server.send(&head.replace("/echo", "/"));
    let piece = "x".repeat(1 << 16);
    for _ in 0..17 {
        if write!(large.get_mut(), "{:x}\r\n{piece}\r\n", piece.len()).is_err() {
            break;
        }
    }
    server.says("more request size than its limit allows");
}

#[test]
fn a_body_comes_piece_by_piece_and_one_that_breaks_off_says_why() {
    let dayfly = Dayfly::new("dev-stream").file(
        "app.mjs",
        "const wait = (ms) => new Promise((done) => setTimeout(done, ms));
         export default { fetch(request) {
           const { pathname } = new URL(request.url);
           const pieces = { async *[Symbol.asyncIterator]() {
             yield '<p>first</p>';
             await wait(1000);
             if (pathname === '/breaks') throw new Error('<broken>');
             yield '<p>last</p>';
           } };
           const body = new ReadableStream({ async start(controller) {
             try {
               for await (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
               controller.close();
             } catch (error) { controller.error(error); }
           } });
           return new Response(body, { headers: { 'content-type': pathname === '/text' ? 'text/plain' : 'text/html; charset=utf-8' } });
         } };",
    );
    let server = Server::start(&dayfly, &["app.mjs"]);
    let mut response = server.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut start = String::new();
    while !start.contains("first") {
        assert_ne!(response.read_line(&mut start).unwrap(), 0, "{start}");
    }
    let there = String::from_utf8_lossy(response.buffer()).into_owned();
    assert!(!there.contains("last"), "it came all at once: {start}{there}");
    let mut rest = String::new();
    response.read_to_string(&mut rest).unwrap();
    has(&rest, &["<p>last</p>", "<script src=\"/__dayfly/client.js\"", "\r\n0\r\n\r\n"]);

    let broken = server.get("/breaks");
    has(&broken, &["<p>first</p>", "data-problem=\"", "&lt;broken&gt;", "app.mjs:7:"]);
    assert!(!broken.contains("<broken>"), "{broken}");
    server.says("error: the app threw Error: <broken>");
    let head = server.exchange("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn an_app_that_renders_gets_props_and_a_change_of_them_shows() {
    let dayfly = Dayfly::new("dev-props")
        .file("app.js", "globalThis.render = ({ name }) => '<h1>' + name + '</h1>'")
        .file("props.json", r#"{ "name": "Ada" }"#);
    let server = Server::start(&dayfly, &["app.js", "--props", "props.json"]);
    has(&server.get("/any/path"), &["<h1>Ada</h1><script src="]);
    has(&server.get("/favicon.ico"), &["HTTP/1.1 404"]);
    has(
        &server.exchange("POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        &["HTTP/1.1 405", "allow: GET, HEAD"],
    );
    let mut news = server.news();
    news.next();
    dayfly.file("props.json", r#"{ "name": "Grace" }"#);
    news.next();
    has(&server.get("/"), &["<h1>Grace</h1>"]);
}

#[test]
fn only_this_machines_own_names_are_served() {
    let dayfly = Dayfly::new("dev-host").file("app.js", "globalThis.render = () => 'secret'");
    let server = Server::start(&dayfly, &["app.js"]);
    for path in ["/", "/__dayfly/events", "/__dayfly/client.js"] {
        for host in
            ["Host: evil.test\r\n", "Host: localhost.evil.test\r\n", "Host: localhost\r\nHost: evil.test\r\n", ""]
        {
            let refused = server.exchange(&format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n"));
            assert!(refused.starts_with("HTTP/1.1 4") && !refused.contains("secret"), "{host}: {refused}");
        }
    }
    for host in ["localhost", "127.0.0.1:80", "[::1]", "app.localhost"] {
        has(&server.exchange(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")), &["secret"]);
    }
}

#[test]
fn a_port_in_use_is_named_and_an_interrupt_ends_the_server() {
    let dayfly = Dayfly::new("dev-port").file("app.js", "globalThis.render = () => 'page'");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = dayfly.run(&["dev", "app.js", "--port", &port]);
    assert_eq!(said.code, 2, "{said:#?}");
    has(&said.err, &[&format!("error: port {port} is in use by another program; --port 3001 takes another one")]);
    let said = dayfly.run(&["dev", "gone.js"]);
    assert!(said.code == 2 && said.err.contains("cannot read gone.js"), "{said:#?}");
    let said = dayfly.run(&["dev", "."]);
    assert!(said.code == 2 && said.err.contains("cannot read .: is a directory"), "{said:#?}");
    let said = dayfly.run(&["dev", "app.wasm"]);
    assert!(said.code == 2 && said.err.contains("app.wasm is Wasm already"), "{said:#?}");

    let mut server = Server::start(&dayfly, &["app.js"]);
    // A page that is open does not hold it up.
    let mut news = server.news();
    news.next();
    let pid = server.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}
