//! What a page gets besides what the app gives: a script, and a page of its own where the app gives none.

use std::fmt::Write;

use crate::problem::Problem;

pub(crate) const CLIENT: &str = include_str!("client.js");
pub(crate) const CLIENT_PATH: &str = "/__dayfly/client.js";
pub(crate) const EVENTS_PATH: &str = "/__dayfly/events";

/// The script of a page that this build has made.
pub(crate) fn script(build: &str) -> String {
    format!("<script src=\"{CLIENT_PATH}\" data-build=\"{}\"></script>", escaped(build))
}

/// The script of a page that ended too early: it closes what may be open there, and shows why.
pub(crate) fn cut(build: &str, problem: &Problem) -> String {
    let problem = serde_json::to_string(problem).expect("it is text");
    format!(
        "<!--\"'--></script></style></textarea></title><script src=\"{CLIENT_PATH}\" data-build=\"{}\" data-problem=\"{}\"></script>",
        escaped(build),
        escaped(&problem)
    )
}

/// The page in place of one that the app has not given. Works without its script too.
pub(crate) fn page(build: &str, problem: &Problem) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Dayfly: no page</title>\n<body style=\"\
         margin:0;padding:2rem;background:#1b1b1f;color:#e8e8ea;font:14px/1.5 ui-monospace,monospace\">\n",
    );
    let _ = writeln!(
        page,
        "<h1 style=\"color:#ff6b6b;font-size:1.1rem;white-space:pre-wrap\">{}</h1>",
        escaped(&problem.title)
    );
    for part in [&problem.frame, &problem.detail].into_iter().flatten() {
        let _ = writeln!(page, "<pre style=\"white-space:pre-wrap\">{}</pre>", escaped(part));
    }
    page + &script(build) + "\n"
}

/// Text as HTML has it, within elements and within quotes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(character),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_message_is_text_in_a_page_and_in_an_attribute() {
        let hostile = "</pre><script>alert('1')</script>\"><img src=x onerror=alert(2)>&amp;";
        let problem = Problem { title: hostile.into(), frame: Some(hostile.into()), detail: Some(hostile.into()) };
        for html in [page("1", &problem), cut("1", &problem), script(hostile)] {
            assert!(!html.contains("<img") && !html.contains("alert('1')"), "{html}");
            assert!(html.contains("&lt;img src=x"), "{html}");
        }
        assert_eq!(page("1", &problem).matches("<script").count(), 1);
    }
}
