//! Where an app was when a limit ended it.

use std::time::Duration;

use dayfly::{Engine, EngineConfig, Failure, Limit, Limits};

use crate::support::{self, App, Rendered, artifact, engine, runtime};

/// Each function is one way to come to a limit; its place is known by its line.
const APP: &str = "\
export const render = ({ how }) => ways[how]();
const spin = () => { for (;;) {} };
const turns = () => { let i = 1; do { i = -i } while (i) };
const climbs = () => { let n = 0; while (true) n++; };
const sorts = () => {
  const list = Array.from({ length: 100000 }, (_, i) => `x${(i * 7919) % 100000}`);
  for (;;) [...list].sort();
};
const matches = () => /(a+)+b/.test('a'.repeat(60));
const prints = () => { const many = Array(10000).fill({ a: 1 }); for (;;) JSON.stringify(many); };
const fills = () => { const list = []; for (;;) list.push('x'.repeat(1000) + list.length); };
const logs = () => { for (let i = 0; ; i++) console.log(i); };
const writes = () => { console.log('x'.repeat(1 << 20)); };
const nap = () => new Promise((done) => setTimeout(done, 1e9));
const waits = async () => { await nap(); };
const comes = async () => { for (;;) await null; };
class Counter { get next() { for (;;) {} } }
const gets = () => new Counter().next;
function* numbers() { for (;;) yield 1; }
const takes = () => { for (const _ of numbers()) {} };
const calls = () => { for (;;) spin.call.bind(Math.max)(1); };
const ways = { spin, turns, climbs, sorts, matches, prints, fills, logs, writes, waits, comes, gets, takes, calls };
";

/// The lines of the calls that are named, innermost first.
#[track_caller]
fn stack(rendered: &Rendered, expected: Limit) -> Vec<String> {
    assert_eq!(rendered.exceeded(), expected, "{rendered:#?}");
    let Err(Failure::Exceeded { stack: Some(stack), .. }) = &rendered.0.page else { panic!("no stack: {rendered:#?}") };
    let call = |line: &str| line.strip_prefix("    at ").map(str::to_owned);
    stack.lines().map(|line| call(line).unwrap_or_else(|| panic!("{line:?} is no call: {rendered:#?}"))).collect()
}

fn app() -> App {
    App::named("app.mjs", APP)
}

fn render(app: &App, how: &str, change: impl FnOnce(&mut Limits)) -> Rendered {
    app.with(change).render(&format!(r#"{{"how":"{how}"}}"#))
}

fn soon(limits: &mut Limits) {
    limits.cpu = Duration::from_millis(100);
}

#[test]
fn a_loop_is_where_cpu_time_ran_out() {
    let app = app();
    for (how, place) in [("spin", "2:22"), ("turns", "3:34"), ("climbs", "4:35"), ("gets", "17:30")] {
        let stack = stack(&render(&app, how, soon), Limit::Cpu);
        assert!(stack[0].ends_with(&format!("(app.mjs:{place})")), "{how}: {stack:?}");
        assert!(stack.last().is_some_and(|call| call.starts_with("render (app.mjs:1:")), "{how}: {stack:?}");
    }
    for (how, calls) in [("takes", ["numbers", "takes"]), ("comes", ["comes", ""])] {
        let stack = stack(&render(&app, how, soon), Limit::Cpu);
        assert!(stack.iter().any(|call| calls.iter().any(|name| call.contains(name))), "{how}: {stack:?}");
    }
}

#[test]
fn a_native_loop_is_in_the_call_that_began_it() {
    let app = app();
    for (how, native, line) in [("sorts", "sort", 7), ("matches", "test", 9), ("prints", "stringify", 10)] {
        let stack = stack(&render(&app, how, soon), Limit::Cpu);
        let at = stack.iter().position(|call| call.starts_with(&format!("{how} (app.mjs:{line}:")));
        assert!(at.is_some(), "{how}: {stack:?}");
        // The interpreter may have been between two calls.
        assert!(
            at == Some(0) || stack[..at.unwrap()].iter().all(|call| call.ends_with("(native)")),
            "{how}: {stack:?}"
        );
        assert!(at == Some(0) || stack.iter().any(|call| call == &format!("{native} (native)")), "{how}: {stack:?}");
    }
}

#[test]
fn fuel_ends_at_the_same_place_every_time() {
    let app = app();
    let limit = |limits: &mut Limits| {
        limits.fuel = Some(20_000_000);
        limits.cpu = Duration::from_secs(20);
    };
    let stacks = [(); 2].map(|()| stack(&render(&app, "fills", limit), Limit::Fuel));
    assert_eq!(stacks[0], stacks[1]);
    assert!(stacks[0].iter().any(|call| call.starts_with("fills (app.mjs:11:")), "{stacks:?}");
}

#[test]
fn memory_and_the_console_have_a_place() {
    let app = app();
    let roomy = |limits: &mut Limits| limits.cpu = Duration::from_secs(20);
    for (how, limit, line) in
        [("fills", Limit::Memory, 11), ("logs", Limit::ConsoleLines, 12), ("writes", Limit::ConsoleBytes, 13)]
    {
        let stack = stack(&render(&app, how, roomy), limit);
        let place = format!("{how} (app.mjs:{line}:");
        assert!(stack.iter().any(|call| call.starts_with(&place)), "{how}: {stack:?}");
    }
}

#[test]
fn an_app_that_waits_says_for_which_timer_and_in_which_function() {
    let rendered = render(&app(), "waits", |limits| limits.wall = Duration::from_millis(200));
    let stack = stack(&rendered, Limit::Wall);
    assert_eq!(stack.len(), 2, "{stack:?}");
    assert!(stack[0].starts_with("async setTimeout (app.mjs:14:"), "{stack:?}");
    assert!(stack[1].starts_with("async waits (app.mjs:15:"), "{stack:?}");
}

#[test]
fn the_machine_stack_has_a_place() {
    let text = "globalThis.render = () => dive(0);\nfunction dive(n) {\n  return [n].map((n) => dive(n + 1));\n}\n";
    let engine =
        Engine::new(&EngineConfig { wasm_stack: 128 << 10, concurrency: 1, ..EngineConfig::default() }).unwrap();
    let bundle = dayfly::Bundle::load(&engine, &artifact("app.js", text).bundle).unwrap();
    let limits = Limits { js_stack: 768 << 10, ..Limits::default() };
    let stack = stack(&Rendered(runtime().block_on(engine.render(&bundle, &limits, "null"))), Limit::WasmStack);
    assert!(stack.iter().any(|call| call.starts_with("dive (app.js:3:")), "{stack:?}");
    assert!(stack.len() <= 64, "{stack:?}");
}

#[test]
fn a_handler_that_a_limit_ends_has_a_place() {
    let text = "export default {\n  async fetch() {\n    await null;\n    for (;;) {}\n  }\n};\n";
    let bundle = dayfly::Bundle::load(engine(), &artifact("app.mjs", text).bundle).unwrap();
    let limits = Limits { cpu: Duration::from_millis(100), ..Limits::default() };
    let request = http::Request::get("http://localhost/").body(String::new()).unwrap();
    let answer = runtime().block_on(engine().fetch(&bundle, &limits, request, "{}"));
    let Err(Failure::Exceeded { limit: Limit::Cpu, stack: Some(stack) }) = &answer.response else {
        panic!("{answer:#?}")
    };
    assert!(stack.starts_with("    at fetch (app.mjs:4:5)"), "{stack}");
}

#[test]
fn names_that_an_app_chooses_do_no_harm() {
    let name = "é😀\\ud800\\u0000\\u202e".repeat(50);
    let text = format!(
        "const spin = () => {{ for (;;) {{}} }};
         Object.defineProperty(spin, 'name', {{ value: '{name}' }});
         const deep = (n) => n ? deep(n - 1) : spin();
         Object.defineProperty(deep, 'name', {{ get() {{ for (;;); }} }});
         globalThis.render = () => deep(500);"
    );
    let stack = stack(&App::new(&text).with(soon).render("null"), Limit::Cpu);
    assert!(stack[0].starts_with("é😀\u{fffd}\u{0}\u{202e}é"), "{stack:?}");
    // A getter is not called, and 64 calls are enough.
    assert_eq!((stack.len(), &stack[1][..13]), (64, "<anonymous> ("), "{stack:?}");
}

/// The next render has the slot in which a guest was asked.
#[test]
fn nothing_is_left_of_an_app_that_was_asked() {
    let engine = Engine::new(&EngineConfig { concurrency: 1, ..EngineConfig::default() }).unwrap();
    let text =
        "let seen = 0; globalThis.render = (end) => { if (seen++) return 'seen'; if (end) for (;;); return 'fresh'; };";
    let bundle = dayfly::Bundle::load(&engine, &artifact("app.js", text).bundle).unwrap();
    let limits = Limits { cpu: Duration::from_millis(20), ..Limits::default() };
    for _ in 0..10 {
        let ended = Rendered(runtime().block_on(engine.render(&bundle, &limits, "true")));
        assert_eq!(stack(&ended, Limit::Cpu).len(), 1);
        let fresh = runtime().block_on(engine.render(&bundle, &Limits::default(), "false"));
        assert_eq!(Rendered(fresh).page(), "fresh");
    }
}

#[test]
fn a_build_that_a_limit_ends_says_where_it_was() {
    let limits = Limits { cpu: Duration::from_millis(200), ..dayfly_bundler::Bundler::limits() };
    let source = dayfly_bundler::Source::new("app.js", "function spin() {\n  for (;;) {}\n}\nspin();\n");
    let build = runtime().block_on(support::bundler().build(&source, &limits));
    let refusal = build.artifact.unwrap_err();
    let dayfly_bundler::Refusal::Evaluation(Failure::Exceeded { limit: Limit::Cpu, stack: Some(stack) }) = &refusal
    else {
        panic!("{refusal:#?}")
    };
    assert!(stack.starts_with("    at spin (app.js:2:3)\n    at <eval> (app.js:4:1)"), "{stack}");
}
