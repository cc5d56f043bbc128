//! All tests. One that fails is asked a second time, when nothing else runs beside it: this machine may have been busy with
//! others, and one that failed for that is said to be flaky, not failed. What fails twice has failed.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, io, iter, thread};

use crate::tool;

/// As many failures as may be bad luck.
const MOST_FLAKY: usize = 5;

/// Runs all tests, and says at the end which of them were left out and why, and which passed the second time only. In CI a test
/// that is left out is a failure.
pub(crate) fn run(target: &Path, rest: &[&str]) -> ExitCode {
    let left_out = target.join("left-out");
    // What an earlier run left out says nothing of this one.
    let _ = fs::remove_dir_all(&left_out);
    let (ours, theirs) = rest.split_at(rest.iter().position(|argument| *argument == "--").unwrap_or(rest.len()));
    let first = cargo_test(&[&["--no-fail-fast"], ours, theirs].concat());
    let (passed, flaky) = match first {
        Outcome::Passed => (true, Vec::new()),
        Outcome::Failed(tests) if (1..=MOST_FLAKY).contains(&tests.len()) => {
            println!("\nasked again, each alone: {}", tests.join(", "));
            let names: Vec<&str> = tests.iter().map(String::as_str).collect();
            let again = cargo_test(&[ours, &["--", "--exact", "--test-threads=1"], &names].concat());
            (matches!(again, Outcome::Passed), tests)
        }
        Outcome::Failed(_) => (false, Vec::new()),
    };
    if passed && !flaky.is_empty() {
        println!("\nflaky, failed once and passed when asked again:");
        flaky.iter().for_each(|test| println!("  {test}"));
    }
    let reasons = read_all(&left_out);
    if reasons.is_empty() {
        println!("\nno test was left out");
    } else {
        println!("\nleft out, and why:");
        reasons.iter().for_each(|reason| println!("  {reason}"));
    }
    let is_ci = env::var("CI").is_ok_and(|ci| ci == "true");
    if passed && (reasons.is_empty() || !is_ci) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

enum Outcome {
    Passed,
    /// The tests that failed; none if it was something else, as a build.
    Failed(Vec<String>),
}

/// Runs `cargo test` with these arguments, and hands on what it prints.
fn cargo_test(arguments: &[&str]) -> Outcome {
    let mut failed = Vec::new();
    let mut command = Command::new(tool::cargo());
    command.args(["test", "--workspace", "--locked"]).args(arguments).stdout(Stdio::piped());
    let status = command.spawn().and_then(|mut process| {
        let output = process.stdout.take().expect("it is piped");
        let (found, tests) = mpsc::channel();
        thread::spawn(move || hand_on(output, &found));
        let status = process.wait()?;
        // To the end of the output, but for a process that a test left behind and that holds it open.
        failed.extend(iter::from_fn(|| tests.recv_timeout(Duration::from_secs(5)).ok()));
        Ok(status)
    });
    match status {
        Ok(status) if status.success() => Outcome::Passed,
        Ok(_) => Outcome::Failed(failed),
        Err(error) => {
            eprintln!("error: cargo test: {error}");
            Outcome::Failed(Vec::new())
        }
    }
}

/// Prints what the harness prints, and sends on the tests that it says have failed.
fn hand_on(output: impl Read, found: &mpsc::Sender<String>) -> io::Result<()> {
    let (mut output, mut line) = (BufReader::new(output), Vec::new());
    while output.read_until(b'\n', &mut line)? > 0 {
        io::stdout().write_all(&line)?;
        if let Some(test) = failed_test(&String::from_utf8_lossy(&line)) {
            // Nobody asks any more when the run is over.
            let _ = found.send(test.to_owned());
        }
        line.clear();
    }
    Ok(())
}

/// The test of which a line says that it failed.
fn failed_test(line: &str) -> Option<&str> {
    let test = line.trim_end().strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(test.strip_suffix(" - should panic").unwrap_or(test))
}

fn read_all(folder: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let mut reasons: Vec<String> = files
        .filter_map(|file| fs::read_to_string(file.ok()?.path()).ok())
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_read_from_what_the_harness_prints() {
        assert_eq!(
            failed_test("test serve::drain::the_second_signal ... FAILED\n"),
            Some("serve::drain::the_second_signal")
        );
        assert_eq!(failed_test("test src/lib.rs - Engine (line 3) ... FAILED"), Some("src/lib.rs - Engine (line 3)"));
        assert_eq!(failed_test("test bounds - should panic ... FAILED"), Some("bounds"));
        for line in
            ["test result: FAILED. 3 passed", "test serve ... ok", "    serve::drain", "prints test a ... FAILED"]
        {
            assert_eq!(failed_test(line), None, "{line}");
        }
    }
}
