//! The files that a server is operated with: what reads them finds nothing wrong.

use std::fs;
use std::process::Command;

use super::{Server, folder};
use crate::support::{has, left_out, locked_scratch, root, run};

/// Checks the manifests with the schemas that kubernetes-validate brings along.
const VALIDATE: &str = r#"
import sys, yaml, kubernetes_validate
for path in sys.argv[1:]:
    for document in yaml.safe_load_all(open(path)):
        if document["apiVersion"].startswith("monitoring.coreos.com/"):
            continue
        kubernetes_validate.validate(document, "1.32", strict=True)
        print(document["kind"], document["metadata"]["name"])
"#;

#[test]
fn the_unit_of_systemd_is_one_and_is_closed() {
    let test = "the_unit_of_systemd_is_one_and_is_closed";
    if !has("systemd-analyze", &["--version"]) {
        return left_out(test, "systemd-analyze is not here");
    }
    let unit = fs::read_to_string(root().join("deploy/dayfly.service")).unwrap();
    let folder = folder("unit");
    fs::create_dir_all(&folder).unwrap();
    // It looks for the program.
    let here = folder.join("dayfly.service");
    fs::write(&here, unit.replace("/usr/bin/dayfly", env!("CARGO_BIN_EXE_dayfly"))).unwrap();
    let verified = Command::new("systemd-analyze").arg("verify").arg(&here).output().unwrap();
    let said = String::from_utf8(verified.stderr).unwrap();
    assert!(verified.status.success() && !said.contains("dayfly.service"), "{said}");
    // 10 is a service without any bound; systemd calls what is below 2 OK.
    let closed = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20"])
        .arg(&here)
        .output()
        .unwrap();
    assert!(closed.status.success(), "{}", String::from_utf8_lossy(&closed.stdout));
}

#[test]
fn the_manifests_of_kubernetes_are_valid() {
    let test = "the_manifests_of_kubernetes_are_valid";
    if !has("python3", &["-c", "import ensurepip, venv"]) {
        return left_out(test, "the schemas are a package of Python, and python3 with venv is not here");
    }
    let (folder, _lock) = locked_scratch("kubernetes");
    let python = folder.join("venv/bin/python");
    if !python.exists() || !folder.join("stamp").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear", "venv"]).current_dir(&folder));
        let wanted = root().join("tests/deploy/requirements.txt");
        run(Command::new("venv/bin/pip")
            .args(["install", "--disable-pip-version-check", "-r"])
            .arg(wanted)
            .current_dir(&folder));
        fs::write(folder.join("stamp"), "").unwrap();
    }
    let manifests = ["dayfly.yaml", "monitoring.yaml"].map(|name| root().join("deploy/kubernetes").join(name));
    let found = run(Command::new(&python).args(["-c", VALIDATE]).args(&manifests));
    for kind in [
        "Deployment dayfly",
        "Service dayfly",
        "Service dayfly-admin",
        "PodDisruptionBudget dayfly",
        "ConfigMap dayfly",
    ] {
        assert!(found.lines().any(|line| line == kind), "{kind}: {found}");
    }
    // That it is the schemas that say so.
    let wrong = folder.join("wrong.yaml");
    let text =
        fs::read_to_string(&manifests[0]).unwrap().replace("terminationGracePeriodSeconds", "terminationGraceSeconds");
    fs::write(&wrong, text).unwrap();
    let refused = Command::new(&python).args(["-c", VALIDATE]).arg(&wrong).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("terminationGraceSeconds"));
}

/// Of the one key in the first line that has it.
fn number(text: &str, key: &str) -> u64 {
    let line = text.lines().find(|line| line.trim_start().starts_with(key)).unwrap_or_else(|| panic!("no {key}"));
    line.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn whoever_ends_a_server_waits_longer_than_its_drain_takes() {
    let read = |name: &str| fs::read_to_string(root().join("deploy").join(name)).unwrap();
    let drain = 30;
    assert!(number(&read("dayfly.service"), "TimeoutStopSec=") > drain);
    let manifest = read("kubernetes/dayfly.yaml");
    let pause = number(&manifest, "sleep: { seconds:");
    assert!(number(&manifest, "terminationGracePeriodSeconds:") > number(&manifest, "drain = ") + pause);
    assert_eq!(number(&manifest, "drain = "), drain);
}

#[test]
fn the_configurations_that_come_along_have_no_mistake() {
    let read = |name: &str| fs::read_to_string(root().join("deploy").join(name)).unwrap();
    let manifest = read("kubernetes/dayfly.yaml");
    let (_, of_manifest) = manifest.split_once("  dayfly.toml: |\n").unwrap();
    let of_manifest = of_manifest.lines().take_while(|line| *line != "---");
    let of_manifest: String = of_manifest.map(|line| format!("{}\n", line.trim_start())).collect();
    let folder = folder("configurations");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("tokens.toml"), "").unwrap();
    assert!(of_manifest.contains("tokens = "), "{of_manifest}");
    for (name, text) in [("systemd", read("dayfly.toml")), ("kubernetes", of_manifest)] {
        let text = text.replace("/etc/dayfly-tokens/tokens.toml", "tokens.toml");
        let file = folder.join(format!("{name}.toml"));
        fs::write(&file, &text).unwrap();
        let out = Command::new(env!("CARGO_BIN_EXE_dayfly")).arg("serve").arg(&file).arg("--check").output().unwrap();
        assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
        assert!(text.contains("listen = \"0.0.0.0:8080\""), "{name}: {text}");
    }
}

#[test]
fn a_containers_check_of_health_is_the_binarys_own() {
    let file = fs::read_to_string(root().join("deploy/Containerfile")).unwrap();
    assert!(file.contains(r#"CMD ["/usr/bin/dayfly", "health", "#) && file.contains("USER 65532"));
    let server = Server::start("health", &["--log", "json"]);
    let health = |url: String| {
        let out = Command::new(env!("CARGO_BIN_EXE_dayfly")).args(["health", &url]).output().unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let url = |path: &str| format!("http://{}{path}", server.address);
    assert_eq!(health(url("/hello")), (Some(0), String::new()));
    let (code, said) = health(url("/nobody"));
    assert!(code == Some(4) && said.contains("404"), "{said}");
    assert_eq!(health("https://localhost".into()).0, Some(2));
    let gone = url("/hello");
    server.signal("TERM");
    assert!(server.ended().0.success());
    assert_eq!(health(gone).0, Some(4));
}
