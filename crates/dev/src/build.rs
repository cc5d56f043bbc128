//! One build of the app, from its entry to a loaded bundle.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use dayfly::{Bundle, Engine, Limits, Line, Outgoing};
use dayfly_bundler::{Artifact, Bundler, Places, Refusal, Source};
use dayfly_sources::{Lazy, Message, Mode};
use tokio::task::spawn_blocking;

use crate::event::Event;
use crate::problem::Problem;

/// What is served, and under what limits.
#[derive(Clone, Debug)]
pub struct Dev {
    /// JavaScript, or the entry of the app's sources.
    pub entry: PathBuf,
    /// A file of JSON, the argument of the app's `render`. With it the app is rendered even if it has a `fetch` handler.
    pub props: Option<PathBuf>,
    /// A file with a JSON object, what the app's `fetch` handler gets as `env`.
    pub env: Option<PathBuf>,
    /// What each request may use.
    pub limits: Limits,
    /// What the app's `fetch` may call; nothing without it.
    pub outgoing: Option<Outgoing>,
}

/// A build that can be served.
pub(crate) struct Build {
    /// Which one it is: a page that another one has made is to be reloaded.
    pub(crate) name: String,
    pub(crate) bundle: Bundle,
    pub(crate) places: Places,
    map: Option<Vec<u8>>,
    pub(crate) props: Option<String>,
    pub(crate) env: String,
    /// Whether the app has a `fetch` handler, once that is known.
    pub(crate) has_handler: OnceLock<bool>,
}

impl Build {
    /// Whether it was made of the same as another one: it gives the same pages, and its errors have the same places.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let made_of = |build: &Self| (build.bundle.id(), build.map.clone(), build.props.clone(), build.env.clone());
        made_of(self) == made_of(other)
    }
}

/// What came of one attempt.
pub(crate) struct Attempt {
    pub(crate) build: Result<Build, Problem>,
    /// What it was made from, as far as that is known: a change of it is a reason for another attempt.
    pub(crate) read: Vec<PathBuf>,
    pub(crate) event: Event,
}

/// JavaScript with what belongs to it.
struct Script {
    source: Source,
    map: Option<Vec<u8>>,
    warnings: Vec<Message>,
    read: Vec<PathBuf>,
}

/// Builds the app once. `name` is what the build is to be called.
pub(crate) async fn attempt(dev: &Dev, bundler: &Bundler, engine: &Engine, name: String) -> Attempt {
    let started = Instant::now();
    let mut read: Vec<PathBuf> =
        [Some(&dev.entry), dev.props.as_ref(), dev.env.as_ref()].into_iter().flatten().cloned().collect();
    let mut console = Vec::new();
    let made = make(dev, bundler, engine, name, &mut read, &mut console).await;
    match made {
        Ok((build, warnings, notices)) => Attempt {
            build: Ok(build),
            read,
            event: Event::Built { took: started.elapsed(), warnings, notices, console },
        },
        Err(problem) => Attempt { build: Err(problem.clone()), read, event: Event::Broken { problem, console } },
    }
}

type Made = (Build, Vec<Message>, (Vec<dayfly_bundler::Notice>, u32));

async fn make(
    dev: &Dev,
    bundler: &Bundler,
    engine: &Engine,
    name: String,
    read: &mut Vec<PathBuf>,
    console: &mut Vec<Line>,
) -> Result<Made, Problem> {
    let props = dev.props.as_deref().map(|file| json::<serde_json::Value>(file, "JSON")).transpose()?;
    let env = dev.env.as_deref().map(|file| json::<serde_json::Map<_, _>>(file, "a JSON object")).transpose()?;
    let mut script = whole(&dev.entry, script(&dev.entry, read).await?, read).await?;
    let mut built = bundler.build(&script.source, &Bundler::limits()).await;
    if script.map.is_none() && matches!(built.artifact, Err(Refusal::Imports(_))) {
        match bundled(&dev.entry, read).await? {
            Ok(bundled) => {
                script = bundled;
                built = bundler.build(&script.source, &Bundler::limits()).await;
            }
            // What the engine says of the import has the remedy too.
            Err(_no_bundler) => {}
        }
    }
    read.append(&mut script.read);
    let places = places(&script)?;
    built.console.iter_mut().for_each(|line| places.line(line));
    *console = built.console;
    let Artifact { bundle, mut notices, notices_dropped, .. } =
        built.artifact.map_err(|mut refusal| Problem::of_refusal(&mut refusal, &script.source, &places))?;
    places.notices(&mut notices);
    let engine = engine.clone();
    let loaded = spawn_blocking(move || Bundle::load(&engine, &bundle)).await.map_err(Problem::of_text)?;
    let bundle = loaded.map_err(Problem::of_text)?;
    let bundle = match &dev.outgoing {
        Some(outgoing) => bundle.with_outgoing(outgoing.clone()),
        None => bundle,
    };
    let env = env.unwrap_or_else(|| "{}".into());
    let build = Build { name, bundle, places, map: script.map, props, env, has_handler: OnceLock::new() };
    Ok((build, script.warnings, (notices, notices_dropped)))
}

/// The JavaScript of an entry, which is bundled if its name says that it is none.
async fn script(entry: &Path, read: &mut Vec<PathBuf>) -> Result<Script, Problem> {
    if dayfly_sources::needs_bundler(entry) {
        return bundled(entry, read).await?.map_err(|error| Problem::of_sources(&error));
    }
    let text = std::fs::read_to_string(entry)
        .map_err(|error| Problem::of_text(format!("cannot read {}: {error}", entry.display())))?;
    // The name goes into the bundle, and a folder of this machine has no place there.
    let name = entry.file_name().unwrap_or_default().to_string_lossy();
    Ok(Script { source: Source::new(name, text), map: None, warnings: Vec::new(), read: Vec::new() })
}

/// The script, bundled if it is not yet and imports files once it runs. What it will not find then is warned of.
async fn whole(entry: &Path, mut script: Script, read: &mut Vec<PathBuf>) -> Result<Script, Problem> {
    if script.map.is_some() {
        return Ok(script);
    }
    let Lazy { found, missing } = Lazy::of(entry, &script.source);
    if !found.is_empty()
        && let Ok(bundled) = bundled(entry, read).await?
    {
        return Ok(bundled);
    }
    script.warnings.extend(found.into_iter().chain(missing));
    Ok(script)
}

/// What the project's bundler makes of an entry; the error that there is none.
async fn bundled(entry: &Path, read: &mut Vec<PathBuf>) -> Result<Result<Script, dayfly_sources::Error>, Problem> {
    let file = entry.to_path_buf();
    let bundled = spawn_blocking(move || dayfly_sources::bundle(&file, Mode::Development)).await;
    match bundled.map_err(Problem::of_text)? {
        Ok(dayfly_sources::Bundled { source, map, warnings, read, .. }) => {
            Ok(Ok(Script { source, map: Some(map), warnings, read }))
        }
        Err(error @ dayfly_sources::Error::NoBundler(_)) => Ok(Err(error)),
        Err(error) => {
            if let dayfly_sources::Error::Failed { read: files, .. } = &error {
                read.extend_from_slice(files);
            }
            Err(Problem::of_sources(&error))
        }
    }
}

fn places(script: &Script) -> Result<Places, Problem> {
    let places = Places::of(&script.source);
    match &script.map {
        Some(map) => places
            .with_map(map)
            .map_err(|why| Problem::of_text(format!("the bundler's source map cannot be used: {why}"))),
        None => Ok(places),
    }
}

/// The text of a file that is to be JSON of that kind.
fn json<T: serde::de::DeserializeOwned>(file: &Path, what: &str) -> Result<String, Problem> {
    let wrong = |why: String| Problem::of_text(format!("{} is not {what}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str::<T>(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(text)
}
