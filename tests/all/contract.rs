//! What an app may give, throw and print, and what comes of it.

use dayfly::{Failure, Level, Page};

use crate::support::{App, Rendered, artifact, root};

fn render(text: &str) -> Rendered {
    App::new(text).render("{}")
}

#[test]
fn every_form_of_an_app_renders() {
    for (name, text, page) in [
        ("app.js", "globalThis.render = ({ n }) => 'script ' + n", "script 1"),
        ("app.js", "this.render = function ({ n }) { return 'sloppy ' + n + typeof this }", "sloppy 1object"),
        ("app.js", "var render = ({ n }) => 'var ' + n", "var 1"),
        ("app.js", "export const render = ({ n }) => 'named ' + n", "named 1"),
        ("app.js", "export default ({ n }) => 'default ' + n", "default 1"),
        ("app.js", "export default async function ({ n }) { return 'async ' + n }", "async 1"),
        ("app.js", "export default { render: ({ n }) => 'in default ' + n }", "in default 1"),
        ("app.js", "const m = await Promise.resolve('top'); export const render = () => m", "top"),
        ("app.mjs", "globalThis.render = ({ n }) => 'module without exports ' + n", "module without exports 1"),
        ("app.cjs", "globalThis.render = () => 'script by name'", "script by name"),
    ] {
        assert_eq!(App::named(name, text).render("{\"n\":1}").page(), page, "{text}");
    }
}

#[test]
fn every_form_of_a_page_arrives() {
    let app = App::new(
        "const forms = {
           text: () => 'naïve 日本 😀', empty: () => '', bytes: () => new Uint8Array([0, 255, 10]), no_bytes: () => new Uint8Array(0),
           part: () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
           promise: () => Promise.resolve('p'), promised_bytes: async () => new Uint8Array([7]),
           thenable: () => ({ then(resolve) { resolve('t'); } }), nested: async () => (async () => 'n')(),
           lone: () => 'a\\ud800b',
         };
         globalThis.render = ({ form }) => forms[form]();",
    );
    let page = |form: &str| match app.render(&format!("{{\"form\":\"{form}\"}}")).0.page {
        Ok(page) => page,
        Err(failure) => panic!("{form}: {failure}"),
    };
    for (form, text) in [
        ("text", "naïve 日本 😀"),
        ("empty", ""),
        ("promise", "p"),
        ("thenable", "t"),
        ("nested", "n"),
        ("lone", "a\u{fffd}b"),
    ] {
        assert_eq!(page(form), Page::Text(text.into()), "{form}");
    }
    for (form, bytes) in [("bytes", &[0, 255, 10][..]), ("no_bytes", &[]), ("part", &[2, 3]), ("promised_bytes", &[7])]
    {
        assert_eq!(page(form), Page::Bytes(bytes.into()), "{form}");
    }
}

#[test]
fn what_is_no_page_is_the_apps_error_and_named() {
    for (gives, named) in [
        ("undefined", "render gave undefined,"),
        ("null", "render gave null,"),
        ("5", "a value of type number (5)"),
        ("({ html: 'x' })", "a value of type object ({ html: 'x' })"),
        ("new Uint16Array(2)", "a value of type object"),
        ("Promise.resolve()", "render gave undefined,"),
    ] {
        let rendered = render(&format!("globalThis.render = () => ({gives})"));
        let thrown = rendered.threw();
        assert_eq!(thrown.name, "TypeError");
        assert!(thrown.message.contains(named), "{gives}: {thrown}");
        assert!(thrown.message.ends_with("a page is a string, a Uint8Array or a promise of one"), "{gives}: {thrown}");
    }
}

#[test]
fn microtasks_run_to_their_end_before_the_page_is_taken() {
    let rendered = render(
        "globalThis.render = () => {
           let chain = Promise.resolve();
           for (let i = 0; i < 1000; i++) chain = chain.then(() => {});
           chain.then(() => console.log('ran'));
           queueMicrotask(() => { throw new Error('in a microtask'); });
           return 'page';
         };",
    );
    assert_eq!(rendered.page(), "page");
    let console = rendered.console();
    assert!(console.contains(&"log: ran".into()), "{console:?}");
    assert!(console.iter().any(|line| line.starts_with("error: Uncaught Error: in a microtask")), "{console:?}");
}

#[test]
fn a_promise_that_waits_for_nothing_is_unsettled() {
    for gives in ["new Promise(() => {})", "(async () => { await new Promise(() => {}); })()", "({ then() {} })"] {
        let rendered = render(&format!("globalThis.render = () => ({gives})"));
        assert!(matches!(rendered.0.page, Err(Failure::Unsettled)), "{gives}: {rendered:#?}");
    }
}

#[test]
fn timers_fire_in_order_and_take_their_arguments() {
    let rendered = render(
        "globalThis.render = () => new Promise((resolve) => {
           const seen = [];
           setTimeout((a, b) => { seen.push(a + b); }, 20, 'late', '!');
           setTimeout(() => { seen.push('soon'); queueMicrotask(() => seen.push('micro')); });
           const never = setTimeout(() => seen.push('cleared'), 5);
           clearTimeout(never);
           let beats = 0;
           const beat = setInterval(() => { seen.push('beat'); if (++beats === 2) clearInterval(beat); }, 4);
           setTimeout(() => resolve(seen.join()), 40);
         });",
    );
    assert_eq!(rendered.page(), "soon,micro,beat,beat,late!");
}

#[test]
fn a_throw_keeps_name_message_stack_and_cause() {
    let rendered = App::named(
        "shop.js",
        "class PriceError extends Error { get name() { return 'PriceError'; } }
function price() { throw new PriceError('no price', { cause: new TypeError('no currency', { cause: 'config' }) }); }
globalThis.render = () => price();",
    )
    .render("{}");
    let thrown = rendered.threw();
    assert_eq!((thrown.name.as_str(), thrown.message.as_str()), ("PriceError", "no price"));
    assert_eq!(
        thrown.stack,
        "    at PriceError (shop.js:1:1)\n    at price (shop.js:2:26)\n    at <anonymous> (shop.js:3:27)"
    );
    let cause = thrown.cause.as_deref().unwrap();
    assert_eq!(cause.to_string(), "TypeError: no currency");
    assert!(cause.stack.contains("shop.js:2:"), "{cause:?}");
    let cause = cause.cause.as_deref().unwrap();
    assert_eq!((cause.name.as_str(), cause.message.as_str(), cause.stack.as_str()), ("string", "config", ""));
    assert_eq!(cause.cause, None);
}

#[test]
fn a_rejection_is_a_throw() {
    let rendered = render("globalThis.render = async () => { await null; null.x; };");
    assert_eq!(rendered.threw().name, "TypeError");
    assert!(rendered.threw().stack.contains("app.js:1:"), "{rendered:#?}");
}

#[test]
fn what_is_no_function_is_named_as_its_caller_writes_it() {
    let app = App::new(
        r#"const o = { p: {}, f: () => undefined }, é = {};
         let u;
         class C { #x = 5; constructor(n) { this.n = n; }
           call() { return this.n(); } own() { return this.#x(); } static make() { return C.nope(1); } }
         const called = [
           () => u(), () => o.foo(), () => o.p.bar(1, 2), () => o?.p?.baz(), () => o.foo?.bar(), () => (0, o.foo)(), () => (0,u)(),
           () => new u(), () => new o.K(1), () => new o.K, () => o.foo`x`, () => u(...[1]), () => o.foo(...[1]),
           () => "é" + é.ü(), () => o
             .lines(), () => new C(1).call(), () => new C().own(), () => C.make(), () => o.f()(), () => o.f().g, () => o["x"](),
           () => o.p["x"](), () => [1].map(u), () => (u || o)(), async () => (await o).then_(), function* () { yield* o.rest(); },
           () => { const inner = { m(n) { return n.deep.er(); } }; inner.m({ deep: {} }); }, () => +{ [Symbol.toPrimitive]: 5 },
         ];
         globalThis.render = async () => {
           const told = [];
           for (const call of called) {
             try { const got = call(); told.push((got?.next ? got.next() : await got) ?? null); } catch (error) { told.push(error.message); }
           }
           return told.join("\n");
         };"#,
    );
    let not = |what: &str| format!("{what} is not a function");
    let expected = [
        not("u"),
        not("o.foo"),
        not("o.p.bar"),
        not("o?.p?.baz"),
        String::new(),
        not("(0 , o.foo)"),
        not("(0 , u)"),
        "u is not a constructor".into(),
        "o.K is not a constructor".into(),
        "o.K is not a constructor".into(),
        not("o.foo"),
        not("u"),
        not("o.foo"),
        not("é.ü"),
        not("lines"),
        not("this.n"),
        not("this.#x"),
        not("C.nope"),
        "not a function".into(),
        "cannot read property 'g' of undefined".into(),
        "not a function".into(),
        "not a function".into(),
        "not a function".into(),
        "not a function".into(),
        not("then_"),
        not("o.rest"),
        not("n.deep.er"),
        "not a function".into(),
    ];
    assert_eq!(app.render("{}").page().split('\n').collect::<Vec<_>>(), expected);
}

#[test]
fn whatever_is_thrown_has_the_place_of_who_threw_or_waited() {
    for (app, frames) in [
        (
            "export async function render() {\n  String(1);\n  const { name } = await undefined;\n}",
            "    at render (app.mjs:3:9)",
        ),
        ("export function render() {\n  String(1);\n  const [x] = 5;\n}", "    at render (app.mjs:3:9)"),
        (
            "const f = ({ a },\n  { b }) => a + b;\nexport const render = () => f({});",
            "    at f (app.mjs:2:3)\n    at render (app.mjs:3:29)",
        ),
        ("export function render() {\n  String(1);\n  for (const x of 5) {}\n}", "    at render (app.mjs:3:19)"),
        (
            "class A { a() { String(1);\n    return this\n      .b\n      .c; } }\nexport const render = () => new A().a();",
            "    at a (app.mjs:4:8)\n    at render (app.mjs:5:37)",
        ),
        ("export function render() {\n  String(1);\n  return null[\n    'a'];\n}", "    at render (app.mjs:4:5)"),
        ("const o = {};\nexport function render() {\n  o.p.q =\n    String(1);\n}", "    at render (app.mjs:3:9)"),
        ("export function render() {\n  throw 'text';\n}", "    at render (app.mjs:2:9)"),
        ("export async function render() {\n  await null;\n  throw 4;\n}", "    at render (app.mjs:3:9)"),
        (
            "async function one() { await null; throw new Error('deep'); }\nconst two = async () => await one();\nexport async function render() {\n  await two();\n}",
            "    at one (app.mjs:1:42)\n    at async two (app.mjs:2:25)\n    at async render (app.mjs:4:3)",
        ),
        (
            "export async function render() {\n  const body = await new Response('{bad').json();\n}",
            "    at <input>:1:2\n    at parse (native)\n    at async render (app.mjs:2:16)",
        ),
    ] {
        let rendered = App::named("app.mjs", app).render("{}");
        assert_eq!(rendered.threw().stack, frames, "{app}");
    }
    let rendered = App::named(
        "app.mjs",
        "const no = async (n) => { throw new RangeError(n); };\nexport const render = () => Promise.any([no(1), no(2)]);",
    )
    .render("{}");
    let thrown = rendered.threw();
    let first = thrown.cause.as_deref().unwrap();
    let texts = [thrown.to_string(), first.to_string(), first.cause.as_deref().unwrap().to_string()];
    assert_eq!(texts, ["AggregateError: All promises were rejected", "RangeError: 1", "RangeError: 2"]);
}

#[test]
fn whatever_is_thrown_is_named() {
    for (throws, shown) in [
        ("'text'", "string: text"),
        ("undefined", "undefined: undefined"),
        ("null", "null: null"),
        ("{ code: 4 }", "object: { code: 4 }"),
        ("Symbol('s')", "symbol: Symbol(s)"),
        ("{ message: 'like one', stack: 's' }", "Error: like one"),
        ("Object.create(null)", "object: [Object: null prototype] {}"),
        ("new Proxy({}, { get() { throw 1; } })", "object: [Proxy]"),
        ("Object.assign(new Error('m'), { name: Symbol('n') })", "Error: m"),
    ] {
        let rendered = render(&format!("globalThis.render = () => {{ throw ({throws}); }}"));
        assert_eq!(rendered.threw().to_string(), shown, "{throws}");
    }
}

#[test]
fn an_endless_chain_of_causes_is_cut() {
    let rendered = render(
        "globalThis.render = () => { const e = new Error('e'); Object.defineProperty(e, 'cause', { get: () => e }); throw e; }",
    );
    let mut depth = 0;
    let mut next = Some(rendered.threw());
    while let Some(thrown) = next {
        depth += 1;
        next = thrown.cause.as_deref();
    }
    assert_eq!(depth, 9);
}

#[test]
fn console_lines_carry_level_depth_and_place() {
    let rendered = App::named(
        "app.mjs",
        "export function render() {
  console.debug('d'); console.log('l', 1); console.info('i');
  console.group('group');
  console.warn('%s has %d of %o', 'a', 2, { b: [1, 'c'] }, 'more');
  console.groupEnd();
  console.error(new Error('e'));
  console.assert(1 === 2, 'not equal');
  console.count(); console.count();
  console.trace('here');
  return '';
}",
    )
    .render("{}");
    let lines: Vec<_> = rendered
        .0
        .console
        .iter()
        .map(|line| {
            let at = line.at.as_ref().unwrap();
            (line.level, line.text.as_str(), line.depth, at.file.as_str(), at.line)
        })
        .collect();
    assert_eq!(
        lines,
        [
            (Level::Debug, "d", 0, "app.mjs", 2),
            (Level::Log, "l 1", 0, "app.mjs", 2),
            (Level::Info, "i", 0, "app.mjs", 2),
            (Level::Log, "group", 0, "app.mjs", 3),
            (Level::Warn, "a has 2 of { b: [ 1, 'c', [length]: 2 ] } more", 1, "app.mjs", 4),
            (Level::Error, "Error: e\n    at render (app.mjs:6:17)", 0, "app.mjs", 6),
            (Level::Error, "Assertion failed: not equal", 0, "app.mjs", 7),
            (Level::Info, "default: 1", 0, "app.mjs", 8),
            (Level::Info, "default: 2", 0, "app.mjs", 8),
            (Level::Log, "Trace: here\n    at render (app.mjs:9:11)", 0, "app.mjs", 9),
        ]
    );
    assert_eq!(rendered.0.console[1].at.as_ref().unwrap().column, 31);
}

#[test]
fn hostile_values_in_a_console_call_run_no_code_and_cost_bounded_text() {
    let rendered = render(
        "globalThis.render = () => {
           const trap = () => { throw new Error('ran'); };
           const proxy = new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap });
           const cyclic = {}; cyclic.self = cyclic;
           console.log(proxy, { get x() { trap(); } }, cyclic, { toString: trap }, [1, , 3]);
           console.log('x'.repeat(1e6).slice(0, 300_000).length, Array(1e6).fill(7));
           return 'ok';
         }",
    );
    assert_eq!(rendered.page(), "ok");
    let console = rendered.console();
    assert!(console[0].starts_with("log: {} { x: [Getter] } <ref *1> { self: [Circular *1] }"), "{console:?}");
    assert!(console[1].ends_with("... 999900 more items\n]"), "{console:?}");
}

#[test]
fn a_rejection_that_nothing_handles_is_a_console_line() {
    let rendered = render(
        "globalThis.render = () => { Promise.reject(new TypeError('lost')); Promise.reject(1).catch(() => {}); return 'page'; }",
    );
    assert_eq!(rendered.page(), "page");
    let console = rendered.console();
    assert_eq!(console.len(), 1, "{console:?}");
    assert!(console[0].starts_with("error: Uncaught (in promise) TypeError: lost\n    at "), "{console:?}");
}

#[test]
fn props_are_json_and_what_is_not_is_the_callers_mistake() {
    let app = App::new("globalThis.render = (props) => JSON.stringify(props)");
    for props in ["{}", "null", "[1,\"é\"]", "{\"__proto__\":{\"x\":1},\"a\":1}", "\"\\ud800\""] {
        assert!(app.render(props).0.page.is_ok(), "{props}");
    }
    assert_eq!(app.render("{\"__proto__\":1}").page(), "{\"__proto__\":1}");
    for props in ["", "{", "undefined", "{'a':1}", "[1,]", "NaN"] {
        let rendered = app.render(props);
        assert!(
            matches!(&rendered.0.page, Err(Failure::Host(dayfly::Error::InvalidProps(_)))),
            "{props}: {rendered:#?}"
        );
    }
}

#[test]
fn nothing_of_a_host_can_be_named() {
    let page = render(
        "globalThis.render = () => ['require', 'Deno', 'Bun', 'module', 'std', 'os', 'bjson', 'scriptArgs', 'gc',
           'Worker', 'Javy', 'print', 'WebAssembly', 'SharedArrayBuffer']
           .filter((name) => typeof globalThis[name] !== 'undefined').join()",
    )
    .page();
    assert_eq!(page, "");
}

#[test]
fn dynamic_import_leads_nowhere() {
    for specifier in
        ["node:sqlite", "file:///etc/passwd", "./other.js", "data:text/javascript,1", "https://example.com/x.js"]
    {
        let rendered = render(&format!("globalThis.render = async () => {{ await import('{specifier}'); }}"));
        assert!(rendered.threw().message.contains("could not load module"), "{specifier}: {rendered:#?}");
    }
}

#[test]
fn the_same_bundle_burns_the_same_fuel() {
    let app = App::new("globalThis.render = () => [...Array(500)].map((_, i) => i * i).join()");
    assert_eq!(app.render("{}").0.usage.fuel, app.render("{}").0.usage.fuel);
}

#[test]
fn the_guest_has_no_more_globals_than_are_listed() {
    let page = render("globalThis.render = () => Object.getOwnPropertyNames(globalThis).sort().join('\\n')").page();
    let listed = include_str!("../apps/globals.txt");
    assert_eq!(page, listed.trim_end(), "a new global is a promise: add it to tests/apps/globals.txt on purpose");
}

#[test]
fn a_bundle_is_no_larger_than_the_engine_and_the_apps_heap() {
    let bytes = artifact("app.js", "globalThis.render = () => ''").bundle.len();
    let engine = std::fs::metadata(root().join("guest/engine.wasm")).unwrap().len() as usize;
    assert!(bytes < engine + (64 << 10), "{bytes}, and the engine has {engine}");
}

#[test]
fn a_byte_array_over_a_resized_buffer_is_as_long_as_it_is_now() {
    let app = App::new(
        "const forms = {
           shrunk() { const b = new ArrayBuffer(30000, { maxByteLength: 30000 }), u = new Uint8Array(b); b.resize(2);
             globalThis.kept = [...Array(200)].map((_, i) => 'SECRET' + i + 'x'.repeat(20)); return u; },
           grown() { const b = new ArrayBuffer(2, { maxByteLength: 16 }), u = new Uint8Array(b); b.resize(4); u[3] = 9; return u; },
           fixed() { const b = new ArrayBuffer(8, { maxByteLength: 16 }), u = new Uint8Array(b, 2, 3); b.resize(16); return u; },
           outside() { const b = new ArrayBuffer(8, { maxByteLength: 8 }), u = new Uint8Array(b, 4, 4); b.resize(2); return u; },
           detached() { const b = new ArrayBuffer(8), u = new Uint8Array(b); b.transfer(); return u; },
         };
         globalThis.render = ({ form }) => forms[form]();",
    );
    for (form, bytes) in [("shrunk", &[0, 0][..]), ("grown", &[0, 0, 0, 9]), ("fixed", &[0, 0, 0])] {
        match app.render(&format!("{{\"form\":\"{form}\"}}")).0.page {
            Ok(page) => assert_eq!(page, Page::Bytes(bytes.into()), "{form}"),
            Err(failure) => panic!("{form}: {failure}"),
        }
    }
    for form in ["outside", "detached"] {
        assert_eq!(app.render(&format!("{{\"form\":\"{form}\"}}")).threw().name, "TypeError", "{form}");
    }
}

#[test]
fn a_throw_after_a_caught_recursion_is_the_apps_own() {
    for throws in ["new TypeError('mine')", "{ mine: 1 }"] {
        let rendered = render(&format!(
            "const f = () => f() + 1; globalThis.render = () => {{ try {{ f(); }} catch {{}} throw ({throws}); }}"
        ));
        assert!(rendered.threw().to_string().contains("mine"), "{rendered:#?}");
    }
}

#[test]
fn the_promise_of_a_render_is_no_rejection_that_nothing_handles() {
    for gives in [
        "(async () => { throw new Error('r'); })()",
        "Promise.reject(new Error('r'))",
        "new Promise((_, no) => setTimeout(() => no(new Error('r')), 1))",
    ] {
        let rendered = render(&format!("globalThis.render = () => {gives}"));
        assert_eq!(rendered.threw().to_string(), "Error: r");
        assert_eq!(rendered.console(), [] as [String; 0], "{gives}");
    }
}

#[test]
fn app_code_that_runs_inside_the_guests_own_breaks_nothing() {
    let rendered = render(
        "globalThis.render = () => {
           const long = []; long.length = 3e9; console.log(long, [1, , 3]);
           Error.prepareStackTrace = () => { setTimeout(() => {}); return 'mine'; };
           try { new Array(1001).fill(() => {}).forEach((f) => setTimeout(f)); } catch (e) { return e.name; }
         }",
    );
    assert_eq!(rendered.page(), "RangeError");
    assert!(rendered.console()[0].ends_with("[ <3000000000 empty items> ] [ 1, <1 empty item>, 3 ]"), "{rendered:#?}");
}

#[test]
fn props_that_are_nested_too_deep_are_the_callers_mistake() {
    let rendered = App::new("globalThis.render = () => ''").render(&"[".repeat(400_000));
    assert!(matches!(&rendered.0.page, Err(Failure::Host(error)) if error.to_string().contains("nested too deep")));
}

#[test]
fn a_stack_of_no_bytes_is_still_a_stack() {
    for bytes in [0, 1, 1024] {
        let app =
            App::new("globalThis.render = ({ deep }) => { const f = () => f() + 1; return deep ? f() : 'flat'; }");
        let app = app.with(|limits| limits.js_stack = bytes);
        assert_eq!(app.render("{}").page(), "flat");
        assert_eq!(app.render("{\"deep\":1}").exceeded(), dayfly::Limit::JsStack);
    }
}
