//! A server of which the admin API is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::LONG;
use crate::running::Running;
use crate::support::scratch;

/// A folder of state that is empty.
pub(crate) fn state(test: &str) -> PathBuf {
    let folder = scratch("serve").join(test);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// `dayfly serve`, killed when it is dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    /// Of the pages.
    pub(crate) address: String,
    /// Of the admin API.
    pub(crate) admin: String,
    pub(crate) token: String,
}

impl Server {
    /// With the examples.
    pub(super) fn start(state: &Path) -> Self {
        Self::run(state, &[], drop)
    }

    /// With these arguments; `log` gets what it writes to its log from when it serves.
    pub(crate) fn run(state: &Path, arguments: &[&str], log: impl FnMut(String) + Send + 'static) -> Self {
        Self::of(state, Self::command(state, arguments), log)
    }

    /// The same by a command that runs the program.
    pub(crate) fn run_by(
        program: Command,
        state: &Path,
        arguments: &[&str],
        log: impl FnMut(String) + Send + 'static,
    ) -> Self {
        Self::of(state, Self::with_arguments(program, "127.0.0.1", state, arguments), log)
    }

    /// `dayfly serve` with these arguments.
    pub(crate) fn command(state: &Path, arguments: &[&str]) -> Command {
        Self::command_at("127.0.0.1", state, arguments)
    }

    /// The same at some address.
    pub(crate) fn command_at(address: &str, state: &Path, arguments: &[&str]) -> Command {
        Self::with_arguments(Command::new(env!("CARGO_BIN_EXE_dayfly")), address, state, arguments)
    }

    fn with_arguments(mut program: Command, address: &str, state: &Path, arguments: &[&str]) -> Command {
        let any_port = format!("{address}:0");
        program.args(["serve", "--listen", &any_port, "--admin", &any_port, "--state"]).arg(state);
        program.args(arguments).env("XDG_CACHE_HOME", scratch("cli-cache"));
        program
    }

    /// The server that a command starts.
    pub(crate) fn of(state: &Path, mut command: Command, log: impl FnMut(String) + Send + 'static) -> Self {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (mut address, mut said) = (String::new(), Vec::new());
        let admin = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {said:#?}")).unwrap();
            if let Some(rest) = line.split("serving http://").nth(1) {
                address = rest.split('/').next().unwrap().to_owned();
            }
            if let Some(rest) = line.split("the admin API is at http://").nth(1) {
                break rest.split(',').next().unwrap().to_owned();
            }
            said.push(line);
        };
        // It writes on, and must not be held up.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(log));
        let note = std::fs::read(state.join("admin.json")).unwrap();
        let note: serde_json::Value = serde_json::from_slice(&note).unwrap();
        let token = note["token"].as_str().unwrap().to_owned();
        Self { process, address, admin, token }
    }

    /// What the system says of its process.
    pub(crate) fn running(&self) -> Running {
        Running(self.process.id())
    }

    /// The answer of the admin API to a request of this method, path and body.
    pub(crate) fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> Option<(String, String)> {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n", self.token);
        let length = body.len();
        let rest = format!("Connection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}");
        exchange(&self.admin, &(head + &rest))
    }

    /// A figure of `/metrics`, by its name with its labels.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        let (_, page) = self.ask("GET", "/metrics", "text/plain", "").unwrap();
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {page}")).parse().unwrap()
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// A page: its status line and headers, and its body.
    pub(crate) fn get(&self, path: &str) -> (String, String) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        exchange(&self.address, &request).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A response, if it came whole.
pub(crate) fn exchange(address: &str, request: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(request.as_bytes()).ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    Some((head.to_owned(), body.to_owned()))
}
