//! Requests that are answered only if the page has changed: RFC 9110, 13.
//!
//! `If-None-Match` is compared weakly (13.1.2), and where it is given `If-Modified-Since` is not looked at (13.1.3, 13.2.2). Both
//! are for GET and HEAD, and for a response that would be 200 (13.2.1). A condition of another method has to be judged before the
//! method is done, which only the app can: it sees the headers.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use sha2::{Digest, Sha256};

use crate::cache::Directives;

/// What a 304 has not, as it would say what the client has already: RFC 9110, 15.4.5.
const OF_THE_CONTENT: [HeaderName; 5] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE, ACCEPT_RANGES];

/// In a response's extensions: to be sent as 304. Its headers are first made what those of the 200 would be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotModified;

/// The conditions of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    none_match: Vec<HeaderValue>,
    modified_since: Option<SystemTime>,
}

impl Conditions {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Self::default();
        }
        let headers = request.headers();
        let none_match: Vec<_> = headers.get_all(IF_NONE_MATCH).iter().cloned().collect();
        let modified_since = none_match.is_empty().then(|| headers.get(IF_MODIFIED_SINCE).and_then(date)).flatten();
        Self { none_match, modified_since }
    }

    /// Whether the client has already what this response has.
    pub(crate) fn hold(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        if status != StatusCode::OK {
            return false;
        }
        if !self.none_match.is_empty() {
            let tag = headers.get(ETAG).map(|tag| opaque(tag.as_bytes()));
            return self.none_match.iter().any(|value| lists(value.as_bytes(), tag));
        }
        match (self.modified_since, headers.get(LAST_MODIFIED).and_then(date)) {
            (Some(since), Some(modified)) => modified <= since,
            _ => false,
        }
    }
}

/// Makes the headers of a 200 those of a 304.
pub(crate) fn strip(headers: &mut HeaderMap) {
    OF_THE_CONTENT.iter().for_each(|name| drop(headers.remove(name)));
    if headers.contains_key(ETAG) {
        headers.remove(LAST_MODIFIED);
    }
}

/// Gives a page a tag, if the app gave none and it may be kept by who gets it. The tag is weak, as compression changes the
/// bytes that are sent and not what they mean: RFC 9110, 8.8.3.3.
pub(crate) fn tag(status: StatusCode, headers: &mut HeaderMap, content: &Bytes) {
    let may_be_kept = status == StatusCode::OK
        && !headers.contains_key(ETAG)
        && !headers.contains_key(SET_COOKIE)
        && !Directives::of(headers.get_all(CACHE_CONTROL)).no_store;
    if !may_be_kept {
        return;
    }
    let digest = Sha256::digest(content);
    let mut tag = *b"W/\"00000000000000000000000000000000\"";
    for (digits, byte) in tag[3..35].chunks_exact_mut(2).zip(digest) {
        digits.copy_from_slice(&[byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    let tag = HeaderValue::from_bytes(&tag).expect("it is hexadecimal");
    headers.insert(ETAG, tag);
}

/// Makes a strong tag weak, for content whose coding was changed.
pub(crate) fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")) else { return };
    match HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()) {
        Ok(weak) => drop(headers.insert(ETAG, weak)),
        Err(_) => drop(headers.remove(ETAG)),
    }
}

pub(crate) fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?).ok()
}

/// A tag without what says that it is weak.
fn opaque(tag: &[u8]) -> &[u8] {
    let tag = tag.trim_ascii();
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Whether a list of tags has one, or is `*`. A tag may have commas in it.
fn lists(list: &[u8], tag: Option<&[u8]>) -> bool {
    if list.trim_ascii() == b"*" {
        return true;
    }
    let Some(tag) = tag else { return false };
    let mut rest = list;
    while let Some(start) = rest.iter().position(|byte| *byte == b'"') {
        let Some(length) = rest[start + 1..].iter().position(|byte| *byte == b'"') else { return false };
        let end = start + 1 + length + 1;
        if &rest[start..end] == tag {
            return true;
        }
        rest = &rest[end..];
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use bytes::Bytes;
    use http::header::{CACHE_CONTROL, ETAG, LAST_MODIFIED, SET_COOKIE};
    use http::{HeaderMap, HeaderValue, Request, StatusCode};

    use super::{Conditions, tag, weaken};

    fn holds(asked: &[(&str, &str)], answered: &[(&'static str, &'static str)]) -> bool {
        let request = asked.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
        let mut headers = HeaderMap::new();
        for (name, value) in answered {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Conditions::of(&request.body(()).unwrap()).hold(StatusCode::OK, &headers)
    }

    #[test]
    fn tags_are_compared_weakly_and_before_dates() {
        for (asked, tag, is_met) in [
            (r#""a""#, r#""a""#, true),
            (r#"W/"a""#, r#""a""#, true),
            (r#""a""#, r#"W/"a""#, true),
            (r#""x", W/"a,b" , "c""#, r#"W/"a,b""#, true),
            (r#""x", "c""#, r#""a""#, false),
            (r#"a"#, r#""a""#, false),
            (r#""a"#, r#""a""#, false),
            (r#""A""#, r#""a""#, false),
            ("*", r#""a""#, true),
        ] {
            assert_eq!(holds(&[("if-none-match", asked)], &[("etag", tag)]), is_met, "{asked} {tag}");
        }
        let (old, new) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 08:49:37 GMT");
        assert!(holds(&[("if-modified-since", old)], &[("last-modified", old)]));
        assert!(holds(&[("if-modified-since", new)], &[("last-modified", old)]));
        assert!(!holds(&[("if-modified-since", old)], &[("last-modified", new)]));
        assert!(!holds(&[("if-modified-since", "yesterday")], &[("last-modified", old)]));
        assert!(!holds(&[("if-modified-since", new)], &[]));
        let both = [("if-none-match", r#""a""#), ("if-modified-since", new)];
        assert!(!holds(&both, &[("etag", r#""b""#), ("last-modified", old)]), "the date is not looked at");
    }

    #[test]
    fn only_a_page_that_may_be_kept_gets_a_tag() {
        let tag_of = |name: Option<http::HeaderName>, value: &'static str, status| {
            let mut headers = HeaderMap::new();
            name.map(|name| headers.insert(name, HeaderValue::from_static(value)));
            tag(status, &mut headers, &Bytes::from_static(b"page"));
            headers.get(ETAG).cloned()
        };
        let ours = tag_of(None, "", StatusCode::OK).unwrap();
        assert_eq!(ours.len(), 2 + 34);
        assert_eq!(tag_of(Some(LAST_MODIFIED), "x", StatusCode::OK).unwrap(), ours);
        assert_eq!(tag_of(Some(ETAG), "\"own\"", StatusCode::OK).unwrap(), "\"own\"");
        assert_eq!(tag_of(Some(SET_COOKIE), "a=b", StatusCode::OK), None);
        assert_eq!(tag_of(Some(CACHE_CONTROL), "private, No-Store", StatusCode::OK), None);
        assert_eq!(tag_of(None, "", StatusCode::NOT_FOUND), None);
        let mut strong = HeaderMap::from_iter([(ETAG, HeaderValue::from_static("\"own\""))]);
        weaken(&mut strong);
        weaken(&mut strong);
        assert_eq!(strong[ETAG], "W/\"own\"");
    }
}
