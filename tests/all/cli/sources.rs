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

/// One for each bundler; none without Node.
fn apps(test: &str) -> impl Iterator<Item = (&'static str, Dayfly)> {
    ["esbuild", "rolldown", "vite"]
        .into_iter()
        .map_while(move |bundler| Some((bundler, app(&format!("{test}-{bundler}"), bundler)?)))
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
    for (bundler, dayfly) in apps("cli::sources::types") {
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
fn what_is_imported_later_is_run_when_it_is_imported() {
    for (bundler, dayfly) in apps("cli::sources::later") {
        let dayfly = dayfly
            .file("src/browser.ts", "import { name } from './shared';\nexport const text: string = name + window.location;\n")
            .file("src/later.ts", "import { name } from './shared';\nconsole.log('later');\nexport const text: string = `${name} came`;\nexport function fail(): never {\n  throw new Error('late');\n}\n")
            .file("src/shared.ts", "export const name = 'it';\n")
            .file(
                "src/entry.ts",
                "import { name } from './shared';\nexport async function render(props: { fails?: true }) {\n  console.log('first');\n  if (typeof window !== 'undefined') return (await import('./browser')).text;\n  const { text, fail } = await import('./later');\n  if (props.fails) fail();\n  return `${name}: ${text}`;\n}\n",
            );
        let said = dayfly.run(&["render", "src/entry.ts"]);
        assert_eq!((said.code, said.out.as_str()), (0, "it: it came"), "{bundler}: {said:#?}");
        let lines: Vec<_> = said.err.lines().filter(|line| line.contains("log: ")).collect();
        assert!(lines.len() == 2 && lines[0].contains("first") && lines[1].contains("later"), "{bundler}: {said:#?}");
        let dayfly = dayfly.file("fails.json", "{ \"fails\": true }");
        says(
            &dayfly.run(&["render", "src/entry.ts", "--props", "fails.json"]),
            1,
            &["Error: late", "\n5 |   throw new Error('late');\n", "at fail (src/later.ts:5:"],
        );
    }
}

#[test]
fn the_places_of_what_another_tool_wrote_are_its_sources() {
    let Some(dayfly) = app("cli::sources::written", "vite") else { return };
    // The second line of the output is the third of the source.
    let map = r#"{"version":3,"sources":["../src/page.ts"],"sourcesContent":["interface A {}\n\n  throw new Error('its own');\n"],"names":[],"mappings":";AAEE"}"#;
    let dayfly = dayfly
        .file("dist/page.js.map", map)
        .file(
            "dist/page.js",
            "export function page() {\nthrow new Error('its own');\n}\n//# sourceMappingURL=page.js.map\n",
        )
        .file("src/entry.ts", "import { page } from '../dist/page.js';\nexport const render = () => page();\n");
    says(&dayfly.run(&["render", "src/entry.ts"]), 1, &["\n3 |   throw new Error('its own');\n", "(src/page.ts:3:"]);
}

#[test]
fn commonjs_in_typescript_is_an_entry() {
    let text = "import path = require(\"node:path\");\nexport = { render: (): string => path.join(\"a\", \"b\") };\n";
    for (bundler, dayfly) in apps("cli::sources::cts") {
        let said = dayfly.file("src/entry.cts", text).run(&["render", "src/entry.cts"]);
        assert_eq!((said.code, said.out.as_str()), (0, "a/b"), "{bundler}: {said:#?}");
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

#[test]
fn a_projects_plugins_and_configuration_hold() {
    let Some(dayfly) = app("cli::sources::svelte", "vite") else { return };
    let dayfly = dayfly
        .file(
            "vite.config.ts",
            "import { svelte } from '@sveltejs/vite-plugin-svelte';
             import { defineConfig } from 'vite';
             // As a client's build has it, which a server's bundle of one file cannot keep.
             const output = { manualChunks: (id: string) => id.includes('svelte') ? 'svelte' : undefined };
             export default defineConfig({ plugins: [svelte()], define: { __NAME__: '\"Ada\"' }, build: { rollupOptions: { output } } });",
        )
        .file("src/Page.svelte", "<script lang=\"ts\">\n  let { name }: { name: string } = $props();\n  const shout = () => {\n    if (name === 'boom') throw new Error('in svelte');\n    return name.toUpperCase();\n  };\n</script>\n<h1>{shout()}</h1>\n")
        .file(
            "src/entry.ts",
            "import { render as html } from 'svelte/server';\nimport Page from './Page.svelte';\ndeclare const __NAME__: string;\nexport const render = ({ name = __NAME__ }) => html(Page, { props: { name } }).body;\n",
        )
        .file("boom.json", r#"{ "name": "boom" }"#);
    let said = dayfly.run(&["render", "src/entry.ts"]);
    assert!(said.code == 0 && said.out.contains("<h1>ADA</h1>"), "{said:#?}");
    let said = dayfly.run(&["render", "src/entry.ts", "--props", "boom.json"]);
    says(
        &said,
        1,
        &["error: the app threw Error: in svelte\n", "(src/Page.svelte:4:", "\n4 |     if (name === 'boom') throw"],
    );
}

#[test]
fn an_entry_is_read_as_its_tsconfig_says_and_for_a_worker() {
    for bundler in ["esbuild", "rolldown"] {
        let Some(dayfly) = app(&format!("cli::sources::tsconfig-{bundler}"), bundler) else { return };
        let conditions = r#"{ "name": "where", "exports": { "node": "./node.js", "browser": "./browser.js", "worker": "./worker.js", "default": "./default.js" } }"#;
        std::fs::create_dir_all(dayfly.folder.join("node_modules/where")).unwrap();
        let dayfly = dayfly
            .file("tsconfig.json", r#"{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "preact", "paths": { "~/*": ["./src/*"] } } }"#)
            .file("node_modules/where/package.json", conditions)
            .file("node_modules/where/worker.js", "module.exports = 'a worker, ' + require('util').format('%d', 7);")
            .file("src/mode.ts", "export const mode = process.env.NODE_ENV as string;")
            .file("src/page.css", "h1 { color: red }")
            .file(
                "src/entry.tsx",
                "import { render as html } from 'preact-render-to-string';\nimport where from 'where';\nimport { mode } from '~/mode';\nexport const render = () => html(<h1>{where}, {mode}</h1>);\n",
            );
        let said = dayfly.run(&["render", "src/entry.tsx"]);
        assert_eq!(said.out, "<h1>a worker, 7, production</h1>", "{bundler}: {said:#?}");
    }
    let Some(dayfly) = app("cli::sources::css", "esbuild") else { return };
    let dayfly = dayfly
        .file("src/page.css", "h1 { color: red }")
        .file("src/entry.ts", "import './page.css';\nexport const render = () => 'plain';\n");
    says(
        &dayfly.run(&["build", "src/entry.ts"]),
        0,
        &["the bundler makes entry.css too, which only browsers want: left out"],
    );
}

#[test]
fn a_file_that_is_imported_once_the_app_runs_is_bundled_with_it() {
    for (bundler, dayfly) in apps("cli::sources::lazy") {
        let dayfly = dayfly
            .file("src/entry.mjs", "export const render = async () => (await import('./chunk.mjs')).x")
            .file("src/chunk.mjs", "export const x = 'from the chunk'")
            .file("src/text.mjs", "// import('./chunk.mjs')\nexport const render = () => \"import('./chunk.mjs')\"");
        let said = dayfly.run(&["render", "src/entry.mjs"]);
        assert_eq!((said.code, &*said.out, &*said.err), (0, "from the chunk", ""), "{bundler}: {said:#?}");
        says(&dayfly.run(&["build", "src/entry.mjs"]), 0, &["built src/entry.wasm"]);
        assert_eq!(dayfly.run(&["render", "src/entry.wasm"]).out, "from the chunk", "{bundler}");
        says(&dayfly.run(&["build", "src/text.mjs"]), 0, &["built src/text.wasm"]);
        assert!(!dayfly.folder.join("src/text.wasm.map").exists(), "nothing has bundled it");
    }
}

#[test]
fn an_import_that_will_lead_nowhere_is_a_warning_with_its_place() {
    let dayfly = Dayfly::new("lazy-missing")
        .file("gone.mjs", "let x;\nexport const render = async () => (await import('./gone-too.mjs')).x")
        .file("entry.mjs", "export const render = async () => (await import('./chunk.mjs')).x")
        .file("chunk.mjs", "export const x = 1")
        .file("node.mjs", "import 'node:nope'; export const render = () => ''");
    let said = dayfly.run(&["build", "gone.mjs"]);
    let warning =
        "warning: import('./gone-too.mjs') finds nothing once the bundle runs: a bundle is one file (gone.mjs:2:42)\n";
    says(&said, 0, &[warning, "\n2 | export const render", "without splitting it into chunks", "built gone.wasm"]);
    // There is no bundler here.
    let said = dayfly.run(&["render", "entry.mjs"]);
    says(
        &said,
        1,
        &["(entry.mjs:1:42)", "bundle it into this file, with esbuild", "could not load module 'chunk.mjs'"],
    );
    let said = dayfly.run(&["build", "node.mjs"]);
    says(&said, 2, &["'node:nope': the engine does not have that module of Node's", "GLOBALS.md"]);
    assert!(!said.err.contains("esbuild"), "{said:#?}");
}

#[test]
fn an_app_has_its_environment_whatever_bundles_it() {
    let app_of_it = "export default { fetch: (_: Request, env: Record<string, string>) => new Response([env.KEY, process.env.KEY, process.env.NODE_ENV].join()) };\n";
    for (bundler, dayfly) in apps("cli::sources::environment") {
        let dayfly = dayfly.file("src/entry.ts", app_of_it).file("env.json", r#"{ "KEY": "its own" }"#);
        let said = dayfly.run(&["render", "src/entry.ts", "--url", "http://localhost/", "--env", "env.json"]);
        assert_eq!((said.code, said.out.as_str()), (0, "its own,its own,production"), "{bundler}: {said:#?}");
    }
}

#[test]
fn rolldowns_configuration_holds_but_for_where_it_writes() {
    let Some(dayfly) = app("cli::sources::configured", "rolldown") else { return };
    let dayfly = dayfly
        .file(
            "rolldown.config.ts",
            "const virtual = {
               name: 'virtual',
               resolveId: (id: string) => id === 'virtual:name' ? '\\0name' : undefined,
               load: (id: string) => id === '\\0name' ? 'export default \"virtual\"' : undefined,
             };
             export default { input: 'nowhere.js', output: { dir: 'dist' }, transform: { define: { __X__: '\"defined\"' } }, plugins: [virtual] };",
        )
        .file("src/entry.ts", "import name from 'virtual:name';\ndeclare const __X__: string;\nexport const render = () => `${name} ${__X__}`;\n");
    let said = dayfly.run(&["render", "src/entry.ts"]);
    assert_eq!((said.code, said.out.as_str()), (0, "virtual defined"), "{said:#?}");
    assert!(!dayfly.folder.join("dist").exists());
}

#[test]
fn a_configuration_that_is_none_is_named_and_an_empty_entry_is_no_crash() {
    let Some(dayfly) = app("cli::sources::wrong-config", "rolldown") else { return };
    let mut dayfly = dayfly.file("src/entry.ts", "export const render = () => '';\n").file("src/empty.ts", "");
    for (config, why) in [
        ("export default 5;", "what it exports is no object of options"),
        ("export default { plugins: 'all' };", "its `plugins` are no list of plugins"),
        ("export default () => { throw new Error('its own'); };", "cannot be used: its own"),
        ("export default {", "cannot be used: "),
    ] {
        dayfly = dayfly.file("rolldown.config.js", config);
        says(&dayfly.run(&["render", "src/entry.ts"]), 2, &["the configuration", why, "rolldown.config.js"]);
    }
    std::fs::remove_file(dayfly.folder.join("rolldown.config.js")).unwrap();
    says(&dayfly.run(&["render", "src/empty.ts"]), 4, &["the bundle has nothing to render with"]);
}

#[test]
fn a_file_that_names_what_its_jsx_calls_has_that_called() {
    let Some(dayfly) = app("cli::sources::factory", "esbuild") else { return };
    let page = "/** @jsx h */\nconst h = (name, _, ...inside) => `<${name}>${inside.join('')}</${name}>`;\nexport const render = () => <b>hi</b>;\n";
    let said = dayfly.file("src/entry.jsx", page).run(&["render", "src/entry.jsx"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "<b>hi</b>", ""), "{said:#?}");
}

#[test]
fn what_a_configuration_leaves_out_is_told_from_what_is_missing() {
    let Some(dayfly) = app("cli::sources::external", "vite") else { return };
    let dayfly = dayfly
        .file("vite.config.js", "export default { build: { rollupOptions: { external: ['vite'] } } };")
        .file("src/entry.ts", "import { version } from 'vite';\nexport const render = () => version;\n");
    let parts = ["the configuration leaves \"vite\" outside of the bundle", "take it out of `external`"];
    says(&dayfly.run(&["render", "src/entry.ts"]), 2, &parts);
}

#[test]
fn json_that_is_none_is_named() {
    for (_, dayfly) in apps("cli::sources::json") {
        let dayfly = dayfly
            .file("src/data.json", "{ \"v\":\n")
            .file("src/entry.ts", "import data from './data.json';\nexport const render = () => data.v;\n");
        says(&dayfly.run(&["render", "src/entry.ts"]), 2, &["src/data.json"]);
    }
}

#[test]
fn an_import_that_its_bundler_leaves_is_a_warning_in_its_authors_file() {
    let Some(dayfly) = app("cli::sources::left", "rolldown") else { return };
    let dayfly = dayfly.file("src/pages/one.ts", "export default 'one';\n").file(
        "src/entry.ts",
        "interface Props { n?: string }\nexport const render = async ({ n }: Props) =>\n  (await import(`./pages/${n}.ts`)).default;\n",
    );
    let parts = ["warning: import('./pages/…') finds nothing once the bundle runs", "(src/entry.ts:3:10)"];
    says(&dayfly.run(&["build", "src/entry.ts"]), 0, &parts);
}

#[test]
fn a_map_of_a_bundle_that_was_here_before_is_gone_with_it() {
    let Some(dayfly) = app("cli::sources::stale", "esbuild") else { return };
    let dayfly = dayfly
        .file("src/entry.ts", "interface A {}\n\nexport const render = (): string => 'typed';\n")
        .file("plain.mjs", "export function render() {\n  return null.x;\n}\n");
    assert_eq!(dayfly.run(&["build", "src/entry.ts", "-o", "app.wasm"]).code, 0);
    let map = dayfly.folder.join("app.wasm.map");
    assert!(map.exists());
    assert_eq!(dayfly.run(&["build", "plain.mjs", "-o", "app.wasm"]).code, 0);
    assert!(!map.exists());
    let said = dayfly.run(&["render", "app.wasm"]);
    says(&said, 1, &["at render (plain.mjs:2:15)"]);
    // One that another tool made, or that was put there, stays.
    let dayfly = dayfly.file("app.wasm.map", r#"{ "version": 3, "sources": [], "names": [], "mappings": "" }"#);
    assert_eq!(dayfly.run(&["build", "plain.mjs", "-o", "app.wasm"]).code, 0);
    assert!(map.exists());
}

#[test]
fn lit_is_bundled_with_its_build_for_servers() {
    let Some(dayfly) = app("cli::sources::lit", "esbuild") else { return };
    let dayfly = dayfly
        .file("package.json", r#"{ "type": "module", "dependencies": { "@lit-labs/ssr": "*", "lit": "*" } }"#)
        .file(
            "src/entry.ts",
            "import { render as ssr } from '@lit-labs/ssr';
             import { collectResultSync } from '@lit-labs/ssr/lib/render-result.js';
             import { html, LitElement } from 'lit';
             customElements.define('my-page', class extends LitElement { render() { return html`<p>in Lit</p>`; } });
             export const render = () => collectResultSync(ssr(html`<my-page></my-page>`));",
        );
    let said = dayfly.run(&["render", "src/entry.ts"]);
    assert!(said.code == 0 && said.out.contains("<p>in Lit</p>"), "{said:#?}");
}

#[test]
fn a_projects_conditions_hold() {
    for (bundler, dayfly) in apps("cli::sources::conditions") {
        let package = r#"{ "name": "where", "exports": { "mine": "./mine.js", "default": "./default.js" } }"#;
        let dayfly = dayfly
            .file("package.json", r#"{ "type": "module", "dayfly": { "conditions": ["mine"] } }"#)
            .file("node_modules/where/package.json", package)
            .file("node_modules/where/mine.js", "module.exports = 'mine'")
            .file("node_modules/where/default.js", "module.exports = 'default'")
            .file("src/entry.ts", "import where from 'where'; export const render = () => where");
        assert_eq!(dayfly.run(&["render", "src/entry.ts"]).out, "mine", "{bundler}");
    }
}

#[test]
fn what_is_no_package_or_has_no_loader_comes_with_its_remedy() {
    let Some(dayfly) = app("cli::sources::advice", "esbuild") else { return };
    let dayfly = dayfly
        .file("src/alias.ts", "import page from '@/pages/nope'; export const render = () => page")
        .file("src/image.ts", "import image from './image.svg'; export const render = () => image")
        .file("src/image.svg", "<svg/>");
    let said = dayfly.run(&["build", "src/alias.ts"]);
    says(&said, 2, &["if `@` is an alias, the bundler's configuration or the tsconfig.json has to say of what"]);
    assert!(!said.err.contains("npm install"), "{said:#?}");
    says(&dayfly.run(&["build", "src/image.ts"]), 2, &["No loader", "Vite reads .svg files: `npm install"]);
}

#[test]
fn a_bundler_is_silent_about_what_is_as_it_should_be() {
    let Some(dayfly) = app("cli::sources::silent", "vite") else { return };
    let dayfly = dayfly
        .file("src/entry.ts", "import { format } from 'util';\nimport path from 'path';\nexport const render = () => format('%s', path.join('a', 'b'));\n");
    let said = dayfly.run(&["render", "src/entry.ts"]);
    assert_eq!((said.code, &*said.out, &*said.err), (0, "a/b", ""), "{said:#?}");
}

#[test]
fn syntax_that_a_bundler_leaves_is_shown_in_its_authors_file() {
    let Some(dayfly) = app("cli::sources::decorators", "vite") else { return };
    let dayfly = dayfly.file(
        "src/entry.ts",
        "const log = (value: unknown, _: unknown) => value;\nclass A {\n  @log run() { return 'x'; }\n}\nexport const render = () => new A().run();\n",
    );
    let said = dayfly.run(&["render", "src/entry.ts"]);
    // A Vite that lowers them gives the page.
    if said.code != 0 {
        says(&said, 2, &["error: syntax error: ", "(src/entry.ts:3:", "\n3 |   @log run()"]);
    }
}
