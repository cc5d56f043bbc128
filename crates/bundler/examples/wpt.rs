//! Runs a copy of the web-platform-tests against the engine: `cargo xtask wpt FOLDER [PATH…]`.
//!
//! FOLDER is a checkout of <https://github.com/web-platform-tests/wpt>; a PATH is a folder or a file in it (without one, those of
//! `DEFAULT` are run). Each `*.any.js`, in each of its variants, is run in a sandbox of its own with `testharness.js` and the scripts that it
//! asks for. There is no network: `fetch` gives the files of the suite that a test names, and nothing else. What does not pass is
//! listed, and the figures are printed by directory.
#![allow(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dayfly::Limits;
use dayfly_bundler::{Bundler, Form, Source};
use serde_json::{Value, json};

const DEFAULT: [&str; 10] = [
    "console",
    "url",
    "encoding",
    "streams",
    "html/webappapis/atob",
    "html/webappapis/microtask-queuing",
    "html/webappapis/structured-clone",
    "html/webappapis/timers",
    "dom/abort",
    "fetch/api/headers",
];

/// What a test finds beside the globals: where it is, of which kind its global object is, and the files that it may fetch.
const HOST: &str = r#"
({ href, files }) => {
  const { protocol, host, hostname, port, pathname, search, hash, origin } = new URL(href);
  globalThis.location = { href, protocol, host, hostname, port, pathname, search, hash, origin, toString: () => href };
  globalThis.GLOBAL = { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false };
  globalThis.fetch = async (input) => {
    const url = new URL(input?.url ?? input, href);
    if (url.origin !== origin || !(url.pathname in files)) throw new TypeError(`there is no network: ${url}`);
    return new Response(files[url.pathname]);
  };
}
"#;
const REPORT: &str = r#"
add_completion_callback((tests, harness) => console.debug(JSON.stringify({
  tests: tests.map(({ name, status, message }) => ({ name, passed: status === 0, message })),
  harness: harness.status === 0 ? "" : harness.message,
})));
"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((folder, paths)) = arguments.split_first() else { return Err("usage: wpt FOLDER [PATH…]".into()) };
    let suite = Suite::open(Path::new(folder))?;
    let default = DEFAULT.map(str::to_owned);
    let mut files = Vec::new();
    for path in if paths.is_empty() { &default } else { paths } {
        find(&suite.folder.join(path), &mut files)?;
    }
    files.sort();

    let bundler = Bundler::new()?;
    let mut figures: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for file in &files {
        let text = fs::read_to_string(file)?;
        let directory = file.parent().expect("it is in a folder").strip_prefix(&suite.folder)?;
        let mut whole = true;
        let figures = figures.entry(directory.to_string_lossy().into_owned()).or_default();
        for variant in variants(&text) {
            let [passed, all] = suite.run(&bundler, file, &text, &variant).await?;
            figures[0] += passed;
            figures[1] += all;
            whole &= all > 0 && passed == all;
        }
        figures[2] += usize::from(whole);
        figures[3] += 1;
    }
    print_figures(&figures);
    Ok(())
}

fn print_figures(figures: &BTreeMap<String, [usize; 4]>) {
    println!("\n{:<50} {:>8} {:>8} {:>9} {:>6} {:>6}", "", "passed", "subtests", "", "whole", "files");
    let mut sum = [0; 4];
    let line = |name: &str, [passed, all, whole, files]: [usize; 4]| {
        let share = 100.0 * passed as f64 / all.max(1) as f64;
        println!("{name:<50} {passed:>8} {all:>8} {share:>7.2} % {whole:>6} {files:>6}");
    };
    for (directory, counts) in figures {
        line(directory, *counts);
        (0..4).for_each(|of| sum[of] += counts[of]);
    }
    line("all", sum);
}

/// The tests in a folder and below, or the one file.
fn find(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || path.to_string_lossy().ends_with(".any.js") {
            find(&path, files)?;
        }
    }
    Ok(())
}

/// What a test asks for by lines such as `// META: script=resources/helpers.js`.
fn metas<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    let metas = text.lines().filter_map(|line| line.strip_prefix("//")?.trim_start().strip_prefix("META:"));
    metas.filter_map(move |meta| meta.trim_start().strip_prefix(key)?.strip_prefix('=').map(str::trim))
}

fn variants(text: &str) -> Vec<String> {
    let variants: Vec<String> = metas(text, "variant").map(str::to_owned).collect();
    if variants.is_empty() { vec![String::new()] } else { variants }
}

struct Suite {
    folder: PathBuf,
    harness: String,
}

impl Suite {
    fn open(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let harness = folder.join("resources/testharness.js");
        let harness = fs::read_to_string(&harness)
            .map_err(|error| format!("{} is no copy of the web-platform-tests: {error}", harness.display()))?;
        Ok(Self { folder: folder.to_path_buf(), harness })
    }

    /// How many subtests pass, and how many there are.
    async fn run(
        &self,
        bundler: &Bundler,
        file: &Path,
        text: &str,
        variant: &str,
    ) -> Result<[usize; 2], Box<dyn Error>> {
        let name = format!("{}{variant}", file.strip_prefix(&self.folder)?.display());
        let sources = self.sources(file, text, variant)?;
        let limits = Limits { wall: Duration::from_secs(30), ..Bundler::limits() };
        let limits = Limits { console_lines: 1_000_000, console_bytes: 64 << 20, ..limits };
        let run = bundler.run(&sources, &[], &limits).await;
        let mut reports = run.console.iter().filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
        let Some(report) = reports.rfind(|report| report["tests"].is_array()) else {
            println!("{name}: no report: {:?}", run.result.err());
            return Ok([0, 0]);
        };
        if report["harness"] != "" {
            println!("{name}: {}", report["harness"]);
        }
        let tests = report["tests"].as_array().expect("it was looked at");
        let failed: Vec<&Value> = tests.iter().filter(|test| test["passed"] != true).collect();
        for test in &failed {
            println!("{name}: {}: {}", test["name"], test["message"]);
        }
        Ok([tests.len() - failed.len(), tests.len()])
    }

    fn sources(&self, file: &Path, text: &str, variant: &str) -> Result<Vec<Source>, Box<dyn Error>> {
        let mut sources = vec![script("testharness.js", &self.harness), script("report.js", REPORT)];
        for asked in metas(text, "script") {
            let path = self.path(file, asked);
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            sources.push(script(asked, &text));
        }
        sources.push(script(&file.file_name().expect("it is a file").to_string_lossy(), text));
        let mut files = BTreeMap::new();
        for named in sources.iter().skip(2).flat_map(|source| named(&source.text)) {
            let path = self.path(file, &named);
            if let (Ok(url), Ok(bytes)) = (path.strip_prefix(&self.folder), fs::read(&path)) {
                files.insert(format!("/{}", url.display()), String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        let at = file.strip_prefix(&self.folder)?.with_extension("html");
        let host =
            json!({ "href": format!("http://web-platform.test:8000/{}{variant}", at.display()), "files": files });
        sources.insert(0, script("host.js", &format!("({})({host})", HOST.trim())));
        Ok(sources)
    }

    /// The file of a path that a test names, as the suite's server would find it.
    fn path(&self, file: &Path, named: &str) -> PathBuf {
        match named.strip_prefix('/') {
            Some("resources/WebIDLParser.js") => self.folder.join("resources/webidl2/lib/webidl2.js"),
            Some(absolute) => self.folder.join(absolute),
            None => normal(&file.parent().expect("it is in a folder").join(named)),
        }
    }
}

/// The path without `..`.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        if part.as_os_str() == ".." {
            path.pop();
        } else {
            path.push(part);
        }
        path
    })
}

/// What a text has in quotes that may be a file to fetch: paths, and names of interfaces.
fn named(text: &str) -> BTreeSet<String> {
    let quoted = text.match_indices(['"', '\'', '`']).filter_map(|(start, _)| {
        let (quote, rest) = text[start..].split_at(1);
        rest.split_once(quote).map(|(quoted, _)| quoted).filter(|quoted| quoted.len() < 100 && !quoted.contains('\n'))
    });
    let is_interfaces = text.contains("idl_test(");
    let paths = quoted.flat_map(|quoted| {
        let interface = is_interfaces.then(|| format!("/interfaces/{quoted}.idl"));
        let file = [".json", ".txt"].iter().any(|end| quoted.ends_with(end)).then(|| quoted.to_owned());
        [interface, file].into_iter().flatten()
    });
    paths.collect()
}

fn script(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), text: text.to_owned(), form: Form::Script, warm: None }
}
