//! Runs a copy of test262 against the engine: `cargo xtask test262 FOLDER [PATH…]`.
//!
//! FOLDER is a checkout of <https://github.com/tc39/test262>, with `harness/` and `test/` in it; a PATH is below `test/`
//! (without one `language` and `built-ins` are run). Each file is run once, in a sandbox of its own, as INTERPRETING.md there
//! says, in sloppy mode where both are asked for. The files that fail are listed, and the figures are printed by directory.
//!
//! `--known FILE` names files that fail in QuickJS itself, one a line, as its `test262_errors.txt` or as this program's list;
//! they are counted apart.
//!
//! It is a soak too: what the process has in memory, its files and its threads are printed as they were after a tenth of the files,
//! and at the end.
#![allow(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dayfly::{Failure, Limits};
use dayfly_bundler::{Bundler, Form, Run, Source};

#[path = "../../../tests/all/running.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "tests ask for more, and stop where it cannot go on")]
mod running;

use running::Running;

/// What is left out: shared memory, on purpose; and what this version of QuickJS does not have, as its own `test262.conf` says.
const LEFT_OUT: [&str; 10] = [
    "SharedArrayBuffer",
    "Atomics.waitAsync",
    "Temporal",
    "ShadowRealm",
    "decorators",
    "import-defer",
    "legacy-regexp",
    "source-phase-imports",
    "source-phase-imports-module-source",
    "tail-call-optimization",
];

/// What test262 asks of its host, in JavaScript: `print`, and `$262` as far as a sandbox has it. Rejections that nothing
/// handles end a run elsewhere, and are nothing to the language.
const HOST: &str = r#"
addEventListener("unhandledrejection", (event) => event.preventDefault());
globalThis.print = (...values) => console.log(...values);
globalThis.$262 ??= {
  global: globalThis,
  evalScript: (text) => (0, eval)(text),
  detachArrayBuffer: (buffer) => { structuredClone(buffer, { transfer: [buffer] }); return null; },
  gc() { throw new Test262Error("there is no gc()"); },
  createRealm() { throw new Test262Error("there is one realm"); },
};
"#;

/// What came of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Result262 {
    Passed,
    Failed,
    Known,
    LeftOut,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let known = match arguments.iter().position(|argument| argument == "--known") {
        Some(at) if at + 1 < arguments.len() => known(&arguments.drain(at..at + 2).nth(1).expect("it is there"))?,
        _ => HashSet::new(),
    };
    let Some((folder, paths)) = arguments.split_first() else {
        return Err("usage: test262 FOLDER [PATH…] [--known FILE]".into());
    };
    let suite = Suite::open(Path::new(folder))?;
    let default = ["language".to_owned(), "built-ins".to_owned()];
    let mut files = Vec::new();
    for path in if paths.is_empty() { &default } else { paths } {
        find(&suite.tests.join(path), &mut files)?;
    }
    files.sort();

    let bundler = Bundler::new()?;
    let mut figures: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut early = None;
    for (number, file) in files.iter().enumerate() {
        if number == files.len() / 10 {
            early = Some(left(number));
        }
        let name = file.strip_prefix(&suite.tests)?.to_string_lossy().into_owned();
        let (result, why) = suite.run(&bundler, file, known.contains(&name)).await?;
        if result == Result262::Failed {
            println!("{name}: {why}");
        }
        let directory: Vec<&str> = name.split('/').take(2).collect();
        figures.entry(directory.join("/")).or_default()[result as usize] += 1;
    }
    print_figures(&figures);
    for left in early.into_iter().chain([left(files.len())]) {
        println!("{left}");
    }
    Ok(())
}

/// What so many files have left in the process.
fn left(files: usize) -> String {
    let process = Running(std::process::id());
    let (resident, descriptors, threads) = (process.resident() >> 20, process.descriptors(), process.threads());
    format!("after {files} files: {resident} MiB in memory, {descriptors} files open, {threads} threads")
}

fn print_figures(figures: &BTreeMap<String, [usize; 4]>) {
    println!("\n{:<45} {:>8} {:>8} {:>8} {:>8}", "", "passed", "failed", "known", "left out");
    let mut sum = [0; 4];
    for (directory, counts) in figures {
        println!("{directory:<45} {:>8} {:>8} {:>8} {:>8}", counts[0], counts[1], counts[2], counts[3]);
        (0..4).for_each(|of| sum[of] += counts[of]);
    }
    println!("{:<45} {:>8} {:>8} {:>8} {:>8}", "all", sum[0], sum[1], sum[2], sum[3]);
}

/// The names in a list of failures: what stands before the first colon, below `test/`.
fn known(file: &str) -> Result<HashSet<String>, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let names = text.lines().filter_map(|line| line.split(':').next());
    Ok(names.map(|name| name.rsplit_once("test262/test/").map_or(name, |(_, name)| name).to_owned()).collect())
}

/// The tests in a folder and below, or the one file; what only others import is none.
fn find(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().expect("it is an entry of a folder").to_string_lossy();
        if path.is_dir() || (name.ends_with(".js") && !name.contains("_FIXTURE")) {
            find(&path, files)?;
        }
    }
    Ok(())
}

struct Suite {
    tests: PathBuf,
    harness: HashMap<String, String>,
}

impl Suite {
    fn open(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let mut harness = HashMap::new();
        let folder_of_harness = folder.join("harness");
        let entries = fs::read_dir(&folder_of_harness)
            .map_err(|error| format!("{} is no copy of test262: {error}", folder_of_harness.display()))?;
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                harness.insert(entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?);
            }
        }
        Ok(Self { tests: folder.join("test"), harness })
    }

    async fn run(&self, bundler: &Bundler, file: &Path, is_known: bool) -> Result<(Result262, String), Box<dyn Error>> {
        let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
        let test = Test::read(&text);
        if test.features.iter().any(|feature| LEFT_OUT.contains(&&**feature)) || text.contains("$262.agent") {
            return Ok((Result262::LeftOut, String::new()));
        }
        let sources = self.sources(file, &text, &test)?;
        let limits = Limits { cpu: Duration::from_secs(60), ..Bundler::limits() };
        let folder = file.parent().expect("it is in a folder");
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let importable = dayfly_bundler::importable(sources.last().expect("the test is the last"), read);
        let run = bundler.run(&sources, &importable, &limits).await;
        Ok(match test.judge(&run) {
            Ok(()) => (Result262::Passed, String::new()),
            Err(why) if is_known => (Result262::Known, why),
            Err(why) => (Result262::Failed, why),
        })
    }

    fn sources(&self, file: &Path, text: &str, test: &Test) -> Result<Vec<Source>, Box<dyn Error>> {
        let mut harness = vec!["assert.js", "sta.js"];
        if test.has("async") {
            harness.push("doneprintHandle.js");
        }
        harness.extend(test.includes.iter().map(String::as_str));
        if test.has("raw") {
            harness.clear();
        }
        let mut sources = vec![script("host.js", HOST)];
        for name in harness {
            let text = self.harness.get(name).ok_or_else(|| format!("{} includes {name}", file.display()))?;
            sources.push(script(name, text));
        }
        let name = file.file_name().expect("it is a file").to_string_lossy();
        let form = if test.has("module") { Form::Module } else { Form::Script };
        let text = if test.has("onlyStrict") { format!("'use strict';\n{text}") } else { text.to_owned() };
        sources.push(Source { name: name.into_owned(), text, form, warm: None });
        Ok(sources)
    }
}

fn script(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), text: text.to_owned(), form: Form::Script, warm: None }
}

/// What a test says of itself.
#[derive(Default)]
struct Test {
    flags: Vec<String>,
    includes: Vec<String>,
    features: Vec<String>,
    /// The name of the error that it is to end with.
    negative: Option<String>,
}

impl Test {
    /// Reads the comment at its head, which is YAML of the simplest kind: lists on one line, or an item a line.
    fn read(text: &str) -> Self {
        let mut test = Self::default();
        let Some((head, _)) = text.split_once("/*---").and_then(|(_, rest)| rest.split_once("---*/")) else {
            return test;
        };
        let mut key = "";
        for line in head.lines() {
            if let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.starts_with([' ', '\t', '-'])) {
                key = name;
                test.add(key, value.trim().trim_start_matches('[').trim_end_matches(']'));
            } else if let Some(item) = line.trim().strip_prefix("- ") {
                test.add(key, item);
            } else if let Some(name) = line.trim().strip_prefix("type:").filter(|_| key == "negative") {
                test.negative = Some(name.trim().to_owned());
            }
        }
        test
    }

    fn add(&mut self, key: &str, items: &str) {
        let list = match key {
            "flags" => &mut self.flags,
            "includes" => &mut self.includes,
            "features" => &mut self.features,
            _ => return,
        };
        list.extend(items.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()));
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|its| its == flag)
    }

    /// Whether it ended as it is to, or how else.
    fn judge(&self, run: &Run) -> Result<(), String> {
        match (&self.negative, &run.result) {
            (Some(name), Err(Failure::Threw(thrown))) if thrown.name == *name => Ok(()),
            (Some(name), Err(failure)) => Err(format!("{failure}, and is to end with {name}")),
            (Some(name), Ok(())) => Err(format!("it went well, and is to end with {name}")),
            (None, Err(failure)) => Err(failure.to_string()),
            (None, Ok(())) if self.has("async") => {
                let said: Vec<&str> = run.console.iter().map(|line| line.text.as_str()).collect();
                if said == ["Test262:AsyncTestComplete"] { Ok(()) } else { Err(format!("it said {said:?}")) }
            }
            (None, Ok(())) => Ok(()),
        }
    }
}
