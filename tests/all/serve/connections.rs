//! More connections than the process may have.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::{LONG, Server};

#[test]
fn a_server_without_files_left_takes_connections_again_once_it_has_some() {
    let mut command = Command::new("sh");
    let server = Server::command("files");
    command
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .arg(server.get_program())
        .args(server.get_args())
        .args(["--log", "json"]);
    command.env("XDG_CACHE_HOME", crate::support::scratch("cli-cache"));
    let mut server = Server::run(command);
    let crowd: Vec<_> = (0..100).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    server.says("no connection can be taken");
    drop(crowd);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(b"GET /hello HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    std::thread::sleep(Duration::from_millis(1));
    server.signal("TERM");
    assert!(server.ended().0.success());
}
