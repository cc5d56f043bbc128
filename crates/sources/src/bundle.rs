//! The bundler's run.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dayfly_bundler::{Form, Source};
use serde::Deserialize;
use serde_json::json;

use crate::lazy;
use crate::message::Message;
use crate::project::{Project, needs_bundler};

const SCRIPT: &str = include_str!("bundle.mjs");

/// What a build is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To be used: `process.env.NODE_ENV` is `production`.
    Production,
    /// To be worked on: `process.env.NODE_ENV` is `development`.
    Development,
}

impl Mode {
    /// What `process.env.NODE_ENV` is.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
        }
    }
}

/// What an entry was bundled to.
#[derive(Debug)]
pub struct Bundled {
    /// One module of JavaScript, named after the entry.
    pub source: Source,
    /// Its source map, which has the text of every file in it. Files are named as they stand in the project's folder.
    pub map: Vec<u8>,
    /// What the bundler warns of.
    pub warnings: Vec<Message>,
    /// The files that it read, without those of packages: a change of one is a reason to bundle anew.
    pub read: Vec<PathBuf>,
    /// The names of the files that it makes beside the JavaScript, such as style sheets, and that are left out: they are for
    /// browsers, and the build that makes what a browser loads makes them too.
    pub left_out: Vec<String>,
}

/// An entry could not be bundled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The entry is not there.
    #[error("cannot read {entry}: {cause}")]
    Entry {
        /// The entry, as it was given.
        entry: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The project has no bundler.
    #[error(
        "{0} is to be bundled by its project's Vite, rolldown or esbuild, and no folder from there upward has one in its \
         node_modules: `npm install --save-dev esbuild` installs one"
    )]
    NoBundler(PathBuf),
    /// Node, which runs the bundler, does not start.
    #[error("Node cannot be started, and it runs the project's bundler: is `node` on the path? ({0})")]
    Node(std::io::Error),
    /// The bundler ended without an answer.
    #[error("{tool} ended without an answer ({why}): what it wrote to standard error may say more")]
    Broken {
        /// The bundler's name.
        tool: &'static str,
        /// What came instead.
        why: String,
    },
    /// The bundler finds something wrong with the sources.
    #[error("{}", headline(messages))]
    Failed {
        /// What it says, at least one.
        messages: Vec<Message>,
        /// The files that it read up to there.
        read: Vec<PathBuf>,
    },
}

impl Error {
    /// The error for a reader: of the bundler's messages each with its place and line.
    pub fn report(&self) -> String {
        match self {
            Self::Failed { messages, .. } => {
                messages.iter().map(|message| format!("error: {}", message.report())).collect::<Vec<_>>().join("\n")
            }
            _ => format!("error: {self}"),
        }
    }
}

fn headline(messages: &[Message]) -> String {
    let first = messages.first().map(ToString::to_string).unwrap_or_default();
    match messages.len() {
        0 | 1 => first,
        many => format!("{first}, and {} more", many - 1),
    }
}

/// What the script answers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Failed { failure: Vec<Message>, read: Vec<PathBuf> },
    Bundled { code: String, map: String, warnings: Vec<Message>, read: Vec<PathBuf>, left_out: Vec<String> },
}

/// Whether an entry is there, and a bundler if its name says that it needs one: what is to be mended before it makes sense to
/// watch it.
///
/// # Errors
/// [`Error::Entry`] and [`Error::NoBundler`].
pub fn check(entry: &Path) -> Result<(), Error> {
    let found = find(entry)?;
    if needs_bundler(entry) && Project::of(found).is_none() {
        return Err(Error::NoBundler(entry.to_path_buf()));
    }
    Ok(())
}

fn find(entry: &Path) -> Result<PathBuf, Error> {
    let found = entry.canonicalize();
    let found = found.and_then(|found| if found.is_dir() { Err(ErrorKind::IsADirectory.into()) } else { Ok(found) });
    found.map_err(|cause| Error::Entry { entry: entry.to_path_buf(), cause })
}

/// Bundles an entry with the bundler of its project. Takes the time that the bundler takes: 0.3 to 2 s are usual. What the
/// bundler and its plugins print goes to standard error.
///
/// # Errors
/// [`Error`]: there is no bundler, or it finds something wrong.
pub fn bundle(entry: &Path, mode: Mode) -> Result<Bundled, Error> {
    let project = Project::of(find(entry)?).ok_or_else(|| Error::NoBundler(entry.to_path_buf()))?;
    let name = format!("{}.js", entry.file_stem().unwrap_or_default().to_string_lossy());
    match run(&project, &name, mode)? {
        Answer::Failed { failure, read } => Err(Error::Failed { messages: failure, read: own(read) }),
        Answer::Bundled { code, map, mut warnings, read, left_out } => {
            let source = Source { form: Form::Module, ..Source::new(name, code) };
            let map = map.into_bytes();
            warnings.extend(lazy::left_by_bundler(&source, &map));
            Ok(Bundled { source, map, warnings, read: own(read), left_out })
        }
    }
}

fn run(project: &Project, name: &str, mode: Mode) -> Result<Answer, Error> {
    let Project { entry, tool, installed, root } = project;
    let tool = tool.name();
    let broken = |why: String| Error::Broken { tool, why };
    let request = json!({ "tool": tool, "root": root, "entry": entry, "name": name, "mode": mode.as_str() });
    let mut node = Command::new("node")
        .args(["--no-warnings", "--input-type=module", "--eval", SCRIPT])
        // Where imports of the script are looked for.
        .current_dir(installed)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::Node)?;
    // A node that ends before it has read says why on standard error.
    let _ = node.stdin.take().expect("it is piped").write_all(request.to_string().as_bytes());
    let output = node.wait_with_output().map_err(|error| broken(error.to_string()))?;
    if output.stdout.is_empty() {
        return Err(broken(output.status.to_string()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| broken(error.to_string()))
}

/// Without the files of packages: there are thousands, and nobody edits them.
fn own(read: Vec<PathBuf>) -> Vec<PathBuf> {
    let is_own = |file: &PathBuf| !file.components().any(|part| part.as_os_str() == "node_modules");
    read.into_iter().filter(is_own).collect()
}
