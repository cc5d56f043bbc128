//! What is sent: alarms as Alertmanager has them.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::alarms::{Alarm, Rule, State, runbook};

/// How many alarms are in one message.
pub(super) const MOST: usize = 100;

/// After what time an Alertmanager takes an alarm for resolved of which it heard no more.
const FORGOTTEN: f64 = 300.0;

type Labels = BTreeMap<String, String>;

/// Who tells it.
pub(crate) struct Server {
    /// Of its dashboard.
    pub(crate) url: String,
    /// Which server it is, as Prometheus would call it: host and port.
    pub(crate) instance: String,
}

/// The body of a message to a webhook: version 4 of Alertmanager's. `group` has the alarms of one name: those that fire, and those
/// that do no more.
pub(super) fn webhook(receiver: &str, of: &Server, name: &str, group: &[Alarm]) -> Value {
    let url = &of.url;
    let shown = &group[..group.len().min(MOST)];
    let is_firing = group.iter().any(|alarm| alarm.state == State::Firing);
    let alert = |alarm: &Alarm| {
        let labels = labels(of, alarm);
        json!({
            "status": if alarm.state == State::Firing { "firing" } else { "resolved" },
            "labels": labels,
            "annotations": annotations(alarm),
            "startsAt": rfc3339(alarm.fired_at),
            "endsAt": rfc3339(alarm.resolved_at),
            "generatorURL": url,
            "fingerprint": format!("{:016x}", fingerprint(&labels)),
        })
    };
    json!({
        "receiver": receiver,
        "status": if is_firing { "firing" } else { "resolved" },
        "alerts": shown.iter().map(alert).collect::<Vec<_>>(),
        "groupLabels": { "alertname": name, "instance": of.instance },
        "commonLabels": common(group.iter().map(|alarm| labels(of, alarm))),
        "commonAnnotations": common(group.iter().map(annotations)),
        "externalURL": url,
        "version": "4",
        "groupKey": format!("{{}}:{{alertname=\"{name}\", instance=\"{}\"}}", of.instance),
        "truncatedAlerts": group.len() - shown.len(),
    })
}

/// The body of a message to Alertmanager itself, as Prometheus sends it.
pub(super) fn alertmanager(of: &Server, now: f64, group: &[Alarm]) -> Value {
    let alert = |alarm: &Alarm| {
        json!({
            "labels": labels(of, alarm),
            "annotations": annotations(alarm),
            "startsAt": rfc3339(alarm.fired_at),
            "endsAt": rfc3339(alarm.resolved_at.or(Some(now + FORGOTTEN))),
            "generatorURL": of.url,
        })
    };
    group.iter().map(alert).collect()
}

fn labels(of: &Server, alarm: &Alarm) -> Labels {
    let own = [
        ("alertname", alarm.name.as_str()),
        ("instance", &of.instance),
        ("job", "dayfly"),
        ("severity", alarm.severity.as_str()),
    ];
    let tenant = alarm.tenant.as_deref().map(|tenant| ("tenant", tenant));
    own.into_iter().chain(tenant).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn annotations(alarm: &Alarm) -> Labels {
    let rule = Rule::named(&alarm.name);
    let all = [
        ("summary", Some(alarm.summary.as_str())),
        ("description", rule.map(|rule| rule.description)),
        ("runbook", runbook(&alarm.name)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
}

/// What all have.
fn common(mut all: impl Iterator<Item = Labels>) -> Labels {
    let mut common = all.next().unwrap_or_default();
    for labels in all {
        common.retain(|name, value| labels.get(name) == Some(value));
    }
    common
}

/// Seconds since 1970 as Go writes a time; what is not there is its zero.
fn rfc3339(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else { return "0001-01-01T00:00:00Z".into() };
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_secs_f64(seconds.max(0.0))).to_string()
}

/// What Alertmanager knows an alarm by: FNV-1a of its labels, in their order, with a byte of 255 after each name and value.
fn fingerprint(labels: &Labels) -> u64 {
    let parts = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = parts.flat_map(|part| part.bytes().chain([255]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::alarms::{Severity, Unit};

    fn alarm(tenant: usize, state: State) -> Alarm {
        Alarm {
            name: "DayflyTenantLimitHits".into(),
            severity: Severity::Warning,
            tenant: Some(format!("t{tenant}")),
            state,
            since: 1.0,
            fired_at: Some(1.5),
            resolved_at: (state == State::Resolved).then_some(86_400.0),
            value: 1.0,
            threshold: 0.0,
            unit: Unit::Count,
            summary: format!("a limit has ended 1 requests of t{tenant}"),
        }
    }

    #[test]
    fn a_message_is_bounded_and_has_in_common_what_all_have() {
        let group: Vec<_> = (0..150).map(|tenant| alarm(tenant, State::Resolved)).collect();
        let server = |instance: &str| Server { url: "http://x".into(), instance: instance.into() };
        let body = webhook("oncall", &server("a:80"), "DayflyTenantLimitHits", &group);
        assert_eq!((body["alerts"].as_array().unwrap().len(), &body["truncatedAlerts"]), (MOST, &json!(50)));
        assert_eq!((&body["status"], &body["alerts"][0]["status"]), (&json!("resolved"), &json!("resolved")));
        assert_eq!(body["alerts"][0]["startsAt"], "1970-01-01T00:00:01.500Z");
        assert_eq!(body["alerts"][0]["endsAt"], "1970-01-02T00:00:00.000Z");
        let labels =
            json!({ "alertname": "DayflyTenantLimitHits", "instance": "a:80", "job": "dayfly", "severity": "warning" });
        assert_eq!(body["commonLabels"], labels);
        let common: Vec<_> = body["commonAnnotations"].as_object().unwrap().keys().collect();
        assert_eq!(common, ["description", "runbook"]);
        let one = webhook("oncall", &server("a:80"), "DayflyTenantLimitHits", &[alarm(1, State::Firing)]);
        // Another server's is another one.
        let other = webhook("oncall", &server("b:80"), "DayflyTenantLimitHits", &[alarm(1, State::Firing)]);
        assert_ne!(one["alerts"][0]["fingerprint"], other["alerts"][0]["fingerprint"]);
        assert_ne!(one["groupKey"], other["groupKey"]);
        assert_eq!(one["commonLabels"], one["alerts"][0]["labels"]);
        assert_ne!(one["alerts"][0]["fingerprint"], body["alerts"][0]["fingerprint"]);
    }
}
