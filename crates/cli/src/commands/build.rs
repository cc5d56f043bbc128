//! `dayfly build`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use dayfly::{Line, Usage};
use dayfly_bundler::{Artifact, Bundler, Places, Source};
use serde::Serialize;

use super::runtime;
use crate::cache::CacheArgs;
use crate::exit::{Exit, Mistake};
use crate::input::App;
use crate::report::{
    FailureReport, LineReport, NoticeReport, RenderReport, UsageReport, print_console, print_json, print_notices,
    print_refusal,
};
use crate::{input, progress, units};

/// Build a bundle from a file of JavaScript
///
/// The top level is evaluated once, and its heap becomes the bundle: a self-contained Wasm component. What the top
/// level did that every render would see unchanged (it read the clock, drew randomness, left a timer or a promise) is
/// reported with its place.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// One file of JavaScript: an ES module that exports `render`, or a classic script that sets `globalThis.render`
    ///
    /// A `.mjs` is read as a module and a `.cjs` as a script; any other as a script if it parses as one.
    #[arg(value_name = "APP.js")]
    app: PathBuf,

    /// Where the bundle goes [default: APP.wasm beside APP.js]
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
        let source = Source { warm: self.warm()?, ..input::source(&self.app)? };
        let places = input::places(&self.app, &source, self.source_map.as_deref())?;
        let output = self.output.clone().unwrap_or_else(|| self.app.with_extension("wasm"));
        let (build, frame) = evaluate(&source, &places, cache)?;
        if !self.json {
            print_console(&build.console);
        }
        let report = Report { console: build.console.iter().map(Into::into).collect(), ..Report::new(&build.usage) };
        match &build.artifact {
            Ok(artifact) => self.keep(artifact, output, report, &build.usage),
            Err(refusal) => {
                if self.json {
                    print_json(&Report { failure: Some(FailureReport::refusal(refusal, &source)), ..report })?;
                } else {
                    print_refusal(refusal, &source, frame.as_deref());
                }
                Ok(refusal.into())
            }
        }
    }

    fn warm(&self) -> Result<Option<String>> {
        self.warm.as_deref().map(|props| input::props(Some(props))).transpose()
    }

    fn keep(&self, artifact: &Artifact, output: PathBuf, report: Report<'_>, usage: &Usage) -> Result<Exit> {
        std::fs::write(&output, &artifact.bundle)
            .map_err(|error| Mistake(format!("cannot write {}: {error}", output.display())))?;
        if self.json {
            print_json(&Report {
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

/// One build as JSON.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle_bytes: Option<usize>,
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
    pub(super) source: Option<Source>,
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
    let source = match app {
        App::Bundle(bundle) => {
            let places = input::places(path, &input::source_of_bundle(path), map)?;
            return Ok(Ok(Built { bundle, source: None, places, unprinted: Vec::new() }));
        }
        App::Source(source) => source,
    };
    let places = input::places(path, &source, map)?;
    let (build, frame) = evaluate(&source, &places, cache)?;
    if !json {
        print_console(&build.console);
    }
    match build.artifact {
        Ok(Artifact { bundle, form, notices, notices_dropped }) => {
            print_notices(&notices, notices_dropped);
            let unprinted = if json { build.console } else { Vec::new() };
            Ok(Ok(Built { bundle, source: Some(Source { form, ..source }), places, unprinted }))
        }
        Err(refusal) => {
            if json {
                let failure = FailureReport::refusal(&refusal, &source);
                print_json(&RenderReport::failed(failure, &build.console, &build.usage))?;
            } else {
                print_refusal(&refusal, &source, frame.as_deref());
            }
            Ok(Err((&refusal).into()))
        }
    }
}

/// Compiles the engine and evaluates `source`. What came of it is in its author's places, with the line that it failed at.
pub(super) fn evaluate(
    source: &Source,
    places: &Places,
    cache: &CacheArgs,
) -> Result<(dayfly_bundler::Build, Option<String>)> {
    let mut build = progress::during("building", || -> Result<_> {
        let bundler = cache.bundler(&Bundler::config())?;
        Ok(runtime()?.block_on(bundler.build(source, &Bundler::limits())))
    })?;
    build.console.iter_mut().for_each(|line| places.line(line));
    let frame = match &mut build.artifact {
        Ok(artifact) => {
            artifact.notices.iter_mut().for_each(|notice| places.notice(notice));
            None
        }
        Err(refusal) => {
            let frame = places.refusal_frame(refusal);
            places.refusal(refusal);
            frame
        }
    };
    Ok((build, frame))
}
