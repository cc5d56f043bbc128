//! A server that looks at itself: what it keeps when it is killed, whom it tells, and what it tells Prometheus.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::LONG;
use super::administered::{Server, exchange, state};
use crate::support::scratch;

/// What the admin API answers, which is well.
#[track_caller]
pub(crate) fn api(server: &Server, path: &str) -> Value {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        server.token
    );
    let (head, body) = exchange(&server.admin, &request).unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}\n{body}");
    // It may come in chunks, which is of no matter to where the JSON begins and ends.
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {head}\n{body}"))
}

/// The times of the samples that there are since then, each of them.
fn times(server: &Server, since: f64) -> Vec<f64> {
    let (mut all, mut from) = (Vec::new(), since);
    while from < now() {
        // As many as come one by one.
        let to = from + 190.0;
        let history = api(server, &format!("/v1/history?points=2000&from={from}&to={to}"));
        let values = |name: &str| history[name].as_array().unwrap().clone();
        let is_there = values("memory_bytes").into_iter().map(|value| !value.is_null());
        let times = values("time").into_iter().map(|time| time.as_f64().unwrap());
        all.extend(times.zip(is_there).filter_map(|(time, is_there)| is_there.then_some(time)));
        from = to + 0.1;
    }
    all
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Takes whatever is posted there, and gives it on.
pub(crate) fn receiver(listener: TcpListener) -> Receiver<Value> {
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        'next: for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut came, mut some) = (Vec::new(), [0; 4096]);
            let body = loop {
                let Ok(count @ 1..) = stream.read(&mut some) else {
                    // Who sent it was killed, or has given it up.
                    continue 'next;
                };
                came.extend_from_slice(&some[..count]);
                let text = String::from_utf8_lossy(&came);
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    break serde_json::from_str(body).unwrap();
                }
            };
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            if sender.send(body).is_err() {
                return;
            }
        }
    });
    messages
}

/// A server in which memory is always too high, and is so often looked at; nobody may be there who is told.
fn start(state: &Path, told: &str) -> Server {
    let webhooks = format!("alarms.webhooks=[{{ name = \"oncall\", url = \"http://{told}/\" }}]");
    let keys = ["history.interval=100ms", "alarms.scale=0.002", "alarms.memory-high=0.0001", webhooks.as_str()];
    let arguments: Vec<&str> = keys.iter().flat_map(|key| ["--set", *key]).collect();
    Server::run(state, &arguments, drop)
}

#[test]
fn a_server_that_is_killed_keeps_its_history_but_one_sample_and_every_message() {
    let state = state("alarms-kill");
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let told = free.local_addr().unwrap().to_string();
    drop(free);
    let mut kept: Vec<f64> = Vec::new();
    let begun = now();
    for round in 0..3 {
        let mut server = start(&state, &told);
        let began = Instant::now();
        while times(&server, begun).len() < kept.len() + 15
            || api(&server, "/v1/alarms")["active"][0]["state"] != "firing"
        {
            assert!(began.elapsed() < LONG, "round {round}: {}", api(&server, "/v1/alarms"));
            std::thread::sleep(Duration::from_millis(50));
        }
        let seen = times(&server, begun);
        server.kill();
        let killed = now();
        // The machine may be slow to take a sample; what is lost is what it had not written.
        assert!(kept.iter().all(|time| seen.contains(time)), "round {round}: what was kept is gone");
        let server = start(&state, &told);
        let after = times(&server, begun);
        let lost: Vec<_> = seen.iter().filter(|time| !after.contains(time)).collect();
        assert!(lost.len() <= 1, "round {round}: {lost:?} are lost");
        kept = after.into_iter().filter(|time| *time < killed).collect();
        drop(server);
    }
    // Another alarm says that this one is not taken.
    let waiting = std::fs::read_dir(state.join("webhooks/oncall")).unwrap();
    let waiting = waiting.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let high = waiting.filter(|text| text.contains("{alertname=\\\"DayflyMemoryHigh\\\",")).count();
    assert_eq!(high, 1, "the alarm fired once, whatever became of its server");
    let messages = receiver(TcpListener::bind(&told).unwrap());
    let server = start(&state, &told);
    let message = messages.recv_timeout(LONG).unwrap();
    assert_eq!((&message["status"], &message["version"]), (&"firing".into(), &"4".into()));
    assert_eq!(message["alerts"][0]["labels"]["alertname"], "DayflyMemoryHigh");
    let began = Instant::now();
    while std::fs::read_dir(state.join("webhooks/oncall")).unwrap().count() > 0 {
        assert!(began.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(server);
}

/// What `dayfly alerts` prints, with programs from that folder alone.
fn alerts(arguments: &[&str], programs: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dayfly"));
    command.arg("alerts").args(arguments).env("PATH", programs).output().unwrap()
}

#[test]
fn rules_for_prometheus_have_the_thresholds_of_the_configuration_and_are_checked() {
    let shipped = std::fs::read_to_string(crate::support::root().join("deploy/prometheus/dayfly.rules.yml")).unwrap();
    let printed = alerts(&["--check"], "");
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), shipped);
    let said = String::from_utf8(printed.stderr).unwrap();
    assert!(said.contains("checked: every metric is one that the server exports"), "{said}");
    assert!(said.contains("not checked: promtool is not here"), "{said}");

    let folder = scratch("serve").join("alerts");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("serve.toml");
    std::fs::write(&file, "[alarms]\nmemory-high = 0.42\nslow = \"100ms\"\n[tenant.a]\nroutes = [\"/\"]\n").unwrap();
    let printed = alerts(&[file.to_str().unwrap(), "--set", "alarms.errors=0.002"], "");
    let rules = String::from_utf8(printed.stdout).unwrap();
    for part in ["dayfly:memory_used:ratio > 0.42\n", "le=~\"0[.]1\"", "> 14.4 * 0.002\n"] {
        assert!(rules.contains(part), "{part}: {rules}");
    }
    std::fs::write(&file, "[alarms]\nmemory-high = 42\n").unwrap();
    let printed = alerts(&[file.to_str().unwrap()], "");
    assert_eq!((printed.status.code(), printed.stdout), (Some(2), vec![]));
    // What another tool says of them is handed on.
    for (code, begin) in [(0, "checked: promtool: SUCCESS"), (1, "error: promtool: SUCCESS")] {
        let program = folder.join("promtool");
        std::fs::write(&program, format!("#!/bin/sh\ntest \"$1 $2\" = 'check rules' && echo SUCCESS\nexit {code}\n"))
            .unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let printed = alerts(&["--check"], folder.to_str().unwrap());
        let said = String::from_utf8(printed.stderr).unwrap();
        assert!(said.contains(begin), "{said}");
        assert_eq!(printed.status.code(), Some(if code == 0 { 0 } else { 4 }), "{said}");
    }
}

#[test]
fn a_deploy_with_a_leak_check_keeps_the_staircase_beside_it() {
    let state = state("leak-check");
    let server = Server::start(&state);
    let folder = scratch("serve").join("leak-check-apps");
    std::fs::create_dir_all(&folder).unwrap();
    let deploy = |name: &str, text: &str, more: &[&str]| {
        std::fs::write(folder.join(name), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dayfly"));
        command.args(["deploy", "hello"]).arg(folder.join(name)).args(more).arg("--state").arg(&state);
        command.env("XDG_CACHE_HOME", scratch("cli-cache")).output().unwrap()
    };
    let story = "const native = console.error; console.error = (...all) => native(...all);\n\
                 globalThis.render = () => '<p>hello</p>';";
    let grows = deploy("story.js", story, &["--leak-check"]);
    let said = String::from_utf8(grows.stderr).unwrap();
    assert!(grows.status.success() && said.contains("in one heap its runs would be growing"), "{said}");
    let digest = String::from_utf8(grows.stdout).unwrap().trim().to_owned();
    let staircase = api(&server, "/v1/tenants/hello/leak");
    assert_eq!((staircase["digest"].as_str(), &staircase["verdict"]), (Some(digest.as_str()), &"growing".into()));
    let bytes: Vec<u64> = staircase["bytes"].as_array().unwrap().iter().map(|bytes| bytes.as_u64().unwrap()).collect();
    assert_eq!(staircase["runs"].as_array().unwrap().len(), bytes.len());
    assert!(bytes.len() >= 10 && bytes.is_sorted() && staircase["bytes_a_run"].as_f64() > Some(100.0), "{staircase}");
    // An app with a handler is asked for a page, and what was not weighed has no staircase.
    let clean = "export default { fetch: () => new Response('hello') };";
    let said = String::from_utf8(deploy("clean.mjs", clean, &["--leak-check"]).stderr).unwrap();
    assert!(said.contains("in one heap its runs would be clean: 0 bytes a run"), "{said}");
    assert_eq!(api(&server, "/v1/tenants/hello/leak")["verdict"], "clean");
    assert!(deploy("other.mjs", &clean.replace("hello", "other"), &[]).status.success());
    let request = format!(
        "GET /v1/tenants/hello/leak HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        server.token
    );
    let (head, body) = exchange(&server.admin, &request).unwrap();
    assert!(head.starts_with("HTTP/1.1 404") && body.contains("\"no-leak-report\""), "{head}\n{body}");
    let kinds: Vec<_> = api(&server, "/v1/history")["marks"].as_array().unwrap().clone();
    let kinds: Vec<_> = kinds.iter().map(|mark| mark["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["start", "deploy", "deploy", "deploy"]);
    // The examples' server goes on.
    assert!(server.get("/hello").1.contains("other"));
}
