//! What is noted of the accesses to shared objects, whatever the operation: by what a key was written, and whether it was read before.
//! How shared objects behave to an app while they are watched is `tests/leak/through-the-membrane.js`.

use dayfly_bundler::{Source, Visit};
use dayfly_lab::Scenario;

use super::check;

/// What the server shares as `host`, what a run does with it, and what is told: the path, by what it was written, and whether it was
/// read before; nothing, if there is nothing to tell.
type Access = (&'static str, &'static str, Option<(&'static str, &'static str, bool)>);

const ACCESSES: [Access; 19] = [
    ("{ error() {} }", "const { error } = host; host.error = () => error;", Some(("host.error", "assignment", true))),
    // What is missing in the first run is what that run has set in the second.
    ("{}", "const before = host.missing; host.missing = () => before;", Some(("host.missing", "assignment", true))),
    ("{}", "if (!host.once) host.once = () => 1;", Some(("host.once", "assignment", true))),
    ("{ error() {} }", "const { error } = host; host.other = () => error;", Some(("host.other", "assignment", false))),
    ("{ error() {} }", "const { error } = host; host.error = `a text`;", None),
    (
        "{ a: { b: { log() {} } } }",
        "const { log } = host.a.b; host.a.b.log = () => log;",
        Some(("host.a.b.log", "assignment", true)),
    ),
    ("{ list: [] }", "host.list.push(() => 1);", Some(("host.list", "push()", false))),
    // The method is of the run's own realm.
    ("{ list: [] }", "Array.prototype.push.call(host.list, () => 1);", Some(("host.list", "assignment", false))),
    (
        "{ list: [() => {}] }",
        "const before = host.list[0]; host.list[0] = () => before;",
        Some(("host.list[0]", "assignment", true)),
    ),
    ("{ map: new Map() }", "host.map.set('key', () => 1);", Some(("host.map", "set()", false))),
    ("{ set: new Set() }", "host.set.add(() => 1);", Some(("host.set", "add()", false))),
    (
        "{ list: new (class { greet() {} })() }",
        "const P = Object.getPrototypeOf(host.list); const { greet } = P; P.greet = function () { return greet.call(this); };",
        Some(("host.list.__proto__.greet", "assignment", true)),
    ),
    (
        "{ error() {} }",
        "const was = Object.getOwnPropertyDescriptor(host, 'error'); Object.defineProperty(host, 'error', { ...was, value: () => was });",
        Some(("host.error", "defineProperty", true)),
    ),
    (
        "{}",
        "Object.defineProperty(host, 'x', { get: () => 1, configurable: true });",
        Some(("get host.x", "a getter", false)),
    ),
    (
        "(() => { let kept; return { set x(to) { kept = to; } }; })()",
        "host.x = () => 1;",
        Some(("set host.x", "assignment", false)),
    ),
    (
        "{ error() {} }",
        "const { error } = host; Object.assign(host, { error: () => error });",
        Some(("host.error", "assignment", true)),
    ),
    (
        "(() => { const kept = {}; return { kept, on(name, listener) { kept[name] = listener; } }; })()",
        "host.on('x', () => 1);",
        Some(("host.kept.x", "argument 2", false)),
    ),
    // A write to an object that inherits is a write to the run's own.
    ("{ error() {} }", "const own = Object.create(host); const { error } = own; own.error = () => error;", None),
    // What is the server's own is older than all runs.
    ("{ a: {}, b: {} }", "const before = host.b; host.b = host.a;", None),
];

#[test]
fn each_way_to_write_to_what_is_shared_is_told() {
    let mut wrong = Vec::new();
    for (host, code, told) in ACCESSES {
        // In a function, so that the realm alone is held.
        let text = format!("(() => {{ {code} }})();\nglobalThis.render = () => 'page';");
        let mut scenario = Scenario::new(Source::new("app.js", text), Visit::Render("{}".into()));
        scenario.runs = 10;
        scenario.share = vec!["host".into()];
        scenario.hosts.push(Source::new("server.js", format!("globalThis.host = {host};")));
        let report = check(&scenario).unwrap();
        let is_so = match told {
            None => report.leaks.is_empty() && report.suspicions.is_empty(),
            Some((path, via, is_read)) => report.leaks.iter().any(|leak| {
                leak.path.starts_with(path)
                    && leak.via.as_deref() == Some(via)
                    && leak.read_at.is_empty() != is_read
                    && leak.written_at.first().is_some_and(|at| at.contains("app.js:1:"))
                    && leak.read_at != leak.written_at
            }),
        };
        if !is_so || report.watch_failed.is_some() {
            wrong.push(format!("{code} on {host}: not {told:?}, but {report:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
