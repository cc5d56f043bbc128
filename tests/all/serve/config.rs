//! The configuration of `dayfly serve`, as a shell and its signals have it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::{run, scratch};

/// So long that whoever waits for it waits for nothing.
const LONG: Duration = Duration::from_secs(120);

/// A folder with a configuration, and `dayfly serve` in it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = scratch("serve-config").join(test);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dayfly"));
        command.arg("serve").args(arguments).current_dir(&self.0);
        command.env("XDG_CACHE_HOME", scratch("cli-cache")).env("XDG_STATE_HOME", self.0.join("state"));
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command.stdin(Stdio::null());
        command
    }

    /// The exit code, and what goes to standard output and standard error.
    fn said(&self, command: &mut Command) -> (i32, String, String) {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

/// `dayfly serve`, until it is dropped.
struct Server {
    process: Child,
    lines: Receiver<String>,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let err = BufReader::new(process.stderr.take().unwrap());
        std::thread::spawn(move || err.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { process, lines }
    }

    /// Waits for a line that has this in it; gives the ones before it too.
    #[track_caller]
    fn says(&self, part: &str) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(LONG) {
                Ok(line) => {
                    let is_it = line.contains(part);
                    said.push(line);
                    if is_it {
                        return said;
                    }
                }
                Err(error) => panic!("no {part:?} ({error}) in {said:#?}"),
            }
        }
    }

    /// Where it serves a tenant.
    #[track_caller]
    fn address(&self, tenant: &str) -> String {
        let said = self.says(&format!("/{tenant}"));
        let line = said.last().unwrap();
        line.split("://").nth(1).unwrap().split('/').next().unwrap().to_owned()
    }

    fn signal(&self, signal: &str) {
        run(Command::new("kill").args([signal, &self.process.id().to_string()]));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The status line and the body of the answer to a GET.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    // Of 1.0, so that the body comes as it is.
    write!(stream, "GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

const APP: &str = "export default { fetch: (request, env) => new Response(`hello ${env.NAME}`) };";

#[test]
fn mistakes_are_shown_with_their_lines_and_nothing_is_served() {
    let folder = Folder::new("mistakes");
    folder.write("serve.toml", "[server]\nlisten = \"here\"\n[tenant.shop]\nroute = [\"/\"]\nroutes = [\"/\"]\n");
    let shown = r#"error: serve.toml:2:10: server.listen: "here" is no address with a port
  |
2 | listen = "here"
  |          ^^^^^^
  = help: write an IP address and a port, as in "127.0.0.1:8080" or "[::]:8080"
error: serve.toml:4:1: tenant.shop.route: there is no such key in [tenant.shop]
  |
4 | route = ["/"]
  | ^^^^^
  = help: did you mean routes?
2 mistakes
"#;
    for arguments in [&["serve.toml"][..], &["serve.toml", "--check"]] {
        assert_eq!(folder.said(&mut folder.command(arguments)), (2, String::new(), shown.into()), "{arguments:?}");
    }
    folder.write("serve.toml", "[server\n");
    let (code, _, err) = folder.said(&mut folder.command(&["serve.toml"]));
    assert!(code == 2 && err.starts_with("error: serve.toml:1:8: this is not TOML: "), "{err}");
    let (code, _, err) = folder.said(&mut folder.command(&["none.toml"]));
    assert!(code == 2 && err.starts_with("error: none.toml: the configuration cannot be read: "), "{err}");
}

#[test]
fn check_says_ok_and_serves_nothing() {
    let folder = Folder::new("check");
    let example = crate::support::root().join("examples/serve.toml");
    let example = example.to_str().unwrap();
    assert_eq!(folder.said(&mut folder.command(&[example, "--check"])), (0, "ok\n".into(), String::new()));
    let (code, out, err) =
        folder.said(folder.command(&[example, "--check", "--set", "http.url=1"]).env("DAYFLY_HTTP__STREAMS", "no"));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("error: DAYFLY_HTTP__STREAMS: http.streams: text where whole number is wanted"), "{err}");
    assert!(err.contains("error: --set http.url: http.url: 1 is too small\n  = help: write at least 64\n"), "{err}");
    let (code, _, err) = folder.said(&mut folder.command(&["--check", "--listen", "nowhere"]));
    assert!(code == 2 && err.starts_with("error: --listen: server.listen: \"nowhere\" is no address"), "{err}");
    let (code, _, err) = folder.said(&mut folder.command(&["--check", "--set", "nothing"]));
    assert!(code == 2 && err.contains("write KEY=VALUE"), "{err}");
    assert!(!folder.0.join("state").exists(), "nothing is written");
}

#[test]
fn a_hangup_reads_the_configuration_again() {
    let folder = Folder::new("hangup");
    folder.write("app.mjs", APP);
    let tenant = |name: &str, value: &str| {
        format!("[tenant.{name}]\napp = \"app.mjs\"\nroutes = [\"/{name}\"]\nenv.NAME = \"{value}\"\n")
    };
    folder.write("serve.toml", &tenant("one", "first"));
    let mut command = folder.command(&["serve.toml", "--listen", "127.0.0.1:0"]);
    command.env("DAYFLY_TENANT__ONE__ENV__OTHER", "x");
    let server = Server::start(command);
    let address = server.address("one");
    assert_eq!(get(&address, "/one").1, "hello first");

    folder.write("serve.toml", &(tenant("one", "second") + &tenant("two", "third") + "[renders]\nqueue = 7\n"));
    server.signal("-HUP");
    server.says("the configuration was read again: added two; changed one; deployed two");
    server.says("these keys hold from the next start on: renders.queue");
    assert_eq!((get(&address, "/one").1, get(&address, "/two").1), ("hello second".into(), "hello third".into()));

    folder.write("serve.toml", "[tenant.one]\nroutes = [7]\n[tenant.four]\nroutes = [\"http://x\"]\n");
    server.signal("-HUP");
    let said = server.says("what was served before goes on").join("\n");
    assert!(said.contains("serve.toml:2:11: tenant.one.routes[0]: ") && said.contains("serve.toml:4:11: "), "{said}");
    assert_eq!(get(&address, "/two").1, "hello third");

    folder.write("app.mjs", &APP.replace("hello", "goodbye"));
    folder.write("serve.toml", &tenant("one", "again"));
    server.signal("-HUP");
    server.says("changed one; removed two; deployed one");
    assert_eq!(get(&address, "/one").1, "goodbye again");
    assert!(get(&address, "/two").0.ends_with(" 404 Not Found"));

    folder.write("app.mjs", "export default {");
    server.signal("-HUP");
    let said = server.says("what was served before goes on").join("\n");
    assert!(said.contains("the app of the tenant one cannot be served: "), "{said}");
    assert_eq!(get(&address, "/one").1, "goodbye again");
}

#[test]
fn the_examples_are_served_without_a_configuration() {
    let folder = Folder::new("examples");
    let server = Server::start(folder.command(&["--set", "server.listen=127.0.0.1:0"]));
    let address = server.address("hello");
    assert!(get(&address, "/hello?name=Ada").1.contains("Hello Ada"));
    assert!(folder.0.join("state/dayfly/examples/bundles").is_dir());
}

#[test]
fn the_heaps_of_requests_that_a_limit_ended_are_kept() {
    let folder = Folder::new("keep-heaps");
    folder.write("app.mjs", "export default { fetch() { globalThis.hoard = []; for (;;) hoard.push({}); } };");
    folder.write("serve.toml", "[tenant.hog]\napp = \"app.mjs\"\nroutes = [\"/hog\"]\nlimits.memory = \"24MiB\"\n");
    let server = Server::start(folder.command(&["serve.toml", "--listen", "127.0.0.1:0", "--keep-heaps", "heaps"]));
    let address = server.address("hog");
    assert!(get(&address, "/hog").0.contains(" 50"), "a limit ended it");
    server.says("the heap as the limit of memory found it is in heaps/");
    let kept = std::fs::read_dir(folder.0.join("heaps")).unwrap().next().unwrap().unwrap();
    assert!(kept.file_name().to_string_lossy().ends_with("-memory.heapsnapshot"), "{kept:?}");
    assert!(std::fs::read_to_string(kept.path()).unwrap().contains("\"hoard\""));
}
