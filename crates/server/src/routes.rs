//! Which requests are whose.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::config::TenantName;

/// Requests of a host, of what is below a path, or of both: `shop.example`, `*.shop.example`, `/shop`, `shop.example/eu`.
///
/// Of several that match, the more precise one holds: a host before any name below it before no host, and then the longer path. `*.`
/// stands for one or more labels. A path matches itself and what is below it, by whole segments: `/shop` is `/shop`, `/shop/`
/// and `/shop/a`, and not `/shops`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Route {
    host: Host,
    /// Without a `/` at its end; empty for all paths.
    path: String,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Host {
    Any,
    Exactly(String),
    /// Names that end so, with the dot.
    Below(String),
}

/// A text that is no route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no route: {why}; write a host (shop.example, *.shop.example), a path (/shop) or both (shop.example/eu)"
)]
pub struct NotARoute {
    text: String,
    why: &'static str,
}

impl FromStr for Route {
    type Err = NotARoute;

    fn from_str(text: &str) -> Result<Self, NotARoute> {
        let wrong = |why| NotARoute { text: text.chars().take(80).collect(), why };
        if text.contains("://") {
            return Err(wrong("it has a scheme"));
        }
        let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let host = match (host.strip_prefix("*."), host) {
            (None, "") if path.is_empty() => return Err(wrong("it is empty")),
            (None, "") => Host::Any,
            (Some(name), _) if is_host(name) => Host::Below(format!(".{}", name.to_ascii_lowercase())),
            (None, name) if is_host(name) => Host::Exactly(name.to_ascii_lowercase()),
            _ if host.contains(':') && !host.starts_with('[') => {
                return Err(wrong("a host is written without its port"));
            }
            _ => return Err(wrong("its host is no host name and no address")),
        };
        if path.contains(['?', '#', '%', '\\', ' '])
            || path.contains("//")
            || path.split('/').any(|part| part == ".." || part == ".")
        {
            return Err(wrong("its path has more than plain segments"));
        }
        Ok(Self { host, path: path.trim_end_matches('/').to_owned() })
    }
}

impl Route {
    /// A host that it matches: its own, one below its name, or `TENANT.localhost` where it matches all.
    pub(crate) fn host(&self, tenant: &TenantName) -> String {
        match &self.host {
            Host::Any => format!("{tenant}.localhost"),
            Host::Exactly(host) => host.clone(),
            Host::Below(name) => format!("www{name}"),
        }
    }

    /// Its path, without a `/` at its end.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// A name (RFC 1123) or an address; one of IPv6 in brackets.
fn is_host(name: &str) -> bool {
    if let Some(address) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Any => {}
            Host::Exactly(host) => f.write_str(host)?,
            Host::Below(name) => write!(f, "*{name}")?,
        }
        f.write_str(if self.path.is_empty() && self.host == Host::Any { "/" } else { &self.path })
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The routes of all tenants, each with what it leads to.
#[derive(Debug)]
pub(crate) struct Routes<T> {
    of_hosts: HashMap<String, Paths<T>>,
    below: HashMap<String, Paths<T>>,
    of_all: Paths<T>,
}

/// Longer ones first.
type Paths<T> = Vec<(String, T)>;

impl<T: Clone> Routes<T> {
    pub(crate) fn new(routes: impl IntoIterator<Item = (Route, T)>) -> Self {
        let mut all = Self { of_hosts: HashMap::new(), below: HashMap::new(), of_all: Vec::new() };
        for (Route { host, path }, to) in routes {
            let paths = match host {
                Host::Any => &mut all.of_all,
                Host::Exactly(host) => all.of_hosts.entry(host).or_default(),
                Host::Below(name) => all.below.entry(name).or_default(),
            };
            paths.push((path, to));
        }
        let hosts = all.of_hosts.values_mut().chain(all.below.values_mut()).chain([&mut all.of_all]);
        hosts.for_each(|paths| paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.len())));
        all
    }

    /// Where a request leads, by its host (without a port) and its path.
    pub(crate) fn find(&self, host: &str, path: &str) -> Option<&T> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let below = host.match_indices('.').map(|(dot, _)| &host[dot..]).filter_map(|name| self.below.get(name));
        let hosts = self.of_hosts.get(&host).into_iter().chain(below).chain([&self.of_all]);
        hosts.flatten().find(|(prefix, _)| is_below(path, prefix)).map(|(_, to)| to)
    }
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::{Route, Routes};

    #[test]
    fn the_most_precise_route_holds() {
        let texts = ["/", "/shop", "/shop/eu", "a.test", "a.test/x", "*.a.test", "*.b.a.test", "*.a.test/y", "[::1]"];
        let routes = Routes::new(texts.map(|text| (text.parse::<Route>().unwrap(), text)));
        for (host, path, to) in [
            ("z.test", "/", "/"),
            ("z.test", "/shop", "/shop"),
            ("z.test", "/shop/", "/shop"),
            ("z.test", "/shops", "/"),
            ("z.test", "/shop/eu/1", "/shop/eu"),
            ("A.test.", "/shop", "a.test"),
            ("a.test", "/x/1", "a.test/x"),
            ("c.a.test", "/", "*.a.test"),
            ("c.a.test", "/y", "*.a.test/y"),
            ("c.b.a.test", "/", "*.b.a.test"),
            ("[::1]", "/shop", "[::1]"),
            ("", "/", "/"),
            ("", "*", "/"),
        ] {
            assert_eq!(routes.find(host, path), Some(&to), "{host} {path}");
        }
        let none = Routes::new([("a.test".parse::<Route>().unwrap(), ())]);
        assert_eq!(none.find("b.test", "/"), None);
        assert_eq!(none.find("x.a.test", "/"), None);
    }

    #[test]
    fn a_route_is_written_as_it_was_read_and_what_is_none_is_refused() {
        for text in ["/", "/a/b", "a.test", "*.a.test", "a.test/b", "127.0.0.1", "[::1]/x"] {
            assert_eq!(text.parse::<Route>().unwrap().to_string(), text);
        }
        assert_eq!("A.Test/".parse::<Route>().unwrap().to_string(), "a.test");
        for text in
            ["", "http://a.test", "a.test:80", "a..test", "*", "*a.test", "/a?b", "/a/../b", "//a", "a b", "a.test/%2e"]
        {
            assert!(text.parse::<Route>().is_err(), "{text}");
        }
    }
}
