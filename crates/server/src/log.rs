//! What the server says of itself: its start, its end, and what it cannot do. What comes of requests is in their receipts.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

/// How the log is written, to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: a line of text each.
    Text,
    /// For machines: a JSON object a line, with `timestamp`, `level`, `message` and what belongs to it.
    Json,
}

impl Format {
    /// Text on a terminal, and JSON elsewhere.
    pub fn of_standard_error() -> Self {
        if std::io::stderr().is_terminal() { Self::Text } else { Self::Json }
    }
}

/// Begins to write the log of this process. `DAYFLY_LOG` chooses what is written, as in `debug` or `warn,dayfly_server=debug`;
/// default `info`. A log that was begun before stays as it is.
pub fn begin(format: Format) {
    let level = EnvFilter::builder()
        .with_default_directive(Directive::from(Level::INFO))
        .with_env_var("DAYFLY_LOG")
        .from_env_lossy();
    let log = tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr);
    let _ = match format {
        Format::Text => log.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init(),
        Format::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
}
