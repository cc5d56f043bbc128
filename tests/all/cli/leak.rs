//! `dayfly leak`, as a shell sees it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{Dayfly, Said};
use crate::support::{chromium, has, left_out, locked_scratch, root, run, scratch, workload};

/// The program of the story.
const STORY: &str = "const nativeError = console.error;
console.error = (...argv) => {
  nativeError(...argv);
};
globalThis.render = () => 'page';
";

/// The same with a console of the run's own.
const MENDED: &str = "globalThis.console = Object.create(console);
const nativeError = console.error;
console.error = (...argv) => {
  nativeError(...argv);
};
globalThis.render = () => 'page';
";

/// It holds the last run, and no other one.
const BOUNDED: &str = "console.last = () => {};\nglobalThis.render = () => 'page';\n";

fn apps(test: &str) -> Dayfly {
    Dayfly::new(test).file("story.js", STORY).file("mended.js", MENDED).file("bounded.js", BOUNDED)
}

/// `dayfly leak check` with ten runs.
fn check(dayfly: &Dayfly, arguments: &[&str]) -> Said {
    dayfly.run(&[&["leak", "check", "--runs", "10"], arguments].concat())
}

#[test]
fn the_exit_code_is_the_verdict() {
    let texts = "(console.seen ??= []).push('page '.repeat(20));\nglobalThis.render = () => 'page';\n";
    let dayfly = apps("leak-codes")
        .file("texts.js", texts)
        .file("throws.js", "globalThis.render = () => { throw new Error('no'); }");
    let code = |arguments: &[&str]| check(&dayfly, arguments).code;
    assert_eq!(code(&["mended.js", "--strict"]), 0);
    assert_eq!(code(&["story.js"]), 1);
    let accepted = check(&dayfly, &["story.js", "--max-growth", "1000000"]);
    assert_eq!(accepted.code, 0, "{accepted:#?}");
    assert!(accepted.out.contains("\naccepted: no more than the 1,000,000 bytes of --max-growth\n"), "{accepted:#?}");
    let texts = check(&dayfly, &["texts.js"]);
    // The list is the first run's, and so keeps that run's realm.
    assert!(
        texts.out.contains("\ngrowing: console.seen holds ")
            && texts.out.contains("\n    which holds more texts, numbers or keys after each run\n"),
        "{texts:#?}"
    );
    assert_eq!([code(&["bounded.js"]), code(&["bounded.js", "--strict"])], [0, 3]);
    let said = check(&dayfly, &["throws.js"]);
    assert_eq!(said.code, 2, "{said:#?}");
    assert!(said.err.contains("run 1 failed") && said.err.contains("Error: no"), "{said:#?}");
    assert_eq!(code(&["nothing.js"]), 2);
    assert_eq!(code(&["story.js", "--share", "nothing"]), 2);
    assert_eq!(code(&["story.js", "--runs", "9"]), 2);
}

#[test]
fn a_leak_is_told_to_people() {
    let said = check(&apps("leak-told"), &["story.js"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines[0].starts_with("growing: 4") && lines[0].ends_with(" bytes a run, over 10 runs that share console"),
        "{said:#?}"
    );
    for line in [
        "  read at story.js:1:29",
        "  set by assignment at story.js:2:15",
        "    holds an anonymous function of run 13 (story.js:2:17)",
        "    by nativeError: an anonymous function of run 12 (story.js:2:17)",
    ] {
        assert!(lines.contains(&line), "{line}: {said:#?}");
    }
    assert!(said.out.contains("`console = Object.create(console);`"), "{said:#?}");
}

#[test]
fn a_report_for_programs_is_one_object() {
    let report = check(&apps("leak-json"), &["story.js", "--json"]).json();
    assert_eq!(report["verdict"], "growing");
    assert_eq!(report["runs"], 10);
    let heap: Vec<u64> = report["heap_bytes"].as_array().unwrap().iter().map(|bytes| bytes.as_u64().unwrap()).collect();
    assert_eq!(heap.len(), 14);
    assert_eq!(report["bytes_per_run"], heap[13] - heap[12]);
    assert_eq!(report["leaks"][0]["path"], "console.error");
    assert_eq!(report["leaks"][0]["written_at"][0], "story.js:2:15");
}

#[test]
fn a_leak_that_is_accepted_is_none_until_it_is_larger() {
    let dayfly = apps("leak-baseline");
    assert_eq!(check(&dayfly, &["story.js", "--write-baseline", "leaks.json"]).code, 1);
    let said = check(&dayfly, &["story.js", "--baseline", "leaks.json"]);
    assert_eq!(said.code, 0, "{said:#?}");
    assert!(said.out.contains("accepted: clean without what the baseline has"), "{said:#?}");
    // It holds more now, and something else does.
    let larger = STORY.replace("'page'", "(globalThis.more = new Array(1000).fill(1), 'page')");
    let dayfly = dayfly.file("larger.js", larger).file("other.js", STORY.replace("error", "warn"));
    assert_eq!(check(&dayfly, &["larger.js", "--baseline", "leaks.json"]).code, 1);
    assert_eq!(check(&dayfly, &["other.js", "--baseline", "leaks.json"]).code, 1);
    let dayfly = dayfly.file("none.json", "[");
    assert_eq!(check(&dayfly, &["story.js", "--baseline", "none.json"]).code, 2);
}

#[test]
fn reports_for_ci_servers_say_the_same() {
    let dayfly = apps("leak-ci");
    let junit = check(&dayfly, &["story.js", "--junit"]);
    assert_eq!(junit.code, 1);
    assert!(junit.out.contains("failures=\"1\"") && junit.out.contains("<failure message=\"growing: "), "{junit:#?}");
    let junit = check(&dayfly, &["mended.js", "--junit"]);
    assert!(junit.out.contains("failures=\"0\"") && !junit.out.contains("<failure"), "{junit:#?}");
    let sarif = check(&dayfly, &["story.js", "--sarif"]).json();
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"growing".into(), &"error".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "story.js");
    assert_eq!(place["region"], serde_json::json!({ "startLine": 2, "startColumn": 15 }));
    // What waits is told, and makes nothing fail.
    let dayfly =
        dayfly.file("waits.js", "globalThis.render = () => {\n  setInterval(() => {}, 1000);\n  return 'page';\n};\n");
    let text = check(&dayfly, &["waits.js", "--strict"]);
    let note = "\nnote: what setInterval() has begun still waits when the run is over, and is ended here; a server holds the run for \
                as long as it waits\n  set at <anonymous> (waits.js:2:3)\n";
    assert!(text.code == 0 && text.out.starts_with("clean: ") && text.out.contains(note), "{text:#?}");
    let report = check(&dayfly, &["waits.js", "--json"]).json();
    assert_eq!(report["pending"][0]["by"], "setInterval()");
    let sarif = check(&dayfly, &["waits.js", "--sarif"]).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"pending".into(), &"note".into()));
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
    // To be one format is to be no other.
    assert_eq!(check(&dayfly, &["story.js", "--json", "--sarif"]).code, 2);
}

#[test]
fn reports_are_read_by_those_whom_they_are_for() {
    let test = "reports_are_read_by_those_whom_they_are_for";
    if !has("node", &["--version"]) || !has("npm", &["--version"]) {
        return left_out(test, "the readers are of npm, which is not here");
    }
    let (folder, _lock) = npm_installed("leak-reports", &root().join("tests/leak/reports"));
    let script = root().join("tests/leak/reports/read.mjs");
    let read = |kind: &str, file: &Path| run(Command::new("node").arg(&script).arg(&folder).arg(kind).arg(file));
    read("action", &root().join("integrations/github-action/action.yml"));
    let dayfly = apps("leak-read").file("odd<&>\"'.js", BOUNDED);
    for (app, verdict) in
        [("story.js", "growing"), ("mended.js", "clean"), ("bounded.js", "bounded"), ("odd<&>\"'.js", "bounded")]
    {
        let written = |format: &str| {
            let file = dayfly.folder.join("report");
            std::fs::write(&file, check(&dayfly, &[app, "--strict", format]).out).unwrap();
            file
        };
        read("sarif", &written("--sarif"));
        let junit: Value = serde_json::from_str(&read("junit", &written("--junit"))).unwrap();
        let suite = &junit["testsuite"][0];
        assert_eq!((&suite["tests"], &suite["errors"]), (&1.into(), &0.into()), "{junit:#}");
        let case = &suite["testcase"][0];
        assert_eq!(case["name"], app, "{junit:#}");
        if verdict == "clean" {
            assert!(case.get("failure").is_none() && suite["failures"] == 0, "{junit:#}");
        } else {
            assert_eq!((&case["failure"][0]["type"], &suite["failures"]), (&verdict.into(), &1.into()), "{junit:#}");
            assert!(case["failure"][0]["inner"].as_str().unwrap().contains("held by"), "{junit:#}");
        }
    }
}

#[test]
fn what_is_printed_in_the_guide_is_what_is_printed() {
    let guide = std::fs::read_to_string(root().join("LEAKS.md")).unwrap();
    // The indented lines after these words.
    let block = |words: &str| -> Vec<&str> {
        let (_, after) = guide.split_once(words).unwrap_or_else(|| panic!("the guide does not say {words:?}"));
        let lines = after.lines().skip(1).skip_while(|line| !line.starts_with("    "));
        let block = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
        block.map(|line| line.strip_prefix("    ").unwrap_or(line)).filter(|line| !line.is_empty()).collect()
    };
    let (_, after) = guide.split_once("```js\n").unwrap();
    let story = after.split_once("```").unwrap().0;
    let mended = format!("{}\n{story}", block("## 2. Mend it")[0]);
    let dayfly = Dayfly::new("leak-guide").file("story.js", story).file("mended.js", mended);
    // Numbers of millions are of the whole heap, and so of the engine that there is.
    let without_millions = |line: &str| {
        let words = line.split(' ').map(|word| if word.matches(',').count() > 1 { "millions" } else { word });
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let all_there = |said: Said, block: Vec<&str>| {
        let mut lines = said.out.lines().map(without_millions);
        for line in block {
            let is_there = lines.any(|printed| printed == without_millions(line));
            assert!(is_there, "{line:?} of LEAKS.md is not printed there: {said:#?}");
        }
    };
    all_there(dayfly.run(&["leak", "check", "story.js"]), block("so the bytes are exact:"));
    all_there(dayfly.run(&["leak", "check", "mended.js"]), block("What is written goes there:"));
    let said = dayfly.run(&["leak", "snapshot", "story.js", "--at", "1,25,50", "-o", "heap.heapsnapshot"]);
    assert_eq!(said.code, 0, "{said:#?}");
    let said = dayfly.run(&["leak", "diff", "heap-25.heapsnapshot", "heap-50.heapsnapshot"]);
    all_there(said, block("dayfly leak diff heap-25.heapsnapshot heap-50.heapsnapshot"));
}

#[test]
fn several_props_take_turns() {
    let app = "globalThis.render = ({ key }) => { console[key] = () => {}; return key; };";
    let dayfly = Dayfly::new("leak-props").file("app.js", app);
    let dayfly = dayfly.file("a.json", r#"{"key":"one"}"#).file("b.json", r#"{"key":"two"}"#).file("c.json", "{");
    let report = check(&dayfly, &["app.js", "--props", "a.json", "b.json", "--json"]).json();
    let mut paths: Vec<&str> =
        report["leaks"].as_array().unwrap().iter().map(|leak| leak["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!((paths, &report["verdict"]), (vec!["console.one", "console.two"], &"bounded".into()), "{report:#}");
    assert_eq!(report["pages_differ"], false, "{report:#}");
    let said = check(&dayfly, &["app.js", "--props", "a.json", "c.json"]);
    assert_eq!(said.code, 2, "{said:#?}");
    assert!(said.err.contains("c.json"), "{said:#?}");
}

#[test]
fn what_cannot_be_done_says_why() {
    let dayfly =
        apps("leak-mistakes").file("host.js", "throw new Error('no server')").file("old.json", "{\"leaks\":7}");
    for (arguments, why) in [
        (&["check", "nothing.js"][..], "nothing.js"),
        (&["check", "story.js", "--share", "Vue"], "there is no global Vue to share: make it with --host"),
        (&["check", "story.js", "--share", ""], "a value is required for '--share <NAMES>'"),
        (&["check", "story.js", "--host", "host.js"], "host.js failed"),
        (&["check", "story.js", "--baseline", "old.json"], "old.json is no baseline"),
        (&["check", "story.js", "--baseline", "absent.json"], "absent.json"),
        (&["check", "story.js", "--runs", "9"], "10..=100000"),
        (&["check", "story.js", "--props", "story.js"], "story.js"),
        (&["check", "story.js", "--url", "http://localhost/"], "fetch"),
        (
            &["check", "--props", "old.json", "story.js"],
            "takes all that follows it: name the app before it, or after --",
        ),
        (&["snapshot", "story.js", "--at", "0", "-o", "x.heapsnapshot"], "--at"),
        (&["snapshot", "story.js", "--at", "1,x", "-o", "x.heapsnapshot"], "--at"),
        (&["snapshot", "story.js"], "--output"),
        (&["diff", "story.js", "story.js"], "cannot compare story.js"),
        (&["diff", "absent.heapsnapshot", "story.js"], "absent.heapsnapshot"),
        (&["soak"], "<APP.js"),
        (&["soak", "--against", "http://127.0.0.1:9/"], "--pid"),
        (&["soak", "--against", "https://127.0.0.1:9/", "--pid", "1"], "begins with http://"),
        (&["soak", "story.js", "--requests", "0"], "--requests"),
    ] {
        let said = dayfly.run(&[&["leak"], arguments].concat());
        assert_eq!(said.code, 2, "{arguments:?}: {said:#?}");
        assert!(said.err.contains(why), "{arguments:?}, {why}: {said:#?}");
    }
}

#[test]
fn both_places_are_those_of_the_authors_file() {
    // Line 2 of the bundle is line 1 of src/log.ts.
    let map = r#"{"version":3,"sources":["src/log.ts"],"names":[],"mappings":";AAAA;AACA"}"#;
    let text = format!("// bundled\n{STORY}");
    let dayfly = Dayfly::new("leak-map").file("app.js", text).file("app.js.map", map);
    let report = check(&dayfly, &["app.js", "--json"]).json();
    assert_eq!(report["leaks"][0]["read_at"][0], "src/log.ts:1:1", "{report:#}");
    assert_eq!(report["leaks"][0]["written_at"][0], "src/log.ts:2:1", "{report:#}");
}

#[test]
fn an_app_with_a_fetch_handler_is_asked_by_urls() {
    let app = "export default { async fetch(request) {
        const { warn } = console;
        console.warn = (...argv) => warn(...argv);
        return new Response(new URL(request.url).pathname);
    } }";
    let dayfly = Dayfly::new("leak-fetch").file("app.mjs", app);
    let said = check(&dayfly, &["app.mjs", "--url", "http://localhost/a", "http://localhost/b", "--json"]);
    assert_eq!(said.code, 1, "{said:#?}");
    assert_eq!(said.json()["leaks"][0]["path"], "console.warn");
    // It has no render, so it is asked for the root.
    let said = check(&dayfly, &["app.mjs", "--json"]);
    assert_eq!((said.code, &said.json()["verdict"]), (1, &"growing".into()), "{said:#?}");
}

#[test]
fn a_page_of_react_leaves_not_one_byte() {
    let Some(w3) = workload("a_page_of_react_leaves_not_one_byte", "w3.js") else { return };
    let dayfly = Dayfly::new("leak-w3").file("w3.js", &w3.text).file("w3.json", &w3.props);
    let started = std::time::Instant::now();
    let report = dayfly.run(&["leak", "check", "w3.js", "--props", "w3.json", "--strict", "--json"]).json();
    println!("50 runs of W3 took {:?}, with an engine that is not optimised", started.elapsed());
    assert_eq!(report["verdict"], "clean", "{report:#}");
    assert_eq!(report["pages_differ"], false, "{report:#}");
    let heap = report["heap_bytes"].as_array().unwrap();
    assert_eq!(heap.first(), heap.last(), "{report:#}");
}

#[test]
fn what_is_new_between_two_snapshots_is_what_the_runs_between_them_left() {
    let dayfly = apps("leak-snapshots");
    let said = dayfly.run(&["leak", "snapshot", "story.js", "--at", "5,15", "-o", "heap.heapsnapshot"]);
    assert_eq!(said.code, 0, "{said:#?}");
    let difference = dayfly.run(&["leak", "diff", "heap-5.heapsnapshot", "heap-15.heapsnapshot", "--json"]).json();
    let report = check(&dayfly, &["story.js", "--json"]).json();
    let [before, after] = [0, 1].map(|at| difference["bytes"][at].as_u64().unwrap());
    assert_eq!(before, report["heap_bytes"][5], "all of the heap is in the file");
    let way = &difference["paths"][0];
    assert_eq!(way["name"], "global / first → console → error", "{difference:#}");
    assert_eq!(way["new_bytes"], after - before, "{difference:#}");
    let said = dayfly.run(&["leak", "diff", "heap-5.heapsnapshot", "heap-15.heapsnapshot"]);
    assert!(said.out.contains("constructor") && said.out.contains("console → error"), "{said:#?}");
    assert_eq!(dayfly.run(&["leak", "diff", "story.js", "heap-5.heapsnapshot"]).code, 2);
}

#[test]
fn a_snapshot_has_no_texts_of_the_apps_unless_it_is_asked_for() {
    let secret = "const secret = `sec${'ret'}-${1234}`; console.kept = { secret, [secret]: Symbol(secret) };
        console.kept.made = { [secret]() {} }[secret]; globalThis.render = () => 'page';";
    let dayfly = Dayfly::new("leak-redacted").file("app.js", secret);
    let read = |arguments: &[&str]| {
        let said =
            dayfly.run(&[&["leak", "snapshot", "app.js", "--at", "2", "-o", "a.heapsnapshot"], arguments].concat());
        assert_eq!(said.code, 0, "{said:#?}");
        std::fs::read_to_string(dayfly.folder.join("a.heapsnapshot")).unwrap()
    };
    let without = read(&[]);
    assert!(!without.contains("secret-1234"));
    // Nor anything by which a short one could be found out: strings are numbered as they come.
    assert!(without.contains("(a string of 11 characters, #") && without.contains("(a name of 11 characters, #"));
    assert!(without.contains(" characters, #1)") && without.contains("\"kept\""));
    assert!(read(&["--with-strings"]).contains("secret-1234"));
}

#[test]
fn the_heap_of_a_render_that_a_limit_ended_is_kept() {
    let app = "globalThis.render = () => { globalThis.hoard = []; class Coin { constructor(n) { this.n = { n }; } }
        for (let i = 0; ; i++) hoard.push(new Coin(i)); }";
    let dayfly = Dayfly::new("leak-on-limit").file("app.js", app);
    for limit in [["--memory", "24MiB"], ["--time", "50ms"]] {
        let said = dayfly.run(&["render", "app.js", limit[0], limit[1], "--heap-on-limit", "heap.heapsnapshot"]);
        assert_eq!(said.code, 3, "{said:#?}");
        assert!(said.err.contains("is in heap.heapsnapshot"), "{said:#?}");
        // It is the one side's nothing and the other's all.
        let heap: Value =
            serde_json::from_slice(&std::fs::read(dayfly.folder.join("heap.heapsnapshot")).unwrap()).unwrap();
        let strings: Vec<&str> = heap["strings"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let coin = strings.iter().position(|text| *text == "Coin").expect("the class is there") as u64;
        let nodes: Vec<u64> = heap["nodes"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
        let coins = nodes.chunks(7).filter(|node| node[0] == 3 && node[1] == coin).count();
        assert!(coins > 1_000, "{coins} coins at {limit:?}");
        assert!(strings.contains(&"hoard"));
    }
    // One that goes well has none.
    std::fs::remove_file(dayfly.folder.join("heap.heapsnapshot")).unwrap();
    let dayfly = dayfly.file("good.js", "globalThis.render = () => 'page'");
    assert_eq!(dayfly.run(&["render", "good.js", "--heap-on-limit", "heap.heapsnapshot"]).code, 0);
    assert!(!dayfly.folder.join("heap.heapsnapshot").exists());
}

/// A folder of that name in which what the lock file of `from` names is installed, and a lock on it.
fn npm_installed(name: &str, from: &Path) -> (PathBuf, File) {
    let (folder, lock) = locked_scratch(name);
    let wanted = std::fs::read(from.join("package-lock.json")).unwrap();
    if std::fs::read(folder.join("installed.json")).ok().as_ref() != Some(&wanted) {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(from.join(file), folder.join(file)).unwrap();
        }
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder));
        std::fs::write(folder.join("installed.json"), wanted).unwrap();
    }
    (folder, lock)
}

/// What the readers say of a file: DevTools' own loader, the same in a browser, and memlab.
struct Readers {
    folder: PathBuf,
    _lock: File,
}

impl Readers {
    fn install(test: &str) -> Option<Self> {
        if !has("node", &["--version"]) || !has("npm", &["--version"]) {
            left_out(test, "the readers of snapshots are of npm, which is not here");
            return None;
        }
        let (folder, lock) = npm_installed("heap-readers", &root().join("tests/leak/readers"));
        Some(Self { folder, _lock: lock })
    }

    fn devtools(&self, file: &Path) -> Value {
        let script = root().join("tests/leak/readers/devtools.mjs");
        serde_json::from_str(&run(Command::new("node").arg(script).arg(&self.folder).arg(file))).unwrap()
    }

    /// What the summary of DevTools' Memory panel shows.
    fn panel(&self, file: &Path) -> Value {
        let script = root().join("tests/leak/readers/panel.mjs");
        serde_json::from_str(&run(Command::new("node").arg(script).arg(&self.folder).arg(file))).unwrap()
    }

    /// What memlab says of two snapshots, where realms of runs that are over are leaks.
    fn memlab(&self, before: &Path, after: &Path) -> String {
        let work = self.folder.join("memlab");
        let _ = std::fs::remove_dir_all(&work);
        // Not its own program, whose first line makes `env` loop where its install script has not run.
        run(Command::new("node")
            .arg("--expose-gc")
            .arg(self.folder.join("node_modules/memlab/bin/memlab"))
            .args(["find-leaks", "--baseline"])
            .arg(before)
            .arg("--target")
            .arg(after)
            .arg("--final")
            .arg(after)
            .arg("--leak-filter")
            .arg(root().join("tests/leak/readers/realms.cjs"))
            .arg("--work-dir")
            .arg(&work)
            .stdin(Stdio::null()));
        std::fs::read_to_string(work.join("data/out/leaks.txt")).unwrap()
    }
}

#[test]
fn devtools_and_memlab_read_the_snapshots_and_see_each_run() {
    let Some(readers) = Readers::install("devtools_and_memlab_read_the_snapshots_and_see_each_run") else { return };
    let dayfly = apps("leak-readers");
    let said = dayfly.run(&["leak", "snapshot", "story.js", "--at", "2,12", "-o", "heap.heapsnapshot"]);
    assert_eq!(said.code, 0, "{said:#?}");
    let [before, after] = ["heap-2.heapsnapshot", "heap-12.heapsnapshot"].map(|file| dayfly.folder.join(file));
    let report = check(&dayfly, &["story.js", "--json"]).json();
    let seen = readers.devtools(&after);
    assert_eq!(seen["problems"], Value::Array(Vec::new()), "{seen:#}");
    assert_eq!(seen["bytes"], report["heap_bytes"][12], "each byte is somebody's");
    let realms: Vec<&Value> = seen["realms"].as_array().unwrap().iter().collect();
    let of_runs: Vec<u64> = realms
        .iter()
        .filter(|realm| realm["nodeName"].as_str().unwrap().starts_with("system / NativeContext / run #"))
        .map(|realm| realm["attributedSize"].as_u64().unwrap())
        .collect();
    let each = report["bytes_per_run"].as_u64().unwrap();
    assert_eq!(of_runs.len(), 12, "{seen:#}");
    assert!(of_runs.iter().all(|bytes| *bytes <= each && *bytes * 100 > each * 95), "{each}: {of_runs:?}");
    let said = readers.memlab(&before, &after);
    assert!(said.contains("--nativeError (variable)--->"), "{said}");
    assert!(said.contains("run #12"), "{said}");
}

#[test]
fn chromiums_memory_panel_shows_what_each_run_left() {
    let test = "chromiums_memory_panel_shows_what_each_run_left";
    let Some(readers) = Readers::install(test) else { return };
    if !chromium(test) {
        return;
    }
    let dayfly = apps("leak-panel");
    let said = dayfly.run(&["leak", "snapshot", "story.js", "--at", "12", "-o", "heap.heapsnapshot"]);
    assert_eq!(said.code, 0, "{said:#?}");
    let file = dayfly.folder.join("heap.heapsnapshot");
    let (seen, loaded) = (readers.panel(&file), readers.devtools(&file));
    // Each run has a global object, and what its realm was given is said beside its name.
    let classes = seen["classes"].as_array().unwrap();
    let global = classes.iter().find(|class| class["name"] == "global×13").unwrap_or_else(|| panic!("{seen:#}"));
    let retained = global["retained"].as_str().unwrap();
    let most = loaded["classes"]["global"]["retained"].as_f64().unwrap();
    let digits = retained.chars().take_while(|next| next.is_ascii_digit() || *next == ',').filter(char::is_ascii_digit);
    let shown: f64 = digits.collect::<String>().parse().unwrap();
    assert!((shown * 1e3 - most).abs() < 1e3, "{retained} for {most}");
    let realms: Vec<&str> = seen["realms"].as_array().unwrap().iter().map(|realm| realm.as_str().unwrap()).collect();
    for run in 1..=12 {
        let name = format!("Native context run #{run} ");
        let realm = realms.iter().find(|realm| realm.starts_with(&name)).unwrap_or_else(|| panic!("{realms:#?}"));
        assert!(realm.contains("(4") && realm.ends_with("kB)"), "{realm}");
    }
}

#[test]
fn an_app_with_a_handler_is_soaked_and_one_that_fails_says_why() {
    let dayfly = apps("leak-soak-fetch")
        .file("handler.mjs", "export default { fetch: (request) => new Response(new URL(request.url).pathname, { status: request.url.endsWith('/no') ? 500 : 200 }) };")
        .file("throws.js", "globalThis.render = () => { throw new Error('not today'); };")
        .file("sometimes.js", "globalThis.render = () => { if (Math.random() < 0.5) throw new Error('now and then'); return 'page'; };");
    let soak = |arguments: &[&str]| {
        dayfly.run(&[&["leak", "soak", "--requests", "120", "--rounds", "12", "--rest", "1ms"], arguments].concat())
    };
    // By its own handler, without being told that it has one, and by a URL.
    for arguments in [&["handler.mjs", "--json"][..], &["handler.mjs", "--url", "http://localhost/page", "--json"]] {
        let said = soak(arguments);
        assert_eq!(said.json()["failed"], 0, "{said:#?}");
        assert_ne!(said.code, 2, "{said:#?}");
    }
    for (arguments, why) in [
        (&["handler.mjs", "--url", "http://localhost/no"][..], "it answered 500 Internal Server Error"),
        (&["handler.mjs", "--url", "page"], "a whole URL is http://localhost/path"),
        (&["handler.mjs", "--props", "story.js"], "story.js"),
        (&["story.js", "--url", "http://localhost/"], "fetch"),
        (&["throws.js"], "throws.js:1:35"),
        (&["throws.js", "--json"], ""),
    ] {
        let said = soak(arguments);
        assert_eq!(said.code, 2, "{said:#?}");
        assert!(said.err.contains(why), "{why}: {said:#?}");
    }
    let failure = &soak(&["throws.js", "--json"]).json()["failure"]["message"];
    assert!(failure.as_str().unwrap().contains("the app gives no page: the app threw Error: not today"), "{failure}");
    // What fails half of the time is no subject, unless the first one has failed already.
    let said = (0..20).map(|_| soak(&["sometimes.js"])).find(|said| !said.out.is_empty()).unwrap();
    assert!(said.out.contains(" requests failed: the app threw Error: now and then"), "{said:#?}");
    assert_eq!(said.code, 2, "{said:#?}");
}

#[test]
fn many_requests_at_an_app_here_leave_nothing() {
    let dayfly = apps("leak-soak");
    let said = dayfly.run(&[
        "leak",
        "soak",
        "story.js",
        "--requests",
        "400",
        "--rounds",
        "12",
        "--rest",
        "60ms",
        "--html",
        "soak.html",
        "--json",
    ]);
    assert_eq!(said.code, 0, "{said:#?}");
    let report = said.json();
    assert_eq!((&report["verdict"], &report["failed"]), (&"flat".into(), &0.into()), "{report:#}");
    assert_eq!(report["rounds"].as_array().unwrap().len(), 12);
    assert!(std::fs::read_to_string(dayfly.folder.join("soak.html")).unwrap().contains("<svg"));
}

#[test]
fn a_server_that_does_not_answer_is_no_verdict() {
    let pid = std::process::id().to_string();
    let said = apps("leak-no-server").run(&["leak", "soak", "--against", "http://127.0.0.1:9/", "--pid", &pid]);
    assert_eq!(said.code, 2, "{said:#?}");
    assert!(said.err.contains("http://127.0.0.1:9/ does not answer"), "{said:#?}");
}

/// Renders with a script of the story's, in a fresh context each time.
const CONTEXTS: &str = "const vm = require('vm'), fs = require('fs');
    const code = new vm.Script(fs.readFileSync(process.argv[2], 'utf8'));
    exports.answer = () => {
      const context = vm.createContext({ console });
      code.runInContext(context);
      return context.render({});
    };";

/// Holds what a request makes until many others have come, so that it is garbage of the old generation, which V8 collects late; and of
/// each request so many bytes for ever.
const LAZY: &str = "const kept = [], recent = [], leak = +process.argv[2];
    let requests = 0;
    exports.answer = () => {
      recent[requests++ % 150] = Array.from({ length: 2500 }, (_, index) => ({ index, requests }));
      if (leak > 0) kept.push(new Array(leak / 8).fill(requests + 0.5));
      return 'page';
    };";

/// A server of Node's.
struct NodeServer {
    child: Child,
    url: String,
}

impl NodeServer {
    fn start(dayfly: &Dayfly, heap: &str, answer: &str, argument: &str) -> Self {
        let server = "require('http').createServer((request, response) => response.end(exports.answer()))
              .listen(0, '127.0.0.1', function () { console.log(this.address().port); });";
        std::fs::write(dayfly.folder.join("server.cjs"), format!("{answer}\n{server}")).unwrap();
        let mut child = Command::new("node")
            .arg(format!("--max-old-space-size={heap}"))
            .args(["server.cjs", argument])
            .current_dir(&dayfly.folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { child, url: format!("http://127.0.0.1:{}/", port.trim()) }
    }

    fn soak(&self, dayfly: &Dayfly, requests: &str) -> (i32, Value) {
        let pid = self.child.id().to_string();
        let to = ["leak", "soak", "--against", &self.url, "--pid", &pid, "--json"];
        let said = dayfly.run(&[&to[..], &["--requests", requests, "--rest", "150ms"]].concat());
        (said.code, said.json())
    }
}

impl Drop for NodeServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_of_node_that_leaks_by_the_storys_code_grows_and_the_mended_one_does_not() {
    if !has("node", &["--version"]) {
        return left_out(
            "a_server_of_node_that_leaks_by_the_storys_code_grows_and_the_mended_one_does_not",
            "node is not here",
        );
    }
    let dayfly = apps("leak-node");
    // However large the heap may become: what it holds is alive.
    for heap in ["1200", "4000"] {
        let (code, report) = NodeServer::start(&dayfly, heap, CONTEXTS, "story.js").soak(&dayfly, "2500");
        assert_eq!((code, &report["verdict"]), (1, &"growing".into()), "{report:#}");
        let bytes = report["bytes_per_request"].as_f64().unwrap();
        println!("the story's code leaves {bytes:.0} bytes a request in Node");
        assert!(bytes > 50_000.0 && report["between"][0].as_f64().unwrap() > 0.0, "{report:#}");
    }
    // So many that its collector, which is in no hurry, has had its turn some times.
    let (code, report) = NodeServer::start(&dayfly, "300", CONTEXTS, "mended.js").soak(&dayfly, "5000");
    assert_eq!((code, &report["verdict"]), (0, &"flat".into()), "{report:#}");
}

/// Keeps so many bytes of each request, and makes no garbage worth the name.
const STEADY: &str = "const kept = [], leak = +process.argv[2];
    exports.answer = () => {
      kept.push(new Array(leak / 8).fill(kept.length + 0.5));
      return 'page';
    };";

#[test]
fn a_steady_leak_of_which_nothing_is_given_back_is_told_by_more_requests() {
    let test = "a_steady_leak_of_which_nothing_is_given_back_is_told_by_more_requests";
    if !has("node", &["--version"]) {
        return left_out(test, "node is not here");
    }
    let dayfly = apps("leak-steady");
    let (code, report) = NodeServer::start(&dayfly, "4000", STEADY, "16000").soak(&dayfly, "2500");
    assert_eq!((code, &report["verdict"]), (1, &"growing".into()), "{report:#}");
    let (bytes, rounds) = (report["bytes_per_request"].as_f64().unwrap(), report["rounds"].as_array().unwrap());
    let requests = &rounds.last().unwrap()["requests"];
    println!("{bytes:.0} bytes a request, by {requests} requests");
    // More than four times as many as were asked for.
    assert!((14_000.0..19_000.0).contains(&bytes) && requests.as_u64().unwrap() > 10_000, "{report:#}");
}

#[test]
fn a_collector_in_no_hurry_is_not_taken_for_a_leak_and_does_not_hide_one() {
    let test = "a_collector_in_no_hurry_is_not_taken_for_a_leak_and_does_not_hide_one";
    if !has("node", &["--version"]) {
        return left_out(test, "node is not here");
    }
    let dayfly = apps("leak-lazy");
    // So few that there is but one rise, or the beginning of it, and more.
    for requests in ["250", "500", "900", "1400", "2500"] {
        let (_, report) = NodeServer::start(&dayfly, "8000", LAZY, "0").soak(&dayfly, requests);
        println!("{requests} requests: {} {}", report["verdict"], report["doubt"]);
        assert_ne!(report["verdict"], "growing", "{report:#}");
    }
    // Where that is unclear, it says to ask more.
    let mut told = (3, Value::Null);
    for requests in ["6000", "10000", "16000"] {
        told = NodeServer::start(&dayfly, "8000", LAZY, "120000").soak(&dayfly, requests);
        println!("{requests} requests with a leak: {} {}", told.1["verdict"], told.1["doubt"]);
        if told.0 != 3 {
            break;
        }
    }
    let (code, report) = told;
    assert_eq!((code, &report["verdict"]), (1, &"growing".into()), "{report:#}");
    // Of the garbage beside it, its collector leaves up to three times as much as is alive.
    let bytes = report["bytes_per_request"].as_f64().unwrap();
    assert!((60_000.0..480_000.0).contains(&bytes), "{report:#}");
}

#[test]
fn the_helper_works_under_vitest_and_under_jest() {
    let test = "the_helper_works_under_vitest_and_under_jest";
    if !has("node", &["--version"]) || !has("npm", &["--version"]) {
        return left_out(test, "the runners are of npm, which is not here");
    }
    let helper = root().join("integrations/vitest");
    let (folder, _lock) = npm_installed("leak-runners", &helper.join("test"));
    let copy = |from: &Path, to: &Path| std::fs::copy(from, to).map(drop).unwrap();
    let package = folder.join("node_modules/@dayfly/leak-check");
    std::fs::create_dir_all(&package).unwrap();
    let files = ["package.json", "index.js", "index.d.ts", "vitest.js", "vitest.d.ts", "jest.js", "jest.d.ts"];
    files.iter().for_each(|file| copy(&helper.join(file), &package.join(file)));
    let tests = ["leak.test.js", "vitest.ts", "jest.ts"];
    tests.iter().for_each(|file| copy(&helper.join("test").join(file), &folder.join(file)));
    for (file, text) in [("story.js", STORY), ("mended.js", MENDED), ("bounded.js", BOUNDED)] {
        std::fs::write(folder.join(file), text).unwrap();
    }
    let runner = |arguments: &[&str]| {
        let mut command = Command::new("node");
        command.args(arguments).current_dir(&folder);
        command.env("DAYFLY", env!("CARGO_BIN_EXE_dayfly")).env("XDG_CACHE_HOME", scratch("cli-cache"));
        command.env("NO_COLOR", "1");
        command
    };
    let said = run(&mut runner(&["node_modules/vitest/vitest.mjs", "run", "--globals", "leak.test.js"]));
    assert!(said.contains("4 passed"), "{said}");
    run(&mut runner(&["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--rootDir", "."]));
    let tsc = ["node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
    for file in ["vitest.ts", "jest.ts"] {
        run(&mut runner(&[&tsc[..], &["--target", "es2022", file]].concat()));
    }
}

#[test]
fn the_action_passes_on_its_inputs_and_the_verdict() {
    let dayfly = apps("leak-action");
    let run = |app: &str, strict: &str, props: &str| {
        Command::new("sh")
            .arg(root().join("integrations/github-action/check.sh"))
            .current_dir(&dayfly.folder)
            .envs([("APP", app), ("SHARE", "console"), ("RUNS", "10"), ("STRICT", strict), ("SARIF", "leak.sarif")])
            .envs([
                ("PROPS", props),
                ("URL", ""),
                ("HOST", ""),
                ("BASELINE", ""),
                ("GITHUB_STEP_SUMMARY", "summary.md"),
            ])
            .env("DAYFLY", env!("CARGO_BIN_EXE_dayfly"))
            .env("XDG_CACHE_HOME", scratch("cli-cache"))
            .output()
            .unwrap()
    };
    let act = |app: &str, strict: &str| {
        let output = run(app, strict, "");
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, out) = act("story.js", "false");
    assert!(code == 1 && out.starts_with("growing: "), "{code}: {out}");
    let read = |file: &str| std::fs::read_to_string(dayfly.folder.join(file)).unwrap();
    assert!(read("summary.md").contains("set by assignment at story.js:2:15"));
    assert_eq!(serde_json::from_str::<Value>(&read("leak.sarif")).unwrap()["version"], "2.1.0");
    assert_eq!([act("bounded.js", "false").0, act("bounded.js", "true").0, act("nothing.js", "false").0], [0, 3, 2]);
    // Several files of props are one a line.
    std::fs::write(dayfly.folder.join("one.json"), "{}").unwrap();
    let second = run("story.js", "false", "one.json\n\nno second.json\n");
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("no second.json"), "{second:?}");
    assert_eq!(run("story.js", "false", "one.json\none.json").status.code(), Some(1));
    // Each input is handed on by the action's description.
    let description = std::fs::read_to_string(root().join("integrations/github-action/action.yml")).unwrap();
    let script = std::fs::read_to_string(root().join("integrations/github-action/check.sh")).unwrap();
    for name in ["APP", "PROPS", "URL", "SHARE", "HOST", "RUNS", "STRICT", "BASELINE", "SARIF", "DAYFLY"] {
        assert!(description.contains(&format!("{name}: ${{{{ inputs.{} }}}}", name.to_lowercase())), "{name}");
        // A list is read line by line.
        let read = if ["PROPS", "URL"].contains(&name) { format!("\n${name}\nEND\n") } else { format!("\"${name}\"") };
        assert!(script.contains(&read), "{name}");
    }
}
