//! The frameworks, each built by its ordinary tool: what a bundle answers is what plain Node answers with the same file,
//! byte for byte and chunk for chunk, or FRAMEWORKS.md says why not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use dayfly::{Bundle, Ended, Limits};
use http::Request;
use serde_json::{Value, json};

use crate::support::{artifact, assert_same_page, engine, has, left_out, locked_scratch, root, run, runtime};

/// One test a row, and the list of them.
macro_rules! rows {
    ($($test:ident)*) => {
        /// The rows that have a test, as the matrix names them.
        fn tested() -> Vec<String> {
            vec![$(stringify!($test).replace('_', "-")),*]
        }

        mod answers_as_in_node_or_is_listed {
            $(#[test]
            fn $test() {
                super::answers_as_in_node_or_is_listed(stringify!($test));
            })*
        }
    };
}

rows! {
    hono_stream
    lit_stream lit_string
    node_modules node_streams
    preact_async preact_stream preact_string
    react_18_pipeable react_18_stream react_18_string
    react_19_edge react_19_emotion react_19_fetching react_19_i18n react_19_pipeable react_19_prerender react_19_query
    react_19_router react_19_stream react_19_string react_19_styled
    solid_async solid_stream solid_string
    svelte_async svelte_string
    vue_pipe vue_query vue_router vue_stream vue_string
}

#[test]
fn every_row_of_the_matrix_is_built_tested_and_listed() {
    let mut listed: Vec<_> = listed().into_iter().map(|(name, _)| name).collect();
    listed.sort();
    let mut tested = tested();
    tested.sort();
    assert_eq!(listed, tested, "FRAMEWORKS.md beside the tests");
    let Some(folder) = matrix("every_row_of_the_matrix_is_built_tested_and_listed") else { return };
    let built = std::fs::read_to_string(folder.join("rows.txt")).unwrap();
    let mut built: Vec<_> = built.lines().map(str::to_owned).collect();
    built.sort();
    assert_eq!(listed, built, "FRAMEWORKS.md beside tests/matrix/rows.mjs");
}

/// Where FRAMEWORKS.md gives a reason, the bundle must fail, and say what stands there in backquotes.
fn answers_as_in_node_or_is_listed(test: &str) {
    let Some(folder) = matrix(test) else { return };
    let name = test.replace('_', "-");
    let (_, verdict) =
        listed().into_iter().find(|(row, _)| *row == name).unwrap_or_else(|| panic!("{name} is not listed"));
    let row: Value = serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.json"))).unwrap()).unwrap();
    let (answer, said) = ask(folder, &row);
    if verdict == "yes" {
        assert!(answer.is_some() && said.is_empty(), "{name} has said {said:#?}");
        let pretty = |answer: &Value| serde_json::to_string_pretty(answer).unwrap();
        assert_same_page(&name, &pretty(&answer.unwrap()), &pretty(&row["answer"]));
        return;
    }
    assert_ne!(answer.as_ref(), Some(&row["answer"]), "{name} is as in Node now: FRAMEWORKS.md should say so");
    let reason = verdict.split('`').nth(1).unwrap_or_else(|| panic!("{name}: a reason has in backquotes what is said"));
    assert!(said.iter().any(|line| line.contains(reason)), "{name} says not {reason:?} but {said:#?}");
}

/// What a row's bundle answers, as `ask.mjs` writes it down of Node's, if it does; and the failure and console lines.
fn ask(folder: &Path, row: &Value) -> (Option<Value>, Vec<String>) {
    let name = row["bundle"].as_str().unwrap();
    let text = std::fs::read_to_string(folder.join("bundles").join(name)).unwrap();
    let bundle = Bundle::load(engine(), &artifact(name, &text).bundle).unwrap();
    // A machine that is busy is no reason to fail.
    let limits = Limits { cpu: Duration::from_secs(20), wall: Duration::from_secs(120), ..Limits::default() };
    let (answer, failure, console) = runtime().block_on(async {
        let Some(url) = row["url"].as_str() else {
            let outcome = engine().render(&bundle, &limits, row["props"].as_str().unwrap()).await;
            let (page, failure) = match outcome.page {
                Ok(page) => (Some(json!({ "page": std::str::from_utf8(page.as_bytes()).unwrap() })), None),
                Err(failure) => (None, Some(failure)),
            };
            return (page, failure, outcome.console);
        };
        let request = Request::get(url).body(String::new()).unwrap();
        let mut exchange = engine().exchange(&bundle, &limits, request, "{}");
        let head = exchange.head().await;
        let mut chunks = Vec::new();
        while let Some(chunk) = exchange.chunk().await {
            chunks.push(String::from_utf8(chunk.to_vec()).unwrap());
        }
        let Ended { result, console, .. } = exchange.finish().await;
        let answer = head.map(|head| {
            let content_type = head.headers.get("content-type").map(|value| value.to_str().unwrap());
            json!({ "status": head.status.as_u16(), "type": content_type, "chunks": chunks })
        });
        (answer, result.err(), console)
    });
    let said = failure.iter().map(ToString::to_string).chain(console.iter().map(|line| line.text.clone()));
    (if failure.is_none() { answer } else { None }, said.collect())
}

/// The rows of the table in FRAMEWORKS.md: their names, and whether they are as in Node.
fn listed() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("FRAMEWORKS.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    cells.map(|cells| (cells[0].trim_end_matches('`').to_owned(), (*cells.last().unwrap()).to_owned())).collect()
}

/// The folder of the built matrix. Without Node there is none, and `test` is left out.
fn matrix(test: &str) -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        if !has("node", &["--version"]) || !has("npm", &["--version"]) {
            return None;
        }
        let (folder, _lock) = locked_scratch("matrix");
        run(Command::new("node").arg(root().join("tests/matrix/build.mjs")).arg(&folder));
        Some(folder)
    });
    if folder.is_none() {
        left_out(test, "the matrix of frameworks is built with node and npm, which are not here");
    }
    folder.as_deref()
}
