//! URLs as the URL Standard has them (<https://url.spec.whatwg.org/>), by the crate `url` where it follows it to the letter. It
//! does for the schemes of the web, which nearly every URL has; what it is known to read otherwise is left to `js/url.js`,
//! which is slower.

use idna::AsciiDenyList;
use javy::quickjs::prelude::Opt;
use javy::quickjs::{Array, Ctx, Object, Result, String as JsString, Value};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::{Url, form_urlencoded, quirks};

use super::{bytes, text};
use crate::runtime::define;

/// What stands for no port, beyond all of them.
const NO_PORT: u32 = 65_536;
/// The schemes whose URLs the crate reads as the standard says.
const COMMON: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];
/// Deno's numbers of the parts that are set here for opaque paths too, and of the one that says the scheme.
const HASH: u32 = 0;
const SEARCH: u32 = 7;
const PROTOCOL: u32 = 6;
/// What is encoded beside control characters and what is not ASCII: <https://url.spec.whatwg.org/#percent-encoded-bytes>.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
const FRAGMENT: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

pub(super) fn install(native: &Object<'_>) -> Result<()> {
    define(native, "urlParse", parse)?;
    define(native, "urlSet", set)?;
    define(native, "domainToAscii", domain_to_ascii)?;
    define(native, "parseForm", parse_form)?;
    define(native, "parseFormBytes", parse_form_bytes)?;
    define(native, "serializeForm", serialize_form)
}

/// The URL's text, and then where its parts are; undefined if it is none, and null if `js/url.js` has to say.
fn parse<'js>(ctx: Ctx<'js>, href: JsString<'js>, base: Opt<JsString<'js>>) -> Result<Value<'js>> {
    let (href, base) = (text(&href), base.0.map(|base| text(&base)));
    // What it would be relative to is read first, and has to be a URL.
    let base_is_one = base.as_deref().is_none_or(|base| is_common(base, None) && Url::parse(base).is_ok());
    if base_is_one && let Some(url) = Opaque::parse(href.trim_matches(|c| c <= ' ')) {
        return url.parts(&ctx);
    }
    if !is_common(&href, base.as_deref()) {
        return Ok(Value::new_null(ctx));
    }
    let parse = || {
        let base = base.as_deref().map(Url::parse).transpose()?;
        Url::options().base_url(base.as_ref()).parse(&href)
    };
    parse().map_or_else(|_| Ok(Value::new_undefined(ctx.clone())), |url| parts(&ctx, &url))
}

/// Sets the part of that number; undefined if the value is none that it can have, and null if `js/url.js` has to say.
fn set<'js>(ctx: Ctx<'js>, href: JsString<'js>, part: u32, value: JsString<'js>) -> Result<Value<'js>> {
    let (href, value) = (text(&href), text(&value));
    if let Some(url) = Opaque::set(&href, part, &value) {
        return url.parts(&ctx);
    }
    let names_another = part == PROTOCOL && !COMMON.contains(&value.split(':').next().unwrap_or_default());
    if !is_common(&href, None) || is_odd(&value) || names_another {
        return Ok(Value::new_null(ctx));
    }
    let Ok(mut url) = Url::parse(&href) else { return Ok(Value::new_undefined(ctx)) };
    // Deno's numbers.
    let set = match part {
        HASH => Ok(quirks::set_hash(&mut url, &value)),
        1 => quirks::set_host(&mut url, &value),
        2 => quirks::set_hostname(&mut url, &value),
        3 => quirks::set_password(&mut url, &value),
        4 => Ok(quirks::set_pathname(&mut url, &value)),
        5 => quirks::set_port(&mut url, &value),
        PROTOCOL => quirks::set_protocol(&mut url, &value),
        SEARCH => Ok(quirks::set_search(&mut url, &value)),
        8 => quirks::set_username(&mut url, &value),
        _ => Err(()),
    };
    set.map_or_else(|()| Ok(Value::new_undefined(ctx.clone())), |()| parts(&ctx, &url))
}

/// Whether the crate reads this text as the standard says, whether it is a URL or not.
fn is_common(href: &str, base: Option<&str>) -> bool {
    let href = href.trim_start_matches(|c| c <= ' ');
    match (scheme(href), base) {
        _ if is_odd(href) => false,
        (Some(scheme), None) => COMMON.contains(&scheme),
        (scheme, Some(base)) => scheme.is_none_or(|scheme| COMMON.contains(&scheme)) && is_common(base, None),
        // With nothing that it is relative to it is none, by any reading.
        (None, None) => true,
    }
}

/// Whether a text has what the crate reads otherwise: `^`, which paths encode since 2023; control characters in the
/// middle, which go away before it is looked at; and three slashes in front of a host.
fn is_odd(text: &str) -> bool {
    let slashes = text.bytes().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
    slashes > 2 || text.contains(['^', '\t', '\n', '\r'])
}

/// The scheme in lower case that a text begins with.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_one = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_one.then_some(scheme)
}

/// The domain as it goes into a URL, in lower case and Punycode; nothing if it is none.
fn domain_to_ascii(domain: JsString<'_>) -> Option<String> {
    let domain = text(&domain);
    idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::EMPTY).ok().map(Into::into)
}

/// A URL whose path is one text: `data:`, `mailto:` and the like, of which the first are often long. The crate reads spaces in
/// them otherwise than the standard, so they are read here.
struct Opaque {
    href: String,
    path: u32,
    query: Option<u32>,
    fragment: Option<u32>,
}

impl Opaque {
    /// Reads a text without blanks around it; nothing if it is no URL of this kind.
    fn parse(text: &str) -> Option<Self> {
        let breaks = ['\t', '\n', '\r'];
        let without_breaks;
        let text = if text.contains(breaks) {
            without_breaks = text.replace(breaks, "");
            without_breaks.as_str()
        } else {
            text
        };
        let scheme = scheme(text)?;
        let rest = &text[scheme.len() + 1..];
        let scheme = scheme.to_ascii_lowercase();
        if COMMON.contains(&scheme.as_str()) || scheme == "file" || rest.starts_with('/') {
            return None;
        }
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let mut href = String::with_capacity(text.len());
        href.push_str(&scheme);
        href.push(':');
        let start = href.len() as u32;
        // A blank at the path's end would be lost when the URL is read again.
        match path.strip_suffix(' ').filter(|_| query.is_some() || fragment.is_some()) {
            Some(path) => {
                href.extend(utf8_percent_encode(path, CONTROLS));
                href.push_str("%20");
            }
            None => href.extend(utf8_percent_encode(path, CONTROLS)),
        }
        let mut part = |mark: char, text: Option<&str>, reserved: &'static AsciiSet| {
            text.map(|text| {
                let at = href.len() as u32;
                href.push(mark);
                href.extend(utf8_percent_encode(text, reserved));
                at
            })
        };
        let query = part('?', query, QUERY);
        let fragment = part('#', fragment, FRAGMENT);
        Some(Self { href, path: start, query, fragment })
    }

    /// Sets one of the two parts behind the path; nothing if `href`, which has been parsed, is of another kind, or the part.
    fn set(href: &str, part: u32, value: &str) -> Option<Self> {
        if part != HASH && part != SEARCH {
            return None;
        }
        let Self { href, query, fragment, .. } = Self::parse(href)?;
        let (rest, hash) = href.split_at(fragment.map_or(href.len(), |at| at as usize));
        if part == HASH {
            let hash = value.strip_prefix('#').unwrap_or(value);
            return Self::parse(&if value.is_empty() { rest.to_owned() } else { format!("{rest}#{hash}") });
        }
        let path = &rest[..query.map_or(rest.len(), |at| at as usize)];
        let search = value.strip_prefix('?').unwrap_or(value).replace('#', "%23");
        Self::parse(&if value.is_empty() { format!("{path}{hash}") } else { format!("{path}?{search}{hash}") })
    }

    fn parts<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let Self { href, path, query, fragment } = self;
        let (query, fragment) = (query.unwrap_or(0), fragment.unwrap_or(0));
        array(ctx, href, [path - 1, *path, *path, *path, NO_PORT, *path, query, fragment])
    }
}

fn parts<'js>(ctx: &Ctx<'js>, url: &Url) -> Result<Value<'js>> {
    let parts = quirks::internal_components(url);
    let places = [
        parts.scheme_end,
        parts.username_end,
        parts.host_start,
        parts.host_end,
        parts.port.map_or(NO_PORT, u32::from),
        parts.path_start,
        parts.query_start.unwrap_or(0),
        parts.fragment_start.unwrap_or(0),
    ];
    array(ctx, url.as_str(), places)
}

fn array<'js>(ctx: &Ctx<'js>, href: &str, places: [u32; 8]) -> Result<Value<'js>> {
    let result = Array::new(ctx.clone())?;
    result.set(0, href)?;
    for (index, place) in places.into_iter().enumerate() {
        result.set(index + 1, place)?;
    }
    Ok(result.into_value())
}

fn parse_form<'js>(ctx: Ctx<'js>, form: JsString<'js>) -> Result<Array<'js>> {
    pairs(&ctx, text(&form).as_bytes())
}

fn parse_form_bytes<'js>(ctx: Ctx<'js>, form: Value<'js>) -> Result<Array<'js>> {
    pairs(&ctx, &bytes(&form)?)
}

fn pairs<'js>(ctx: &Ctx<'js>, form: &[u8]) -> Result<Array<'js>> {
    let list = Array::new(ctx.clone())?;
    for (index, (name, value)) in form_urlencoded::parse(form).enumerate() {
        let pair = Array::new(ctx.clone())?;
        pair.set(0, &*name)?;
        pair.set(1, &*value)?;
        list.set(index, pair)?;
    }
    Ok(list)
}

fn serialize_form(list: Array<'_>) -> Result<String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for pair in list.iter::<Array<'_>>() {
        let pair = pair?;
        form.append_pair(&text(&pair.get(0)?), &text(&pair.get(1)?));
    }
    Ok(form.finish())
}
