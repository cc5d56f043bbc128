//! Node's side: a process that renders in `node:vm` contexts when it is told to.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::report::{Batch, Point};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/node_vm.js");

/// A Node process, until it is dropped.
pub(crate) struct Node {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Node {
    /// Starts Node, which is the `node` of the path.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut process = Command::new("node")
            .args(["--expose-gc", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("Node cannot be started, and this benchmark compares with it: is `node` on the path?")?;
        let commands = process.stdin.take().context("Node has no input")?;
        let answers = BufReader::new(process.stdout.take().context("Node has no output")?);
        Ok(Self { process, commands, answers })
    }

    /// Compiles an app, and says what version of Node it is.
    pub(crate) fn load(&mut self, app: &str, file: &Path, props: &str) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct Loaded {
            version: String,
        }
        let props: Value = serde_json::from_str(props)?;
        let loaded: Loaded = self.ask(&json!({ "command": "load", "app": app, "file": file, "props": props }))?;
        Ok(loaded.version)
    }

    /// Renders so many times, each in a context of its own.
    pub(crate) fn batch(&mut self, app: &str, runs: usize) -> anyhow::Result<Batch> {
        self.ask(&json!({ "command": "batch", "app": app, "runs": runs }))
    }

    /// Renders up to the last of `at`, and says what memory was in use at each.
    pub(crate) fn growth(&mut self, app: &str, at: &[usize]) -> anyhow::Result<Vec<Point>> {
        #[derive(Deserialize)]
        struct Growth {
            points: Vec<Point>,
        }
        let growth: Growth = self.ask(&json!({ "command": "growth", "app": app, "at": at }))?;
        Ok(growth.points)
    }

    fn ask<T: DeserializeOwned>(&mut self, command: &Value) -> anyhow::Result<T> {
        writeln!(self.commands, "{command}").context("Node has ended")?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            bail!("Node has ended without an answer to {}", command["command"]);
        }
        serde_json::from_str(&answer).context("Node's answer is not what was asked for")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
