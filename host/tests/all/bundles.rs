//! What is loaded, and what is refused with which words.

use dayfly::{Bundle, Engine, EngineConfig, Error};

use crate::app::{App, Expect, generous};
use crate::guest;

#[track_caller]
fn refuses(bytes: impl AsRef<[u8]>, expected: &str) {
    let engine = App::new("echo").engine;
    let error = Bundle::load(&engine, bytes.as_ref()).unwrap_err();
    assert!(matches!(error, Error::NotABundle(_)), "{error:?}");
    assert_eq!(error.to_string(), format!("not a bundle: {expected}"));
}

const NO_COMPONENT: &str = "it is no Wasm component; JavaScript is built into one with `dayfly build`";

#[test]
fn what_is_no_wasm_is_refused() {
    refuses([], "it is empty");
    refuses("\0asm", NO_COMPONENT);
    refuses("hello", NO_COMPONENT);
    refuses("hello, this is text", NO_COMPONENT);
    refuses("globalThis.render = () => 'page'", NO_COMPONENT);
}

#[test]
fn wasm_as_text_is_refused() {
    refuses("(component)", NO_COMPONENT);
    refuses(guest::module("echo"), NO_COMPONENT);
}

#[test]
fn a_core_module_is_refused() {
    let module = wat::parse_str(guest::module("echo")).unwrap();
    refuses(module, "it is a core Wasm module, and a bundle is a component");
}

#[test]
fn native_code_is_refused() {
    let why = "it is native or precompiled code, which is never loaded";
    refuses(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", why);
    let engine = App::new("echo").engine;
    refuses(engine.wasmtime().precompile_component(&guest::bundle("echo")).unwrap(), why);
}

#[test]
fn an_import_beyond_the_contract_is_refused_by_name() {
    let cases = [
        "wasi:cli/environment@0.2.0",
        "wasi:random/random@0.2.0",
        "dayfly:sandbox/secrets@0.1.0",
        "dayfly:sandbox/console@0.2.0",
        "dayfly:sandbox/console@0.1.1",
        "console",
        "heap",
    ];
    for import in cases {
        let component = wat::parse_str(format!(r#"(component (import "{import}" (instance)))"#)).unwrap();
        let allowed = "dayfly:sandbox/console@0.1.0, dayfly:sandbox/clock@0.1.0, dayfly:sandbox/random@0.1.0, \
             dayfly:sandbox/response@0.1.0, dayfly:sandbox/outgoing@0.1.0";
        refuses(component, &format!("it imports {import}, and a bundle imports nothing but {allowed}"));
    }
}

const NOT_IN_LINKER: &str = "component imports instance `dayfly:sandbox/clock@0.1.0`, \
                             but a matching implementation was not found in the linker";

#[test]
fn an_import_of_another_type_is_refused_by_name() {
    let contract = guest::contract().replace("sleep: func(nanoseconds: u64)", "sleep: func(nanoseconds: s64)");
    let why = "instance export `sleep` has the wrong type: \
               type mismatch with parameters: expected `u64` found `s64`";
    refuses(guest::bundle_against(&contract, "sleeper"), &format!("{NOT_IN_LINKER}: {why}"));
}

#[test]
fn a_function_that_the_contract_does_not_have_is_refused_by_name() {
    let contract = guest::contract().replace("now: func() -> u64;", "now: func() -> u64; set: func(to: u64);");
    let why = "instance export `set` has the wrong type: function implementation is missing";
    refuses(guest::bundle_against(&contract, "clock_setter"), &format!("{NOT_IN_LINKER}: {why}"));
}

#[test]
fn a_component_without_a_renderer_is_refused() {
    refuses(wat::parse_str("(component)").unwrap(), "it does not export dayfly:sandbox/renderer@0.1.0");
}

#[test]
fn a_renderer_of_another_type_is_refused() {
    let cases = [
        ("-> result<page, failure>", "-> string", "expected `result` found `string`"),
        ("props: string,", "props: list<u8>,", "expected `string` found `list`"),
        ("page: u64,", "pages: u64,", "expected record field named page, found pages"),
        ("unsettled,", "dangling,", "expected variant case named unsettled, found dangling"),
    ];
    for (from, to, why) in cases {
        let contract = guest::contract();
        assert!(contract.contains(from), "{from}");
        let bundle = guest::bundle_against(&contract.replace(from, to), "echo");
        refuses(bundle, &format!("its dayfly:sandbox/renderer@0.1.0 has another type of render: {why}"));
    }
}

#[test]
fn a_renderer_that_is_no_interface_or_renders_nothing_is_refused() {
    let component = r#"
        (component
          (instance $renderer)
          (export "dayfly:sandbox/renderer@0.1.0" (instance $renderer)))"#;
    refuses(wat::parse_str(component).unwrap(), "its dayfly:sandbox/renderer@0.1.0 has no function render");
    let component = r#"
        (component
          (core module $module (func (export "render")))
          (core instance $core (instantiate $module))
          (func $render (canon lift (core func $core "render")))
          (export "dayfly:sandbox/renderer@0.1.0" (func $render)))"#;
    refuses(wat::parse_str(component).unwrap(), "its dayfly:sandbox/renderer@0.1.0 is no interface");
}

#[test]
fn two_memories_are_refused() {
    let component = r#"
        (component
          (core module $module (memory 1))
          (core instance (instantiate $module))
          (core instance (instantiate $module)))"#;
    refuses(wat::parse_str(component).unwrap(), "it has 2 memories, and a bundle has one");
}

#[test]
fn more_parts_than_a_bundle_may_have_are_refused() {
    let component = |globals: usize| {
        let globals = "(global i32 (i32.const 0))".repeat(globals);
        wat::parse_str(format!("(component (core module {globals}) (core module (func)))")).unwrap()
    };
    // As many are looked at further.
    refuses(component(32_767), "it does not export dayfly:sandbox/renderer@0.1.0");
    let why = "its modules have 32769 functions, globals, imports and the like, and a bundle has at most 32768";
    refuses(component(32_768), why);
}

#[tokio::test]
async fn a_truncated_bundle_is_refused() {
    let app = App::new("echo");
    let bytes = guest::bundle("echo");
    let mut whole = 0;
    for length in 0..bytes.len() {
        match Bundle::load(&app.engine, &bytes[..length]) {
            Err(error) => assert!(matches!(error, Error::NotABundle(_)), "{length}: {error:?}"),
            // Behind the export there are only notes on who made it: without them it is a bundle still.
            Ok(bundle) => {
                whole += 1;
                app.engine.render(&bundle, &generous(), "1").await.gives_text("1");
            }
        }
    }
    assert!(whole <= 3, "{whole} parts of a bundle are bundles");
    let error = Bundle::load(&app.engine, &bytes[..bytes.len() / 2]).unwrap_err().to_string();
    assert!(error.starts_with("not a bundle: ") && error.contains("unexpected end-of-file"), "{error}");
}

#[test]
fn a_bundle_is_bounded_to_the_byte() {
    let bytes = guest::bundle("echo");
    let engine = |bundle| Engine::new(&EngineConfig { bundle, concurrency: 1, ..EngineConfig::default() }).unwrap();
    let size = bytes.len() as u64;
    Bundle::load(&engine(size), &bytes).unwrap();
    let error = Bundle::load(&engine(size - 1), &bytes).unwrap_err();
    assert!(matches!(error, Error::BundleTooLarge { .. }), "{error:?}");
    let most = size - 1;
    let expected =
        format!("the bundle has {size} bytes and the engine takes at most {most}: raise EngineConfig::bundle");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_bundle_is_known_by_the_digest_of_its_bytes() {
    let (echo, again, counter) = (App::new("echo"), App::new("echo"), App::new("counter"));
    assert_eq!(echo.bundle.id(), again.bundle.id());
    assert_ne!(echo.bundle.id(), counter.bundle.id());
    assert_eq!(echo.bundle.id().to_string().len(), 64);
}
