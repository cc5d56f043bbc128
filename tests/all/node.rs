//! The layer that stands in for Node's: as in Node where it can be, and clear where it cannot.

use std::process::Command;

use crate::support::{App, Rendered, assert_same_page, has, left_out, root, run};

/// What an expression gives, or the message of what it throws.
fn eval(expression: &str) -> Rendered {
    let app = App::named(
        "app.cjs",
        &format!(
            "exports.render = async () => {{ try {{ return JSON.stringify(await ({expression})) ?? 'undefined' }} catch (error) {{ return error.message }} }}"
        ),
    );
    app.render("{}")
}

#[test]
fn the_layer_for_node_does_as_node_does() {
    let test = "the_layer_for_node_does_as_node_does";
    let page = App::file("node.cjs").render("{}").page();
    if !has("node", &["--version"]) {
        return left_out(test, "node is not here");
    }
    let script = "require(process.argv[1]).render().then((page) => process.stdout.write(page))";
    let node = &mut Command::new("node");
    let expected = run(node.env("TZ", "UTC").args(["-e", script]).arg(root().join("tests/apps/node.cjs")));
    assert_same_page("node.cjs", &page, &expected);
}

#[test]
fn what_is_not_there_says_why_and_what_there_is_for_it() {
    for (expression, message) in [
        (
            "require('https').request('https://a.test')",
            "https.request is not there: a sandbox has no sockets, and an app calls others by `fetch` (axios: `adapter: \"fetch\"`)",
        ),
        (
            "require('net').connect(80)",
            "net.connect is not there: a sandbox has no sockets, and an app calls others by `fetch`",
        ),
        (
            "require('child_process').execSync('ls')",
            "child_process.execSync is not there: a sandbox has no files, no sockets and no processes",
        ),
        (
            "require('vm').runInThisContext('1')",
            "vm.runInThisContext is not there: the layer for Node does not have it",
        ),
        ("new (require('worker_threads').Worker)('a')", "worker_threads.Worker is not there: a sandbox has no threads"),
        (
            "require('tls').connect(80)",
            "tls.connect is not there: a sandbox has no sockets, and an app calls others by `fetch`",
        ),
        (
            "require('dgram').createSocket('udp4')",
            "dgram.createSocket is not there: a sandbox has no sockets, and an app calls others by `fetch`",
        ),
        (
            "require('v8').deserialize(require('v8').serialize({}))",
            "v8.serialize is not there: the engine is another, and `structuredClone` copies what it is given",
        ),
        (
            "require('readline').createInterface({})",
            "readline.createInterface is not there: a sandbox has no files, no sockets and no processes",
        ),
        ("require('zlib').createGzip()", "zlib.Gzip is not there: `CompressionStream` and `DecompressionStream` are"),
        (
            "new Promise((_, no) => require('zlib').gunzip('a', no))",
            "zlib.gunzip is not there: `CompressionStream` and `DecompressionStream` are",
        ),
        (
            "require('os').userInfo()",
            "A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)",
        ),
    ] {
        assert_eq!(eval(expression).page(), message, "{expression}");
    }
}

#[test]
fn a_name_that_is_not_there_is_not_found_by_who_looks_for_it() {
    for name in
        ["require('util').parseArgs", "require('util').getCallSites", "require('path').win32", "Intl.DisplayNames"]
    {
        assert_eq!(eval(&format!("typeof {name}")).page(), "\"undefined\"", "{name}");
    }
    let app =
        App::named("app.mjs", "import { parseArgs } from 'node:util'; export const render = () => typeof parseArgs");
    assert_eq!(app.render("{}").page(), "undefined");
}

#[test]
fn modules_share_with_the_globals_what_both_have_and_say_nothing_of_what_is_deprecated() {
    let rendered = eval(
        "[require('worker_threads').MessageChannel === MessageChannel, require('worker_threads').MessagePort === MessagePort,
          require('console') === console, require('url').parse('http://a.test:1/b').host]",
    );
    assert_eq!(rendered.page(), r#"[true,true,true,"a.test:1"]"#);
    assert!(rendered.console().is_empty(), "{:?}", rendered.console());
    let text = "import assert, { equal } from 'node:assert/strict';
                export const render = () => { assert.notEqual(1, '1'); try { equal(1, '1') } catch (error) { return error.code } }";
    assert_eq!(App::named("app.mjs", text).render("{}").page(), "ERR_ASSERTION");
}

#[test]
fn debug_logs_are_written_if_the_environment_names_them() {
    let rendered = eval(
        "(() => {
           const { debuglog } = require('util');
           const log = debuglog('http'), other = debuglog('net');
           log('not yet'); process.env.NODE_DEBUG = 'ht*,fs'; log('%d now', 1); other('never');
           return [log.enabled, other.enabled];
         })()",
    );
    assert_eq!(rendered.page(), "[true,false]");
    assert_eq!(rendered.console(), ["error: HTTP 1: 1 now"]);
}

#[test]
fn nothing_written_to_standard_output_is_no_line() {
    let rendered = eval(
        "new Promise((done) => { process.stdout.write(''); process.stderr.write(''); process.stdout.write(Buffer.from('a\\n')); process.stderr.write('b', 'utf8', () => done(1)) })",
    );
    assert_eq!(rendered.page(), "1");
    assert_eq!(rendered.console(), ["log: a", "error: b"]);
}

#[test]
fn a_tick_that_throws_is_reported_and_keeps_none_from_running() {
    let app = App::named(
        "app.cjs",
        "const { AsyncLocalStorage } = require('async_hooks'); const storage = new AsyncLocalStorage();
         exports.render = async () => {
           const seen = [];
           process.nextTick(() => seen.push('one'));
           process.nextTick(() => { throw new Error('in a tick') });
           storage.run('kept', () => process.nextTick(() => seen.push(storage.getStore())));
           await null;
           await new Promise((done) => process.nextTick(done));
           return seen.join();
         }",
    );
    let rendered = app.render("{}");
    assert_eq!(rendered.page(), "one,kept");
    assert!(rendered.console()[0].contains("in a tick"), "{:?}", rendered.console());
}

/// What a stream has yet to do when the top level is over would be done by no render, and no stream of theirs would go on.
#[test]
fn a_stream_that_is_begun_at_the_top_level_keeps_none_from_going_on() {
    let app = App::named(
        "app.mjs",
        "import { Readable } from 'node:stream';
         import { finished } from 'node:stream/promises';
         const early = [];
         Readable.from(['early']).on('data', (chunk) => early.push(chunk));
         export async function render() {
           const stream = Readable.from(['a', 'b']);
           let text = early.join();
           stream.on('data', (chunk) => text += chunk);
           await finished(stream);
           for await (const chunk of Readable.from(['c'])) text += chunk;
           return text;
         }",
    );
    for _ in 0..2 {
        assert_eq!(app.render("{}").page(), "earlyabc");
    }
}

#[test]
fn what_ticks_leave_at_the_top_level_is_run_there() {
    let app = App::named(
        "app.cjs",
        "const seen = []; Promise.resolve().then(() => seen.push('promise')); process.nextTick(() => seen.push('tick'));
         seen.push('top'); exports.render = () => seen.join()",
    );
    assert_eq!(app.render("{}").page(), "top,tick,promise");
}
