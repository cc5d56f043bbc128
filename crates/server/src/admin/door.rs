//! Who is let in before anybody asks what for: no page of another site, and nobody who only guesses tokens.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::header::{AUTHORIZATION, HOST, RETRY_AFTER};
use http::uri::Authority;
use http::{Request, StatusCode};

use super::problem::Problem;
use crate::connection::network;

/// Tokens that are not known, of one address in a minute. Of 2^256 nobody guesses one: this is for the log's sake, and for that of
/// who looks at what is refused. One that is known is taken all the same, so that nobody can lock another one out.
const FAILURES: NonZeroU32 = NonZeroU32::new(5).expect("it is not 0");

/// Addresses that are remembered, before those that have been quiet for a minute are forgotten.
const ADDRESSES: usize = 10_000;

/// Stands before the routes.
pub(super) struct Door {
    failures: DefaultKeyedRateLimiter<IpAddr>,
    /// By which names it is reached beside addresses and `localhost`; none for whichever name.
    hosts: Option<Vec<String>>,
}

impl Door {
    /// On loopback only names that are known lead here: a page whose name its owner lets lead to this machine
    /// (DNS rebinding) has another.
    pub(super) fn new(address: Option<SocketAddr>, hosts: &[String]) -> Self {
        let is_local = address.is_some_and(|address| address.ip().is_loopback());
        Self {
            failures: RateLimiter::keyed(Quota::per_minute(FAILURES)),
            hosts: (is_local || !hosts.is_empty()).then(|| hosts.to_vec()),
        }
    }

    /// A response to who is not let in.
    pub(super) fn refuses<B>(&self, request: &Request<B>) -> Option<Response> {
        let hosts = self.hosts.as_ref()?;
        let header = || request.headers().get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        // HTTP/1.0 has none, and no browser speaks that.
        let named = request.uri().authority().map(ToString::to_string).or_else(header)?;
        let host = named.parse::<Authority>().map_or(named, |authority| authority.host().to_owned());
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let is_known = address.parse::<IpAddr>().is_ok() || host == "localhost" || hosts.contains(&host);
        (!is_known).then(|| {
            let detail = format!("{host} is no name of this API");
            let remedy = "ask by its address or localhost, or add the name to admin.hosts in the configuration";
            Problem::new(StatusCode::MISDIRECTED_REQUEST, "host-unknown", detail, remedy).into_response()
        })
    }

    /// The response, or another in its place where the address has given too many tokens that are not known.
    pub(super) fn judge(&self, peer: Option<SocketAddr>, gave_token: bool, response: Response) -> Response {
        let Some(peer) = peer.filter(|_| gave_token && response.status() == StatusCode::UNAUTHORIZED) else {
            return response;
        };
        if self.failures.len() > ADDRESSES {
            self.failures.retain_recent();
        }
        let Err(not_until) = self.failures.check_key(&network(peer.ip())) else { return response };
        let wait = not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
        let detail = format!("more than {FAILURES} tokens that are not known came from this address in a minute");
        let remedy = "look at the token that the client has; one that is known is taken at any time";
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-failures", detail, remedy);
        let mut response = problem.into_response();
        response.headers_mut().insert(RETRY_AFTER, wait.into());
        response
    }
}

/// Whether a request has a token, right or wrong.
pub(super) fn gives_token<B>(request: &Request<B>) -> bool {
    let given = request.headers().get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
    given.is_some_and(|given| given.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer ")))
}
