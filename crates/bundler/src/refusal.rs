//! Why a source gave no bundle.

use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use dayfly::{Failure, Site, Thrown};

use crate::source::Source;

/// How many characters of a line are shown on either side of the place.
const CONTEXT: usize = 60;

/// Why a source gave no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The source does not parse.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Where, if it knows.
        at: Option<Site>,
    },
    /// The source is a module that imports another.
    #[error("{}", imports(.0))]
    Imports(String),
    /// The top level threw.
    #[error("the top level threw {0}")]
    Threw(Thrown),
    /// The top level awaits a promise that nothing can settle.
    #[error("the top level awaits a promise that can never settle: timers do not fire while a bundle is built")]
    Unsettled,
    /// There is nothing to render with.
    #[error("the bundle has nothing to render with: {0}")]
    NoRender(String),
    /// The render before the snapshot ([`Source::warm`]) gave no page.
    #[error("the warm-up render failed: {0}")]
    WarmUp(#[source] Failure),
    /// The top level ran into a limit, or broke its sandbox.
    #[error("the top level did not end: {0}")]
    Evaluation(#[source] Failure),
    /// The bundler could not do its work.
    #[error("the bundle could not be made: {0}")]
    Bundler(String),
}

impl Refusal {
    /// The refusal for a reader: a syntax error with its line and a caret, an exception with its stack and causes.
    pub fn report(&self, source: &Source) -> String {
        format!("error: {}", self.describe(source))
    }

    /// The same for who says in another way that it is an error.
    pub fn describe(&self, source: &Source) -> String {
        match self {
            Self::Syntax { message, at } => syntax_report(source, message, at.as_ref()),
            Self::Threw(thrown) => {
                let mut report = self.to_string();
                let mut next = Some(thrown);
                while let Some(thrown) = next {
                    if !thrown.stack.is_empty() {
                        let _ = write!(report, "\n{}", thrown.stack);
                    }
                    next = thrown.cause.as_deref();
                    if let Some(cause) = next {
                        let _ = write!(report, "\n  caused by {cause}");
                    }
                }
                report
            }
            _ => self.to_string(),
        }
    }
}

/// What the engine says of a module that it does not have, with the remedy. Newer engines say that themselves.
fn imports(said: &str) -> String {
    let module = said.split('\'').nth(1).unwrap_or_default();
    if said.contains("a bundle is one file") || said.contains("GLOBALS.md") {
        said.to_owned()
    } else if module.starts_with("node:") {
        format!("{said}: the engine does not have that module of Node's; those that it has are in GLOBALS.md")
    } else {
        format!(
            "{said}: a bundle is one file, so bundle what it imports into it first, with esbuild, Vite, rolldown or webpack"
        )
    }
}

fn syntax_report(source: &Source, message: &str, at: Option<&Site>) -> String {
    let title = format!("syntax error: {message}");
    // The line of another file is not here.
    if let Some(at) = at.filter(|at| at.file != source.name) {
        return format!("{title} ({at})");
    }
    let line = at.and_then(|at| Some((at, source.text.lines().nth(at.line.checked_sub(1)? as usize)?)));
    let Some((at, line)) = line else { return format!("{title} in {}", source.name) };
    let place = at.column.saturating_sub(1) as usize;
    let snippet = code_frame(line, at, place..place + 1, message);
    format!("{title} ({at})\n{snippet}")
}

/// A line of a file as it is shown with an error: the bytes of `place` underlined, and what is to be said there. `at` gives
/// the line's number. A place beyond the line is put at its end, and of a long line the part around the place is shown.
pub fn code_frame(line: &str, at: &Site, place: Range<usize>, label: &str) -> String {
    let (shown, start) = window(line, place.start);
    let rest = &shown[start..];
    let one = rest.chars().next().map_or(0, char::len_utf8);
    let end = start + rest.floor_char_boundary(place.len()).max(one);
    let snippet = Snippet::source(&shown)
        .line_start(at.line as usize)
        .annotation(AnnotationKind::Primary.span(start..end).label(label));
    let report = Renderer::plain().render(&[Level::ERROR.primary_title("").element(snippet)]);
    // The title is the caller's: what is shown may begin in the middle of a line, so the place stands in it.
    report.split_once('\n').map_or(report.clone(), |(_, snippet)| snippet.to_owned())
}

/// The part of a line around `place` (a byte, from 0), and where the place is in it: a minified bundle has lines of
/// megabytes.
fn window(line: &str, place: usize) -> (String, usize) {
    let (before, after) = line.split_at(line.floor_char_boundary(place));
    let skipped = before.char_indices().rev().nth(CONTEXT - 1).map_or(0, |(start, _)| start);
    let shown: String = before[skipped..].chars().chain(after.chars().take(CONTEXT)).collect();
    (shown, before.len() - skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str, line: u32, column: u32) -> String {
        let at = Some(Site { file: "app.js".into(), line, column });
        let refusal = Refusal::Syntax { message: "unexpected token".into(), at };
        refusal.report(&Source::new("app.js", text))
    }

    #[test]
    fn a_module_that_is_not_there_comes_with_its_remedy() {
        let says = |said: &str| Refusal::Imports(said.into()).to_string();
        assert!(says("could not load module './a.js'").contains("'./a.js': a bundle is one file, so bundle"));
        let of_node = says("could not load module 'node:nope'");
        assert!(of_node.contains("GLOBALS.md") && !of_node.contains("esbuild"), "{of_node}");
        let once = "could not load module 'a': a bundle is one file";
        assert_eq!(says(once), once);
    }

    #[test]
    fn a_syntax_error_shows_its_line_with_a_caret() {
        let report = report("let a = 1;\nlet = = 2;\n", 2, 7);
        assert_eq!(
            report,
            "error: syntax error: unexpected token (app.js:2:7)\n  |\n2 | let = = 2;\n  |       ^ unexpected token"
        );
    }

    #[test]
    fn a_minified_line_is_shown_around_the_place() {
        let text = format!("{}!{}", "é".repeat(1_000), "b".repeat(1_000_000));
        let report = report(&text, 1, 2_001);
        assert!(report.len() < 1_000, "{report}");
        assert!(report.contains("é!b"), "{report}");
    }

    #[test]
    fn a_place_outside_the_text_is_no_panic() {
        assert!(report("x", 9, 9).contains("app.js"));
        assert!(report("x", 1, 900).contains("app.js:1:900"));
        assert!(report("", 0, 0).contains("app.js"));
    }
}
