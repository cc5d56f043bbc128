//! Verdicts, each measured.

use dayfly_bundler::{Source, Visit};
use dayfly_lab::{Pending, Scenario, Verdict};

use super::{Case, cases, check, first, said};

/// The program of the story.
const STORY: &str = "const nativeError = console.error;
console.error = (...argv) => {
  nativeError(...argv);
};
globalThis.render = () => 'page';";

fn judge(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for Case { name, scenario, verdict, path, written_at, pending, fix } in cases {
        match check(&scenario) {
            Ok(report) => {
                let found = report.leaks.first().map(|leak| leak.path.clone());
                let is_there = path.as_ref().is_none_or(|path| {
                    report.leaks.iter().any(|leak| {
                        let is_at = |at: &String| {
                            leak.written_at.first().is_some_and(|frame| frame.contains(&format!("{name}:{at}")))
                        };
                        leak.verdict == verdict
                            && leak.path.starts_with(path.as_str())
                            && written_at.as_ref().is_none_or(is_at)
                            && fix.as_ref().is_none_or(|fix| leak.fix.starts_with(fix.as_str()))
                    })
                });
                println!("{name}: {} {} {found:?}", report.verdict.as_str(), report.bytes_per_run);
                let waits = report.pending.iter().map(|Pending { by, set_at }| {
                    let place =
                        set_at.first().map_or("", |frame| frame.rsplit(&format!("{name}:")).next().unwrap_or_default());
                    format!("{by} {}", place.trim_end_matches(')'))
                });
                let is_there = is_there && waits.eq(pending);
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
fn what_is_done_after_the_page_is_the_runs_too() {
    judge(cases("after"));
}

#[test]
fn what_is_no_object_is_found_and_caches_that_are_full_are_told_from_it() {
    judge(cases("values"));
}

/// An object of the run's own, which is what most advice is, leaves nothing in any case that it is given for.
#[test]
fn an_object_of_the_runs_own_mends_what_it_is_advised_for() {
    let (mut wrong, mut mended) = (Vec::new(), 0);
    for Case { name, mut scenario, .. } in ["", "after"].into_iter().flat_map(cases) {
        scenario.runs = 10;
        let Ok(report) = check(&scenario) else { continue };
        let line = |fix: &str| Some(format!("{};", fix.split_once(": `")?.1.split_once(";`")?.0));
        let Some(line) = report.leaks.first().and_then(|leak| line(&leak.fix)) else { continue };
        let lines = format!("{line}\n{}", scenario.app.text);
        scenario.app = Source::new(name.clone(), lines);
        let after = check(&scenario);
        println!("{name}: {line}");
        mended += 1;
        if !matches!(&after, Ok(after) if after.verdict == Verdict::Clean) {
            wrong.push(format!("{name} with {line} is no better: {after:#?}"));
        }
    }
    assert!(wrong.is_empty() && mended > 20, "{mended}: {}", wrong.join("\n"));
}

#[test]
fn the_story_is_told_with_both_places_and_the_way_from_run_to_run() {
    let report = said(STORY);
    assert_eq!(report.verdict, Verdict::Growing);
    assert_eq!((report.runs, report.realms_held), (50, 53), "{report:#?}");
    let leak = first(&report);
    assert_eq!(leak.path, "console.error");
    assert_eq!(leak.read_at, ["app.js:1:29"], "{leak:#?}");
    assert_eq!(leak.written_at, ["app.js:2:15"], "{leak:#?}");
    assert!(leak.retainers.iter().any(|step| step.contains("nativeError")), "{leak:#?}");
    assert!(leak.fix.contains("Object.create(console)"), "{leak:#?}");
}

#[test]
fn what_several_keys_hold_in_common_is_said_of_each() {
    let report = said(
        "const { log, warn } = console;
        Object.assign(console, { log: (...argv) => log(...argv), warn: (...argv) => warn(...argv) });
        globalThis.render = () => 'page';",
    );
    let leaks: Vec<_> = report.leaks.iter().map(|leak| (leak.path.as_str(), leak.verdict)).collect();
    assert_eq!(leaks, [("console.log", Verdict::Growing), ("console.warn", Verdict::Growing)], "{report:#?}");
    for leak in &report.leaks {
        assert!(leak.retained_bytes < 1_000 && leak.reached_bytes > 50 * 40_000, "{leak:#?}");
    }
}

#[test]
fn a_function_is_mended_by_no_object_that_inherits_from_it() {
    let text = "const { now } = Date; Date.now = () => now.call(Date) + 1; globalThis.render = () => 'page';";
    let mut scenario = Scenario::new(Source::new("app.js", text), Visit::Render("{}".into()));
    scenario.share = vec!["Date".into()];
    let report = check(&scenario).unwrap();
    let leak = first(&report);
    assert_eq!((leak.path.as_str(), leak.verdict), ("Date.now", Verdict::Growing), "{leak:#?}");
    assert!(leak.fix.contains("put back what was there when the run ends"), "{leak:#?}");
}

#[test]
fn the_keys_of_a_dictionary_are_one_leak() {
    let report = said(
        "globalThis.render = () => { console[`page ${console.served = (console.served ?? 0) + 1}`] = {}; return 'page'; }",
    );
    assert_eq!(report.leaks.len(), 1, "{report:#?}");
    let leak = first(&report);
    assert_eq!((leak.path.as_str(), leak.verdict, leak.runs_held), ("console", Verdict::Growing, 53), "{leak:#?}");
    assert!(leak.fix.contains("take out of `console`"), "{leak:#?}");
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
