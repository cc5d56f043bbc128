//! The binary, as a shell sees it.

mod bench;
mod cache;
mod density;
mod dev;
mod examples;
mod leak;
mod places;
mod request;
mod run;
mod sources;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::scratch;

/// A call of `dayfly` in a folder of its own.
struct Dayfly {
    folder: PathBuf,
}

impl Dayfly {
    fn new(test: &str) -> Self {
        let folder = scratch("cli").join(test);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        self.run_under(&[], arguments, input)
    }

    /// Runs with these variables, and without those of the caller that set the colour.
    fn run_under(&self, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dayfly"))
            .args(arguments)
            .current_dir(&self.folder)
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env("XDG_CACHE_HOME", scratch("cli-cache"))
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The command may end without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }
}

#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

const HELLO: &str = "globalThis.render = ({ name = 'you' }) => { console.warn('rendering'); return `hello ${name}`; }";

#[test]
fn the_page_goes_to_standard_output_and_the_console_to_standard_error() {
    let said = Dayfly::new("page").file("app.js", HELLO).run(&["render", "app.js"]);
    assert_eq!((said.code, said.out.as_str()), (0, "hello you"), "{said:#?}");
    assert_eq!(said.err, "warn: rendering (app.js:1:53)\n");
}

#[test]
fn props_come_from_a_file_or_from_standard_input() {
    let dayfly = Dayfly::new("props").file("app.js", HELLO).file("props.json", r#"{"name":"file"}"#);
    assert_eq!(dayfly.run(&["render", "app.js", "--props", "props.json"]).out, "hello file");
    assert_eq!(dayfly.run_with(&["render", "app.js", "--props", "-"], r#"{"name":"pipe"}"#).out, "hello pipe");
}

#[test]
fn a_bundle_is_built_and_rendered() {
    let dayfly = Dayfly::new("build").file("app.js", HELLO);
    let said = dayfly.run(&["build", "app.js", "-o", "out.wasm"]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{said:#?}");
    assert!(said.err.starts_with("built out.wasm ("), "{said:#?}");
    assert_eq!(dayfly.run(&["render", "out.wasm"]).out, "hello you");

    let report = dayfly.run(&["build", "app.js", "--json"]).json();
    assert_eq!(report["bundle"], "app.wasm");
    assert_eq!(report["form"], "script");
    assert_eq!(report["bundle_bytes"], std::fs::metadata(dayfly.folder.join("app.wasm")).unwrap().len());
    assert_eq!(report["notices"], Value::Array(Vec::new()));
}

#[test]
fn a_build_prints_what_a_snapshot_cannot_keep() {
    let dayfly = Dayfly::new("notices").file("app.js", "const at = Date.now(); globalThis.render = () => ''");
    let said = dayfly.run(&["build", "app.js"]);
    assert!(
        said.err.starts_with("warning: app.js:1:17: Date at the top level gives 1970 in every render"),
        "{said:#?}"
    );
    let notice = &dayfly.run(&["build", "app.js", "--json"]).json()["notices"][0];
    assert_eq!(
        (&notice["kind"], &notice["at"]["line"], &notice["at"]["column"]),
        (&"clock".into(), &1.into(), &17.into())
    );
}

#[test]
fn json_is_one_object_with_page_console_and_usage() {
    let report = Dayfly::new("json").file("app.js", HELLO).run(&["render", "app.js", "--json"]).json();
    assert_eq!(report["page"], "hello you");
    assert_eq!(report["console"][0]["level"], "warn");
    assert_eq!(report["console"][0]["text"], "rendering");
    assert_eq!(report["console"][0]["at"]["file"], "app.js");
    assert!(report.get("failure").is_none());
    for number in ["wall_us", "cpu_us", "fuel", "peak_memory_bytes", "request_bytes", "page_bytes", "console_bytes"] {
        assert!(report["usage"][number].as_u64().is_some_and(|it| it > 0), "{number}: {report:#}");
    }
}

#[test]
fn json_has_the_lines_of_the_top_level_first() {
    let app = "console.info('loading'); globalThis.render = () => { console.info('rendering'); return ''; }";
    let said = Dayfly::new("json-top-level").file("app.js", app).run(&["render", "app.js", "--json"]);
    let report = said.json();
    let texts: Vec<_> =
        report["console"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!((texts, said.err.as_str()), (vec!["loading", "rendering"], ""), "{report:#}");
}

#[test]
fn json_is_one_object_whatever_is_wrong() {
    let dayfly = Dayfly::new("json-refused")
        .file("syntax.js", "let = ;")
        .file("imports.js", "import a from './a.js'; export const render = () => a")
        .file("threw.js", "console.log('loading'); throw new TypeError('mine')")
        .file("unsettled.js", "await new Promise(() => {}); export const render = () => ''")
        .file("no-render.js", "export const a = 1")
        .file("host.wasm", "");
    for (file, code, kind, message) in [
        ("syntax.js", 2, "syntax", "(syntax.js:1:7)"),
        ("imports.js", 2, "imports", "a bundle is one file"),
        ("threw.js", 1, "threw", "the top level threw TypeError: mine"),
        ("unsettled.js", 1, "unsettled", "can never settle"),
        ("no-render.js", 4, "no-render", "nothing to render with"),
        ("missing.js", 2, "input", "cannot read missing.js"),
        ("host.wasm", 4, "host", "it is empty"),
    ] {
        for command in ["build", "render"] {
            if command == "build" && file == "host.wasm" {
                continue;
            }
            let said = dayfly.run(&[command, file, "--json"]);
            let report = said.json();
            assert_eq!((said.code, said.err.as_str()), (code, ""), "{command} {file}: {said:#?}");
            assert_eq!(report["failure"]["kind"], kind, "{command} {file}: {report:#}");
            assert!(report["failure"]["message"].as_str().unwrap().contains(message), "{command} {file}: {report:#}");
            let console = report["console"].as_array().unwrap();
            assert_eq!(console.len(), usize::from(kind == "threw"), "{command} {file}: {report:#}");
            assert!(report["usage"]["cpu_us"].is_u64(), "{command} {file}: {report:#}");
            if kind == "threw" {
                assert_eq!(report["failure"]["thrown"]["name"], "TypeError", "{command}: {report:#}");
            }
        }
    }
}

#[test]
fn output_that_is_read_in_part_is_no_failure() {
    let dayfly = Dayfly::new("pipe").file("app.js", "globalThis.render = () => 'x'.repeat(1_000_000)");
    assert_eq!(dayfly.run(&["build", "app.js"]).code, 0);
    for arguments in [&["render", "app.wasm"][..], &["render", "app.wasm", "--json"], &["completions", "bash"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dayfly"))
            .args(arguments)
            .current_dir(&dayfly.folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:#?}");
    }
}

#[test]
fn colour_is_as_the_environment_says() {
    let dayfly = Dayfly::new("colour").file("app.js", HELLO);
    let err = |variables| dayfly.run_under(variables, &["render", "app.js"], "").err;
    let forced = err(&[("CLICOLOR_FORCE", "1")]);
    assert!(forced.starts_with("\u{1b}[") && forced.contains("warn:"), "{forced:?}");
    for variables in [&[][..], &[("NO_COLOR", "1")], &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]] {
        assert_eq!(err(variables), "warn: rendering (app.js:1:53)\n", "{variables:?}");
    }
}

#[test]
fn bytes_come_out_as_they_are_and_as_base64_in_json() {
    let dayfly = Dayfly::new("bytes").file("app.js", "globalThis.render = () => new Uint8Array([104, 105])");
    assert_eq!(dayfly.run(&["render", "app.js"]).out, "hi");
    assert_eq!(dayfly.run(&["render", "app.js", "--json"]).json()["page_base64"], "aGk=");
}

#[test]
fn each_kind_of_failure_has_its_exit_code_and_json_says_which() {
    let attack = "globalThis.render = ({ kind }) => ({
        throw() { throw new Error('mine', { cause: 'why' }); }, never: () => new Promise(() => {}), loop() { for (;;); },
        memory() { const a = []; for (;;) a.push(new Array(1000).fill(1)); }, stack: () => { const f = () => f() + 1; return f(); },
        lines() { for (;;) console.log(1); }, page: () => 'x'.repeat(100),
    })[kind]()";
    let dayfly = Dayfly::new("failures").file("app.js", attack);
    assert_eq!(dayfly.run(&["build", "app.js"]).code, 0);
    for (kind, code, failure, limit, flags) in [
        ("throw", 1, "threw", None, &[][..]),
        ("never", 1, "unsettled", None, &[]),
        ("loop", 3, "exceeded", Some("cpu"), &["--time", "100ms"]),
        ("loop", 3, "exceeded", Some("fuel"), &["--fuel", "1000000"]),
        ("memory", 3, "exceeded", Some("memory"), &["--memory", "16MiB", "--time", "20s"]),
        ("stack", 3, "exceeded", Some("js-stack"), &["--js-stack", "64KiB"]),
        ("lines", 3, "exceeded", Some("console-lines"), &["--console-lines", "3"]),
        ("lines", 3, "exceeded", Some("console-bytes"), &["--console-bytes", "3B"]),
        ("page", 3, "exceeded", Some("page"), &["--page", "99B"]),
        ("page", 3, "exceeded", Some("request"), &["--request", "1B"]),
    ] {
        let props = format!("{{\"kind\":\"{kind}\"}}");
        let said = dayfly.run_with(&[&["render", "app.wasm", "--props", "-", "--json"], flags].concat(), &props);
        assert_eq!(said.code, code, "{kind}: {said:#?}");
        let report = said.json();
        assert_eq!(report["failure"]["kind"], failure, "{kind}: {report:#}");
        assert_eq!(report["failure"].get("limit").and_then(Value::as_str), limit, "{kind}: {report:#}");
        assert!(report.get("page").is_none(), "{kind}: {report:#}");
    }
}

#[test]
fn a_failure_reads_well() {
    let app = "function price() { throw new TypeError('no price', { cause: new Error('no currency') }); }\nglobalThis.render = () => price();";
    let dayfly = Dayfly::new("reads").file("app.js", app);
    assert_eq!(
        dayfly.run(&["render", "app.js"]).err,
        "error: the app threw TypeError: no price
  |
1 | function price() { throw new TypeError('no price', { cause: new Error('no currency')\x20
  |                          ^ TypeError: no price
    at price (app.js:1:26)
    at <anonymous> (app.js:2:27)
  caused by Error: no currency
    at price (app.js:1:61)
    at <anonymous> (app.js:2:27)
"
    );
    let dayfly = Dayfly::new("reads").file("app.js", "globalThis.render = () => { for (;;); }");
    assert_eq!(
        dayfly.run(&["render", "app.js", "--time", "50ms"]).err,
        "error: the render used more CPU time than its limit allows
  |
1 | globalThis.render = () => { for (;;); }
  |                             ^ the CPU time ended here
    at <anonymous> (app.js:1:29)
  raise it with --time, as in --time 2s
"
    );
}

#[test]
fn input_that_cannot_be_read_is_named_and_ends_with_2() {
    let dayfly = Dayfly::new("input")
        .file("app.js", HELLO)
        .file("latin1.js", b"globalThis.render = () => '\xe9'")
        .file("bad.js", "let = ;")
        .file("bad.json", "{ name: 1 }")
        .file("app.wasm", b"\0asm\x0d\0\x01\0");
    for (arguments, says) in [
        (&["render", "missing.js"][..], "cannot read missing.js"),
        (&["render", "."], "cannot read ."),
        (&["build", "missing.js"], "cannot read missing.js"),
        (&["render", "latin1.js"], "latin1.js is not UTF-8 text: look at byte 27"),
        (&["render", "bad.js"], "syntax error"),
        (&["build", "bad.js"], "(bad.js:1:7)"),
        (
            &["render", "app.js", "--props", "bad.json"],
            "the props in bad.json are not JSON: key must be a string at line 1 column 3",
        ),
        (&["render", "app.js", "--props", "missing.json"], "cannot read missing.json"),
        (&["render", "app.js", "--props", "-"], "the props in standard input are not JSON: EOF"),
        (&["build", "app.wasm"], "app.wasm is Wasm already"),
        (&["build", "app.js", "-o", "no/such/folder.wasm"], "cannot write no/such/folder.wasm"),
        (&["render", "app.js", "--memory", "12XB"], "write a number with a unit, such as 128MiB"),
        (&["render", "app.js", "--time", "500"], "write a number with a unit, such as 500ms"),
        (&["render", "app.js", "--fuel", "much"], "invalid value 'much' for '--fuel <N>'"),
        (&["render", "app.js", "--wasm-stack", "1KiB"], "'1KiB' for '--wasm-stack <SIZE>': at least 64KiB"),
        (&["render", "app.js", "--js-stack", "1KiB"], "'1KiB' for '--js-stack <SIZE>': at least 16KiB"),
        (&["render", "app.js", "--js-stack", "1MiB"], "'1MiB' for '--js-stack <SIZE>': at most 768KiB"),
        (&["render"], "<APP.js|ENTRY|APP.wasm>"),
        (&["rendr", "app.js"], "similar subcommand exists: 'render'"),
    ] {
        let said = dayfly.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{arguments:?}: {said:#?}");
        assert!(said.err.contains(says), "{arguments:?}: {said:#?}");
    }
}

#[test]
fn what_is_no_bundle_ends_with_4() {
    let dayfly = Dayfly::new("no-bundle")
        .file("empty.wasm", "")
        .file("core.wasm", b"\0asm\x01\0\0\0")
        .file("cut.wasm", b"\0asm\x0d\0\x01\0\x01")
        .file("text.wasm", "(component)")
        .file("nothing.js", "export const a = 1");
    for (file, says) in [
        ("empty.wasm", "it is empty"),
        ("core.wasm", "it is a core Wasm module, and a bundle is a component"),
        ("cut.wasm", "not a bundle"),
        ("text.wasm", "it is no Wasm component"),
        ("nothing.js", "the bundle has nothing to render with"),
    ] {
        let said = dayfly.run(&["render", file]);
        assert_eq!((said.code, said.out.as_str()), (4, ""), "{file}: {said:#?}");
        assert!(said.err.contains(says), "{file}: {said:#?}");
    }
}

#[test]
fn control_characters_of_an_app_do_not_reach_the_terminal() {
    let app =
        r#"globalThis.render = () => { console.log("\x1b[2J\x07gone\r", "kept\ttab"); throw new Error("\x1b[31m"); }"#;
    let said = Dayfly::new("control").file("app.js", app).run(&["render", "app.js"]);
    assert!(!said.err.contains(['\u{1b}', '\u{7}', '\r']), "{said:#?}");
    assert!(said.err.contains(r"\u{1b}[2J\u{7}gone\r kept"), "{said:#?}");
}

#[test]
fn control_characters_of_a_refused_source_do_not_reach_the_terminal() {
    let dayfly = Dayfly::new("control-refused")
        .file("throws.js", r#"throw new Error("\x07\x1b[31m")"#)
        .file("syntax.js", "let \u{1b}[31m = = 2; // \u{7}");
    for command in ["build", "render"] {
        let said = dayfly.run(&[command, "throws.js"]);
        assert!(!said.err.contains(['\u{1b}', '\u{7}']), "{said:#?}");
        assert!(said.err.contains(r"Error: \u{7}\u{1b}[31m"), "{said:#?}");
        let said = dayfly.run(&[command, "syntax.js"]);
        assert!(!said.err.contains(['\u{1b}', '\u{7}']), "{said:#?}");
        assert!(said.err.contains("\n  |     ^ "), "the caret is on a line of its own: {said:#?}");
    }
}

#[test]
fn help_version_and_completions_are_there() {
    let dayfly = Dayfly::new("help");
    assert_eq!(dayfly.run(&["--version"]).out, format!("dayfly {}\n", env!("CARGO_PKG_VERSION")));
    for (command, snapshot) in [
        ("", "dayfly"),
        ("build", "build"),
        ("render", "render"),
        ("run", "run"),
        ("dev", "dev"),
        ("serve", "serve"),
        ("alerts", "alerts"),
        ("bench", "bench"),
        ("leak", "leak"),
        ("leak check", "leak-check"),
        ("leak snapshot", "leak-snapshot"),
        ("leak diff", "leak-diff"),
        ("leak soak", "leak-soak"),
        ("trace", "trace"),
        ("types", "types"),
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = dayfly.run(&arguments);
        assert_eq!(help.code, 0);
        let file = crate::support::root().join(format!("tests/all/help/{snapshot}.txt"));
        if std::env::var_os("UPDATE_HELP").is_some() {
            std::fs::write(&file, &help.out).unwrap();
        }
        assert_eq!(help.out, std::fs::read_to_string(&file).unwrap(), "UPDATE_HELP=1 writes {}", file.display());
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(dayfly.run(&["completions", shell]).out.contains("render"), "{shell}");
    }
}
