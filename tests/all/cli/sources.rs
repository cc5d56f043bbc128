//! Apps from their sources: TypeScript, JSX and packages of npm, bundled by the bundler of their project.

use std::path::PathBuf;
use std::process::Command;

use super::{Dayfly, Said};
use crate::support::{has, left_out, locked_scratch, root, run};

/// A component of React in TypeScript, which throws if it is asked to.
const PAGE: &str = r#"import { renderToString } from "react-dom/server";

interface Props {
  name?: string;
}

function Page({ name = "world" }: Props) {
  if (name === "boom") throw new Error(`${name} was asked for`);
  return <h1 title="Grüße">Hello {name}</h1>;
}

export function render(props: Props): string {
  return renderToString(<Page {...props} />);
}
"#;

/// A folder below the project of `tests/sources` that has this bundler, with its packages installed. Without Node there is none,
/// and `test` is left out.
pub(super) fn project(test: &str, bundler: &str) -> Option<PathBuf> {
    if !has("node", &["--version"]) || !has("npm", &["--version"]) {
        left_out(test, "its packages are installed with npm, and bundled with node, which are not here");
        return None;
    }
    let (folder, _lock) = locked_scratch(&format!("sources-{bundler}"));
    let sources = root().join("tests/sources").join(bundler);
    let lock = std::fs::read(sources.join("package-lock.json")).unwrap();
    let installed = folder.join("installed");
    if std::fs::read(&installed).ok().as_ref() != Some(&lock) {
        for file in [".npmrc", "package.json", "package-lock.json"] {
            std::fs::copy(sources.join(file), folder.join(file)).unwrap();
        }
        run(Command::new("npm").arg("ci").current_dir(&folder));
        std::fs::write(&installed, lock).unwrap();
    }
    let own = folder.join(test.rsplit("::").next().unwrap());
    let _ = std::fs::remove_dir_all(&own);
    std::fs::create_dir_all(own.join("src")).unwrap();
    Some(own)
}

fn app(test: &str, bundler: &str) -> Option<Dayfly> {
    Some(Dayfly { folder: project(test, bundler)? }.file("package.json", r#"{ "type": "module" }"#))
}

#[track_caller]
fn says(said: &Said, code: i32, parts: &[&str]) {
    assert_eq!(said.code, code, "{said:#?}");
    for part in parts {
        assert!(said.err.contains(part), "no {part:?} in {said:#?}");
    }
}

#[test]
fn a_page_in_typescript_and_jsx_is_built_and_rendered_straight_from_its_entry() {
    let Some(dayfly) = app("cli::sources::react", "esbuild") else { return };
    let dayfly = dayfly.file("src/entry.tsx", PAGE).file("boom.json", r#"{ "name": "boom" }"#);
    let said = dayfly.run(&["build", "src/entry.tsx", "-o", "app.wasm"]);
    says(&said, 0, &["built app.wasm ("]);
    let said = dayfly.run(&["render", "app.wasm"]);
    assert_eq!((said.code, &*said.out), (0, "<h1 title=\"Grüße\">Hello <!-- -->world</h1>"), "{said:#?}");
    assert_eq!(dayfly.run(&["render", "src/entry.tsx"]).out, said.out);

    // The map that stands beside the bundle, and the one that is made for a render.
    let thrown = [
        "error: the app threw Error: boom was asked for\n",
        "\n8 |   if (name === \"boom\") throw new Error(`${name} was asked for`);\n",
        "    at Page (src/entry.tsx:8:",
    ];
    says(&dayfly.run(&["render", "app.wasm", "--props", "boom.json"]), 1, &thrown);
    says(&dayfly.run(&["render", "src/entry.tsx", "--props", "boom.json"]), 1, &thrown);
    let map = std::fs::read_to_string(dayfly.folder.join("app.wasm.map")).unwrap();
    assert!(!map.contains(dayfly.folder.to_str().unwrap()), "a map has no folder of this machine in it");
}

#[test]
fn javascript_with_an_import_is_an_entry_and_without_one_is_not() {
    let Some(dayfly) = app("cli::sources::imports", "esbuild") else { return };
    let dayfly = dayfly
        .file("src/entry.mjs", "import { h } from 'preact'; export const render = () => h('main').type")
        .file("src/plain.mjs", "import { format } from 'node:util'; export const render = () => format('%d', 7)")
        .file("src/missing.mjs", "import 'preact/nowhere'; export const render = () => ''");
    assert_eq!(dayfly.run(&["render", "src/entry.mjs"]).out, "main");
    says(&dayfly.run(&["build", "src/plain.mjs"]), 0, &["built src/plain.wasm"]);
    assert!(!dayfly.folder.join("src/plain.wasm.map").exists(), "nothing has bundled it");
    assert_eq!(dayfly.run(&["render", "src/plain.wasm"]).out, "7");
    says(&dayfly.run(&["build", "src/missing.mjs"]), 2, &["preact/nowhere", "src/missing.mjs:1:"]);
}

#[test]
fn a_type_error_stops_no_build_and_a_syntax_error_is_shown_with_its_line() {
    for bundler in ["esbuild", "rolldown", "vite"] {
        let Some(dayfly) = app(&format!("cli::sources::types-{bundler}"), bundler) else { return };
        let dayfly = dayfly
            .file("src/types.ts", "const text: number = 'text';\nexport const render = (): string => text;\n")
            .file("src/syntax.ts", "export const render = () => 'x';\nexport const broken: = 3;\n")
            .file("src/missing.ts", "import pad from 'left-pad/deep';\nexport const render = () => pad('x', 3);\n")
            .file("src/throws.ts", "interface A { a: 1 }\nconst fail = (): A => {\n  throw new Error('top');\n};\nexport const a = fail();\nexport const render = () => '';\n");
        assert_eq!(dayfly.run(&["render", "src/types.ts"]).out, "text", "{bundler}");
        says(
            &dayfly.run(&["build", "src/syntax.ts"]),
            2,
            &["(src/syntax.ts:2:22)\n", "\n2 | export const broken: = 3;\n"],
        );
        says(
            &dayfly.run(&["build", "src/missing.ts"]),
            2,
            &["Could not resolve \"left-pad/deep\" (src/missing.ts:1:", "^^^^^^^", "`npm install left-pad`"],
        );
        let json = dayfly.run(&["build", "src/missing.ts", "--json"]).json();
        assert_eq!(json["failure"]["kind"], "bundler", "{json}");
        says(
            &dayfly.run(&["build", "src/throws.ts"]),
            1,
            &["the top level threw Error: top\n", "\n3 |   throw new Error('top');\n", "at fail (src/throws.ts:3:"],
        );
    }
}

#[test]
fn an_entry_without_a_bundler_says_how_to_get_one() {
    let dayfly = Dayfly::new("no-bundler").file("entry.ts", "export const render = () => ''");
    says(
        &dayfly.run(&["build", "entry.ts"]),
        2,
        &["error: entry.ts is to be bundled", "`npm install --save-dev esbuild`"],
    );
    says(&dayfly.run(&["build", "gone.tsx"]), 2, &["error: cannot read gone.tsx"]);
}
