//! Errors in the file that their author wrote.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Dayfly;

/// One line, as a bundler minifies it; `é` has two bytes and one unit of UTF-16.
const BUNDLE: &str = "/*é*/const f=()=>{console.warn('here');throw new Error('oops')};globalThis.render=()=>f();";

/// Maps the bundle's start, `console`, `throw`, `globalThis` and the call of `f`.
const MAP: &str = r#"{"version":3,"sources":["../src/entry.ts"],"sourcesContent":["const f = (): never => {\n  console.warn('here');\n  throw new Error('oops');\n};\n\nglobalThis.render = () => f();\n"],"names":[],"mappings":"AAAA,kBACE,qBACA,yBAGF,sBAA0B"}"#;

#[track_caller]
fn is_mapped(said: &super::Said) {
    assert_eq!(said.code, 1, "{said:#?}");
    assert!(said.err.contains("warn: here (../src/entry.ts:2:"), "{said:#?}");
    assert!(said.err.contains("\n3 |   throw new Error('oops');\n"), "{said:#?}");
    assert!(said.err.contains("    at f (../src/entry.ts:3:"), "{said:#?}");
    assert!(!said.err.contains("app.js"), "{said:#?}");
}

#[test]
fn a_map_is_found_beside_the_bundle_in_it_or_where_it_is_named() {
    let beside = Dayfly::new("map-beside").file("app.js", BUNDLE).file("app.js.map", MAP);
    is_mapped(&beside.run(&["render", "app.js"]));

    let named = Dayfly::new("map-named")
        .file("app.js", format!("{BUNDLE}\n//# sourceMappingURL=maps.json\n"))
        .file("maps.json", MAP);
    is_mapped(&named.run(&["render", "app.js"]));

    let data = BASE64_STANDARD.encode(MAP);
    let inline = format!("{BUNDLE}\n//# sourceMappingURL=data:application/json;base64,{data}\n");
    is_mapped(&Dayfly::new("map-inline").file("app.js", inline).run(&["render", "app.js"]));

    let given = Dayfly::new("map-given").file("app.js", BUNDLE).file("elsewhere.map", MAP);
    is_mapped(&given.run(&["render", "app.js", "--source-map", "elsewhere.map"]));
}

#[test]
fn a_map_may_stay_out_of_the_artifact_and_be_used_later() {
    let dayfly = Dayfly::new("map-later").file("app.js", BUNDLE.replace("/*é*/", "/* e*/")).file("app.js.map", MAP);
    let said = dayfly.run(&["build", "app.js"]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = dayfly.run(&["render", "app.wasm"]);
    assert!(said.err.contains("app.js:1:"), "{said:#?}");
    let said = dayfly.run(&["render", "app.wasm", "--source-map", "app.js.map"]);
    assert!(said.err.contains("    at f (../src/entry.ts:3:"), "{said:#?}");
}

#[test]
fn a_map_that_is_none_or_missing_is_named_and_is_no_mistake() {
    let dayfly = Dayfly::new("map-wrong").file("app.js", BUNDLE).file("app.js.map", "{");
    // Nobody asked for it, and the app runs as well without.
    let said = dayfly.run(&["render", "app.js"]);
    assert!(said.code == 1 && said.err.contains("warning: the source map app.js.map cannot be used: "), "{said:#?}");
    assert!(said.err.contains("at f (app.js:1:"), "{said:#?}");
    let said = dayfly.run(&["render", "app.js", "--source-map", "app.js.map"]);
    assert!(said.code == 2 && said.err.contains("error: the source map app.js.map cannot be used: "), "{said:?}");
    let inline = format!("{BUNDLE}\n//# sourceMappingURL=data:application/json;base64,!\n");
    let said = Dayfly::new("map-wrong-inline").file("app.js", inline).run(&["render", "app.js"]);
    assert!(said.code == 1 && said.err.contains("warning: the source map in the file cannot be used"), "{said:?}");
    let dayfly = Dayfly::new("map-missing").file("app.js", format!("{BUNDLE}\n//# sourceMappingURL=gone.map"));
    let said = dayfly.run(&["render", "app.js"]);
    // The line of the bundle itself is shown then.
    assert!(said.code == 1 && said.err.contains("at f (app.js:1:"), "{said:#?}");
    assert!(said.err.contains("^ Error: oops"), "{said:#?}");
    let warning = "warning: the source map gone.map cannot be used: No such file or directory";
    assert!(said.err.contains(warning), "{said:#?}");
    let said = dayfly.run(&["build", "app.js", "-o", "app.wasm"]);
    assert!(said.code == 0 && said.err.contains(warning), "{said:#?}");
    // One that is elsewhere is not looked for.
    let text = format!("{BUNDLE}\n//# sourceMappingURL=https://maps.test/app.js.map");
    let said = Dayfly::new("map-elsewhere").file("app.js", text).run(&["render", "app.js"]);
    assert!(said.code == 1 && !said.err.contains("warning"), "{said:#?}");
}

#[test]
fn a_map_that_maps_nothing_is_silent() {
    // Rollup's, of an entry that only exports what is elsewhere.
    let empty = r#"{"version":3,"sources":[],"names":[],"mappings":""}"#;
    let dayfly = Dayfly::new("map-empty").file("m.mjs", "export const render = () => 'x'").file("m.mjs.map", empty);
    for arguments in [&["render", "m.mjs"][..], &["render", "m.mjs", "--source-map", "m.mjs.map"]] {
        let said = dayfly.run(arguments);
        assert_eq!((said.code, &*said.out, &*said.err), (0, "x", ""), "{said:#?}");
    }
    let said = dayfly.run(&["build", "m.mjs"]);
    assert!(said.code == 0 && !said.err.contains("map"), "{said:#?}");
}

#[test]
fn a_bundle_says_which_file_its_places_are_in() {
    let module = BUNDLE.replace("/*é*/", "/* e*/").replace("globalThis.render=()=>", "export const render=   ()=>");
    // The map knows another name, as that of a file that was renamed since.
    let map = MAP.replace(r#""version":3"#, r#""version":3,"file":"index.js""#);
    let dayfly = Dayfly::new("map-bundle").file("app.mjs", module).file("app.mjs.map", &map);
    assert_eq!(dayfly.run(&["build", "app.mjs", "-o", "out.wasm"]).code, 0);
    let log = dayfly.run(&["render", "out.wasm"]).err;
    assert!(log.contains("    at f (app.mjs:1:") && !log.contains('^'), "{log}");
    let dayfly = dayfly.file("log.txt", &log).file("other.txt", "    at f (other.js:1:9)\n").file("none.txt", "x");
    let trace = |log: &str| dayfly.run(&["trace", "out.wasm", log, "--source-map", "app.mjs.map"]);
    let said = trace("log.txt");
    assert!(said.code == 0 && said.out.contains("    at f (../src/entry.ts:3:"), "{said:#?}");
    assert!(!said.err.contains("no place"), "{said:#?}");

    let said = trace("other.txt");
    let nothing = "warning: no place was put right: the map is that of app.mjs, and the log has places of other.js\n";
    assert_eq!((said.code, &*said.out, &*said.err), (0, "    at f (other.js:1:9)\n", nothing), "{said:#?}");
    assert!(trace("none.txt").err.contains("the log has no stack\n"));

    let dayfly = dayfly.file("out.wasm.map", &map);
    let said = dayfly.run(&["render", "out.wasm"]);
    assert!(said.err.contains("    at f (../src/entry.ts:3:"), "{said:#?}");
}

/// `const spin = …` with a loop in it, minified; with a map of the start, the loop, `globalThis` and the call.
const LOOP: &str = "const spin=()=>{for(;;){}};globalThis.render=()=>spin();";
const LOOP_MAP: &str = r#"{"version":3,"sources":["../src/spin.ts"],"sourcesContent":["const spin = (): never => {\n  for (;;) {}\n};\n\nglobalThis.render = () => spin();\n"],"names":[],"mappings":"AAAA,gBACE,WAGF,sBAA0B"}"#;

#[test]
fn a_limit_is_shown_in_the_file_that_its_author_wrote() {
    let dayfly = Dayfly::new("map-limit").file("app.js", LOOP).file("app.js.map", LOOP_MAP);
    for arguments in [["--time", "50ms"], ["--fuel", "3000000"], ["--wall", "50ms"]] {
        let said = dayfly.run(&[&["render", "app.js"][..], &arguments].concat());
        assert_eq!(said.code, 3, "{said:#?}");
        assert!(said.err.contains("\n2 |   for (;;) {}\n  |   ^ the "), "{said:#?}");
        assert!(said.err.contains("    at spin (../src/spin.ts:2:3)\n    at "), "{said:#?}");
        assert!(!said.err.contains("app.js"), "{said:#?}");
    }
    let said = dayfly.run(&["render", "app.js", "--time", "50ms", "--json"]);
    let stack = said.json()["failure"]["stack"].as_str().map(str::to_owned).unwrap();
    assert!(stack.starts_with("    at spin (../src/spin.ts:2:3)"), "{stack}");
}

/// The top level throws, reads the clock, and writes to the console.
const TOP: &str =
    "const at=Date.now();console.warn('here');globalThis.render=()=>at;if(globalThis.bad!==0)throw new Error('oops');";
const TOP_MAP: &str = r#"{"version":3,"sources":["../src/top.ts"],"sourcesContent":["const at = Date.now();\nconsole.warn('here');\nglobalThis.render = () => at;\nif (globalThis.bad !== 0) throw new Error('oops');\n"],"names":[],"mappings":"AAAA,SAAW,WACX,qBACA,yBACA,sBAA0B,MAAM"}"#;

#[test]
fn a_build_and_a_run_say_the_places_of_their_authors_files() {
    let dayfly = Dayfly::new("map-build").file("app.js", TOP).file("app.js.map", TOP_MAP);
    for command in ["build", "run", "render"] {
        let said = dayfly.run(&[command, "app.js"]);
        assert_eq!(said.code, 1, "{command}: {said:#?}");
        assert!(said.err.contains("warn: here (../src/top.ts:2:"), "{command}: {said:#?}");
        assert!(
            said.err.contains("\n4 | if (globalThis.bad !== 0) throw new Error('oops');\n"),
            "{command}: {said:#?}"
        );
        assert!(said.err.contains("(../src/top.ts:4:"), "{command}: {said:#?}");
        assert!(!said.err.contains("app.js"), "{command}: {said:#?}");
    }
    let thrown = &dayfly.run(&["build", "app.js", "--json"]).json()["failure"]["thrown"];
    assert!(thrown["stack"].as_str().is_some_and(|stack| stack.contains("../src/top.ts:4:")), "{thrown}");

    let dayfly = Dayfly::new("map-notice").file("app.js", TOP.replace("!==", "===")).file("top.map", TOP_MAP);
    let said = dayfly.run(&["build", "app.js", "--source-map", "top.map"]);
    assert!(said.code == 0 && said.err.contains("warning: ../src/top.ts:1:"), "{said:#?}");
}

#[test]
fn a_run_and_a_build_that_a_limit_ends_say_where_they_were() {
    let text = LOOP.replace("globalThis.render=()=>", "/*            call*/");
    let dayfly = Dayfly::new("map-run-limit").file("app.js", text).file("app.js.map", LOOP_MAP);
    let said = dayfly.run(&["run", "app.js", "--time", "50ms"]);
    assert_eq!(said.code, 3, "{said:#?}");
    assert!(said.err.contains("\n2 |   for (;;) {}\n  |   ^ the CPU time ended here"), "{said:#?}");
    assert!(said.err.contains("    at spin (../src/spin.ts:2:3)\n"), "{said:#?}");
}

#[test]
fn a_stack_that_was_logged_is_put_in_its_authors_places_later() {
    let dayfly = Dayfly::new("map-trace").file("app.js", BUNDLE);
    let report = dayfly.run(&["render", "app.js", "--json"]).out;
    let log = dayfly.run(&["render", "app.js"]).err;
    assert!(log.contains("at f (app.js:1:"), "{log}");
    let dayfly = dayfly.file("elsewhere.map", MAP).file("report.json", &report);

    let trace = ["trace", "app.js", "--source-map", "elsewhere.map"];
    let said = dayfly.run_with(&trace, &format!("12:00:01 web-1 {log}"));
    assert_eq!(said.code, 0, "{said:#?}");
    assert!(said.out.starts_with("12:00:01 web-1 ") && said.out.contains("    at f (../src/entry.ts:3:"), "{said:#?}");
    assert!(said.err.contains("\n3 |   throw new Error('oops');\n"), "{said:#?}");

    let said = dayfly.run(&[&trace[..], &["report.json"]].concat());
    let report = said.json();
    assert!(
        report["failure"]["thrown"]["stack"].as_str().is_some_and(|stack| stack.contains("entry.ts:3:")),
        "{report:#}"
    );
    assert_eq!(
        (&report["console"][0]["at"]["file"], &report["console"][0]["at"]["line"]),
        (&"../src/entry.ts".into(), &2.into())
    );

    let said = dayfly.run_with(&["trace", "app.js"], &log);
    assert!(said.code == 2 && said.err.contains("name one with --source-map"), "{said:#?}");
}
