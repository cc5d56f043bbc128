//! What becomes of code that has broken out of its sandbox, in a process that gave up what serving does not need.

use std::fs::File;
use std::process::{Command, Output};

use dayfly_server::privilege::Privilege;

use crate::support::{serve, tenant};
use crate::tools::left_out;

/// Tells the process of the test below what it is to do.
const ROLE: &str = "DAYFLY_TEST_PRIVILEGE";

/// This test again, in a process of its own.
fn in_a_process(role: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "privilege::a_server_that_opens_a_file_dies", "--nocapture"]);
    command.env(ROLE, role).env("TMPDIR", folder.path()).output().unwrap()
}

#[test]
fn a_server_that_opens_a_file_dies() {
    let test = "a_server_that_opens_a_file_dies";
    if let Ok(role) = std::env::var(ROLE) {
        return serve_and_open(&role);
    }
    for (role, said) in [("keeps", None), ("gives up", Some("Permission denied"))] {
        let Output { status, stdout, stderr } = in_a_process(role);
        let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        if text.contains("not restricted: ") {
            return left_out(test, &text);
        }
        assert!(text.contains("served hello"), "{text}");
        assert_eq!(status.success(), said.is_none(), "{role}: {text}");
        assert_eq!(text.contains("opened"), said.is_none(), "{role}: {text}");
        assert!(said.is_none_or(|said| text.contains(said)), "{role}: {text}");
    }
}

/// Serves a page, and then opens a file as who has broken out of a sandbox would.
#[expect(clippy::print_stdout, reason = "the test reads what its other process prints")]
fn serve_and_open(role: &str) {
    if role == "gives up" {
        let dropped = Privilege { read: Vec::new(), write: vec![std::env::temp_dir()] }.drop();
        if let Err(why) = dropped.files {
            return println!("not restricted: {why}");
        }
    }
    // Its threads are started after that, as those of the command line are.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let app = "export default { fetch: () => new Response('hello') };";
        let server = serve([tenant("hello", "hello.mjs", app)], |_| {}).await;
        println!("served {}", server.get("/hello").await.body());
        let opened = tokio::spawn(async { File::open("/etc/passwd").map(drop) }).await.unwrap();
        opened.unwrap();
        println!("opened");
        server.end().await;
    });
}
