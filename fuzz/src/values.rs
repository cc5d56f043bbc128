//! The values of the contract: what a guest hands over, whatever it is.

use std::sync::LazyLock;

use bytes::Bytes;
use dayfly::{Bundle, Limits};
use http::Request;
use http_body_util::Full;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::shared::{ENGINE, RUNTIME, nothing_is_left};

/// A guest that does what its request's body says: `values.wat`.
static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    let mut module = wat::parse_str(include_str!("values.wat")).unwrap_or_else(|error| panic!("{error}"));
    let mut resolve = Resolve::default();
    let package = resolve.push_str("sandbox.wit", include_str!("../../wit/sandbox.wit")).expect("the contract is WIT");
    let world = resolve.select_world(&[package], Some("app")).expect("it has the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("it is a module");
    let encoder = ComponentEncoder::default().module(&module).unwrap_or_else(|error| panic!("{error:#}"));
    let component = encoder.validate(true).encode().unwrap_or_else(|error| panic!("{error:#}"));
    Bundle::load(&ENGINE, &component).unwrap_or_else(|error| panic!("{error}"))
});

/// Has the guest make the calls that the bytes say, and give the answer that they end with; as a render and as an exchange.
pub fn run(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(16 << 10)];
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let limits = Limits {
        fuel: Some(4_000_000),
        memory: 2 << 20,
        wall: std::time::Duration::from_millis(200),
        ..Limits::default()
    };
    let outcome = RUNTIME.block_on(ENGINE.render(&BUNDLE, &limits, &hex));
    assert!(outcome.console.len() as u64 <= limits.console_lines, "{outcome:?}");
    let request =
        Request::get(format!("http://a.example/?{hex}")).body(Full::<Bytes>::default()).expect("it is a request");
    let answer = RUNTIME.block_on(ENGINE.fetch(&BUNDLE, &limits, request, "{}"));
    drop(answer);
    nothing_is_left();
}
