//! A sign of life for what takes more than a moment.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How long nothing is shown: what is over by then is no wait to anybody.
const MOMENT: Duration = Duration::from_secs(1);

/// Shows a turning sign beside `what` while `work` runs, once that has taken more than a moment, if standard error is a
/// terminal.
pub(crate) fn during<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    let show = || {
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("the template is a valid one");
        let bar = ProgressBar::new_spinner().with_style(style).with_message(what).with_elapsed(MOMENT);
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    };
    let (result, bar) = after(MOMENT, show, work);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    result
}

/// Runs `work`, and `show` beside it if it takes longer than `moment`: what each gave.
fn after<T, S: Send>(moment: Duration, show: impl FnOnce() -> S + Send, work: impl FnOnce() -> T) -> (T, Option<S>) {
    std::thread::scope(|scope| {
        let (working, is_over) = channel::<()>();
        let shown = scope.spawn(move || (is_over.recv_timeout(moment) == Err(RecvTimeoutError::Timeout)).then(show));
        let result = work();
        drop(working);
        (result, shown.join().ok().flatten())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_no_longer_than_a_moment_shows_nothing() {
        assert_eq!(after(Duration::from_secs(600), || "shown", || "done"), ("done", None));
    }

    #[test]
    fn what_takes_longer_than_a_moment_is_shown() {
        let work = || std::thread::sleep(Duration::from_millis(200));
        assert_eq!(after(Duration::from_millis(1), || "shown", work), ((), Some("shown")));
    }
}
