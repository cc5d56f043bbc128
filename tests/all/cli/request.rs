//! `dayfly render` with a request that has a body.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::Dayfly;
use crate::support::scratch;

#[test]
fn a_body_is_a_file_or_standard_input_as_it_comes() {
    let dayfly = Dayfly::new("body")
        .file("app.mjs", "export default { fetch: (request) => new Response(request.body) };")
        .file("body.txt", "from a file");
    let said = dayfly.run(&["render", "app.mjs", "--body", "body.txt"]);
    assert_eq!((said.code, said.out.as_str()), (0, "from a file"), "{said:#?}");
    let said = dayfly.run_with(&["render", "app.mjs", "--body", "-"], "typed");
    assert_eq!((said.code, said.out.as_str()), (0, "typed"), "{said:#?}");

    let mut child = Command::new(env!("CARGO_BIN_EXE_dayfly"))
        .args(["render", "app.mjs", "--body", "-", "--time", "1m"])
        .current_dir(&dayfly.folder)
        .env("XDG_CACHE_HOME", scratch("cli-cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for piece in [b"first", b"later"] {
        input.write_all(piece).unwrap();
        let mut echoed = [0; 5];
        output.read_exact(&mut echoed).unwrap();
        assert_eq!(&echoed, piece);
    }
    drop(input);
    assert_eq!(output.read(&mut [0]).unwrap(), 0);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_body_that_is_not_read_is_not_waited_for() {
    let dayfly = Dayfly::new("body-unread").file("app.mjs", "export default { fetch: () => new Response('done') };");
    let child = Command::new(env!("CARGO_BIN_EXE_dayfly"))
        .args(["render", "app.mjs", "--body", "-"])
        .current_dir(&dayfly.folder)
        .env("XDG_CACHE_HOME", scratch("cli-cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    // Its input stays open.
    let mut child = child.unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(out == "done" && child.stdin.is_some(), "{out}");
    assert!(child.wait().unwrap().success());
}
