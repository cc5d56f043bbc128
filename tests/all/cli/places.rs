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
fn a_map_that_is_none_is_named_and_one_that_is_missing_is_no_mistake() {
    let dayfly = Dayfly::new("map-wrong").file("app.js", BUNDLE).file("app.js.map", "{");
    let said = dayfly.run(&["render", "app.js"]);
    assert!(said.code == 2 && said.err.contains("the source map app.js.map cannot be used"), "{said:?}");
    let dayfly = Dayfly::new("map-missing").file("app.js", format!("{BUNDLE}\n//# sourceMappingURL=gone.map"));
    let said = dayfly.run(&["render", "app.js"]);
    // The line of the bundle itself is shown then.
    assert!(said.code == 1 && said.err.contains("at f (app.js:1:"), "{said:#?}");
    assert!(said.err.contains("^ Error: oops"), "{said:#?}");
}
