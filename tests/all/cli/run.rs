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
        assert!(said.err.contains(error) && !said.err.contains("went on"), "{said:?}");
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
