//! `dayfly leak`, as a shell sees it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{Dayfly, Said};
use crate::support::{has, left_out, workload};

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
    assert!(lines[0].starts_with("growing: 4") && lines[0].ends_with(" bytes a run, over 10 runs that share console"), "{said:#?}");
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
        let said = dayfly.run(&[&["leak", "snapshot", "app.js", "--at", "2", "-o", "a.heapsnapshot"], arguments].concat());
        assert_eq!(said.code, 0, "{said:#?}");
        std::fs::read_to_string(dayfly.folder.join("a.heapsnapshot")).unwrap()
    };
    assert!(!read(&[]).contains("secret-1234"));
    assert!(read(&["--with-strings"]).contains("secret-1234"));
}

#[test]
fn many_requests_at_an_app_here_leave_nothing() {
    let dayfly = apps("leak-soak");
    let said = dayfly.run(&[
        "leak", "soak", "story.js", "--requests", "400", "--rounds", "12", "--rest", "60ms", "--html", "soak.html", "--json",
    ]);
    assert_eq!(said.code, 0, "{said:#?}");
    let report = said.json();
    assert_eq!((&report["verdict"], &report["failed"]), (&"flat".into(), &0.into()), "{report:#}");
    assert_eq!(report["rounds"].as_array().unwrap().len(), 12);
    assert!(std::fs::read_to_string(dayfly.folder.join("soak.html")).unwrap().contains("<svg"));
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
            .args(["server.cjs", app])
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
            "leak", "soak", "--against", &self.url, "--pid", &pid, "--requests", requests, "--rest", "200ms", "--json",
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
        return left_out("a_server_of_node_that_leaks_by_the_storys_code_grows_and_the_mended_one_does_not", "node is not here");
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
