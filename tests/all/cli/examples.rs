//! The apps of `examples/`, one of each form that an app may have, as the README has them tried.

use super::Dayfly;
use crate::support::root;

/// What `dayfly render` prints of an example, which has nothing to complain of.
#[track_caller]
fn render(example: &str, arguments: &[&str], props: &str) -> (String, String) {
    let path = root().join("examples").join(example);
    let said = Dayfly::new(example).run_with(&[&["render", path.to_str().unwrap()], arguments].concat(), props);
    assert_eq!(said.code, 0, "{said:#?}");
    (said.out, said.err)
}

#[test]
fn a_module_that_answers_requests() {
    let (page, console) = render("hello.mjs", &["--url", "http://localhost/?name=Ada"], "");
    assert_eq!(page, "<!doctype html>\n<title>Hello</title>\n<h1>Hello Ada</h1>\n");
    assert!(console.starts_with("info: counted a visit of /"), "{console}");
}

#[test]
fn a_module_that_renders() {
    let (page, console) = render("shop.mjs", &["--props", "-"], r#"{"visitor":"<Ada>"}"#);
    assert!(
        page.contains("<h1>Good day, &lt;Ada&gt;</h1>") && page.contains("<h2>Mayfly &amp; co</h2> <b>€12.50</b>"),
        "{page}"
    );
    assert!(console.starts_with("error: [shop] Lantern <small> is sold out"), "{console}");
}

#[test]
fn a_classic_script_that_sets_render() {
    let (page, console) = render("badge.js", &["--props", "-"], r#"{"label":"<b>","value":0}"#);
    assert_eq!(
        page,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"47\" height=\"20\" font-family=\"sans-serif\" font-size=\"11\">\
         <rect x=\"0\" width=\"30\" height=\"20\" fill=\"#444\"/>\
         <text x=\"15\" y=\"14\" fill=\"white\" text-anchor=\"middle\">&#60;b&#62;</text>\
         <rect x=\"30\" width=\"17\" height=\"20\" fill=\"#07c\"/>\
         <text x=\"38.5\" y=\"14\" fill=\"white\" text-anchor=\"middle\">0</text></svg>\n"
    );
    assert_eq!(console, "");
}

#[test]
fn a_commonjs_module_that_requires_modules_of_node() {
    let (page, console) = render("feed.cjs", &[], "");
    let item = "<item><title>A day more &amp; why</title><link>https://feed.test/leap-day</link>\
                <pubDate>Thu, 29 Feb 2024 00:00:00 GMT</pubDate></item>";
    assert!(page.contains(item), "{page}");
    assert_eq!(console, "");
}
