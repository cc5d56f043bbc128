//! The same conditions as rules for Prometheus.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use super::facts::{Burn, FAST, LEAST_BAD, SLOW, percent};
use super::leak;
use super::rules::{RULES, Rule};
use super::runbooks::runbook;
use crate::config::Alarms;
use crate::metrics::FAMILIES;

/// Of each server by itself.
const BY: &str = "by (job, instance)";
/// Requests that were some tenant's.
const ALL: &str = r#"dayfly_requests_total{tenant!=""}"#;
/// Those of them that failed, and not for the reason of who asked: as `samples::is_error` has it.
const ERRORS: &str = r#"dayfly_requests_total{outcome=~"app-threw|app-unsettled|app-5xx|internal|cut|queue-.*|memory-short|limit-.*",outcome!~"limit-request|limit-headers"}"#;

impl Alarms {
    /// Rules for Prometheus with these thresholds: the conditions of the alarms, and records of what they and dashboards look at. A
    /// file of YAML.
    pub fn rules(&self) -> String {
        let mut text = String::from(
            "# Rules for Prometheus, as `dayfly alerts` prints them. ALARMS.md says what each one means and what to do.\n\
             groups:\n- name: dayfly-records\n  rules:\n",
        );
        for (name, expression) in self.records() {
            push(&mut text, &format!("- record: {name}"), &[("expr", &expression)]);
        }
        text += "- name: dayfly-alarms\n  rules:\n";
        for rule in &RULES {
            let (expression, summary) = self.alert(rule);
            push(&mut text, &format!("- alert: {}", rule.name), &[("expr", &expression)]);
            if !rule.hold.is_zero() {
                let _ = writeln!(text, "    for: {}", time(rule.hold.as_secs()));
            }
            let _ = writeln!(text, "    labels: {{severity: {}}}\n    annotations:", rule.severity.as_str());
            let runbook = runbook(rule.name).unwrap_or_default();
            for (name, value) in
                [("summary", summary.as_str()), ("description", rule.description), ("runbook", runbook)]
            {
                push_text(&mut text, 6, name, value);
            }
        }
        text
    }

    /// What is recorded, by its name.
    fn records(&self) -> Vec<(String, String)> {
        // With a process for each group of tenants all of them tell of the one control group.
        let low = |window| format!("min {BY} (min_over_time(dayfly_host_memory_working_set_bytes[{window}]))");
        let leaked =
            format!("deriv(dayfly:memory_trough:bytes[1h])\n  / (sum {BY} (rate(dayfly_renders_total[1h])) > 0)");
        let records = [
            (
                "memory_used:ratio",
                format!("max {BY} (dayfly_host_memory_working_set_bytes / (dayfly_host_memory_limit_bytes > 0))"),
            ),
            ("memory_limit:bytes", format!("min {BY} (dayfly_host_memory_limit_bytes > 0)")),
            // The low points and not the mean: what only goes up and down comes down to the same again.
            ("memory_trough:bytes", low("15m".into())),
            ("memory_low:bytes", low(time(leak::LOW))),
            ("memory_low_day:bytes", low("1d".into())),
            ("memory_leaked_per_render:bytes", leaked),
            ("uptime:seconds", format!("time() - max {BY} (process_start_time_seconds)")),
        ];
        let mut records: Vec<_> = records.into_iter().map(|(name, of)| (format!("dayfly:{name}"), of)).collect();
        let mut windows: Vec<u64> = FAST.iter().chain(&SLOW).flat_map(|(_, long, short)| [*long, *short]).collect();
        windows.sort_unstable();
        windows.dedup();
        for window in windows.into_iter().map(time) {
            let errors = format!("sum {BY} (rate({ERRORS}[{window}]))\n  / (sum {BY} (rate({ALL}[{window}])) > 0)");
            records.push((format!("dayfly:request_errors:ratio_rate{window}"), errors));
            let slow = format!(
                "1 - sum {BY} (rate({}[{window}]))\n  / (sum {BY} (rate(dayfly_request_duration_seconds_count[{window}])) > 0)",
                self.quick()
            );
            records.push((format!("dayfly:request_slow:ratio_rate{window}"), slow));
        }
        records
    }

    /// The bucket of requests that are not slow. Its bound has a fraction in one format and none in another.
    fn quick(&self) -> String {
        let seconds = self.slow.as_secs_f64().to_string();
        let (whole, fraction) = seconds.split_once('.').unwrap_or((&seconds, ""));
        let bound = if fraction.is_empty() { format!("{whole}([.]0)?") } else { format!("{whole}[.]{fraction}") };
        format!(r#"dayfly_request_duration_seconds_bucket{{le=~"{bound}"}}"#)
    }

    /// When it fires, and what it says then.
    fn alert(&self, rule: &Rule) -> (String, String) {
        let memory = "{{ $labels.instance }}: memory is at {{ $value | humanizePercentage }} of its limit";
        let failing = format!(
            "{{{{ $labels.instance }}}}: {{{{ $value | humanizePercentage }}}} of the requests fail, and {} may",
            percent(self.errors)
        );
        let slow = format!(
            "{{{{ $labels.instance }}}}: {{{{ $value | humanizePercentage }}}} of the requests take longer than {}, and {} may",
            humantime::format_duration(self.slow),
            percent(self.slow_share)
        );
        let (expression, summary): (String, &str) = match rule.name {
            "DayflyMemoryHigh" => (format!("dayfly:memory_used:ratio > {}", self.memory_high), memory),
            "DayflyMemoryCritical" => (format!("dayfly:memory_used:ratio > {}", self.memory_critical), memory),
            "DayflyMemoryLeakSuspected" => (
                leaks(),
                "{{ $labels.instance }}: the low points of memory keep rising, and at this pace are at the limit soon",
            ),
            "DayflyOOMKilled" => (
                format!(r#"max {BY} (increase(dayfly_host_memory_events_total{{event="oom_kill"}}[10m])) > 0"#),
                "{{ $labels.instance }}: the kernel has killed a process of the control group for want of memory",
            ),
            "DayflyErrorBudgetBurnsFast" => (self.errors_burn(&FAST), &failing),
            "DayflyErrorBudgetBurnsSlowly" => (self.errors_burn(&SLOW), &failing),
            "DayflyLatencyBudgetBurnsFast" => (self.slow_burns(&FAST), &slow),
            "DayflyLatencyBudgetBurnsSlowly" => (self.slow_burns(&SLOW), &slow),
            "DayflyQueueLong" => (
                "dayfly_render_queue_length / (dayfly_render_queue_limit > 0) > 0.5".into(),
                "{{ $labels.instance }}: {{ $value | humanizePercentage }} of the requests that may wait for their turn do",
            ),
            "DayflyRequestsRefused" => (
                format!(
                    "sum {BY} (rate(dayfly_requests_total{{outcome=~\"queue-.*|memory-short\"}}[5m]))\n  / (sum {BY} (rate({ALL}[5m])) > 0) > 0.01"
                ),
                "{{ $labels.instance }}: {{ $value | humanizePercentage }} of the requests found no turn",
            ),
            "DayflyConfigStale" => (
                "dayfly_config_last_reload_successful == 0".into(),
                "{{ $labels.instance }}: the configuration that was read last has mistakes, and the one before is in force",
            ),
            "DayflyTenantPeakNearLimit" => (
                "1 - sum by (job, instance, app) (rate(dayfly_isolate_memory_peak_ratio_bucket{le=\"0.9\"}[10m]))\n  \
                 / (sum by (job, instance, app) (rate(dayfly_isolate_memory_peak_ratio_count[10m])) > 0) > 0.01"
                    .into(),
                "{{ $labels.app }}: {{ $value | humanizePercentage }} of the renders use more than 90 % of the memory that they may",
            ),
            // A series begins with its first hit, of which an increase knows nothing: it is one that was not there, though the server was.
            "DayflyTenantLimitHits" => (
                "sum by (job, instance, tenant) (increase(dayfly_limit_hits_total[5m])) > 0\n\
                 or (\n  sum by (job, instance, tenant) (dayfly_limit_hits_total)\n  \
                 unless sum by (job, instance, tenant) (dayfly_limit_hits_total offset 5m)\n)\n\
                 and on (job, instance) (dayfly_build_info offset 5m)"
                    .into(),
                "{{ $labels.tenant }}: a limit has ended {{ $value | humanize }} requests",
            ),
            "DayflyAlarmsUndelivered" => (
                "dayfly_alarm_notifications_waiting > 0".into(),
                "{{ $labels.instance }}: {{ $value | humanize }} messages wait for the webhook {{ $labels.webhook }}",
            ),
            other => unreachable!("{other} has an expression"),
        };
        (expression, summary.to_owned())
    }

    fn errors_burn(&self, burns: &[Burn]) -> String {
        burning(burns, "dayfly:request_errors:ratio_rate", self.errors, |long| {
            format!("sum {BY} (increase({ERRORS}[{long}]))")
        })
    }

    fn slow_burns(&self, burns: &[Burn]) -> String {
        burning(burns, "dayfly:request_slow:ratio_rate", self.slow_share, |long| {
            let all = format!("sum {BY} (increase(dayfly_request_duration_seconds_count[{long}]))");
            format!("{all} - sum {BY} (increase({}[{long}]))", self.quick())
        })
    }
}

/// As `leak` has it.
fn leaks() -> String {
    let [steady, half, both, fit] = [leak::STEADY, leak::HALF, 2 * leak::HALF, leak::FIT].map(time);
    let (goes_on, has_begun, rise, low) = (leak::GOES_ON, leak::HAS_BEGUN, leak::RISE, "dayfly:memory_low:bytes");
    let earlier = format!("({low} offset {half} - {low} offset {both})");
    let later = format!("({low} - {low} offset {half})");
    let day = "dayfly:memory_low_day:bytes";
    [
        format!("(\n  predict_linear({low}[{fit}], {}) > dayfly:memory_limit:bytes", leak::AHEAD),
        format!("  and resets({low}[{steady}]) == 0"),
        format!("  and {low} > {rise} * ({low} offset {both})"),
        format!("  and {later} > {goes_on} * {earlier}"),
        format!("  and {earlier} > {has_begun} * {later}"),
        format!("  and dayfly:uptime:seconds > {}", leak::STEADY),
        format!(
            "  unless (\n    {low} <= max_over_time({low}[{}] offset {steady})\n    and dayfly:uptime:seconds > {}\n  )\n)",
            time(leak::KNOWN - leak::STEADY),
            leak::KNOWN
        ),
        format!("or (\n  {day} + 2 * ({day} - {day} offset 1d) > dayfly:memory_limit:bytes"),
        format!("  and {day} > {rise} * ({day} offset 1d)"),
        format!("  and dayfly:uptime:seconds > {}\n)", leak::DAYS),
    ]
    .join("\n")
}

/// Each of the pairs: over the long time and over the short one, and often enough.
fn burning(burns: &[Burn], record: &str, budget: f64, bad: impl Fn(&str) -> String) -> String {
    let each = burns.iter().map(|(factor, long, short)| {
        let (long, short) = (time(*long), time(*short));
        format!(
            "(\n  {record}{long} > {factor} * {budget}\n  and {record}{short} > {factor} * {budget}\n  and {} >= {LEAST_BAD}\n)",
            bad(&long)
        )
    });
    each.collect::<Vec<_>>().join("\nor ")
}

/// Seconds as Prometheus writes a time.
fn time(seconds: u64) -> String {
    humantime::format_duration(Duration::from_secs(seconds))
        .to_string()
        .replace("days", "d")
        .replace("day", "d")
        .replace(' ', "")
}

fn push(text: &mut String, first: &str, values: &[(&str, &str)]) {
    let _ = writeln!(text, "  {first}");
    for (name, value) in values {
        push_text(text, 4, name, value);
    }
}

/// A text as YAML has it in a block, so that nothing of it has a meaning.
fn push_text(text: &mut String, indent: usize, name: &str, value: &str) {
    let _ = writeln!(text, "{:indent$}{name}: |-", "");
    for line in value.lines() {
        if line.is_empty() {
            text.push('\n');
        } else {
            let _ = writeln!(text, "{:1$}{line}", "", indent + 2);
        }
    }
}

/// What rules name that no server exports and no other rule records.
pub fn unknown_metrics(rules: &str) -> Vec<String> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
    let recorded = |name: &str| rules.lines().any(|line| line.trim() == format!("- record: {name}"));
    let is_exported = |name: &str| {
        let family = ["_total", "_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
        FAMILIES.contains(&name) || family.is_some_and(|family| FAMILIES.contains(&family))
    };
    let named = expressions(rules).into_iter().flat_map(|line| {
        // What stands in quotes is a label's value.
        let outside: String = line.split('"').step_by(2).collect::<Vec<_>>().join(" ");
        outside.split(word).map(str::to_owned).collect::<Vec<_>>()
    });
    let metrics = named.filter(|name| ["dayfly_", "dayfly:", "process_"].iter().any(|of| name.starts_with(of)));
    let unknown: BTreeSet<String> = metrics.filter(|name| !recorded(name) && !is_exported(name)).collect();
    unknown.into_iter().collect()
}

/// The lines of all expressions.
fn expressions(rules: &str) -> Vec<&str> {
    let mut is_expression = false;
    let lines = rules.lines().filter(|line| {
        if let Some(key) = line.strip_prefix("    ").filter(|line| !line.starts_with(' ')) {
            is_expression = key.starts_with("expr:");
        } else if !line.starts_with("      ") {
            is_expression = false;
        }
        is_expression
    });
    lines.map(|line| line.trim().trim_start_matches("expr:")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_nothing_exports_is_found() {
        let rules = Alarms::default().rules();
        assert_eq!(unknown_metrics(&rules), Vec::<String>::new());
        let wrong = rules.replacen("dayfly_limit_hits_total", "dayfly_limit_hit_total", 1);
        assert_eq!(unknown_metrics(&wrong), ["dayfly_limit_hit_total"]);
        let wrong = rules.replacen("- record: dayfly:memory_used:ratio", "- record: dayfly:memory_use:ratio", 1);
        assert_eq!(unknown_metrics(&wrong), ["dayfly:memory_used:ratio"]);
    }

    #[test]
    fn times_are_as_prometheus_writes_them() {
        assert_eq!([300, 7200, 9000, 86_400, 259_200].map(time), ["5m", "2h", "2h30m", "1d", "3d"]);
    }
}
