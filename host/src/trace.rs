//! What is handed on of a distributed trace: <https://www.w3.org/TR/trace-context/>.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// A span of a distributed trace, of which the calls that an app makes are children:
/// [`Outgoing::with_trace`](crate::Outgoing::with_trace). Its text is the value of a header `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Which trace.
    pub id: NonZeroU128,
    /// Which span of it.
    pub span: NonZeroU64,
    /// The trace's flags: bit 0 says that spans of it are recorded.
    pub flags: u8,
    /// The value of the header `tracestate`, if there is one.
    pub state: Option<Arc<str>>,
}

impl Trace {
    /// Another span of the same trace.
    pub fn child(&self, span: NonZeroU64) -> Self {
        Self { span, ..self.clone() }
    }

    /// Puts the span into the headers of a request, in place of whatever they say of a trace.
    pub fn write(&self, headers: &mut HeaderMap) {
        let parent = HeaderValue::try_from(self.to_string()).expect("it is hexadecimal");
        headers.insert(TRACEPARENT, parent);
        match self.state.as_deref().and_then(|state| HeaderValue::from_str(state).ok()) {
            Some(state) => drop(headers.insert(TRACESTATE, state)),
            None => drop(headers.remove(TRACESTATE)),
        }
    }

    /// The same for a request of an app's. An app that says something of a trace itself has spans of its own: what it says stays.
    pub(crate) fn write_for_app(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(TRACEPARENT) {
            self.write(headers);
        }
    }
}

/// The value of `traceparent`, of the format's version 00.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, span, flags, .. } = self;
        write!(f, "00-{id:032x}-{span:016x}-{flags:02x}")
    }
}
