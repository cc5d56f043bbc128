//! What a file that nothing has bundled imports once it runs.

use std::path::Path;

use dayfly::Site;
use dayfly_bundler::{LazyImport, Places, Source, lazy_imports};

use crate::message::Message;

/// How many of them are warned of.
const MOST: usize = 20;

/// The modules of Node that may be named without `node:`: the engine has them, or says that it does not.
const BUILTINS: &str = " assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns \
    domain events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl \
    stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib ";

/// What a file of JavaScript imports by `import()` and the engine does not have. A bundle is one file: once it runs, there is
/// nothing beside it.
#[derive(Debug, Default)]
pub struct Lazy {
    /// What a bundler finds. Only a module has any: to bundle a script changes what its names are.
    pub found: Vec<Message>,
    /// What no bundler finds, or that it would not be asked for.
    pub missing: Vec<Message>,
}

impl Lazy {
    /// Looks at a file whose text has been read.
    pub fn of(entry: &Path, source: &Source) -> Self {
        let (imports, is_module) = lazy_imports(source);
        let mut lazy = Self::default();
        for import in imports.iter().filter(|import| !is_of_engine(&import.specifier)).take(MOST) {
            let is_there = import.is_whole && is_there(entry, &import.specifier);
            let message = message(source, import, is_there);
            if is_there && is_module { &mut lazy.found } else { &mut lazy.missing }.push(message);
        }
        lazy
    }
}

/// What a bundler has left of the author's `import()`s in what it made, by its map: it did not know what is named there.
pub(crate) fn left_by_bundler(source: &Source, map: &[u8]) -> Vec<Message> {
    let (imports, _) = lazy_imports(source);
    let imports: Vec<_> = imports.iter().filter(|import| !is_of_engine(&import.specifier)).take(MOST).collect();
    if imports.is_empty() {
        return Vec::new();
    }
    let Ok(places) = Places::of(source).with_map(map) else { return Vec::new() };
    let mut left = Vec::new();
    for import in imports {
        let found = message(source, import, false);
        let Some(site) = found.at().map(|at| places.site(&at)) else { continue };
        // What packages do so is for others, and tried.
        if !site.file.split('/').any(|folder| folder == "node_modules") {
            let column = site.column.checked_sub(1);
            left.push(Message {
                file: Some(site.file),
                line: Some(site.line),
                column,
                line_text: None,
                length: None,
                ..found
            });
        }
    }
    left
}

/// A URL is not there either, but it is nothing that could be bundled.
fn is_of_engine(specifier: &str) -> bool {
    let name = specifier.split('/').next().unwrap_or_default();
    specifier.contains(':') || BUILTINS.contains(&format!(" {name} "))
}

/// Whether a bundler is likely to find it. Names that a project gives to its own are for the bundler to know.
fn is_there(entry: &Path, specifier: &str) -> bool {
    let folder = entry.parent().unwrap_or(Path::new(""));
    let path = specifier.split(['?', '#']).next().unwrap_or_default();
    if specifier.starts_with("./") || specifier.starts_with("../") {
        let with = |ending: &str| folder.join(format!("{path}{ending}")).is_file();
        let endings =
            ["", ".js", ".mjs", ".cjs", ".json", ".jsx", ".ts", ".tsx", ".mts", "/index.js", "/index.mjs", "/index.ts"];
        // TypeScript's are imported by what they are made to.
        let sources = || path.strip_suffix(".js").is_some_and(|stem| folder.join(format!("{stem}.ts")).is_file());
        return endings.into_iter().any(with) || sources();
    }
    if specifier.starts_with(['#', '~', '/']) || specifier.starts_with("@/") {
        return true;
    }
    let Ok(folder) = std::path::absolute(folder) else { return false };
    let package = crate::message::package(path);
    folder.ancestors().any(|folder| folder.join("node_modules").join(package).exists())
}

fn message(source: &Source, import: &LazyImport, is_there: bool) -> Message {
    let LazyImport { specifier, is_whole, at } = import;
    let Site { file, line, column } = source.site(*at);
    let (start, rest) = (*at - (column as usize - 1), &source.text[*at..]);
    let line_text = &source.text[start..*at + rest.find('\n').unwrap_or(rest.len())];
    let text = if *is_whole {
        format!("import('{specifier}') finds nothing once the bundle runs: a bundle is one file")
    } else {
        format!(
            "import('{specifier}…') finds nothing once the bundle runs: a bundle is one file, and what is named there is not known"
        )
    };
    let remedy = if is_there {
        "bundle it into this file, with esbuild, Vite, rolldown or webpack"
    } else {
        "have your bundler write one file, without splitting it into chunks; if it is never imported, all is well"
    };
    Message {
        text,
        file: Some(file),
        line: Some(line),
        column: Some(column - 1),
        length: Some("import".len() as u32),
        line_text: Some(line_text.trim_end_matches('\r').to_owned()),
        notes: vec![remedy.into()],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

    use super::*;

    fn lazy(name: &str, text: &str) -> [Vec<String>; 2] {
        let folder = tempfile::tempdir().unwrap();
        for file in ["src/a.js", "src/b.ts", "src/c/index.js", "node_modules/@scope/d/package.json"] {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let Lazy { found, missing } = Lazy::of(&folder.path().join("src").join(name), &Source::new(name, text));
        [found, missing].map(|messages| messages.iter().map(|message| message.at().unwrap().to_string()).collect())
    }

    #[test]
    fn what_is_there_is_told_from_what_is_not() {
        let text = "import('./a.js'); import('./b');\n import('./b.js'); import('./c');\nimport('@scope/d/deep');\nimport('#own')";
        let found = ["app.mjs:1:1", "app.mjs:1:19", "app.mjs:2:2", "app.mjs:2:20", "app.mjs:3:1", "app.mjs:4:1"];
        assert_eq!(lazy("app.mjs", text), [found.map(String::from).to_vec(), vec![]]);
        let text = "import('./gone.js');\nimport('gone'); import(`./pages/${x}.js`)";
        let missing = ["app.mjs:1:1", "app.mjs:2:1", "app.mjs:2:17"].map(String::from).to_vec();
        assert_eq!(lazy("app.mjs", text), [vec![], missing]);
        let of_engine = "import('node:nope'); import('fs/promises'); import('https://example.com/a.js')";
        assert_eq!(lazy("app.mjs", of_engine), [vec![], Vec::<String>::new()]);
        // A script is not bundled: its functions would no longer be globals.
        assert_eq!(
            lazy("app.js", "function render() { import('./a.js') }"),
            [vec![], vec![String::from("app.js:1:21")]]
        );
    }

    #[test]
    fn what_is_not_there_is_shown_with_its_line_and_a_remedy() {
        let source = Source::new("app.mjs", "let é;\r\n/* é */ import('./gone.mjs')\r\n");
        let report = Lazy::of(Path::new("app.mjs"), &source).missing[0].report();
        assert!(
            report.starts_with(
                "import('./gone.mjs') finds nothing once the bundle runs: a bundle is one file (app.mjs:2:10)\n"
            ),
            "{report}"
        );
        assert!(
            report.contains("\n2 | /* é */ import('./gone.mjs')\n  |         ^^^^^^ ")
                && report.contains("one file, without splitting"),
            "{report}"
        );
    }
}
