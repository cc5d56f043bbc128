//! `dayfly run`: code for itself.

use super::Dayfly;

#[test]
fn files_run_in_order_in_one_realm_and_then_what_they_leave() {
    let said = Dayfly::new("run-order")
        .file("first.js", "let shared = 1; setTimeout(() => console.log('timer', shared), 5);")
        .file("second.js", "shared += 1; queueMicrotask(() => console.log('microtask', shared)); console.log('end');")
        .run(&["run", "first.js", "second.js", "--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let report = said.json();
    let lines: Vec<&str> =
        report["console"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(lines, ["end", "microtask 2", "timer 2"]);
    assert!(report.get("failure").is_none(), "{report}");
}

#[test]
fn what_nothing_catches_ends_a_run() {
    for (test, name, text, error) in [
        ("run-throws", "a.js", "throw new RangeError('r')", "RangeError: r"),
        (
            "run-rejects",
            "a.js",
            "Promise.reject(new TypeError('t')); setTimeout(() => console.log('went on'), 1)",
            "TypeError: t",
        ),
        ("run-timer", "a.js", "setTimeout(() => { throw new Error('e') }, 1)", "Error: e"),
        ("run-syntax", "a.js", "let = 1 +;", "SyntaxError: "),
        (
            "run-module",
            "a.mjs",
            "await new Promise((done) => setTimeout(done, 1)); throw new EvalError('v')",
            "EvalError: v",
        ),
    ] {
        let said = Dayfly::new(test).file(name, text).run(&["run", name]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains(error) && !said.err.contains("log: went on"), "{said:?}");
    }
}

#[test]
fn an_exit_code_that_the_code_sets_fails_the_run() {
    let said = Dayfly::new("run-exit-code")
        .file("a.js", "process.exitCode = 4; console.log('ran')")
        .run(&["run", "a.js", "--json"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(said.json()["failure"]["thrown"]["message"], "process.exitCode is 4", "{said:?}");
    for text in
        ["process.exitCode = 0", "process.exitCode = 1; process.exitCode = undefined", "globalThis.process = null"]
    {
        let said = Dayfly::new("run-exit-code").file("a.js", text).run(&["run", "a.js"]);
        assert_eq!(said.code, 0, "{text}: {said:?}");
    }
}

#[test]
fn files_that_follow_one_another_are_as_one_to_microtasks() {
    let said = Dayfly::new("run-as-one")
        .file("harness.js", "var over = false; Promise.resolve().then(() => { over = true; });")
        .file("test.js", "console.log(over); queueMicrotask(() => console.log(over));")
        .run(&["run", "harness.js", "test.js", "--json"]);
    let report = said.json();
    assert_eq!(report["console"][0]["text"], "false", "{said:?}");
    assert_eq!(report["console"][1]["text"], "true", "{said:?}");
}

#[test]
fn a_harness_that_listens_is_told_and_the_run_goes_on_and_fails_at_its_end() {
    let listen = "addEventListener('error', (e) => console.log('error', e.error.message));
                  addEventListener('unhandledrejection', (e) => console.log('rejection', e.reason));";
    let throws = "queueMicrotask(() => { throw new Error('microtask') }); Promise.reject(1);
                  setTimeout(() => { throw new Error('timer') }, 1); setTimeout(() => console.log('end'), 2); throw new RangeError('script');";
    let said =
        Dayfly::new("run-listens").file("a.js", listen).file("b.js", throws).run(&["run", "a.js", "b.js", "--json"]);
    assert_eq!(said.code, 1, "{said:?}");
    let report = said.json();
    let lines: Vec<&str> =
        report["console"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(lines, ["error script", "error microtask", "rejection 1", "error timer", "end"]);
    assert_eq!(report["failure"]["thrown"]["name"], "RangeError", "{report}");

    let prevent =
        "for (const type of ['error', 'unhandledrejection']) addEventListener(type, (e) => e.preventDefault());";
    let said = Dayfly::new("run-prevents").file("a.js", prevent).file("b.js", throws).run(&["run", "a.js", "b.js"]);
    assert!(said.code == 0 && said.err.contains("end"), "{said:?}");
}

#[test]
fn a_failure_has_the_name_of_the_class_that_was_thrown() {
    let text = "function SuiteError(message) { this.message = message } throw new SuiteError('expected 1')";
    let said = Dayfly::new("run-class").file("a.js", text).run(&["run", "a.js", "--json"]);
    let thrown = said.json()["failure"]["thrown"].clone();
    assert_eq!((&thrown["name"], &thrown["message"]), (&"SuiteError".into(), &"expected 1".into()), "{said:?}");
}

#[test]
fn a_module_imports_the_files_that_it_names() {
    let run = Dayfly::new("run-imports")
        .file("main.mjs", "import { b } from './lib/b.js'; import * as self from './main.mjs'; export const a = 1;
                           console.log(b, self.a, (await import('./late.js')).default, typeof (await import('node:path')).join)")
        .file("lib/b.js", "import { a } from '../main.mjs'; export const b = () => a; export { c as default } from './c.js';")
        .file("lib/c.js", "export const c = 3")
        .file("late.js", "export { c as default } from './lib/c.js'");
    let said = run.run(&["run", "main.mjs"]);
    assert!(said.code == 0 && said.err.contains("log: [Function: b] 1 3 function"), "{said:?}");
    let run = run.file("gone.mjs", "\nimport './lib/d.js'").file("lib/d.js", "import('../nowhere.js')");
    let run = run.file("ending.mjs", "import './text'").file("text", "").file("package.mjs", "import 'react'");
    for (file, why) in [
        ("gone.mjs", "could not load module 'nowhere.js', which lib/d.js:1:8 imports: there is no such file"),
        ("ending.mjs", "could not load module 'text', which ending.mjs:1:8 imports: a module's name ends in .js"),
        ("package.mjs", "could not load module 'react': a bundle is one file"),
    ] {
        let said = run.run(&["run", file]);
        assert!(said.code == 1 && said.err.contains(why), "{said:?}");
    }
}

#[test]
fn a_handled_rejection_ends_nothing() {
    let text = "const late = Promise.reject(1); late.catch(() => console.log('handled'));";
    let said = Dayfly::new("run-handled").file("a.js", text).run(&["run", "a.js"]);
    assert!(said.code == 0 && said.err.starts_with("log: handled"), "{said:?}");
}

#[test]
fn a_module_that_waits_for_nothing_says_so_and_limits_hold() {
    let run = Dayfly::new("run-limits").file("never.mjs", "await new Promise(() => {})").file("loop.js", "for (;;);");
    let said = run.run(&["run", "never.mjs"]);
    assert!(said.code == 1 && said.err.contains("can never settle"), "{said:?}");
    let said = run.run(&["run", "loop.js", "--time", "50ms"]);
    assert!(said.code == 3 && said.err.contains("CPU time"), "{said:?}");
    let said = run.run(&["run", "loop.js", "--fuel", "1000000"]);
    assert!(said.code == 3 && said.err.contains("fuel"), "{said:?}");
}
