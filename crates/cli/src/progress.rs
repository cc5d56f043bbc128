//! A sign of life for what takes more than a moment.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows a turning sign beside `what` while `work` runs, if standard error is a terminal.
pub(crate) fn during<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("the template is a valid one");
    let bar = ProgressBar::new_spinner().with_style(style).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    let result = work();
    bar.finish_and_clear();
    result
}
