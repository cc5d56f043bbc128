//! The conditions that there are. `facts` says when one holds, `prometheus` how Prometheus is asked, and ALARMS.md what to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A condition of which somebody is to be told.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
    pub(crate) unit: Unit,
    /// For how long it has to hold.
    pub(crate) hold: Duration,
    /// What it means, for who has not heard of it.
    pub(crate) description: &'static str,
}

/// How soon somebody has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Today.
    Warning,
    /// Now.
    Critical,
}

impl Severity {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What an alarm's value and threshold are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Bytes,
    Ratio,
    Seconds,
    Count,
}

const MINUTE: u64 = 60;

/// All of them.
pub(crate) static RULES: [Rule; 14] = [
    Rule {
        name: "DayflyMemoryHigh",
        severity: Severity::Warning,
        unit: Unit::Ratio,
        hold: Duration::from_secs(5 * MINUTE),
        description: "The memory of the control group, less what the kernel can drop at once, is near what it may have.",
    },
    Rule {
        name: "DayflyMemoryCritical",
        severity: Severity::Critical,
        unit: Unit::Ratio,
        hold: Duration::from_secs(MINUTE),
        description: "The kernel is about to kill a process of the control group for want of memory.",
    },
    Rule {
        name: "DayflyMemoryLeakSuspected",
        severity: Severity::Warning,
        unit: Unit::Bytes,
        hold: Duration::from_secs(10 * MINUTE),
        description: "Memory does not fall back as low as it did before: its low points have risen for six hours and are at the limit \
                      within as many, or rise from day to day and are at it within a day. What only goes up and down does not do that.",
    },
    Rule {
        name: "DayflyOOMKilled",
        severity: Severity::Critical,
        unit: Unit::Count,
        hold: Duration::ZERO,
        description: "The kernel has killed a process of the control group, as its memory was at its limit.",
    },
    Rule {
        name: "DayflyErrorBudgetBurnsFast",
        severity: Severity::Critical,
        unit: Unit::Ratio,
        hold: Duration::from_secs(2 * MINUTE),
        description: "So many requests fail that a month's budget of errors is gone within two to five days. Failures for the reason \
                      of who asked do not count.",
    },
    Rule {
        name: "DayflyErrorBudgetBurnsSlowly",
        severity: Severity::Warning,
        unit: Unit::Ratio,
        hold: Duration::from_secs(15 * MINUTE),
        description: "More requests fail than the budget of errors allows, and have for many hours.",
    },
    Rule {
        name: "DayflyLatencyBudgetBurnsFast",
        severity: Severity::Critical,
        unit: Unit::Ratio,
        hold: Duration::from_secs(2 * MINUTE),
        description: "So many requests are slow that a month's budget of latency is gone within two to five days.",
    },
    Rule {
        name: "DayflyLatencyBudgetBurnsSlowly",
        severity: Severity::Warning,
        unit: Unit::Ratio,
        hold: Duration::from_secs(15 * MINUTE),
        description: "More requests are slow than the budget of latency allows, and have been for many hours.",
    },
    Rule {
        name: "DayflyQueueLong",
        severity: Severity::Warning,
        unit: Unit::Ratio,
        hold: Duration::from_secs(2 * MINUTE),
        description: "More than half of the requests that may wait for their turn do.",
    },
    Rule {
        name: "DayflyRequestsRefused",
        severity: Severity::Warning,
        unit: Unit::Ratio,
        hold: Duration::from_secs(MINUTE),
        description: "More than a hundredth of the requests are answered with 503, as they found no turn.",
    },
    Rule {
        name: "DayflyConfigStale",
        severity: Severity::Warning,
        unit: Unit::Count,
        hold: Duration::ZERO,
        description: "The configuration was to be read again and has mistakes: the server goes on by the one before.",
    },
    Rule {
        name: "DayflyTenantPeakNearLimit",
        severity: Severity::Warning,
        unit: Unit::Ratio,
        hold: Duration::from_secs(10 * MINUTE),
        description: "The 99th percentile of the most memory that a tenant's render has is above nine tenths of its limit: more than \
                      a hundredth of its renders were above that in ten minutes.",
    },
    Rule {
        name: "DayflyTenantLimitHits",
        severity: Severity::Warning,
        unit: Unit::Count,
        hold: Duration::ZERO,
        description: "A limit has ended requests of a tenant in the last five minutes.",
    },
    Rule {
        name: "DayflyAlarmsUndelivered",
        severity: Severity::Warning,
        unit: Unit::Count,
        hold: Duration::from_secs(10 * MINUTE),
        description: "Alarms wait to be told to a webhook that does not take them.",
    },
];

impl Rule {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.name == name)
    }
}
