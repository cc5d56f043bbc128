//! The figures of all groups on one page: each with the label of its group.

use std::collections::HashMap;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::Ordering;

use super::worker::Worker;

/// Puts pages of one format together, which may have a group each.
pub(super) fn merge<'a>(pages: impl IntoIterator<Item = (Option<&'a str>, &'a str)>) -> String {
    let (mut families, mut known) = (Vec::<(Vec<&str>, Vec<String>)>::new(), HashMap::<&str, usize>::new());
    let mut is_open_metrics = false;
    for (group, page) in pages {
        let mut family = None;
        for line in page.lines() {
            is_open_metrics |= line == "# EOF";
            match line.strip_prefix("# ").map(|rest| rest.split(' ').nth(1)) {
                Some(None) => {}
                Some(Some(name)) => {
                    let count = families.len();
                    let number = *known.entry(name).or_insert(count);
                    if number == count {
                        families.push(Default::default());
                    }
                    let told = &mut families[number].0;
                    if !told.contains(&line) {
                        told.push(line);
                    }
                    family = Some(number);
                }
                None => {
                    let Some(number) = family else { continue };
                    families[number].1.push(group.map_or_else(|| line.to_owned(), |group| labelled(line, group)));
                }
            }
        }
    }
    let mut text = String::new();
    for line in families.iter().flat_map(|(told, lines)| told.iter().copied().chain(lines.iter().map(String::as_str))) {
        text += line;
        text.push('\n');
    }
    if is_open_metrics {
        text += "# EOF\n";
    }
    text
}

/// A line with a label more.
fn labelled(line: &str, group: &str) -> String {
    match line.find(['{', ' ']) {
        Some(at) if line[at..].starts_with('{') => format!("{}{{group=\"{group}\",{}", &line[..at], &line[at + 1..]),
        Some(at) => format!("{}{{group=\"{group}\"}}{}", &line[..at], &line[at..]),
        None => line.to_owned(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    group: String,
}

/// The front's own.
pub(super) fn own(workers: &[std::sync::Arc<Worker>], is_open_metrics: bool) -> String {
    let up = Family::<Of, Gauge>::default();
    let (restarts, refused) = (Family::<Of, Counter>::default(), Family::<Of, Counter>::default());
    for worker in workers {
        let of = Of { group: worker.group.to_string() };
        up.get_or_create(&of).set(worker.is_ready().into());
        restarts.get_or_create(&of).inc_by(worker.restarts.load(Ordering::Relaxed));
        refused.get_or_create(&of).inc_by(worker.refused.load(Ordering::Relaxed));
    }
    let mut registry = Registry::default();
    registry.register("dayfly_group_up", "Whether the group's process serves", up);
    registry.register("dayfly_group_restarts", "How often the group's process was started again", restarts);
    registry.register(
        "dayfly_group_refused",
        "Requests that were refused, as the group's process was not there",
        refused,
    );
    let mut page = String::new();
    match is_open_metrics {
        true => text::encode(&mut page, &registry),
        false => prometheus_text::encode(&mut page, &registry),
    }
    .expect("a string takes all");
    page
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn a_family_of_all_groups_is_in_one_place_and_each_line_has_its_group() {
        let a = "# HELP x Many.\n# TYPE x counter\nx_total{t=\"1\"} 1\nx_total{t=\"{ }\"} 2 # {trace=\"y\"} 1\n# TYPE up gauge\nup 1\n# EOF\n";
        let b = "# TYPE up gauge\nup 0\n# HELP x Many.\n# TYPE x counter\nx_total{t=\"1\"} 3\n# EOF\n";
        let own = "# TYPE of_all gauge\nof_all{group=\"a\"} 1\n# EOF\n";
        let merged = merge([(None, own), (Some("a"), a), (Some("b"), b)]);
        let expected = "# TYPE of_all gauge\nof_all{group=\"a\"} 1\n# HELP x Many.\n# TYPE x counter\n\
            x_total{group=\"a\",t=\"1\"} 1\nx_total{group=\"a\",t=\"{ }\"} 2 # {trace=\"y\"} 1\nx_total{group=\"b\",t=\"1\"} 3\n\
            # TYPE up gauge\nup{group=\"a\"} 1\nup{group=\"b\"} 0\n# EOF\n";
        assert_eq!(merged, expected);
    }
}
