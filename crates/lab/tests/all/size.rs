//! Heaps that are large.

use std::time::Instant;

use dayfly_bundler::{Source, Visit};
use dayfly_lab::{Scenario, snapshots};

use super::{bundler, runtime};

/// Counts what is written.
struct Counter(u64);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_heap_of_thirty_megabytes_is_written_in_seconds() {
    let text =
        "console.kept = []; for (let i = 0; i < 200_000; i++) console.kept.push({ number: i, text: `text ${i}` });
        globalThis.render = () => 'page';";
    let scenario = Scenario::new(Source::new("app.js", text), Visit::Render("null".into()));
    let mut started = None;
    runtime()
        .block_on(snapshots(bundler(), &scenario, &[1], true, |_| {
            // The walk is done by now; the rest is what takes long.
            started = Some(Instant::now());
            Ok(Counter(0))
        }))
        .unwrap();
    let taken = started.unwrap().elapsed();
    println!("a snapshot of 30 MB was written in {taken:?}");
    assert!(taken.as_secs() < 20, "{taken:?}");
}
