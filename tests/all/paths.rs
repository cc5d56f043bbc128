//! The interpreter's short ways give what Node gives.

use crate::support::{App, assert_same_page, in_node};

#[test]
fn the_short_ways_of_the_interpreter_do_as_node_does() {
    let test = "the_short_ways_of_the_interpreter_do_as_node_does";
    let Some(expected) = in_node(test, "paths.js", "[{}]") else { return };
    let page = App::file("paths.js").with(|limits| limits.cpu *= 20).render("{}").page();
    assert_same_page("paths.js", &page, &expected);
}

#[test]
fn strings_made_at_random_are_nodes() {
    let seeds = (0..40).map(|seed| format!(r#"{{"seed":{seed}}}"#)).collect::<Vec<_>>();
    let props = format!("[{}]", seeds.join(","));
    let Some(expected) = in_node("strings_made_at_random_are_nodes", "strings.js", &props) else { return };
    let app = App::file("strings.js").with(|limits| limits.cpu *= 20);
    let pages: Vec<String> = seeds.iter().map(|props| app.render(props).page()).collect();
    assert_same_page("strings.js", &pages.join("\n"), &expected);
}
