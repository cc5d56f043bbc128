//! What comes in of a distributed trace: <https://www.w3.org/TR/trace-context/>, the Recommendation of its level 1, with the one flag
//! more of level 2.

use std::num::{NonZeroU64, NonZeroU128};
use std::sync::Arc;

use dayfly::Trace;
use http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `sampled`: spans of the trace are recorded.
pub(crate) const SAMPLED: u8 = 1;
/// `sampled`, and level 2's `random`: all that there are. Others are not handed on.
const KNOWN: u8 = 0b11;

/// How long a `tracestate` may be that is handed on. The Recommendation asks for 512 bytes.
const MOST_STATE: usize = 2048;
const MOST_MEMBERS: usize = 32;

/// The span that a request comes from, as its headers say; none if they say nothing, or nothing that is valid.
pub(crate) fn parent(headers: &HeaderMap) -> Option<Trace> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (id, span, flags) = traceparent(value.as_bytes())?;
    Some(Trace { id, span, flags, state: tracestate(headers) })
}

/// Of version 00 what it is, and of a later one what there is of version 00 in it.
fn traceparent(value: &[u8]) -> Option<(NonZeroU128, NonZeroU64, u8)> {
    const LENGTH: usize = 55;
    let (version, rest) = (value.get(..LENGTH)?, &value[LENGTH..]);
    let text = std::str::from_utf8(version).ok()?;
    let [version, id, span, flags] = [&text[..2], &text[3..35], &text[36..52], &text[53..]];
    let are_dashes = [2, 35, 52].iter().all(|place| text.as_bytes()[*place] == b'-');
    let fits = match hex(version)? {
        0 => rest.is_empty(),
        0xff => false,
        _ => rest.is_empty() || rest[0] == b'-',
    };
    if !are_dashes || !fits {
        return None;
    }
    let span = NonZeroU64::new(u64::try_from(hex(span)?).ok()?)?;
    let flags = u8::try_from(hex(flags)?).ok()?;
    Some((NonZeroU128::new(hex(id)?)?, span, flags & KNOWN))
}

/// A number of lower-case hexadecimal digits.
fn hex(text: &str) -> Option<u128> {
    let is_lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_lower.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// All headers of that name as one, if all of it is valid; else nothing, and the trace goes on without.
fn tracestate(headers: &HeaderMap) -> Option<Arc<str>> {
    let values: Option<Vec<&str>> = headers.get_all(TRACESTATE).iter().map(|value| value.to_str().ok()).collect();
    let values = values?;
    let members = values.iter().flat_map(|value| value.split(',')).map(|member| member.trim_matches([' ', '\t']));
    // An empty one is allowed, and says nothing.
    let members: Vec<&str> = members.filter(|member| !member.is_empty()).collect();
    let is_valid = |member: &&str| member.split_once('=').is_some_and(|(key, value)| is_key(key) && is_value(value));
    let length: usize = members.iter().map(|member| member.len() + 1).sum();
    let is_well = (1..=MOST_MEMBERS).contains(&members.len()) && length <= MOST_STATE && members.iter().all(is_valid);
    is_well.then(|| members.join(",").into())
}

/// `vendor`, or `tenant@vendor`.
fn is_key(key: &str) -> bool {
    let is_name = |name: &str, first: fn(u8) -> bool, most: usize| {
        let is_part = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/');
        name.len() <= most && name.bytes().next().is_some_and(first) && name.bytes().all(is_part)
    };
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    match key.split_once('@') {
        None => is_name(key, is_letter, 256),
        Some((tenant, vendor)) => {
            is_name(tenant, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(), 241)
                && is_name(vendor, is_letter, 14)
        }
    }
}

fn is_value(value: &str) -> bool {
    let is_well = value.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b',' && byte != b'=');
    (1..=256).contains(&value.len()) && is_well && !value.ends_with(' ')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::parent;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect::<Vec<_>>()
            .into_iter()
            .fold(HeaderMap::new(), |mut headers, (name, value): (http::HeaderName, _)| {
                headers.append(name, value);
                headers
            })
    }

    fn handed_on(value: &str) -> Option<String> {
        parent(&headers(&[("traceparent", value)])).map(|parent| parent.to_string())
    }

    #[test]
    fn a_valid_parent_is_taken() {
        let valid = format!("00-{ID}-00f067aa0ba902b7-01");
        assert_eq!(handed_on(&valid), Some(valid));
        for (flags, handed) in [("00", "00"), ("02", "02"), ("03", "03"), ("ff", "03"), ("08", "00")] {
            assert_eq!(
                handed_on(&format!("00-{ID}-00f067aa0ba902b7-{flags}")),
                Some(format!("00-{ID}-00f067aa0ba902b7-{handed}"))
            );
        }
        // Of a later version what is known of it.
        for later in ["cc-ID-00f067aa0ba902b7-01", "cc-ID-00f067aa0ba902b7-01-what-comes", "01-ID-00f067aa0ba902b7-01-"]
        {
            assert_eq!(handed_on(&later.replace("ID", ID)), Some(format!("00-{ID}-00f067aa0ba902b7-01")), "{later}");
        }
    }

    #[test]
    fn what_is_not_valid_is_no_parent() {
        for wrong in [
            "",
            "00",
            "00-ID-00f067aa0ba902b7",
            "00-ID-00f067aa0ba902b7-",
            "00-ID-00f067aa0ba902b7-1",
            "00-ID-00f067aa0ba902b7-01-",
            "00-ID-00f067aa0ba902b7-01.",
            "00-ID-00f067aa0ba902b7-011",
            "cc-ID-00f067aa0ba902b7-01.what",
            "cc-ID-00f067aa0ba902b7-011",
            "ff-ID-00f067aa0ba902b7-01",
            "0x-ID-00f067aa0ba902b7-01",
            "00-ID-00f067aa0ba902b7-0g",
            "00-ID-00F067AA0BA902B7-01",
            "00-ID-0000000000000000-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-.bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00_ID-00f067aa0ba902b7-01",
            "00-ID_00f067aa0ba902b7-01",
            "00-ID-00f067aa0ba902b7_01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(handed_on(&wrong.replace("ID", ID)), None, "{wrong}");
        }
        let one = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert_eq!(parent(&headers(&[one, one])), None, "two are none");
        assert_eq!(parent(&headers(&[("tracestate", "a=1")])), None);
        let bytes = HeaderValue::from_bytes(&[b'\xe4'; 55]).unwrap();
        assert_eq!(parent(&HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), bytes)])), None);
    }

    #[test]
    fn the_state_of_all_headers_is_taken_whole_or_not_at_all() {
        let of = |states: &[&str]| {
            let one = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
            let all: Vec<_> = [one].into_iter().chain(states.iter().map(|state| ("tracestate", *state))).collect();
            parent(&headers(&all)).expect("the trace goes on").state
        };
        let long = "a".repeat(256);
        let (key, value) = (format!("{long}=1"), format!("a={long}"));
        for (states, taken) in [
            (&["foo=1"][..], "foo=1"),
            (&["foo=1 \t,  \tbar=2", "", "rojo=00f067aa0ba902b7"], "foo=1,bar=2,rojo=00f067aa0ba902b7"),
            (&["foo=1,,bar=2"], "foo=1,bar=2"),
            (&["0tenant@vendor=1,a_-*/b= x y"], "0tenant@vendor=1,a_-*/b= x y"),
            (&[&key], &key),
            (&[&value], &value),
        ] {
            assert_eq!(of(states).as_deref(), Some(taken), "{states:?}");
        }
        let many = ["a=1"; 33].join(",");
        let (long_key, long_value) = (format!("a{key}"), format!("{value}a"));
        let very_long = [value.as_str(); 9].join(",");
        for wrong in [
            "",
            "foo",
            "foo=",
            "=1",
            "foo =1",
            "FOO=1",
            "0foo=1",
            "foo@=1",
            "@foo=1",
            "foo@0bar=1",
            "foo@bar@baz=1",
            "foo=1=2",
            "foo=1;bar=2,baz=\t3",
            "ok=1,foo",
            "tenant@fifteenletterss=1",
            &many,
            &long_key,
            &long_value,
            &very_long,
        ] {
            assert_eq!(of(&[wrong]), None, "{wrong}");
        }
    }
}
