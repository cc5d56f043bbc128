//! The interpreter's short ways give what Node gives.

use std::process::Command;

use crate::support::{App, assert_same_page, has, left_out, root, run};

/// What Node gives for an app of `tests/apps` and these props; none where Node is not here.
fn in_node(test: &str, file: &str, props: &str) -> Option<String> {
    if !has("node", &["--version"]) {
        left_out(test, "node is not here");
        return None;
    }
    let script = "(0, eval)(require('fs').readFileSync(process.argv[1], 'utf8'));
        process.stdout.write(JSON.parse(process.argv[2]).map((props) => render(props)).join('\\n'))";
    Some(run(Command::new("node").args(["-e", script]).arg(root().join("tests/apps").join(file)).arg(props)))
}

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
