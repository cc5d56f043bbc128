//! `dayfly leak`, as a shell sees it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{Dayfly, Said};
use crate::support::{has, left_out, locked_scratch, root, run, scratch, workload};

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
    let dayfly = apps("leak-codes").file("throws.js", "globalThis.render = () => { throw new Error('no'); }");
    let code = |arguments: &[&str]| check(&dayfly, arguments).code;
    assert_eq!(code(&["mended.js", "--strict"]), 0);
    assert_eq!(code(&["story.js"]), 1);
    assert_eq!(code(&["story.js", "--max-growth", "1000000"]), 0);
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
        "  read at story.js:1:21",
        "  set by assignment at story.js:2:1",
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
    assert_eq!(report["leaks"][0]["written_at"][0], "story.js:2:1");
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
    assert_eq!(place["region"], serde_json::json!({ "startLine": 2, "startColumn": 1 }));
    // To be one format is to be no other.
    assert_eq!(check(&dayfly, &["story.js", "--json", "--sarif"]).code, 2);
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
    assert_eq!(check(&dayfly, &["app.mjs"]).code, 2);
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
    let secret = "const secret = `sec${'ret'}-${1234}`; console.kept = { secret }; globalThis.render = () => 'page';";
    let dayfly = Dayfly::new("leak-redacted").file("app.js", secret);
    let read = |arguments: &[&str]| {
        let said =
            dayfly.run(&[&["leak", "snapshot", "app.js", "--at", "2", "-o", "a.heapsnapshot"], arguments].concat());
        assert_eq!(said.code, 0, "{said:#?}");
        std::fs::read_to_string(dayfly.folder.join("a.heapsnapshot")).unwrap()
    };
    assert!(!read(&[]).contains("secret-1234"));
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

/// What the readers say of a file: DevTools' own loader, and memlab.
struct Readers {
    folder: std::path::PathBuf,
    _lock: std::fs::File,
}

impl Readers {
    fn install(test: &str) -> Option<Self> {
        if !has("node", &["--version"]) || !has("npm", &["--version"]) {
            left_out(test, "the readers of snapshots are of npm, which is not here");
            return None;
        }
        let (folder, lock) = locked_scratch("heap-readers");
        let files = root().join("tests/leak/readers");
        let wanted = std::fs::read(files.join("package-lock.json")).unwrap();
        if std::fs::read(folder.join("installed.json")).ok().as_ref() != Some(&wanted) {
            for file in ["package.json", "package-lock.json"] {
                std::fs::copy(files.join(file), folder.join(file)).unwrap();
            }
            run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder));
            std::fs::write(folder.join("installed.json"), wanted).unwrap();
        }
        Some(Self { folder, _lock: lock })
    }

    fn devtools(&self, file: &Path) -> Value {
        let script = root().join("tests/leak/readers/devtools.mjs");
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

/// A server of Node's that renders with the story's code, or with the mended one, in a fresh context each time.
struct NodeServer {
    child: Child,
    url: String,
}

impl NodeServer {
    fn start(dayfly: &Dayfly, app: &str) -> Self {
        let server = "const vm = require('vm'), fs = require('fs');
            const code = new vm.Script(fs.readFileSync(process.argv[2], 'utf8'));
            require('http').createServer((request, response) => {
              const context = vm.createContext({ console });
              code.runInContext(context);
              response.end(context.render({}));
            }).listen(0, '127.0.0.1', function () { console.log(this.address().port); });";
        std::fs::write(dayfly.folder.join("server.cjs"), server).unwrap();
        let mut child = Command::new("node")
            // With a heap as small as this its collector has its turn often enough to be judged.
            .args(["--max-old-space-size=300", "server.cjs", app])
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
        let said = dayfly.run(&[
            "leak",
            "soak",
            "--against",
            &self.url,
            "--pid",
            &pid,
            "--requests",
            requests,
            "--rest",
            "200ms",
            "--json",
        ]);
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
    let (code, report) = NodeServer::start(&dayfly, "story.js").soak(&dayfly, "1500");
    assert_eq!((code, &report["verdict"]), (1, &"growing".into()), "{report:#}");
    let bytes = report["bytes_per_request"].as_f64().unwrap();
    println!("the story's code leaves {bytes:.0} bytes a request in Node");
    assert!(bytes > 50_000.0, "{report:#}");
    // So many that its collector, which is in no hurry, has had its turn some times.
    let (code, report) = NodeServer::start(&dayfly, "mended.js").soak(&dayfly, "5000");
    assert_eq!((code, &report["verdict"]), (0, &"flat".into()), "{report:#}");
}

#[test]
fn the_helper_works_under_vitest_and_under_jest() {
    let test = "the_helper_works_under_vitest_and_under_jest";
    if !has("node", &["--version"]) || !has("npm", &["--version"]) {
        return left_out(test, "the runners are of npm, which is not here");
    }
    let (folder, _lock) = locked_scratch("leak-runners");
    let helper = root().join("integrations/vitest");
    let copy = |from: &Path, to: &Path| std::fs::copy(from, to).map(drop).unwrap();
    let wanted = std::fs::read(helper.join("test/package-lock.json")).unwrap();
    if std::fs::read(folder.join("installed.json")).ok().as_ref() != Some(&wanted) {
        for file in ["package.json", "package-lock.json"] {
            copy(&helper.join("test").join(file), &folder.join(file));
        }
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder));
        std::fs::write(folder.join("installed.json"), wanted).unwrap();
    }
    let package = folder.join("node_modules/@dayfly/leak-check");
    std::fs::create_dir_all(&package).unwrap();
    ["package.json", "index.js"].iter().for_each(|file| copy(&helper.join(file), &package.join(file)));
    copy(&helper.join("test/leak.test.js"), &folder.join("leak.test.js"));
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
}

#[test]
fn the_action_passes_on_its_inputs_and_the_verdict() {
    let dayfly = apps("leak-action");
    let act = |app: &str, strict: &str| {
        let output = Command::new("sh")
            .arg(root().join("integrations/github-action/check.sh"))
            .current_dir(&dayfly.folder)
            .envs([("APP", app), ("SHARE", "console"), ("RUNS", "10"), ("STRICT", strict), ("SARIF", "leak.sarif")])
            .envs([("PROPS", ""), ("URL", ""), ("HOST", ""), ("BASELINE", ""), ("GITHUB_STEP_SUMMARY", "summary.md")])
            .env("DAYFLY", env!("CARGO_BIN_EXE_dayfly"))
            .env("XDG_CACHE_HOME", scratch("cli-cache"))
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, out) = act("story.js", "false");
    assert!(code == 1 && out.starts_with("growing: "), "{code}: {out}");
    let read = |file: &str| std::fs::read_to_string(dayfly.folder.join(file)).unwrap();
    assert!(read("summary.md").contains("set by assignment at story.js:2:1"));
    assert_eq!(serde_json::from_str::<Value>(&read("leak.sarif")).unwrap()["version"], "2.1.0");
    assert_eq!([act("bounded.js", "false").0, act("bounded.js", "true").0, act("nothing.js", "false").0], [0, 3, 2]);
    // Each input is handed on by the action's description.
    let description = std::fs::read_to_string(root().join("integrations/github-action/action.yml")).unwrap();
    let script = std::fs::read_to_string(root().join("integrations/github-action/check.sh")).unwrap();
    for name in ["APP", "PROPS", "URL", "SHARE", "HOST", "RUNS", "STRICT", "BASELINE", "SARIF", "DAYFLY"] {
        assert!(description.contains(&format!("{name}: ${{{{ inputs.{} }}}}", name.to_lowercase())), "{name}");
        assert!(script.contains(&format!("\"${name}\"")), "{name}");
    }
}
