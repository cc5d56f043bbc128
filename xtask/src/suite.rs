//! All tests. One that fails is asked a second time, when nothing else runs beside it: this machine may have been busy with
//! others, and one that failed for that is said to be flaky, not failed. What fails twice has failed.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, io, thread};

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
    let flaky = first.may_be_flaky();
    let passed = first.is_success || (!flaky.is_empty() && pass_alone(ours, &flaky));
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

/// Asks tests again, with nothing beside them; says whether each of them was there and passed.
fn pass_alone(ours: &[&str], tests: &[String]) -> bool {
    println!("\nasked again, each alone: {}", tests.join(", "));
    let names: Vec<&str> = tests.iter().map(String::as_str).collect();
    let again = cargo_test(&[ours, &["--", "--exact", "--test-threads=1"], &names].concat());
    again.is_success && tests.iter().all(|test| again.passed.contains(test))
}

/// What came of `cargo test`.
#[derive(Default)]
struct Outcome {
    is_success: bool,
    /// How many programs of tests began, and how many failures those that ended speak of, each.
    begun: usize,
    ended: Vec<usize>,
    failed: Vec<String>,
    passed: HashSet<String>,
}

impl Outcome {
    /// Notes a line that the harness prints.
    fn note(&mut self, line: &str) {
        let line = line.trim_end();
        if line.starts_with("running ") && (line.ends_with(" test") || line.ends_with(" tests")) {
            self.begun += 1;
        } else if let Some(result) = line.strip_prefix("test result: ") {
            let failed = result.split("; ").find_map(|part| part.strip_suffix(" failed")?.parse().ok());
            self.ended.push(failed.unwrap_or_default());
        } else if let Some((test, how)) = line.strip_prefix("test ").and_then(|test| test.rsplit_once(" ... ")) {
            let test = test.strip_suffix(" - should panic").unwrap_or(test).to_owned();
            match how {
                "FAILED" => self.failed.push(test),
                "ok" => drop(self.passed.insert(test)),
                _ => {}
            }
        }
    }

    /// The tests that failed, if they are few and nothing else went wrong, as a build, or a program of tests that ended before
    /// it had said what came of them.
    fn may_be_flaky(&self) -> Vec<String> {
        let is_all = self.ended.len() == self.begun && self.ended.iter().sum::<usize>() == self.failed.len();
        if !self.is_success && is_all && self.failed.len() <= MOST_FLAKY { self.failed.clone() } else { Vec::new() }
    }
}

/// Runs `cargo test` with these arguments, and hands on what it prints.
fn cargo_test(arguments: &[&str]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut command = Command::new(tool::cargo());
    command.args(["test", "--workspace", "--locked"]).args(arguments).stdout(Stdio::piped());
    let status = command.spawn().and_then(|mut process| {
        let output = process.stdout.take().expect("it is piped");
        let (print, lines) = mpsc::channel();
        thread::spawn(move || hand_on(output, &print));
        let status = process.wait()?;
        // To the end of the output, but for a process that a test left behind and that holds it open.
        while let Ok(line) = lines.recv_timeout(Duration::from_secs(5)) {
            outcome.note(&line);
        }
        Ok(status)
    });
    match status {
        Ok(status) => outcome.is_success = status.success(),
        Err(error) => eprintln!("error: cargo test: {error}"),
    }
    outcome
}

/// Prints what the harness prints, and sends each line on.
fn hand_on(output: impl Read, lines: &mpsc::Sender<String>) -> io::Result<()> {
    let (mut output, mut line) = (BufReader::new(output), Vec::new());
    while output.read_until(b'\n', &mut line)? > 0 {
        io::stdout().write_all(&line)?;
        // Nobody asks any more when the run is over.
        let _ = lines.send(String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
    Ok(())
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

    fn outcome(lines: &str) -> Outcome {
        let mut outcome = Outcome::default();
        lines.lines().for_each(|line| outcome.note(line));
        outcome
    }

    const ONE: &str = "running 3 tests\ntest serve::drain::signal ... FAILED\ntest bounds - should panic ... FAILED\n\
        test serve ... ok\n    serve::drain\nprints test a ... FAILED\n\
        test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\n";

    #[test]
    fn what_failed_is_read_from_what_the_harness_prints() {
        let outcome = outcome(ONE);
        assert_eq!(outcome.may_be_flaky(), ["serve::drain::signal", "bounds"]);
        assert!(outcome.passed.contains("serve") && outcome.passed.len() == 1);
        let doc = self::outcome(
            "running 1 test\ntest src/lib.rs - Engine (line 3) ... FAILED\ntest result: FAILED. 0 passed; 1 failed; 0 ignored",
        );
        assert_eq!(doc.may_be_flaky(), ["src/lib.rs - Engine (line 3)"]);
    }

    #[test]
    fn nothing_is_asked_again_where_more_went_wrong_than_some_tests() {
        // A program of tests that was ended by a signal, a failure without a name, a build, and a success.
        for more in ["running 7 tests\n", "running 1 test\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n"] {
            assert!(outcome(&format!("{ONE}{more}")).may_be_flaky().is_empty(), "{more}");
        }
        assert!(outcome("error: could not compile").may_be_flaky().is_empty());
        let many: String = (0..6).map(|test| format!("test t{test} ... FAILED\n")).collect();
        let many = format!("running 6 tests\n{many}test result: FAILED. 0 passed; 6 failed; 0 ignored\n");
        assert!(outcome(&many).may_be_flaky().is_empty());
        assert!(Outcome { is_success: true, ..outcome(ONE) }.may_be_flaky().is_empty());
    }
}
