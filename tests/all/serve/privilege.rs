//! What the process of a server cannot do.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::{LONG, Server};
use crate::support::left_out;

/// What the server says of each attempt, and all that it said.
fn attempts(arguments: &[&str]) -> (Vec<(String, String)>, String) {
    let mut command = Server::command("privilege");
    let out = command.args(["--check-process-sandbox", "--log", "text"]).args(arguments).output().unwrap();
    let text = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.success(), "{text}");
    let attempt = |line: &str| line.split_once(": ").map(|(what, came)| (what.to_owned(), came.to_owned()));
    (text.lines().filter_map(attempt).collect(), text)
}

fn came(attempts: &[(String, String)], what: &str) -> String {
    attempts.iter().find(|(attempt, _)| attempt == what).unwrap_or_else(|| panic!("{what}: {attempts:?}")).1.clone()
}

#[test]
fn the_process_cannot_read_other_files_nor_start_a_program() {
    let test = "the_process_cannot_read_other_files_nor_start_a_program";
    if !cfg!(target_os = "linux") {
        return left_out(test, "Landlock and seccomp are Linux's");
    }
    let (kept, _) = attempts(&["--no-process-sandbox"]);
    for what in ["read /etc/passwd", "list /", "write to the folder of temporary files", "run a program"] {
        assert_eq!(came(&kept, what), "done", "otherwise that it fails below shows nothing");
    }
    let (dropped, text) = attempts(&[]);
    if text.contains("files are not restricted") {
        left_out(test, "the kernel has no Landlock");
    } else {
        for what in ["read /etc/passwd", "list /", "write to the folder of temporary files"] {
            assert!(came(&dropped, what).contains("Permission denied"), "{text}");
        }
    }
    if text.contains("system calls are not restricted") {
        left_out(test, "the kernel has no seccomp");
    } else {
        assert!(came(&dropped, "run a program").contains("Operation not permitted"), "{text}");
        assert!(came(&dropped, "change the root").contains("Operation not permitted"), "{text}");
    }
    assert_eq!(came(&dropped, "resolve localhost"), came(&kept, "resolve localhost"), "apps may call by name");
}

#[test]
#[cfg(target_os = "linux")]
fn every_thread_of_a_server_that_answers_is_restricted() {
    let server = Server::start("restricted", &["--log", "json"]);
    for path in ["/hello", "/shop", "/badge", "/feed"] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{path}: {}", String::from_utf8_lossy(&answer));
    }
    let threads = std::fs::read_dir(format!("/proc/{}/task", server.process.id())).unwrap();
    let mut count = 0;
    for thread in threads {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        assert!(status.contains("Seccomp:\t2\n") && status.contains("NoNewPrivs:\t1\n"), "{status}");
        count += 1;
    }
    assert!(count > 2, "{count}");
    server.signal("TERM");
    assert!(server.ended().0.success());
}
