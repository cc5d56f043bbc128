//! What an app may call: origins, and the addresses that their names may lead to.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Origin, Url};

/// One entry of an app's allow-list.
///
/// An origin, `https://api.example.com` or `http://127.0.0.1:8080`, allows calls to it and to no other: scheme, host and
/// port are compared as the URL Standard has them, and there are no patterns. Its name must lead to public addresses. One
/// that is an address names that address itself, and `localhost` names this machine.
///
/// An address or a network, `10.0.0.7` or `10.0.0.0/8`, allows the origins of the list to lead there too, and no other
/// origin.
///
/// ```
/// use dayfly::Allowed;
///
/// let internal: Vec<Allowed> = vec!["http://prices.internal:8080".parse()?, "10.0.0.0/8".parse()?];
/// # Ok::<(), dayfly::NotAnEntry>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed(Entry);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Origin(Origin),
    Network(IpNet),
}

/// A text that is no entry of an allow-list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnEntry(String);

impl FromStr for Allowed {
    type Err = NotAnEntry;

    fn from_str(text: &str) -> Result<Self, NotAnEntry> {
        if !text.contains("://") {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            return network.map(|network| Self(Entry::Network(network))).map_err(|_| not_an_entry(text));
        }
        let url = Url::parse(text).map_err(|error| NotAnEntry(format!("{text} is no URL: {error}")))?;
        // A `*` may stand in a URL's host, and no host that is called has one.
        if url.host_str().is_some_and(|host| host.contains('*')) {
            let why = "is a pattern, and a list has none: write each host, as in https://api.example.com";
            return Err(NotAnEntry(format!("{text} {why}")));
        }
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !has_credentials(&url);
        if is_http(&url) && is_bare { Ok(Self(Entry::Origin(url.origin()))) } else { Err(not_an_entry(text)) }
    }
}

fn not_an_entry(text: &str) -> NotAnEntry {
    NotAnEntry(format!(
        "{text} is no origin: write scheme, host and port, as in https://api.example.com or http://127.0.0.1:8080, or an \
         address that their names may lead to, as in 10.0.0.0/8"
    ))
}

pub(crate) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

pub(crate) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// As it is written in a list.
impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Entry::Origin(origin) => f.write_str(&origin.ascii_serialization()),
            Entry::Network(network) => write!(f, "{network}"),
        }
    }
}

/// Whether one of the entries is the origin of `url`.
pub(crate) fn allows_origin(list: &[Allowed], url: &Url) -> bool {
    let origin = url.origin();
    list.iter().any(|allowed| matches!(&allowed.0, Entry::Origin(allowed) if *allowed == origin))
}

/// Whether a call to `host`, of an origin that is allowed, may connect to `address`; if not, what kind of address it is.
pub(crate) fn allows_address(list: &[Allowed], host: &Host<&str>, address: IpAddr) -> Result<(), &'static str> {
    let address = address.to_canonical();
    let Some(kind) = not_public(address) else { return Ok(()) };
    let is_named = match host {
        Host::Ipv4(named) => address == IpAddr::from(*named),
        Host::Ipv6(named) => address == IpAddr::from(*named).to_canonical(),
        Host::Domain(name) => is_localhost(name) && address.is_loopback(),
    };
    let is_in = |allowed: &Allowed| matches!(&allowed.0, Entry::Network(network) if network.contains(&address));
    if is_named || list.iter().any(is_in) { Ok(()) } else { Err(kind) }
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// What an address is that is not a public one, by the registries of special-purpose addresses (RFC 6890):
/// <https://www.iana.org/assignments/iana-ipv4-special-registry> and its sibling for IPv6.
fn not_public(address: IpAddr) -> Option<&'static str> {
    let of_version_4 = address.is_ipv4();
    let special = SPECIAL.iter().find(|(network, _)| {
        let network: IpNet = network.parse().expect("the table has networks");
        network.contains(&address)
    });
    match special {
        Some((_, kind)) => Some(kind),
        // Nothing else of version 6 is given to anyone.
        None if !of_version_4 && !is_global_unicast(address) => Some("a reserved address"),
        None => None,
    }
}

fn is_global_unicast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.segments()[0] & 0xe000 == 0x2000)
}

/// Addresses of version 6 that have one of version 4 in them come with the network that they are in: what translates them
/// leads anywhere.
const SPECIAL: &[(&str, &str)] = &[
    ("0.0.0.0/8", "an address of this machine"),
    ("10.0.0.0/8", "a private address"),
    ("100.64.0.0/10", "an address of a carrier's network"),
    ("127.0.0.0/8", "a loopback address"),
    ("169.254.0.0/16", "a link-local address"),
    ("172.16.0.0/12", "a private address"),
    ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "an address for documentation"),
    ("192.88.99.0/24", "a relay's address"),
    ("192.168.0.0/16", "a private address"),
    ("198.18.0.0/15", "an address for benchmarks"),
    ("198.51.100.0/24", "an address for documentation"),
    ("203.0.113.0/24", "an address for documentation"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"),
    ("::/128", "an address of this machine"),
    ("::1/128", "a loopback address"),
    ("64:ff9b::/96", "an address that is translated"),
    ("64:ff9b:1::/48", "an address that is translated"),
    ("2001::/23", "a reserved address"),
    ("2001:db8::/32", "an address for documentation"),
    ("2002::/16", "an address that is translated"),
    ("3fff::/20", "an address for documentation"),
    ("fc00::/7", "a private address"),
    ("fe80::/10", "a link-local address"),
    ("ff00::/8", "a multicast address"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

    use super::*;

    fn list(entries: &[&str]) -> Vec<Allowed> {
        entries.iter().map(|entry| entry.parse().unwrap()).collect()
    }

    /// What a call to `url` may not lead to, of these addresses.
    fn refused(entries: &[&str], url: &str, addresses: &[&str]) -> Vec<String> {
        let (list, url) = (list(entries), Url::parse(url).unwrap());
        assert!(allows_origin(&list, &url), "{url}");
        let host = url.host().unwrap();
        let is_refused = |address: &&&str| allows_address(&list, &host, address.parse().unwrap()).is_err();
        addresses.iter().filter(is_refused).map(ToString::to_string).collect()
    }

    #[test]
    fn an_origin_is_its_scheme_host_and_port() {
        let list = list(&["https://api.example.com", "http://127.0.0.1:8080", "http://bücher.example:80/"]);
        for (url, is_allowed) in [
            ("https://api.example.com/a?b", true),
            ("https://API.example.com:443/", true),
            ("http://api.example.com/", false),
            ("https://api.example.com:8443/", false),
            ("https://example.com/", false),
            ("https://api.example.com.evil.test/", false),
            ("http://127.0.0.1:8080/", true),
            // Other ways to write the same address.
            ("http://0x7f.1:8080/", true),
            ("http://2130706433:8080/", true),
            ("http://127.0.0.1/", false),
            ("http://xn--bcher-kva.example/", true),
        ] {
            assert_eq!(allows_origin(&list, &Url::parse(url).unwrap()), is_allowed, "{url}");
        }
    }

    #[test]
    fn addresses_that_are_not_public_are_refused() {
        let private = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        assert_eq!(refused(&["http://name.test"], "http://name.test", &private), private);
        let public =
            ["1.1.1.1", "9.255.255.255", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1"];
        assert!(refused(&["http://name.test"], "http://name.test", &public).is_empty());
    }

    #[test]
    fn an_address_that_is_named_is_allowed() {
        let own = ["http://10.0.0.7:81"];
        assert!(refused(&own, "http://10.0.0.7:81", &["10.0.0.7", "::ffff:10.0.0.7"]).is_empty());
        assert_eq!(refused(&own, "http://10.0.0.7:81", &["10.0.0.8"]), ["10.0.0.8"]);
        assert!(refused(&["http://[::1]:81"], "http://[::1]:81", &["::1"]).is_empty());
        let local = ["127.0.0.1", "::1", "10.0.0.1"];
        assert_eq!(refused(&["http://localhost"], "http://localhost", &local), ["10.0.0.1"]);
        // An origin that is an address does not open that address to another's name.
        assert_eq!(refused(&["http://127.0.0.1", "http://a.test"], "http://a.test", &["127.0.0.1"]), ["127.0.0.1"]);
        let network = ["http://a.test", "10.0.0.0/8", "fd00::1"];
        assert_eq!(refused(&network, "http://a.test", &["10.9.9.9", "fd00::1", "fd00::2"]), ["fd00::2"]);
    }

    #[test]
    fn what_is_no_entry_says_how_one_is_written() {
        for text in [
            "",
            "api.example.com",
            "ftp://a.test",
            "https://a.test/path",
            "https://u:p@a.test",
            "https://",
            "10.0.0.0/33",
        ] {
            let error = text.parse::<Allowed>().unwrap_err().to_string();
            assert!(error.contains("as in https://api.example.com") || error.contains("is no URL"), "{error}");
        }
        for text in ["https://*.a.test", "http://*", "https://a%2A.test:8443"] {
            let error = text.parse::<Allowed>().unwrap_err().to_string();
            assert_eq!(
                error,
                format!("{text} is a pattern, and a list has none: write each host, as in https://api.example.com")
            );
        }
        assert_eq!("https://A.test:443".parse::<Allowed>().unwrap().to_string(), "https://a.test");
        assert_eq!("10.0.0.7".parse::<Allowed>().unwrap().to_string(), "10.0.0.7/32");
    }
}
