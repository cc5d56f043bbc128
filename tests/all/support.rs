//! A little language for tests: build a source, render it, look at what came of it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use dayfly::{Bundle, Engine, EngineConfig, Failure, Limit, Limits, Outcome, Thrown};
use dayfly_bundler::{Artifact, Build, Bundler, Source};
use tokio::runtime::Runtime;

use crate::installed::apt;

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).expect("the cli is two folders down")
}

/// A folder for what tests make, kept between runs.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// One runtime for all tests, as a server has.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// One engine for all tests. It counts fuel, so that tests may bound it.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(&EngineConfig { fuel: true, ..EngineConfig::default() }).unwrap())
}

/// One bundler for all tests.
pub(crate) fn bundler() -> &'static Bundler {
    static BUNDLER: OnceLock<Bundler> = OnceLock::new();
    BUNDLER.get_or_init(|| Bundler::new().unwrap())
}

/// What comes of building `text` as a file of that name.
pub(crate) fn build(name: &str, text: &str) -> Build {
    runtime().block_on(bundler().build(&Source::new(name, text), &Bundler::limits()))
}

/// The bundle of `text`, which builds.
pub(crate) fn artifact(name: &str, text: &str) -> Artifact {
    build(name, text).artifact.unwrap_or_else(|refusal| panic!("{}", refusal.report(&Source::new(name, text))))
}

/// An app that has been built and loaded, with the limits that its renders get.
pub(crate) struct App {
    bundle: Bundle,
    limits: Limits,
}

impl App {
    /// Builds and loads a file of that name.
    pub(crate) fn named(name: &str, text: &str) -> Self {
        Self::of(&artifact(name, text))
    }

    /// Loads what has been built.
    pub(crate) fn of(artifact: &Artifact) -> Self {
        Self { bundle: Bundle::load(engine(), &artifact.bundle).unwrap(), limits: Limits::default() }
    }

    /// Builds and loads `app.js`.
    pub(crate) fn new(text: &str) -> Self {
        Self::named("app.js", text)
    }

    /// Builds and loads a file of `tests/apps`.
    pub(crate) fn file(name: &str) -> Self {
        Self::named(name, &std::fs::read_to_string(root().join("tests/apps").join(name)).unwrap())
    }

    /// The same app under other limits.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = self.limits.clone();
        change(&mut limits);
        Self { bundle: self.bundle.clone(), limits }
    }

    /// Renders with these props, which are JSON.
    pub(crate) fn render(&self, props: &str) -> Rendered {
        Rendered(runtime().block_on(self.render_async(props)))
    }

    /// Renders from within a future.
    pub(crate) async fn render_async(&self, props: &str) -> Outcome {
        engine().render(&self.bundle, &self.limits, props).await
    }
}

/// An outcome with assertions, each of which shows the whole of it when it fails.
#[derive(Debug)]
pub(crate) struct Rendered(pub Outcome);

impl Rendered {
    /// The page as text.
    #[track_caller]
    pub(crate) fn page(&self) -> String {
        match &self.0.page {
            Ok(page) => String::from_utf8(page.as_bytes().to_vec()).unwrap(),
            Err(_) => panic!("no page: {:#?}", self.0),
        }
    }

    /// The console as lines of `level: text`.
    pub(crate) fn console(&self) -> Vec<String> {
        self.0.console.iter().map(|line| format!("{}: {}", line.level, line.text)).collect()
    }

    /// What the app threw.
    #[track_caller]
    pub(crate) fn threw(&self) -> &Thrown {
        match &self.0.page {
            Err(Failure::Threw(thrown)) => thrown,
            _ => panic!("the app did not throw: {:#?}", self.0),
        }
    }

    /// The limit that ended the render.
    #[track_caller]
    pub(crate) fn exceeded(&self) -> Limit {
        match &self.0.page {
            Err(Failure::Exceeded { limit, .. }) => *limit,
            _ => panic!("no limit ended it: {:#?}", self.0),
        }
    }
}

/// Says that a test, or a part of it, was left out, and why: `xtask test` lists what tests say here. Where all has to be
/// tested, which `CI=true` tells, it is a failure.
pub(crate) fn left_out(test: &str, why: &str) {
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        panic!("{test} may not be left out here: {why}");
    }
    #[expect(clippy::print_stderr, reason = "a test that does not test says so at once")]
    {
        eprintln!("{test} is left out: {why}");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("left-out");
    std::fs::create_dir_all(&folder).unwrap();
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join(format!("{test}.txt"))).unwrap();
    writeln!(file, "{why}").unwrap();
}

/// Whether `chromium` is on the path; Debian's package is installed if it is not.
pub(crate) fn chromium(test: &str) -> bool {
    if has("chromium", &["--version"]) {
        return true;
    }
    if !has("sh", &["-c", "apt-get --version && test \"$(id -u)\" = 0"]) {
        left_out(test, "Chromium is not here, and only root can install Debian's package");
        return false;
    }
    let _apt = apt();
    // Somebody else may have installed it meanwhile.
    if has("chromium", &["--version"]) {
        return true;
    }
    run(Command::new("apt-get").args(["update", "-q"]));
    let install = ["install", "-q", "-y", "--no-install-recommends", "chromium"];
    run(Command::new("apt-get").args(install).env("DEBIAN_FRONTEND", "noninteractive"));
    true
}

/// Whether a program is installed: whether it runs with these arguments.
pub(crate) fn has(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// What a program prints. If it fails, so does the test, with all that it said.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// What Node gives for an app of `tests/apps` and these props; none where Node is not here.
pub(crate) fn in_node(test: &str, file: &str, props: &str) -> Option<String> {
    if !has("node", &["--version"]) {
        left_out(test, "node is not here");
        return None;
    }
    let script = "(0, eval)(require('fs').readFileSync(process.argv[1], 'utf8'));
        process.stdout.write(JSON.parse(process.argv[2]).map((props) => render(props)).join('\\n'))";
    let file = root().join("tests/apps").join(file);
    let english = [("TZ", "UTC"), ("LC_ALL", "en_US.UTF-8")];
    Some(run(Command::new("node").envs(english).args(["-e", script]).arg(file).arg(props)))
}

/// A folder for what tests make, which is the caller's alone, in this process and among others, until the file is
/// dropped.
pub(crate) fn locked_scratch(name: &str) -> (PathBuf, File) {
    let folder = scratch(name);
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    (folder, lock)
}

/// One of the workloads of `tests/workloads`.
pub(crate) struct Workload {
    /// The JavaScript.
    pub text: String,
    /// The props, which are JSON.
    pub props: String,
    /// The page that plain Node renders.
    pub html: String,
}

/// The workload whose bundle is this file. Without Node there is none, and `test` is left out.
pub(crate) fn workload(test: &str, file: &str) -> Option<Workload> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let Some(folder) = FOLDER.get_or_init(build_workloads) else {
        left_out(test, "the workloads are built with node and npm, which are not here");
        return None;
    };
    let (name, _) = file.rsplit_once('.').unwrap();
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let (props, html) = (read(&format!("{name}.json")), read(&format!("{name}.html")));
    Some(Workload { text: read(file), props, html })
}

fn build_workloads() -> Option<PathBuf> {
    if !has("node", &["--version"]) || !has("npm", &["--version"]) {
        return None;
    }
    let (folder, _lock) = locked_scratch("workloads");
    run(Command::new("node").arg(root().join("tests/workloads/build.mjs")).arg(&folder));
    Some(folder)
}

/// Fails unless two pages are the same, and shows where they part.
#[track_caller]
pub(crate) fn assert_same_page(who: &str, page: &str, expected: &str) {
    if page == expected {
        return;
    }
    let same = page.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        let part = text.as_bytes().get(same.saturating_sub(80)..).unwrap_or_default();
        String::from_utf8_lossy(&part[..part.len().min(240)]).into_owned()
    };
    panic!("{who}: the page differs at byte {same}\n  it is …{}\n  not   …{}", around(page), around(expected));
}

/// Bytes that are allocated in this process now.
pub(crate) fn live_bytes() -> i64 {
    let stats = crate::ALLOCATOR.stats();
    // What a reallocation adds or gives back is counted in these two as well.
    stats.bytes_allocated as i64 - stats.bytes_deallocated as i64
}

/// Bytes of this process that are in memory now.
pub(crate) fn resident_bytes() -> i64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: i64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
