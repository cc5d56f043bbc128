//! H05: connections whose other end is gone, without a word or in the middle of one.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};

use super::{Plan, Site, is_full};
use crate::serve::LONG;
use crate::serve::administered::exchange;
use crate::support::left_out;

/// Within so long the server has no more files open than before.
const FREED: Duration = Duration::from_secs(60);

const APP: &str = r#"export default { async fetch(request) {
    if (request.method === "POST") return new Response(`${(await request.text()).length}`);
    const piece = new Uint8Array(16 << 10).fill(120);
    return new Response(new ReadableStream({ pull(controller) { controller.enqueue(piece); } }));
} };"#;

/// A network of two: a server's namespace, and a link to it that can be cut. Gone with it.
struct Link {
    name: String,
}

/// Of those that are for documentation: RFC 5737.
const SERVER: &str = "198.51.100.1";
const CLIENT: &str = "198.51.100.2";

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
    output
        .status
        .success()
        .then_some(())
        .ok_or_else(|| format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr)))
}

impl Link {
    fn new() -> Result<Self, String> {
        let name = format!("dayfly{}", std::process::id());
        let link = Self { name };
        let name = &link.name;
        ip(&format!("netns add {name}"))?;
        ip(&format!("link add {name} type veth peer name server netns {name}"))?;
        ip(&format!("addr add {CLIENT}/30 dev {name}"))?;
        ip(&format!("link set {name} up"))?;
        ip(&format!("-n {name} addr add {SERVER}/30 dev server"))?;
        ip(&format!("-n {name} link set server up"))?;
        ip(&format!("-n {name} link set lo up"))?;
        Ok(link)
    }

    /// Nothing comes through any more, and nobody is told.
    fn cut(&self) {
        ip(&format!("link set {} down", self.name)).unwrap();
    }

    fn mend(&self) {
        ip(&format!("link set {} up", self.name)).unwrap();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = ip(&format!("link del {}", self.name));
        let _ = ip(&format!("netns del {}", self.name));
    }
}

/// Lets this process have as many files as it may.
fn raise_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

fn connect(site: &Site, begin: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&site.server.address).unwrap();
    stream.write_all(begin).unwrap();
    stream
}

#[test]
fn connections_whose_other_end_is_gone_are_freed() {
    let Some(is_full) = is_full("h05") else { return };
    let test = "connections_whose_other_end_is_gone_are_freed";
    let link = match Link::new() {
        Ok(link) => link,
        Err(why) => return left_out(test, &format!("it needs a network namespace: {why}")),
    };
    if is_full {
        raise_files();
    }
    let short = "[http]\nhead-time = \"2s\"\nbody-time = \"2s\"\nsend-time = \"2s\"\nidle-time = \"2s\"\n";
    let tables = format!("{}[renders]\nconcurrent = 1024\nreserved = 0\n", if is_full { "" } else { short });
    let by = ["ip", "netns", "exec", &link.name, "prlimit", "--nofile=16384"];
    let plan =
        Plan { app: APP, tables: &tables, tenant: "concurrent = 900\n", by: &by, address: SERVER, ..Plan::default() };
    let mut site = Site::open("half-open", &plan);
    site.is_well();
    let files = site.server.running().descriptors();
    let each = if is_full { 400 } else { 60 };
    let half =
        [b"POST /app HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n".as_slice(), &[b'x'; 50_000]].concat();
    // They end in the middle of a body: with FIN, and with RST, which is what comes of bytes that are not read.
    let ended: Vec<_> = (0..each).map(|_| connect(&site, &half)).collect();
    let asks: Vec<_> =
        String::from_utf8(half.clone()).unwrap().replace("host: a", "host: a\r\nexpect: 100-continue").into();
    let reset: Vec<_> = (0..each).map(|_| connect(&site, &asks)).collect();
    // Until the server has told them to go on, which they do not read.
    for stream in &reset {
        stream.set_read_timeout(Some(LONG)).unwrap();
        assert!(stream.peek(&mut [0]).unwrap() > 0);
    }
    drop((ended, reset));
    // These do not end.
    let mut held: Vec<_> = (0..each).map(|_| connect(&site, &half)).collect();
    held.extend((0..each).map(|_| connect(&site, b"GET /app HTTP/1.1\r\nhost: a\r\nx-a: ")));
    held.extend((0..each - 40).map(|_| connect(&site, b"")));
    // And these are read to.
    for _ in 0..40 {
        let mut stream = connect(&site, b"GET /app HTTP/1.1\r\nhost: a\r\n\r\n");
        let _ = stream.read(&mut [0; 1024]);
        held.push(stream);
    }
    let most = site.server.running().descriptors();
    assert!(most > files + 50, "{most} files are open, and {files} were");
    site.victim.end();
    let victim = site.victim.saw();
    link.cut();
    let began = Instant::now();
    while site.server.running().descriptors() > files + 4 {
        let left = site.server.running().descriptors();
        assert!(began.elapsed() < FREED, "{left} files are open, and there were {files}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = began.elapsed();
    link.mend();
    drop(held);
    while exchange(&site.server.address, "GET /victim?name=Ada HTTP/1.0\r\n\r\n").is_none() {
        assert!(began.elapsed() < 2 * FREED, "it cannot be reached again");
        std::thread::sleep(Duration::from_millis(50));
    }
    println!(
        "H05: {} connections, of which {} were open; freed {took:.1?} after the link was cut; the victim before: {victim}",
        each * 5,
        most - files
    );
    assert_eq!(victim.failed, 0);
    site.is_whole();
}
