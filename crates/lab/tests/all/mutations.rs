//! Variants of the cases that are made here: another key, another way to write, another place. What each does is known from how it
//! is made, and the lab is not told.

use dayfly_bundler::{Source, Visit};
use dayfly_lab::{Scenario, Verdict};

use super::check;

/// How a run writes to a shared object what it makes of what was there.
const WRITES: [&str; 5] = [
    "OBJECT.KEY = WRAPPER;",
    "OBJECT['KEY'] = WRAPPER;",
    "Object.assign(OBJECT, { KEY: WRAPPER });",
    "Object.defineProperty(OBJECT, 'KEY', { value: WRAPPER, writable: true, configurable: true, enumerable: true });",
    "Reflect.set(OBJECT, 'KEY', WRAPPER);",
];

/// What a run writes, and what is to be said of it.
const WRAPPERS: [(&str, Verdict); 4] = [
    // It holds what was there.
    ("(...values) => before(...values)", Verdict::Growing),
    // It holds its own run alone.
    ("((mine) => () => mine)({ of: 'this run' })", Verdict::Bounded),
    // Nothing of the run's.
    ("`a text of ${1 + 1} words`", Verdict::Clean),
    // What was there, and nothing of the run's.
    ("before", Verdict::Clean),
];

/// Where the code stands.
const PLACES: [&str; 3] = [
    "{ READ WRITE } globalThis.render = () => 'page';",
    "globalThis.render = () => { READ WRITE return 'page'; };",
    "globalThis.render = async () => { await null; READ await new Promise((done) => setTimeout(done, 3)); WRITE return 'page'; };",
];

#[test]
fn twenty_mutations_and_more_are_told_apart() {
    let mut wrong = Vec::new();
    let mut number = 0;
    for (write, place) in WRITES.iter().zip(PLACES.iter().cycle()) {
        for (wrapper, verdict) in WRAPPERS {
            // Each with another key of another object.
            let (object, key) = [("console", "warn"), ("host.deep.est", "method"), ("host.list", "0")][number % 3];
            number += 1;
            let write = write.replace("OBJECT", object).replace("WRAPPER", wrapper);
            let write = if key == "0" { write.replace(".KEY", "[0]") } else { write }.replace("KEY", key);
            let read = format!("const before = {object}['{key}'];");
            let text = place.replace("READ", &read).replace("WRITE", &write);
            let mut scenario = Scenario::new(Source::new("app.js", &*text), Visit::Render("null".into()));
            scenario.runs = 10;
            scenario.share.push("host".into());
            let host = "globalThis.host = { deep: { est: { method() {} } }, list: [() => {}] };";
            scenario.hosts.push(Source::new("server.js", host));
            match check(&scenario) {
                Ok(report) if report.verdict == verdict => {}
                other => wrong.push(format!("{text}\n  is {}, and not {other:#?}", verdict.as_str())),
            }
        }
    }
    assert_eq!(number, 20);
    assert!(wrong.is_empty(), "{} of {number}:\n{}", wrong.len(), wrong.join("\n"));
}
