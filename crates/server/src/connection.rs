//! One connection, from its start to its end.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, Version};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_io_timeout::TimeoutWriter;

use crate::config::{Config, Http};
use crate::drain::{Drain, Held};
use crate::linger::{self, lend};
use crate::pace::Arrival;
use crate::public::Secure;
use crate::refusal::Last;

/// How long a connection without a request is kept in a drain: a request may be on its way.
const LINGER: Duration = Duration::from_secs(1);

/// What connections speak: HTTP/1.1 and HTTP/2, as the client begins.
type Protocol = auto::Builder<TokioExecutor>;

/// The protocol, with the limits of what never becomes a request. Beyond these the client is answered with 431 by hyper, or its
/// connection ends, without a receipt; what is within them and beyond the configuration's is refused with a receipt.
fn protocol(http: &Http) -> Protocol {
    let bytes =
        http.header_bytes.saturating_mul(2).saturating_add(http.url.try_into().unwrap_or(u32::MAX)).max(16 << 10);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(http.head_time)
        .max_buf_size(bytes as usize)
        // One that is beyond the stack's hundred makes hyper allocate for each request.
        // Not `pipeline_flush`: hyper 1.12 then holds a response back while bytes of its request are unread, and drops it with a
        // connection that ends there, as it does after a body that is refused.
        .max_headers((http.header_count as usize).saturating_mul(2).max(100));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(http.streams)
        // With h2's bound on CONTINUATION frames, which comes of it, a head is bounded in bytes and in frames (CVE-2024-27316).
        .max_header_list_size(bytes)
        // Rapid reset (CVE-2023-44487, RUSTSEC-2024-0003): a connection ends with ENHANCE_YOUR_CALM when so many streams were reset
        // before they were looked at, or by us for the client's errors. 20 and 1,024 are what h2 0.4 and hyper 1 have.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(1024)
        .max_send_buf_size(256 << 10)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// What answers the requests that connections carry.
pub(crate) trait Answers: Send + Sync + 'static {
    /// What a response has.
    type Body: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static;

    fn config(&self) -> &ArcSwap<Config>;

    fn drain(&self) -> &Drain;

    fn answer(self: Arc<Self>, request: Request<Incoming>) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// Carries requests of one client until the connection ends.
pub(crate) async fn carry<I, S: Answers>(io: I, is_secure: bool, shared: &Arc<S>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut io = TimeoutWriter::new(io);
    // Whoever waits for the end of what the client does not take: a response that is there as a whole has nobody else who would.
    io.set_timeout(Some(shared.config().load().http.send_time));
    let (io, owner) = lend(Box::pin(io));
    let state = Arc::new(State::new());
    answer(io, is_secure, &state, shared).await;
    if let (true, Some(io)) = (state.has_left_a_body(), owner.back()) {
        tokio::select! {
            () = linger::linger(io) => {}
            () = shared.drain().is_cut() => {}
        }
    }
}

/// Answers its requests.
async fn answer<I, S: Answers>(io: I, is_secure: bool, state: &Arc<State>, shared: &Arc<S>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let http = shared.config().load().http.clone();
    let protocol = protocol(&http);
    let service = service_fn(|mut request: Request<Incoming>| {
        if is_secure {
            request.extensions_mut().insert(Secure);
        }
        let arrival = state.expect_body(&mut request);
        let (shared, taken) = (shared.clone(), Taken::new(state, request.version()));
        let held = shared.drain().request();
        async move {
            let version = request.version();
            let mut response = shared.clone().answer(request).await;
            // What is refused with its body is not read to its end, so that nothing can follow it.
            let is_refused = arrival.is_some_and(|body| body.is_left()) && response.status().as_u16() >= 400;
            let is_last = is_refused || response.extensions().get::<Last>().is_some();
            if (is_last || shared.drain().has_begun()) && version < Version::HTTP_2 {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response.map(|body| Held::new(body, held, taken)))
        }
    });
    let connection = protocol.serve_connection(TokioIo::new(io), service);
    tokio::pin!(connection);
    tokio::select! {
        // A connection that breaks off is its client's affair.
        _ = &mut connection => return,
        // With HTTP/1.1 it is not told before its request is answered.
        () = shared.drain().is_cut() => return,
        () = state.is_done(&**shared) => {}
        () = state.is_idle(http.head_time, http.idle_time) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = &mut connection => {}
        () = shared.drain().is_cut() => {}
        // One that does not answer, as HTTP/2 asks it to, is not waited for.
        () = async {
            tokio::time::sleep(http.head_time).await;
            state.is_idle(http.head_time, http.head_time).await;
        } => {}
    }
}

/// Over in a drain, when what has not asked for anything yet is not waited for any more.
pub(crate) async fn waited_enough(shared: &impl Answers) {
    shared.drain().began().await;
    tokio::time::sleep(longest_linger(shared)).await;
}

fn longest_linger(shared: &impl Answers) -> Duration {
    LINGER.min(shared.config().load().drain / 2)
}

/// What a connection is at.
#[derive(Debug)]
struct State {
    in_flight: AtomicU32,
    is_http2: AtomicBool,
    has_asked: AtomicBool,
    idle_since: Mutex<Instant>,
    /// Of the last request of HTTP/1.1 that had one.
    body: Mutex<Option<Arrival>>,
}

impl State {
    fn new() -> Self {
        Self {
            in_flight: AtomicU32::new(0),
            is_http2: AtomicBool::new(false),
            has_asked: AtomicBool::new(false),
            idle_since: Mutex::new(Instant::now()),
            body: Mutex::default(),
        }
    }

    /// Notes that a request has a body that is to come. HTTP/2 has means of its own to say that it need not.
    fn expect_body(&self, request: &mut Request<Incoming>) -> Option<Arrival> {
        if request.body().is_end_stream() || request.version() >= Version::HTTP_2 {
            return None;
        }
        let arrival = Arrival::default();
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(arrival.clone());
        request.extensions_mut().insert(arrival.clone());
        Some(arrival)
    }

    fn has_left_a_body(&self) -> bool {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(Arrival::is_left)
    }

    /// Since when it carries no request; none if it carries one.
    fn idle_since(&self) -> Option<Instant> {
        let since = *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner);
        (self.in_flight.load(Ordering::Acquire) == 0).then_some(since)
    }

    /// Over once it has carried nothing for too long. It looks up seldom, so that a request costs nothing more than two counts.
    async fn is_idle(&self, first: Duration, later: Duration) {
        loop {
            let most = if self.has_asked.load(Ordering::Acquire) { later } else { first };
            let left = self.idle_since().map(|since| most.saturating_sub(since.elapsed()));
            match left {
                Some(Duration::ZERO) => return,
                Some(left) => tokio::time::sleep(left).await,
                None => tokio::time::sleep(most).await,
            }
        }
    }

    /// Over when the server ends and the connection can be told so: at once with HTTP/2, which says up to which request all are
    /// answered. With HTTP/1.1 each response from then on says that it is the last; one that carries none is kept a little.
    async fn is_done(&self, shared: &impl Answers) {
        shared.drain().began().await;
        let began = Instant::now();
        let linger = longest_linger(shared);
        while !self.is_http2.load(Ordering::Acquire) {
            match self.idle_since().map(|since| linger.saturating_sub(since.max(began).elapsed())) {
                Some(Duration::ZERO) => return,
                Some(left) => tokio::time::sleep(left).await,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

/// A request on a connection, until it is dropped.
#[derive(Debug)]
struct Taken(Arc<State>);

impl Taken {
    fn new(state: &Arc<State>, version: Version) -> Self {
        state.in_flight.fetch_add(1, Ordering::AcqRel);
        state.has_asked.store(true, Ordering::Release);
        state.is_http2.store(version >= Version::HTTP_2, Ordering::Release);
        Self(state.clone())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        *self.0.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The connections of each address, where they have a bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

impl Addresses {
    /// One connection more of an address, until it is dropped; none if it has as many as it may. Without a bound it is not counted.
    pub(crate) fn admit(&self, address: IpAddr, most: Option<u32>) -> Option<OfAddress> {
        let Some(most) = most else { return Some(OfAddress(None)) };
        let address = network(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(OfAddress(Some((self.clone(), address))))
    }
}

/// Whose an address is: one of IPv4 is the same in IPv6's clothes, and who has one address of IPv6 has its /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        address => address,
    }
}

/// A connection that is counted.
#[derive(Debug)]
pub(crate) struct OfAddress(Option<(Addresses, IpAddr)>);

impl Drop for OfAddress {
    fn drop(&mut self) {
        let Some((addresses, address)) = self.0.take() else { return };
        let mut open = addresses.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&address);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::Addresses;

    #[test]
    fn an_address_has_so_many_connections_and_a_network_of_ipv6_is_one() {
        let addresses = Addresses::default();
        let admit = |address: &str| addresses.admit(address.parse().unwrap(), Some(2));
        let (first, second) = (admit("10.0.0.1"), admit("::ffff:10.0.0.1"));
        assert!(first.is_some() && second.is_some() && admit("10.0.0.1").is_none());
        assert!(admit("10.0.0.2").is_some());
        let six = (admit("2001:db8::1"), admit("2001:db8::2"));
        assert!(six.0.is_some() && admit("2001:db8::3").is_none() && admit("2001:db8:0:1::3").is_some());
        drop((first, second, six));
        assert!(addresses.open.lock().unwrap().is_empty());
        assert!(addresses.admit([10, 0, 0, 1].into(), None).is_some() && addresses.open.lock().unwrap().is_empty());
    }
}
