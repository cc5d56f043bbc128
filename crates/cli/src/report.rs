//! Outcomes for readers: people on standard error, programs as one JSON object.

use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dayfly::{Call, Failure, FetchErrorKind, Level, Limit, Line, Outcome, Page, Site, Thrown, Usage};
use dayfly_bundler::{Build, Notice, Places, Refusal, Source};
use dayfly_sources::Message;
use http::response::Parts;
use http::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::units::{show_size, show_time};

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Prints console lines with their level and place, indented by their groups.
pub(crate) fn print_console(lines: &[Line]) {
    for Line { level, text, depth, at } in lines {
        let indent = "  ".repeat((*depth).min(20) as usize);
        let text = printable(text).replace('\n', &format!("\n{indent}  "));
        let style = style(*level);
        match at {
            Some(at) => anstream::eprintln!(
                "{style}{level}:{style:#} {indent}{text} {DIM}({}){DIM:#}",
                printable(&at.to_string())
            ),
            None => anstream::eprintln!("{style}{level}:{style:#} {indent}{text}"),
        }
    }
}

fn style(level: Level) -> Style {
    match level {
        Level::Error => ERROR,
        Level::Warn => WARNING,
        _ => DIM,
    }
}

/// An app's text without what would steer the reader's terminal: control characters but line breaks and tabs are shown.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(steers) {
        return text.into();
    }
    text.chars().map(|c| if steers(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Prints what top-level code did that the snapshot cannot keep.
pub(crate) fn print_notices(notices: &[Notice], dropped: u32) {
    for Notice { kind, what, at } in notices {
        let at = at.as_ref().map(|at| format!("{}: ", printable(&at.to_string()))).unwrap_or_default();
        anstream::eprintln!("{WARNING}warning:{WARNING:#} {at}{} {}", printable(what), kind.consequence());
    }
    if dropped > 0 {
        anstream::eprintln!("{WARNING}warning:{WARNING:#} … and {dropped} more of these");
    }
}

/// Prints what a bundler warns of.
pub(crate) fn print_warnings(warnings: &[Message]) {
    for warning in warnings {
        anstream::eprintln!("{WARNING}warning:{WARNING:#} {}", printable(&warning.report()));
    }
}

/// Prints a line about how it goes.
pub(crate) fn print_note(note: &str) {
    anstream::eprintln!("{DIM}{}{DIM:#}", printable(note));
}

/// Prints what is wrong, and below it what there is to be shown of it.
pub(crate) fn print_problem(title: &str, below: [Option<&str>; 2]) {
    anstream::eprintln!("{ERROR}error:{ERROR:#} {}", printable(title));
    print_below(below);
}

/// Prints what is likely to be wrong, in the same way.
pub(crate) fn print_warning(title: &str, below: [Option<&str>; 2]) {
    anstream::eprintln!("{WARNING}warning:{WARNING:#} {}", printable(title));
    print_below(below);
}

fn print_below(parts: [Option<&str>; 2]) {
    for part in parts.into_iter().flatten() {
        anstream::eprintln!("{}", printable(part));
    }
}

/// Puts what came of a build in the places of its author's files; gives the line that its failure comes from.
pub(crate) fn place_build(places: &Places, build: &mut Build) -> Option<String> {
    build.console.iter_mut().for_each(|line| places.line(line));
    match &mut build.artifact {
        Ok(artifact) => {
            places.notices(&mut artifact.notices);
            None
        }
        Err(refusal) => {
            let frame = places.refusal_frame(refusal);
            places.refusal(refusal);
            frame
        }
    }
}

/// Prints why a source gave no bundle, and where.
pub(crate) fn print_refusal(refusal: &Refusal, source: &Source, frame: Option<&str>) {
    let Some(frame) = frame else {
        anstream::eprintln!("{}", printable(&refusal.report(source)));
        return;
    };
    anstream::eprintln!("{ERROR}error:{ERROR:#} {}", printable(&title(refusal, source)));
    anstream::eprintln!("{}", printable(frame));
    match refusal {
        Refusal::Threw(thrown)
        | Refusal::Evaluation(Failure::Threw(thrown))
        | Refusal::WarmUp(Failure::Threw(thrown)) => {
            print_stack(thrown);
        }
        Refusal::Evaluation(Failure::Exceeded { stack: Some(stack), .. })
        | Refusal::WarmUp(Failure::Exceeded { stack: Some(stack), .. }) => anstream::eprintln!("{}", printable(stack)),
        _ => {}
    }
}

fn title(refusal: &Refusal, source: &Source) -> String {
    match refusal {
        // With its place, which is in its author's file.
        Refusal::Syntax { .. } => refusal.describe(source),
        _ => refusal.to_string(),
    }
}

/// Puts console lines and a failure in the places of their author's files; gives the line that the failure comes from, to
/// be printed with it.
pub(crate) fn place(places: &Places, console: &mut [Line], failure: Option<&mut Failure>) -> Option<String> {
    console.iter_mut().for_each(|line| places.line(line));
    let failure = failure?;
    let frame = places.code_frame(failure);
    places.failure(failure);
    frame
}

/// Prints page or failure, and the console: for people, or as one JSON object, which has the usage too.
pub(crate) fn print_outcome(outcome: &Outcome, frame: Option<&str>, json: bool) -> Result<()> {
    if json {
        return print_json(&RenderReport::new(&outcome.page, &outcome.console, &outcome.usage));
    }
    print_console(&outcome.console);
    match &outcome.page {
        Ok(page) => print_page(page.as_bytes()),
        Err(failure) => {
            print_failure(failure, frame);
            Ok(())
        }
    }
}

/// The page as it is; on a terminal with a line break after it, so that the prompt begins a line.
fn print_page(page: &[u8]) -> Result<()> {
    let is_open = std::io::stdout().is_terminal() && !page.ends_with(b"\n");
    print_bytes(page, if is_open { b"\n" } else { b"" })
}

/// Prints why there is no page, where the app was, and what would help.
pub(crate) fn print_failure(failure: &Failure, frame: Option<&str>) {
    anstream::eprintln!("{ERROR}error:{ERROR:#} {}", printable(&failure.to_string()));
    if let Some(frame) = frame {
        anstream::eprintln!("{}", printable(frame));
    }
    match failure {
        Failure::Threw(thrown) => print_stack(thrown),
        Failure::Exceeded { limit, stack } => {
            if let Some(stack) = stack {
                anstream::eprintln!("{}", printable(stack));
            }
            anstream::eprintln!("  {}", remedy(*limit));
        }
        _ => {}
    }
}

fn print_stack(thrown: &Thrown) {
    if !thrown.stack.is_empty() {
        anstream::eprintln!("{}", printable(&thrown.stack));
    }
    if let Some(cause) = &thrown.cause {
        anstream::eprintln!("  caused by {}", printable(&cause.to_string()));
        print_stack(cause);
    }
}

fn remedy(limit: Limit) -> &'static str {
    match limit {
        Limit::Fuel => "raise it with --fuel, or leave it out",
        Limit::Cpu => "raise it with --time, as in --time 2s",
        Limit::Wall => "raise it with --wall, as in --wall 30s",
        Limit::Memory => "raise it with --memory, as in --memory 512MiB",
        Limit::JsStack => "raise it with --js-stack, as in --js-stack 512KiB",
        Limit::WasmStack => "raise it with --wasm-stack, as in --wasm-stack 16MiB",
        Limit::Page => "raise it with --page, as in --page 20MiB",
        Limit::ConsoleLines => "raise it with --console-lines, as in --console-lines 10000",
        Limit::ConsoleBytes => "raise it with --console-bytes, as in --console-bytes 1MiB",
        Limit::Request => "raise it with --request, as in --request 10MiB",
        Limit::Headers | Limit::ResponseHeaders => "raise it with --header-bytes, as in --header-bytes 64KiB",
        _ => "raise it if the app may have more",
    }
}

/// Prints a response's status and headers, as HTTP/1.1 writes them.
pub(crate) fn print_head(head: &Parts) -> Result<()> {
    let mut text = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    print_bytes(&text, b"\r\n")
}

/// Prints what was used, in a line.
pub(crate) fn print_usage(usage: &Usage) {
    let fuel = usage.fuel.map(|fuel| format!(", {fuel} fuel")).unwrap_or_default();
    let (wall, cpu) = (show_time(usage.wall), show_time(usage.cpu));
    anstream::eprintln!("{DIM}{wall} ({cpu} CPU{fuel}), {} of memory{DIM:#}", show_size(usage.peak_memory));
    for call in &usage.calls {
        print_call(call);
    }
    if usage.calls_dropped > 0 {
        anstream::eprintln!("{DIM}… and {} more calls{DIM:#}", usage.calls_dropped);
    }
}

/// Prints a call that the app made, in a line.
fn print_call(Call { method, url, status, error, response_bytes, time, .. }: &Call) {
    let status = status.map(|status| format!(" {status}")).unwrap_or_default();
    let error = error.map(|error| format!(" {}", error.code())).unwrap_or_default();
    let (size, time) = (show_size(*response_bytes), show_time(*time));
    anstream::eprintln!("{DIM}{} {}{status}{error}, {size} in {time}{DIM:#}", printable(method), printable(url));
}

/// Prints `bytes` and `end` on standard output.
pub(crate) fn print_bytes(bytes: &[u8], end: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.write_all(end)).and_then(|()| out.flush()) {
        // Whoever reads has had enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Prints one JSON object on standard output.
pub(crate) fn print_json(report: &impl Serialize) -> Result<()> {
    print_bytes(&serde_json::to_vec_pretty(report)?, b"\n")
}

/// One render as JSON: `page` or `page_base64` or `failure`, and always `console` and `usage`.
#[derive(Debug, Serialize)]
pub(crate) struct RenderReport<'a> {
    /// A page that the app gave as a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
    /// A page that the app gave as a `Uint8Array`.
    #[serde(skip_serializing_if = "Option::is_none")]
    page_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureReport<'a>>,
    console: Vec<LineReport<'a>>,
    usage: UsageReport,
}

impl<'a> RenderReport<'a> {
    pub(crate) fn new(page: &'a std::result::Result<Page, Failure>, console: &'a [Line], usage: &Usage) -> Self {
        Self {
            page: match page {
                Ok(Page::Text(text)) => Some(text),
                _ => None,
            },
            page_base64: match page {
                Ok(Page::Bytes(bytes)) => Some(BASE64_STANDARD.encode(bytes)),
                _ => None,
            },
            failure: page.as_ref().err().map(FailureReport::from),
            console: console.iter().map(LineReport::from).collect(),
            usage: usage.into(),
        }
    }

    /// Of what did not come to a render.
    pub(crate) fn failed(failure: FailureReport<'a>, console: &'a [Line], usage: &Usage) -> Self {
        Self::without_page(Some(failure), console, usage)
    }

    /// Of what gives no page.
    pub(crate) fn without_page(failure: Option<FailureReport<'a>>, console: &'a [Line], usage: &Usage) -> Self {
        Self {
            page: None,
            page_base64: None,
            failure,
            console: console.iter().map(LineReport::from).collect(),
            usage: usage.into(),
        }
    }
}

/// One answer as JSON: `status`, `headers` and `body` or `body_base64` as far as the app gave them, `failure` if it did not
/// come to its end, and always `console` and `usage`.
#[derive(Debug, Serialize)]
pub(crate) struct ResponseReport<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Name and value, in the order in which they go over the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<(&'a str, Cow<'a, str>)>>,
    /// A body that is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    /// Any other body.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureReport<'a>>,
    console: Vec<LineReport<'a>>,
    usage: UsageReport,
}

impl<'a> ResponseReport<'a> {
    pub(crate) fn new(
        head: Option<&'a Parts>,
        body: &'a [u8],
        failure: Option<FailureReport<'a>>,
        console: &'a [Line],
        usage: &Usage,
    ) -> Self {
        let text = std::str::from_utf8(body);
        let header = |(name, value): (&'a HeaderName, &'a HeaderValue)| {
            (name.as_str(), String::from_utf8_lossy(value.as_bytes()))
        };
        Self {
            status: head.map(|head| head.status.as_u16()),
            headers: head.map(|head| head.headers.iter().map(header).collect()),
            body: text.ok().filter(|_| head.is_some()),
            body_base64: text.err().map(|_| BASE64_STANDARD.encode(body)),
            failure,
            console: console.iter().map(LineReport::from).collect(),
            usage: usage.into(),
        }
    }
}

/// Why there is no page, or no bundle.
#[derive(Debug, Serialize)]
pub(crate) struct FailureReport<'a> {
    /// `threw`, `unsettled`, `missing`, `exceeded`, `trapped` or `host`; of a source also `syntax`, `imports` or `no-render`, and `bundler` if its project's bundler
    /// refuses it; `input` if a file cannot be read or written; `node` if an app that is compared with Node fails there.
    kind: &'static str,
    message: String,
    /// The limit's code, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thrown: Option<ThrownReport<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
}

impl<'a> FailureReport<'a> {
    pub(crate) fn new(kind: &'static str, message: String) -> Self {
        Self { kind, message, limit: None, thrown: None, stack: None }
    }

    /// Of a source that gave no bundle.
    pub(crate) fn refusal(refusal: &'a Refusal, source: &Source) -> Self {
        let message = refusal.to_string();
        match refusal {
            // With the line and the caret.
            Refusal::Syntax { .. } => Self::new("syntax", refusal.report(source)),
            Refusal::Imports(_) => Self::new("imports", message),
            Refusal::Threw(thrown) => Self { thrown: Some(thrown.into()), ..Self::new("threw", message) },
            Refusal::Unsettled => Self::new("unsettled", message),
            Refusal::NoRender(_) => Self::new("no-render", message),
            Refusal::Evaluation(failure) | Refusal::WarmUp(failure) => Self { message, ..failure.into() },
            _ => Self::new("host", message),
        }
    }
}

impl<'a> From<&'a Failure> for FailureReport<'a> {
    fn from(failure: &'a Failure) -> Self {
        let mut report = Self::new("host", failure.to_string());
        match failure {
            Failure::Threw(thrown) => {
                report.kind = "threw";
                report.thrown = Some(thrown.into());
            }
            Failure::Unsettled => report.kind = "unsettled",
            Failure::Missing(_) => report.kind = "missing",
            Failure::Exceeded { limit, stack } => {
                report.kind = "exceeded";
                report.limit = Some(limit.code());
                report.stack = stack.as_deref();
            }
            Failure::Trapped(_) => report.kind = "trapped",
            _ => {}
        }
        report
    }
}

/// A JavaScript exception.
#[derive(Debug, Serialize)]
pub(crate) struct ThrownReport<'a> {
    name: &'a str,
    message: &'a str,
    stack: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Box<ThrownReport<'a>>>,
}

impl<'a> From<&'a Thrown> for ThrownReport<'a> {
    fn from(thrown: &'a Thrown) -> Self {
        let cause = thrown.cause.as_deref().map(|cause| Box::new(cause.into()));
        Self { name: &thrown.name, message: &thrown.message, stack: &thrown.stack, cause }
    }
}

/// One call of the console.
#[derive(Debug, Serialize)]
pub(crate) struct LineReport<'a> {
    level: &'static str,
    text: &'a str,
    depth: u32,
    at: Option<SiteReport<'a>>,
}

impl<'a> From<&'a Line> for LineReport<'a> {
    fn from(line: &'a Line) -> Self {
        Self { level: line.level.as_str(), text: &line.text, depth: line.depth, at: line.at.as_ref().map(Into::into) }
    }
}

/// A place in the source.
#[derive(Debug, Serialize)]
pub(crate) struct SiteReport<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

impl<'a> From<&'a Site> for SiteReport<'a> {
    fn from(site: &'a Site) -> Self {
        Self { file: &site.file, line: site.line, column: site.column }
    }
}

/// What top-level code did that the snapshot cannot keep.
#[derive(Debug, Serialize)]
pub(crate) struct NoticeReport<'a> {
    kind: &'static str,
    what: &'a str,
    at: Option<SiteReport<'a>>,
}

impl<'a> From<&'a Notice> for NoticeReport<'a> {
    fn from(notice: &'a Notice) -> Self {
        Self { kind: notice.kind.as_str(), what: &notice.what, at: notice.at.as_ref().map(Into::into) }
    }
}

/// What was used: times in microseconds, sizes in bytes.
#[derive(Debug, Serialize)]
pub(crate) struct UsageReport {
    wall_us: u128,
    cpu_us: u128,
    fuel: Option<u64>,
    peak_memory_bytes: u64,
    request_bytes: u64,
    page_bytes: u64,
    console_bytes: u64,
    /// The calls that the app made with `fetch`; not there if it made none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<CallReport>,
    /// How many more there were.
    #[serde(skip_serializing_if = "is_zero")]
    calls_dropped: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A call that the app made.
#[derive(Debug, Serialize)]
pub(crate) struct CallReport {
    method: String,
    /// Origin and path.
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why it failed: `not-allowed`, `dns`, `connect`, `tls`, `protocol`, `timeout`, `too-many`, `too-large`, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    request_bytes: u64,
    response_bytes: u64,
    time_us: u128,
}

impl From<&Call> for CallReport {
    fn from(call: &Call) -> Self {
        Self {
            method: call.method.clone(),
            url: call.url.clone(),
            status: call.status,
            error: call.error.map(FetchErrorKind::code),
            request_bytes: call.request_bytes,
            response_bytes: call.response_bytes,
            time_us: call.time.as_micros(),
        }
    }
}

impl From<&Usage> for UsageReport {
    fn from(usage: &Usage) -> Self {
        Self {
            wall_us: usage.wall.as_micros(),
            cpu_us: usage.cpu.as_micros(),
            fuel: usage.fuel,
            peak_memory_bytes: usage.peak_memory,
            request_bytes: usage.request_bytes,
            page_bytes: usage.page_bytes,
            console_bytes: usage.console_bytes,
            calls: usage.calls.iter().map(Into::into).collect(),
            calls_dropped: usage.calls_dropped,
        }
    }
}
