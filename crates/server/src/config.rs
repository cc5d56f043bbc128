//! What a server is to be: plain values, each with its default.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use dayfly::{Allowed, Limits};
use http::HeaderName;

use crate::routes::Route;

/// What a server is to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the tenants' pages are served. Default 127.0.0.1:8080; port 0 is a free one.
    pub listen: SocketAddr,
    /// The folder of what outlives the process: bundles, and which of them is whose.
    pub state: PathBuf,
    /// Where the admin API is served, to who has a token. Default [`Config::ADMIN`], or a free port there if that one is taken;
    /// any other has to be free. `None` for no API.
    pub admin: Option<SocketAddr>,
    /// A file of tokens of the admin API, as `dayfly tenant token` writes it; read again when it changes. Default none: then
    /// only who can read the folder of state has a token, in `admin.json`.
    pub tokens: Option<PathBuf>,
    /// What a connection and a request may take.
    pub http: Http,
    /// How many renders go on at once, and who waits for how long.
    pub renders: Renders,
    /// A header that names the tenant, before hosts and paths are looked at. Only for servers behind a proxy that sets it:
    /// clients could name any tenant. Default none.
    pub tenant_header: Option<HeaderName>,
    /// Who is served.
    pub tenants: BTreeMap<TenantName, TenantConfig>,
}

impl Config {
    /// Where the admin API is served by default: 127.0.0.1:9090.
    pub const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

    /// The defaults, with a folder of state and without tenants.
    pub fn new(state: impl Into<PathBuf>) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            state: state.into(),
            admin: Some(Self::ADMIN),
            tokens: None,
            http: Http::default(),
            renders: Renders::default(),
            tenant_header: None,
            tenants: BTreeMap::new(),
        }
    }
}

/// What a connection and a request may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Connections at once; one beyond waits to be accepted. Default 10,000.
    pub connections: u32,
    /// Time for a request's head to come, from the connection's start or the end of the response before. Default 15 s.
    pub head_time: Duration,
    /// Bytes of a request's URL. Default 16 KiB.
    pub url: u64,
    /// Time for a client to take each piece of a response. Default 30 s.
    pub send_time: Duration,
    /// Requests at once on a connection of HTTP/2. Default 100.
    pub streams: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_time: Duration::from_secs(15),
            url: 16 << 10,
            send_time: Duration::from_secs(30),
            streams: 100,
        }
    }
}

/// How many renders go on at once, and who waits for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renders {
    /// Renders of all tenants at once. Default 4 for each processor.
    pub concurrent: u32,
    /// Requests of all tenants that wait for their turn; one beyond is refused. Default 1,024.
    pub queue: u32,
    /// How long one waits at most, and is refused then. Default 500 ms.
    pub queue_time: Duration,
    /// Bytes of memory for bundles that are loaded; the one that was used longest ago is dropped and loaded again when it is
    /// wanted. Default 1 GiB.
    pub bundles: u64,
}

impl Default for Renders {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX));
        Self {
            concurrent: processors.saturating_mul(4),
            queue: 1024,
            queue_time: Duration::from_millis(500),
            bundles: 1 << 30,
        }
    }
}

/// One tenant.
#[derive(Clone, Debug)]
pub struct TenantConfig {
    /// What it starts with, if nothing was deployed since. None waits for a deploy.
    pub app: Option<App>,
    /// Which requests are its own.
    pub routes: Vec<Route>,
    /// What each of its renders may use.
    pub limits: Limits,
    /// What its `fetch` handler gets as `env`: names and JSON values.
    pub env: serde_json::Map<String, serde_json::Value>,
    /// What its app may call. Default nothing.
    pub allow: Vec<Allowed>,
    /// Renders at once. Default half of all.
    pub concurrent: Option<u32>,
    /// Requests a second, in the mean; a second's worth may come at once. Default unbounded.
    pub rate: Option<u32>,
    /// Whether a response says in `Server-Timing` what it took. Default no.
    pub server_timing: bool,
}

impl TenantConfig {
    /// The defaults, with some routes and without an app.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Self {
        Self {
            app: None,
            routes: routes.into_iter().collect(),
            limits: Limits::default(),
            env: serde_json::Map::new(),
            allow: Vec::new(),
            concurrent: None,
            rate: None,
            server_timing: false,
        }
    }
}

/// An app as the configuration gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum App {
    /// A file: a bundle (`.wasm`), or the JavaScript to build one of.
    File(PathBuf),
    /// JavaScript, by the name that is shown in stacks.
    Source {
        /// The name: its ending says whether it is a module (`.mjs`), CommonJS (`.cjs`) or a script.
        name: String,
        /// The text.
        text: String,
    },
}

/// A tenant's name: 1 to 63 of `a`–`z`, `0`–`9` and `-`, as a label of a host name (RFC 1123), so that it fits in URLs, file
/// names and metrics.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantName(Arc<str>);

impl TenantName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no tenant's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no tenant's name: 1 to 63 of a-z, 0-9 and -, neither first nor last -")]
pub struct NotATenantName(pub String);

impl FromStr for TenantName {
    type Err = NotATenantName;

    fn from_str(text: &str) -> Result<Self, NotATenantName> {
        let is_well = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_well { Ok(Self(text.into())) } else { Err(NotATenantName(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::TenantName;

    #[test]
    fn a_tenants_name_is_a_label_of_a_host_name() {
        let long = "a".repeat(63);
        for name in ["a", "shop", "shop-2", "0", &long] {
            assert_eq!(name.parse::<TenantName>().unwrap().as_str(), name);
        }
        for name in ["", "-a", "a-", "Shop", "a.b", "a/b", "..", "a b", "é", &"a".repeat(64)] {
            assert!(name.parse::<TenantName>().is_err(), "{name}");
        }
    }
}
