//! A bundle that shares its code renders what it renders as it stands: pages, console, fuel and failures.

use std::sync::LazyLock;

use dayfly::{Bundle, Engine, EngineConfig, Failure, Limits, Outcome};

use crate::support::{artifact, engine, root, runtime, workload};

/// Compiles every bundle as it stands.
static WHOLE: LazyLock<Engine> = LazyLock::new(|| {
    Engine::new(&EngineConfig { fuel: true, share_code: false, concurrency: 4, ..EngineConfig::default() }).unwrap()
});

/// All of an outcome but its times, and fuel to a ten-thousandth: tables are hashed with another seed in each render.
#[track_caller]
fn assert_same(name: &str, whole: &Outcome, shared: &Outcome) {
    let said = |outcome: &Outcome| match &outcome.page {
        // Where it was is known of the one that shares its code.
        Err(Failure::Exceeded { limit, .. }) => format!("{limit} {:#?}", outcome.console),
        page => format!("{page:#?} {:#?}", outcome.console),
    };
    assert_eq!(said(shared), said(whole), "{name}");
    let (one, other) = (shared.usage.fuel.unwrap(), whole.usage.fuel.unwrap());
    assert!(one.abs_diff(other) <= other / 10_000 + 200, "{name}: fuel {one} and {other}");
    assert_eq!(shared.usage.page_bytes, whole.usage.page_bytes, "{name}");
}

#[track_caller]
fn is_the_same_both_ways(name: &str, text: &str, props: &str) {
    let bundle = artifact(name, text).bundle;
    let (shared, whole) = (Bundle::load(engine(), &bundle).unwrap(), Bundle::load(&WHOLE, &bundle).unwrap());
    assert_eq!((shared.shares_code(), whole.shares_code()), (true, false), "{name}");
    let limits = Limits { cpu: std::time::Duration::from_secs(60), fuel: Some(2_000_000_000), ..Limits::default() };
    runtime().block_on(async {
        let expected = WHOLE.render(&whole, &limits, props).await;
        let got = engine().render(&shared, &limits, props).await;
        assert_same(name, &expected, &got);
    });
}

#[test]
fn every_workload_and_framework_is_the_same_both_ways() {
    let test = "every_workload_and_framework_is_the_same_both_ways";
    for file in ["w1.js", "w2.js", "w3.js", "preact.mjs", "vue.mjs", "svelte.mjs", "solid.mjs", "lit.mjs"] {
        let Some(workload) = workload(test, file) else { return };
        is_the_same_both_ways(file, &workload.text, &workload.props);
    }
}

#[test]
fn every_test_app_is_the_same_both_ways() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("tests/apps")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "js" || extension == "mjs") {
            let name = path.file_name().unwrap().to_str().unwrap();
            is_the_same_both_ways(name, &std::fs::read_to_string(&path).unwrap(), "{}");
            seen += 1;
        }
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn failures_are_the_same_both_ways() {
    for (name, text) in [
        ("throws.js", "globalThis.render = () => { console.error('first'); throw new RangeError('no', { cause: 1 }) }"),
        ("unsettled.js", "globalThis.render = () => new Promise(() => {})"),
        ("endless.js", "globalThis.render = () => { for (;;); }"),
        ("bomb.js", "globalThis.render = () => { const a = []; for (;;) a.push(new Uint8Array(1 << 20)); }"),
        ("deep.js", "globalThis.render = function f() { return f() + 1 }"),
        ("nothing.js", "globalThis.render = () => 1"),
    ] {
        is_the_same_both_ways(name, text, "{}");
    }
}
