//! A server of which the admin API is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::LONG;
use crate::support::scratch;

/// A folder of state that is empty.
pub(super) fn state(test: &str) -> PathBuf {
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
        let mut process = Command::new(env!("CARGO_BIN_EXE_dayfly"))
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state"])
            .arg(state)
            .args(arguments)
            .env("XDG_CACHE_HOME", scratch("cli-cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
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

    /// Ends it as a power cut does.
    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// A page: its status line and headers, and its body.
    pub(super) fn get(&self, path: &str) -> (String, String) {
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
