//! From a source to a bundle.

use dayfly_bundler::{Bundler, Form, NoticeKind, Refusal, Source};

use crate::support::{App, Rendered, artifact, build, bundler, runtime};

#[test]
fn the_same_source_gives_the_same_bytes() {
    let text = "const at = Date.now(), drawn = Math.random(), table = new Map(Array.from({ length: 1000 }, (_, i) => ['k' + i, i]));
                export const render = () => `${at} ${drawn} ${table.size}`;";
    assert_eq!(artifact("app.js", text).bundle, artifact("app.js", text).bundle);
}

#[test]
fn top_level_code_that_a_snapshot_cannot_keep_is_reported_with_its_place() {
    let artifact = artifact(
        "app.mjs",
        "const now = Date.now();
const drawn = [Math.random(), new Date(), performance.now(), performance.timeOrigin];
  setTimeout(() => {}, 10);
setInterval(() => {}, 10);
const pending = new Promise(() => {});
Promise.reject(new TypeError('lost'));
const handled = Promise.reject(1); handled.catch(() => {});
await Promise.resolve();
export const render = () => '';",
    );
    let notices: Vec<_> = artifact
        .notices
        .iter()
        .map(|notice| (notice.kind, notice.what.as_str(), notice.at.as_ref().unwrap().to_string()))
        .collect();
    let expected = [
        (NoticeKind::Clock, "Date", "app.mjs:1:18"),
        (NoticeKind::Random, "Math.random()", "app.mjs:2:21"),
        (NoticeKind::Clock, "Date", "app.mjs:2:31"),
        (NoticeKind::Clock, "performance.now()", "app.mjs:2:55"),
        (NoticeKind::Clock, "performance.timeOrigin", "app.mjs:2:74"),
        (NoticeKind::Promise, "a promise", "app.mjs:5:17"),
        (NoticeKind::Rejection, "TypeError: lost", "app.mjs:6:9"),
        (NoticeKind::Timer, "setTimeout()", "app.mjs:3:3"),
        (NoticeKind::Timer, "setInterval()", "app.mjs:4:1"),
    ];
    let notices: Vec<_> = notices.iter().map(|(kind, what, at)| (*kind, *what, at.as_str())).collect();
    assert_eq!(notices, expected);
    assert_eq!(artifact.form, Form::Module);
}

#[test]
fn code_that_only_computes_is_not_reported() {
    let text = "const d = new Date(0), p = Promise.resolve(1), s = new Set([1]), a = (async () => { await null; return 1; })();
                const f = () => [Date.now(), Math.random()];
                export const render = () => String(d.getTime());";
    assert_eq!(artifact("app.js", text).notices, []);
}

#[test]
fn a_flood_of_notices_is_counted() {
    let artifact = artifact("app.js", "for (let i = 0; i < 1000; i++) Math.random(); globalThis.render = () => ''");
    assert_eq!((artifact.notices.len(), artifact.notices_dropped), (256, 744));
}

#[test]
fn timers_of_the_top_level_never_fire_in_a_render() {
    let app = App::new(
        "let fired = 0; setTimeout(() => fired++, 0);
         globalThis.render = () => new Promise((resolve) => setTimeout(() => resolve(String(fired)), 5));",
    );
    assert_eq!(app.render("{}").page(), "0");
}

#[test]
fn a_syntax_error_shows_the_line_with_a_caret() {
    let text = "let a = 1;\nfunction f() {\n  return { a: };\n}\nglobalThis.render = f";
    let refusal = build("app.js", text).artifact.unwrap_err();
    assert_eq!(
        refusal.report(&Source::new("app.js", text)),
        "error: syntax error: unexpected token in expression: '}' (app.js:3:15)
  |
3 |   return { a: };
  |               ^ unexpected token in expression: '}'"
    );
}

#[test]
fn a_syntax_error_in_a_module_is_the_modules() {
    let refusal = build("app.js", "export const render = () => {\n  const x = ;\n}").artifact.unwrap_err();
    match refusal {
        Refusal::Syntax { at: Some(at), .. } => assert_eq!(at.to_string(), "app.js:2:13"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_refusal_names_the_thing_and_the_remedy() {
    for (name, text, says) in [
        ("app.js", "", "a classic script sets globalThis.render to a function, and this one did not"),
        ("app.js", "export const a = 1, b = 2", "this one exports a, b"),
        ("app.js", "export default { render: 1 }", "this one exports default"),
        ("app.js", "export const render = 5", "nothing to render with: the `render` that it exports is no function"),
        ("app.mjs", "", "this one exports nothing"),
        ("app.js", "import React from 'react'; export default () => React", "could not load module 'react'"),
        ("app.js", "import React from 'react'; export default () => React", "esbuild, Vite, rolldown or webpack"),
        ("app.js", "throw new RangeError('top')", "the top level threw RangeError: top"),
        ("app.js", "await new Promise(() => {}); export const render = () => ''", "can never settle"),
        ("app.js", "export const render = await Promise.reject(new Error('tla'))", "the top level threw Error: tla"),
        ("app.js", "\0\u{1}\u{2}", "syntax error"),
        ("app.js", "const f = () => f(); f();", "Maximum call stack size exceeded"),
    ] {
        let refusal = build(name, text).artifact.unwrap_err();
        let report = refusal.report(&Source::new(name, text));
        assert!(report.contains(says), "{text}: {report}");
    }
}

#[test]
fn a_top_level_that_does_not_end_meets_the_limits_of_the_build() {
    let limits = dayfly::Limits { cpu: std::time::Duration::from_millis(200), ..dayfly_bundler::Bundler::limits() };
    let source = Source::new("app.js", "for (;;);");
    let build = crate::support::runtime().block_on(crate::support::bundler().build(&source, &limits));
    assert_eq!(
        build.artifact.unwrap_err().to_string(),
        "the top level did not end: the render used more CPU time than its limit allows"
    );
}

#[test]
fn what_the_top_level_printed_survives_its_failure() {
    let build = build("app.js", "console.log('before'); throw new Error('x')");
    assert!(build.artifact.is_err());
    assert_eq!(build.console[0].text, "before");
    assert!(build.usage.cpu > std::time::Duration::ZERO);
}

#[test]
fn a_source_is_taken_as_it_is_named() {
    assert!(matches!(build("app.cjs", "export const render = 1").artifact, Err(Refusal::Syntax { .. })));
    assert_eq!(artifact("app.mjs", "globalThis.render = () => ''").form, Form::Module);
    let bom = "\u{feff}#!/usr/bin/env node\nglobalThis.render = () => 'marked'";
    assert_eq!(App::new(bom).render("{}").page(), "marked");
}

#[test]
fn tables_that_the_top_level_filled_are_whole_under_a_new_seed() {
    // Map and Set hash with a seed that is new in each render; what the snapshot holds was hashed with the build's.
    let app = App::new(
        "const map = new Map(Array.from({ length: 5000 }, (_, i) => ['k' + i, i])), set = new Set(map.keys()), weak = new WeakMap();
         const keys = [...set].map((k) => { const key = { k }; weak.set(key, k); return key; });
         globalThis.render = () => {
           for (const [i, key] of keys.entries()) if (map.get('k' + i) !== i || !set.has('k' + i) || weak.get(key) !== 'k' + i) return 'lost before ' + i;
           map.set('new', 1); set.add('new'); weak.set(map, 1); map.delete('k7');
           for (const [i, key] of keys.entries()) if (map.has('k' + i) !== (i !== 7) || !set.has('k' + i) || weak.get(key) !== 'k' + i) return 'lost after ' + i;
           return `${map.size} ${set.size} ${map.get('new')} ${[...map.keys()].slice(-2)}`;
         };",
    );
    assert_eq!(app.render("{}").page(), "5000 5001 1 k4999,new");
}

#[test]
fn a_zero_byte_in_a_comment_is_javascript() {
    for text in
        ["//#region \0vite/x.js\nexport const render = () => 'module'", "/*\0*/ globalThis.render = () => 'script'"]
    {
        assert!(build("app.js", text).artifact.is_ok(), "{text:?}");
    }
}

#[test]
fn nothing_that_the_top_level_left_runs_in_a_render() {
    let app = App::new(
        "const registry = new FinalizationRegistry(() => console.log('finalized'));
         (() => { const a = {}; a.a = a; registry.register(a, 1); })();
         const error = new Error('x');
         Object.defineProperty(error, 'message', { get() {
           setTimeout(() => console.log('timer'), 0); queueMicrotask(() => console.log('microtask')); Math.random();
           Promise.reject(1); return 'got'; } });
         Promise.reject(error);
         console.time('boot');
         const render = () => new Promise((resolve) => setTimeout(() => resolve('page'), 5));
         Object.defineProperty(globalThis, 'render', { get() { queueMicrotask(() => console.log('getter')); return render; } });",
    );
    let rendered = app.render("{}");
    assert_eq!(rendered.page(), "page");
    assert_eq!(rendered.console(), [] as [String; 0]);
}

#[test]
fn the_garbage_of_a_top_level_is_collected() {
    let artifact = artifact(
        "app.js",
        "for (let i = 0; i < 1_000_000; i++) { const o = { a: 1 }; o.o = o; } globalThis.render = () => ''",
    );
    assert!(artifact.bundle.len() < 48 << 20, "{}", artifact.bundle.len());
}

#[test]
fn a_warm_up_render_leaves_what_it_made_in_the_bundle() {
    let text = "let table; globalThis.render = ({ of }) => {
        if (!table) { console.log('filling'); table = Array.from({ length: 20000 }, (_, i) => i * 2); }
        return `${of} ${table[of]}`;
    }";
    let warm = Source { warm: Some(r#"{"of":1}"#.into()), ..Source::new("app.js", text) };
    let build = runtime().block_on(bundler().build(&warm, &Bundler::limits()));
    assert_eq!(build.console.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["filling"]);
    let warmed = App::of(&build.artifact.unwrap());
    let cold = App::new(text);
    let (warmed, cold) = (warmed.render(r#"{"of":7}"#), cold.render(r#"{"of":7}"#));
    assert_eq!((warmed.page(), cold.page()), ("7 14".into(), "7 14".into()));
    assert_eq!((warmed.console().len(), cold.console().len()), (0, 1));
    let fuel = |rendered: &Rendered| rendered.0.usage.fuel.unwrap();
    assert!(fuel(&warmed) * 10 < fuel(&cold), "{} and {}", fuel(&warmed), fuel(&cold));
}

#[test]
fn a_warm_up_render_that_fails_is_no_bundle() {
    let text = "globalThis.render = (p) => { if (p.throw) throw new TypeError('no'); return new Promise((r) => setTimeout(r, 1)); }";
    for (props, why) in [
        (r#"{"throw":true}"#, "the warm-up render failed: the app threw TypeError: no"),
        (
            "{}",
            "the warm-up render failed: the app's promise can never settle: no microtask and no timer is left that could",
        ),
        ("{", "the warm-up render failed: the props are not JSON: SyntaxError: "),
    ] {
        let warm = Source { warm: Some(props.into()), ..Source::new("app.js", text) };
        let refusal = runtime().block_on(bundler().build(&warm, &Bundler::limits())).artifact.unwrap_err().to_string();
        assert!(refusal.starts_with(why), "{refusal}");
    }
}
