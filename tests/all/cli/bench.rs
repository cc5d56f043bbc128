//! `dayfly bench`. What it measures is never compared with a clock: only with itself.

use serde_json::Value;

use super::{Dayfly, HELLO, Said};
use crate::support::{has, left_out, root};

/// As short as it can be: two rounds of a render each, and none before them.
const SHORT: &[&str] = &["--rounds", "2", "--duration", "0s", "--warmup", "0"];

impl Dayfly {
    fn bench(&self, arguments: &[&str]) -> Said {
        self.run(&[&["bench"], arguments, SHORT].concat())
    }
}

#[track_caller]
fn number(report: &Value, name: &str) -> f64 {
    report[name].as_f64().unwrap_or_else(|| panic!("{name} is no number: {report:#}"))
}

/// The figures that either side has, in the order that they must have whatever the machine does.
#[track_caller]
fn assert_figures(side: &Value, rounds: f64) {
    let [p50, p99, max] = ["p50_us", "p99_us", "max_us"].map(|name| number(side, name));
    assert!(0.0 < p50 && p50 <= p99 && p99 <= max, "{side:#}");
    assert!(number(side, "renders") >= rounds, "{side:#}");
    // No turn is faster than all its renders were.
    assert!(number(side, "renders_per_second") > 0.0 && number(side, "renders_per_second") >= 1e6 / max, "{side:#}");
    assert!(number(side, "cpu_us") > 0.0, "{side:#}");
}

#[test]
fn a_bench_prints_a_row_for_each_figure() {
    let dayfly = Dayfly::new("bench-rows").file("app.js", HELLO).file("props.json", r#"{"name":"world"}"#);
    let said = dayfly.bench(&["app.js", "--props", "props.json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:#?}");
    assert!(said.out.starts_with("app.js: 2 renders in 2 rounds\n\n"), "{said:#?}");
    let rows = ["renders a second", "p50", "p99", "max", "CPU", "page", "page faults", "fuel", "peak memory"];
    let rows = [&rows[..], &["load, first", "load, again"]].concat();
    let lines: Vec<&str> = said.out.lines().skip(2).collect();
    assert_eq!(lines.len(), rows.len(), "{said:#?}");
    for (line, row) in lines.into_iter().zip(rows) {
        assert!(line.starts_with(&format!("{row} ")) && line.len() > row.len() + 1, "{row}: {said:#?}");
    }
    assert!(said.out.contains("page                      11 B\n"), "{said:#?}");
}

#[test]
fn the_figures_of_a_bench_fit_together_and_fuel_is_the_same_each_time() {
    let dayfly = Dayfly::new("bench-json").file("app.js", HELLO);
    assert_eq!(dayfly.run(&["build", "app.js"]).code, 0);
    let [first, second] = ["app.js", "app.wasm"].map(|app| {
        let said = dayfly.bench(&[app, "--json"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:#?}");
        said.json()
    });
    for (app, report) in [("app.js", &first), ("app.wasm", &second)] {
        assert_eq!(report["app"], app);
        assert_eq!(report["rounds"], 2);
        assert_figures(report, 2.0);
        assert_eq!(report["page_bytes"], "hello you".len());
        assert!(number(report, "peak_memory_bytes") > 0.0, "{report:#}");
        assert!(number(report, "load_first_us") > 0.0 && number(report, "load_again_us") > 0.0, "{report:#}");
        assert!(!cfg!(target_os = "linux") || report["page_faults"].is_u64(), "{report:#}");
        assert!(report.get("node").is_none() && report.get("failure").is_none(), "{report:#}");
    }
    assert!(first["fuel"].as_u64().is_some_and(|fuel| fuel > 0), "{first:#}");
    assert_eq!(first["fuel"], second["fuel"]);
}

#[test]
fn an_app_that_fails_in_a_bench_is_reported_as_render_does() {
    let app = "console.log('loading'); globalThis.render = ({ kind }) => ({
        throw() { console.log('throwing'); throw new TypeError('mine', { cause: 'why' }); },
        never: () => new Promise(() => {}), loop() { for (;;); }, page: () => 'x'.repeat(100),
    })[kind]()";
    let dayfly = Dayfly::new("bench-failures").file("app.js", app).file("syntax.js", "let = ;").file("empty.wasm", "");
    assert_eq!(dayfly.run(&["build", "app.js"]).code, 0);
    let props =
        |kind: &str| std::fs::write(dayfly.folder.join("props.json"), format!("{{\"kind\":\"{kind}\"}}")).unwrap();
    for (app, kind, code, failure, limit, flags) in [
        ("app.wasm", "never", 1, "unsettled", None, &[][..]),
        ("app.wasm", "loop", 3, "exceeded", Some("cpu"), &["--time", "100ms"]),
        ("app.wasm", "loop", 3, "exceeded", Some("fuel"), &["--fuel", "1000000", "--time", "20s"]),
        ("app.wasm", "page", 3, "exceeded", Some("page"), &["--page", "99B"]),
        ("syntax.js", "", 2, "syntax", None, &[]),
        ("empty.wasm", "", 4, "host", None, &[]),
    ] {
        props(kind);
        let said = dayfly.bench(&[&[app, "--props", "props.json", "--json"], flags].concat());
        let report = said.json();
        assert_eq!((said.code, said.err.as_str()), (code, ""), "{app} {kind}: {said:#?}");
        assert_eq!(report["failure"]["kind"], failure, "{app} {kind}: {report:#}");
        assert_eq!(report["failure"].get("limit").and_then(Value::as_str), limit, "{app} {kind}: {report:#}");
        assert!(report["usage"]["cpu_us"].is_u64() && report.get("p50_us").is_none(), "{app} {kind}: {report:#}");
    }
    props("throw");
    for flags in [&[][..], &["--json"]] {
        let arguments = [&["app.js", "--props", "props.json"], flags].concat();
        let (bench, render) = (dayfly.bench(&arguments), dayfly.run(&[&["render"], &arguments[..]].concat()));
        assert_eq!((bench.code, &bench.err), (1, &render.err), "{flags:?}: {bench:#?}");
        if flags.is_empty() {
            assert_eq!(bench.out, "");
        } else {
            let (bench, render) = (bench.json(), render.json());
            assert_eq!((&bench["failure"], &bench["console"]), (&render["failure"], &render["console"]));
        }
    }
}

#[test]
fn a_fuel_limit_that_an_app_keeps_to_is_no_hindrance_to_a_bench() {
    let dayfly = Dayfly::new("bench-fuel").file("app.js", HELLO);
    let rounds = ["--rounds", "3", "--duration", "300ms", "--warmup", "1"];
    let said = dayfly.run(&[&["bench", "app.js", "--fuel", "100000000", "--json"], &rounds[..]].concat());
    let report = said.json();
    assert_eq!((said.code, &report["rounds"]), (0, &3.into()), "{said:#?}");
    assert_figures(&report, 3.0);
}

#[test]
fn what_a_bench_cannot_read_is_named_and_ends_with_2() {
    let dayfly = Dayfly::new("bench-input").file("app.js", HELLO).file("bad.json", "{ name: 1 }").file("app.wasm", "");
    for (arguments, says) in [
        (&["missing.js"][..], "cannot read missing.js"),
        (&["."], "cannot read ."),
        (&["app.js", "--props", "bad.json"], "the props in bad.json are not JSON: key must be a string"),
        (&["app.js", "--props", "missing.json"], "cannot read missing.json"),
        (
            &["app.wasm", "--against-node"],
            "--against-node needs the JavaScript, which is what Node runs: app.wasm is Wasm",
        ),
    ] {
        let said = dayfly.bench(arguments);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{arguments:?}: {said:#?}");
        assert!(said.err.contains(says), "{arguments:?}: {said:#?}");

        let said = dayfly.bench(&[arguments, &["--json"]].concat());
        let report = said.json();
        assert_eq!((said.code, said.err.as_str()), (2, ""), "{arguments:?}: {said:#?}");
        assert_eq!(report["failure"]["kind"], "input", "{arguments:?}: {report:#}");
        assert!(report["failure"]["message"].as_str().unwrap().contains(says), "{arguments:?}: {report:#}");
    }
    for (arguments, says) in [
        (&["bench", "app.js", "--rounds", "0"][..], "'0' for '--rounds <N>'"),
        (&["bench", "app.js", "--rounds", "few"], "'few' for '--rounds <N>'"),
        (&["bench", "app.js", "--warmup", "-1"], "unexpected argument '-1'"),
        (&["bench", "app.js", "--duration", "3"], "write a number with a unit, such as 500ms"),
        (&["bench"], "<APP.js|ENTRY|APP.wasm>"),
    ] {
        let said = dayfly.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{arguments:?}: {said:#?}");
        assert!(said.err.contains(says), "{arguments:?}: {said:#?}");
    }
}

#[test]
fn a_bench_against_node_without_node_says_so() {
    let dayfly = Dayfly::new("bench-no-node").file("app.js", HELLO);
    let arguments = [&["bench", "app.js", "--against-node"], SHORT].concat();
    let said = dayfly.run_under(&[("PATH", "")], &arguments, "");
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:#?}");
    assert!(said.err.starts_with("error: Node cannot be started") && said.err.contains("on the path?"), "{said:#?}");
}

/// The binary, if there is a Node for it to compare with.
fn with_node(test: &str) -> Option<Dayfly> {
    if !has("node", &["--version"]) {
        left_out(test, "it compares with node, which is not here");
        return None;
    }
    Some(Dayfly::new(test))
}

#[test]
fn a_bench_against_node_has_both_sides_and_says_that_the_pages_are_the_same() {
    let Some(dayfly) = with_node("bench-against-node") else { return };
    // Console and props are changed for good, a page is waited for, and what comes after it is nobody's.
    let module = "export default async (props) => {
        if (props.used) return 'used'; props.used = true; Object.freeze(console); console.log('rendering');
        await new Promise((resolve) => setTimeout(resolve, 1)); setTimeout(() => { throw 1; }, 0); Promise.reject(2);
        return new TextEncoder().encode(`é ${performance.now() > 0}`);
    }";
    let script = "let runs = 0; globalThis.render = () => '\\ud800' + ++runs";
    let story = std::fs::read_to_string(root().join("tests/apps/override.js")).unwrap();
    let dayfly = dayfly.file("module.js", module).file("script.js", script).file("override.js", story);
    for (app, form) in [("script.js", "script"), ("module.js", "module")] {
        let said = dayfly.bench(&[app, "--against-node", "--json"]);
        let report = said.json();
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{app}: {said:#?}");
        let node = &report["node"];
        assert_figures(&report, 2.0);
        assert_figures(node, 2.0);
        assert_eq!((&node["same_page"], &node["form"]), (&true.into(), &form.into()), "{report:#}");
        assert_eq!(node["page_bytes"], report["page_bytes"], "{report:#}");
        assert!(node["version"].as_str().unwrap().starts_with('v'), "{report:#}");
        let [least, most] = ["least", "most"].map(|name| number(&node["ratio"], name));
        assert!(number(&node["ratio"], "p50") > 0.0 && 0.0 < least && least <= most, "{report:#}");
    }
    let said = dayfly.bench(&["override.js", "--against-node"]);
    assert!(said.out.starts_with("override.js: 2 renders in 2 rounds, in turns with Node v"), "{said:#?}");
    assert!(said.out.contains("46 B          46 B   the same bytes\n"), "{said:#?}");
    assert!(said.out.contains(" times as fast as "), "{said:#?}");
}

#[test]
fn a_page_that_is_another_in_node_is_no_failure_and_is_said() {
    let Some(dayfly) = with_node("bench-other-page") else { return };
    let dayfly = dayfly.file("app.js", "globalThis.render = () => 'abc' + typeof InternalError");
    let said = dayfly.bench(&["app.js", "--against-node", "--json"]);
    let node = &said.json()["node"];
    assert_eq!((said.code, &node["same_page"], &node["pages_part_at"]), (0, &false.into(), &3.into()), "{said:#?}");
}

#[test]
fn an_app_that_fails_in_node_alone_says_that_it_was_node() {
    let Some(dayfly) = with_node("bench-fails-in-node") else { return };
    let dayfly = dayfly
        .file("throws.js", "globalThis.render = () => InternalError.name")
        .file("waits.js", "globalThis.render = () => typeof InternalError === 'function' ? '' : new Promise(() => {})");
    let said = dayfly.bench(&["throws.js", "--against-node", "--json"]);
    let failure = &said.json()["failure"];
    assert_eq!((said.code, &failure["kind"]), (1, &"node".into()), "{said:#?}");
    assert_eq!(failure["message"], "the app fails in Node: ReferenceError: InternalError is not defined");
    let said = dayfly.bench(&["waits.js", "--against-node", "--wall", "1s"]);
    let says = "error: the app fails in Node: no page within 1 s\n";
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (1, "", says));
}
