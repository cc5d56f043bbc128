//! `dayfly build`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use dayfly::{Line, Usage};
use dayfly_bundler::{Artifact, Bundler, Places, Refusal, Source};
use serde::{Deserialize, Serialize};

use super::runtime;
use crate::cache::CacheArgs;
use crate::exit::{Exit, Mistake};
use crate::input::{App, Script};
use crate::report::{
    FailureReport, LineReport, NoticeReport, RenderReport, UsageReport, place_build, print_console, print_json,
    print_notices, print_refusal,
};
use crate::{input, progress, units};

/// Build a bundle from a file of JavaScript, or from its sources
///
/// The top level is evaluated once, and its heap becomes the bundle: a self-contained Wasm component. What the top
/// level did that every render would see unchanged (it read the clock, drew randomness, left a timer or a promise) is
/// reported with its place.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// One file of JavaScript, or the entry of an app's sources, such as src/entry.tsx
    ///
    /// JavaScript is an ES module that exports `render` or a `fetch` handler, or a classic script that sets
    /// `globalThis.render`. A `.mjs` is read as a module and a `.cjs` as a script; any other as a script if it parses as
    /// one.
    ///
    /// A `.ts`, `.tsx`, `.mts`, `.cts` or `.jsx`, and JavaScript with an import that the engine does not have, `import()` of
    /// a file that is there among them, is an entry: its project's own bundler makes one file of it first. That is the
    /// Vite, rolldown or esbuild, in this order, of the nearest folder upward that has one in its node_modules, with its
    /// configuration. It takes `node` on the path.
    #[arg(value_name = "APP.js|ENTRY")]
    app: PathBuf,

    /// Where the bundle goes [default: APP.wasm beside APP.js]
    ///
    /// The source map of a bundled entry goes beside it, as APP.wasm.map, where `dayfly render APP.wasm` finds it. No map
    /// is in a bundle.
    #[arg(short, long, value_name = "APP.wasm")]
    output: Option<PathBuf>,

    /// Render once with these props, a file of JSON or - for standard input, before the heap is taken
    ///
    /// What the app makes once and keeps, such as a table, a compiled template or a cache, is then in the bundle and no
    /// render's work. What it should not keep of that render is in there too: look before you use it. No timer fires in
    /// it.
    #[arg(long, value_name = "PROPS")]
    warm: Option<PathBuf>,

    /// The source map of APP.js [default: the one that the file has in it, names, or has beside it as APP.js.map]
    ///
    /// With it, errors, notices and console lines say the place in the file that their author wrote. It does not go into
    /// the bundle.
    #[arg(long, value_name = "FILE.map")]
    source_map: Option<PathBuf>,

    /// Print one JSON object: bundle or failure, notices, console, usage
    #[arg(long)]
    pub(super) json: bool,
}

impl Build {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let warm = self.warm()?;
        let output = self.output.clone().unwrap_or_else(|| self.app.with_extension("wasm"));
        let map = self.source_map.as_deref();
        let Evaluated { script, build, frame, .. } = evaluate(input::script(&self.app)?, warm, map, cache)?;
        if !self.json {
            print_console(&build.console);
        }
        let report = Report { console: build.console.iter().map(Into::into).collect(), ..Report::new(&build.usage) };
        match &build.artifact {
            Ok(artifact) => self.keep(artifact, &script, output, report, &build.usage),
            Err(refusal) => {
                if self.json {
                    print_json(&Report { failure: Some(FailureReport::refusal(refusal, &script.source)), ..report })?;
                } else {
                    print_refusal(refusal, &script.source, frame.as_deref());
                }
                Ok(refusal.into())
            }
        }
    }

    fn warm(&self) -> Result<Option<String>> {
        self.warm.as_deref().map(|props| input::props(Some(props))).transpose()
    }

    fn keep(
        &self,
        artifact: &Artifact,
        script: &Script,
        output: PathBuf,
        report: Report<'_>,
        usage: &Usage,
    ) -> Result<Exit> {
        write(&output, &artifact.bundle)?;
        let beside = PathBuf::from(format!("{}.map", output.display()));
        if script.map().is_none() && is_ours(&beside) {
            // Of the bundle that was here before: it would be taken for this one's.
            let removed = std::fs::remove_file(&beside);
            removed.map_err(|error| Mistake(format!("cannot remove {}: {error}", beside.display())))?;
        }
        let map = script.map().map(|map| (beside, map));
        if let Some((file, map)) = &map {
            write(file, map)?;
        }
        if self.json {
            print_json(&Report {
                source_map: map.map(|(file, _)| file),
                bundle: Some(output),
                bundle_bytes: Some(artifact.bundle.len()),
                form: Some(artifact.form.as_str()),
                notices: artifact.notices.iter().map(Into::into).collect(),
                notices_dropped: artifact.notices_dropped,
                ..report
            })?;
        } else {
            print_notices(&artifact.notices, artifact.notices_dropped);
            let (bytes, time) = (units::show_size(artifact.bundle.len() as u64), units::show_time(usage.cpu));
            anstream::eprintln!(
                "built {} ({bytes}; a {}, evaluated in {time})",
                output.display(),
                artifact.form.as_str()
            );
        }
        Ok(Exit::Done)
    }
}

/// Whether a file is a source map that a build before has made of sources.
fn is_ours(map: &Path) -> bool {
    #[derive(Deserialize)]
    struct Map {
        x_dayfly: Option<bool>,
    }
    let map = std::fs::read(map).ok().and_then(|map| serde_json::from_slice::<Map>(&map).ok());
    map.is_some_and(|map| map.x_dayfly == Some(true))
}

/// One build as JSON.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_map: Option<PathBuf>,
    /// How the source was read: `script` or `module`.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureReport<'a>>,
    notices: Vec<NoticeReport<'a>>,
    notices_dropped: u32,
    console: Vec<LineReport<'a>>,
    usage: UsageReport,
}

impl Report<'_> {
    fn new(usage: &Usage) -> Self {
        Self {
            bundle: None,
            bundle_bytes: None,
            source_map: None,
            form: None,
            failure: None,
            notices: Vec::new(),
            notices_dropped: 0,
            console: Vec::new(),
            usage: usage.into(),
        }
    }
}

/// A bundle that is ready to be loaded.
pub(super) struct Built {
    pub(super) bundle: Vec<u8>,
    /// What it was built from, in the form in which it was read; none if it was a bundle already.
    pub(super) script: Option<Script>,
    /// Where its places are in the files of its author.
    pub(super) places: Places,
    /// Console lines of the top level that are still to be printed, in their author's places.
    pub(super) unprinted: Vec<Line>,
}

/// Builds the bundle of an app, unless it is one already; or says how to end. `map` is the source map that is named.
pub(super) fn built(
    app: App,
    path: &Path,
    map: Option<&Path>,
    json: bool,
    cache: &CacheArgs,
) -> Result<Result<Built, Exit>> {
    let script = match app {
        App::Bundle(bundle) => {
            let places = input::places_of_bundle(path, &bundle, map)?;
            return Ok(Ok(Built { bundle, script: None, places, unprinted: Vec::new() }));
        }
        App::Script(script) => script,
    };
    let Evaluated { mut script, places, build, frame } = evaluate(script, None, map, cache)?;
    if !json {
        print_console(&build.console);
    }
    match build.artifact {
        Ok(Artifact { bundle, form, notices, notices_dropped }) => {
            print_notices(&notices, notices_dropped);
            let unprinted = if json { build.console } else { Vec::new() };
            script.source.form = form;
            Ok(Ok(Built { bundle, script: Some(script), places, unprinted }))
        }
        Err(refusal) => {
            if json {
                let failure = FailureReport::refusal(&refusal, &script.source);
                print_json(&RenderReport::failed(failure, &build.console, &build.usage))?;
            } else {
                print_refusal(&refusal, &script.source, frame.as_deref());
            }
            Ok(Err((&refusal).into()))
        }
    }
}

/// What came of a script's top level, in the places of its author's files.
struct Evaluated {
    script: Script,
    places: Places,
    build: dayfly_bundler::Build,
    /// The line that a failure comes from.
    frame: Option<String>,
}

/// Evaluates a script. One that imports what the engine does not have is bundled first, if its project has a bundler. `map` is
/// the source map that is named.
fn evaluate(mut script: Script, warm: Option<String>, map: Option<&Path>, cache: &CacheArgs) -> Result<Evaluated> {
    script.source.warm = warm;
    // Before the build, which a map that is none would make in vain.
    let mut places = script.places(map)?;
    let bundler = bundler(cache)?;
    let mut build = build(&bundler, &script.source)?;
    if let Err(Refusal::Imports(_)) = build.artifact
        && let Some(bundled) = script.bundle()?
    {
        script = bundled;
        places = script.places(map)?;
        build = self::build(&bundler, &script.source)?;
    }
    let frame = place_build(&places, &mut build);
    Ok(Evaluated { script, places, build, frame })
}

/// Compiles the engine.
pub(super) fn bundler(cache: &CacheArgs) -> Result<Bundler> {
    progress::during("building", || cache.bundler(&Bundler::config()))
}

/// Evaluates `source`.
pub(super) fn build(bundler: &Bundler, source: &Source) -> Result<dayfly_bundler::Build> {
    let runtime = runtime()?;
    Ok(progress::during("building", || runtime.block_on(bundler.build(source, &Bundler::limits()))))
}

/// Writes a file.
pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    Ok(std::fs::write(file, bytes).map_err(|error| Mistake(format!("cannot write {}: {error}", file.display())))?)
}
