//! The commands that talk to a server.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::administered::{Server, state};
use crate::support::scratch;

struct Clients {
    state: PathBuf,
    folder: PathBuf,
}

impl Clients {
    fn new(test: &str) -> Self {
        let folder = scratch("serve").join(format!("{test}-apps"));
        std::fs::create_dir_all(&folder).unwrap();
        Self { state: state(test), folder }
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.arg("--state").arg(&self.state).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dayfly"));
        command.args(arguments).current_dir(&self.folder).env("XDG_CACHE_HOME", scratch("cli-cache"));
        command.env_remove("DAYFLY_SERVER").env_remove("DAYFLY_TOKEN");
        command
    }

    /// What it prints; it does well.
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// How it ends, and what it says to standard error.
    fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn an_app_is_deployed_rolled_back_and_looked_at_from_the_command_line() {
    let clients = Clients::new("clients");
    let (code, said) = clients.fails(&["tenant", "list"]);
    assert!(code == 2 && said.contains("start `dayfly serve`"), "{said}");
    let server = Server::start(&clients.state);
    let list = clients.said(&["tenant", "list"]);
    assert_eq!(
        list.lines().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(),
        ["badge", "feed", "hello", "shop"]
    );

    clients.said(&["tenant", "create", "mine", "--route", "/mine"]);
    clients.file("one.mjs", "export default { fetch() { console.log('asked'); return new Response('one') } }");
    let digest = clients.said(&["deploy", "mine", "one.mjs"]);
    assert_eq!((digest.trim().len(), server.get("/mine").1), (64, "one".into()));
    clients.file("broken.mjs", "export default { fetch() { throw new Error('oh') } }");
    let (code, said) = clients.fails(&["deploy", "mine", "broken.mjs"]);
    assert!(code == 1 && said.contains("the app threw Error: oh") && said.contains("broken.mjs:1:"), "{code} {said}");
    clients.file("two.mjs", "export const render = () => 'two'");
    let done: Value = serde_json::from_str(&clients.said(&["deploy", "mine", "two.mjs", "--json"])).unwrap();
    assert_eq!((&done["smoke"]["status"], server.get("/mine").1), (&200.into(), "two".into()));
    assert_eq!(clients.said(&["rollback", "mine"]), digest);
    assert_eq!(server.get("/mine").1, "one");
    let second = done["deployment"]["digest"].as_str().unwrap();
    clients.said(&["rollback", "mine", &second[..10]]);
    assert_eq!(server.get("/mine").1, "two");
    let shown = clients.said(&["tenant", "show", "mine"]);
    assert!(shown.contains(&format!("*    2 {}", &second[..12])), "{shown}");

    clients.said(&["tenant", "limits", "mine", "page=2B", "cpu=40ms"]);
    assert!(server.get("/mine").0.starts_with("HTTP/1.1 500"));
    let limits = clients.said(&["tenant", "limits", "mine", "page=default"]);
    assert!(limits.contains("40ms (set)") && server.get("/mine").1 == "two", "{limits}");
    clients.said(&["tenant", "suspend", "mine"]);
    assert!(server.get("/mine").0.starts_with("HTTP/1.1 503"));
    clients.said(&["tenant", "resume", "mine"]);

    let logs = clients.said(&["logs", "mine"]);
    assert!(logs.contains("Z ") && logs.contains(" log: asked (one.mjs:1:"), "{logs}");
    assert_eq!(clients.said(&["logs", "mine", "--lines", "1"]).lines().count(), 1);
    let requests = clients.said(&["logs", "mine", "--requests"]);
    assert!(
        requests.contains("GET /mine 200 ok")
            && requests.contains("\n  log: asked (one.mjs:1:")
            && requests.contains("503 suspended"),
        "{requests}"
    );
    let top = clients.said(&["top", "--once"]);
    assert!(top.lines().any(|line| line.starts_with("mine ")) && top.contains("TENANT"), "{top}");
    let status: Value = serde_json::from_str(&clients.said(&["top", "--json"])).unwrap();
    assert_eq!(status["tenants"].as_array().unwrap().len(), 5);
    clients.said(&["tenant", "delete", "mine"]);
    let (code, said) = clients.fails(&["tenant", "show", "mine"]);
    assert!(code == 2 && said.contains("no such tenant"), "{said}");
}

#[test]
fn a_token_goes_to_the_server_that_it_is_for_and_to_no_other() {
    let clients = Clients::new("tokens");
    let server = Server::start(&clients.state);
    let file = Path::new("tokens.toml");
    let _ = std::fs::remove_file(clients.folder.join(file));
    let make = clients
        .command(&[
            "tenant",
            "token",
            "--name",
            "ci",
            "--scope",
            "deploy",
            "--tenant",
            "hello",
            "--file",
            "tokens.toml",
        ])
        .output();
    let token = String::from_utf8(make.unwrap().stdout).unwrap();
    let entry = std::fs::read_to_string(clients.folder.join(file)).unwrap();
    assert!(
        token.starts_with("dayfly_") && entry.contains("tenants = [\"hello\"]") && !entry.contains(token.trim()),
        "{entry}"
    );

    let url = format!("http://{}", server.admin);
    let with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let output = clients
            .command(arguments)
            .envs(variables.iter().copied())
            .env("XDG_STATE_HOME", &clients.folder)
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(with(&[("DAYFLY_SERVER", &url), ("DAYFLY_TOKEN", &server.token)], &["tenant", "list"]).0, 0);
    let (code, said) = with(&[("DAYFLY_SERVER", &url), ("DAYFLY_TOKEN", token.trim())], &["tenant", "list"]);
    assert!(code == 2 && said.contains("the token is not known"), "{said}");
    let state = clients.state.to_str().unwrap();
    let (code, said) = with(&[], &["tenant", "list", "--server", "http://127.0.0.1:1", "--state", state]);
    assert!(code == 2 && said.contains("there is no token for the server http://127.0.0.1:1"), "{said}");
    let (code, said) = with(&[("DAYFLY_TOKEN", "x")], &["tenant", "list", "--server", "http://127.0.0.1:1"]);
    assert!(code == 2 && said.contains("no server answers"), "{said}");
    let (code, said) = with(&[("DAYFLY_TOKEN", "x")], &["tenant", "list", "--server", "https://example.test"]);
    assert!(code == 2 && said.contains("only http://"), "{said}");
}
