//! URLs as the URL Standard has them (<https://url.spec.whatwg.org/>), by the crate `url`.

use javy::quickjs::prelude::Opt;
use javy::quickjs::{Array, Ctx, Object, Result, String as JsString, Value};
use url::{Url, form_urlencoded, quirks};

use super::{bytes, text};
use crate::runtime::define;

/// What stands for no port, beyond all of them.
const NO_PORT: u32 = 65_536;

pub(super) fn install(native: &Object<'_>) -> Result<()> {
    define(native, "urlParse", parse)?;
    define(native, "urlSet", set)?;
    define(native, "parseForm", parse_form)?;
    define(native, "parseFormBytes", parse_form_bytes)?;
    define(native, "serializeForm", serialize_form)
}

/// The URL's text, and then where its parts are; nothing if it is none.
fn parse<'js>(ctx: Ctx<'js>, href: JsString<'js>, base: Opt<JsString<'js>>) -> Result<Option<Array<'js>>> {
    let base = match base.0 {
        Some(base) => match Url::parse(&text(&base)) {
            Ok(base) => Some(base),
            Err(_) => return Ok(None),
        },
        None => None,
    };
    let url = Url::options().base_url(base.as_ref()).parse(&text(&href));
    url.ok().map(|url| parts(&ctx, &url)).transpose()
}

/// Sets the part of that number; nothing if the value is none that it can have.
fn set<'js>(ctx: Ctx<'js>, href: JsString<'js>, part: u32, value: JsString<'js>) -> Result<Option<Array<'js>>> {
    let Ok(mut url) = Url::parse(&text(&href)) else { return Ok(None) };
    let value = text(&value);
    // Deno's numbers.
    let set = match part {
        0 => Ok(quirks::set_hash(&mut url, &value)),
        1 => quirks::set_host(&mut url, &value),
        2 => quirks::set_hostname(&mut url, &value),
        3 => quirks::set_password(&mut url, &value),
        4 => Ok(quirks::set_pathname(&mut url, &value)),
        5 => quirks::set_port(&mut url, &value),
        6 => quirks::set_protocol(&mut url, &value),
        7 => Ok(quirks::set_search(&mut url, &value)),
        8 => quirks::set_username(&mut url, &value),
        _ => Err(()),
    };
    set.ok().map(|()| parts(&ctx, &url)).transpose()
}

fn parts<'js>(ctx: &Ctx<'js>, url: &Url) -> Result<Array<'js>> {
    let parts = quirks::internal_components(url);
    let result = Array::new(ctx.clone())?;
    result.set(0, url.as_str())?;
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
    for (index, place) in places.into_iter().enumerate() {
        result.set(index + 1, place)?;
    }
    Ok(result)
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
