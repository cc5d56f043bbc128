//! What is kept of a guest's lines.

use dayfly::{Level, Limit, Limits, Line, Site};

use crate::app::{App, Expect, generous};

#[tokio::test]
async fn a_line_keeps_its_level_text_depth_and_site() {
    let outcome = App::new("levels").render("1").await;
    outcome.gives_text("1");
    let line = |level, depth| Line { level, text: "text\nover two lines".into(), depth, at: None };
    let site = Site { file: "app.js".into(), line: 12, column: 34 };
    let expected = [
        line(Level::Debug, 0),
        line(Level::Log, 1),
        line(Level::Info, 2),
        line(Level::Warn, 3),
        Line { level: Level::Error, text: "text".into(), depth: 4, at: Some(site) },
    ];
    assert_eq!(outcome.console, expected, "{outcome:#?}");
}

#[tokio::test]
async fn lines_are_bounded_to_the_line() {
    let app = App::new("lines").limits(Limits { console_lines: 5, ..generous() });
    app.render("5").await.gives_text("5").has_written(&["x"; 5]);
    app.render("6").await.exceeds(Limit::ConsoleLines).has_written(&["x"; 5]);
}

#[tokio::test]
async fn a_console_of_no_lines_takes_none() {
    let app = App::new("lines").limits(Limits { console_lines: 0, ..generous() });
    app.render("0").await.gives_text("0").has_written(&[]);
    app.render("1").await.exceeds(Limit::ConsoleLines).has_written(&[]);
}

#[tokio::test]
async fn console_bytes_are_bounded_to_the_byte() {
    let app = App::new("lines").limits(Limits { console_bytes: 5, ..generous() });
    app.render("5").await.gives_text("5").has_written(&["x"; 5]);
    app.render("6").await.exceeds(Limit::ConsoleBytes).has_written(&["x", "x", "x", "x", "x", ""]);
}

#[tokio::test]
async fn a_line_that_is_too_long_is_kept_as_far_as_there_is_room() {
    let app = App::new("long_line").limits(Limits { console_bytes: 16, ..generous() });
    app.render("10").await.gives_text("10").has_written(&["before", "ééééé"]);
    app.render("11").await.exceeds(Limit::ConsoleBytes).has_written(&["before", "ééééé"]);
    app.render("1000").await.exceeds(Limit::ConsoleBytes).has_written(&["before", "ééééé"]);
}

#[tokio::test]
async fn a_line_is_cut_between_characters() {
    let app = App::new("long_line").limits(Limits { console_bytes: 15, ..generous() });
    app.render("10").await.exceeds(Limit::ConsoleBytes).has_written(&["before", "éééé"]);
}

#[tokio::test]
async fn a_line_larger_than_any_page_ends_the_render_before_it_is_copied() {
    App::new("long_line").render("67108864").await.exceeds(Limit::ConsoleBytes).has_written(&["before"]);
}

#[tokio::test]
async fn a_line_with_an_endless_file_name_keeps_its_beginning() {
    let app = App::new("long_file");
    let outcome = app.render("1048576").await;
    outcome.gives_text("1048576");
    let site = outcome.console[0].at.as_ref().unwrap();
    assert_eq!(site.file, "f".repeat(1 << 10), "{outcome:#?}");
    // What is cut off is not held on to: a thousand lines would hold gigabytes.
    assert!(site.file.capacity() <= 2 << 10, "{} bytes", site.file.capacity());
    app.render("67108864").await.exceeds(Limit::ConsoleBytes).has_written(&[]);
}

#[tokio::test]
async fn a_level_that_there_is_not_traps() {
    App::new("unknown_level").render("1").await.fails("the guest trapped: unexpected discriminant: 5").has_written(&[]);
}
