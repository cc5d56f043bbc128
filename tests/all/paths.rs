//! The interpreter's short ways give what Node gives.

use std::process::Command;

use crate::support::{App, assert_same_page, has, left_out, root, run};

#[test]
fn the_short_ways_of_the_interpreter_do_as_node_does() {
    if !has("node", &["--version"]) {
        return left_out("the_short_ways_of_the_interpreter_do_as_node_does", "node is not here");
    }
    let script = "(0, eval)(require('fs').readFileSync(process.argv[1], 'utf8')); process.stdout.write(render({}))";
    let expected = run(Command::new("node").args(["-e", script]).arg(root().join("tests/apps/paths.js")));
    let page = App::file("paths.js").with(|limits| limits.cpu *= 20).render("{}").page();
    assert_same_page("paths.js", &page, &expected);
}
