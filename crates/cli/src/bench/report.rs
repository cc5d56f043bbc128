//! What was measured, as a table or as JSON.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::statistics::{Ratio, Times, microseconds};
use crate::report::printable;
use crate::units::{show_count, show_size, show_time};

/// All that one run says: times in microseconds, sizes in bytes.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) app: String,
    pub(crate) rounds: u32,
    #[serde(flatten)]
    pub(crate) times: Times,
    pub(crate) page_bytes: u64,
    /// None where they are not counted.
    pub(crate) page_faults: Option<u64>,
    pub(crate) fuel: Option<u64>,
    pub(crate) peak_memory_bytes: u64,
    #[serde(rename = "load_first_us", serialize_with = "as_microseconds")]
    pub(crate) load_first: Duration,
    #[serde(rename = "load_again_us", serialize_with = "as_microseconds")]
    pub(crate) load_again: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<Beside>,
}

/// The same app in Node.
#[derive(Serialize)]
pub(crate) struct Beside {
    pub(crate) version: String,
    /// What Node ran: `script` or `module`.
    pub(crate) form: &'static str,
    #[serde(flatten)]
    pub(crate) times: Times,
    pub(crate) page_bytes: u64,
    /// Whether the two pages are the same bytes.
    pub(crate) same_page: bool,
    /// The first byte in which they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pages_part_at: Option<usize>,
    /// Node's time over Dayfly's.
    pub(crate) ratio: Ratio,
}

fn as_microseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(microseconds(time.as_nanos() as f64))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, rounds, times, page_bytes, node, .. } = self;
        write!(f, "{}: {} renders in {rounds} rounds", printable(app), show_count(times.renders as u64))?;
        match node {
            Some(Beside { version, form, .. }) => {
                let code = if *form == "module" { "a module with its code cache" } else { "a cached script" };
                writeln!(f, ", in turns with Node {version} (a fresh vm context, {code})\n")?;
                row(f, "", "Dayfly", "Node", "Node / Dayfly")?;
            }
            None => writeln!(f, "\n")?,
        }

        let per_second = |times: &Times| show_count(times.renders_per_second.round() as u64);
        let theirs = |show: &dyn Fn(&Beside) -> String| node.as_ref().map(show).unwrap_or_default();
        row(f, "renders a second", &per_second(times), &theirs(&|node| per_second(&node.times)), "")?;
        type Time = fn(&Times) -> f64;
        let rows: [(&str, Time, bool); 4] = [
            ("p50", |times| times.p50_us, true),
            ("p99", |times| times.p99_us, true),
            ("max", |times| times.max_us, false),
            ("CPU", |times| times.cpu_us, true),
        ];
        for (name, time, is_compared) in rows {
            let ratio = |node: &Beside| format!("{:.2}", time(&node.times) / time(times));
            let ratio = if is_compared { theirs(&ratio) } else { String::new() };
            row(f, name, &show_us(time(times)), &theirs(&|node| show_us(time(&node.times))), &ratio)?;
        }
        let same = |node: &Beside| if node.same_page { "the same bytes" } else { "NOT the same" }.to_owned();
        row(f, "page", &show_size(*page_bytes), &theirs(&|node| show_size(node.page_bytes)), &theirs(&same))?;
        self.rows_of_dayfly(f)?;
        node.as_ref().map_or(Ok(()), |node| node.sentences(f))
    }
}

impl Report {
    fn rows_of_dayfly(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count: Option<u64>| count.map_or_else(|| "not counted".into(), show_count);
        row(f, "page faults", &count(self.page_faults), "", "")?;
        row(f, "fuel", &count(self.fuel), "", "")?;
        row(f, "peak memory", &show_size(self.peak_memory_bytes), "", "")?;
        row(f, "load, first", &show_time(self.load_first), "", "")?;
        row(f, "load, again", &show_time(self.load_again), "", "")
    }
}

impl Beside {
    fn sentences(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ratio { p50, least, most } = self.ratio;
        let (faster, slower, [p50, least, most]) = if p50 >= 1.0 {
            ("Dayfly", "Node", [p50, least, most])
        } else {
            ("Node", "Dayfly", [1.0 / p50, 1.0 / most, 1.0 / least])
        };
        writeln!(
            f,
            "\nBy p50 {faster} is {p50:.2} times as fast as {slower}; in single rounds {least:.2} to {most:.2} times."
        )?;
        match self.pages_part_at {
            Some(byte) => writeln!(f, "The pages are not the same: they part at byte {byte}."),
            None => Ok(()),
        }
    }
}

/// One line of the table; the columns of a run without Node are empty, and are not there.
fn row(f: &mut fmt::Formatter<'_>, name: &str, dayfly: &str, node: &str, ratio: &str) -> fmt::Result {
    let line = format!("{name:<18}{dayfly:>12}{node:>14}{ratio:>17}");
    writeln!(f, "{}", line.trim_end())
}

fn show_us(microseconds: f64) -> String {
    show_time(Duration::from_nanos((microseconds * 1e3).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let times = |p50_us| Times {
            renders: 12_345,
            renders_per_second: 41_825.3,
            p50_us,
            p99_us: 40.5,
            max_us: 1_234.5,
            cpu_us: 24.25,
        };
        let ratio = Ratio { p50: 0.5, least: 0.4, most: 0.625 };
        let (form, page_bytes) = ("script", 11);
        let version = "v20.20.2".into();
        let node =
            Beside { version, form, times: times(12.0), page_bytes, same_page: false, pages_part_at: Some(7), ratio };
        Report {
            app: "app.js".into(),
            rounds: 10,
            times: times(24.0),
            page_bytes,
            page_faults: None,
            fuel: Some(1_234_567),
            peak_memory_bytes: 3 << 19,
            load_first: Duration::from_millis(1_010),
            load_again: Duration::from_micros(2_500),
            node: Some(node),
        }
    }

    #[test]
    fn a_report_reads_as_a_table() {
        let table = "\
app.js: 12,345 renders in 10 rounds, in turns with Node v20.20.2 (a fresh vm context, a cached script)

                        Dayfly          Node    Node / Dayfly
renders a second        41,825        41,825
p50                    24.00µs       12.00µs             0.50
p99                    40.50µs       40.50µs             1.00
max                     1.23ms        1.23ms
CPU                    24.25µs       24.25µs             1.00
page                      11 B          11 B     NOT the same
page faults        not counted
fuel                 1,234,567
peak memory            1.5 MiB
load, first              1.01s
load, again             2.50ms

By p50 Node is 2.00 times as fast as Dayfly; in single rounds 1.60 to 2.50 times.
The pages are not the same: they part at byte 7.
";
        assert_eq!(report().to_string(), table);
    }

    #[test]
    fn a_report_without_node_has_no_word_of_it() {
        let table = Report { node: None, ..report() }.to_string();
        assert!(
            !table.contains("Node") && table.starts_with("app.js: 12,345 renders in 10 rounds\n\nrenders"),
            "{table}"
        );
    }
}
