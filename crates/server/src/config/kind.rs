//! Kinds of values: how each is read, within what bounds, and how it is shown.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use http::HeaderValue;
use url::Url;

use super::tree::{Node, Value};
use super::{App, EventsTo};
use crate::otlp::check_endpoint;

/// Reads a value.
type Read<T> = Box<dyn Fn(&Node) -> Result<T, Wrong>>;

/// A kind of value.
pub(super) struct Kind<T> {
    /// What it is called: `size`, `time`.
    pub(super) name: &'static str,
    /// Within what; empty if there are no bounds.
    pub(super) bounds: String,
    read: Read<T>,
    show: Box<dyn Fn(&T) -> String>,
}

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) remedy: Option<String>,
}

impl Wrong {
    fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: Some(remedy.into()) }
    }

    /// Of another type than it should be.
    fn kind(name: &str, value: &Value, example: &str) -> Self {
        Self::new(format!("{} where {name} is wanted", value.kind()), format!("write it as in {example}"))
    }
}

impl<T> Kind<T> {
    pub(super) fn read(&self, node: &Node) -> Result<T, Wrong> {
        (self.read)(node)
    }

    pub(super) fn show(&self, value: &T) -> String {
        (self.show)(value)
    }
}

impl<T: 'static> Kind<T> {
    /// The same as another type, and back, which is for what is shown.
    pub(super) fn map<U: 'static>(self, to: fn(T) -> U, back: fn(&U) -> Option<T>) -> Kind<U> {
        let Self { name, bounds, read, show } = self;
        let show = move |value: &U| back(value).map_or_else(String::new, |value| show(&value));
        Kind { name, bounds, read: Box::new(move |node| read(node).map(to)), show: Box::new(show) }
    }
}

/// Text that a type reads.
pub(super) fn text<T: FromStr<Err: Display> + Display>(name: &'static str, example: &'static str) -> Kind<T> {
    let read = move |node: &Node| match &node.value {
        Value::Text(text) => text.parse().map_err(|error: T::Err| {
            let message = error.to_string();
            // Some say themselves what would be right.
            if message.contains("write ") {
                return Wrong { message, remedy: None };
            }
            let names_it = !text.is_empty() && message.contains(text.as_str());
            let message = if names_it { message } else { format!("{text:?} is no {name}: {message}") };
            Wrong::new(message, format!("write it as in {example}"))
        }),
        other => Err(Wrong::kind(name, other, example)),
    };
    Kind {
        name,
        bounds: String::new(),
        read: Box::new(read),
        show: Box::new(|value| format!("{:?}", value.to_string())),
    }
}

/// An address with a port.
pub(super) fn address() -> Kind<SocketAddr> {
    const EXAMPLE: &str = "\"127.0.0.1:8080\" or \"[::]:8080\"";
    let read = |node: &Node| match &node.value {
        Value::Text(text) => text.parse().map_err(|_| {
            let remedy = format!("write an IP address and a port, as in {EXAMPLE}");
            Wrong::new(format!("{text:?} is no address with a port"), remedy)
        }),
        other => Err(Wrong::kind("address and port", other, EXAMPLE)),
    };
    Kind {
        name: "address and port",
        bounds: String::new(),
        read: Box::new(read),
        show: Box::new(|value| format!("\"{value}\"")),
    }
}

/// An address with a port, or `off`.
pub(super) fn address_or_off() -> Kind<Option<SocketAddr>> {
    let Kind { read, show, .. } = address();
    let read = move |node: &Node| match &node.value {
        Value::Text(text) if text == "off" => Ok(None),
        _ => read(node).map(Some).map_err(|Wrong { message, remedy }| {
            let remedy = remedy.map(|remedy| format!("{remedy}, or \"off\""));
            Wrong { message, remedy }
        }),
    };
    let show = move |value: &Option<SocketAddr>| value.as_ref().map_or("\"off\"".into(), &show);
    Kind { name: "address and port, or `off`", bounds: String::new(), read: Box::new(read), show: Box::new(show) }
}

/// A file or folder: from the file's folder if the file says it, else from where the process runs.
pub(super) fn path(base: &Path) -> Kind<PathBuf> {
    let base = base.to_owned();
    let read = move |node: &Node| match &node.value {
        Value::Text(text) if text.is_empty() || text.contains('\0') => {
            Err(Wrong::new("it is empty", "name a file or folder"))
        }
        Value::Text(text) if node.at.is_in_file() => Ok(base.join(text)),
        Value::Text(text) => Ok(text.into()),
        other => Err(Wrong::kind("path", other, "\"apps/shop.mjs\"")),
    };
    let show =
        |path: &PathBuf| if path.as_os_str().is_empty() { String::new() } else { format!("\"{}\"", path.display()) };
    Kind { name: "path", bounds: String::new(), read: Box::new(read), show: Box::new(show) }
}

/// A tenant's app: a file.
pub(super) fn app(base: &Path) -> Kind<App> {
    let Kind { read, .. } = path(base);
    let read = move |node: &Node| read(node).map(App::File);
    let show = |app: &App| match app {
        App::File(path) => format!("\"{}\"", path.display()),
        App::Source { name, .. } => name.clone(),
    };
    Kind { name: "path", bounds: String::new(), read: Box::new(read), show: Box::new(show) }
}

/// True or false.
pub(super) fn switch() -> Kind<bool> {
    let read = |node: &Node| match &node.value {
        Value::Switch(switch) => Ok(*switch),
        other => Err(Wrong::kind("true or false", other, "true")),
    };
    Kind { name: "true or false", bounds: String::new(), read: Box::new(read), show: Box::new(bool::to_string) }
}

/// Where events go.
pub(super) fn events(base: &Path) -> Kind<EventsTo> {
    let Kind { read, .. } = path(base);
    let read = move |node: &Node| match &node.value {
        Value::Text(text) if text == "off" => Ok(EventsTo::Off),
        Value::Text(text) if text == "stdout" => Ok(EventsTo::Stdout),
        _ => read(node).map(EventsTo::File),
    };
    let show = |to: &EventsTo| match to {
        EventsTo::Off => "\"off\"".to_owned(),
        EventsTo::Stdout => "\"stdout\"".to_owned(),
        EventsTo::File(path) => format!("\"{}\"", path.display()),
    };
    Kind { name: "`off`, `stdout` or path", bounds: String::new(), read: Box::new(read), show: Box::new(show) }
}

/// The URL of a collector.
pub(super) fn collector() -> Kind<String> {
    const EXAMPLE: &str = "\"http://127.0.0.1:4318/v1/traces\"";
    let read = |node: &Node| match &node.value {
        Value::Text(text) => match check_endpoint(text) {
            Ok(()) => Ok(text.clone()),
            Err(message) => Err(Wrong::new(message, format!("write it as in {EXAMPLE}"))),
        },
        other => Err(Wrong::kind("URL", other, EXAMPLE)),
    };
    Kind { name: "URL", bounds: String::new(), read: Box::new(read), show: Box::new(|url| format!("\"{url}\"")) }
}

/// A URL of HTTP.
pub(super) fn url(example: &'static str) -> Kind<String> {
    let read = move |node: &Node| match &node.value {
        Value::Text(text) => match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.clone()),
            _ => Err(Wrong::new(format!("{text:?} is no URL of HTTP"), format!("write it as in {example}"))),
        },
        other => Err(Wrong::kind("URL", other, example)),
    };
    Kind { name: "URL", bounds: String::new(), read: Box::new(read), show: Box::new(|url| format!("\"{url}\"")) }
}

/// One of some words.
pub(super) fn choice<T: Clone + PartialEq + 'static>(words: Vec<(String, T)>) -> Kind<T> {
    let all = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let shown = words.clone();
    let remedy = format!("write one of {all}");
    let read = move |node: &Node| match &node.value {
        Value::Text(text) => match words.iter().find(|(word, _)| word == text) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(Wrong::new(format!("{text:?} is none of the words that may stand here"), remedy.clone())),
        },
        other => Err(Wrong::new(format!("{} where a word is wanted", other.kind()), remedy.clone())),
    };
    let show = move |value: &T| {
        shown.iter().find(|(_, of)| of == value).map_or_else(String::new, |(word, _)| format!("\"{word}\""))
    };
    Kind { name: "one of some words", bounds: all, read: Box::new(read), show: Box::new(show) }
}

/// A header's value.
pub(super) fn header(name: &'static str, example: &'static str) -> Kind<HeaderValue> {
    let read = move |node: &Node| match &node.value {
        Value::Text(text) => text.parse().map_err(|_| {
            Wrong::new(format!("{text:?} is no {name}"), format!("write it in printable ASCII, as in {example}"))
        }),
        other => Err(Wrong::kind(name, other, example)),
    };
    let show = |value: &HeaderValue| format!("\"{}\"", value.to_str().unwrap_or_default());
    Kind { name, bounds: String::new(), read: Box::new(read), show: Box::new(show) }
}

/// A share of a whole.
pub(super) fn share() -> Kind<f64> {
    number(0.0, 1.0, |number| Wrong::new(format!("{number} is no share"), "write 0 to 1, as in 0.1 for a tenth"))
}

/// A share of a whole within bounds: where nothing of it, or all, would make no sense.
pub(super) fn part(least: f64, most: f64) -> Kind<f64> {
    number(least, most, move |number| {
        Wrong::new(format!("{number} is out of bounds"), format!("write {least} to {most}, as in 0.1 for a tenth"))
    })
}

/// What something is multiplied by.
pub(super) fn factor(least: f64, most: f64) -> Kind<f64> {
    number(least, most, move |number| {
        Wrong::new(format!("{number} is out of bounds"), format!("write {least} to {most}, as in 0.5"))
    })
}

fn number(least: f64, most: f64, wrong: impl Fn(f64) -> Wrong + 'static) -> Kind<f64> {
    let read = move |node: &Node| {
        let number = match &node.value {
            Value::Float(number) => *number,
            // Of a number beyond 2^53 only that it is too large matters.
            Value::Integer(number) => *number as f64,
            other => return Err(Wrong::kind("number", other, "0.1")),
        };
        if (least..=most).contains(&number) { Ok(number) } else { Err(wrong(number)) }
    };
    Kind { name: "number", bounds: format!("{least} to {most}"), read: Box::new(read), show: Box::new(f64::to_string) }
}

/// A number without a unit.
pub(super) fn count<T: TryFrom<u64> + TryInto<u64> + Copy>(least: u64, most: u64) -> Kind<T> {
    let read = move |node: &Node| match &node.value {
        Value::Integer(number) => within(*number, least, most, |number| number.to_string()),
        other => Err(Wrong::kind("whole number", other, &least.max(1).to_string())),
    };
    let show = |value: &T| number_of(*value).to_string();
    Kind {
        name: "whole number",
        bounds: bounds(least, most, |number| number.to_string()),
        read: Box::new(read),
        show: Box::new(show),
    }
}

/// A number of bytes.
pub(super) fn size<T: TryFrom<u64> + TryInto<u64> + Copy>(least: u64, most: u64) -> Kind<T> {
    const EXAMPLE: &str = "\"128MiB\", \"512KiB\" or 4096";
    let read = move |node: &Node| match &node.value {
        Value::Text(text) => {
            let size: ByteSize = text.parse().map_err(|_| {
                Wrong::new(format!("{text:?} is no size"), format!("write a number with a unit, as in {EXAMPLE}"))
            })?;
            within(size.as_u64().into(), least, most, show_size)
        }
        Value::Integer(number) => within(*number, least, most, show_size),
        other => Err(Wrong::kind("size", other, EXAMPLE)),
    };
    let show = |value: &T| format!("\"{}\"", show_size(number_of(*value)));
    Kind { name: "size", bounds: bounds(least, most, show_size), read: Box::new(read), show: Box::new(show) }
}

/// A length of time.
pub(super) fn time(least: Duration, most: Duration) -> Kind<Duration> {
    const EXAMPLE: &str = "\"500ms\", \"2s\" or \"1m\"";
    let show = |time: Duration| humantime::format_duration(time).to_string();
    let read = move |node: &Node| match &node.value {
        Value::Text(text) => {
            let time = humantime::parse_duration(text).map_err(|_| {
                Wrong::new(format!("{text:?} is no time"), format!("write a number with a unit, as in {EXAMPLE}"))
            })?;
            if time < least {
                return Err(Wrong::new(format!("{text} is too short"), format!("write at least {}", show(least))));
            }
            if time > most {
                return Err(Wrong::new(format!("{text} is too long"), format!("write at most {}", show(most))));
            }
            Ok(time)
        }
        Value::Integer(number) => {
            let remedy = format!("write a text with a number and a unit, as in {EXAMPLE}");
            Err(Wrong::new(format!("{number} has no unit"), remedy))
        }
        other => Err(Wrong::kind("time", other, EXAMPLE)),
    };
    let bounds = format!("{} to {}", show(least), show(most));
    Kind { name: "time", bounds, read: Box::new(read), show: Box::new(move |time| format!("\"{}\"", show(*time))) }
}

fn number_of<T: TryInto<u64>>(value: T) -> u64 {
    value.try_into().unwrap_or(u64::MAX)
}

fn within<T: TryFrom<u64>>(number: i128, least: u64, most: u64, show: fn(u64) -> String) -> Result<T, Wrong> {
    if number < least.into() {
        let number = if number < 0 { number.to_string() } else { show(u64::try_from(number).unwrap_or(0)) };
        return Err(Wrong::new(format!("{number} is too small"), format!("write at least {}", show(least))));
    }
    let small = u64::try_from(number).ok().filter(|number| *number <= most);
    small.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        let number = u64::try_from(number).map_or_else(|_| "it".into(), show);
        Wrong::new(format!("{number} is too large"), format!("write at most {}", show(most)))
    })
}

fn bounds(least: u64, most: u64, show: fn(u64) -> String) -> String {
    if most >= u64::from(u32::MAX) && show(most) == most.to_string() {
        return format!("{} or more", show(least));
    }
    format!("{} to {}", show(least), show(most))
}

/// In the largest unit in which it is a whole number.
fn show_size(bytes: u64) -> String {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes > 0 && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use std::time::Duration;

    use super::super::tree::{At, Node, Value};
    use super::{Kind, Wrong, address, count, size, text, time};

    fn read<T>(kind: &Kind<T>, value: Value) -> Result<T, Wrong> {
        kind.read(&Node { value, at: At::default() })
    }

    fn says<T: std::fmt::Debug>(result: Result<T, Wrong>) -> String {
        let Wrong { message, remedy } = result.unwrap_err();
        format!("{message}; {}", remedy.unwrap_or_default())
    }

    #[test]
    fn bounds_hold_to_the_last_one_and_are_said() {
        let kind = size::<u32>(16 << 10, 768 << 10);
        assert_eq!(kind.bounds, "16KiB to 768KiB");
        assert_eq!(read(&kind, Value::Text("16KiB".into())), Ok(16 << 10));
        assert_eq!(read(&kind, Value::Integer(768 << 10)), Ok(768 << 10));
        assert_eq!(says(read(&kind, Value::Integer((16 << 10) - 1))), "16383 is too small; write at least 16KiB");
        assert_eq!(says(read(&kind, Value::Text("1MiB".into()))), "1MiB is too large; write at most 768KiB");
        assert_eq!(says(read(&kind, Value::Integer(-1))), "-1 is too small; write at least 16KiB");
        assert_eq!(says(read(&kind, Value::Integer(i128::MAX))), "it is too large; write at most 768KiB");
        let kind = time(Duration::from_millis(1), Duration::from_secs(3600));
        assert_eq!((kind.bounds.as_str(), kind.show(&Duration::from_millis(500)).as_str()), ("1ms to 1h", "\"500ms\""));
        assert_eq!(read(&kind, Value::Text("1h".into())), Ok(Duration::from_secs(3600)));
        assert_eq!(says(read(&kind, Value::Text("0s".into()))), "0s is too short; write at least 1ms");
        assert_eq!(says(read(&kind, Value::Text("3601s".into()))), "3601s is too long; write at most 1h");
        assert!(
            says(read(&kind, Value::Integer(5))).starts_with("5 has no unit; write a text with a number and a unit")
        );
        assert_eq!(
            says(read(&count::<u32>(1, u64::from(u32::MAX)), Value::Integer(0))),
            "0 is too small; write at least 1"
        );
    }

    #[test]
    fn what_is_of_another_kind_is_told_what_it_should_be() {
        assert_eq!(
            says(read(&address(), Value::Integer(80))),
            "a whole number where address and port is wanted; write it as in \"127.0.0.1:8080\" or \"[::]:8080\""
        );
        assert!(says(read(&address(), Value::Text("localhost:80".into()))).contains("is no address with a port"));
        let route = text::<crate::Route>("route", "\"shop.example\"");
        assert!(says(read(&route, Value::Text("http://a".into()))).contains("write a host"));
        let header = text::<http::HeaderName>("name of a header", "\"x-tenant\"");
        assert!(says(read(&header, Value::Text("a b".into()))).contains("is no name of a header"));
    }
}
