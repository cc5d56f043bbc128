//! A server with a tenant for each file of attacks, and one who is served beside them.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::is_wanted;
use crate::serve::administered::Server;
use crate::support::{root, scratch};
use crate::victim::{self, Seen, Victim};

/// So long that whoever waits for it waits for nothing.
const LONG: Duration = Duration::from_secs(120);

/// The limit of processor time that those who attack have.
pub(super) const CPU: Duration = Duration::from_millis(500);

/// What stands behind each file of attacks; and then, behind an escape.
const PROBED: [&str; 2] = ["attacks/answer.js", "escapes/probe.js"];

/// One file of attacks.
pub(super) struct Row {
    /// Its name without the ending, which is its tenant's too.
    pub(super) name: String,
    path: PathBuf,
}

impl Row {
    /// Those of a folder that are wanted.
    pub(super) fn all(folder: &str) -> Vec<Self> {
        let files = fs::read_dir(root().join("tests").join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "mjs"));
        let row = |path: PathBuf| Self { name: path.file_stem().unwrap().to_string_lossy().into_owned(), path };
        let mut rows: Vec<_> = files.map(row).filter(|row| is_wanted(&row.name)).collect();
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        rows
    }

    /// Whether who attacks does not wait for what comes of it.
    pub(super) fn has_clients_that_leave(&self) -> bool {
        self.name.starts_with("g22")
    }
}

/// One attack of a file, as its app lists it.
pub(super) struct Attack {
    pub(super) name: String,
    /// The outcomes that are right.
    pub(super) ends: Vec<String>,
    /// How often it has to be made to mean anything.
    pub(super) times: usize,
}

/// What came of one.
pub(super) struct Made {
    pub(super) outcome: String,
    /// Of the response, or else why there is none.
    pub(super) body: String,
    pub(super) cpu: Duration,
}

/// The server, until it is closed or dropped.
pub(super) struct Arena {
    server: Server,
    events: PathBuf,
    /// Lines of its log that say that something of ours broke.
    broken: Arc<Mutex<Vec<String>>>,
    victim: Victim,
}

impl Arena {
    pub(super) fn open(name: &str, rows: &[Row]) -> Self {
        let folder = scratch("attacks").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let events = folder.join("events.jsonl");
        fs::write(folder.join("victim.js"), victim::APP).unwrap();
        let behind = if name == "escapes" { &PROBED[..] } else { &PROBED[..1] };
        for row in rows {
            let parts = behind.iter().map(|part| root().join("tests").join(part));
            let parts = std::iter::once(row.path.clone()).chain(parts);
            let text: String = parts.map(|part| fs::read_to_string(part).unwrap()).collect();
            fs::write(folder.join(format!("{}.mjs", row.name)), text).unwrap();
        }
        fs::write(folder.join("serve.toml"), configuration(&folder, &events, rows)).unwrap();
        let broken = Arc::new(Mutex::new(Vec::new()));
        let noted = broken.clone();
        let note = move |line: String| {
            if line.contains("panicked") || line.contains("\"level\":\"ERROR\"") {
                noted.lock().unwrap().push(line);
            }
        };
        let configuration = folder.join("serve.toml");
        let server = Server::run(&folder.join("state"), &[configuration.to_str().unwrap(), "--log", "json"], note);
        let victim = Victim::of(&server.address);
        Self { server, events, broken, victim }
    }

    /// What the victim sees in two seconds in which nobody else asks.
    pub(super) fn victim_alone(&self) -> Seen {
        std::thread::sleep(Duration::from_secs(2));
        self.victim()
    }

    /// What it has seen since it was last asked.
    pub(super) fn victim(&self) -> Seen {
        self.victim.saw()
    }

    /// The attacks of a file, as its app gives them to a request that makes none.
    pub(super) fn attacks(&self, row: &Row) -> Vec<Attack> {
        let from = self.written();
        let (head, body) = self.ask(row, "", &mut |_| {});
        // The next event is the next request's.
        self.event(row, from);
        assert!(head.starts_with("HTTP/1.0 200"), "{} does not list its attacks: {head}\n{body}", row.name);
        let all: Vec<Value> = serde_json::from_str(&body).unwrap();
        let attack = |one: &Value| Attack {
            name: one["name"].as_str().unwrap().to_owned(),
            ends: one["ends"].as_array().unwrap().iter().map(|end| end.as_str().unwrap().to_owned()).collect(),
            times: one["times"].as_u64().unwrap() as usize,
        };
        all.iter().map(attack).collect()
    }

    /// Makes one, the `number`th of its row.
    pub(super) fn make(&self, row: &Row, attack: &Attack, number: usize) -> Made {
        let name: String = url::form_urlencoded::byte_serialize(attack.name.as_bytes()).collect();
        let leaves = row.has_clients_that_leave();
        let mut leave = |stream: &mut TcpStream| {
            if leaves {
                // In the middle of something: each time somewhere else.
                std::thread::sleep(Duration::from_millis(number as u64 * 7 % 50));
                let _ = stream.shutdown(std::net::Shutdown::Both);
            }
        };
        let path = format!("?attack={name}&seed={}", number + 1);
        // Who has left before a busy server has looked at the connection was never a client of it.
        let patience = if leaves { Duration::from_secs(10) } else { LONG };
        let asked = (0..10).find_map(|_| {
            let from = self.written();
            let (_, body) = self.ask(row, &path, &mut leave);
            Some((body, self.event_within(patience, row, from)?))
        });
        let (body, event) = asked.unwrap_or_else(|| panic!("no event of {}, {}", row.name, attack.name));
        let outcome = event["outcome"].as_str().unwrap();
        // What it would have come to nobody knows; one that is told that nobody reads may end well.
        let is_cut = leaves && ["client-gone", "ok"].contains(&outcome);
        let outcome = if is_cut { attack.ends[0].as_str() } else { outcome };
        let is_held = leaves || body.is_empty();
        let body = match (outcome, is_held) {
            ("ok", true) => "held".to_owned(),
            ("ok", false) => body,
            _ => event["failure"].as_str().unwrap_or_default().to_owned(),
        };
        Made { outcome: outcome.to_owned(), body, cpu: Duration::from_micros(event["cpu_us"].as_u64().unwrap()) }
    }

    /// A response: its head and body as far as they came, the body as text.
    fn ask(&self, row: &Row, query: &str, then: &mut dyn FnMut(&mut TcpStream)) -> (String, String) {
        let mut stream = TcpStream::connect(&self.server.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let request =
            format!("GET /{}{query} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n", row.name);
        stream.write_all(request.as_bytes()).unwrap();
        then(&mut stream);
        let mut response = Vec::new();
        // What is cut has ended as its event says.
        let _ = stream.read_to_end(&mut response);
        let end = response.windows(4).position(|part| part == b"\r\n\r\n").map_or(response.len(), |at| at + 4);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&response[..end]), text(&response[end..]))
    }

    /// Bytes of events that are written.
    fn written(&self) -> u64 {
        fs::metadata(&self.events).map_or(0, |metadata| metadata.len())
    }

    /// The next event of a row's tenant that is written beyond `from`.
    fn event(&self, row: &Row, from: u64) -> Value {
        self.event_within(LONG, row, from).unwrap_or_else(|| panic!("no event of {}", row.name))
    }

    fn event_within(&self, patience: Duration, row: &Row, from: u64) -> Option<Value> {
        let deadline = Instant::now() + patience;
        loop {
            let mut written = Vec::new();
            let mut file = fs::File::open(&self.events).unwrap();
            file.seek(SeekFrom::Start(from)).unwrap();
            file.read_to_end(&mut written).unwrap();
            let text = String::from_utf8_lossy(&written);
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            let events = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            if let Some(event) = events.into_iter().find(|event| event["tenant"] == row.name.as_str()) {
                return Some(event);
            }
            if Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Bytes of the server in memory.
    pub(super) fn resident(&self) -> u64 {
        self.server.running().resident()
    }

    /// Ends it; says what of ours broke, and what is left of the renders.
    pub(super) fn close(self) -> Vec<String> {
        let Self { mut server, broken, victim, .. } = self;
        drop(victim);
        let deadline = Instant::now() + LONG;
        let left = loop {
            let left = server.figure("dayfly_stores");
            if left == 0.0 || Instant::now() > deadline {
                break left;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut wrong = broken.lock().unwrap().clone();
        if left > 0.0 {
            wrong.push(format!("{left} stores are left"));
        }
        if server.process.try_wait().unwrap().is_some() {
            wrong.push("the server has ended".to_owned());
        }
        wrong
    }
}

fn configuration(folder: &Path, events: &Path, rows: &[Row]) -> String {
    let quoted = |path: &Path| serde_json::to_string(path.to_str().unwrap()).unwrap();
    let mut text = format!("[events]\nto = {}\n", quoted(events));
    text += &format!("[defaults.limits]\ncpu = \"{}ms\"\n", CPU.as_millis());
    text += &format!("[tenant.victim]\nroutes = [\"/victim\"]\napp = {}\n", quoted(&folder.join("victim.js")));
    for Row { name, .. } in rows {
        let app = quoted(&folder.join(format!("{name}.mjs")));
        text += &format!("[tenant.{name}]\nroutes = [\"/{name}\"]\napp = {app}\n");
    }
    text
}
