//! A bundle that shares its code renders what it renders as it stands: pages, console, fuel and failures.

use std::sync::{Arc, LazyLock};

use dayfly::{Bundle, Cache, Engine, EngineConfig, Failure, Limits, Outcome};

use crate::support::{artifact, engine, root, runtime, scratch, workload};

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

/// An app that has been loaded both ways.
struct BothWays {
    shared: Bundle,
    whole: Bundle,
}

impl BothWays {
    #[track_caller]
    fn new(name: &str, text: &str) -> Self {
        let bundle = artifact(name, text).bundle;
        let (shared, whole) = (Bundle::load(engine(), &bundle).unwrap(), Bundle::load(&WHOLE, &bundle).unwrap());
        assert_eq!((shared.shares_code(), whole.shares_code()), (true, false), "{name}");
        Self { shared, whole }
    }

    #[track_caller]
    fn give_the_same(&self, name: &str, props: &str) {
        let limits = Limits { cpu: std::time::Duration::from_secs(60), fuel: Some(2_000_000_000), ..Limits::default() };
        runtime().block_on(async {
            let expected = WHOLE.render(&self.whole, &limits, props).await;
            let got = engine().render(&self.shared, &limits, props).await;
            assert_same(name, &expected, &got);
        });
    }
}

#[track_caller]
fn is_the_same_both_ways(name: &str, text: &str, props: &str) {
    BothWays::new(name, text).give_the_same(name, props);
}

#[test]
fn apps_of_any_name_have_one_compiled_engine() {
    let folder = scratch("split-cache");
    let _ = std::fs::remove_dir_all(&folder);
    let cache = Arc::new(Cache::open(&folder).unwrap());
    let engine = Engine::with_cache(&EngineConfig { concurrency: 1, ..EngineConfig::default() }, cache).unwrap();
    for name in ["app.js", "another-one.mjs"] {
        Bundle::load(&engine, &artifact(name, "globalThis.render = () => 'page'").bundle).unwrap();
    }
    let entries = std::fs::read_dir(&folder).unwrap().filter(|entry| entry.as_ref().unwrap().file_name() != "key");
    assert_eq!(entries.count(), 1);
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
    // One app, as to compile one whole takes long.
    let text = "const kinds = {
                  throws() { console.error('first'); throw new RangeError('no', { cause: 1 }) },
                  unsettled: () => new Promise(() => {}),
                  endless() { for (;;); },
                  bomb() { const a = []; for (;;) a.push(new Uint8Array(1 << 20)) },
                  deep: function f() { return f() + 1 },
                  nothing: () => 1,
                };
                globalThis.render = ({ kind }) => kinds[kind]();";
    let app = BothWays::new("fails.js", text);
    for kind in ["throws", "unsettled", "endless", "bomb", "deep", "nothing"] {
        app.give_the_same(kind, &format!(r#"{{ "kind": "{kind}" }}"#));
    }
}
