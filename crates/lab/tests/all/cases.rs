//! Verdicts, each measured.

use dayfly_lab::Verdict;

use super::{Case, cases, check, first, said};

/// The program of the story.
const STORY: &str = "const nativeError = console.error;
console.error = (...argv) => {
  nativeError(...argv);
};
globalThis.render = () => 'page';";

fn judge(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for Case { name, scenario, verdict, path } in cases {
        match check(&scenario) {
            Ok(report) => {
                let found = report.leaks.first().map(|leak| leak.path.clone());
                let is_there = path.as_ref().is_none_or(|path| {
                    report.leaks.iter().any(|leak| leak.verdict == verdict && leak.path.starts_with(path.as_str()))
                });
                println!("{name}: {} {} {found:?}", report.verdict.as_str(), report.bytes_per_run);
                if report.verdict != verdict || !is_there || report.watch_failed.is_some() {
                    wrong.push(format!("{name}: not {} {path:?}, but {report:#?}", verdict.as_str()));
                }
            }
            Err(error) => wrong.push(format!("{name}: {error:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_cases_of_the_story_are_judged_as_they_are() {
    judge(cases(""));
}

#[test]
fn known_leaks_of_real_servers_are_found() {
    judge(cases("servers"));
}

#[test]
fn the_story_is_told_with_both_places_and_the_way_from_run_to_run() {
    let report = said(STORY);
    assert_eq!(report.verdict, Verdict::Growing);
    assert_eq!((report.runs, report.realms_held), (50, 53), "{report:#?}");
    let leak = first(&report);
    assert_eq!(leak.path, "console.error");
    assert_eq!(leak.read_at, ["app.js:1:21"], "{leak:#?}");
    assert_eq!(leak.written_at, ["app.js:2:1"], "{leak:#?}");
    assert!(leak.retainers.iter().any(|step| step.contains("nativeError")), "{leak:#?}");
    assert!(leak.fix.contains("Object.create(console)"), "{leak:#?}");
}

#[test]
fn the_same_app_gives_the_same_numbers_twice() {
    let heaps = [said(STORY), said(STORY)].map(|report| report.heap_bytes);
    assert_eq!(heaps[0], heaps[1]);
    // Each run leaves the same.
    let steps: Vec<u64> = heaps[0].windows(2).skip(3).map(|pair| pair[1] - pair[0]).collect();
    let usual = steps.iter().filter(|step| **step == steps[0]).count();
    assert!(usual >= steps.len() - 2, "{steps:?}");
}
