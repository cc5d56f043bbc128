//! One stored response, and for how long it may be used: RFC 9111, 3 and 4.2; RFC 5861.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{AGE, AUTHORIZATION, CACHE_CONTROL, DATE, EXPIRES, PRAGMA, RANGE, SET_COOKIE, VARY};
use http::request::Parts as Asked;
use http::response::Parts as Answered;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::directives::Directives;
use crate::conditional::date;

/// A stored response.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Bytes,
    pub(crate) times: Times,
}

/// For how long a response may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// When it was made, as far as its age says.
    born: Instant,
    fresh: Duration,
    /// After it is fresh: while it is made anew, and if that fails.
    while_revalidated: Duration,
    if_error: Duration,
    /// It may be sent to who shows who they are: RFC 9111, 3.5.
    is_for_all: bool,
}

/// Whether a stored response may be used for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It may.
    Fresh,
    /// It may, and is made anew meanwhile.
    WhileRevalidated,
    /// It may if making it anew fails.
    IfError,
    /// It may not.
    Never,
}

impl Times {
    /// Those of a response, if a shared cache may store it at all.
    pub(crate) fn of(asked: &Asked, answered: &Answered, now: Instant) -> Option<Self> {
        let said = Directives::of(answered.headers.get_all(CACHE_CONTROL));
        let request = Directives::of(asked.headers.get_all(CACHE_CONTROL));
        let is_for_all = said.public || said.s_maxage.is_some() || said.must_revalidate;
        let may = asked.method == Method::GET
            && [200, 203, 204, 300, 301, 308, 404, 410].contains(&answered.status.as_u16())
            // One that must be validated each time is of no use here, as there is nothing but the app to ask.
            && !(said.no_store || said.private || said.no_cache || request.no_store)
            && (is_for_all || !asked.headers.contains_key(AUTHORIZATION))
            && !answered.headers.contains_key(SET_COOKIE)
            && varies_by(&answered.headers).is_some();
        if !may {
            return None;
        }
        let fresh = said.s_maxage.or(said.max_age).or_else(|| expires(&answered.headers))?;
        let may_be_stale = !said.must_revalidate;
        let stale = |time: Option<Duration>| time.filter(|_| may_be_stale).unwrap_or_default();
        let (while_revalidated, if_error) = (stale(said.stale_while_revalidate), stale(said.stale_if_error));
        let age = seconds(&answered.headers, &AGE).unwrap_or_default();
        let times = Self { born: now.checked_sub(age).unwrap_or(now), fresh, while_revalidated, if_error, is_for_all };
        (!times.kept(now).is_zero()).then_some(times)
    }

    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.born)
    }

    /// How long it is fresh still, in whole seconds; negative once it is stale.
    pub(crate) fn ttl(&self, now: Instant) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        seconds(self.fresh) - seconds(self.age(now))
    }

    /// How long it can be of any use still.
    pub(crate) fn kept(&self, now: Instant) -> Duration {
        (self.fresh + self.while_revalidated.max(self.if_error)).saturating_sub(self.age(now))
    }

    /// Whether it may be used for a request.
    pub(crate) fn allow(&self, asked: &Asked, now: Instant) -> Use {
        let request = Directives::of(asked.headers.get_all(CACHE_CONTROL));
        let wants_new = request.no_cache || (!asked.headers.contains_key(CACHE_CONTROL) && is_no_cache(&asked.headers));
        if asked.headers.contains_key(AUTHORIZATION) && !self.is_for_all {
            return Use::Never;
        }
        let age = self.age(now);
        let stale = age.saturating_sub(self.fresh);
        let is_fresh = age < self.fresh
            && request.max_age.is_none_or(|most| age <= most)
            && request.min_fresh.is_none_or(|least| age + least < self.fresh);
        if is_fresh && !wants_new {
            Use::Fresh
        } else if wants_new || request.max_age.is_some() || request.min_fresh.is_some() {
            if stale < self.if_error { Use::IfError } else { Use::Never }
        } else if stale < self.while_revalidated {
            Use::WhileRevalidated
        } else if stale < self.if_error {
            Use::IfError
        } else {
            Use::Never
        }
    }
}

impl Entry {
    /// Stores a response's head with the date that it was made at: RFC 9110, 6.6.1.
    pub(crate) fn new(mut answered: Answered, content: Bytes, times: Times) -> Self {
        if !answered.headers.contains_key(DATE) {
            let date = httpdate::fmt_http_date(SystemTime::now());
            answered.headers.insert(DATE, HeaderValue::from_str(&date).expect("a date is ASCII"));
        }
        answered.headers.remove(AGE);
        Self { status: answered.status, headers: answered.headers, content, times }
    }

    /// Bytes that it takes, more or less.
    pub(crate) fn size(&self) -> u64 {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        (self.content.len() + headers + 256) as u64
    }

    /// Whether it may be sent in place of an error, now.
    pub(crate) fn helps(&self, now: Instant) -> bool {
        self.times.age(now).saturating_sub(self.times.fresh) < self.times.if_error
    }
}

/// The request headers that a response varies by, in order; none if it varies by what cannot be known.
pub(crate) fn varies_by(headers: &HeaderMap) -> Option<Vec<HeaderName>> {
    let mut names = Vec::new();
    for value in headers.get_all(VARY) {
        for name in value.to_str().ok()?.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            names.push(name.parse::<HeaderName>().ok().filter(|_| name != "*")?);
        }
    }
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    names.dedup();
    Some(names)
}

/// Whether a request is one that the cache may know an answer to.
pub(crate) fn is_for_a_cache(asked: &Asked) -> bool {
    [Method::GET, Method::HEAD].contains(&asked.method) && !asked.headers.contains_key(RANGE)
}

fn is_no_cache(headers: &HeaderMap) -> bool {
    headers.get(PRAGMA).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"no-cache"))
}

fn expires(headers: &HeaderMap) -> Option<Duration> {
    // A date that cannot be read has passed: RFC 9111, 5.3.
    let Some(expires) = date(headers.get(EXPIRES)?) else { return Some(Duration::ZERO) };
    let made = headers.get(DATE).and_then(date).unwrap_or_else(SystemTime::now);
    Some(expires.duration_since(made).unwrap_or_default())
}

fn seconds(headers: &HeaderMap, name: &HeaderName) -> Option<Duration> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::time::{Duration, Instant};

    use http::{Request, Response};

    use super::{Times, Use, varies_by};

    const SECOND: Duration = Duration::from_secs(1);

    fn asked(headers: &[(&str, &str)]) -> http::request::Parts {
        let request = headers.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn answered(status: u16, headers: &[(&str, &str)]) -> http::response::Parts {
        let response = Response::builder().status(status);
        let response = headers.iter().fold(response, |response, (name, value)| response.header(*name, *value));
        response.body(()).unwrap().into_parts().0
    }

    #[test]
    fn what_a_shared_cache_may_not_store_is_not_stored() {
        let now = Instant::now();
        let auth: &[_] = &[("authorization", "x")];
        for (request, status, response, is_stored) in [
            (&[][..], 200, &[("cache-control", "max-age=1")][..], true),
            (&[], 200, &[("cache-control", "s-maxage=1, max-age=0")], true),
            (&[], 200, &[], false),
            (&[], 200, &[("cache-control", "public")], false),
            (&[], 200, &[("cache-control", "max-age=0")], false),
            (&[], 200, &[("cache-control", "max-age=0, stale-while-revalidate=5")], true),
            (&[], 200, &[("cache-control", "max-age=0, stale-if-error=5, must-revalidate")], false),
            (&[], 200, &[("cache-control", "max-age=9, no-store")], false),
            (&[], 200, &[("cache-control", "max-age=9"), ("cache-control", "private")], false),
            (&[], 200, &[("cache-control", "max-age=9, no-cache")], false),
            (&[], 200, &[("cache-control", "max-age=9"), ("set-cookie", "a=b")], false),
            (&[], 200, &[("cache-control", "max-age=9"), ("vary", "accept, *")], false),
            (&[], 200, &[("cache-control", "max-age=9"), ("age", "9")], false),
            (&[], 200, &[("cache-control", "s-maxage=0, max-age=9")], false),
            (&[], 200, &[("expires", "Fri, 01 Jan 2100 00:00:00 GMT")], true),
            (&[], 200, &[("expires", "0")], false),
            (&[], 200, &[("expires", "Fri, 01 Jan 2100 00:00:00 GMT"), ("cache-control", "max-age=0")], false),
            (&[], 404, &[("cache-control", "max-age=9")], true),
            (&[], 206, &[("cache-control", "max-age=9")], false),
            (&[], 302, &[("cache-control", "max-age=9")], false),
            (&[], 500, &[("cache-control", "max-age=9")], false),
            (auth, 200, &[("cache-control", "max-age=9")], false),
            (auth, 200, &[("cache-control", "max-age=9, public")], true),
            (auth, 200, &[("cache-control", "s-maxage=9")], true),
            (&[("cache-control", "no-store")], 200, &[("cache-control", "max-age=9")], false),
        ] {
            let times = Times::of(&asked(request), &answered(status, response), now);
            assert_eq!(times.is_some(), is_stored, "{request:?} {status} {response:?}");
        }
    }

    #[test]
    fn a_response_is_fresh_then_stale_then_gone() {
        let now = Instant::now();
        let said = [("cache-control", "max-age=10, stale-while-revalidate=20, stale-if-error=30"), ("age", "2")];
        let times = Times::of(&asked(&[]), &answered(200, &said), now).unwrap();
        let at = |seconds: u32, headers: &[(&str, &str)]| times.allow(&asked(headers), now + seconds * SECOND);
        assert_eq!(
            [0, 7, 8, 27, 28, 37, 38].map(|seconds| at(seconds, &[])),
            [
                Use::Fresh,
                Use::Fresh,
                Use::WhileRevalidated,
                Use::WhileRevalidated,
                Use::IfError,
                Use::IfError,
                Use::Never,
            ]
        );
        assert_eq!((times.age(now + SECOND), times.ttl(now + SECOND), times.kept(now)), (3 * SECOND, 7, 38 * SECOND));
        assert_eq!(at(0, &[("cache-control", "no-cache")]), Use::IfError);
        assert_eq!(at(0, &[("pragma", "no-cache")]), Use::IfError);
        assert_eq!(at(0, &[("cache-control", "max-age=2")]), Use::Fresh);
        assert_eq!(at(1, &[("cache-control", "max-age=2")]), Use::IfError);
        assert_eq!(at(0, &[("cache-control", "min-fresh=8")]), Use::IfError);
        assert_eq!(at(0, &[("authorization", "x")]), Use::Never);
    }

    #[test]
    fn what_it_varies_by_is_one_list_in_order() {
        let names = varies_by(&answered(200, &[("vary", "B, a"), ("vary", "b")]).headers).unwrap();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(varies_by(&answered(200, &[("vary", "a b")]).headers), None);
    }
}
