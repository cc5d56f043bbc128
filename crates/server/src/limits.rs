//! The limits of a tenant that are set while it is served.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::config::TenantConfig;

/// The limits of a tenant that the API set; of the others the configuration's hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsPatch {
    /// Milliseconds of processor time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 86_400_000)]
    pub(crate) cpu_ms: Option<u64>,
    /// Milliseconds on the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 86_400_000)]
    pub(crate) wall_ms: Option<u64>,
    /// Bytes of linear memory; at most 4 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4_294_967_296_u64)]
    pub(crate) memory_bytes: Option<u64>,
    /// Bytes of stack of JavaScript calls: 16 KiB to 768 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 16_384, maximum = 786_432)]
    pub(crate) js_stack_bytes: Option<u32>,
    /// Bytes of page, or of a response's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    pub(crate) page_bytes: Option<u64>,
    /// Lines of console.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    pub(crate) console_lines: Option<u64>,
    /// Bytes of console text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    pub(crate) console_bytes: Option<u64>,
    /// Bytes of a request's URL and body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    pub(crate) request_bytes: Option<u64>,
    /// Bytes of headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    pub(crate) headers_bytes: Option<u64>,
    /// Calls that the app may make.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    pub(crate) fetches: Option<u64>,
    /// Milliseconds on the clock of one such call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 86_400_000)]
    pub(crate) fetch_time_ms: Option<u64>,
    /// Bytes that all such calls send.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    pub(crate) fetch_request_bytes: Option<u64>,
    /// Bytes that they get.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    pub(crate) fetch_response_bytes: Option<u64>,
    /// Renders at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub(crate) concurrent: Option<u32>,
    /// Requests a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub(crate) rate: Option<u32>,
}

impl LimitsPatch {
    /// The same, changed by a JSON merge patch (RFC 7396): what it does not name stays, what it gives as null is the
    /// configuration's again.
    ///
    /// # Errors
    /// What is wrong with it, with what would be right.
    pub(crate) fn merge(&self, patch: &serde_json::Map<String, Value>) -> Result<Self, String> {
        let mut merged = serde_json::to_value(self).expect("it is plain numbers");
        for (name, value) in patch {
            merged[name] = whole(value);
        }
        let merged: Self = serde_json::from_value(merged).map_err(|error| error.to_string())?;
        merged.check()?;
        Ok(merged)
    }

    fn check(&self) -> Result<(), String> {
        // A time beyond a day would overflow where it is added to the clock.
        const DAY: u64 = 86_400_000;
        // What every reader of JSON reads as it was written.
        const EXACT: u64 = (1 << 53) - 1;
        // What the description calls an int32.
        const MANY: u64 = i32::MAX as u64;
        let limits = [
            ("cpu_ms", self.cpu_ms, 1, DAY),
            ("wall_ms", self.wall_ms, 1, DAY),
            ("memory_bytes", self.memory_bytes, 1, 4 << 30),
            ("js_stack_bytes", self.js_stack_bytes.map(u64::from), 16 << 10, 768 << 10),
            ("page_bytes", self.page_bytes, 1, EXACT),
            ("console_lines", self.console_lines, 0, EXACT),
            ("console_bytes", self.console_bytes, 0, EXACT),
            ("request_bytes", self.request_bytes, 1, EXACT),
            ("headers_bytes", self.headers_bytes, 1, EXACT),
            ("fetches", self.fetches, 0, EXACT),
            ("fetch_time_ms", self.fetch_time_ms, 0, DAY),
            ("fetch_request_bytes", self.fetch_request_bytes, 0, EXACT),
            ("fetch_response_bytes", self.fetch_response_bytes, 0, EXACT),
            ("concurrent", self.concurrent.map(u64::from), 1, MANY),
            ("rate", self.rate.map(u64::from), 1, MANY),
        ];
        let wrong = limits.into_iter().find_map(|(name, value, least, most)| {
            let value = value.filter(|value| !(least..=most).contains(value))?;
            Some(format!("{name} is {value}: give at least {least} and at most {most}"))
        });
        wrong.map_or(Ok(()), Err)
    }

    /// Puts these limits in place of the configuration's.
    pub(crate) fn apply(&self, tenant: &mut TenantConfig) {
        fn set<T: Copy>(to: &mut T, from: Option<T>) {
            if let Some(from) = from {
                *to = from;
            }
        }
        let ms = |ms: Option<u64>| ms.map(Duration::from_millis);
        let limits = &mut tenant.limits;
        set(&mut limits.cpu, ms(self.cpu_ms));
        set(&mut limits.wall, ms(self.wall_ms));
        set(&mut limits.memory, self.memory_bytes);
        set(&mut limits.js_stack, self.js_stack_bytes);
        set(&mut limits.page, self.page_bytes);
        set(&mut limits.console_lines, self.console_lines);
        set(&mut limits.console_bytes, self.console_bytes);
        set(&mut limits.request, self.request_bytes);
        set(&mut limits.headers, self.headers_bytes);
        set(&mut limits.fetches, self.fetches);
        set(&mut limits.fetch_time, ms(self.fetch_time_ms));
        set(&mut limits.fetch_request, self.fetch_request_bytes);
        set(&mut limits.fetch_response, self.fetch_response_bytes);
        tenant.concurrent = self.concurrent.or(tenant.concurrent);
        tenant.rate = self.rate.or(tenant.rate);
    }

    /// The limits that hold for a tenant.
    pub(crate) fn of(tenant: &TenantConfig) -> Self {
        let limits = &tenant.limits;
        let ms = |time: Duration| Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        Self {
            cpu_ms: ms(limits.cpu),
            wall_ms: ms(limits.wall),
            memory_bytes: Some(limits.memory),
            js_stack_bytes: Some(limits.js_stack),
            page_bytes: Some(limits.page),
            console_lines: Some(limits.console_lines),
            console_bytes: Some(limits.console_bytes),
            request_bytes: Some(limits.request),
            headers_bytes: Some(limits.headers),
            fetches: Some(limits.fetches),
            fetch_time_ms: ms(limits.fetch_time),
            fetch_request_bytes: Some(limits.fetch_request),
            fetch_response_bytes: Some(limits.fetch_response),
            concurrent: tenant.concurrent,
            rate: tenant.rate,
        }
    }
}

/// A number as it is if it is whole: 5.0 is an integer in JSON Schema, as the description has it.
fn whole(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 && (0.0..=1e15).contains(&number) => {
            Value::from(number as u64)
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use serde_json::json;
    use utoipa::PartialSchema;

    use super::*;

    fn merged(base: &LimitsPatch, patch: Value) -> Result<LimitsPatch, String> {
        base.merge(patch.as_object().unwrap())
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_takes_back() {
        let first = merged(&LimitsPatch::default(), json!({ "cpu_ms": 50, "rate": 3 })).unwrap();
        let second = merged(&first, json!({ "cpu_ms": null, "page_bytes": 9 })).unwrap();
        assert_eq!(second, LimitsPatch { rate: Some(3), page_bytes: Some(9), ..LimitsPatch::default() });
        assert_eq!(merged(&second, json!({ "page_bytes": 9.0 })).unwrap(), second, "JSON has one kind of number");
        let mut tenant = TenantConfig::new([]);
        let all = LimitsPatch::of(&tenant);
        second.apply(&mut tenant);
        let expected = LimitsPatch { rate: Some(3), page_bytes: Some(9), ..all.clone() };
        assert_eq!(LimitsPatch::of(&tenant), expected);
        let mut other = TenantConfig::new([]);
        expected.apply(&mut other);
        assert_eq!(other.limits, tenant.limits, "what is shown can be set");
    }

    #[test]
    fn a_bad_patch_says_which_limit_and_what_would_be_right() {
        for (patch, part) in [
            (json!({ "cpu": 1 }), "unknown field `cpu`"),
            (json!({ "cpu_ms": "1" }), "expected u64"),
            (json!({ "cpu_ms": -1 }), "expected u64"),
            (json!({ "cpu_ms": 1.5 }), "expected u64"),
            (json!({ "cpu_ms": 1e300 }), "expected u64"),
            (json!({ "cpu_ms": 0 }), "cpu_ms is 0"),
            (json!({ "wall_ms": u64::MAX }), "at most 86400000"),
            (json!({ "memory_bytes": (4_u64 << 30) + 1 }), "at most 4294967296"),
            (json!({ "js_stack_bytes": 1 }), "16384"),
            (json!({ "concurrent": 0 }), "at least 1"),
        ] {
            let error = merged(&LimitsPatch::default(), patch.clone()).unwrap_err();
            assert!(error.contains(part), "{patch}: {error}");
        }
    }

    #[test]
    fn the_description_tells_the_bounds_of_each_limit() {
        let described = serde_json::to_value(LimitsPatch::schema()).unwrap();
        let properties = described["properties"].as_object().unwrap();
        assert_eq!(properties.len(), 15);
        for (name, property) in properties {
            let bound = |which: &str| property[which].as_u64().unwrap_or_else(|| panic!("{name}: {property}"));
            let (least, most) = (bound("minimum"), bound("maximum"));
            let set = |value: u64| merged(&LimitsPatch::default(), json!({ name: value }));
            assert!(set(least).is_ok() && set(most).is_ok(), "{name}: {property}");
            assert!(set(most + 1).is_err() && least.checked_sub(1).is_none_or(|less| set(less).is_err()), "{name}");
        }
    }
}
