//! `Intl`, and what goes by it.

use std::sync::OnceLock;

use crate::support::{App, Rendered, assert_same_page, in_node};

/// Compares what a part of `tests/apps/intl.js` gives with what Node gives, but for the cases that have one of `others` in
/// them: GLOBALS.md says how and why they differ.
fn is_as_in_node(test: &str, part: &str, others: &[&str]) {
    let props = format!(r#"{{"part":"{part}"}}"#);
    let Some(expected) = in_node(test, "intl.js", &format!("[{props}]")) else { return };
    let page = App::file("intl.js").with(|limits| limits.cpu *= 40).render(&props).page();
    let (lines, expected): (Vec<_>, Vec<_>) = (page.lines().collect(), expected.lines().collect());
    assert_eq!(lines.len(), expected.len());
    let is_other = |line: &str| others.iter().any(|other| line.contains(other));
    let differs = |(line, expected): &(&str, &str)| line != expected && !is_other(line);
    let differing: Vec<_> = lines.into_iter().zip(expected).filter(differs).collect();
    assert!(
        differing.is_empty(),
        "{} lines are not as in Node: {:#?}",
        differing.len(),
        &differing[..differing.len().min(20)]
    );
}

/// What an expression gives, in an app that evaluates what it is asked.
fn eval(expression: &str) -> Rendered {
    static APP: OnceLock<App> = OnceLock::new();
    let app = APP.get_or_init(|| App::new("globalThis.render = ({ expression }) => String((0, eval)(expression))"));
    app.render(&serde_json::json!({ "expression": expression }).to_string())
}

/// The message of what an expression throws.
fn message(expression: &str) -> String {
    let thrown = eval(expression);
    let thrown = thrown.threw();
    format!("{}: {}", thrown.name, thrown.message)
}

#[test]
fn numbers_are_formatted_as_in_node() {
    is_as_in_node("numbers_are_formatted_as_in_node", "numbers", &[]);
}

#[test]
fn dates_are_formatted_as_in_node() {
    is_as_in_node("dates_are_formatted_as_in_node", "dates", &[]);
}

#[test]
fn plurals_relative_times_and_lists_are_as_in_node() {
    is_as_in_node(
        "plurals_relative_times_and_lists_are_as_in_node",
        "words",
        &["plural cardinal ranges", "plural ordinal ranges"],
    );
}

#[test]
fn strings_are_ordered_as_in_node() {
    is_as_in_node("strings_are_ordered_as_in_node", "collation", &[]);
}

#[test]
fn locales_and_the_shape_of_intl_are_as_in_node() {
    is_as_in_node("locales_and_the_shape_of_intl_are_as_in_node", "locales", &["locale und"]);
}

#[test]
fn other_locales_are_formatted_as_in_node() {
    let others = ["es list conjunction", "es-ES list conjunction", "es list unit", "es-ES list unit"];
    let others = [&others[..], &["nl relative narrow second", "nl-NL relative narrow second"]].concat();
    is_as_in_node("other_locales_are_formatted_as_in_node", "others", &others);
}

#[test]
fn a_locale_that_is_not_there_is_named() {
    for (expression, service) in [
        ("new Intl.NumberFormat('xx-YY')", "Intl.NumberFormat"),
        ("(1).toLocaleString('xx-YY')", "Intl.NumberFormat"),
        ("new Date(0).toLocaleDateString(['xx-YY'])", "Intl.DateTimeFormat"),
        ("new Intl.RelativeTimeFormat('xx-YY')", "Intl.RelativeTimeFormat"),
        ("new Intl.ListFormat('xx-YY')", "Intl.ListFormat"),
        ("'a'.localeCompare('b', 'xx-YY')", "Intl.Collator"),
    ] {
        let message = message(expression);
        let expected = format!("RangeError: {service} has no data for the locale \"xx-YY\": this engine has ");
        assert!(message.starts_with(&expected) && message.contains("en-US"), "{expression}: {message}");
    }
    assert_eq!(eval("new Intl.NumberFormat(['xx-YY', 'en-US']).resolvedOptions().locale").page(), "en-US");
    assert_eq!(eval("new Intl.NumberFormat('und').resolvedOptions().locale").page(), "en-US");
    assert_eq!(eval("Intl.NumberFormat.supportedLocalesOf(['xx-YY', 'en', 'en-US'])").page(), "en,en-US");
    assert!(message("'i'.toLocaleUpperCase('tr')").contains("\"tr\""));
    assert!(message("new Intl.DateTimeFormat('en', { calendar: 'hebrew' })").contains("\"hebrew\""));
}

#[test]
fn a_calendar_in_a_tag_is_as_one_in_the_options() {
    assert!(message("new Intl.DateTimeFormat('ja-JP-u-ca-japanese')").contains("no data for the locale"));
    for expression in [
        "new Intl.DateTimeFormat('en-u-ca-japanese')",
        "new Date(0).toLocaleDateString('de-DE-u-ca-buddhist')",
        "new Intl.DateTimeFormat(['xx', 'en-US-u-ca-buddhist-nu-latn'])",
    ] {
        assert!(message(expression).contains("Intl.DateTimeFormat has no data for the calendar \""), "{expression}");
    }
    assert_eq!(eval("new Intl.DateTimeFormat('en-u-ca-gregory').resolvedOptions().calendar").page(), "gregory");
    assert_eq!(
        eval("new Intl.DateTimeFormat('en-u-ca-japanese', { calendar: 'gregory' }).resolvedOptions().calendar").page(),
        "gregory"
    );
}

#[test]
fn texts_are_cut_as_in_node() {
    let Some(expected) = in_node("texts_are_cut_as_in_node", "segments.js", "[{}]") else { return };
    assert_same_page("segments.js", &App::file("segments.js").render("{}").page(), &expected);
}

#[test]
fn words_of_a_language_without_spaces_are_not_guessed() {
    assert!(
        message("new Intl.Segmenter('th', { granularity: 'word' })")
            .contains("Intl.Segmenter for words has no data for the locale \"th\"")
    );
    assert_eq!(eval("[...new Intl.Segmenter('ja').segment('日本')].length").page(), "2");
    assert!(message("new Intl.Segmenter('xx')").contains("\"xx\""));
}

#[test]
fn a_region_whose_formats_differ_is_not_taken_for_another() {
    // Swaziland's English has numbers and dates of its own, and they are not here; its plurals are those of English.
    assert!(message("new Intl.DateTimeFormat('en-SZ')").contains("\"en-SZ\""));
    assert_eq!(eval("new Intl.PluralRules('en-SZ').select(1)").page(), "one");
    assert_eq!(eval("new Intl.DateTimeFormat('en-US-u-nu-latn').resolvedOptions().locale").page(), "en-US-u-nu-latn");
}

#[test]
fn offsets_are_time_zones() {
    let format = "new Intl.DateTimeFormat('en-US', { timeZone: '+0530', dateStyle: 'short', timeStyle: 'long' })";
    assert_eq!(eval(&format!("{format}.format(0)")).page(), "1/1/70, 5:30:00 AM GMT+5:30");
    assert_eq!(eval(&format!("{format}.resolvedOptions().timeZone")).page(), "+05:30");
}

#[test]
fn formatters_show_nothing_of_how_they_are_made() {
    let app = App::new(
        "globalThis.render = () => { console.log(Intl.NumberFormat(), new Intl.DateTimeFormat(), new Intl.Locale('en'), Intl.Collator);
           try { structuredClone(new Intl.NumberFormat()) } catch (e) { return JSON.stringify([Reflect.ownKeys(new Intl.NumberFormat()), Reflect.ownKeys(new Intl.DateTimeFormat()), e.name]) } }",
    );
    let rendered = app.render("{}");
    assert_eq!(rendered.page(), r#"[[],[],"DataCloneError"]"#);
    assert_eq!(
        rendered.console(),
        [
            "log: NumberFormat [Intl.NumberFormat] {} DateTimeFormat [Intl.DateTimeFormat] {} Locale [Intl.Locale] {} [Function: Collator]"
        ]
    );
}

#[test]
fn now_is_the_sandboxs_clock() {
    let page = App::new("globalThis.render = () => JSON.stringify([new Intl.DateTimeFormat('en', { year: 'numeric' }).format(), String(new Date().getUTCFullYear())])").render("{}").page();
    let years: Vec<String> = serde_json::from_str(&page).unwrap();
    assert_eq!(years[0], years[1]);
    assert!(years[0].parse::<u32>().unwrap() > 2024);
}

#[test]
fn a_view_beyond_its_buffer_has_no_text() {
    let app = App::new(
        "globalThis.render = () => {
           const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
           const [fixed, tracking] = [new Uint8Array(buffer, 4, 4), new Uint16Array(buffer)];
           const said = (it) => { try { return it.toLocaleString(); } catch (error) { return error.name; } };
           tracking[0] = 1234;
           const before = said(fixed);
           buffer.resize(2);
           const shrunk = [said(fixed), said(tracking)];
           const detached = new Float64Array(1);
           structuredClone(null, { transfer: [detached.buffer] });
           return [before, ...shrunk, said(detached), said.call(null, { toLocaleString: fixed.toLocaleString })].join(' ');
         };",
    );
    assert_eq!(app.render("{}").page(), "0,0,0,0 TypeError 1,234 TypeError TypeError");
}
