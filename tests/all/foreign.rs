//! A bundle in hosts that are not ours, unchanged. Each of them has a console of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId, WorldItem};

use crate::support::{App, artifact, assert_same_page, has, left_out, locked_scratch, root, run, scratch, workload};

/// A host that is not ours: a program, and its script.
struct Host {
    name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

impl Host {
    /// The hosts whose languages are here. For each of the others `test` says that it is left out.
    fn all(test: &str) -> Vec<Self> {
        let mut hosts = Vec::new();
        if has("python3", &["-c", "import ensurepip, venv"]) {
            hosts.push(Self::python());
        } else {
            left_out(test, "the host in Python needs python3 with venv, which is not here");
        }
        if has("node", &["--version"]) && has("npm", &["--version"]) {
            hosts.push(Self::node());
        } else {
            left_out(test, "the host in Node needs node and npm, which are not here");
        }
        hosts
    }

    /// wasmtime's package for Python.
    fn python() -> Self {
        let python = run(Command::new("python3").arg("--version"));
        let folder = installed("foreign-python", &["requirements.txt"], &python, |folder| {
            run(Command::new("python3").args(["-m", "venv", "--clear", "venv"]).current_dir(folder));
            let install = ["install", "--no-deps", "--disable-pip-version-check", "-r", "requirements.txt"];
            run(Command::new("venv/bin/pip").args(install).current_dir(folder));
        });
        Self { name: "python", program: folder.join("venv/bin/python"), script: sources().join("host.py") }
    }

    /// jco, which makes JavaScript of a component, on Node.
    fn node() -> Self {
        // Node looks for packages beside the script, so the script goes where they are.
        let inputs = [".npmrc", "package.json", "package-lock.json", "host.mjs"];
        let folder = installed("foreign-node", &inputs, "", |folder| {
            run(Command::new("npm").arg("ci").current_dir(folder));
        });
        Self { name: "node", program: "node".into(), script: folder.join("host.mjs") }
    }

    /// The page and the console's lines.
    fn render(&self, bundle: &Path, props: &Path) -> (String, Value) {
        let out = run(Command::new(&self.program).arg(&self.script).arg(bundle).arg(props));
        let mut out: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{}: {error}: {out}", self.name));
        (out["page"].as_str().unwrap().into(), out["console"].take())
    }
}

fn sources() -> PathBuf {
    root().join("tests/foreign")
}

/// A folder with these files, in which `install` has been run since they, or `version`, changed.
fn installed(name: &str, inputs: &[&str], version: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let (folder, _lock) = locked_scratch(name);
    let texts: Vec<String> = inputs.iter().map(|input| fs::read_to_string(sources().join(input)).unwrap()).collect();
    let wanted = format!("{version}{}", texts.concat());
    let stamp = folder.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == wanted) {
        return folder;
    }
    let _ = fs::remove_file(&stamp);
    for (input, text) in inputs.iter().zip(&texts) {
        fs::write(folder.join(input), text).unwrap();
    }
    install(&folder);
    fs::write(stamp, wanted).unwrap();
    folder
}

/// Writes a bundle and its props where a host can read them.
fn files(test: &str, name: &str, text: &str, props: &str) -> (PathBuf, PathBuf) {
    let folder = scratch("foreign").join(test);
    fs::create_dir_all(&folder).unwrap();
    let (bundle, input) = (folder.join(format!("{name}.wasm")), folder.join(format!("{name}.json")));
    fs::write(&bundle, artifact(name, text).bundle).unwrap();
    fs::write(&input, props).unwrap();
    (bundle, input)
}

#[test]
fn a_bundle_gives_the_same_page_in_hosts_that_are_not_ours() {
    let test = "a_bundle_gives_the_same_page_in_hosts_that_are_not_ours";
    let hosts = Host::all(test);
    for file in ["w1.js", "w2.js", "w3.js"] {
        let Some(workload) = workload(test, file) else { return };
        let (bundle, props) = files(test, file, &workload.text, &workload.props);
        for host in &hosts {
            let (page, console) = host.render(&bundle, &props);
            assert_same_page(&format!("{file} in {}", host.name), &page, &workload.html);
            assert_eq!(console, json!([]), "{file} in {}", host.name);
        }
    }
}

/// Writes at every level, in groups and after a wait.
const WRITES: &str = r#"
export async function render() {
  console.debug("a debug line");
  console.group("outer");
  console.log("a %s line", "log");
  console.group();
  console.info({ deep: [1, "two"] });
  console.groupEnd();
    console.warn("two\nlines");
  console.groupEnd();
  await new Promise((resolve) => setTimeout(resolve, 5));
  console.error("café 日本");
  return "done";
}
"#;

#[test]
fn a_host_that_is_not_ours_gets_each_line_with_its_level_depth_and_place() {
    let test = "a_host_that_is_not_ours_gets_each_line_with_its_level_depth_and_place";
    let line = |level: &str, text: &str, depth: u32, line: u32, column: u32| {
        let at = json!({ "file": "writes.mjs", "line": line, "column": column });
        json!({ "level": level, "text": text, "depth": depth, "at": at })
    };
    let expected = json!([
        line("debug", "a debug line", 0, 3, 11),
        line("log", "outer", 0, 4, 11),
        line("log", "a log line", 1, 5, 11),
        line("info", "{ deep: [ 1, 'two' ] }", 2, 7, 11),
        line("warn", "two\nlines", 1, 9, 13),
        line("error", "café 日本", 0, 12, 11),
    ]);

    let ours = App::named("writes.mjs", WRITES).render("{}").0.console;
    let ours = ours.iter().map(|line| {
        let at = line.at.as_ref().map(|at| json!({ "file": at.file, "line": at.line, "column": at.column }));
        json!({ "level": line.level.as_str(), "text": line.text, "depth": line.depth, "at": at })
    });
    assert_eq!(ours.collect::<Value>(), expected, "in Dayfly");

    let (bundle, props) = files(test, "writes.mjs", WRITES, "{}");
    for host in Host::all(test) {
        assert_eq!(host.render(&bundle, &props), ("done".into(), expected.clone()), "in {}", host.name);
    }
}

#[test]
fn hosts_that_seed_alike_get_the_same_random_numbers() {
    let test = "hosts_that_seed_alike_get_the_same_random_numbers";
    let (bundle, props) =
        files(test, "dice.mjs", "export const render = () => `${Math.random()} ${Math.random()}`;", "{}");
    let pages: Vec<String> = Host::all(test).iter().map(|host| host.render(&bundle, &props).0).collect();
    let Some((page, others)) = pages.split_first() else { return };
    let (first, second) = page.split_once(' ').unwrap();
    assert_ne!(first, second);
    assert!(others.iter().all(|other| other == page), "{pages:?}");
}

#[test]
fn a_host_that_makes_no_calls_says_so_and_the_render_goes_on() {
    let test = "a_host_that_makes_no_calls_says_so_and_the_render_goes_on";
    let text =
        "export const render = () => fetch('https://a.test/').catch((error) => `${error} (${error.cause.code})`);";
    let (bundle, props) = files(test, "calls.mjs", text, "{}");
    for host in Host::all(test) {
        let page = host.render(&bundle, &props).0;
        assert_eq!(page, "TypeError: fetch failed: this host makes no calls (not-allowed)", "in {}", host.name);
    }
}

#[test]
fn a_bundle_imports_and_exports_what_the_contract_says_and_nothing_else() {
    let contract = fs::read_to_string(root().join("wit/sandbox.wit")).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("sandbox.wit", &contract).unwrap();
    let app = resolve.select_world(&[package], Some("bundle")).unwrap();

    let bundle = artifact("app.js", "globalThis.render = () => '';").bundle;
    let DecodedWasm::Component(decoded, world) = wit_component::decode(&bundle).unwrap() else {
        panic!("the bundle is no component");
    };
    let imports =
        ["clock", "console", "outgoing", "random", "response"].map(|name| format!("dayfly:sandbox/{name}@0.1.0"));
    assert_eq!(names(&decoded, world).0, imports);
    let exports = ["handler", "postmortem", "renderer"].map(|name| format!("dayfly:sandbox/{name}@0.1.0"));
    assert_eq!(names(&decoded, world).1, exports);
    assert_eq!(names(&resolve, app), names(&decoded, world));
    // The names are the same; this compares the types.
    wit_component::targets(&resolve, app, &bundle).unwrap();
}

/// The names of what a world imports and exports, sorted.
fn names(resolve: &Resolve, world: WorldId) -> (Vec<String>, Vec<String>) {
    let world = &resolve.worlds[world];
    let sorted = |items: &wit_parser::IndexMap<_, WorldItem>| {
        let mut names: Vec<String> = items.keys().map(|key| resolve.name_world_key(key)).collect();
        names.sort();
        names
    };
    (sorted(&world.imports), sorted(&world.exports))
}
