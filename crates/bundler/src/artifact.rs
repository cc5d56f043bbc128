//! From a snapshot to a bundle.

use std::sync::LazyLock;

use dayfly::Site;
use wasm_metadata::{AddMetadata, AddMetadataField};
use wasmparser::{ComponentName, KnownCustom, Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

use crate::source::Form;

/// `guest/`, built. Its `component-type` section says that it has the world `engine`.
pub(crate) const ENGINE: &[u8] = include_bytes!("../../../guest/engine.wasm");
const CONTRACT: &str = include_str!("../../../wit/sandbox.wit");

/// A bundle, and what is to be said of it.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The bundle's bytes: a Wasm component with the world `app`. The same source gives the same bytes.
    pub bundle: Vec<u8>,
    /// How the source was read.
    pub form: Form,
    /// What top-level code drew, in order, and then what it left behind; 256 at most.
    pub notices: Vec<Notice>,
    /// How many more there were.
    pub notices_dropped: u32,
}

/// One thing that top-level code did and that a snapshot cannot keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What kind of thing.
    pub kind: NoticeKind,
    /// What was called or thrown, in a few words.
    pub what: String,
    /// Where in the source.
    pub at: Option<Site>,
}

/// What kind of thing a snapshot cannot keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// The clock was read: every render sees 1970 in that value.
    Clock,
    /// Randomness was drawn: every render sees the same value.
    Random,
    /// A timer was started, and dropped.
    Timer,
    /// A promise was left that nothing will settle.
    Promise,
    /// A promise was rejected, and nothing handles it.
    Rejection,
}

impl NoticeKind {
    /// The kind's name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Random => "random",
            Self::Timer => "timer",
            Self::Promise => "promise",
            Self::Rejection => "rejection",
        }
    }

    /// What follows from it, as the end of a sentence that begins with what was called.
    pub fn consequence(self) -> &'static str {
        match self {
            Self::Clock => "at the top level gives 1970 in every render: read the clock in render",
            Self::Random => "at the top level gives every render the same value: draw it in render",
            Self::Timer => "at the top level never fires: start timers in render",
            Self::Promise => "made at the top level is pending, and nothing will settle it",
            Self::Rejection => "was rejected at the top level, and nothing handles it",
        }
    }
}

/// The committed engine as a component with the world `engine`, which the evaluation instantiates.
pub(crate) fn engine_component() -> Result<&'static [u8], String> {
    static COMPONENT: LazyLock<Result<Vec<u8>, String>> = LazyLock::new(|| component_of(ENGINE));
    COMPONENT.as_deref().map_err(Clone::clone)
}

/// As [`engine_component`], of another build of `guest/`.
pub(crate) fn component_of(engine: &[u8]) -> Result<Vec<u8>, String> {
    if !exports(engine, POSTMORTEM)? {
        return encode(engine);
    }
    let mut module = engine.to_vec();
    let (resolve, world) = world(if exports(engine, HEAP)? { "observed" } else { "bundle" })?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(text)?;
    encode(&module)
}

/// Makes a bundle of a snapshotted engine: the same core module in a component that has the world `bundle`, so that what
/// only the bundler needs is neither exported nor imported. It has the name of its source, by which its stacks are read.
pub(crate) fn bundle(snapshot: &[u8], name: &str) -> Result<Vec<u8>, String> {
    let mut module = main_module(snapshot)?.to_vec();
    let (resolve, world) = world(if exports(&module, POSTMORTEM)? { "bundle" } else { "app" })?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(text)?;
    let mut metadata = made_of();
    metadata.name = AddMetadataField::Set(name.to_owned());
    metadata.to_wasm(&encode(&module)?).map_err(text)
}

/// The name of the source that a bundle was made of, as its stacks say it. Bundles of older versions have none.
pub fn source_name(bundle: &[u8]) -> Option<String> {
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bundle) {
        match payload.ok()? {
            // What is inside of it has names of its own.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if depth > 0 => depth -= 1,
            Payload::CustomSection(section) if depth == 0 => {
                let KnownCustom::ComponentName(names) = section.as_known() else { continue };
                return names.into_iter().flatten().find_map(|name| match name {
                    ComponentName::Component { name, .. } => Some(name.to_owned()),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    None
}

/// What a bundle is made of, for who looks for a version in it: its section `producers`. `guest/Cargo.lock` has all of it.
const MADE_OF: [(&str, &str, &str); 6] = [
    ("language", "JavaScript", ""),
    ("processed-by", "dayfly-bundler", env!("CARGO_PKG_VERSION")),
    ("sdk", "dayfly-guest", env!("CARGO_PKG_VERSION")),
    ("sdk", "javy", "8.1.0"),
    ("sdk", "rquickjs-sys", "0.14.0"),
    ("sdk", "QuickJS-ng", "0.16.2"),
];

fn made_of() -> AddMetadata {
    let of = |field: &str| {
        let parts = MADE_OF.iter().filter(|(of, ..)| *of == field);
        parts.map(|(_, name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
    };
    let mut metadata = AddMetadata::default();
    (metadata.language, metadata.processed_by, metadata.sdk) = (of("language"), of("processed-by"), of("sdk"));
    metadata
}

fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    ComponentEncoder::default().validate(true).module(module).and_then(|mut encoder| encoder.encode()).map_err(text)
}

/// wit-component puts the module that it was given first, before the small ones that tie the imports.
fn main_module(component: &[u8]) -> Result<&[u8], String> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload.map_err(text)? {
            return component.get(unchecked_range).ok_or_else(|| "the snapshot ends within a module".into());
        }
    }
    Err("the snapshot has no core module".into())
}

/// What a build of `guest/` that is older than it does not export.
const POSTMORTEM: &str = "dayfly:sandbox/postmortem@0.1.0#stack";
const HEAP: &str = "dayfly:sandbox/heap@0.1.0#memory";

fn exports(module: &[u8], name: &str) -> Result<bool, String> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(exports) = payload.map_err(text)? {
            return Ok(exports.into_iter().flatten().any(|export| export.name == name));
        }
    }
    Ok(false)
}

fn world(name: &str) -> Result<(Resolve, WorldId), String> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("sandbox.wit", CONTRACT).map_err(text)?;
    let world = resolve.select_world(&[package], Some(name)).map_err(text)?;
    Ok((resolve, world))
}

fn text(error: impl std::fmt::Display) -> String {
    format!("{error:#}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn what_a_bundle_says_it_is_made_of_is_what_the_guest_is_built_with() {
        let lock = include_str!("../../../guest/Cargo.lock");
        for (_, name, version) in MADE_OF.iter().filter(|(_, name, _)| ["javy", "rquickjs-sys"].contains(name)) {
            assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")), "{name} {version}");
        }
        let quickjs = include_str!("../../../guest/quickjs/Cargo.toml");
        let (_, _, version) = MADE_OF.iter().find(|(_, name, _)| *name == "QuickJS-ng").unwrap();
        assert!(quickjs.contains(&format!("hands on 0.14: QuickJS-ng {version},")), "{quickjs}");
    }

    #[test]
    fn a_bundle_says_what_it_is_made_of() {
        let bundle = bundle(engine_component().unwrap(), "app.mjs").unwrap();
        assert_eq!(source_name(&bundle).as_deref(), Some("app.mjs"));
        let producers = wasm_metadata::Producers::from_wasm(&bundle).unwrap().unwrap();
        for (field, name, version) in MADE_OF {
            let found = producers.get(field).unwrap();
            assert!(found.iter().any(|(key, value)| key == name && value == version), "{field} {name} {version}");
        }
    }
}
