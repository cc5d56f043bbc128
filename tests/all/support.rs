//! A little language for tests: build a source, render it, look at what came of it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dayfly::{Bundle, Engine, EngineConfig, Failure, Limit, Limits, Outcome, Thrown};
use dayfly_bundler::{Artifact, Build, Bundler, Source};
use tokio::runtime::Runtime;

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).expect("the cli is two folders down")
}

/// A folder for what tests make, kept between runs.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// One runtime for all tests, as a server has.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// One engine for all tests. It counts fuel, so that tests may bound it.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(&EngineConfig { fuel: true, ..EngineConfig::default() }).unwrap())
}

/// One bundler for all tests.
pub fn bundler() -> &'static Bundler {
    static BUNDLER: OnceLock<Bundler> = OnceLock::new();
    BUNDLER.get_or_init(|| Bundler::new().unwrap())
}

/// What comes of building `text` as a file of that name.
pub fn build(name: &str, text: &str) -> Build {
    runtime().block_on(bundler().build(&Source::new(name, text), &Bundler::limits()))
}

/// The bundle of `text`, which builds.
pub fn artifact(name: &str, text: &str) -> Artifact {
    build(name, text).artifact.unwrap_or_else(|refusal| panic!("{}", refusal.report(&Source::new(name, text))))
}

/// An app that has been built and loaded, with the limits that its renders get.
pub struct App {
    bundle: Bundle,
    limits: Limits,
}

impl App {
    /// Builds and loads a file of that name.
    pub fn named(name: &str, text: &str) -> Self {
        let bundle = Bundle::load(engine(), &artifact(name, text).bundle).unwrap();
        Self { bundle, limits: Limits::default() }
    }

    /// Builds and loads `app.js`.
    pub fn new(text: &str) -> Self {
        Self::named("app.js", text)
    }

    /// Builds and loads a file of `tests/apps`.
    pub fn file(name: &str) -> Self {
        Self::named(name, &std::fs::read_to_string(root().join("tests/apps").join(name)).unwrap())
    }

    /// The same app under other limits.
    pub fn with(&self, change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = self.limits.clone();
        change(&mut limits);
        Self { bundle: self.bundle.clone(), limits }
    }

    /// Renders with these props, which are JSON.
    pub fn render(&self, props: &str) -> Rendered {
        Rendered(runtime().block_on(self.render_async(props)))
    }

    /// Renders from within a future.
    pub async fn render_async(&self, props: &str) -> Outcome {
        engine().render(&self.bundle, &self.limits, props).await
    }
}

/// An outcome with assertions, each of which shows the whole of it when it fails.
#[derive(Debug)]
pub struct Rendered(pub Outcome);

impl Rendered {
    /// The page as text.
    #[track_caller]
    pub fn page(&self) -> String {
        match &self.0.page {
            Ok(page) => String::from_utf8(page.as_bytes().to_vec()).unwrap(),
            Err(_) => panic!("no page: {:#?}", self.0),
        }
    }

    /// The console as lines of `level: text`.
    pub fn console(&self) -> Vec<String> {
        self.0.console.iter().map(|line| format!("{}: {}", line.level, line.text)).collect()
    }

    /// What the app threw.
    #[track_caller]
    pub fn threw(&self) -> &Thrown {
        match &self.0.page {
            Err(Failure::Threw(thrown)) => thrown,
            _ => panic!("the app did not throw: {:#?}", self.0),
        }
    }

    /// The limit that ended the render.
    #[track_caller]
    pub fn exceeded(&self) -> Limit {
        match &self.0.page {
            Err(Failure::Exceeded { limit, .. }) => *limit,
            _ => panic!("no limit ended it: {:#?}", self.0),
        }
    }
}
