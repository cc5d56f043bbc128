//! `dayfly serve` as a process: its signals, its privileges, the files that it is operated with, and the commands that talk to it.

pub(crate) mod administered;
pub(crate) mod alarms;
mod clients;
mod config;
mod drain;
mod files;
mod isolate;
mod kill;
mod privilege;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::scratch;

/// So long that whoever waits for it waits for nothing.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// `dayfly serve` with the built-in examples, on a free port.
struct Server {
    process: Child,
    address: SocketAddr,
    /// What it writes, to either of its outputs.
    lines: Receiver<String>,
    /// Those that were read.
    read: Vec<String>,
}

impl Server {
    fn start(state: &str, arguments: &[&str]) -> Self {
        let mut command = Self::command(state);
        command.args(arguments);
        Self::run(command)
    }

    fn command(state: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dayfly"));
        command.arg("serve").args(["--listen", "127.0.0.1:0", "--state"]).arg(folder(state));
        command.env("XDG_CACHE_HOME", scratch("cli-cache"));
        command
    }

    fn run(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let (out, err) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        let also = sender.clone();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| also.send(line))
        });
        std::thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut server = Self { process, address: ([127, 0, 0, 1], 0).into(), lines, read: Vec::new() };
        let line = server.says("serving http://");
        let address = line.split("serving http://").nth(1).unwrap().split('/').next().unwrap();
        server.address = address.parse().unwrap();
        server
    }

    /// Waits for a line that has this in it.
    #[track_caller]
    fn says(&mut self, part: &str) -> String {
        loop {
            match self.lines.recv_timeout(LONG) {
                Ok(line) => {
                    self.read.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(error) => panic!("no {part:?} ({error}) in {:#?}", self.read),
            }
        }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it has ended, and gives all that it wrote.
    fn ended(mut self) -> (ExitStatus, Vec<String>) {
        let deadline = Instant::now() + LONG;
        let status = loop {
            match self.process.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "it does not end: {:#?}", self.read),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut lines = std::mem::take(&mut self.read);
        lines.extend(self.lines.iter());
        (status, lines)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn folder(state: &str) -> PathBuf {
    scratch("serve").join(state)
}
