//! `Cache-Control`: RFC 9111, 5.2; RFC 5861.

use std::time::Duration;

use http::HeaderValue;
use http::header::GetAll;

/// Longer ones are not told apart: RFC 9111, 1.2.2.
const MOST_SECONDS: u64 = 1 << 31;

/// What `Cache-Control` says, of a request or of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) public: bool,
    /// Or `proxy-revalidate`, which is the same to a shared cache.
    pub(crate) must_revalidate: bool,
    pub(crate) no_transform: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<Duration>,
    pub(crate) s_maxage: Option<Duration>,
    pub(crate) min_fresh: Option<Duration>,
    pub(crate) stale_while_revalidate: Option<Duration>,
    pub(crate) stale_if_error: Option<Duration>,
}

impl Directives {
    pub(crate) fn of(values: GetAll<'_, HeaderValue>) -> Self {
        let mut directives = Self::default();
        // What is no text says nothing that could be kept to: nothing is stored of it.
        for value in values {
            match value.to_str() {
                Ok(value) => split(value).for_each(|directive| directives.read(directive)),
                Err(_) => directives.no_store = true,
            }
        }
        directives
    }

    fn read(&mut self, directive: &str) {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = || Some(seconds(argument));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" => self.no_store = true,
            // Of those that name fields the whole is taken: RFC 9111, 5.2.2.4 and 5.2.2.7.
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "public" => self.public = true,
            "must-revalidate" | "proxy-revalidate" => self.must_revalidate = true,
            "no-transform" => self.no_transform = true,
            "only-if-cached" => self.only_if_cached = true,
            // Of one that is given twice the shorter one: RFC 9111, 4.2.1.
            "max-age" => self.max_age = self.max_age.min(seconds()).or(seconds()),
            "s-maxage" => self.s_maxage = self.s_maxage.min(seconds()).or(seconds()),
            "min-fresh" => self.min_fresh = seconds(),
            "stale-while-revalidate" => self.stale_while_revalidate = seconds(),
            "stale-if-error" => self.stale_if_error = seconds(),
            _ => {}
        }
    }
}

/// What is no number is none: the response is stale.
fn seconds(argument: &str) -> Duration {
    let digits = argument.trim().trim_matches('"');
    let seconds = match digits.parse::<u64>() {
        Ok(seconds) => seconds.min(MOST_SECONDS),
        Err(_) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => MOST_SECONDS,
        Err(_) => 0,
    };
    Duration::from_secs(seconds)
}

/// The parts of a list, whose quoted strings may have commas in them.
fn split(list: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    list.split(move |character| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' => return !is_quoted,
            _ => {}
        }
        false
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::time::Duration;

    use http::header::CACHE_CONTROL;
    use http::{HeaderMap, HeaderValue};

    use super::Directives;

    fn of(values: &[&'static str]) -> Directives {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CACHE_CONTROL, HeaderValue::from_static(value));
        }
        Directives::of(headers.get_all(CACHE_CONTROL))
    }

    #[test]
    fn cache_control_is_read_as_the_standard_has_it() {
        let second = Duration::from_secs(1);
        let read = of(&[
            "Public, MAX-AGE=60 ,s-maxage=\"5\"",
            "stale-while-revalidate=7,stale-if-error=99999999999999999999999",
        ]);
        assert!(read.public && !read.private && !read.no_store);
        assert_eq!((read.max_age, read.s_maxage), (Some(60 * second), Some(5 * second)));
        assert_eq!(read.stale_while_revalidate, Some(7 * second));
        assert_eq!(read.stale_if_error, Some(Duration::from_secs(1 << 31)));
        let fields = of(&["private=\"set-cookie, no-store\", x=\"a\\\"b, public\""]);
        assert!(fields.private && !fields.no_store && !fields.public);
        assert_eq!(of(&["max-age=soon"]).max_age, Some(Duration::ZERO));
        assert_eq!(of(&["max-age=-1"]).max_age, Some(Duration::ZERO));
        assert_eq!(of(&["max-age=9, max-age=3"]).max_age, Some(3 * second));
        assert!(of(&["proxy-revalidate"]).must_revalidate && of(&["no-cache"]).no_cache);
        assert_eq!(of(&[" , ,nonsense"]), Directives::default());
    }
}
