//! What to do about an alarm: its section of ALARMS.md.

/// The text of an alarm's section, without its heading; none if it has none.
pub(crate) fn runbook(name: &str) -> Option<&'static str> {
    const ALL: &str = include_str!("../../../../ALARMS.md");
    let section = ALL.split("\n## ").skip(1).find_map(|section| section.strip_prefix(name))?;
    section.starts_with('\n').then(|| section.trim())
}

#[cfg(test)]
mod tests {
    use super::super::rules::RULES;
    use super::runbook;

    #[test]
    fn every_alarm_has_a_runbook() {
        for rule in &RULES {
            assert!(runbook(rule.name).is_some_and(|text| text.len() > 200), "{}", rule.name);
        }
        assert_eq!(runbook("Dayfly"), None);
    }
}
