//! What code that is run for itself may import.

use std::collections::HashSet;

use dayfly::Site;

use crate::source::{Form, Source};

/// How many modules are found at most, and how many bytes they have together.
const MOST_MODULES: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;
/// How the name of a module ends.
const ENDINGS: [&str; 3] = [".js", ".mjs", ".json"];

/// The modules that `source` may import, and those that they may in turn: what it names as a text that begins with `./` or `../` and ends in
/// `.js` or `.mjs`, where `read` gives a text for it. `read` is given paths relative to the source's own folder.
///
/// A text counts wherever it stands, as `import()` takes any; to find one too many costs no more than to read it.
pub fn importable(source: &Source, read: impl Fn(&str) -> Option<String>) -> Vec<Source> {
    let mut found: Vec<Source> = Vec::new();
    let mut seen = HashSet::from([source.name.clone()]);
    let mut bytes = 0;
    let mut next: Vec<String> = modules("", &source.text).collect();
    while let Some(name) = next.pop() {
        if found.len() == MOST_MODULES || bytes > MOST_BYTES {
            break;
        }
        if !seen.insert(name.clone()) {
            continue;
        }
        let Some(text) = read(&name) else { continue };
        bytes += text.len();
        if name.ends_with(".json") {
            found.push(Source { form: Form::Module, ..Source::new(name, json_module(&text)) });
            continue;
        }
        next.extend(modules(&name, &text));
        found.push(Source { form: Form::Module, ..Source::new(name, text) });
    }
    found
}

/// A module of what JSON says: <https://tc39.es/ecma262/#sec-parse-json-module>.
fn json_module(text: &str) -> String {
    format!("export default JSON.parse({});", serde_json::Value::from(text))
}

/// Where the first of `sources` names the module that the engine calls `name`, by a path; that of [`importable`] sources is
/// from the same folder.
pub fn importer<'a>(sources: impl IntoIterator<Item = &'a Source>, name: &str) -> Option<Site> {
    sources.into_iter().find_map(|source| {
        let (start, _) = specifiers(&source.name, &source.text).find(|(_, found)| found == name)?;
        Some(source.site(start))
    })
}

/// The names of what a module of that name may import.
fn modules(importer: &str, text: &str) -> impl Iterator<Item = String> {
    let is_module = |name: &String| ENDINGS.iter().any(|ending| name.ends_with(ending));
    specifiers(importer, text).map(|(_, name)| name).filter(is_module)
}

/// The paths that a module of that name has in quotes, as names, and where.
fn specifiers(importer: &str, text: &str) -> impl Iterator<Item = (usize, String)> {
    let folder = importer.rsplit_once('/').map_or("", |(folder, _)| folder);
    text.match_indices(['"', '\'', '`']).filter_map(move |(start, quote)| {
        let rest = &text[start + 1..];
        let end = rest.find(|c| quote.starts_with(c) || c == '\n').unwrap_or_default();
        let specifier = &rest[..end];
        let is_relative = specifier.starts_with("./") || specifier.starts_with("../");
        is_relative.then(|| (start, join(folder, specifier)))
    })
}

/// A path relative to where `folder` is relative to, as the engine makes one.
fn join(folder: &str, mut specifier: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    loop {
        if let Some(rest) = specifier.strip_prefix("./") {
            specifier = rest;
        } else if let Some(rest) =
            specifier.strip_prefix("../").filter(|_| parts.last().is_some_and(|part| *part != ".."))
        {
            parts.pop();
            specifier = rest;
        } else {
            parts.push(specifier);
            return parts.join("/");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_through_modules_by_the_paths_that_lead_to_them() {
        let files = [
            ("a/b.js", "export * from '../c.js'"),
            ("c.js", "import './a/b.js'; import('../up.mjs')"),
            ("../up.mjs", ""),
        ];
        let source =
            Source::new("main.mjs", "import x from \"./a/b.js\"; import `./not\nhere.js`; './main.mjs'; './gone.js'");
        let read = |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned());
        let found = importable(&source, read);
        let mut names: Vec<&str> = found.iter().map(|source| source.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["../up.mjs", "a/b.js", "c.js"]);
        let importer = |name: &str| importer(std::iter::once(&source).chain(&found), name).map(|at| at.to_string());
        assert_eq!(importer("gone.js").expect("it is imported"), "main.mjs:2:25");
        assert_eq!(importer("../up.mjs").expect("it is imported"), "c.js:1:27");
        assert_eq!(importer("react"), None);
    }
}
