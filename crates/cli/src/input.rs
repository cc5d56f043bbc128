//! What is read from files and standard input.

mod body;
mod script;

use std::fmt::Display;
use std::io::Read;
use std::path::Path;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dayfly_bundler::{Places, Source};
use dayfly_sources::needs_bundler;
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;

pub(crate) use self::body::body;
pub(crate) use self::script::Script;
use crate::exit::Mistake;
use crate::report::print_warning;

/// What an app can be given as.
pub(crate) enum App {
    Script(Script),
    Bundle(Vec<u8>),
}

/// Reads an app: a bundle if it begins as Wasm does or is named so; the sources of one, which are bundled, if it is named as
/// TypeScript or JSX; JavaScript otherwise, which is bundled if it imports a file once it runs.
pub(crate) fn app(path: &Path) -> Result<App> {
    if needs_bundler(path) {
        return Ok(App::Script(Script::bundled(path)?));
    }
    let bytes = read(path)?;
    if is_wasm(path, &bytes) {
        Ok(App::Bundle(bytes))
    } else {
        Ok(App::Script(Script::whole(path, to_source(path, bytes)?)?))
    }
}

/// Reads an app that is none yet.
pub(crate) fn script(path: &Path) -> Result<Script> {
    match app(path)? {
        App::Script(script) => Ok(script),
        App::Bundle(_) => Err(wasm_already(path).into()),
    }
}

/// Reads one file of JavaScript.
pub(crate) fn source(path: &Path) -> Result<Source> {
    if needs_bundler(path) {
        return Err(Mistake(format!("{} is no JavaScript: bundle it first", path.display())).into());
    }
    let bytes = read(path)?;
    if is_wasm(path, &bytes) {
        return Err(wasm_already(path).into());
    }
    to_source(path, bytes)
}

fn is_wasm(path: &Path, bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm") || path.extension().is_some_and(|extension| extension == "wasm")
}

fn wasm_already(path: &Path) -> Mistake {
    Mistake(format!("{} is Wasm already: give the JavaScript that it is built from", path.display()))
}

fn to_source(path: &Path, bytes: Vec<u8>) -> Result<Source> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Mistake(format!("{} is not UTF-8 text: look at byte {at}", path.display()))
    })?;
    // The name goes into the bundle, and a folder of this machine has no place there.
    let name = path.file_name().map_or_else(|| "app.js".into(), |name| name.to_string_lossy().into_owned());
    Ok(Source::new(name, text))
}

/// The files that a file of JavaScript may import.
pub(crate) fn importable(path: &Path, source: &Source) -> Vec<Source> {
    let folder = path.parent().unwrap_or(Path::new(""));
    // One that is not there is an error where it is imported.
    dayfly_bundler::importable(source, |name| std::fs::read_to_string(folder.join(name)).ok())
}

/// The places of a file of JavaScript: by the map that `given` names, that the file has in it or names, or that stands beside
/// it as `APP.js.map`. Only one that is given has to be a map: an app runs as well without.
pub(crate) fn places(path: &Path, source: &Source, given: Option<&Path>) -> Result<Places> {
    with_map(path, || Places::of(source), source.map_url(), given)
}

/// The same of a bundle that was built before. Of one that does not say the name of its source the bundle's own may be it.
pub(crate) fn places_of_bundle(path: &Path, bundle: &[u8], given: Option<&Path>) -> Result<Places> {
    let name = format!("{}.js", path.file_stem().unwrap_or_default().to_string_lossy());
    with_map(path, || Places::of_bundle(bundle, &name), None, given)
}

fn with_map(path: &Path, places: impl Fn() -> Places, url: Option<&str>, given: Option<&Path>) -> Result<Places> {
    let wrong = |from: &dyn Display, why: String| format!("the source map {from} cannot be used: {why}");
    if let Some(file) = given {
        return Ok(places().with_map(&read(file)?).map_err(|why| Mistake(wrong(&file.display(), why)))?);
    }
    let mapped = match url.filter(|url| url.starts_with("data:")) {
        Some(url) => {
            let (kind, data) = url.split_once(',').unwrap_or((url, ""));
            let map = if kind.ends_with(";base64") {
                BASE64_STANDARD.decode(data).map_err(|_| "it is not base64".to_owned())
            } else {
                Ok(percent_decode_str(data).collect())
            };
            let mapped = map.and_then(|map| places().with_map(&map));
            mapped.map_err(|why| wrong(&"in the file", why))
        }
        None => {
            let beside = url.map_or_else(|| format!("{}.map", path.display()).into(), |url| path.with_file_name(url));
            let is_named = url.is_some_and(|url| !url.contains("://"));
            match std::fs::read(&beside) {
                Ok(map) => places().with_map(&map).map_err(|why| wrong(&beside.display(), why)),
                Err(error) if is_named => Err(wrong(&beside.display(), error.to_string())),
                // Nobody said that there is one here.
                Err(_) => return Ok(places()),
            }
        }
    };
    Ok(mapped.unwrap_or_else(|why| {
        print_warning(&format!("{why}; places are those of the file itself"), [None, None]);
        places()
    }))
}

/// Reads props: a file, or standard input for `-`; without either an empty object.
pub(crate) fn props(path: Option<&Path>) -> Result<String> {
    let Some(path) = path else { return Ok("{}".into()) };
    let bytes = bytes(path)?;
    let from = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
    let text = String::from_utf8(bytes).map_err(|_| Mistake(format!("the props in {from} are not UTF-8")))?;
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|error| Mistake(format!("the props in {from} are not JSON: {error}")))?;
    Ok(text)
}

/// Reads a file, or standard input for `-`.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>> {
    if path != Path::new("-") {
        return read(path);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().read_to_end(&mut bytes);
    read.map_err(|error| Mistake(format!("cannot read standard input: {error}")))?;
    Ok(bytes)
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Mistake(format!("cannot read {}: {error}", path.display())).into())
}
