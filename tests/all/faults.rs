//! What can go wrong around a server: with its clients, its files, its clock and its machine. A file a fault, or a few that are alike.
//!
//! Each is made at `dayfly serve`, beside a victim who is served all the time. The short form is part of the tests; the long one is made
//! by `cargo xtask attack --full`, for those rows of SPECIFICATION.md that it names, and prints what it saw.

mod clock;
mod descriptors;
mod disk;
pub(crate) mod group;
mod half_open;
mod heads;
mod http2;
mod memory;
mod restrictions;
mod scrapes;
mod slow;
mod soak;
mod storm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::attacks::{Form, is_wanted};
use crate::serve::administered::{Server, state};
use crate::support::left_out;
use crate::victim::{self, Victim};

/// How much is made of the fault of that row: all of it, or not. None if it is not wanted.
fn is_full(row: &str) -> Option<bool> {
    is_wanted(row).then(|| Form::wanted() == Form::Full)
}

/// What a package of Debian's has; without it the test is left out.
fn packages(test: &str, names: &[&str]) -> Option<PathBuf> {
    crate::installed::packages(names).inspect_err(|why| left_out(test, why)).ok()
}

/// A server with a victim at `/victim` and one app more, at `/app`.
struct Site {
    server: Server,
    victim: Victim,
    log: Arc<Mutex<Vec<String>>>,
    folder: PathBuf,
}

/// How a site is to be.
#[derive(Default)]
struct Plan<'a> {
    /// The JavaScript at `/app`.
    app: &'a str,
    /// Keys of the app's tenant, in TOML, and tables below it.
    tenant: &'a str,
    /// Other tables of the configuration.
    tables: &'a str,
    /// What becomes the server, such as `prlimit`, with its arguments.
    by: &'a [&'a str],
    variables: Vec<(&'a str, String)>,
    /// Where it listens, if not at loopback.
    address: &'a str,
}

impl Site {
    fn open(name: &str, plan: &Plan<'_>) -> Self {
        Self::open_with(name, plan, |_| {})
    }

    /// One in whose folder there is more.
    fn open_with(name: &str, plan: &Plan<'_>, more: impl FnOnce(&Path)) -> Self {
        let (folder, command) = Self::prepare(name, plan);
        more(&folder);
        let log = Arc::<Mutex<Vec<String>>>::default();
        let server = Self::start(&folder, command, &log);
        let victim = Victim::of(&server.address);
        Self { server, victim, log, folder }
    }

    fn start(folder: &Path, command: Command, log: &Arc<Mutex<Vec<String>>>) -> Server {
        let noted = log.clone();
        Server::of(&folder.join("state"), command, move |line| noted.lock().unwrap().push(line))
    }

    /// Starts a server in place of one that has ended.
    fn start_again(&mut self, plan: &Plan<'_>) {
        self.server = Self::start(&self.folder, Self::command(&self.folder, plan), &self.log);
        self.victim = Victim::of(&self.server.address);
    }

    /// The folder of a server, and what starts it.
    fn prepare(name: &str, plan: &Plan<'_>) -> (PathBuf, Command) {
        let folder = state("fault").with_file_name(format!("fault-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("state")).unwrap();
        fs::write(folder.join("victim.js"), victim::APP).unwrap();
        let app = if plan.app.is_empty() { victim::APP } else { plan.app };
        fs::write(folder.join("app.mjs"), app).unwrap();
        let configuration = format!(
            "{}\n[tenant.victim]\nroutes = [\"/victim\"]\napp = \"victim.js\"\n[tenant.app]\nroutes = [\"/app\"]\napp = \"app.mjs\"\n{}\n",
            plan.tables, plan.tenant
        );
        fs::write(folder.join("serve.toml"), configuration).unwrap();
        let command = Self::command(&folder, plan);
        (folder, command)
    }

    fn command(folder: &Path, plan: &Plan<'_>) -> Command {
        let file = folder.join("serve.toml");
        let address = if plan.address.is_empty() { "127.0.0.1" } else { plan.address };
        let arguments = [file.to_str().unwrap(), "--log", "json"];
        by(plan.by, Server::command_at(address, &folder.join("state"), &arguments), &plan.variables)
    }

    /// Fails if the victim lost a page or got none, or something of ours broke. Gives what the victim saw.
    #[track_caller]
    fn is_well(&self) -> victim::Seen {
        let seen = self.victim.has_seen();
        assert_eq!(seen.failed, 0, "{seen}: {:#?}", self.log.lock().unwrap());
        self.is_whole();
        seen
    }

    /// The same, where the victim may have lost pages.
    #[track_caller]
    fn is_whole(&self) {
        let log = self.log.lock().unwrap();
        let broken: Vec<_> = log.iter().filter(|line| line.contains("panicked")).collect();
        assert!(broken.is_empty(), "{broken:#?}");
        assert_eq!(self.server.get("/victim?name=Ada").1, "<p>hello Ada</p>");
    }
}

/// A command that another one becomes.
fn by(program: &[&str], command: Command, variables: &[(&str, String)]) -> Command {
    let mut whole = match program.split_first() {
        None => command,
        Some((first, rest)) => {
            let mut whole = Command::new(first);
            whole.args(rest).arg(command.get_program()).args(command.get_args());
            whole.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            whole
        }
    };
    whole.envs(variables.iter().map(|(name, value)| (name, value)));
    whole
}
