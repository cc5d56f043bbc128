//! What the leak lab found, for people.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

use dayfly_bundler::{Places, Problem};
use dayfly_lab::{Baseline, CannotCheck, Leak, Pending, Report, Verdict};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::report::printable;
use crate::units::{show_count, show_size};

/// How many leaks and suspicions are told at length.
const MOST_TOLD: usize = 10;

/// A report as text; `left` is the verdict on what is not accepted, and `max_growth` how many bytes a run are.
pub(crate) fn text(report: &Report, left: Verdict, max_growth: u64) -> String {
    let mut text = String::new();
    headline(&mut text, report);
    if left != report.verdict {
        line(&mut text, format_args!("accepted: {} without what the baseline has", left.as_str()));
    } else if left == Verdict::Growing && report.bytes_per_run <= max_growth {
        line(&mut text, format_args!("accepted: no more than the {} bytes of --max-growth", show_count(max_growth)));
    }
    for leak in report.leaks.iter().take(MOST_TOLD) {
        tell(&mut text, leak);
    }
    rest(&mut text, report.leaks.len(), "things that hold on to runs");
    for suspicion in report.suspicions.iter().take(MOST_TOLD) {
        line(&mut text, format_args!("\nsuspicion, without growth: {} is read and then set", suspicion.path));
        places(&mut text, "read at", &suspicion.read_at);
        places(&mut text, "set at", &suspicion.written_at);
    }
    rest(&mut text, report.suspicions.len(), "suspicions");
    if !report.unshared.is_empty() {
        let names = report.unshared.iter().take(MOST_TOLD).cloned().collect::<Vec<_>>().join(", ");
        line(
            &mut text,
            format_args!(
                "\nnote: the app changed {names}, which the runs do not share; --share them to see whether that leaks"
            ),
        );
    }
    for pending in report.pending.iter().take(MOST_TOLD) {
        line(&mut text, format_args!("\nnote: {}", still_waits(pending)));
        places(&mut text, "set at", &pending.set_at);
    }
    rest(&mut text, report.pending.len(), "timers that still wait");
    if let Some(why) = &report.watch_failed {
        line(&mut text, format_args!("\nnote: no accesses are told of, as the app cannot be watched: {why}"));
    }
    if report.pages_differ {
        line(&mut text, format_args!("\nnote: the same props gave different pages in different runs"));
    }
    printable(&text).into_owned()
}

/// What is to be said of a timer that was not over when its run was.
fn still_waits(pending: &Pending) -> String {
    format!(
        "what {} has begun still waits when the run is over, and is ended here; a server holds the run for as long as it waits",
        pending.by
    )
}

fn headline(text: &mut String, report: &Report) {
    let shared = report.share.join(", ");
    let runs = report.runs;
    match report.verdict {
        Verdict::Growing => line(
            text,
            format_args!(
                "growing: {} bytes a run, over {runs} runs that share {shared}",
                show_count(report.bytes_per_run)
            ),
        ),
        Verdict::Bounded => line(
            text,
            format_args!(
                "bounded: holds {} of {} that {} over, and does not grow, over {runs} runs that share {shared}",
                show_size(report.bytes_held),
                if report.runs_held == 1 { "a run".into() } else { format!("{} runs", report.runs_held) },
                if report.runs_held == 1 { "is" } else { "are" },
            ),
        ),
        Verdict::Clean => line(
            text,
            format_args!("clean: no object of {runs} runs is left, and nothing grows, where they share {shared}"),
        ),
    }
    let (first, last) =
        (report.heap_bytes[report.warm_up as usize], report.heap_bytes.last().copied().unwrap_or_default());
    line(
        text,
        format_args!(
            "heap: {} bytes before the first run, {} after {} to warm up, {} at the end",
            show_count(report.heap_bytes[0]),
            show_count(first),
            report.warm_up,
            show_count(last)
        ),
    );
}

fn tell(text: &mut String, leak: &Leak) {
    let what = match leak.runs_held {
        0 => "texts, numbers or keys".into(),
        1 => "1 run".into(),
        runs => format!("{runs} runs"),
    };
    // Of what several hold none retains much by itself.
    let (bytes, with) = if leak.reached_bytes > 2 * leak.retained_bytes {
        (leak.reached_bytes, ", with others")
    } else {
        (leak.retained_bytes, "")
    };
    line(text, format_args!("\n{}: {} holds {} of {what}{with}", leak.verdict.as_str(), leak.path, show_size(bytes)));
    places(text, "read at", &leak.read_at);
    let how = leak.via.as_ref().map_or_else(|| "set at".into(), |via| format!("set by {via} at"));
    places(text, &how, &leak.written_at);
    line(text, format_args!("  held by"));
    for retainer in &leak.retainers {
        line(text, format_args!("    {retainer}"));
    }
    line(text, format_args!("  to mend it: {}", leak.fix));
}

fn places(text: &mut String, what: &str, frames: &[String]) {
    if let [first, rest @ ..] = frames {
        line(text, format_args!("  {what} {first}"));
        for frame in rest.iter().take(4) {
            line(text, format_args!("    from {frame}"));
        }
    }
}

fn rest(text: &mut String, all: usize, what: &str) {
    if all > MOST_TOLD {
        line(text, format_args!("\n… and {} more {what}: --json has all", all - MOST_TOLD));
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a string takes all that is written to it");
}

/// Why nothing can be said, in one line.
pub(crate) fn cannot(mut why: CannotCheck, places: &Places) -> String {
    match &mut why {
        CannotCheck::Run { problem: Problem::Refused(refusal), .. } => places.refusal(refusal),
        CannotCheck::Run { problem: Problem::Failed(failure), .. }
        | CannotCheck::Host { failure, .. }
        | CannotCheck::Sandbox(failure) => places.failure(failure),
        CannotCheck::Heap(_) => {}
    }
    why.detail()
}

/// A report as JUnit has it: one test, which fails or does not.
pub(crate) fn junit(name: &str, report: &Report, max_growth: u64, fails: bool) -> String {
    let body = escape(&text(report, report.verdict, max_growth));
    let message = escape(&format!("{}: {} bytes a run", report.verdict.as_str(), report.bytes_per_run));
    if fails {
        let failure = format!("<failure message=\"{message}\" type=\"{}\">{body}</failure>", report.verdict.as_str());
        return junit_of(name, [1, 0], &failure);
    }
    junit_of(name, [0, 0], &format!("<system-out>{body}</system-out>"))
}

/// The same of an app of which nothing can be said.
pub(crate) fn junit_of_error(name: &str, why: &str) -> String {
    let why = escape(why);
    junit_of(name, [0, 1], &format!("<error message=\"{why}\" type=\"error\">{why}</error>"))
}

fn junit_of(name: &str, [failures, errors]: [u8; 2], outcome: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites><testsuite name=\"dayfly leak check\" tests=\"1\" failures=\"{failures}\" errors=\"{errors}\">\n\
         <testcase classname=\"leak\" name=\"{}\">{outcome}</testcase>\n\
         </testsuite></testsuites>\n",
        escape(name)
    )
}

/// Text as XML has it, without the characters that it cannot have.
fn escape(text: &str) -> String {
    let is_allowed = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let text: String = text.chars().filter(is_allowed).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A report as SARIF 2.1.0 has it: a result for each leak, at the place of the write. Files are named from the working folder on,
/// and are said by the app from its own `folder` on.
pub(crate) fn sarif(report: &Report, baseline: &Baseline, folder: &Path) -> String {
    let results = report.leaks.iter().map(|leak| result(leak, baseline.accepts(report, leak), folder));
    let pending = report
        .pending
        .iter()
        .map(|pending| result_of("pending", "note", &still_waits(pending), &pending.set_at, folder));
    sarif_of(json!({ "results": results.chain(pending).collect::<Vec<_>>() }))
}

/// The same of an app of which nothing can be said.
pub(crate) fn sarif_of_error(why: &str) -> String {
    sarif_of(json!({ "results": [], "invocations": [{
        "executionSuccessful": false,
        "toolExecutionNotifications": [{ "level": "error", "message": { "text": why } }],
    }] }))
}

fn sarif_of(mut run: serde_json::Value) -> String {
    let rule = |id: &str, text: &str| json!({ "id": id, "shortDescription": { "text": text } });
    run["tool"] = json!({ "driver": {
        "name": "dayfly leak check",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": [
            rule("growing", "Each run leaves more in the heap"),
            rule("bounded", "Something of the last run is left in the heap"),
            rule("pending", "A timer still waits when the run is over"),
        ],
    } });
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    });
    format!("{sarif:#}\n")
}

fn result(leak: &Leak, is_accepted: bool, folder: &Path) -> serde_json::Value {
    let level = if leak.verdict == Verdict::Growing { "error" } else { "warning" };
    let text = format!("{} holds what is over: {}", leak.path, leak.fix);
    let mut result = result_of(leak.verdict.as_str(), level, &text, &leak.written_at, folder);
    if let Some(location) = leak.read_at.first().and_then(|frame| location(frame, folder)) {
        result["relatedLocations"] = json!([location]);
    }
    if is_accepted {
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted" }]);
    }
    result
}

fn result_of(rule: &str, level: &str, text: &str, frames: &[String], folder: &Path) -> serde_json::Value {
    let mut result = json!({ "ruleId": rule, "level": level, "message": { "text": text } });
    if let Some(location) = frames.first().and_then(|frame| location(frame, folder)) {
        result["locations"] = json!([location]);
    }
    result
}

fn location(frame: &str, folder: &Path) -> Option<serde_json::Value> {
    let place = frame.rsplit_once('(').map_or(frame, |(_, place)| place.trim_end_matches(')'));
    let (place, column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    let (line, column): (u32, u32) = (line.parse().ok()?, column.parse().ok()?);
    Some(json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(file, folder) },
        "region": { "startLine": line, "startColumn": column },
    } }))
}

/// A file as a code host finds it: the way to it from the working folder. What has a scheme, as a bundler's own names have, stays.
fn uri(file: &str, folder: &Path) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    const KEPT_WITH_SCHEME: &AsciiSet = &KEPT.remove(b':');
    if file.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return utf8_percent_encode(file, KEPT_WITH_SCHEME).to_string();
    }
    let mut way = PathBuf::new();
    for part in folder.join(file).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(way.components().next_back(), Some(Component::Normal(_))) => {
                way.pop();
            }
            part => way.push(part),
        }
    }
    utf8_percent_encode(&way.to_string_lossy(), KEPT).to_string()
}
