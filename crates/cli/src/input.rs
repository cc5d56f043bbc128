//! What is read from files and standard input.

mod body;
mod script;

use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dayfly_bundler::{Places, Source};
use dayfly_sources::needs_bundler;
use serde::de::IgnoredAny;

pub(crate) use self::body::body;
pub(crate) use self::script::Script;
use crate::exit::Mistake;

/// What an app can be given as.
pub(crate) enum App {
    Script(Script),
    Bundle(Vec<u8>),
}

/// Reads an app: a bundle if it begins as Wasm does or is named so; the sources of one, which are bundled, if it is named as
/// TypeScript or JSX; JavaScript otherwise.
pub(crate) fn app(path: &Path) -> Result<App> {
    if needs_bundler(path) {
        return Ok(App::Script(Script::bundled(path)?));
    }
    let bytes = read(path)?;
    let is_wasm = bytes.starts_with(b"\0asm") || path.extension().is_some_and(|extension| extension == "wasm");
    if is_wasm { Ok(App::Bundle(bytes)) } else { Ok(App::Script(Script::plain(path, to_source(path, bytes)?))) }
}

/// Reads an app that is none yet.
pub(crate) fn script(path: &Path) -> Result<Script> {
    match app(path)? {
        App::Script(script) => Ok(script),
        App::Bundle(_) => {
            Err(Mistake(format!("{} is Wasm already: give the JavaScript that it is built from", path.display()))
                .into())
        }
    }
}

/// Reads one file of JavaScript.
pub(crate) fn source(path: &Path) -> Result<Source> {
    if needs_bundler(path) {
        return Err(Mistake(format!("{} is no JavaScript: bundle it first", path.display())).into());
    }
    Ok(script(path)?.source)
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
/// it as `APP.js.map`.
pub(crate) fn places(path: &Path, source: &Source, given: Option<&Path>) -> Result<Places> {
    let wrong = |from: &dyn Display, why: String| Mistake(format!("the source map {from} cannot be used: {why}"));
    let places = Places::of(source);
    if let Some(file) = given {
        return Ok(places.with_map(&read(file)?).map_err(|why| wrong(&file.display(), why))?);
    }
    let inline = source.map_url().filter(|url| url.starts_with("data:"));
    if let Some(url) = inline {
        let map = url.split_once("base64,").and_then(|(_, map)| BASE64_STANDARD.decode(map).ok());
        let map = map.ok_or_else(|| wrong(&"in the file", "it is not base64".into()))?;
        return Ok(places.with_map(&map).map_err(|why| wrong(&"in the file", why))?);
    }
    let beside = match source.map_url() {
        Some(url) => path.with_file_name(url),
        None => PathBuf::from(format!("{}.map", path.display())),
    };
    // One that is not there is what a production build leaves out on purpose.
    let Ok(map) = std::fs::read(&beside) else { return Ok(places) };
    Ok(places.with_map(&map).map_err(|why| wrong(&beside.display(), why))?)
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
