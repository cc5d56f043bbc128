//! Makes a bundle of a guest in `tests/guests`.

use std::fs;
use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The host's functions by the names that guests call them by.
const IMPORTS: [(&str, &str); 13] = [
    (
        "call $write",
        r#"(import "dayfly:sandbox/console@0.1.0" "write"
             (func $write (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#,
    ),
    ("call $now", r#"(import "dayfly:sandbox/clock@0.1.0" "now" (func $now (result i64)))"#),
    ("call $sleep", r#"(import "dayfly:sandbox/clock@0.1.0" "sleep" (func $sleep (param i64)))"#),
    ("call $set_clock", r#"(import "dayfly:sandbox/clock@0.1.0" "set" (func $set_clock (param i64)))"#),
    ("call $seed", r#"(import "dayfly:sandbox/random@0.1.0" "seed" (func $seed (result i64)))"#),
    ("call $start", r#"(import "dayfly:sandbox/response@0.1.0" "start" (func $start (param i32 i32 i32)))"#),
    ("call $send", r#"(import "dayfly:sandbox/response@0.1.0" "write" (func $send (param i32 i32) (result i32)))"#),
    ("call $finish", r#"(import "dayfly:sandbox/response@0.1.0" "finish" (func $finish))"#),
    (
        "call $begin",
        r#"(import "dayfly:sandbox/outgoing@0.1.0" "start"
             (func $begin (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#,
    ),
    ("call $more", r#"(import "dayfly:sandbox/outgoing@0.1.0" "read" (func $more (param i32)))"#),
    ("call $decoded", r#"(import "dayfly:sandbox/outgoing@0.1.0" "decoded" (func $decoded (param i32 i64 i32)))"#),
    ("call $cancel", r#"(import "dayfly:sandbox/outgoing@0.1.0" "cancel" (func $cancel (param i32)))"#),
    ("call $wait", r#"(import "dayfly:sandbox/outgoing@0.1.0" "wait" (func $wait (param i32 i64 i32)))"#),
];

/// What a guest has that names none of its own.
const DEFAULTS: [(&str, &str); 2] = [
    (
        "(func $render ",
        "(func $render (param $props i32) (param $length i32) (result i32) (call $failure (i32.const 5) (i32.const 0) (i32.const 0)))",
    ),
    (
        "(func $handle ",
        "(func $handle (param $url i32) (param $length i32) (result i32) (call $failure (i32.const 5) (i32.const 0) (i32.const 0)))",
    ),
];

/// The bundle of the guest in `guests/<name>.wat`.
pub(crate) fn bundle(name: &str) -> Vec<u8> {
    bundle_against(&contract(), name)
}

/// The same against another contract.
pub(crate) fn bundle_against(contract: &str, name: &str) -> Vec<u8> {
    let text = module(name);
    let mut module = wat::parse_str(&text).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("sandbox.wit", contract).unwrap();
    let world = if text.contains("dayfly:sandbox/postmortem") { "bundle" } else { "app" };
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// The bundle of a guest, with the component in `guests/<part>.wat` in it, which is instantiated first thing after it.
pub(crate) fn bundle_with(name: &str, part: &str) -> Vec<u8> {
    let part = wat::parse_str(read(part)).unwrap();
    let length = part.len();
    assert!(length < 1 << 14, "two bytes hold the length");
    // A section with a component, and one with an instance of it. It is the third component of the bundle: the first two
    // are those that wit-component lifts the exports with.
    let section = [4, (length & 0x7f) as u8 | 0x80, (length >> 7) as u8];
    [bundle(name).as_slice(), &section, &part, &[5, 4, 1, 0, 2, 0]].concat()
}

/// The text of the contract.
pub(crate) fn contract() -> String {
    fs::read_to_string(folder().join("../../../wit/sandbox.wit")).unwrap()
}

/// The text of a core module: the imports that the guest names, what every guest has, and the guest.
pub(crate) fn module(name: &str) -> String {
    let mut body = read("prelude") + &read(name);
    if body.contains("call $line") {
        body += &read("prelude_line");
    }
    for (start, default) in DEFAULTS {
        if !body.contains(start) {
            body += default;
        }
    }
    let imports: String = IMPORTS.iter().filter(|(call, _)| body.contains(call)).map(|(_, import)| *import).collect();
    format!("(module\n{imports}\n{body})")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name).with_extension("wat")).unwrap()
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests"))
}
