//! What headers may consist of: <https://fetch.spec.whatwg.org/#terminology-headers>.

use javy::quickjs::{Object, Result, String as JsString};

use super::text;
use crate::runtime::define;

pub(super) fn install(native: &Object<'_>) -> Result<()> {
    define(native, "isByteString", is_byte_string)?;
    define(native, "isHeaderValue", is_header_value)?;
    define(native, "isToken", is_token)
}

/// Whether each of its characters is one byte: <https://infra.spec.whatwg.org/#isomorphic-string>.
fn is_byte_string(string: JsString<'_>) -> bool {
    text(&string).chars().all(|char| char <= '\u{ff}')
}

/// Whether a header may have this byte string as its value.
fn is_header_value(value: JsString<'_>) -> bool {
    !text(&value).contains(['\0', '\n', '\r'])
}

/// A token of RFC 9110, 5.6.2, as names of headers and methods are.
fn is_token(name: JsString<'_>) -> bool {
    let name = text(&name);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
