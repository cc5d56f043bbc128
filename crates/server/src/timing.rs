//! `Server-Timing`, which browsers show beside a request: <https://www.w3.org/TR/server-timing/>.

use std::fmt::Write;
use std::time::Duration;

use dayfly::Usage;
use http::{HeaderMap, HeaderName, HeaderValue};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds what a response took, in milliseconds, to what its app may say itself: `queue`, the wait for its turn; `render`, the time since;
/// and `cpu`, the processor time, if the render has ended. A response that is sent as it comes says what is known at its head:
/// browsers pass trailers over.
pub(crate) fn write(headers: &mut HeaderMap, queued: Duration, render: Duration, usage: Option<&Usage>) {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let mut text = format!("queue;dur={:.3}, render;dur={:.3}", milliseconds(queued), milliseconds(render));
    if let Some(usage) = usage {
        let _ = write!(text, ", cpu;dur={:.3}", milliseconds(usage.cpu));
    }
    headers.append(SERVER_TIMING, HeaderValue::try_from(text).expect("it is printable"));
}
