//! Programs that are not ours: what reads what we write.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::installed;

/// Says that a test was left out, and why: `xtask test` lists what tests say here. With `CI=true` it is a failure.
pub(crate) fn left_out(test: &str, why: &str) {
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!is_ci, "{test} may not be left out here: {why}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("left-out");
    fs::create_dir_all(&folder).unwrap();
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join(format!("{test}.txt"))).unwrap();
    writeln!(file, "{why}").unwrap();
}

fn has(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// What a program prints that gets `input`. If it fails, so does the test.
#[track_caller]
pub(crate) fn run(command: &mut Command, input: &str) -> String {
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // It may print before it has read all.
    let writing = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// The script of that name beside these tests.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all").join(name)
}

/// Python with the packages of `requirements.txt`. Without Python the test is left out.
pub(crate) fn python(test: &str) -> Option<PathBuf> {
    if !has("python3", &["-c", "import ensurepip, venv"]) {
        left_out(test, "it needs python3 with venv, which is not here");
        return None;
    }
    let version = run(Command::new("python3").arg("--version"), "");
    let requirements = script("requirements.txt");
    let wanted = version + &fs::read_to_string(&requirements).unwrap();
    let folder = installed::folder("server-python", &wanted, |folder| {
        run(Command::new("python3").args(["-m", "venv", "--clear", "venv"]).current_dir(folder), "");
        let install = ["install", "--no-deps", "--disable-pip-version-check", "-r"];
        run(Command::new(folder.join("venv/bin/pip")).args(install).arg(&requirements), "");
    });
    Some(folder.join("venv/bin/python"))
}

/// Prometheus' own tool, as it is here or comes from Debian's package. Elsewhere the test is left out.
pub(crate) fn promtool(test: &str) -> Option<PathBuf> {
    debian(test, "promtool", "prometheus")
}

/// What starts Alertmanager, in the same way: its arguments are to be added.
pub(crate) fn alertmanager(test: &str) -> Option<Command> {
    let program = debian(test, "prometheus-alertmanager", "prometheus-alertmanager")?;
    let share = program.parent().and_then(Path::parent).map(|user| user.join("share"));
    let Some(share) = share.filter(|share| share.join("prometheus/alertmanager").is_dir()) else {
        return Some(Command::new(program));
    };
    // It reads a template by a path of the system's, and where it was only unpacked that is nowhere.
    if !has("unshare", &["--mount", "true"]) {
        left_out(test, "Alertmanager, as it is unpacked, needs a mount of its own, which only root may make");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "mount --bind \"$1\" /usr/share && shift && exec \"$@\"", "sh"]);
    command.arg(share).arg(program);
    Some(command)
}

/// A program, as it is here or comes from one of Debian's packages.
fn debian(test: &str, program: &str, package: &str) -> Option<PathBuf> {
    if has(program, &["--version"]) {
        return Some(program.into());
    }
    match installed::packages(&[package]) {
        Ok(folder) => Some(folder.join("usr/bin").join(program)),
        Err(why) => {
            left_out(test, &why);
            None
        }
    }
}
