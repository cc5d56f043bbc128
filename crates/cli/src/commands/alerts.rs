//! `dayfly alerts`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;
use clap::Args;
use dayfly_server::{Config, Override, Problems, unknown_metrics};

use crate::exit::Exit;
use crate::mistakes::print_mistakes;
use crate::report::{print_bytes, print_note};

use super::default_states;

/// Print the alarms of a configuration as rules for Prometheus
///
/// The thresholds are those of the configuration's section `alarms`, and each alarm has what to do about it as an annotation. They are
/// the conditions that the server looks for itself.
#[derive(Debug, Args)]
pub(crate) struct Alerts {
    /// The configuration, a file of TOML; without one the defaults hold
    #[arg(value_name = "CONFIG.toml")]
    config: Option<PathBuf>,

    /// Check the rules too: that each metric is one that the server exports, and by promtool where there is one
    ///
    /// What was checked is said on standard error. Exit code 4 if something is wrong.
    #[arg(long)]
    check: bool,

    /// Set a key of the configuration, such as alarms.memory-high=0.7
    #[arg(long, value_name = "KEY=VALUE", value_parser = Override::set)]
    set: Vec<Override>,
}

impl Alerts {
    pub(crate) fn exec(self) -> Result<Exit> {
        let config = match self.load() {
            Ok(config) => config,
            Err(Problems(mistakes)) => {
                print_mistakes(&mistakes);
                return Ok(Exit::Usage);
            }
        };
        let rules = config.alarms.rules();
        print_bytes(rules.as_bytes(), b"")?;
        if self.check { check(&rules) } else { Ok(Exit::Done) }
    }

    fn load(&self) -> Result<Config, Problems> {
        let mut overrides = Override::variables(std::env::vars_os())?;
        overrides.extend(self.set.iter().cloned());
        let [state, _] = default_states();
        Ok(Config::load(self.config.as_deref(), &overrides, state)?.config)
    }
}

fn check(rules: &str) -> Result<Exit> {
    let unknown = unknown_metrics(rules);
    for name in &unknown {
        print_note(&format!("error: no server exports {name}, and no rule records it"));
    }
    if unknown.is_empty() {
        print_note("checked: every metric is one that the server exports, or a rule records");
    }
    let is_well = match promtool(rules)? {
        None => {
            print_note("not checked: promtool is not here, and with it whether Prometheus can read the rules");
            true
        }
        Some(Ok(said)) => {
            print_note(&format!("checked: promtool: {said}"));
            true
        }
        Some(Err(said)) => {
            print_note(&format!("error: promtool: {said}"));
            false
        }
    };
    Ok(if unknown.is_empty() && is_well { Exit::Done } else { Exit::Failed })
}

/// What Prometheus' own tool says of rules; none where there is none.
fn promtool(rules: &str) -> Result<Option<Result<String, String>>> {
    let mut command = Command::new("promtool");
    command.args(["check", "rules", "/dev/stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if let Some(mut stdin) = child.stdin.take() {
        // It may end before it has read all, and says why.
        let _ = stdin.write_all(rules.as_bytes());
    }
    let output = child.wait_with_output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Some(if output.status.success() { Ok(said) } else { Err(said) }))
}
