//! Node's side: a process that renders in `node:vm` contexts when it is told to.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dayfly_bundler::Source;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::turn::{Turn, Until};

const SCRIPT: &str = include_str!("node_vm.js");

/// A Node process, until it is dropped.
pub(crate) struct Node {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// The app has no page in Node.
#[derive(Debug, thiserror::Error)]
#[error("the app fails in Node: {0}")]
pub(crate) struct FailsInNode(String);

impl Node {
    /// Starts Node, which is the `node` of the path.
    pub(crate) fn start() -> Result<Self> {
        Self::running(SCRIPT, Path::new("."))
    }

    /// Starts a script that knows the commands `load` and `turn`, in a folder whose packages it finds.
    pub(crate) fn running(script: &str, folder: &Path) -> Result<Self> {
        let mut process = Command::new("node")
            .args(["--expose-gc", "--experimental-vm-modules", "--no-warnings", "--eval", script])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("Node cannot be started, and this compares with it: is `node` on the path?")?;
        let commands = process.stdin.take().context("Node has no input")?;
        let answers = BufReader::new(process.stdout.take().context("Node has no output")?);
        Ok(Self { process, commands, answers })
    }

    /// Compiles an app, whose form is a script or a module, and says what version of Node it is. `wall` is how long one
    /// render may wait.
    pub(crate) fn load(&mut self, app: &Source, props: &str, wall: Duration) -> Result<String> {
        #[derive(Deserialize)]
        struct Loaded {
            version: String,
        }
        let Source { name, text, form, .. } = app;
        let wall = wall.as_nanos() as f64;
        let command = json!({
            "command": "load", "name": name, "text": text, "form": form.as_str(), "props": props, "wall_nanoseconds": wall,
        });
        Ok(self.ask::<Loaded>(&command)?.version)
    }

    /// Renders until then, each time in a context of its own.
    pub(crate) fn turn(&mut self, app: &str, until: Until) -> Result<Turn> {
        #[derive(Deserialize)]
        struct Answer {
            nanoseconds: Vec<f64>,
            cpu_nanoseconds: f64,
            page: String,
        }
        let command = match until {
            Until::Runs(runs) => json!({ "command": "turn", "name": app, "runs": runs }),
            Until::Time(time) => {
                json!({ "command": "turn", "name": app, "nanoseconds": time.as_nanos() as f64 })
            }
        };
        let Answer { nanoseconds, cpu_nanoseconds, page } = self.ask(&command)?;
        let page = BASE64_STANDARD.decode(page).context("Node's page is not what was asked for")?;
        Ok(Turn { nanoseconds, cpu_nanoseconds, page })
    }

    /// The answer to a command of the script.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, command: &Value) -> Result<T> {
        writeln!(self.commands, "{command}").context("Node has ended")?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            bail!("Node has ended without an answer to {}", command["command"]);
        }
        let answer: Value = serde_json::from_str(&answer).context("Node's answer is not JSON")?;
        if let Some(why) = answer["failure"].as_str() {
            bail!(FailsInNode(why.into()));
        }
        serde_json::from_value(answer).context("Node's answer is not what was asked for")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
